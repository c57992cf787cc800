"""PDF: the lines of each page made into paragraphs and headings, without running heads."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from sources.errors import UnreadableError
from sources.readers.blocks import DEEPEST, GUESSED, TextBuilder, clean, settle_headings
from sources.readers.extract import Extract
from sources.readers.ocr import INSTALL, MOST_PAGES, Recognizer
from sources.readers.pdf_lines import (
    BULLET,
    SOFT_HYPHEN,
    Line,
    fill_in,
    page_lines,
    usual_size,
    width,
)
from sources.readers.pdf_second import SecondReader, is_garbled
from sources.readers.records import is_header, spoken
from sources.readers.unseen import told as told_unseen
from sources.source import Kind, OcrSpan

# A user can do nothing about what it has to say of odd files
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_ENCRYPTED = "encrypted: save a copy without a password"

_HEADING_CHARS = 150
_HEADING_LETTERS = 3
_HEADING_SIZE = 1.12  # times the size of most text
_LEADING = 1.55  # times the size of a line: a wider gap ends a paragraph
_INDENT = 0.8
_SHORT = 0.75  # of the longest line of the page: the last line of a paragraph
_EDGE_LINES = 3  # at the top and bottom of a page that may be running heads
_LETTER_PAGES = 2  # what no more pages than a letter has repeat is text
_APART = 1.6  # times the size: how far a running head is from the text
_SMALLER = 0.93  # times the size of the text: so is that of a running head
_SAME_PLACE = 4.0  # points

_SENTENCE_END = re.compile(r"""[.!?:;。！？]["'”’)\]]*$""")
_GAP = 1.0  # times the size: a wider gap, found in several lines at one place, parts columns
_ALIGNED = 2  # points
_ALIKE = 3  # lines
_PROSE_CHARS = 14  # of a cell, on average: columns of text, not a table
_MOST_TOLD = 100
_NUMBERED = re.compile(r"(?:\(?\d{1,2}[.)]|\[\d{1,3}\]) ")
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?[-–— ]*(?:\d{1,4}|[ivxl]+)(?: ?(?:of|/|von) ?\d{1,4})?[-–— ]*",
    re.IGNORECASE,
)
_SPLIT_HEAD = re.compile(r"([^\W\d_]{2,})-$")
_SPLIT_TAIL = re.compile(r"[^\W\d_A-Z]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def read_pdf(data: bytes, *, ocr: bool = False) -> Extract:
    """The text of a PDF with the offset of each page; `scans` are the pages that show text only in
    an image, unless they are read by `ocr`."""
    builder = TextBuilder()
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):  # no password: printing is limited
            raise UnreadableError(_ENCRYPTED)
        unread: list[tuple[str, str]] = []
        unseen: Counter[str] = Counter()
        pages = []
        scans: list[int] = []
        second = SecondReader(data)
        for number, page in enumerate(reader.pages):
            lines, why = _page(page, number, second, builder, unseen)
            pages.append(lines)
            if not lines and second.is_drawn(number):
                scans.append(number)
            elif why:
                unread.append((f"page {number + 1}", why))
        title = clean(str(reader.metadata.title or "")) if reader.metadata else ""
    except (DependencyError, FileNotDecryptedError) as error:
        raise UnreadableError(_ENCRYPTED) from error
    if ocr:
        recognizer = Recognizer()
        for number in scans[:MOST_PAGES]:
            if image := second.image(number):
                pages[number] = laid_out(recognizer.lines(image, number, builder))
        unread += told_of_ocr(recognizer, scans[MOST_PAGES:])
        scans = []
    elif scans:
        unread.append((_pages(scans), f"no text but in images, as in a scan: {INSTALL}"))
    if not any(pages):
        if scans:
            return Extract(text="", blocks=(), scans=tuple(scans))
        if unseen:
            raise UnreadableError("no text in it that is seen on its pages: remove it")
        raise UnreadableError("no text in it, nor in its images: remove it")
    told = re.search(r"\w\s+\w", title) and not re.search(r"\.\w{2,4}$|^Microsoft", title)
    extract = composed(builder, pages, unread, unseen, {"title": title} if told else {})
    return replace(extract, scans=tuple(scans))


def told_of_ocr(recognizer: Recognizer, left: Sequence[int]) -> list[tuple[str, str]]:
    """What the report says of lines and pages (from 0) that OCR did not read."""
    unsure = f"{recognizer.unsure} too unsure to be read: see the page"
    found = [("lines of OCR", unsure)] if recognizer.unsure else []
    if left:
        found.append((_pages(left), f"of a file {MOST_PAGES} pages are read by OCR: split it"))
    return found


