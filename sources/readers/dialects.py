"""What writers of Markdown add to it: admonitions, tabs, MDX, shortcodes, footnotes, struck text.

They are blanked, letter for letter, in a copy that the parser of plain Markdown reads, so that
every offset is also one of the text itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sources.markup import TEMPLATE_TAG
from sources.readers.blocks import Span, line_spans, trim
from sources.source import Block, Kind

NOTES = frozenset(
    "attention caution danger error hint important note tip warning seealso versionadded "
    "versionchanged deprecated todo admonition".split()
)
"""The sorts of admonition that directives of Sphinx and MyST name."""

_FENCE = re.compile(r"[ >]*(`{3,}|~{3,})")
_INDENTED = re.compile(
    r"(?:!!!|\?\?\?\+?|===)[ \t]+(?P<sort>[\w-]*)[^\"\n]*(?:\"(?P<title>[^\"]*)\")?[ \t]*"
)
_COLONS = re.compile(
    r" {0,3}:{3,}[ \t]*\{?(?P<sort>[\w-]+)\}?[ \t]*\[?(?P<title>[^\]\n]*)\]?[ \t]*"
)
_CLOSING = re.compile(r" {0,3}:{3,}[ \t]*")
_ALERT = re.compile(r" {0,3}>[ \t]?\[!(?P<sort>\w+)\][+-]?[ \t]*(?P<title>[^\n]*)")
_PROGRAM = re.compile(
    r"import\s[^'\"]*['\"][^'\"]+['\"];?\s*|export\s(?:const|let|var|default|function|\{)[^\n]*"
    r"|\s*\{/\*[^\n]*\*/\}\s*|\s*\{:[^{}\n]*\}\s*"
)
# "{% list_item %}Bring a form{% endlist_item %}"
_ITEM = re.compile(r"\s*\{%-?\s*\w*item\b")
# So much white space at most goes with a tag.
_AROUND = 20
# An element between whose tags Markdown is to be read.
_CONTAINER = re.compile(
    r" {0,3}<[a-z]+(?:\s[^<>\n]{0,300})?\smarkdown(?:=[\"']?(?:1|block|span)[\"']?)?"
    r"(?:\s[^<>\n]{0,300})?>\s*"
)
_TAG = re.compile(r"</?[A-Z][\w.]*(?:\s[^<>\n]*)?>")
_FOOTNOTE = re.compile(r" {0,3}\[\^[^\]\s]+\]:[ \t]+")
_STRUCK = re.compile(r"~~(?=[^\s~])([^~\n]*[^\s~])~~")
_ENDED = re.compile(r"(?:^|[.!?][\"')*_]*[ \t]+|^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+)$")


_OPENED = re.compile(r"<!--|<([a-z]\w{0,20})(\s[^<>]{0,400})?>", re.IGNORECASE)
_NEVER_SHOWN = ("template", "style", "script")
_HIDDEN_TAG = re.compile(
    r"\shidden(?=[\s/=]|$)|style\s*=\s*[\"'][^\"']*(?:display\s*:\s*none|visibility\s*:\s*hidden"
    r"|opacity\s*:\s*0(?:\.0*)?\s*[;\"']|font-size\s*:\s*[01](?:px|pt)?\s*[;\"']"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3})",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Note:
    """An admonition, from `start` to `end`."""

    start: int
    end: int
    sort: str
    title: str


@dataclass(slots=True)
class Plain:
    """Text as the parser may read it, the notes in it, the spans of struck-out sentences, and of
    the tags of a template before the text of a line."""

    text: str
    notes: list[Note] = field(default_factory=list)
    struck: list[Span] = field(default_factory=list)
    strikes: int = 0
    unseen: int = 0
    opening_tags: list[Span] = field(default_factory=list)


def plain_markdown(text: str) -> Plain:
    """The text, as long as it was, without what plain Markdown does not know."""
    found = Plain(text)
    out = list(text)

    def blank(start: int, end: int) -> None:
        out[start:end] = " " * (end - start)

    fence = ""
    listings: list[Span] = []
    indented: Note | None = None  # a note or tab whose text is indented
    fenced: list[Note] = []
    quoted: Note | None = None
    for start, end in line_spans(text):
        line = text[start:end]
        if indented and line.strip():
            if not line.startswith(("    ", "\t")):
                indented = None
            else:
                indented.end = end
                out[start] = ">"
        if quoted and line.lstrip().startswith(">"):
            quoted.end = end
        else:
            quoted = None
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1][:3]
                listings.append((start, len(text)))
            elif mark[1].startswith(fence):
                fence = ""
                listings[-1] = (listings[-1][0], end)
            continue
        if fence:
            continue
        if not indented and (opening := _INDENTED.fullmatch(line)):
            indented = _note(opening, start, end)
            if opening["sort"]:
                found.notes.append(indented)
            blank(start, end)
        elif opening := _COLONS.fullmatch(line):
            fenced.append(_note(opening, start, end))
            found.notes.append(fenced[-1])
            blank(start, end)
        elif fenced and _CLOSING.fullmatch(line):
            fenced.pop().end = end
            blank(start, end)
        elif opening := _ALERT.fullmatch(line):
            quoted = _note(opening, start, end)
            found.notes.append(quoted)
            blank(start + line.index("[!"), end)
        elif _PROGRAM.fullmatch(line) or _CONTAINER.fullmatch(line):
            blank(start, end)
        elif _FOOTNOTE.match(line):
            out[start + line.index("[")] = "x"  # else a short one is the target of a link
        elif _TAG.search(line):
            for tag in _TAG.finditer(line):
                if not _TAG.sub("", line).strip():
                    blank(start + tag.start(), start + tag.end())
        elif "{%" in line or "{{" in line:
            opens = 0
            for first, after in _tags(line):
                blank(start + first, start + after)
                opens = after if first == opens else opens
            if opens and opens < len(line.rstrip()):
                # Spaces would make it a listing, and mere letters no item.
                found.opening_tags.append((start, start + opens))
                out[start : start + opens] = "x" * opens
                if _ITEM.match(line):
                    out[start : start + 2] = "- "
        for strike in _STRUCK.finditer(line):
            found.strikes += 1
            whole = line[: strike.start()], line[strike.end() :].strip()
            if _ENDED.search(whole[0]) and (strike[1][-1] in ".!?" or not whole[1]):
                found.struck.append((start + strike.start(), start + strike.end()))
                blank(*found.struck[-1])
    for note in fenced:
        note.end = len(text)
    for start, end, is_text in _unseen(text, listings):
        found.struck.append((start, end))
        found.unseen += is_text
        blank(start, end)
    found.struck.sort()
    found.text = "".join(out)
    return found


def _tags(line: str) -> Iterator[Span]:
    """Where the tags of a template stand in a line, with the white space around; not in code."""
    at, quoted = 0, False
    for tag in TEMPLATE_TAG.finditer(line):
        quoted ^= line.count("`", at, tag.start()) % 2 == 1
        first = at + len(line[at : tag.start()].rstrip())
        at = tag.end()
        if not quoted:
            at += len(line[at : at + _AROUND]) - len(line[at : at + _AROUND].lstrip())
            yield first, at


def _unseen(text: str, listings: list[Span]) -> Iterator[tuple[int, int, bool]]:
    """Where comments and hidden elements of HTML stand outside listings, and which are elements."""
    done = 0
    for tag in _OPENED.finditer(text):
        start = tag.start()
        at = bisect_right(listings, (start, len(text))) - 1
        if start < done or (at >= 0 and start < listings[at][1]):
            continue
        line = text.rfind("\n", 0, start) + 1
        if text.count("`", line, start) % 2 or text.endswith("\\", line, start):
            continue
        if tag[0] == "<!--":
            close = text.find("-->", start)
            end = close + 3 if close >= 0 else len(text)
        elif (never := tag[1].lower() in _NEVER_SHOWN) or _HIDDEN_TAG.search(tag[2] or ""):
            closing = re.compile(rf"</{re.escape(tag[1])}\s*>", re.IGNORECASE).search(text, start)
            end = closing.end() if closing else len(text)
            if never and (not closing or bisect_right(listings, (end, 0)) - 1 > at):
                continue  # a tag that is spoken of: what ends it, if anything, stands in a listing
        else:
            continue
        done = end
        yield start, end, tag[0] != "<!--"
        if end == len(text):
            return


def mended(text: str, blocks: Iterable[Block], plain: Plain) -> Iterator[Block]:
    """The blocks with notes and footnotes as what they are, without struck sentences."""
    notes, struck, tags = deque(plain.notes), deque(plain.struck), deque(plain.opening_tags)
    open_: list[Note] = []
    for block in blocks:
        while notes and notes[0].start <= block.start:
            open_.append(notes.popleft())
        while open_ and open_[-1].end <= block.start:
            open_.pop()
        note = open_[-1] if open_ else None
        if note and block.kind == "paragraph" and not block.group:
            block = replace(block, kind="note", marker=note.sort, title=note.title)
        if footnote := _FOOTNOTE.match(text, block.start, block.end):
            block = replace(block, start=footnote.end())
        while tags and tags[0][1] <= block.start:
            tags.popleft()
        if tags and tags[0][0] <= block.start < tags[0][1] <= block.end:
            block = replace(block, start=tags[0][1])
        for part in _without(block, struck):
            start, end = trim(text, part.start, part.end)
            if start < end:
                yield replace(part, start=start, end=end)


def defined(text: str, lines: list[Span]) -> Iterator[tuple[Kind, Span]]:
    """The terms and definitions among lines such as "Term" and ": what it means"."""
    run: list[Span] = []
    kind: Kind = "term"
    for start, end in [*lines, (0, 0)]:
        opens = text.startswith((": ", ":\t"), start, end)
        if run and (opens or not end or kind == "definition"):
            after = kind == "definition" and not opens and end
            if not after:
                yield kind, (run[0][0], run[-1][1])
                run = []
        if opens:
            kind = "definition"
            start = trim(text, start + 1, end)[0]
        if start < end:
            run.append((start, end))


def _without(block: Block, struck: deque[Span]) -> Iterator[Block]:
    """What a block has before, between and after struck sentences, which are used up."""
    start = block.start
    while struck and struck[0][1] <= block.end:
        first, last = struck.popleft()
        if start <= first:
            yield replace(block, end=first, start=start)
            start = last
    yield replace(block, start=start)


def _note(opening: re.Match[str], start: int, end: int) -> Note:
    return Note(start, end, opening["sort"].lower(), " ".join((opening["title"] or "").split()))
