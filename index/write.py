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
from index.embedding import Embedder
from index.errors import IndexingError
from index.generation import SCHEMA, Manifest, hash_files, keys_file, write_sources
from index.late import AXES
from index.levels import Level, split_levels
from index.reuse import Donor, EmbeddedLevel, embed_level
from index.store import FOLDER, create_store, seal
from sources import Source

if TYPE_CHECKING:
    from index.build import Progress

_BATCH = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into a generation: the sources with a hash of each, and where they come from."""

    library: str
    fingerprint: str
    sources: Sequence[Source]
    hashes: dict[str, str]
    skipped: Sequence[tuple[str, str]]


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

    One level at a time, and of a level first the vectors, then the words, so that only one of these
    is in memory. Raises IndexingError.
    """
    levels = split_levels(contents.sources)
    total = sum(map(len, levels))
    if not total:
        raise IndexingError(f"{contents.library} holds no sentence; add text to it")
    folder.mkdir(parents=True)
    write_sources(folder / "sources.db", contents.sources)
    language = _main_language(contents.sources)
    moments: dict[str, NDArray[Any]] = {}
    axes = donors[0].axes if donors else embedder.token_axes
    np.save(folder / AXES, axes)
    scratch = folder / "embedding.npy"
    done = embedded = 0
    for level in levels:
        embedding, storing = (
            partial(_tell_from, tell, stage, done, total) for stage in ("embedding", "storing")
        )
        vectors = embed_level(level, embedder, donors, scratch, axes, embedding)
        moments |= _store(folder, store, level, vectors, storing)
        embedded += vectors.embedded
        done += len(level)
        del vectors  # Windows removes no file that is mapped
        scratch.unlink()
        np.save(folder / f"{level.name}.npy", level.spans)
        np.save(folder / keys_file(level.name), level.keys)
        BM25.build(level.terms(language)).save(folder / f"{level.name.removesuffix('s')}-words")
    if store is None:
        seal(folder / FOLDER)
    np.savez(folder / "moments.npz", allow_pickle=False, **moments)
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
        sources=contents.hashes,
        skipped=[list(skip) for skip in contents.skipped],
        invisible={one.id: one.invisible for one in contents.sources if one.invisible},
        units=len(units),
        windows=len(windows),
        files=hash_files(folder),
    ).write(folder)
    return Counts(len(windows), embedded)


def _store(
    folder: Path,
    store: str | None,
    level: Level,
    vectors: EmbeddedLevel,
    progress: Callable[[int], None],
) -> dict[str, NDArray[Any]]:
    """Put the vectors of a level into Chroma; their mean and covariance."""
    dimension = vectors.unique.shape[1]
    total, products = np.zeros(dimension), np.zeros((dimension, dimension))
    with closing(create_store(folder, store)) as opened:
        opened.create(level.name, len(level))
        for first, batch in vectors.batches(_BATCH):
            end = first + len(batch)
            opened.add(level.name, batch, level.source_ids(first, end), first=first)
            total += batch.sum(axis=0)
            products += batch.T @ batch
            progress(end)
    mean = total / len(level)
    covariance = products / len(level) - np.outer(mean, mean)
    return {
        f"{level.name}_mean": mean.astype(np.float32),
        f"{level.name}_covariance": covariance.astype(np.float32),
    }


def _tell_from(tell: Progress, stage: str, base: int, total: int, count: int) -> None:
    tell(stage, base + count, total)


def _main_language(sources: Sequence[Source]) -> str:
    """The language of most of the text, by which words are stemmed."""
    amount: dict[str, int] = {}
    for source in sources:
        code = (source.language or "en").split("-")[0].lower()
        amount[code] = amount.get(code, 0) + len(source.text)
    return max(amount, key=lambda code: amount[code])
