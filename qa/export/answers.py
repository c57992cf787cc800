"""An answer as a file: Markdown to read, BibTeX and CSL-JSON to cite, JSON evidence to check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import SettingError
from qa.export.bibtex import bibtex
from qa.export.cited import slug
from qa.export.csl import csl
from qa.export.evidence import evidence
from qa.export.markdown import markdown
from qa.result import Answer
from sources.whole_file import write_whole

if TYPE_CHECKING:
    from index.opened import Index
    from qa.export.source_texts import Texts


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which an answer is exported; `write` takes the answer and the texts it cites."""

    label: str
    suffix: str
    media_type: str
    write: Callable[[Answer, Texts], str]


def export_answer(answer: Answer, format: str, *, index: str | Path | Index | None = None) -> str:
    """The text of the file that `answer` is exported to; `format` is a key of `FORMATS`.

    `index` is what the answer was made from, by default the user's; where it has been rebuilt
    since, what it no longer holds of the sources is left out. Raises SettingError, IndexingError.
    """
    from qa.export.source_texts import Texts

    if format not in FORMATS:
        raise SettingError(f"there is no export as {format!r}; name one of {', '.join(FORMATS)}")
    return FORMATS[format].write(answer, Texts.of_index(index_folder(index), answer.generation))


def write_export(path: Path, answer: Answer, *, index: str | Path | Index | None = None) -> None:
    """Write `answer` to a file in the format that its name says. Raises SettingError."""
    text = export_answer(answer, format_of(path), index=index)
    try:
        write_whole(path, text)
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror}); name another file with --export"
        ) from error


def format_of(path: Path) -> str:
    """The format that the name of a file says. Raises SettingError."""
    by_length = sorted(FORMATS, key=lambda name: -len(FORMATS[name].suffix))
    for name in by_length:
        if path.name.lower().endswith(FORMATS[name].suffix):
            return name
    suffixes = ", ".join(format.suffix for format in FORMATS.values())
    raise SettingError(f"{path} does not say what to export as; end its name in one of {suffixes}")


def file_name(answer: Answer, format: str) -> str:
    """A name for the exported file, from the question."""
    return slug(answer.question)[:60].strip("-") + FORMATS[format].suffix


FORMATS = {
    "markdown": Format("Markdown", ".md", "text/markdown", markdown),
    "evidence": Format("JSON evidence", ".json", "application/json", evidence),
    "bibtex": Format("BibTeX", ".bib", "application/x-bibtex", bibtex),
    "csl": Format("CSL-JSON", ".csl.json", "application/vnd.citationstyles.csl+json", csl),
}


def index_folder(index: str | Path | Index | None) -> Path:
    """The folder of an index as callers name it; for None that of the user's."""
    from qa.settings import read_settings

    if index is None:
        return read_settings().index
    return Path(index) if isinstance(index, str | Path) else index.folder
