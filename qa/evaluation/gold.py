"""What an answer must hold to be right: texts and spans that are known beforehand.

A span of a source and what is said of it are compared without markup and white space on both
sides: an answer shows a list as a list, and a table as a table, whatever marks its source has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from qa.compose.draft import Draft
from qa.evaluation.questions import Question
from qa.plain_text import visible

if TYPE_CHECKING:
    from index.search import Generation
    from qa.result import Answer

# An answer counts by what its first sentences say: a longer one must not win by saying everything.
MOST_SENTENCES = 3
MOST_CHARS = 600
# The label of a link or picture stays of it; a tag, marks of Markdown, bullets and numbers of items
# go, and so do white space and the backslash before a mark.
_LINK = re.compile(r"!?\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_MARKUP = re.compile(
    r"</?[a-zA-Z][^<>\n]*>|^\s*(?:[-+•]|\d{1,3}[.)])\s+|[*_`#|>~\\\[\]]+|:?-{3,}:?|\s+",
    re.MULTILINE,
)


def flat(text: str) -> str:
    """`text` without markup and white space."""
    return _MARKUP.sub("", _LINK.sub(r"\1", text))


def contains(text: str, golds: Iterable[str]) -> bool:
    """Whether any of `golds` stands in `text`, markup and white space aside."""
    said = flat(text)
    return any(found in said for gold in golds if (found := flat(gold)))


def counted(question: Question, parts: Sequence[str]) -> str:
    """As much of an answer as counts, of what its parts say.

    The answer to a short text ("1931") must come early. Where a question has a kind all counts, for
    a list or an overview is long; what is said first is judged by itself.
    """
    if question.kind:
        return "\n".join(parts)
    return " ".join(parts[:MOST_SENTENCES])[:MOST_CHARS]


def parts_of(question: Question, found: Answer) -> list[str]:
    """What each part of an answer says; where spans are asked for, also what it quotes."""
    if not question.kind:
        return [part.text for part in found.sentences]
    return [
        "\n".join([part.text, *(one.quote for one in found.cited_by(part))])
        for part in found.sentences
    ]


def parts_of_drafts(
    question: Question, generation: Generation, drafts: Iterable[Draft]
) -> list[str]:
    """The same of drafts, which no gate has seen."""
    if not question.kind:
        return [visible(draft.text) for draft in drafts]
    return [
        "\n".join(generation.source(at.source_id).text[at.start : at.end] for at in draft.spans)
        for draft in drafts
    ]


def is_right(question: Question, found: Answer) -> bool | None:
    """Whether an answer is as it should be: with gold, or a refusal where the library does not
    answer; None where no gold is known."""
    if not question.answerable:
        return found.abstained
    if question.answers is None:
        return None
    return contains(counted(question, parts_of(question, found)), question.answers)


def share_of_parts(question: Question, parts: Sequence[str]) -> float | None:
    """The share of what a complete answer covers that the parts hold; None where that is
    unknown."""
    if not question.parts:
        return None
    said = flat("\n".join(parts))
    return sum(flat(one) in said for one in question.parts) / len(question.parts)
