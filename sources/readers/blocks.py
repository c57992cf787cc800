"""Finding blocks in lines of text: paragraphs, headings, lists; and which belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sources.readers.wrapping import WRAP, goes_on, is_long, is_wrapped
from sources.source import Block, Kind

HEADING_CHARS = 100
GLUED_CHARS = range(10, 151)
DEEPEST = 6
GUESSED = DEEPEST + 1  # the level of a guessed heading until `settle_headings`
HEADING_RUN = 3  # more short lines in a row are a list of facts, not headings

Span = tuple[int, int]

_FAMILIES: dict[Kind, str] = {
    "item": "list", "row": "table", "record": "table", "term": "terms", "definition": "terms",
    "field": "fields",
}  # fmt: skip

_NEWLINE = re.compile(r"\r\n|\r|\n")
# A dash ends no heading either: it breaks off a sentence
_END = re.compile(r"""[.!?:;,…。．！？：；，、—–-](?:["'”’»」』）)\]*_`]|\[\^?\w{1,4}\])*$""")
# The end of a sentence with a letter right behind it: "global stability.Unpacking the"
_GLUE = re.compile(r"""(?:(?<=[^\W_A-Z])|(?<=["”’»)\]%*]))[.!?]["”’»)\]]*(?=\**[^\W\d_])""")
_SENTENCES = re.compile(
    r"""[^\W\d_A-Z][.!?](?=\w) | [^\W\d_A-Z]{3}[.!?]["”’)]?[ ](?=[^\W\d_a-z])""", re.VERBOSE
)
_RULE = re.compile(r"[-=_*~#+.•· \t]+")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_BULLET = re.compile(r"[-*+•‣◦▪●○■□][ \t\xa0]+(?=\S)")
_WEAK_BULLET = re.compile(r"(?:–|\(?\d{1,3}[.)])[ \t\xa0]+(?=\S)")
_LEAD_IN = re.compile(r"""[:：]["'”’)*_` ]*$""")
_FACT = re.compile(r"[*_]{0,2}[^\W\d_][^\n:]{0,30}:[*_]{0,2}[ \t]+[^\n]{0,90}")
_LED = frozenset(("item", "row", "record", "code", "term", "field"))
_WIKI = re.compile(r"(?:= ?)+")
# "**Q: How long?**", "Q. How long?", "**Delivery**" above its text; "A: Five days."
_ASKED = re.compile(
    r"(?P<bold>\*\*|__)?(?P<q>Q(?:uestion)?(?: ?\d+)?[:.)](?:\*\*|__)?\s+)?"
    r"(?P<title>(?!\s)[^*\n]{2,200}?)(?(bold)(?:\*\*|__)?:?)"
)
_ANSWER = re.compile(r"(?:\*\*|__)?A(?:nswer)?(?: ?\d+)?:(?:\*\*|__)?\s+(?=\S)")


def line_spans(text: str) -> list[Span]:
    """Start and end of each line, without its LF, CRLF or CR."""
    spans = []
    start = 0
    for newline in _NEWLINE.finditer(text):
        spans.append((start, newline.start()))
        start = newline.end()
    spans.append((start, len(text)))
    return spans


def trim(text: str, start: int, end: int) -> Span:
    """The span without the white space at its ends."""
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())


def plain_title(text: str) -> str:
    """A heading on one line, without the emphasis around it."""
    return " ".join(text.split()).strip("*_` ")


