"""PDF: the lines of each page made into paragraphs and headings, without running heads."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from sources.errors import UnreadableError
from sources.readers.blocks import DEEPEST, GUESSED, TextBuilder, clean, settle_headings
from sources.readers.extract import Extract
from sources.readers.records import is_header, spoken
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
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_NARROW = frozenset("iljtfrI.,;:'|!() ")
_GAP = 1.0  # times the size: a wider gap, found in several lines at one place, parts columns
_ALIGNED = 2  # points
_ALIKE = 3  # lines
_PROSE_CHARS = 14  # of a cell, on average: columns of text, not a table
_MOST_TOLD = 100
_BULLETS = str.maketrans(dict.fromkeys("\x7f\uf0b7\uf0a7", "•"))  # as some fonts have them
_NUMBERED = re.compile(r"(?:\(?\d{1,2}[.)]|\[\d{1,3}\]) ")
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?[-–— ]*(?:\d{1,4}|[ivxl]+)(?: ?(?:of|/|von) ?\d{1,4})?[-–— ]*",
    re.IGNORECASE,
)
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
    cells: list[tuple[float, str]] = field(default_factory=list)
    fields: tuple[str, ...] = ()
    is_row: bool = False
    runs: bool = False


def read_pdf(data: bytes) -> Extract:
    """The text of a PDF with the offset of each page."""
    builder = TextBuilder()
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):  # no password: printing is limited
            raise UnreadableError(_ENCRYPTED)
        unread: list[tuple[str, str]] = []
        pages = []
        for number, page in enumerate(reader.pages):
            try:
                lines = _lines(page, number, builder)
                _fill_in(page, number, lines, builder)
                pages.append(_laid_out(lines))
            except (MemoryError, RecursionError, DependencyError, FileNotDecryptedError):
                raise
            except Exception as error:  # one bad page costs that page
                said = f"cannot be read ({type(error).__name__}): see it in the file"
                unread.append((f"page {number + 1}", said))
                pages.append([])
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
        unread=tuple(unread[:_MOST_TOLD]),
        hints={"title": title} if told else {},
    )


def _lines(page: PageObject, number: int, builder: TextBuilder) -> list[_Line]:
    """The lines of a page in the order of the file; parts at one height are one line."""
    lines: list[_Line] = []
    parts: list[_Line] = []
    left, low, right, high = map(float, page.cropbox)

    def close() -> None:
        raw = "".join(part.text for part in parts)
        text = builder.clean(raw.translate(_BULLETS))
        if text:
            text += SOFT_HYPHEN if raw.rstrip().endswith(SOFT_HYPHEN) else ""
            line = replace(parts[0], text=text, bold=all(part.bold for part in parts))
            line.size = _usual_size(parts)
            line.cells = [(part.x, part.text) for part in parts]
            before = lines[-1] if lines else line
            if abs(before.y - line.y) < _SAME_LINE * line.size and before.x < line.x:
                line.text = f"{before.text} {text}"
                line.cells = before.cells + line.cells
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
        text = text.translate(_LIGATURES)
        if not low <= y <= high or x > right or x + _width(text, size) < left:
            return
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


def _width(text: str, size: float) -> float:
    """About how wide text is in points, in a common font."""
    wide = sum(0.28 if c in _NARROW else 0.7 if c.isupper() else 0.53 for c in text.strip())
    return wide * size


def _fill_in(page: PageObject, number: int, lines: list[_Line], builder: TextBuilder) -> None:
    """Put the values of a form's fields behind the labels at their height."""
    for reference in page.get("/Annots") or ():
        widget = reference.get_object()
        value = widget.get("/V", (widget.get("/Parent") or {}).get("/V"))
        if widget.get("/Subtype") != "/Widget" or not isinstance(value, str):
            continue
        left, low, _, high = map(float, widget["/Rect"])
        text = builder.clean(value)
        beside = [one for one in lines if low - 2 <= one.y <= high and one.x < left]
        if text and beside:
            label = max(beside, key=lambda one: one.x)
            label.text += f" {text}"
        elif text:
            size = lines[0].size if lines else 10.0
            lines.append(_Line(page=number, x=left, y=low, size=size, bold=False, text=text))


