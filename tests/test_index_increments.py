"""Increments: after any edits to a library, a rebuild makes what a full build makes.

More of them: REFDESK_TEST_EXAMPLES=50 pytest tests/test_index_increments.py
"""

import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from index import open_index, rebuild
from index.build.fingerprint import source_hash
from index.build.write import Contents, write_generation
from index.embedding import load_embedder
from index.generation import MOMENTS, Manifest, current_generation, level_file
from index.rows import LEVELS
from index.source_table import SourceTable
from index.store import open_store
from index.token_vectors import TOKENS, unit_length
from sources import load_sources

SENTENCES = [
    "The harbour was dredged in 1987.",
    "A ferry leaves at seven.",
    "Seals sleep on the pier.",
    "The canal has eleven locks.",
    "Nobody has paid the toll since 1911.",
    "The observatory was rebuilt.",
]
NAMES = [f"{folder}{name}.{suffix}" for folder in ("", "deep/") for name in "abc"
         for suffix in ("md", "txt")]  # fmt: skip
TEXTS = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4)
TITLES = st.sampled_from(["The harbour", "Canals", "A title of its own"])


class Increments(RuleBasedStateMachine):
    """A curator at work, and the index of the library."""

    @initialize(text=TEXTS)
    def begin(self, text):
        self.folder = Path(tempfile.mkdtemp())
        self.library = self.folder / "library"
        self.library.mkdir()
        self.index = self.folder / "index"
        self.titles = {}
        # With so many, what is changed after it is little, and the store is not made anew.
        buoys = [f"Buoy {number} is green." for number in range(60)]
        self.texts = {"a.md": text, "deep/buoys.txt": buoys}
        self.keys = set()
        for name in self.texts:
            self.write(name)
        self.rebuild()

    def write(self, name):
        path = self.library / name
        path.parent.mkdir(exist_ok=True)
        body = " ".join(self.texts[name])
        title = self.titles.get(name)
        if name.endswith(".md"):
            front = f"---\ntitle: {title}\n---\n" if title else ""
            path.write_text(f"{front}# Heading of the file\n\n{body}\n")
        else:
            path.write_text(body)
            if title:
                path.with_name(path.name + ".yaml").write_text(f"title: {title}")

    def remove(self, name):
        for path in (self.library / name, self.library / (name + ".yaml")):
            path.unlink(missing_ok=True)
        return self.texts.pop(name), self.titles.pop(name, None)

    def one(self, data):
        return data.draw(st.sampled_from(sorted(self.texts)))

    def free(self, data):
        """A name whose id no file has."""
        taken = {name.rsplit(".")[0] for name in self.texts}
        free = [name for name in NAMES if name.rsplit(".")[0] not in taken]
        return data.draw(st.sampled_from(free)) if free else None

    @rule(data=st.data(), text=TEXTS)
    def add(self, data, text):
        if name := self.free(data):
            self.texts[name] = text
            self.write(name)

    @rule(data=st.data(), text=TEXTS)
    def edit(self, data, text):
        name = self.one(data)
        self.texts[name] = text
        self.write(name)

    @precondition(lambda self: "deep/buoys.txt" in self.texts)
    @rule(number=st.integers(0, 59), text=TEXTS)
    def edit_one_sentence(self, number, text):
        sentences = self.texts["deep/buoys.txt"]
        sentences[number % len(sentences)] = " ".join(text)
        self.write("deep/buoys.txt")

    @rule(data=st.data(), title=TITLES)
    def edit_metadata(self, data, title):
        name = self.one(data)
        self.titles[name] = title
        self.write(name)

    @rule(data=st.data())
    def move(self, data):
        name, other = self.one(data), self.free(data)
        if other:
            self.texts[other], title = self.remove(name)
            if title:
                self.titles[other] = title
            self.write(other)

    @precondition(lambda self: len(self.texts) > 1)
    @rule(data=st.data())
    def delete(self, data):
        self.remove(self.one(data))

    @rule()
    def rebuild(self):
        report = rebuild(self.library, index=self.index, force=True)
        found = current_generation(self.index)
        expected = Path(tempfile.mkdtemp(dir=self.folder)) / "full"
        sources = load_sources(self.library)
        contents = Contents(
            library="",
            fingerprint="",
            sources=sources,
            hashes={source.id: source_hash(source) for source in sources},
            skipped=[],
        )
        write_generation(expected, contents, load_embedder(), [], None, lambda *step: None)
        keys = self.assert_same(found, expected)
        assert report.embedded <= len(keys - self.keys)  # less, where an older generation has it
        self.keys = keys
        shutil.rmtree(expected)

    def assert_same(self, found, expected):
        """Compare chunk for chunk; the content keys. Batches differ, and with them the rounding."""
        keys = set()
        arrays = sorted(path.relative_to(expected) for path in expected.rglob("*.npy"))
        assert arrays == sorted(path.relative_to(found) for path in found.rglob("*.npy"))
        for name in arrays:
            one, other = (np.load(folder / name) for folder in (found, expected))
            if name == Path(TOKENS, "vectors.npy"):
                cosines = (unit_length(one) * unit_length(other)).sum(axis=1)
                assert cosines.min(initial=1) > 0.99
            elif not name.name.endswith("-slots.npy"):
                np.testing.assert_array_equal(one, other, err_msg=str(name))
            if name.name.endswith("-keys.npy"):
                keys.update((name.name, key) for key in one.tolist())
        with np.load(found / MOMENTS) as one, np.load(expected / MOMENTS) as other:
            for name in one:
                np.testing.assert_allclose(one[name], other[name], atol=0.05)
        with closing(open_store(found)) as one, closing(open_store(expected)) as other:
            for level in LEVELS:
                self.assert_same_vectors(level, (one, found), (other, expected))
        tables = [SourceTable(folder / "sources.db") for folder in (found, expected)]
        with closing(tables[0]), closing(tables[1]):
            rows = range(len(self.texts))
            assert [tables[0].read(row) for row in rows] == [tables[1].read(row) for row in rows]
        return keys

    def assert_same_vectors(self, level, *stores):
        slots = [np.load(folder / level_file(level, "slots.npy")) for _, folder in stores]
        one, other = (store.get(level, at) for (store, _), at in zip(stores, slots, strict=True))
        assert (one * other).sum(axis=1).min() > 0.999
        # What is searched is the same: each vector is found, and those of a source in their scope.
        store, folder = stores[0]
        sources = np.load(folder / f"{level}.npy")["source"]
        for row in range(0, len(one), 5):
            near, similarity = store.query(level, one[row], 1)
            assert one[np.flatnonzero(slots[0] == near[0])[0]] @ one[row] > 0.999
            assert similarity[0] > 0.999
        for row, source_id in enumerate(Manifest.read(folder).sources):
            own = slots[0][sources == row]
            if len(own):
                near, _ = store.query(level, one[0], len(own), [source_id])
                assert sorted(near.tolist()) == sorted(own.tolist())

    def teardown(self):
        if hasattr(self, "library"):
            self.rebuild()
            texts = {" ".join(words) for words in self.texts.values()}
            opened = open_index(self.index)
            for source in opened.sources:
                assert any(text in opened.source(source.id).text for text in texts)
            shutil.rmtree(self.folder)


TestIncrements = Increments.TestCase
TestIncrements.settings = settings(
    max_examples=int(os.environ.get("REFDESK_TEST_EXAMPLES", "3")), stateful_step_count=8
)
