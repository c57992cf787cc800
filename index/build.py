"""Building a new generation beside the one that is served, verifying it, and swapping the pointer."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from index.bm25 import BM25
from index.chunking import split_units, split_windows
from index.embedding import BUNDLED_MODEL, Embedder, Vectors, load_embedder
from index.errors import IndexBusyError, IndexDamagedError, IndexingError, LibraryShrankError
from index.generation import (
    SCHEMA,
    Manifest,
    SourceTable,
    complete_generations,
    current_generation,
    generations_folder,
    hash_files,
    set_current,
    sync_tree,
)
from index.store import VectorStore
from index.tokens import terms
from sources import Source, load_sources

# The one that is served, and those that `rollback` can go back to.
KEPT_GENERATIONS = 3

_UNIT = np.dtype([("source", "<i4"), ("start", "<i8"), ("end", "<i8"), ("kind", "<i1")])
_WINDOW = np.dtype([("source", "<i4"), ("first", "<i8"), ("last", "<i8")])
_KINDS = ("sentence", "heading", "fragment")
_KEY = "S16"


class Progress(Protocol):
    """Called with what is being done and how far it is; `total` may be 0 while it is not known."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild did. Names are source ids; `skipped` holds (path, reason)."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
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
        model = embedding_model or BUNDLED_MODEL
        embedder = load_embedder(model)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
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
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise IndexingError(
                f"the index in {index} cannot be written ({error.strerror or error}); make room or "
                f"name another folder with --index, then run `refdesk rebuild` again"
            ) from error
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _prune(index, name)
    return RebuildReport(
        added=tuple(sorted(hashes.keys() - before.keys())),
        updated=tuple(
            sorted(key for key in hashes.keys() & before.keys() if hashes[key] != before[key])
        ),
        removed=removed,
        unchanged=tuple(sorted(key for key, value in hashes.items() if before.get(key) == value)),
        skipped=tuple(skipped),
        chunks=chunks,
        embedded=embedded,
        seconds=time.monotonic() - started,
        generation=name,
    )


def rollback(index: str | Path) -> str:
    """Serve the generation before the current one again; its name. Raises IndexingError."""
    index = Path(index)
    with _writer(index, must_exist=True):
        complete = [folder.name for folder in complete_generations(index)]
        try:
            current = current_generation(index).name
        except IndexDamagedError:
            current = ""
        older = [name for name in complete if not current or name < current]
        if not older:
            raise IndexingError(f"{index} has no older generation to go back to")
        _verify_apart(generations_folder(index) / older[-1])
        set_current(index, older[-1])
        return older[-1]


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
    folder.mkdir(parents=True)
    units, windows = _levels(sources)
    language = _main_language(sources)
    SourceTable(folder / "sources.db").write(sources)
    store = VectorStore(folder / "vectors", create=True)
    moments: dict[str, NDArray[Any]] = {}
    embedded = 0
    total = len(units.texts) + len(windows.texts)
    known = _known_vectors(index, old, embedder.name)
    done = 0
    try:
        for name, level in (("units", units), ("windows", windows)):
            vectors, fresh = _embed(
                embedder,
                level,
                known.get(name, {}),
                lambda count, base=done: tell("embedding", base + count, total),  # type: ignore[misc]
            )
            embedded += fresh
            done += len(level.texts)
            tell("embedding", done, total)
            ids = [sources[row].id for row in level.spans["source"]]
            store.create(name, len(vectors))
            store.add(name, vectors, ids, lambda count: tell("storing", count, len(ids)))
            mean = vectors.mean(axis=0)
            moments[f"{name}_mean"] = mean
            moments[f"{name}_covariance"] = (vectors.T @ vectors) / len(vectors) - np.outer(
                mean, mean
            )
            stem = name.removesuffix("s")
            np.save(folder / f"{name}.npy", level.spans)
            np.save(folder / f"{stem}-keys.npy", level.keys)
            words = BM25.build(terms(text, language) for text in level.texts)
            words.save(folder / f"{stem}-words")
    finally:
        store.close()
    np.savez(folder / "moments.npz", **moments)
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
    """What is embedded and indexed of a span: a reader too knows the title and the heading above."""
    heading = source.heading_at(start) or ""
    lines = [source.title] if not heading.startswith(source.title) else []
    lines += [heading] if heading else []
    return "\n".join([*lines, source.text[start:end]])


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
        _verify_apart(folder)
    except IndexDamagedError:
        return {}
    store = VectorStore(folder / "vectors")
    try:
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
    finally:
        store.close()


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
    command = [sys.executable, "-m", "index.verify", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
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
        raise IndexingError(f"there is no index in {index}; run `refdesk rebuild`")
    holder = index / "LOCK.pid"
    try:
        generations_folder(index).mkdir(parents=True, exist_ok=True)
        lock = FileLock(index / "LOCK")
        lock.acquire(timeout=0)
    except Timeout:
        pid = holder.read_text().strip() if holder.is_file() else "?"
        raise IndexBusyError(
            f"another rebuild of {index} is running (process {pid}); wait for it to end"
        ) from None
    except OSError as error:
        raise IndexingError(
            f"the index in {index} cannot be written ({error.strerror or error}); "
            f"name another folder with --index"
        ) from error
    try:
        holder.write_text(f"{os.getpid()}\n")
        complete = set(complete_generations(index))
        for folder in generations_folder(index).iterdir():
            if folder not in complete:
                shutil.rmtree(folder, ignore_errors=True)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _prune(index: Path, current: str) -> None:
    """Remove all but the newest generations."""
    others = [folder for folder in complete_generations(index) if folder.name != current]
    for folder in others[: max(0, len(others) - (KEPT_GENERATIONS - 1))]:
        # The manifest goes first: a folder without one is not a generation.
        (folder / "manifest.json").unlink()
        shutil.rmtree(folder, ignore_errors=True)
