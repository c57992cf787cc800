"""Writing the files of one generation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.bm25 import BM25
from index.build.earlier import Donor
from index.build.file_report import FileReport, write_file_reports
from index.build.fingerprint import code_fingerprint
from index.build.reuse import EmbeddedRows, embed_rows
from index.build.slots import Change, changed_slots, new_slots
from index.chroma_files import seal
from index.chunking import TextSplitter
from index.embedding import Embedder
from index.errors import IndexingError
from index.file_check import hash_files
from index.generation import MOMENTS, SCHEMA, Manifest, level_file
from index.rows import Level, split_levels
from index.source_table import write_sources
from index.store import FOLDER, copy_store, create_store
from index.token_vectors import AXES
from sources import Source

if TYPE_CHECKING:
    from index.build.rebuild import Progress

_BATCH = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into a generation: the sources with a hash of each, and where they come from; and
    what cuts them, where that is not for us to do."""

    library: str
    fingerprint: str
    sources: Sequence[Source]
    hashes: dict[str, str]
    skipped: Sequence[tuple[str, str]]
    notes: Sequence[tuple[str, str]] = ()
    files: tuple[FileReport, ...] = ()
    splitter: TextSplitter | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many windows a generation has, and how many texts were embedded for it."""

    windows: int
    embedded: int


def write_generation(
    folder: Path,
    contents: Contents,
    embedder: Embedder,
    donors: Sequence[Donor],
    store: str | None,
    tell: Progress,
) -> Counts:
    """Write a candidate into the new `folder`; its vectors go to the server `store`, or to files.

    What the first donor has of sources that are still the same is taken over. One level at a time,
    and of a level first the vectors, then the words, so that only one of these is in memory.
    Raises IndexingError.
    """
    splitter = contents.splitter
    base = donors[0] if donors and donors[0].would_be_same and splitter is None else None
    old = base.split(contents.hashes) if base else None
    levels = split_levels(contents.sources, old, splitter)
    total = sum(map(len, levels))
    if not total:
        raise IndexingError(f"{contents.library} holds no sentence; add text to it")
    folder.mkdir(parents=True)
    write_sources(folder / "sources.db", contents.sources)
    write_file_reports(folder, contents.files)
    language = _main_language(contents.sources)
    changes = [new_slots(level) for level in levels]
    changed = None
    if base and base.manifest.store is store is None:
        small = [changed_slots(level, base) for level in levels]
        if all(change.is_small for change in small):
            changes, changed = small, base
            copy_store(base.folder, folder)
    moments: dict[str, NDArray[Any]] = {}
    axes = donors[0].axes if donors else embedder.token_axes
    np.save(folder / AXES, axes)
    scratch = folder / "embedding.npy"
    done = embedded = 0
    for level, change in zip(levels, changes, strict=True):
        embedding, storing = (
            partial(_tell_from, tell, stage, done, total) for stage in ("embedding", "storing")
        )
        rows = np.flatnonzero(level.origin < 0) if changed else change.added
        vectors = embed_rows(level, rows, embedder, donors, scratch, axes, embedding)
        moments |= _store(folder, store, level, change, vectors, changed, storing)
        embedded += vectors.embedded
        done += len(level)
        del vectors  # Windows removes no file that is mapped
        scratch.unlink()
        np.save(folder / f"{level.name}.npy", level.spans)
        np.save(folder / level_file(level.name, "keys.npy"), level.keys)
        np.save(folder / level_file(level.name, "slots.npy"), change.of)
        _words(level, language, base).save(folder / level_file(level.name, "words"))
    if store is None:
        seal(folder / FOLDER)
    np.savez(folder / MOMENTS, allow_pickle=False, **moments)
    units, windows = levels
    Manifest(
        schema=SCHEMA,
        generation=folder.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        library=contents.library,
        embedding_model=embedder.name,
        dimension=embedder.dimension,
        probe=[round(float(value), 5) for value in embedder.probe],
        language=language,
        store=store,
        fingerprint=contents.fingerprint,
        code=code_fingerprint() if splitter is None else type(splitter).__name__,
        sources=contents.hashes,
        skipped=[list(skip) for skip in contents.skipped],
        notes=[list(note) for note in contents.notes],
        languages={one.id: one.language for one in contents.sources if one.language},
        invisible={one.id: one.invisible for one in contents.sources if one.invisible},
        units=len(units),
        windows=len(windows),
        slots={level.name: change.used for level, change in zip(levels, changes, strict=True)},
        files=hash_files(folder),
    ).write(folder)
    return Counts(len(windows), embedded)


def _store(
    folder: Path,
    store: str | None,
    level: Level,
    change: Change,
    vectors: EmbeddedRows,
    changed: Donor | None,
    progress: Callable[[int], None],
) -> dict[str, NDArray[Any]]:
    """Put the vectors of a level into Chroma, where there are those of `changed`; the sum of all
    that are there now, and that of their outer products."""
    name, dimension = level.name, vectors.unique.shape[1]
    total, products = np.zeros(dimension), np.zeros((dimension, dimension))
    with closing(create_store(folder, store)) as opened:
        if not changed:
            opened.create(name, len(level))
        else:
            total, products = changed.sums(name)
            opened.expect(name, len(change.gone) + len(change.moved) + len(change.added))
            for start in range(0, len(change.gone), _BATCH):
                batch = opened.get(name, change.gone[start : start + _BATCH])
                total -= batch.sum(axis=0)
                products -= batch.T @ batch
            opened.remove(name, change.gone)
            opened.move(name, change.of[change.moved], level.source_ids(change.moved))
        for start in range(0, len(change.added), _BATCH):
            rows = change.added[start : start + _BATCH]
            batch = vectors.of(rows)
            opened.add(name, change.of[rows], batch, level.source_ids(rows))
            total += batch.sum(axis=0)
            products += batch.T @ batch
            progress(len(level) - len(change.added) + start + len(rows))
    progress(len(level))
    return {f"{name}_sum": total, f"{name}_products": products}


def _words(level: Level, language: str, base: Donor | None) -> BM25:
    """The words of a level; those of rows that were taken over are, too."""
    if base is None or base.manifest.language != language:
        return BM25.build(level.terms(range(len(level)), language))
    new, taken = np.flatnonzero(level.origin < 0), np.flatnonzero(level.origin >= 0)
    old = base.words(level.name)
    places = np.full(len(old), -1, dtype=np.int64)
    places[level.origin[taken]] = taken
    fresh = BM25.build(level.terms(new.tolist(), language))
    return BM25.merge([(old, places), (fresh, new)], len(level))


def _tell_from(tell: Progress, stage: str, base: int, total: int, count: int) -> None:
    tell(stage, base + count, total)


def _main_language(sources: Sequence[Source]) -> str:
    """The language of most of the text, by which words are stemmed."""
    amount: dict[str, int] = {}
    for source in sources:
        code = (source.language or "en").split("-")[0].lower()
        amount[code] = amount.get(code, 0) + len(source.text)
    return max(amount, key=lambda code: amount[code])
