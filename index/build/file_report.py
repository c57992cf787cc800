"""What was read of each file of a library, and what was not: part of the report of a rebuild."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sources import Source
from sources.source import Kind

FILES = "files.json"
_TEXT: tuple[Kind, ...] = ("paragraph", "note", "field", "term", "definition")
_NOUNS = {
    "pages": "page", "headings": "heading", "paragraphs": "paragraph", "items": "list item",
    "tables": "table", "rows": "row", "code": "code listing",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """A file: what was read, in numbers, and what was left out, as (part, why).

    `source` is its id, None where nothing of it could be read: then the only part is "". `pages` is
    0 for formats without; `tables` have `rows` in all; `code` counts listings, `invisible`
    characters, `ocr_pages` those read by OCR, which is `ocr_sure` (0 to 1) of them on average.
    """

    path: str
    source: str | None = None
    format: str = ""
    language: str | None = None
    characters: int = 0
    pages: int = 0
    headings: int = 0
    paragraphs: int = 0
    items: int = 0
    tables: int = 0
    rows: int = 0
    code: int = 0
    ocr_pages: int = 0
    ocr_sure: float | None = None
    invisible: int = 0
    left_out: tuple[tuple[str, str], ...] = ()


def file_reports(
    sources: Sequence[Source], skipped: Iterable[tuple[str, str]]
) -> tuple[FileReport, ...]:
    """A report of each file, by path: `skipped` are (path, why) of files, or parts of them."""
    read = {source.path for source in sources}
    parts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    whole: list[FileReport] = []
    for path, why in skipped:
        at = next((n for n, c in enumerate(path) if c == "/" and path[:n] in read), None)
        if at is None:
            whole.append(FileReport(path=path, left_out=(("", why),)))
        else:
            parts[path[:at]].append((path[at + 1 :], why))
    found = [_of(source, tuple(parts[source.path])) for source in sources]
    return tuple(sorted(found + whole, key=lambda one: one.path))


def _of(source: Source, left_out: tuple[tuple[str, str], ...]) -> FileReport:
    kinds = Counter(block.kind for block in source.blocks)
    rows = [block for block in source.blocks if block.kind in ("row", "record")]
    return FileReport(
        path=source.path,
        source=source.id,
        format=source.format,
        language=source.language,
        characters=len(source.text),
        pages=len(source.pages),
        headings=kinds["heading"],
        paragraphs=sum(kinds[kind] for kind in _TEXT),
        items=kinds["item"],
        tables=len({block.group for block in rows}),
        rows=sum(block.marker != "header" for block in rows),
        code=len({block.group for block in source.blocks if block.kind == "code"}),
        ocr_pages=len({source.page_at(span.start) for span in source.ocr}),
        ocr_sure=None if (sure := source.ocr_sure) is None else round(sure, 3),
        invisible=source.invisible,
        left_out=left_out,
    )


def write_file_reports(folder: Path, files: Sequence[FileReport]) -> None:
    """Keep the reports in the folder of a generation."""
    text = json.dumps([asdict(file) for file in files], indent=0)
    (folder / FILES).write_text(text, encoding="ascii")


def read_file_reports(folder: Path) -> tuple[FileReport, ...]:
    """The reports of a generation; none of one that was built before there were any, or where they
    cannot be read."""
    try:
        kept = json.loads((folder / FILES).read_text(encoding="ascii"))
        return tuple(
            FileReport(**one | {"left_out": tuple(map(tuple, one["left_out"]))}) for one in kept
        )
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def amounts(files: Sequence[FileReport]) -> str:
    """What was read of the files in all, as "3 pages, 1 table"."""
    sums = [(sum(getattr(file, name) for file in files), noun) for name, noun in _NOUNS.items()]
    return ", ".join(amount(number, noun) for number, noun in sums if number) or "nothing"


def told_of_ocr(file: FileReport) -> str:
    """What is said of a file of which pages were read by OCR; "" of another."""
    if file.ocr_sure is None:
        return ""
    pages = amount(file.ocr_pages, "page")
    return f"{pages} read by OCR, {file.ocr_sure:.0%} sure: check names and numbers on the page"


def amount(number: int, noun: str) -> str:
    """The number with its noun, as "1 page" or "1,600 pages"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
