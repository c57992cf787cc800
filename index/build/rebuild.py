"""Rebuilding: a new generation beside the one that is served, verified, and the pointer swapped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.build.earlier import Donor
from index.build.file_report import FileReport, file_reports, read_file_reports
from index.build.fingerprint import library_fingerprint, source_hash
from index.build.golden import Golden, GoldenReport
from index.build.lock import clean, demote_newer, next_name, prune, remove_generation, writing
from index.build.verify import verify_apart
from index.build.write import Contents, write_generation
from index.chunking import TextSplitter
from index.embedding import BUNDLED_MODEL, Embedder, load_embedder
from index.errors import AnswersLostError, IndexDamagedError, IndexingError, LibraryShrankError
from index.file_check import check_hashes
from index.generation import (
    Manifest,
    candidates,
    complete_generations,
    current_generation,
    generations_folder,
    set_current,
    sync_tree,
)
from sources import ExtractCache, load_sources

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

# The store of a generation that keeps its vectors in files.
FILES = "files"


class Progress(Protocol):
    """What is told of a rebuild: stages are reading, embedding, storing, verifying and asking."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Hear that `done` of `total` are done; `total` may be 0 while it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What a rebuild did. Names are source ids; `skipped` holds (path, reason), `notes`
    (place, what is said) of metadata that was not used as it stands, `invisible` (source id, number
    of invisible characters) where there are any, `languages` (source id, language) where it is
    known, `files` what was read of each file.

    Where nothing had changed, no generation was made, and `generation` is the one that is served.
    `embedded` counts the texts that had to be embedded; `golden` is None where no question was
    asked.
    """

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
    golden: GoldenReport | None = None
    notes: tuple[tuple[str, str], ...] = ()
    languages: tuple[tuple[str, str], ...] = ()
    files: tuple[FileReport, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report ready for JSON."""
        return asdict(self)


def rebuild(
    library: str | Path,
    *,
    index: str | Path,
    progress: Progress | None = None,
    full: bool = False,
    force: bool = False,
    embedding_model: str | Embeddings | None = None,
    text_splitter: TextSplitter | None = None,
    store: str | None = None,
    golden: Golden | None = None,
) -> RebuildReport:
    """Build a new generation of `index` from the folder `library`, and serve it.

    What is served stays untouched until the new generation is verified; on any error it goes on
    being served. Where nothing has changed nothing is done, and vectors of unchanged text are taken
    over, unless `full`; changed code of ours counts as a change. `store` is "files", the address of
    a Chroma server, or "cloud"; by default what the index has. `golden` asks the golden questions.
    `force` allows a rebuild that drops more than half of the sources, or too many golden answers.
    `embedding_model` is a name, or an object of LangChain's, which whoever opens the index then has
    to hand over as well. `text_splitter` cuts the passages in place of ours; it has to be handed
    over with every rebuild, each of which cuts all texts anew. Raises SourceError, IndexingError.
    """
    started = time.monotonic()
    tell: Progress = progress or (lambda stage, done, total: None)
    library, index = Path(library).absolute(), Path(index)
    model = embedding_model or BUNDLED_MODEL
    name = model if isinstance(model, str) else load_embedder(model).name
    old = _served(index)
    address = (old.store if old else None) if store is None else store.rstrip("/")
    address = None if address == FILES else address
    fingerprint = library_fingerprint(library)
    if text_splitter is not None:  # what it does today nobody knows
        fingerprint = f"{type(text_splitter).__name__}-{fingerprint}"
    wanted = (str(library), fingerprint, name, address)
    if old and not full and text_splitter is None and _same(old, index, wanted, golden):
        clean(index)
        return _nothing_to_do(old, index, time.monotonic() - started)
    skipped: list[tuple[str, str]] = []
    notes: list[tuple[str, str]] = []
    cache = ExtractCache(index / "extracts", fresh=full)
    sources = load_sources(
        library,
        on_skip=lambda path, reason: skipped.append((path, reason)),
        on_note=lambda place, said: notes.append((place, said)),
        progress=lambda done, total: tell("reading", done, total),
        cache=cache,
    )
    embedder = load_embedder(model)
    with writing(index):
        old = _served(index)  # nobody else writes now
        contents = Contents(
            library=str(library),
            fingerprint=f"{fingerprint} {golden.fingerprint}" if golden else fingerprint,
            sources=sources,
            hashes={source.id: source_hash(source) for source in sources},
            skipped=skipped,
            notes=notes,
            files=file_reports(sources, skipped),
            splitter=text_splitter,
        )
        _check_size(contents, old, force)
        folder = generations_folder(index) / next_name(index)
        try:
            donors = [] if full else Donor.find(_lenders(index, old), embedder)
            counts = write_generation(folder, contents, embedder, donors, address, tell)
            tell("verifying", 0, 1)
            verify_apart(folder)
            tell("verifying", 1, 1)
            report = _ask(golden, index, old, folder, embedder, tell) if golden else None
            if report and not force:
                report.check()
            sync_tree(folder)
            set_current(index, folder.name)
        except AnswersLostError:
            raise  # the candidate lends its vectors to the rebuild that is forced
        except BaseException:
            if (now := _served(index)) is None or now.generation != folder.name:
                remove_generation(folder)
            raise
        prune(index)
        cache.prune()
    before, hashes = old.sources if old else {}, contents.hashes
    return RebuildReport(
        added=tuple(sorted(hashes.keys() - before.keys())),
        updated=tuple(
            sorted(key for key in hashes.keys() & before.keys() if hashes[key] != before[key])
        ),
        removed=tuple(sorted(before.keys() - hashes.keys())),
        unchanged=tuple(sorted(key for key, value in hashes.items() if before.get(key) == value)),
        skipped=tuple(skipped),
        invisible=tuple((source.id, source.invisible) for source in sources if source.invisible),
        chunks=counts.windows,
        embedded=counts.embedded,
        seconds=time.monotonic() - started,
        generation=folder.name,
        golden=report,
        notes=tuple(notes),
        languages=tuple((source.id, source.language) for source in sources if source.language),
        files=contents.files,
    )


