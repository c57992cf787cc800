"""From a folder to sources: walk it, read each file by its format, and join the metadata."""

from __future__ import annotations

import logging
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

from sources.apart import DEFAULT_LIMITS, Limits
from sources.cache import ExtractCache
from sources.errors import MetadataError, NoSourcesError, UnreadableError
from sources.formats import FORMATS, PLAIN, SUFFIXES, decode, read, read_file
from sources.language import detect_language
from sources.metadata import MAX_YAML_BYTES, Metadata, fill_in, parse_metadata
from sources.metadata_fields import Problem
from sources.readers.extract import Extract
from sources.readers.ocr import INSTALL
from sources.side_by_side import read_in_order
from sources.source import Format, Source
from sources.walk import SIDECAR, OnSkip, files_of, outside, printable

MAX_FILE_BYTES = 100 * 1024 * 1024


OnNote = Callable[[str, str], None]
"""Called with the path of a file that is read, as "a.md:3", and what was not used as it stands."""

Progress = Callable[[int, int], None]
"""Called with the number of files done and of all files."""

_log = logging.getLogger(__name__)


def list_files(library: str | Path, *, on_skip: OnSkip | None = None) -> list[str]:
    """The files that `load_sources` would read, as sorted paths in the library with "/".

    Raises LibraryNotFoundError.
    """
    return files_of(Path(library), on_skip or _warn)[1]


def load_sources(
    library: str | Path,
    *,
    on_skip: OnSkip | None = None,
    on_note: OnNote | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    max_file_bytes: int = MAX_FILE_BYTES,
    limits: Limits = DEFAULT_LIMITS,
    cache: ExtractCache | None = None,
) -> list[Source]:
    """Read every document of a folder, or one file, sorted by id.

    A file that gives no text is skipped: `on_skip` hears of it, or else a warning is logged. So it
    does of an attachment, which is not read. What does not hold up in the metadata of a file costs
    no more than that value: `on_note` hears of it, once of a key that is none of ours. All but
    Markdown and plain text is parsed in a child process, within `limits` for each file; what
    `cache` knows of an unchanged file is not parsed again.
    Raises LibraryNotFoundError, NoSourcesError; if `strict`, MetadataError with all notes at once.
    """
    skips: list[str] = []

    def skip(path: str, reason: str) -> None:
        skips.append(f"{path}: {reason}")
        (on_skip or _warn)(path, reason)

    root, files = files_of(Path(library), skip)
    notes = _Notes()
    ids = _ids(files, skip)
    loaded: dict[str, Source] = {}
    apart = [
        (root / path, found)
        for path in files
        if path in ids and (found := _format(path)) not in PLAIN
    ]
    extracts = read_in_order(apart, max_file_bytes, limits, cache)
    with closing(extracts):
        for done, path in enumerate(files):
            if progress:
                progress(done, len(files))
            if path not in ids:
                continue
            try:
                loaded[ids[path]] = _load(
                    root, path, ids[path], extracts, max_file_bytes, notes, skip
                )
            except UnreadableError as error:
                skip(path, str(error))
    if progress:
        progress(len(files), len(files))
    if strict and notes.of_values + notes.of_keys:
        raise MetadataError([f"{at}: {said}" for at, said in notes.of_values + notes.of_keys])
    for note in notes.all():
        (on_note or _log_note)(*note)
    if not loaded:
        told = f" (skipped {len(skips)}; the first: {skips[0]})" if skips else ""
        raise NoSourcesError(f"no source to read in {library}: add files of {SUFFIXES}{told}")
    return [loaded[source_id] for source_id in sorted(loaded)]