def _laid_out(lines: list[_Line]) -> list[_Line]:
    """The lines with columns of text after each other, and tables as rows that name columns."""
    split = [_cells(line) for line in lines]
    seen = Counter(round(x / _ALIGNED) for cells in split for x, _ in cells[1:])

    def stands(x: float) -> bool:
        at = round(x / _ALIGNED)
        return seen[at - 1] + seen[at] + seen[at + 1] >= _ALIKE

    rows = [len(cells) > 1 and all(stands(x) for x, _ in cells[1:]) for cells in split]
    found: list[_Line] = []
    for is_row, run in groupby(range(len(lines)), key=lambda at: rows[at]):
        at = list(run)
        if not is_row or len(at) < _ALIKE - 1:
            found += [lines[one] for one in at]
            continue
        table = [split[one] for one in at]
        texts = [[" ".join(text.split()) for _, text in cells] for cells in table]
        usual = sum(len(text) for row in texts for text in row) / sum(map(len, texts))
        if usual >= _PROSE_CHARS and len({len(row) for row in texts}) == 1:
            for nth in range(len(texts[0])):
                for one, cells, row in zip(at, table, texts, strict=True):
                    found.append(replace(lines[one], x=cells[nth][0], text=row[nth], cells=[]))
            continue
        named = is_header(texts[0]) and all(len(row) == len(texts[0]) for row in texts)
        fields = tuple(map(spoken, texts[0])) if named else ()
        for nth, (one, row) in enumerate(zip(at, texts, strict=True)):
            pairs = zip(fields, row, strict=True) if nth and named else (("", cell) for cell in row)
            text = " | ".join(f"{name}: {cell}" if name else cell for name, cell in pairs)
            found.append(replace(lines[one], text=text, fields=fields, is_row=True))
    return found


def _cells(line: _Line) -> list[tuple[float, str]]:
    """The parts of a line that wide gaps part: where each begins, and its text."""
    found: list[tuple[float, str]] = []
    end = line.x
    for x, text in line.cells:
        if found and x - end < _GAP * line.size:
            found[-1] = (found[-1][0], found[-1][1] + ("" if x - end < 1 else " ") + text)
        else:
            found.append((x, text))
        end = x + _width(text, line.size)
    return found


def _drop_running_heads(pages: Sequence[list[_Line]]) -> None:
    """Take out lines at the top or foot that count pages, and the same again on later pages.

    What differs in a digit is no running head: an invoice, a ticket or a year has its own.
    """
    edges: list[set[int]] = []
    seen: Counter[str] = Counter()
    for lines in pages:
        by_height = sorted(range(len(lines)), key=lambda place: lines[place].y)
        edges.append({*by_height[:_EDGE_LINES], *by_height[-_EDGE_LINES:]})
        seen.update({lines[place].text for place in edges[-1]})
    filled = sum(map(bool, pages))
    told: set[str] = set()
    for lines, edge in zip(pages, edges, strict=True):
        kept = []
        for at, line in enumerate(lines):
            # Those of left and right pages may differ: each is on just under half of the pages
            runs = filled > 1 and at in edge and seen[line.text] > max(1, 0.4 * filled)
            counts = filled > 1 and at in edge and _PAGE_NUMBER.fullmatch(line.text)
            if runs and line.text not in told:
                line.runs = True
                told.add(line.text)
                kept.append(line)
            elif not counts and not runs:
                kept.append(line)
        # A foot would tear the sentence that goes on over the page
        lines[:] = sorted(kept, key=lambda line: not line.runs)


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
    if (
        line.is_row
        or before.is_row
        or line.bold != before.bold
        or abs(line.size - before.size) > (_HEADING_SIZE - 1) * before.size
    ):
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
        at = len(joined) - 1
        while at > 0 and joined[at][0].runs:
            at -= 1
        before = joined[at][-1] if joined else None
        if (
            before
            and not (before.is_row or group[0].is_row or group[0].runs)
            and (before.page != group[0].page or before.y < group[0].y)
            and (before.size, before.bold) == (group[0].size, group[0].bold)
            and group[0].text[0].islower()
            and before.text[-1] not in ".!?:;"
        ):
            joined[at] = joined[at] + group
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
        if group[0].is_row:
            kind = "record" if group[0].fields and ": " in group[0].text else "row"
        elif bullet := _BULLET.match(group[0].text):
            kind = "item"
            group[0].text = group[0].text[bullet.end() :]
        elif group[0].runs:
            pass  # stands over all of the document, not over what follows
        elif _is_title(group, _HEADING_SIZE * body):
            kind, level = "heading", levels[round(group[0].size)]
        elif plain and group[0].bold and _is_title(group, 0.95 * body):
            kind, level = "heading", GUESSED
        text = ""
        for line in group:
            text = _joined(text, line.text, words)
            offset = builder.next_start(kind) + len(text) - len(line.text)
            starts += [offset] * (line.page + 1 - len(starts))
        builder.add(kind, text, level=level, fields=group[0].fields)
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
