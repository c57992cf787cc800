"""HTML: what a reader would read, without navigation, scripts, banners and hidden parts."""
# ruff: noqa: SIM905  lists of words read better as text

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from itertools import islice
from operator import sub
from textwrap import dedent
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString, PageElement, PreformattedString

from sources.blocks import TextBuilder, clean
from sources.errors import UnreadableError
from sources.extract import Extract
from sources.source import Kind

_DROPPED = frozenset(
    "head script style noscript template nav footer svg canvas iframe object embed audio video "
    "button select textarea input option datalist menu map rp rt annotation annotation-xml".split()
)
_DROPPED_ROLES = frozenset(
    "navigation contentinfo complementary search dialog alertdialog menu menubar toolbar".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math q "
    "ruby s samp small span strike strong sub sup time tt u var wbr".split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_TABLE = frozenset("table caption tr td th".split())
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|"
    r"(?:font-size|opacity)\s*:\s*0(?:\.0*)?(?:[a-z%]+)?\s*(?:[;!]|$)",
    re.IGNORECASE,
)
_BANNERS = frozenset(  # goes whatever it holds
    "cookie cookies consent gdpr onetrust newsletter advert advertisement ads comments commentlist "
    "respond disqus pingback paywall sharing sharedaddy outbrain taboola jp".split()
)
_CHROME = frozenset(  # goes if it is short or made of links
    "nav navbar navigation navbox breadcrumb breadcrumbs footer sidebar pagination pager skiplink "
    "editsection noprint share social subscribe widget byline tags tagcloud recommended teaser "
    "teasers promo toolbar copyright".split()
)
_LINKS = frozenset("menu related skip tag category categories author bio meta more".split())  # if made of links
_UNSEEN = frozenset("sr-only visually-hidden screen-reader-text".split())
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_FOOTNOTE = re.compile(r"\[\w{1,4}\]")
_PERMALINKS = ("¶", "#", "§", "🔗")
_MARK_NODES = 16
_CHROME_CHARS = 200  # of a part whose class says that it is navigation, and whose links are few
_MAIN_CHARS = 200
import os
_PROSE_CHARS = int(os.environ.get('PC','40'))
_ENOUGH_PROSE = 400
_MOST_PROSE = float(os.environ.get('MP','0.85'))
_LINK_LIST = 3
_LINK_CHARS = 30



class _Size(NamedTuple):
    """What a tag holds: characters of text, of those in links and in prose, and links."""

    text: int
    linked: int
    prose: int
    links: int


Sizes = dict[int, _Size]
"""The size of each tag by its id()."""


def read_html(data: bytes) -> Extract:
    """The text of a page; what its head says of it are hints."""
    soup = BeautifulSoup("<!DOCTYPE html>\n" + _decode(data), "lxml")
    hints = _hints(soup)
    page = _Page(soup.body or soup)
    page.drop(lambda tag: _never_read(page, tag))
    sizes = page.sizes()
    everything = sizes[id(page.body)].text
    page.drop(lambda tag: _is_chrome(tag, sizes, everything))
    root = _main(page) or page.body
    if root is page.body:
        page.drop(lambda tag: _is_link_list(tag, sizes, everything))
    builder = TextBuilder()
    titles = page.tags("h1", within=page.body)
    title = page.text(titles[0]) if titles else ""
    if len(titles) == 1 and not page.tags("h1", within=root):
        builder.add("heading", title, level=1)
    _Reader(page, builder).read(root)
    if title and title in hints["title"]:
        hints["title"] = title  # without the name of the site
    return Extract(text=builder.text, blocks=tuple(builder.blocks), hints=hints)


def _decode(data: bytes) -> str:
    """The text by its byte order mark, its declared charset, or UTF-8."""
    if 0 in data:
        raise UnreadableError("binary or UTF-16 (it holds NUL bytes): save it as UTF-8")
    declared = EncodingDetector.find_declared_encoding(data, is_html=True) or "utf-8"
    encoding = "utf-8" if data.startswith(codecs.BOM_UTF8) else declared.lower()
    # As browsers do: Latin-1 is taken for Windows-1252, and UTF-16 without NUL bytes for UTF-8
    if encoding in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        encoding = "windows-1252"
    elif encoding.startswith("utf-16"):
        encoding = "utf-8"
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"not {encoding.upper()} (0x{data[error.start]:02x} at byte {error.start}): "
            "declare its charset, or save it as UTF-8"
        ) from error
    except LookupError as error:
        raise UnreadableError(f"its charset {encoding!r} is unknown: save it as UTF-8") from error
    return re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)


def _hints(soup: BeautifulSoup) -> dict[str, str]:
    """What the head says: title, language, and more where it is there."""

    def meta(*names: str) -> str:
        for name in names:
            for attribute in ("name", "property", "itemprop"):
                tag = soup.find("meta", attrs={attribute: name})
                if isinstance(tag, Tag) and (content := clean(_attribute(tag, "content"))):
                    return content
        return ""

    root = soup.html
    canonical = soup.find("link", rel="canonical")
    published = meta("article:published_time", "datePublished", "date", "citation_publication_date")
    author = meta("author", "article:author")
    return {
        "title": clean(soup.title.get_text()) if soup.title else meta("og:title"),
        "language": _attribute(root, "lang").strip().replace("_", "-") if root else "",
        "url": _attribute(canonical, "href") if isinstance(canonical, Tag) else meta("og:url"),
        "publisher": meta("og:site_name"),
        "author": "" if "://" in author else author,
        "published": published[:10].replace("/", "-"),
    }


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


