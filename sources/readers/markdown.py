"""Markdown (CommonMark and tables): the blocks of the raw text, which stays as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType

from sources.invisible import count_invisible
from sources.readers.blocks import (
    Span,
    group_blocks,
    line_spans,
    paragraph_blocks,
    plain_title,
    settle_headings,
    trim,
)
from sources.readers.dialects import NOTES, defined, mended, plain_markdown
from sources.readers.embedded_html import EmbeddedHtml
from sources.readers.encoded import told_of_encoded, without_encoded
from sources.readers.extract import Extract
from sources.readers.unseen import told
from sources.source import Block

_LISTS = frozenset(
    "bullet_list_open bullet_list_close ordered_list_open ordered_list_close".split()
)
_NESTING = 100  # levels of lists and quotes; the parser drops what is deeper
_INLINE_CHARS = 2000  # of a heading or images: brackets take quadratic time
_CLOSING_HASHES = re.compile(r"(?:^|[ \t])#+[ \t]*$")
_OPTION = re.compile(r":[\w-]+:(?:\s|$)|---$")
_NOT_TEXT = frozenset(
    "toctree image figure include literalinclude contents mermaid raw bibliography".split()
)
# An image, a comment, a tag of HTML; then a link around an image.
_UNSHOWN = re.compile(
    r"!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])|<!--.*?-->|</?[a-z][\w-]*(?:\s[^<>]*)?/?>|&nbsp;",
    re.IGNORECASE | re.DOTALL,
)
# "[our terms]: https://...", which is text where no blank line stands before it
_DEFINED = re.compile(r"\[[^\[\]]+\]:\s*<?https?://\S+")
# A row that is of no table, since a template in it counts as cells: "| {{ a | b }} |", "|:--:|"
_LONE_ROW = re.compile(r"\|.*\|")
_EMPTY_LINK = re.compile(r"\[\s*\](?:\([^()]*\)|\[[^\[\]]*\])")
_CONTAINER = re.compile(r"(?:\s*(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s)))*")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable("table")
    parser.core.ruler.disable("inline")  # slow, and few blocks need it
    return parser


def read_markdown(text: str) -> Extract:
    """The blocks of Markdown without front matter; link definitions are not blocks."""
    env: EnvType = {"encoded": 0}
    plain = plain_markdown(text)
    tokens = _parser().parse(plain.text, env)
    blocks = mended(text, settle_headings(list(_blocks(plain.text, tokens, env))), plain)
    return Extract(
        text=text,
        blocks=group_blocks(text, list(blocks)),
        invisible=count_invisible(text),
        unread=(
            *told(Counter(hidden=plain.unseen), plain.strikes),
            *told_of_encoded(env["encoded"]),
        ),
    )


def _blocks(text: str, tokens: Sequence[Token], env: EnvType) -> Iterator[Block]:
    lines = line_spans(text)
    embedded = EmbeddedHtml(text)
    lists: list[int] = []  # the groups of the open lists
    markers: list[str] = []  # of the open items
    columns: list[str] = []
    group = 0
    for position, token in enumerate(tokens):
        if token.type in _LISTS:
            if token.nesting > 0:
                group += not lists
                lists.append(group)
            else:
                lists.pop()
        elif token.type == "list_item_open":
            markers.append(token.info + token.markup)
        elif token.type == "list_item_close":
            markers.pop()
        elif token.type == "table_open":
            group += 1
            columns = []
        if not token.map:
            continue
        spans = lines[slice(*token.map)]
        depth, of_list = len(lists), lists[-1] if lists else 0
        if token.type == "tr_open":
            header = tokens[position - 1].type == "thead_open"
            cells = _cells(tokens, position)
            shown = any(map(_shows_text, cells))
            if header:
                columns = [plain_title(cell) for cell in cells] if shown else []
            for row in _row(text, *spans[0], nested=token.level > 2) if shown else ():
                named = replace(row, fields=tuple(columns), group=of_list or group)
                yield replace(named, marker="header") if header else named
        elif token.type == "html_block":
            yield from embedded.read(spans[0][0], spans[-1][1])
        elif token.type in ("fence", "code_block"):
            language, *rest = token.info.split() or [""]
            directive = language.strip("{}") if language.startswith("{") else ""
            if directive in NOTES:
                title = " ".join(rest)
                yield from _noted(text, spans[1:], token.content, directive, title)
                continue
            if directive in _NOT_TEXT:
                continue
            if directive and (directive[0] == "." or not language.endswith("}")):
                language = directive.strip(".,")  # "{.yaml}", "{r, echo=FALSE}"
            elif directive:
                language = rest[0] if rest else ""
            spans = spans[1:] if token.type == "fence" else spans
            for code in _code(text, spans, token.content):
                yield replace(code, language=language, group=of_list)
        elif token.type == "heading_open":
            inline = tokens[position + 1]
            if token.markup.startswith("#"):
                spans = [_without_closing_hashes(text, *spans[0])]
            yield from _heading(list(_kept(text, spans, inline.content)), inline, token, env)
        elif token.type == "paragraph_open":
            inline = tokens[position + 1]
            kept = _seen(text, list(_kept(text, spans, inline.content)))
            if any(text.startswith((": ", ":\t"), *line) for line in kept[1:]):
                for kind, (start, end) in defined(text, kept):
                    yield Block(start=start, end=end, kind=kind, group=of_list)
            elif kept and not _only_images(inline.content, env):
                in_item = position > 0 and tokens[position - 1].type == "list_item_open"
                runs, encoded = without_encoded(text, kept)
                env["encoded"] += encoded
                for nth, run in enumerate(runs):
                    for block in paragraph_blocks(
                        text,
                        run,
                        kind="item" if in_item and not nth else "paragraph",
                        headings=token.level == 0,
                    ):
                        if block.kind == "heading" or not lists:
                            yield block
                        elif block.kind == "item":
                            yield replace(block, level=depth, group=of_list, marker=markers[-1])
                        else:
                            yield replace(block, level=depth, group=of_list)


def _cells(tokens: Sequence[Token], position: int) -> list[str]:
    """The cells of the row that begins at a position, as they are written."""
    cells = []
    for token in tokens[position + 1 :]:
        if token.type == "tr_close":
            break
        if token.type == "inline":
            cells.append(token.content)
    return cells


def _kept(text: str, lines: Sequence[Span], content: str) -> Iterator[Span]:
    """The span of what the parser kept of each line: all but leading markers and white space."""
    kept = iter(map(str.strip, content.split("\n")))
    wanted = next(kept, None)
    for start, end in lines:
        if wanted is None:
            return
        line = text[start:end].rstrip()
        if line.endswith(wanted):
            if wanted:
                yield start + len(line) - len(wanted), start + len(line)
            wanted = next(kept, None)


def _without_closing_hashes(text: str, start: int, end: int) -> Span:
    return start, start + len(_CLOSING_HASHES.sub("", text[start:end]))


def _heading(lines: list[Span], inline: Token, opening: Token, env: EnvType) -> Iterator[Block]:
    title = inline.content
    if len(title) <= _INLINE_CHARS:
        title = "".join(map(_shown, _inline(title, env)))
    title = plain_title(title)
    if lines and title:
        yield Block(
            start=lines[0][0],
            end=lines[-1][1],
            kind="heading",
            level=int(opening.tag[1]),
            title=title,
        )


def _code(text: str, lines: Sequence[Span], content: str) -> Iterator[Block]:
    spans = list(_kept(text, lines, content))
    if spans:
        yield Block(start=spans[0][0], end=spans[-1][1], kind="code")


def _noted(
    text: str, lines: Sequence[Span], content: str, sort: str, title: str
) -> Iterator[Block]:
    """The paragraphs of a directive of MyST, without its options."""
    run: list[Span] = []
    for start, end in [*_kept(text, lines, content), (0, 0)]:
        apart = bool(run) and "\n\n" in text[run[-1][1] : start].replace("\r", "")
        if run and (apart or not end):
            last = run[-1][1]
            yield Block(start=run[0][0], end=last, kind="note", marker=sort, title=title)
            run.clear()
        if end and not _OPTION.match(text, start, end):
            run.append((start, end))


def _row(text: str, start: int, end: int, *, nested: bool) -> Iterator[Block]:
    row = text[start:end]
    if nested and (container := _CONTAINER.match(row)):
        start += container.end()
        row = text[start:end]
    start += len(row) - len(row.lstrip("| \t"))
    cells = row.strip("| \t")
    if cells:
        yield Block(start=start, end=start + len(cells), kind="row")


def _seen(text: str, lines: list[Span]) -> list[Span]:
    """The lines of a paragraph, without those at its ends that show nothing; where all are rows,
    without the bars around them, and without any that shows nothing."""
    said = [text[slice(*line)] for line in lines]
    if lines and all(map(_LONE_ROW.fullmatch, said)):
        inner = [trim(text, start + 1, end - 1) for start, end in lines]
        return [
            (start, end) for start, end in inner if re.search(r"\w", text[start:end])
            and _shows_text(text[start:end])
        ]  # fmt: skip
    shown = [_shows_text(line) and not _DEFINED.fullmatch(line) for line in said]
    if not any(shown):
        return []
    return lines[shown.index(True) : len(shown) - shown[::-1].index(True)]


def _shows_text(content: str) -> bool:
    """Whether anything is left of a piece without its images and tags."""
    if "`" in content or len(content) > _INLINE_CHARS:
        return True
    left = _EMPTY_LINK.sub("", _UNSHOWN.sub("", content))
    return left == content or any(map(str.isalnum, left))


def _only_images(content: str, env: EnvType) -> bool:
    if not content.startswith(("!", "[")) or len(content) > _INLINE_CHARS:
        return False
    shown = [token for token in _inline(content, env) if token.content.strip()]
    return bool(shown) and all(token.type == "image" for token in shown)


def _inline(content: str, env: EnvType) -> list[Token]:
    tokens: list[Token] = []
    _parser().inline.parse(content, _parser(), env, tokens)
    return tokens


def _shown(token: Token) -> str:
    return " " if token.type.endswith("break") else token.content
