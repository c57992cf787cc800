"""Whether the sentences of an exported answer are what their quotes say.

Whoever alters a sentence after the export leaves its citations as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from index.tokens import words
from qa.check.gate import basis_of, tidy
from qa.marked_up import as_markdown, as_quote
from qa.models.entailment import load_judge
from qa.result import AnswerSentence, Citation, Related
from qa.retrieve.asked import asks_for_list

# Characters of a sentence and its quotes; to judge longer ones takes their square.
_LONGEST = 20_000
SentenceStatus = Literal["said", "altered", "unjudged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceCheck:
    """Whether a sentence is what its quotes say, as the file has both.

    `status` is "said"; "altered" where they do not say it, as the gate would judge; "unjudged"
    where the rules alone do not tell, the file says that a model found it, and none says so here,
    or where it is too long to be judged and not word for word what its quotes are.
    `citations` are the numbers that it cites.
    """

    text: str
    citations: tuple[int, ...]
    status: SentenceStatus


def check_sentences(
    answer: Mapping[str, Any],
    citations: Sequence[Citation],
    language: str,
    support_model: str | None,
) -> tuple[SentenceCheck, ...]:
    """The sentences of an answer, and what it tells beside one, each against what it cites.

    `support_model` is what REFDESK_SUPPORT_MODEL names. Raises KeyError, TypeError, ValueError for
    what is no answer.
    """
    of_number = {one.number: one for one in citations}
    found = [
        _checked(said, [of_number[number] for number in said.citations], language, support_model)
        for said in _sentences(answer)
    ]
    found += [_checked(said, said.citations, language, support_model) for said in _related(answer)]
    return tuple(found)


def text_fits(answer: Mapping[str, Any], citations: Sequence[Citation]) -> bool:
    """Whether the text that people read is made of these sentences; what only sets it out, as
    white space and marks of Markdown, may be of another version."""
    text = answer.get("text")
    if text is None:  # no part of what was exported
        return True
    sentences, related = _sentences(answer), _related(answer)
    if sentences:
        listed = asks_for_list(str(answer.get("condensed") or answer["question"]))
        made = as_markdown(sentences, citations, listed, answer.get("model"))
        return words(text) == words(made)
    told = words("\n".join(map(as_quote, related)))
    # Before what is related stands that it is no answer, in one line of ours.
    return not citations and (not told or words(text)[-len(told) :] == told)


def _checked(
    said: AnswerSentence | Related,
    cited: Sequence[Citation],
    language: str,
    support_model: str | None,
) -> SentenceCheck:
    quotes = [one.quote for one in cited]
    status: SentenceStatus = "altered"
    if len(said.text) + sum(map(len, quotes)) > _LONGEST:
        status = "said" if words(said.text) == words("\n".join(quotes)) else "unjudged"
    elif cited and said.text == tidy(said.text, said.kind):
        by = getattr(said, "checked_by", "")
        if basis_of(said.text, said.kind, quotes, language).parts:
            status = "said"
        elif by.startswith("model"):
            judge = load_judge(support_model)
            judged = judge and basis_of(said.text, said.kind, quotes, language, judge).parts
            status = "said" if judged else "unjudged"
    return SentenceCheck(
        text=said.text, citations=tuple(one.number for one in cited), status=status
    )


def _sentences(answer: Mapping[str, Any]) -> list[AnswerSentence]:
    listed = answer.get("sentences") or ()
    return [
        AnswerSentence(**_said(one), citations=tuple(one["citations"]), checked_by=_by(one))
        for one in listed
    ]


def _related(answer: Mapping[str, Any]) -> list[Related]:
    return [
        Related(**_said(one), citations=tuple(map(citation_of, one["citations"])))
        for one in answer.get("related") or ()
    ]


def _by(fields: Mapping[str, Any]) -> str:
    return str(fields.get("checked_by") or "")


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that both have, of which older files lack some."""
    told = {"support": 0.0, "kind": fields.get("kind") or "sentence"}
    counts = {name: fields.get(name) or 0 for name in ("more", "lead")}
    if not isinstance(fields["text"], str) or any(type(n) is not int for n in counts.values()):
        raise TypeError
    return {"text": fields["text"]} | told | counts


def citation_of(fields: Mapping[str, Any]) -> Citation:
    """A citation as a file has it: what tells of its source may lack there."""
    known: dict[str, Any] = {name: fields.get(name) for name in Citation.__dataclass_fields__}
    return Citation(**known | {"standing": str(known["standing"] or "")})