def paragraph_blocks(
    text: str,
    lines: Sequence[Span],
    *,
    kind: Kind = "paragraph",
    headings: bool = True,
    markers: bool = False,
) -> list[Block]:
    """The blocks of one paragraph, given the trimmed, non-empty spans of its lines.

    Only the first block is of `kind`. With `headings`, a short line on its own is a heading; with
    `markers`, a line that begins with a bullet or number is a list item and an underlined one a
    heading. A line longer than `WRAP` shows that each line is a paragraph, but for one that begins
    in the middle of a sentence; else they are one.
    """
    blocks: list[Block] = []
    run: list[Span] = []
    bullet = ""
    unwrapped = any(end - start > WRAP for start, end in lines)
    wrapped = False
    if unwrapped and not markers:  # in a plain text each line may be somebody's
        unwrapped = any(is_long(text, start, end) for start, end in lines)
        wrapped = is_wrapped(text, lines)

    def flush() -> None:
        nonlocal kind, bullet
        if run:
            guess = headings and len(run) == 1 and kind == "paragraph"
            first, *glued = _piece(text, run, kind, guess=guess)
            if bullet:
                first, bullet = replace(first, level=1, marker=bullet), ""
            blocks.extend([first, *glued])
            run.clear()
            kind = "paragraph"

    for start, end in lines:
        line = text[start:end]
        if wiki := _wiki_heading(line, start):
            flush()
            blocks.append(wiki)
        elif headings and (title := _question(line, alone=len(lines) == 1)):
            flush()
            blocks.append(_heading(line, *title.span("title"), level=GUESSED, offset=start))
        elif headings and (mark := _ANSWER.match(line)) and _questioned(blocks, run):
            run.append((start + mark.end(), end))
        elif _RULE.fullmatch(line):
            if markers and len(run) == 1 and kind == "paragraph" and _UNDERLINE.fullmatch(line):
                blocks.append(_heading(text, *run.pop(), level=1 if line[0] == "=" else 2))
            flush()
        elif markers and (marker := _marker(line, first=unwrapped or not run or kind == "item")):
            flush()
            kind, bullet = "item", line[:marker].strip()
            run.append((start + marker, end))
        else:
            if unwrapped and not (run and goes_on(text, run[-1], start, wrapped=wrapped)):
                flush()
            run.append((start, end))
    flush()
    return blocks