class _Notes:
    """What does not hold up in the metadata of the files; each has a place and what is said."""

    def __init__(self) -> None:
        self.of_values: list[tuple[str, str]] = []
        self.of_keys: list[tuple[str, str]] = []
        self._files: dict[str, list[int]] = {}

    def add(self, path: str, problem: Problem, line: int = 0) -> None:
        """Add one of a file whose front matter or sidecar starts behind as many lines."""
        note = (f"{path}:{problem.line + line}", problem.text)
        if problem.unknown is None:
            self.of_values.append(note)
        else:
            self._files.setdefault(problem.unknown, []).append(len(self.of_keys))
            self.of_keys.append(note)

    def all(self) -> list[tuple[str, str]]:
        """Every note of a value, and one for each key that is none of ours."""
        keys = []
        for found in self._files.values():
            at, said = self.of_keys[found[0]]
            more = f" (in {len(found)} files)" if len(found) > 1 else ""
            keys.append((at, said + more))
        return self.of_values + keys


def _ids(files: Sequence[str], skip: OnSkip) -> dict[str, str]:
    """The id of each file: its path without the suffix, or with it where others would have the
    same. One name is one id however its accents are written; the first file of a name stands."""
    named: dict[str, str] = {}
    for path in files:
        name = unicodedata.normalize("NFC", path)
        if name in named:
            skip(path, f"has the name of {named[name]!r}, its accents written in another way: "
                       "rename or remove one of them")  # fmt: skip
        named.setdefault(name, path)
    ids = {name: str(PurePosixPath(name).with_suffix("")) for name in named}
    while shared := {found for found, many in Counter(ids.values()).items() if many > 1}:
        ids |= {name: name for name, found in ids.items() if found in shared}
    return {named[name]: found for name, found in ids.items()}


def _load(
    root: Path,
    path: str,
    source_id: str,
    extracts: Iterator[Extract | UnreadableError],
    limit: int,
    notes: _Notes,
    skip: OnSkip,
) -> Source:
    """One source; problems of its metadata are added to `notes`, and what of it is not read is
    told. Raises UnreadableError."""
    name = PurePosixPath(path)
    format_ = _format(path)
    # They come in the order of the files: it is taken before anything of this file can fail.
    given = None if format_ in PLAIN else next(extracts)
    metadata = _sidecar(root, path, format_, notes)
    if isinstance(given, UnreadableError):
        raise given
    extract = given or read(read_file(root / path, limit), format_, name.name)
    if not extract.blocks:
        raise UnreadableError(f"no text in it but in images, as in a scan: {INSTALL}")
    if extract.front_matter is not None:
        metadata, found = parse_metadata(extract.front_matter)
        for problem in found:
            notes.add(path, problem, 1)
    for part, reason in extract.unread:
        skip(f"{path}/{printable(part)}", reason)
    metadata = fill_in(metadata, extract.hints)
    return Source(
        id=source_id,
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
        language=metadata.language or detect_language(extract.text),
        references=metadata.references,
        extra=metadata.extra,
        format=format_,
        path=path,
        blocks=extract.blocks,
        pages=extract.pages,
        invisible=extract.invisible,
        ocr=extract.ocr,
    )


def _format(path: str) -> Format:
    return FORMATS[PurePosixPath(path).suffix.lower()]


def _sidecar(root: Path, path: str, format_: Format, notes: _Notes) -> Metadata:
    """The metadata beside a document; a sidecar that cannot be used is noted."""
    sidecar = path + SIDECAR
    if not (root / sidecar).is_file():
        return Metadata()
    if format_ == "markdown":
        said = f"a Markdown file has its metadata in front matter: move it to {path}"
        notes.add(sidecar, Problem(1, said))
        return Metadata()
    try:
        if reason := outside(root, sidecar):
            raise UnreadableError(reason)
        text = decode(read_file(root / sidecar, MAX_YAML_BYTES), PurePosixPath(sidecar).name)
    except UnreadableError as error:
        notes.add(sidecar, Problem(1, str(error)))
        return Metadata()
    metadata, found = parse_metadata(text)
    for problem in found:
        notes.add(sidecar, problem)
    return metadata


def _own_title(extract: Extract) -> str:
    """The heading that the text begins with, or its first of level 1."""
    headings = (b.title for b in extract.blocks if b.kind == "heading" and b.level == 1)
    return extract.blocks[0].title or next(headings, "")


def _log_note(at: str, said: str) -> None:
    _log.warning("%s: %s", at, said)


def _warn(path: str, reason: str) -> None:
    _log.warning("skipped %s: %s", path, reason)
