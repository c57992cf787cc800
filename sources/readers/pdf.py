"""PDF: the lines of each page made into paragraphs and headings, without running heads."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from sources.errors import UnreadableError
from sources.readers.blocks import DEEPEST, GUESSED, TextBuilder, clean, settle_headings
from sources.readers.extract import Extract
from sources.source import Kind

# A user can do nothing about what it has to say of odd files
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_ENCRYPTED = "encrypted: save a copy without a password"
SOFT_HYPHEN = "\xad"

_HEADING_CHARS = 150
_HEADING_LETTERS = 3
_HEADING_SIZE = 1.12  # times the size of most text
_LEADING = 1.55  # times the size of a line: a wider gap ends a paragraph
_SAME_LINE = 0.4
_INDENT = 0.8
_SHORT = 0.75  # of the longest line of the page: the last line of a paragraph
_EDGE_LINES = 2  # at the top and bottom of a page that may be running heads

_SENTENCE_END = re.compile(r"""[.!?:;。！？]["'”’)\]]*$""")
_BULLET = re.compile(r"[•‣◦▪●○■□](?: |$)|[-–*] (?=\S)")
_BULLETS = str.maketrans(dict.fromkeys("\x7f\uf0b7\uf0a7", "•"))  # as some fonts have them
_NUMBERED = re.compile(r"(?:\(?\d{1,2}[.)]|\[\d{1,3}\]) ")
_NUMBERS = re.compile(r"^\d{1,4}\b|\b\d{1,4}$")
_PAGE_NUMBER = re.compile(r"\d+|\b[ivxl]+$")
_BOLD = re.compile("bold|black|heavy|cmbx", re.IGNORECASE)
_SPLIT_HEAD = re.compile(r"([^\W\d_]{2,})-$")
_SPLIT_TAIL = re.compile(r"[^\W\d_A-Z]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(slots=True, kw_only=True)
class _Line:
    """A line as it is printed; x, y and size in points, y upwards from the foot of the page."""

    page: int
    x: float
    y: float
    size: float
    bold: bool
    text: str


def read_pdf(data: bytes) -> Extract:
    """The text of a PDF with the offset of each page."""
    builder = TextBuilder()
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):  # no password: printing is limited
            raise UnreadableError(_ENCRYPTED)
        pages = [_lines(page, number, builder) for number, page in enumerate(reader.pages)]
        title = clean(str(reader.metadata.title or "")) if reader.metadata else ""
    except (DependencyError, FileNotDecryptedError) as error:
        raise UnreadableError(_ENCRYPTED) from error
    if not any(pages):
        raise UnreadableError("no text in it, as in a scan: run it through OCR, such as `ocrmypdf`")
    _drop_running_heads(pages)
    groups = _join_broken([group for page in pages for group in _paragraphs(page)])
    starts = _build(builder, groups, len(pages))
    told = re.search(r"\w\s+\w", title) and not re.search(r"\.\w{2,4}$|^Microsoft", title)
    return builder.extract(
        blocks=settle_headings(builder.blocks),
        pages=starts,
        hints={"title": title} if told else {},
    )


def _lines(page: PageObject, number: int, builder: TextBuilder) -> list[_Line]:
    """The lines of a page in the order of the file; parts at one height are one line."""
    lines: list[_Line] = []
    parts: list[_Line] = []

    def close() -> None:
        raw = "".join(part.text for part in parts)
        text = builder.clean(raw.translate(_BULLETS))
        if text:
            text += SOFT_HYPHEN if raw.rstrip().endswith(SOFT_HYPHEN) else ""
            line = replace(parts[0], text=text, bold=all(part.bold for part in parts))
            line.size = _usual_size(parts)
            before = lines[-1] if lines else line
            if abs(before.y - line.y) < _SAME_LINE * line.size and before.x < line.x:
                line.text = f"{before.text} {text}"
                if not _BULLET.fullmatch(before.text):
                    line.x, line.size = before.x, before.size
                    line.bold = before.bold and line.bold
                lines[-1] = line
            else:
                lines.append(line)
        parts.clear()

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        scale = ((tm[2] ** 2 + tm[3] ** 2) * (cm[2] ** 2 + cm[3] ** 2)) ** 0.5
        size = round(abs(size) * scale, 1) or 1.0
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        if x == y == 0 and lines:  # pypdf has lost the place
            x, y = lines[-1].x, lines[-1].y - size
        bold = bool(_BOLD.search(str((font or {}).get("/BaseFont"))))
        for nth, part in enumerate(text.split("\n")):
            if nth:
                close()
            if part.strip():
                parts.append(_Line(page=number, x=x, y=y, size=size, bold=bold, text=part))
            elif parts:
                parts[-1].text += part

    page.extract_text(visitor_text=visit)
    close()
    return lines


