"""Building a generation beside the one that is served, verifying it, and swapping the pointer."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from index.bm25 import BM25
from index.chunking import split_units, split_windows
from index.embedding import BUNDLED_MODEL, Embedder, Vectors, load_embedder
from index.errors import (
    IndexBusyError,
    IndexDamagedError,
    IndexingError,
    IndexNotFoundError,
    LibraryShrankError,
)
from index.generation import (
    SCHEMA,
    Manifest,
    check_files,
    complete_generations,
    current_generation,
    generations_folder,
    hash_files,
    set_current,
    sync_tree,
    write_sources,
)
from index.store import StoreError, VectorStore, seal
from index.tokens import terms
from sources import Source, load_sources, strip_invisible

# The one that is served, and those that `rollback` can go back to.
KEPT_GENERATIONS = 3

_UNIT = np.dtype([("source", "<i4"), ("start", "<i8"), ("end", "<i8"), ("kind", "<i1")])
_WINDOW = np.dtype([("source", "<i4"), ("first", "<i8"), ("last", "<i8")])
_KINDS = ("sentence", "heading", "fragment")
_KEY = "S16"


class Progress(Protocol):
    """What is told of a rebuild: stages are reading, embedding, storing and verifying."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Hear that `done` of `total` are done; `total` may be 0 while it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild did. Names are source ids; `skipped` holds (path, reason), `invisible`
    (source id, number of invisible characters) where there are any."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    invisible: tuple[tuple[str, int], ...]
    chunks: int
    embedded: int
    seconds: float
    generation: str

    def to_dict(self) -> dict[str, Any]:
        """The report ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Level:
    """Units or windows: their spans, texts and content keys."""

    spans: NDArray[np.void]
    texts: list[str]
    keys: NDArray[np.bytes_]


def rebuild(
    library: str | Path,
    *,
    index: str | Path,
    progress: Progress | None = None,
    full: bool = False,
    force: bool = False,
    embedding_model: str | None = None,
) -> RebuildReport:
    """Build a new generation of `index` from the folder `library`, and serve it.

    What is served stays untouched until the new generation is verified; on any error it goes on
    being served. Embeddings of unchanged text are taken over unless `full`. `force` allows a
    rebuild that drops more than half of the sources. Raises SourceError, IndexingError.
    """
    started = time.monotonic()
    tell: Progress = progress or (lambda stage, done, total: None)
    skipped: list[tuple[str, str]] = []
    sources = load_sources(
        library,
        on_skip=lambda path, reason: skipped.append((path, reason)),
        progress=lambda done, total: tell("reading", done, total),
    )
    embedder = load_embedder(embedding_model or BUNDLED_MODEL)
    index = Path(index)
    with _writer(index):
        old = _old_manifest(index)
        hashes = {source.id: _source_hash(source) for source in sources}
        before = old.sources if old else {}
        removed = tuple(sorted(before.keys() - hashes.keys()))
        if len(before) >= 4 and len(removed) * 2 > len(before) and not force:
            raise LibraryShrankError(
                f"{len(removed)} of the {len(before)} sources of the index are not in {library}; "
                f"if that is meant, run `refdesk rebuild --force`"
            )
        name = _next_name(index)
        folder = generations_folder(index) / name
        try:
            embedded, chunks = _build(
                folder, sources, hashes, embedder, None if full else old, index, str(library), tell
            )
            tell("verifying", 0, 1)
            _verify_apart(folder)
            tell("verifying", 1, 1)
            sync_tree(folder)
            set_current(index, name)
        except BaseException:
            if _served(index) != name:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        _prune(index, name, old.generation if old else name)
    return RebuildReport(
        added=tuple(sorted(hashes.keys() - before.keys())),
        updated=tuple(
            sorted(key for key in hashes.keys() & before.keys() if hashes[key] != before[key])
        ),
        removed=removed,
        unchanged=tuple(sorted(key for key, value in hashes.items() if before.get(key) == value)),
        skipped=tuple(skipped),
        invisible=tuple((source.id, source.invisible) for source in sources if source.invisible),
        chunks=chunks,
        embedded=embedded,
        seconds=time.monotonic() - started,
        generation=name,
    )


def rollback(index: str | Path) -> str:
    """Serve the generation before the current one again; its name. Raises IndexingError."""
    index = Path(index)
    with _writer(index, must_exist=True):
        current = _served(index)
        for folder in reversed(complete_generations(index)):
            if current is None or folder.name < current:
                with suppress(IndexDamagedError):
                    _verify_apart(folder)
                    set_current(index, folder.name)
                    return folder.name
    raise IndexingError(f"{index} has no older generation to go back to; run `refdesk rebuild`")


def verify_current(index: str | Path) -> Manifest:
    """Verify what is served, in a process of its own; its manifest. Raises IndexingError."""
    folder = current_generation(Path(index))
    _verify_apart(folder)
    return Manifest.read(folder)


def _build(
    folder: Path,
    sources: Sequence[Source],
    hashes: dict[str, str],
    embedder: Embedder,
    old: Manifest | None,
    index: Path,
    library: str,
    tell: Progress,
) -> tuple[int, int]:
    """Write a generation into `folder`; the number of texts embedded, and of chunks."""
    units, windows = _levels(sources)
    if not units.texts:
        raise IndexingError(f"{library} holds no sentence; add text to it")
    folder.mkdir(parents=True)
    language = _main_language(sources)
    write_sources(folder / "sources.db", sources)
    moments: dict[str, NDArray[Any]] = {}
    embedded = 0
    total = len(units.texts) + len(windows.texts)
    known = _known_vectors(index, old, embedder.name)
    done = 0
    with closing(VectorStore(folder / "vectors", create=True)) as store:
        for name, level in (("units", units), ("windows", windows)):
            vectors, fresh = _embed(
                embedder,
                level,
                known.get(name, {}),
                partial(_tell_from, tell, "embedding", done, total),
            )
            embedded += fresh
            done += len(level.texts)
            tell("embedding", done, total)
            ids = [sources[row].id for row in level.spans["source"]]
            store.create(name, len(vectors))
            store.add(name, vectors, ids, partial(_tell_from, tell, "storing", 0, len(ids)))
            mean = vectors.mean(axis=0)
            moments[f"{name}_mean"] = mean
            moments[f"{name}_covariance"] = vectors.T @ vectors / len(vectors) - np.outer(
                mean, mean
            )
            stem = name.removesuffix("s")
            np.save(folder / f"{name}.npy", level.spans)
            np.save(folder / f"{stem}-keys.npy", level.keys)
            words = BM25.build(terms(text, language) for text in level.texts)
            words.save(folder / f"{stem}-words")
    seal(folder / "vectors")
    np.savez(folder / "moments.npz", allow_pickle=False, **moments)
    Manifest(
        schema=SCHEMA,
        generation=folder.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        library=str(Path(library).absolute()),
        embedding_model=embedder.name,
        dimension=embedder.dimension,
        language=language,
        sources=hashes,
        units=len(units.texts),
        windows=len(windows.texts),
        files=hash_files(folder),
    ).write(folder)
    return embedded, len(windows.texts)


def _tell_from(tell: Progress, stage: str, base: int, total: int, count: int) -> None:
    tell(stage, base + count, total)


def _levels(sources: Sequence[Source]) -> tuple[_Level, _Level]:
    unit_rows: list[tuple[int, int, int, int]] = []
    unit_texts: list[str] = []
    window_rows: list[tuple[int, int, int]] = []
    window_texts: list[str] = []
    for row, source in enumerate(sources):
        base = len(unit_rows)
        units = split_units(source)
        for unit in units:
            unit_rows.append((row, unit.start, unit.end, _KINDS.index(unit.kind)))
            unit_texts.append(_in_context(source, unit.start, unit.end))
        for window in split_windows(units):
            window_rows.append((row, base + window.first, base + window.last))
            start, end = units[window.first].start, units[window.last].end
            window_texts.append(_in_context(source, start, end))
    return (
        _Level(np.array(unit_rows, dtype=_UNIT), unit_texts, _keys(unit_texts)),
        _Level(np.array(window_rows, dtype=_WINDOW), window_texts, _keys(window_texts)),
    )


def _in_context(source: Source, start: int, end: int) -> str:
    """What is embedded and indexed of a span; a reader too knows the title and heading above it."""
    heading = source.heading_at(start) or ""
    lines = [source.title] if not heading.startswith(source.title) else []
    lines += [heading] if heading else []
    return strip_invisible("\n".join([*lines, source.text[start:end]]))


def _keys(texts: Sequence[str]) -> NDArray[np.bytes_]:
    digests = [blake2b(text.encode(), digest_size=16).digest() for text in texts]
    # numpy strips trailing zero bytes of a bytes value; a key is only ever compared as numpy has it
    return np.array(digests, dtype=_KEY)


def _embed(
    embedder: Embedder,
    level: _Level,
    known: dict[bytes, NDArray[np.float32]],
    progress: Callable[[int], None],
) -> tuple[Vectors, int]:
    """The vectors of a level, shape (rows, dimension), and how many texts had to be embedded."""
    keys = level.keys.tolist()
    place_of: dict[bytes, int] = {}  # a text that stands twice is embedded once
    fresh = [
        place
        for place, key in enumerate(keys)
        if key not in known and place_of.setdefault(key, place) == place
    ]
    new = embedder.embed([level.texts[place] for place in fresh], progress)
    vector_of = {keys[place]: vector for place, vector in zip(fresh, new, strict=True)}
    vectors = np.array([known[key] if key in known else vector_of[key] for key in keys])
    return vectors.astype(np.float32), len(fresh)


def _known_vectors(
    index: Path, old: Manifest | None, model: str
) -> dict[str, dict[bytes, NDArray[np.float32]]]:
    """The vectors of the old generation by content key, where the same model made them."""
    if old is None or old.embedding_model != model:
        return {}
    folder = generations_folder(index) / old.generation
    try:
        check_files(folder, old)
    except IndexDamagedError:
        return {}
    with closing(VectorStore(folder / "vectors")) as store:
        return {
            name: dict(
                zip(
                    np.load(folder / f"{name[:-1]}-keys.npy", allow_pickle=False).tolist(),
                    store.vectors(name),
                    strict=True,
                )
            )
            for name in ("units", "windows")
        }


def _source_hash(source: Source) -> str:
    """Changes with the text and with the metadata."""
    fields = [str(getattr(source, name)) for name in sorted(Source.__dataclass_fields__)]
    return blake2b("\0".join(fields).encode(), digest_size=16).hexdigest()


def _main_language(sources: Sequence[Source]) -> str:
    """The language of most of the text, by which words are stemmed."""
    amount: dict[str, int] = {}
    for source in sources:
        code = (source.language or "en").split("-")[0].lower()
        amount[code] = amount.get(code, 0) + len(source.text)
    return max(amount, key=lambda code: amount[code])


def _old_manifest(index: Path) -> Manifest | None:
    """The manifest of what is served; None where there is none that can be read."""
    try:
        return Manifest.read(current_generation(index))
    except IndexingError:
        return None


def _verify_apart(folder: Path) -> None:
    """Verify a generation in a process of its own: a damaged vector file can kill the one that
    opens it. Raises IndexDamagedError."""
    # -P: a folder called "index" where the user stands must not be taken for this package.
    command = [sys.executable, "-P", "-m", "index.verify", str(folder)]
    ours = str(Path(__file__).absolute().parent.parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([ours, *filter(None, sys.path)])}
    result = subprocess.run(  # noqa: S603  our own interpreter and module
        command, capture_output=True, text=True, check=False, env=environment
    )
    if result.returncode:
        lines = (result.stdout + result.stderr).strip().splitlines()
        raise IndexDamagedError(
            f"{folder.name} does not verify ({lines[-1] if lines else 'it crashed'}); "
            f"run `refdesk rebuild --full`"
        )


@contextmanager
def _writer(index: Path, *, must_exist: bool = False) -> Iterator[None]:
    """Be the one process that writes the index; what a dead one left is removed."""
    if must_exist and not index.is_dir():
        raise IndexNotFoundError(f"there is no index in {index}; run `refdesk rebuild`")
    holder = index / "LOCK.pid"
    try:
        generations_folder(index).mkdir(parents=True, exist_ok=True)
        with FileLock(index / "LOCK", timeout=0):
            holder.write_text(f"{os.getpid()}\n")
            complete = complete_generations(index)
            for folder in set(generations_folder(index).iterdir()) - set(complete):
                shutil.rmtree(folder, ignore_errors=True)
            try:
                yield
            finally:
                with suppress(OSError):
                    holder.unlink()
    except Timeout:
        pid = holder.read_text().strip() if holder.is_file() else "?"
        raise IndexBusyError(
            f"another rebuild of {index} is running (process {pid}); wait for it to end"
        ) from None
    except (OSError, sqlite3.Error, StoreError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or error
        raise IndexingError(
            f"the index in {index} cannot be written ({said}); make room or name another folder "
            f"with --index, then run `refdesk rebuild` again"
        ) from error


def _prune(index: Path, current: str, before: str) -> None:
    """Remove all but the newest generations, and those made after the one served `before`: they
    were rolled back from, or never served."""
    complete = complete_generations(index)
    kept = [folder for folder in complete if folder.name <= before or folder.name == current]
    for folder in set(complete) - set(kept[-KEPT_GENERATIONS:]):
        # The manifest goes first: a folder without one is not a generation.
        with suppress(OSError):
            (folder / "manifest.json").unlink()
            shutil.rmtree(folder)


def _next_name(index: Path) -> str:
    """A new name, which sorts after those of all generations whatever the clock says."""
    numbers = [folder.name.split("-")[0] for folder in generations_folder(index).iterdir()]
    number = 1 + max((int(number) for number in numbers if number.isdecimal()), default=0)
    return f"{number:06d}-{secrets.token_hex(3)}"


def _served(index: Path) -> str | None:
    """The name of the generation that is served; None where the pointer names none."""
    try:
        return current_generation(index).name
    except IndexingError:
        return None