def _pages(numbers: Sequence[int]) -> str:
    """The pages, from 0, as a person names them: "pages 3-5, 9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    said = ", ".join("-".join(str(one + 1) for one in run) for run in runs)
    return f"page{'s' if len(numbers) > 1 else ''} {said}"


def composed(
    builder: TextBuilder,
    pages: Sequence[list[Line]],
    unread: Sequence[tuple[str, str]],
    unseen: Counter[str],
    hints: dict[str, str],
) -> Extract:
    """The text of pages whose lines are in order, without what runs over them, in paragraphs."""
    unread = list(unread)
    repeated = _drop_running_heads(pages)
    if repeated:
        first = ", ".join(f"{text[:60]!r} ({many} pages)" for text, many in repeated[:3])
        unread.append(("running heads", f"kept once: {first}"))
    groups = _join_broken([group for page in pages for group in _paragraphs(page)])
    starts, ocr = _build(builder, groups, len(pages))
    return builder.extract(
        blocks=settle_headings(builder.blocks),
        pages=starts,
        unread=(*unread[:_MOST_TOLD], *told_unseen(unseen)),
        hints=hints,
        ocr=ocr,
    )


def _page(
    page: PageObject,
    number: int,
    second: SecondReader,
    builder: TextBuilder,
    unseen: Counter[str],
) -> tuple[list[Line], str]:
    """The lines of a page as they are read, and why it has none, if that is to be said."""
    before = unseen.total()
    try:
        lines = page_lines(page, number, builder, unseen)
        fill_in(page, number, lines, builder)
        if not is_garbled(line.text for line in lines):
            return laid_out(lines), ""
        why = "its text makes no words: see it in the file, or run it through OCR"
    except (MemoryError, RecursionError, DependencyError, FileNotDecryptedError):
        raise
    except Exception as error:  # one bad page costs that page
        why = f"cannot be read ({type(error).__name__}): see it in the file"
    if unseen.total() > before:  # the second reader would read that, too
        return [], why
    lines = second.lines(number, builder)
    if is_garbled(line.text for line in lines):
        return [], why
    try:
        return laid_out(lines), "" if lines else why
    except (ValueError, IndexError, KeyError, ArithmeticError):
        return [], why


def laid_out(lines: list[Line]) -> list[Line]:
    """The lines with columns of text after each other, and tables as rows that name columns."""
    split = [_cells(line) for line in lines]
    seen = Counter(round(x / _ALIGNED) for cells in split for x, _ in cells[1:])

    def stands(x: float) -> bool:
        at = round(x / _ALIGNED)
        return seen[at - 1] + seen[at] + seen[at + 1] >= _ALIKE

    rows = [len(cells) > 1 and all(stands(x) for x, _ in cells[1:]) for cells in split]
    found: list[Line] = []
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


def _cells(line: Line) -> list[tuple[float, str]]:
    """The parts of a line that wide gaps part: where each begins, and its text."""
    found: list[tuple[float, str]] = []
    end = line.x
    for x, text in line.cells:
        if found and x - end < _GAP * line.size:
            found[-1] = (found[-1][0], found[-1][1] + ("" if x - end < 1 else " ") + text)
        else:
            found.append((x, text))
        end = x + width(text, line.size)
    return found


def _drop_running_heads(pages: Sequence[list[Line]]) -> list[tuple[str, int]]:
    """Take out lines at the top or foot that count pages, and the same again on later pages.

    What differs in a digit is no running head: an invoice, a ticket or a year has its own. Neither
    is what stands close to the text, nor what two pages have in common. What is taken out is
    returned, with the number of pages that have it.
    """
    edges = [_edges(lines) for lines in pages]
    places: dict[str, list[float]] = defaultdict(list)
    for lines, edge in zip(pages, edges, strict=True):
        for at in edge:
            places[lines[at].text].append(lines[at].y)
    filled = sum(map(bool, pages))
    # Those of left and right pages may differ: each is on just under half of the pages
    often = max(1, 0.4 * filled)
    alike = {
        text: sum(abs(one - sorted(ys)[len(ys) // 2]) < _SAME_PLACE for one in ys)
        for text, ys in places.items()
    }
    counted = Counter(
        int(lines[at].text) - number
        for number, (lines, edge) in enumerate(zip(pages, edges, strict=True))
        for at in edge
        if lines[at].text.isdecimal()
    )
    told: set[str] = set()
    for number, (lines, edge) in enumerate(zip(pages, edges, strict=True)):
        kept = []
        for at, line in enumerate(lines):
            runs = at in edge and alike[line.text] > often
            numbers = filled > 1 and at in edge and bool(_PAGE_NUMBER.fullmatch(line.text))
            if numbers and line.text.isdecimal():
                numbers = counted[int(line.text) - number] > 1
            line.runs = runs
            if not numbers and not (line.text in told and runs):
                kept.append(line)
            if runs and alike[line.text] > _LETTER_PAGES:
                told.add(line.text)
        lines[:] = kept
    return [(text, alike[text]) for text in places if text in told]


def _edges(lines: Sequence[Line]) -> set[int]:
    """Which lines at the top and foot of a page stand apart from its text."""
    by_height = sorted(range(len(lines)), key=lambda place: lines[place].y)
    found: set[int] = set()
    for order in (by_height, by_height[::-1]):
        for many in range(1, min(_EDGE_LINES, len(order) - 1) + 1):
            outer, inner = lines[order[many - 1]], lines[order[many]]
            size = max(outer.size, inner.size)
            if abs(outer.y - inner.y) > _APART * size or outer.size < _SMALLER * inner.size:
                found.update(order[:many])
    if len(lines) == 1:
        found.add(0)
    return found


def _paragraphs(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of a page in groups that belong together."""
    longest: dict[int, float] = defaultdict(float)  # by where they begin
    for line in lines:
        at = round(line.x / _ALIGNED)
        longest[at] = max(longest[at], width(line.text, line.size))
    groups: list[list[Line]] = []
    for line in lines:
        before = groups[-1][-1] if groups else None
        at = round(before.x / _ALIGNED) if before else 0
        wide = max(longest.get(at - 1, 0), longest.get(at, 0))
        wide = max(wide, longest.get(at + 1, 0))
        if before and not _begins(line, before, wide):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _begins(line: Line, before: Line, longest: float) -> bool:
    """Whether a line begins a paragraph, by its place, size and the end of the line before.

    `longest` is how wide, in points, lines are that begin where the one before does.
    """
    if (
        line.is_row
        or before.is_row
        or line.runs != before.runs
        or line.bold != before.bold
        or abs(line.size - before.size) > (_HEADING_SIZE - 1) * before.size
    ):
        return True
    if not 0 < before.y - line.y < _LEADING * max(line.size, before.size):
        return True
    ended = bool(_SENTENCE_END.search(before.text))
    if BULLET.match(line.text) or (_NUMBERED.match(line.text) and ended):
        return True
    indented = line.x > before.x + _INDENT * line.size
    wide = width(before.text, before.size)
    if ended:
        return indented or wide < _SHORT * longest
    # The line was ended on purpose, where the next word would have fitted with room to spare
    word = width(line.text.split()[0], line.size)
    goes_on = line.text[0].islower() or before.text[-1] in ",-–" + SOFT_HYPHEN
    return not goes_on and wide + 1.5 * word + line.size < _SHORT * longest


