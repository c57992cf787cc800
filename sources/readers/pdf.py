"""PDF: the lines of each page made into paragraphs and headings, without running heads."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError

from sources.errors import UnreadableError
from sources.readers.blocks import DEEPEST, GUESSED, settle_headings
from sources.readers.extract import Extract
from sources.readers.ocr import INSTALL, MOST_PAGES, Recognizer
from sources.readers.pdf_layout import drop_running_heads, laid_out
from sources.readers.pdf_lines import (
    BULLET,
    SOFT_HYPHEN,
    Line,
    fill_in,
    page_lines,
    usual_size,
)
from sources.readers.pdf_paragraphs import HEADING_SIZE, join_broken, paragraphs
from sources.readers.pdf_second import SecondReader, is_garbled, mixes_scripts
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import told as told_unseen
from sources.source import Kind, OcrSpan

# A user can do nothing about what it has to say of odd files
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_MIXED = "{} of its lines mix scripts within words, so that their letters are wrong: see the file"
_ENCRYPTED = "encrypted: save a copy without a password"

_HEADING_CHARS = 150
_HEADING_LETTERS = 3

_MOST_TOLD = 100
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
    repeated = drop_running_heads(pages)
    if repeated:
        first = ", ".join(f"{text[:60]!r} ({many} pages)" for text, many in repeated[:3])
        unread.append(("running heads", f"kept once: {first}"))
    groups = join_broken([group for page in pages for group in paragraphs(page)])
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
            if unseen.total() == before and (better := second.better(lines, number, builder)):
                fill_in(page, number, better, builder)
                lines = better
            right = [line for line in lines if not mixes_scripts([line.text])]
            wrong = len(lines) - len(right)
            return laid_out(right), _MIXED.format(wrong) if wrong else ""
        why = "its text makes no words: see it in the file, or run it through OCR"
    except (MemoryError, RecursionError, DependencyError, FileNotDecryptedError):
        raise
    except Exception as error:  # one bad page costs that page
        why = f"cannot be read ({type(error).__name__}): see it in the file"
    if unseen.total() > before:  # the second reader would read that, too
        return [], why
    lines = second.lines(number, builder)
    said = [line.text for line in lines]
    if is_garbled(said) or mixes_scripts(said):
        return [], why
    try:
        return laid_out(lines), "" if lines else why
    except (ValueError, IndexError, KeyError, ArithmeticError):
        return [], why


def _build(
    builder: TextBuilder, groups: Sequence[list[Line]], pages: int
) -> tuple[tuple[int, ...], tuple[OcrSpan, ...]]:
    """Add the text of all groups; the offset at which each page begins, and what OCR has read."""
    lines = [line for group in groups for line in group]
    body = usual_size(lines)
    plain = sum(len(line.text) if line.bold else -len(line.text) for line in lines) < 0
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line.text))
    large = {round(group[0].size) for group in groups if _is_title(group, HEADING_SIZE * body)}
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
        elif _is_title(group, HEADING_SIZE * body):
            kind, level = "heading", levels[round(group[0].size)]
        elif plain and group[0].bold and _is_title(group, 0.95 * body):
            kind, level = "heading", GUESSED
        text = ""
        spans: list[OcrSpan] = []
        for line in group:
            text = _joined(text, line.text, words)
            offset = builder.next_start(kind) + len(text) - len(line.text)
            starts += [offset] * (line.page + 1 - len(starts))
            spans += _spans(line, offset)
        fields = group[0].fields
        header = "header" if kind == "row" and fields else ""
        blocks = len(builder.blocks)
        builder.add(kind, text, level=level, fields=fields, marker=header)
        if len(builder.blocks) > blocks:  # mere dots make no block
            ocr += spans
    starts = [min(start, len(builder.text)) for start in starts]
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