class _Page:
    """The tree below `body`, and the tags in it that are left out.

    A hostile page may be nested deep or hold a million tags: no recursion, and every walk is one
    pass. The tree stays as it is, as taking a tag out of it costs as much as it has siblings.
    """

    def __init__(self, body: Tag) -> None:
        self.body = body
        self._dropped: set[int] = set()

    def events(self, root: Tag) -> Iterator[tuple[PageElement, bool]]:
        """Each node below `root` in order, and each tag again, with True, when it ends."""
        stack: list[tuple[Tag, Iterator[PageElement]]] = [(root, iter(root.contents))]
        while stack:
            tag, children = stack[-1]
            node = next(children, None)
            if node is None:
                stack.pop()
                if stack:
                    yield tag, True
            elif id(node) not in self._dropped:
                yield node, False
                if isinstance(node, Tag):
                    stack.append((node, iter(node.contents)))

    def drop(self, unwanted: Callable[[Tag], bool]) -> None:
        """Leave out the tags of which `unwanted` says so, with all that is in them."""
        for node, ended in self.events(self.body):
            if isinstance(node, Tag) and not ended and unwanted(node):
                self._dropped.add(id(node))

    def tags(self, *names: str, within: Tag) -> list[Tag]:
        """The tags below one that have one of the names."""
        found = (node for node, ended in self.events(within) if not ended)
        return [node for node in found if isinstance(node, Tag) and node.name in names]

    def text(self, tag: Tag) -> str:
        """The text below a tag, on one line."""
        return clean("".join(str(node) for node, _ in self.events(tag) if _is_text(node)))

    def sizes(self) -> Sizes:
        """How much text and how many links each tag holds."""
        sizes: Sizes = {}
        opened: list[_Size] = []
        text = linked = prose = links = depth = 0
        for node, ended in self.events(self.body):
            if isinstance(node, Tag):
                link = node.name == "a"
                if ended:
                    total = _Size(text, linked, prose, links)
                    sizes[id(node)] = _Size(*map(sub, total, opened.pop()))
                    depth -= link
                else:
                    opened.append(_Size(text, linked, prose, links))
                    depth += link
                    links += link
            elif _is_text(node):
                size = len(clean(str(node)))
                text += size
                linked += size if depth else 0
                prose += size if not depth and size >= _PROSE_CHARS else 0
        sizes[id(self.body)] = _Size(text, linked, prose, links)
        return sizes


def _is_text(node: PageElement) -> bool:
    """Whether the node is text that shows: not a comment, doctype or the like."""
    return isinstance(node, NavigableString) and not isinstance(node, PreformattedString)


def _never_read(page: _Page, tag: Tag) -> bool:
    """Whether the tag, its role or its attributes say that it is no text, or hidden."""
    if tag.name in _DROPPED or (tag.name == "dialog" and not tag.has_attr("open")):
        return True
    if tag.has_attr("hidden") or _attribute(tag, "aria-hidden").strip().lower() == "true":
        return True
    if _HIDING.search(_attribute(tag, "style")):
        return True
    if tag.name in ("sup", "a"):
        return _is_mark(list(islice(page.events(tag), _MARK_NODES)), tag)
    return _attribute(tag, "role").strip().lower() in _DROPPED_ROLES


def _is_mark(nodes: list[tuple[PageElement, bool]], tag: Tag) -> bool:
    """Whether a tag is the number of a footnote or the permalink of a heading."""
    text = "".join(str(node) for node, _ in nodes if _is_text(node)).strip()
    if len(nodes) == _MARK_NODES:
        return False
    if tag.name == "a":
        return text in _PERMALINKS
    links = [node for node, _ in nodes if isinstance(node, Tag) and node.name == "a"]
    to_note = any(_attribute(link, "href").startswith("#") for link in links)
    return to_note or bool(_FOOTNOTE.fullmatch(text))


def _is_chrome(tag: Tag, sizes: Sizes, everything: int) -> bool:
    """Whether it surrounds the content, by its tag or class; never most of the page."""
    size = sizes[id(tag)]
    if 2 * size.text > everything:
        return False
    if tag.name in ("aside", "form"):
        return True
    if tag.name in ("main", "article") or tag.name in _HEADINGS:
        return False
    named = _attribute(tag, "class")
    if tag.name != "section":  # the id of a section is often its title
        named += " " + _attribute(tag, "id")
    if _UNSEEN.intersection(named.split()):
        return True
    words = {word.lower() for word in _WORDS.findall(named)}
    if words & _BANNERS:
        return True
    if 2 * size.linked > size.text:
        return bool(words & (_CHROME | _LINKS))
    return bool(words & _CHROME) and size.text < _CHROME_CHARS