def _join_broken(groups: list[list[Line]]) -> list[list[Line]]:
    """Join what a column or page has torn apart: a sentence without end, and its rest."""
    joined: list[list[Line]] = []
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
            # What runs would tear the sentence that goes on over the page
            between, joined[at + 1 :] = joined[at + 1 :], []
            torn = joined.pop(at)
            joined += [one for one in between if one[0].page <= torn[-1].page]
            joined.append(torn + group)
            joined += [one for one in between if one[0].page > torn[-1].page]
        else:
            joined.append(group)
    return joined


def _build(
    builder: TextBuilder, groups: Sequence[list[Line]], pages: int
) -> tuple[tuple[int, ...], tuple[OcrSpan, ...]]:
    """Add the text of all groups; the offset at which each page begins, and what OCR has read."""
    lines = [line for group in groups for line in group]
    body = usual_size(lines)
    plain = sum(len(line.text) if line.bold else -len(line.text) for line in lines) < 0
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line.text))
    large = {round(group[0].size) for group in groups if _is_title(group, _HEADING_SIZE * body)}
    levels = {size: min(at, DEEPEST) for at, size in enumerate(sorted(large, reverse=True), 1)}
    starts: list[int] = []
    ocr: list[OcrSpan] = []
    for group in groups:
        kind: Kind = "paragraph"
        level = 0
        if group[0].is_row:
            kind = "record" if group[0].fields and ": " in group[0].text else "row"
        elif bullet := BULLET.match(group[0].text):
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
            ocr += _spans(line, offset)
        fields = group[0].fields
        header = "header" if kind == "row" and fields else ""
        builder.add(kind, text, level=level, fields=fields, marker=header)
    starts += [len(builder.text)] * (pages - len(starts))
    return tuple(starts), tuple(ocr)


def _spans(line: Line, offset: int) -> Iterator[OcrSpan]:
    """Where in the text the parts of a line stand that OCR has read."""
    at = 0
    for part in line.parts:
        bare = part.text[bullet.end() :] if (bullet := BULLET.match(part.text)) else part.text
        for text in (part.text, bare):
            found = line.text.find(text, at)
            if text and found >= 0:
                at = found + len(text)
                left, top, width, height = part.place
                yield OcrSpan(
                    start=offset + found, end=offset + at, left=left, top=top, width=width,
                    height=height, sure=part.sure,
                )  # fmt: skip
                break


def _is_title(group: Sequence[Line], size: float) -> bool:
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
