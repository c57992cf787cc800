"""What a language model makes of the evidence: its sentences, checked, mended where they fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from qa.assemble import checked
from qa.check.gate import LeftOut
from qa.compose.draft import Draft
from qa.compose.generate import PASSAGES, generate
from qa.compose.mend import Refused, mend
from qa.models.chat import is_too_long
from qa.models.entailment import Entailment
from qa.result import Answer, CheckedBy
from qa.retrieve.evidence import Evidence
from qa.token_counts import Tokens, counting, total

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

# How many passages a model is shown; fewer where it says that these are too long for it.
_PASSAGES = (PASSAGES, 3, 1)


def why_extracts(left_out: LeftOut) -> str:
    """What to say of a model of which nothing is shown, though it did not fail."""
    if not left_out:  # nothing but thoughts, or a call of a tool
        return "The language model wrote no answer; these are extracts from the sources."
    return (
        "Nothing that the language model wrote was supported by the sources; "
        "these are extracts from them."
    )


def with_tokens(answers: Iterator[Answer]) -> Iterator[Answer]:
    """The answers with what models read and wrote for them; the last is told all of it."""
    heard: list[Tokens] = []
    last = None
    for answer in counting(answers, heard):
        yield (last := replace(answer, tokens=total(heard)))
    if last is not None and last.tokens != total(heard):
        yield replace(last, tokens=total(heard))


def written(
    evidence: Evidence,
    model: BaseChatModel,
    timeout: float,
    *,
    name: str | None,
    judge: Entailment | None,
    check: CheckedBy,
    left_out: LeftOut,
) -> Iterator[Answer]:
    """Answers made of what the model writes, each longer than the last; none where nothing passes.

    What fails the check is sent back to the model once, within the time that it has for an answer,
    twice `timeout` seconds. Raises NotInSources, and what the model raises.
    """
    end = monotonic() + 2 * timeout
    notice = None

    def again(refused: Sequence[Refused]) -> Mapping[int, Draft]:
        left = min(timeout, end - monotonic())
        return mend(evidence, refused, model, left) if left > 0 else {}

    for passages in _PASSAGES:
        wrote = False
        try:
            drafts = generate(evidence, model, timeout, passages)
            for answer in checked(
                evidence,
                drafts,
                model=name,
                notice=notice,
                judge=judge,
                check=check,
                left_out=left_out,
                mend=again,
            ):
                wrote = True
                yield answer
        except Exception as error:  # a server's fault of any kind
            if wrote or not is_too_long(error) or passages == _PASSAGES[-1]:
                raise
            notice = "The language model read fewer passages: more are too long for it."
            continue
        return