def settle_headings(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Take back guessed headings that no text follows, or code at once, and long runs of them."""
    settled: list[Block] = []
    run: list[Block] = []
    for block in blocks:
        if block.level == GUESSED:
            run.append(block)
            continue
        leads_in = run[-1:] if block.kind == "code" else []
        if len(run) <= HEADING_RUN and block.kind != "heading":
            guessed = run[: len(run) - len(leads_in)]
            settled.extend(replace(guess, level=DEEPEST) for guess in guessed)
            settled.extend(map(_as_paragraph, leads_in))
        else:
            settled.extend(map(_as_paragraph, run))
        run.clear()
        settled.append(block)
    settled.extend(map(_as_paragraph, run))
    return tuple(settled)


def group_blocks(text: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Number the groups: what stands together, with the paragraph that leads in to it.

    Groups that the reader has set stay as they are; elsewhere items, rows of the same columns,
    terms or fields that follow each other are one, and each code listing or note is one.
    """
    blocks = _facts_as_fields(text, blocks)
    keys: list[tuple[object, ...] | None] = []
    for at, block in enumerate(blocks):
        before = blocks[at - 1] if at else None
        family = _FAMILIES.get(block.kind)
        if block.group:
            keys.append(("set", block.group))
        elif block.kind in ("code", "note"):
            keys.append(("alone", at))
        elif not family:
            keys.append(None)
        elif (
            before
            and keys[-1]
            and keys[-1][0] == family
            and before.fields == block.fields
            and block.marker != "header"
        ):
            keys.append(keys[-1])
        else:
            keys.append((family, at))
    numbers: dict[object, int] = {}
    groups = [numbers.setdefault(key, len(numbers) + 1) if key else 0 for key in keys]
    for at in range(len(groups) - 2, -1, -1):
        block, after = blocks[at], blocks[at + 1]
        if block.kind != "paragraph" or after.kind not in _LED or groups[at]:
            continue
        unsaid = after.kind == "code" and _is_unfinished(text, block)  # "Then you can run"
        if unsaid or _LEAD_IN.search(text, max(0, block.end - 20), block.end):
            groups[at] = groups[at + 1]
    return tuple(
        block if block.group == group else replace(block, group=group)
        for block, group in zip(blocks, groups, strict=True)
    )


def _is_unfinished(text: str, block: Block) -> bool:
    """Whether a paragraph is a line, no more, that no mark ends."""
    return block.end - block.start <= WRAP and not _END.search(text, block.start, block.end)


def _facts_as_fields(text: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks, with a heading as "Chair: Ada Lund" that nothing stands under as a field: it
    heads nothing, and states a fact."""
    found = list(blocks)
    for at, block in enumerate(blocks):
        if block.kind != "heading" or not _FACT.fullmatch(text, block.start, block.end):
            continue
        after = blocks[at + 1] if at + 1 < len(blocks) else None
        if after is None or (after.kind == "heading" and after.level <= block.level):
            found[at] = Block(start=block.start, end=block.end, kind="field")
    return found


def _piece(text: str, run: Sequence[Span], kind: Kind, *, guess: bool) -> list[Block]:
    """One block for the lines of `run`, and a heading if one is glued to their end."""
    start, end = run[0][0], run[-1][1]
    glued = _glued_at(text, run[-1][0], end)
    if glued:
        return [Block(start=start, end=glued, kind=kind), _heading(text, glued, end, level=GUESSED)]
    if guess and end - start <= HEADING_CHARS:
        line = text[start:end]
        if not _END.search(line) and any(map(str.isalpha, line)):
            return [_heading(text, start, end, level=GUESSED)]
    return [Block(start=start, end=end, kind=kind)]


def _glued_at(text: str, start: int, end: int) -> int | None:
    """Where a heading begins right behind the last sentence of a line."""
    if _END.search(text, max(start, end - 20), end):
        return None
    for match in _GLUE.finditer(text, max(start, end - GLUED_CHARS.stop - 3), end):
        rest = text[match.end() : end]
        if (
            len(rest) in GLUED_CHARS
            and rest.lstrip("*")[0].isupper()
            and not _SENTENCES.search(rest)
            and " " in text[start : match.end()]
        ):
            return match.end()
    return None


def _question(line: str, *, alone: bool) -> re.Match[str] | None:
    """The match of a line that asks what the lines below it answer, or is a title in bold."""
    match = _ASKED.fullmatch(line) if line[:1] in "*_Q" else None
    if not match:
        return None
    asks = match["title"].endswith("?")
    if match["bold"]:
        whole = line.rstrip(":").endswith(match["bold"])
        titled = not alone and not _END.search(match["title"])
        return match if whole and (asks or titled) else None
    return match if match["q"] and asks else None


def _questioned(blocks: Sequence[Block], run: Sequence[Span]) -> bool:
    """Whether the line before was a question, or nothing is known of it."""
    return not run and (not blocks or blocks[-1].kind == "heading")


def _marker(line: str, *, first: bool) -> int:
    """The length of the bullet or number before a list item, 0 if the line is not one."""
    match = _BULLET.match(line) or (_WEAK_BULLET.match(line) if first else None)
    return match.end() if match else 0


def _wiki_heading(line: str, offset: int) -> Block | None:
    """The heading of a line such as "= = Title = =", which starts at `offset`."""
    opening, closing = _WIKI.match(line), _WIKI.match(line[::-1])
    if not opening or not closing or len(line) > 2 * WRAP:
        return None
    start, end = trim(line, opening.end(), len(line) - closing.end())
    level = opening[0].count("=")
    if start >= end or level != closing[0].count("="):
        return None
    return _heading(line, start, end, level=min(level, DEEPEST), offset=offset)


def _heading(text: str, start: int, end: int, *, level: int, offset: int = 0) -> Block:
    title = plain_title(text[start:end])
    return Block(start=offset + start, end=offset + end, kind="heading", level=level, title=title)


def _as_paragraph(block: Block) -> Block:
    return replace(block, kind="paragraph", level=0, title="")
