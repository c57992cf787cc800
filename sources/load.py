"""From a folder to sources: walk it, read each file by its format, and join the metadata."""

from __future__ import annotations

import logging
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from sources.apart import DEFAULT_LIMITS, ApartReader, Limits
from sources.cache import ExtractCache
from sources.errors import LibraryNotFoundError, MetadataError, NoSourcesError, UnreadableError
from sources.formats import FORMATS, PLAIN, decode, read, refusal
from sources.metadata import MAX_YAML_BYTES, Metadata, fill_in, parse_metadata
from sources.readers.extract import Extract
from sources.source import Format, Source

MAX_FILE_BYTES = 100 * 1024 * 1024

SIDECAR = ".yaml"

QUESTIONS = "questions.jsonl"
"""In the folder of a library: its golden questions, which are no source."""

OnSkip = Callable[[str, str], None]
"""Called with the path of a file in the library and the reason why it was skipped."""

Progress = Callable[[int, int], None]
"""Called with the number of files done and of all files."""

_UNSAFE = ("Cc", "Cs", "Zl", "Zp")
_log = logging.getLogger(__name__)


def list_files(library: str | Path, *, on_skip: OnSkip | None = None) -> list[str]:
    """The files that `load_sources` would read, as sorted paths in the library with "/".

    Raises LibraryNotFoundError.
    """
    return _files(Path(library), on_skip or _warn)[1]


def load_sources(
    library: str | Path,
    *,
    on_skip: OnSkip | None = None,
    progress: Progress | None = None,
    max_file_bytes: int = MAX_FILE_BYTES,
    limits: Limits = DEFAULT_LIMITS,
    cache: ExtractCache | None = None,
) -> list[Source]:
    """Read every document of a folder, or one file, sorted by id.

    A file that gives no text is skipped: `on_skip` hears of it, or else a warning is logged. So it
    does of an attachment, which is not read. All but Markdown and plain text is parsed in a child
    process, within `limits` for each file; what `cache` knows of an unchanged file is not parsed
    again.
    Raises LibraryNotFoundError, NoSourcesError, and MetadataError with all problems at once.
    """
    skips: list[str] = []

    def skip(path: str, reason: str) -> None:
        skips.append(f"{path}: {reason}")
        (on_skip or _warn)(path, reason)

    root, files = _files(Path(library), skip)
    problems: list[str] = []
    loaded: dict[str, Source] = {}
    with ApartReader(limits, cache) as reader:
        for done, path in enumerate(files):
            if progress:
                progress(done, len(files))
            try:
                source = _load(root, path, reader, max_file_bytes, problems, skip)
            except UnreadableError as error:
                skip(path, str(error))
                continue
            if other := loaded.get(source.id):
                problems.append(
                    f"{path}:1: has the id {source.id!r}, as {other.path} has: rename one of them"
                )
            loaded.setdefault(source.id, source)
    if progress:
        progress(len(files), len(files))
    if problems:
        raise MetadataError(problems)
    if not loaded:
        told = f" (skipped {len(skips)}; the first: {skips[0]})" if skips else ""
        kinds = " ".join(FORMATS)
        raise NoSourcesError(f"no source to read in {library}: add files of {kinds}{told}")
    return [loaded[source_id] for source_id in sorted(loaded)]


def _files(library: Path, skip: OnSkip) -> tuple[Path, list[str]]:
    """The folder that paths are relative to, and the documents in it; skips are told."""
    try:
        mode = library.stat().st_mode
    except (OSError, ValueError) as error:
        said = "is not there" if isinstance(error, FileNotFoundError) else "cannot be opened"
        raise LibraryNotFoundError(
            f"the library {os.fspath(library)!r} {said}: name a folder of sources, or a file"
        ) from error
    is_folder = stat.S_ISDIR(mode)
    root = library if is_folder else library.parent
    found = sorted(_walk(library, skip)) if is_folder else [library.name]
    present = set(found)
    files = []
    for path in found:
        if is_folder and path == QUESTIONS:
            continue
        if path.endswith(SIDECAR) and path.removesuffix(SIDECAR) in present:
            continue  # read with its document
        # A person who names one file may name a link
        reason = _refusal(root, path) or (_outside(root, path) if is_folder else None)
        if reason:
            skip(_printable(path), reason)
        else:
            files.append(path)
    return root, files