def _is_link_list(tag: Tag, sizes: Sizes, everything: int) -> bool:
    """Whether it is but a menu of short links; never most of the page."""
    size = sizes[id(tag)]
    return (
        tag.name in ("ul", "ol", "div", "p", "table", "header")
        and size.links >= _LINK_LIST
        and 5 * size.linked >= 4 * size.text
        and size.text < _LINK_CHARS * size.links
        and 2 * size.text <= everything
    )


def _main(page: _Page) -> Tag | None:
    """The part that the page itself calls its content, or else holds nearly all of its prose."""
    sizes = page.sizes()
    half = sizes[id(page.body)].text / 2
    parts = page.tags("main", "article", "div", "section", within=page.body)
    mains = [tag for tag in parts if "main" in (tag.name, _attribute(tag, "role"))]
    articles = [tag for tag in parts if tag.name == "article"]
    root = page.body
    for candidates, enough in ((mains, min(_MAIN_CHARS, half)), (articles, half)):
        largest = max(candidates, key=lambda tag: sizes[id(tag)].text, default=None)
        if largest is not None and sizes[id(largest)].text >= max(1, enough):
            root = largest
            break
    titles = page.tags("h1", within=root)
    above = {id(tag) for tag in titles[0].parents} if len(titles) == 1 and os.environ.get('H1') else None
    prose = sizes[id(root)].prose
    if prose >= _ENOUGH_PROSE:
        for node, ended in page.events(root):
            if isinstance(node, Tag) and not ended and node.name in ("article", "div", "section", "td"):
                if sizes[id(node)].prose >= _MOST_PROSE * prose and (above is None or id(node) in above):
                    root = node
    return None if root is page.body else root


class _Reader:
    """Turns a tree into blocks: text between the borders of block-level tags is one block."""

    def __init__(self, page: _Page, builder: TextBuilder) -> None:
        self._page = page
        self._builder = builder
        self._run: list[str] = []
        self._kinds: list[tuple[Kind, int]] = [("paragraph", 0)]
        self._cells: list[str] | None = None  # of a table that is one; it holds no other
        self._tables: set[int] = set()

    def read(self, root: Tag) -> None:
        """Add the blocks below `root`."""
        self._tables = _data_tables(self._page, root)
        for node, ended in self._page.events(root):
            if _is_text(node):
                self._run.append(str(node))
            elif not isinstance(node, Tag):
                continue
            elif node.name == "br" or (self._cells is not None and node.name not in _TABLE):
                if not ended and node.name not in _INLINE:
                    self._break()
            elif node.name not in _INLINE and "-" not in node.name:
                self._border(node, ended)
        self._flush()

    def _border(self, tag: Tag, ended: bool) -> None:
        """A block-level tag begins or ends."""
        if self._cells is not None and tag.name in ("td", "th"):
            if ended:
                self._cells.append(clean("".join(self._run)))
            self._run.clear()
            return
        if self._cells is not None and tag.name == "tr":
            self._builder.add("row", " | ".join(self._cells))
            self._cells.clear()
            self._run.clear()
            return
        self._flush()
        if id(tag) in self._tables:
            self._cells = None if ended else []
        elif kind := _kind(tag):
            if ended:
                self._kinds.pop()
            else:
                self._kinds.append(kind)

    def _break(self) -> None:
        """A line break; two of them end a paragraph."""
        code = self._kinds[-1][0] == "code"
        if self._run and self._run[-1] == "\n" and self._cells is None and not code:
            self._flush()
        self._run.append("\n")

    def _flush(self) -> None:
        text = "".join(self._run)
        self._run.clear()
        if text.strip():
            kind, level = self._kinds[-1]
            self._builder.add(kind, dedent(text) if kind == "code" else text, level=level)
            if kind == "item":
                self._kinds[-1] = ("paragraph", 0)  # of the same item


def _kind(tag: Tag) -> tuple[Kind, int] | None:
    """What kind of block the text in a tag is, if the tag says so."""
    if tag.name in _HEADINGS:
        return "heading", int(tag.name[1])
    if tag.name in ("li", "dt", "dd"):
        return "item", 0
    return ("code", 0) if tag.name == "pre" else None


def _data_tables(page: _Page, root: Tag) -> set[int]:
    """The tables, by id(), that do more than place parts of a page: no tables or headings in them.

    A table of one cell places a part, too.
    """
    cells: dict[int, int] = {}
    layout: set[int] = set()
    open_: list[int] = []
    for node, ended in page.events(root):
        if not isinstance(node, Tag) or node.name not in _TABLE | _HEADINGS:
            continue
        if open_ and not ended and (node.name == "table" or node.name in _HEADINGS):
            layout.add(open_[-1])
        if node.name == "table":
            if ended:
                open_.pop()
                continue
            open_.append(id(node))
            cells[id(node)] = 0
            if _attribute(node, "role") in ("presentation", "none"):
                layout.add(id(node))
        elif open_ and not ended and node.name in ("td", "th"):
            cells[open_[-1]] += 1
    return {table for table, count in cells.items() if count > 1 and table not in layout}
