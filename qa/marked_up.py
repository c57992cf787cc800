"""The parts of an answer as Markdown, each with the numbers of what it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.lines import cells, item, parted
from qa.parts import is_block, is_list, paragraphs
from qa.plain_text import escape
from qa.result import AnswerSentence, Citation, Related, state_voice


def as_markdown(
    sentences: Sequence[AnswerSentence],
    citations: Sequence[Citation],
    listed: bool,
    model: str | None,
) -> str:
    """The sentences as Markdown, one a line where they are `listed`."""
    if listed and sentences[1:] and not any(map(is_block, sentences)):
        return _joined(sentences, citations, as_list=True)
    return "\n\n".join(
        _joined(together, citations, as_list=is_list(together, model))
        for together in paragraphs(sentences, citations, model)
    )


def _joined(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], *, as_list: bool
) -> str:
    said = [_cited(sentence, citations) for sentence in sentences]
    return "\n".join(f"- {one}" for one in said) if as_list else " ".join(said)


def _cited(sentence: AnswerSentence, citations: Sequence[Citation]) -> str:
    return _part(sentence, [citations[number - 1] for number in sentence.citations])


def as_quote(part: Related) -> str:
    """Something related as a Markdown quote."""
    return "\n".join(f"> {line}".rstrip() for line in _part(part, part.citations).split("\n"))


def _part(sentence: AnswerSentence | Related, cited: Sequence[Citation]) -> str:
    """A sentence, list, table or listing as Markdown, its markers last."""
    voice = state_voice(sentence.text, cited)
    marks = (f"({escape(voice)}) " if voice else "") + "".join(f"[{one.number}]" for one in cited)
    lines = parted(sentence)
    lead = "".join(f"{escape(line)}\n\n" for line in lines.lead)
    if sentence.kind == "code":
        code = "\n".join(lines.shown)
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
        return f"{lead}{fence}\n{code}\n{fence}\n{marks}"
    if sentence.kind == "table" and lines.shown:
        return lead + "\n".join(_table(lines.header, lines.shown)) + f"\n\n{marks}"
    if sentence.kind == "list" and "\n" in sentence.text:
        shown = list(map(_item, lines.shown))
        shown += [f"- and {sentence.more} more"] if sentence.more else []
        return lead + "\n".join(shown) + f" {marks}"
    return f"{escape(' '.join(sentence.text.split()))} {marks}"


def _item(line: str) -> str:
    """A line of a list as one of a list in Markdown; its number stays."""
    one = item(line)
    indent = "   " * one.depth  # as far as the text after "1. "
    if not one.marker:
        return f"{indent}{'' if one.depth else '- '}{escape(one.text)}"
    if one.number.rstrip(".)").isdigit():
        return f"{indent}{one.number} {escape(one.text)}"
    return f"{indent}- {escape(f'{one.number} {one.text}'.strip())}"


def _table(header: Sequence[str], rows: Sequence[str]) -> Iterator[str]:
    """The lines of a table in Markdown, which has no table without a header."""
    table = [[escape(cell) for cell in cells(row)] for row in (*header, *rows)]
    width = max(map(len, table))
    if not header:
        table.insert(0, [""] * width)
    for place, row in enumerate(table):
        yield f"| {' | '.join([*row, *[''] * (width - len(row))])} |"
        if not place:
            yield "|" + " --- |" * width