def _walk(root: Path, skip: OnSkip) -> Iterator[str]:
    """The paths of all files that are not hidden, in no order."""

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename).relative_to(root).as_posix()
        skip(_printable(folder), f"the folder cannot be read ({error.strerror}): allow reading it")

    for folder, folders, names in os.walk(root, onerror=unreadable):
        below = PurePosixPath(Path(folder).relative_to(root).as_posix())
        folders[:] = [name for name in folders if not _hidden(name)]
        for name in folders:
            if Path(folder, name).is_symlink():
                reason = "a link to a folder is not followed: copy the folder into the library"
                skip(_printable(str(below / name)), reason)
        yield from (str(below / name) for name in names if not _hidden(name))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"


def _refusal(root: Path, path: str) -> str | None:
    """Why a file is not even opened."""
    if path != _printable(path):
        return "its name is not readable text: rename it"
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == SIDECAR:
        document = PurePosixPath(path).stem
        return f"a sidecar without its document: add {document!r} beside it, or remove it"
    if suffix == ".yml" and (root / path).with_suffix("").is_file():
        return "a sidecar ends in .yaml: rename it"
    return refusal(suffix)


def _outside(root: Path, path: str) -> str | None:
    """Why a link is not followed: it leads out of the library, or to nothing."""
    try:
        target = (root / path).resolve(strict=True)
    except (OSError, RuntimeError):
        return "cannot be opened: mend or remove the link" if (root / path).is_symlink() else None
    if target.is_relative_to(root.resolve()):
        return None
    return "a link that leads out of the library: copy the file into it"


def _load(
    root: Path, path: str, reader: ApartReader, limit: int, problems: list[str], skip: OnSkip
) -> Source:
    """One source; problems of its metadata are added to `problems`, and what of it is not read is
    told. Raises UnreadableError."""
    name = PurePosixPath(path)
    format_ = FORMATS[name.suffix.lower()]
    metadata = _sidecar(root, path, format_, problems)
    data = read_file(root / path, limit)
    extract = (read if format_ in PLAIN else reader.read)(data, format_, name.name)
    if extract.front_matter is not None:
        metadata, found = parse_metadata(extract.front_matter)
        problems += [f"{path}:{problem.line + 1}: {problem.text}" for problem in found]
    for part, reason in extract.unread:
        skip(f"{path}/{_printable(part)}", reason)
    metadata = fill_in(metadata, extract.hints)
    return Source(
        id=str(name.with_suffix("")),
        title=metadata.title or _own_title(extract) or name.stem.replace("_", " ").strip(),
        text=extract.text,
        url=metadata.url,
        publisher=metadata.publisher,
        author=metadata.author,
        published=metadata.published,
        accessed=metadata.accessed,
        license=metadata.license,
        standing=metadata.standing or "other",
        topics=metadata.topics,
        language=metadata.language,
        references=metadata.references,
        format=format_,
        path=path,
        blocks=extract.blocks,
        pages=extract.pages,
        invisible=extract.invisible,
    )


def _sidecar(root: Path, path: str, format_: Format, problems: list[str]) -> Metadata:
    """The metadata beside a document; a sidecar that cannot be used is a problem."""
    sidecar = path + SIDECAR
    if not (root / sidecar).is_file():
        return Metadata()
    if format_ == "markdown":
        said = f"a Markdown file has its metadata in front matter: move it to {path}"
        problems.append(f"{sidecar}:1: {said}")
        return Metadata()
    try:
        if reason := _outside(root, sidecar):
            raise UnreadableError(reason)
        text = decode(read_file(root / sidecar, MAX_YAML_BYTES), PurePosixPath(sidecar).name)
    except UnreadableError as error:
        problems.append(f"{sidecar}:1: {error}")
        return Metadata()
    metadata, found = parse_metadata(text)
    problems += [f"{sidecar}:{problem.line}: {problem.text}" for problem in found]
    return metadata


def read_file(file: Path, limit: int) -> bytes:
    """The bytes of an ordinary file, of at most `limit`. Raises UnreadableError."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise UnreadableError("not an ordinary file: remove it")
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror}): allow reading it") from error
    if len(data) > limit:
        raise UnreadableError(f"larger than {limit:,} bytes: split it")
    return data


def _own_title(extract: Extract) -> str:
    """The heading that the text begins with, or its first of level 1."""
    headings = (b.title for b in extract.blocks if b.kind == "heading" and b.level == 1)
    return extract.blocks[0].title or next(headings, "")


def _printable(path: str) -> str:
    """The path with control characters and bytes that are not UTF-8 escaped."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _UNSAFE else char
        for char in path
    )


def _warn(path: str, reason: str) -> None:
    _log.warning("skipped %s: %s", path, reason)