def rollback(index: str | Path) -> str:
    """Serve the generation before the current one again; its name. Raises IndexingError."""
    index = Path(index)
    with writing(index, must_exist=True):
        current = _served_name(index)
        for folder in reversed(complete_generations(index)):
            if current is None or folder.name < current:
                with suppress(IndexDamagedError):
                    verify_apart(folder)
                    set_current(index, folder.name)
                    demote_newer(index)
                    return folder.name
    raise IndexingError(f"{index} has no older generation to go back to; run `refdesk rebuild`")


def _same(
    old: Manifest, index: Path, now: tuple[str, str, str, str | None], golden: Golden | None
) -> bool:
    """Whether what is served is what would be built, its golden questions were asked of the code
    that answers now, if they were asked at all, and it is whole."""
    fingerprint, _, asked = old.fingerprint.partition(" ")
    if (old.library, fingerprint, old.embedding_model, old.store) != now:
        return False
    if golden and asked not in ("", golden.fingerprint):
        return False
    try:
        check_hashes(generations_folder(index) / old.generation, old)
        return True
    except IndexDamagedError:
        return False


def _nothing_to_do(old: Manifest, index: Path, seconds: float) -> RebuildReport:
    return RebuildReport(
        added=(),
        updated=(),
        removed=(),
        unchanged=tuple(sorted(old.sources)),
        skipped=tuple((path, reason) for path, reason in old.skipped),
        invisible=tuple(sorted(old.invisible.items())),
        chunks=old.windows,
        embedded=0,
        seconds=seconds,
        generation=old.generation,
        notes=tuple((place, said) for place, said in old.notes),
        languages=tuple(sorted(old.languages.items())),
        files=read_file_reports(generations_folder(index) / old.generation),
    )


def _check_size(contents: Contents, old: Manifest | None, force: bool) -> None:
    before = old.sources if old else {}
    removed = len(before.keys() - contents.hashes.keys())
    if len(before) >= 4 and removed * 2 > len(before) and not force:
        raise LibraryShrankError(
            f"{removed} of the {len(before)} sources of the index are not in {contents.library}; "
            f"if that is meant, run `refdesk rebuild --force`"
        )


def _ask(
    golden: Golden,
    index: Path,
    old: Manifest | None,
    folder: Path,
    embedder: Embedder,
    tell: Progress,
) -> GoldenReport:
    from index.search import Generation

    before = None
    with suppress(IndexingError):  # what cannot be opened or asked has no answers to lose
        if old and old.embedding_model == embedder.name:
            before = Generation(generations_folder(index) / old.generation, embedder)
        elif old:
            before = Generation(generations_folder(index) / old.generation)
            before.embedder  # noqa: B018  its model may be gone
    return golden(
        before, Generation(folder, embedder), lambda done, total: tell("asking", done, total)
    )


def _lenders(index: Path, old: Manifest | None) -> Sequence[Path]:
    """The generations that may hold vectors of the same text, the one that is served first."""
    folders = sorted([*complete_generations(index), *candidates(index)], reverse=True)
    served = old.generation if old else None
    return sorted(folders, key=lambda folder: folder.name != served)


def _served(index: Path) -> Manifest | None:
    """The manifest of what is served; None where there is none that can be read."""
    try:
        return Manifest.read(current_generation(index))
    except IndexingError:
        return None


def _served_name(index: Path) -> str | None:
    """The name of the generation that is served; None where the pointer names none."""
    try:
        return current_generation(index).name
    except IndexingError:
        return None