def _usual_size(lines: Iterable[_Line]) -> float:
    """The size that most characters have."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0]


def _drop_running_heads(pages: Sequence[list[_Line]]) -> None:
    """Take out lines at the top or foot that are on most pages, or count them."""
    body = _usual_size(line for lines in pages for line in lines)
    edges: list[set[int]] = []
    seen: Counter[str | int] = Counter()
    for lines in pages:
        by_height = sorted(range(len(lines)), key=lambda place: lines[place].y)
        edges.append({*by_height[:_EDGE_LINES], *by_height[-_EDGE_LINES:]})
        seen.update({mark for place in edges[-1] for mark in _marks(lines[place], body)})
    filled = sum(map(bool, pages))

    def running(line: _Line) -> bool:
        # Those of left and right pages may differ: each is on just under half of the pages
        return filled > 1 and any(seen[mark] > max(1, 0.4 * filled) for mark in _marks(line, body))

    for lines, edge in zip(pages, edges, strict=True):
        kept = [line for at, line in enumerate(lines) if at not in edge or not running(line)]
        lines[:] = kept


def _marks(line: _Line, body: float) -> list[str | int]:
    """What a line shares with those of other pages: its words, its number less the page's."""
    numbers = _NUMBERS.findall(line.text)
    # Not "1 Introduction" on page 1, nor a line of a table of contents
    counts = len(numbers) == 1 and line.size <= _HEADING_SIZE * body and not line.bold
    marks: list[str | int] = [int(numbers[0]) - line.page] if counts else []
    if any(map(str.isalpha, line.text)):
        marks.append(_PAGE_NUMBER.sub("#", line.text))
    return marks


def _paragraphs(lines: Sequence[_Line]) -> list[list[_Line]]:
    """The lines of a page in groups that belong together."""
    longest = max((len(line.text) for line in lines), default=0)
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and not _begins(line, groups[-1][-1], longest):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _begins(line: _Line, before: _Line, longest: int) -> bool:
    """Whether a line begins a paragraph, by its place, size and the end of the line before."""
    if line.bold != before.bold or abs(line.size - before.size) > (_HEADING_SIZE - 1) * before.size:
        return True
    if not 0 < before.y - line.y < _LEADING * max(line.size, before.size):
        return True
    ended = bool(_SENTENCE_END.search(before.text))
    if _BULLET.match(line.text) or (_NUMBERED.match(line.text) and ended):
        return True
    indented = line.x > before.x + _INDENT * line.size
    short = len(before.text) < _SHORT * longest
    return ended and (indented or short)


def _join_broken(groups: list[list[_Line]]) -> list[list[_Line]]:
    """Join what a column or page has torn apart: a sentence without end, and its rest."""
    joined: list[list[_Line]] = []
    for group in groups:
        before = joined[-1][-1] if joined else None
        if (
            before
            and (before.page != group[0].page or before.y < group[0].y)
            and (before.size, before.bold) == (group[0].size, group[0].bold)
            and group[0].text[0].islower()
            and before.text[-1] not in ".!?:;"
        ):
            joined[-1] = joined[-1] + group
        else:
            joined.append(group)
    return joined


def _build(builder: TextBuilder, groups: Sequence[list[_Line]], pages: int) -> tuple[int, ...]:
    """Add the text of all groups; the offset at which each page begins."""
    lines = [line for group in groups for line in group]
    body = _usual_size(lines)
    plain = sum(len(line.text) if line.bold else -len(line.text) for line in lines) < 0
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line.text))
    large = {round(group[0].size) for group in groups if _is_title(group, _HEADING_SIZE * body)}
    levels = {size: min(at, DEEPEST) for at, size in enumerate(sorted(large, reverse=True), 1)}
    starts: list[int] = []
    for group in groups:
        kind: Kind = "paragraph"
        level = 0
        if bullet := _BULLET.match(group[0].text):
            kind = "item"
            group[0].text = group[0].text[bullet.end() :]
        elif _is_title(group, _HEADING_SIZE * body):
            kind, level = "heading", levels[round(group[0].size)]
        elif plain and group[0].bold and _is_title(group, 0.95 * body):
            kind, level = "heading", GUESSED
        text = ""
        for line in group:
            text = _joined(text, line.text, words)
            offset = builder.next_start(kind) + len(text) - len(line.text)
            starts += [offset] * (line.page + 1 - len(starts))
        builder.add(kind, text, level=level)
    starts += [len(builder.text)] * (pages - len(starts))
    return tuple(starts)


def _is_title(group: Sequence[_Line], size: float) -> bool:
    """Whether the group is short, of a size at least, and not the end of a sentence."""
    text = " ".join(line.text for line in group)
    letters = sum(map(str.isalpha, text))
    return (
        group[0].size >= size
        and len(text) <= _HEADING_CHARS
        and letters >= _HEADING_LETTERS
        and 2 * letters > len(text)
        and text[-1] not in ".,;"
    )


def _joined(text: str, line: str, words: Counter[str]) -> str:
    """The text with one more line; a word that the line end has split becomes whole.

    A hyphen goes if the word stands elsewhere without it, and stays if that is not known.
    """
    if text.endswith(SOFT_HYPHEN):
        return text[:-1] + line
    head, tail = _SPLIT_HEAD.search(text), _SPLIT_TAIL.match(line)
    if not head or not tail:
        return f"{text} {line}" if text else line
    whole, hyphened = head[1] + tail[0], f"{head[1]}-{tail[0]}"
    if words[whole.lower()] > words[hyphened.lower()]:
        return text[:-1] + line
    return text + line
