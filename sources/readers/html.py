"""HTML: the content of a page as trafilatura finds it, without hidden parts."""

from __future__ import annotations

import codecs
import logging
import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from lxml import etree, html
from trafilatura import bare_extraction, extract_metadata

from sources.errors import UnreadableError
from sources.invisible import count_invisible
from sources.readers.extract import Extract
from sources.readers.html_blocks import Element, read_blocks
from sources.readers.html_unseen import UnseenElements
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import told

for _library in ("trafilatura", "htmldate", "courlan"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)  # a user can do nothing about odd pages

_DECLARED = re.compile(
    rb"""<(?:meta[^>]*?\bcharset|\?xml[^>]*?\bencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_HEAD_BYTES = 8192
_NO_TEXT = (
    "head script style noscript noframes noembed template svg canvas iframe object audio video "
    "button select textarea datalist rp rt annotation".split()
)
_SPANS = {"colspan", "rowspan"}
_STRUCK = frozenset(("del", "s", "strike"))
_UNSEEN = frozenset("sr-only visually-hidden screen-reader-text".split())
_PERMALINKS = frozenset("¶#§🔗")
_FOOTNOTE = re.compile(r"\[\w{1,4}\]")
_ENOUGH_CHARS = 300
_LEAST_WORDS = 20
_LINKS = 0.7  # of the words: a list of links leads elsewhere
_MOST_ELEMENTS = 20_000  # trafilatura takes their square in time


def read_html(data: bytes) -> Extract:
    """The text of a page, its blocks, and what its metadata say as hints."""
    page = _parse(_decode(data))
    strikes, unseen = _leave_out(page)
    unread = told(unseen, strikes)
    small = sum(1 for _ in page.iter()) <= _MOST_ELEMENTS
    hints = _hints(page) if small else {"title": clean(page.findtext(".//title", ""))}
    _empty(page.iter(*_NO_TEXT))
    invisible = count_invisible("".join(page.itertext()))  # trafilatura drops some
    guess = _unspanned(page)  # trafilatura loses the spans
    main = _main(page) if small else None
    if main is not None:  # the page itself says what its content is
        marked = read_blocks(main, guess=guess)
        marked.invisible = invisible
        return marked.extract(hints=hints, unread=unread)
    content = _content(page, guess) if small else None
    _empty(page.iter("nav", "footer", "aside"))
    whole = read_blocks(page, guess=guess)
    # Made for articles, trafilatura may miss a table, a list or a few lines
    if content is None or len(content.text) < min(_ENOUGH_CHARS, len(whole.text) / 2):
        content = whole
    content.invisible = invisible
    return content.extract(hints=hints, unread=unread)


def add_page(builder: TextBuilder, data: bytes, css: str = "") -> Counter[str]:
    """Add all blocks of a page that is content throughout: a chapter, or a letter.

    Returns how many parts are not seen, by why. `css` are styles that stand beside the page.
    """
    page = _parse(_decode(data))
    body = page.find("body")
    _, unseen = _leave_out(page, css)
    _empty(page.iter(*_NO_TEXT))
    invisible = builder.invisible + count_invisible("".join(body.itertext()))
    read_blocks(page, builder, guess=_unspanned(page))
    builder.invisible = invisible
    return unseen


def _decode(data: bytes) -> str:
    """The text by its byte order mark, its declared charset, or UTF-8."""
    if 0 in data:
        raise UnreadableError("binary or UTF-16 (it holds NUL bytes): save it as UTF-8")
    declared = _DECLARED.search(data[:_HEAD_BYTES])
    encoding = declared[1].decode().lower() if declared else "utf-8"
    # As browsers do: Latin-1 is taken for Windows-1252, and UTF-16 without NUL bytes for UTF-8
    if data.startswith(codecs.BOM_UTF8) or encoding.startswith("utf-16"):
        encoding = "utf-8"
    elif encoding in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        encoding = "windows-1252"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"not {encoding.upper()} (0x{data[error.start]:02x} at byte {error.start}): "
            "declare its charset, or save it as UTF-8"
        ) from error
    except LookupError as error:
        raise UnreadableError(f"its charset {encoding!r} is unknown: save it as UTF-8") from error


def _parse(text: str) -> Element:
    """The page as a tree with a body."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        page = html.document_fromstring(text.encode(), parser, ensure_head_body=True)
    except etree.ParserError as error:
        raise UnreadableError("no text in it: write some, or remove it") from error
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise UnreadableError("its tags are nested too deep: save it as text")
    # Where cells span others, a header does not tell which cell is of which column
    spanned = (cell for cell in page.iter("td", "th") if _SPANS & {*cell.attrib})
    for table in {table for cell in spanned for table in cell.iterancestors("table")}:
        for cell in table.iter("th"):
            cell.tag = "td"
    return page


def _unspanned(page: Element) -> bool:
    return not any(_SPANS & {*cell.attrib} for cell in page.iter("td", "th"))


def _hints(page: Element) -> dict[str, str]:
    """What the page says of itself, raw; not what its text might."""
    said = extract_metadata(page, extensive=False)
    return {
        "title": said.title or "",
        "language": page.get("lang", "").strip().replace("_", "-"),
        "url": said.url or "",
        "publisher": said.sitename or "",
        "author": said.author or "",
        "published": said.date or "",
    }


def _leave_out(page: Element, css: str = "") -> tuple[int, Counter[str]]:
    """Clear what is struck out or not seen; how many parts were struck, and not seen by why.

    `css` are styles that stand beside the page.
    """
    css += "".join(style.text or "" for style in page.iter("style"))
    body = page.find("body")
    found = list(body.iterdescendants())
    struck = [one for one in found if one.tag in _STRUCK]
    hidden = UnseenElements(css).among([page, body, *found])
    hidden.pop(body, None)
    hidden.pop(page, None)
    # The number of a footnote or a permalink is no text that anyone would miss
    marks = [one for one in found if _is_mark(one)]
    hidden |= {one: "hidden" for one in found if _is_hidden(one)}
    unseen = [one for one in hidden if one.tag not in _STRUCK and one.tag not in _NO_TEXT]
    counted = Counter(
        hidden[one]
        for one in unseen
        if "".join(one.itertext()).strip() and hidden.keys().isdisjoint(one.iterancestors())
    )
    strikes = sum(1 for part in struck if "".join(part.itertext()).strip())
    _empty([*struck, *unseen, *marks])
    return strikes, counted


def _is_mark(element: Element) -> bool:
    """Whether it is the number of a footnote, or the permalink of a heading."""
    text = (element.text or "").strip()
    if element.tag == "a" and not len(element) and text in _PERMALINKS:
        return True
    return element.tag == "sup" and (
        _FOOTNOTE.fullmatch(text) is not None
        or any(link.get("href", "").startswith("#") for link in element)
    )


def _is_hidden(element: Element) -> bool:
    """Whether it says itself that it is hidden."""
    return (
        "hidden" in element.attrib
        or element.get("aria-hidden", "").strip().lower() == "true"
        or not _UNSEEN.isdisjoint(element.get("class", "").split())
        or (element.tag == "dialog" and "open" not in element.attrib)
    )


def _content(page: Element, guess: bool) -> TextBuilder | None:
    """What trafilatura takes for the content, with some help; None if it finds nothing."""
    body = page.find("body")
    # It would read the first, which nobody sees, and repeat a cell as often as the others say
    etree.strip_attributes(body, "data-preloaded", "rowspan", "colspan")
    for item in body.iterfind(".//td//li"):
        item.tag = "p"  # it would leave out a list in a cell
    etree.strip_tags(body, "code", "q")
    for pre in body.iter("pre"):
        pre.set("lang", "code")  # it would take some for quotations
    if page.find(".//main") is None:  # it would leave out headings
        body.tag = "main"
        etree.SubElement(page, "body").append(body)
    found: Any = bare_extraction(page, include_comments=False)
    if found is None:
        return None
    for code in found.body.iter("code"):
        code.tag = "pre"
    return read_blocks(found.body, guess=guess)


def _main(page: Element) -> Element | None:
    """The only part that is marked as the content, without what leads to other pages.

    None where there is none, or little text is in it.
    """
    found = (
        page.findall(".//main") or page.xpath(".//*[@role='main']") or page.findall(".//article")
    )
    if len(found) != 1:
        return None
    (main,) = found
    _empty(main.iter("nav", "footer", "form"))
    leading = []
    for part in main.iter("ul", "ol", "div", "section", "aside"):
        if part is not main:
            links = sum(len("".join(link.itertext())) for link in part.iter("a"))
            words = len("".join(part.itertext()).strip())
            if words and links > _LINKS * words and len(list(islice(part.iter("a"), 3))) > 2:
                leading.append(part)
    _empty(leading)
    return main if len("".join(main.itertext()).split()) >= _LEAST_WORDS else None


def _empty(elements: Iterable[Element]) -> None:
    """Clear elements; to take them out would cost as much as they have siblings."""
    for element in list(elements):
        element.clear(keep_tail=True)
        element.tag = "span"
