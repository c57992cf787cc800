"""The gate: no sentence without a citation, no citation that its source does not say.

It is the same for extracts and for language models. A citation is a span that we resolved; nothing
that a document or a model wrote is taken for one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from index.search import Hit
from index.tokens import words
from qa.check.by_words import Basis
from qa.check.support import support
from qa.compose.draft import Draft, Span, quotable_parts
from qa.injection import quotable
from qa.lines import item
from qa.models.entailment import Entailment
from qa.plain_text import visible, without_unseen
from qa.result import CHECKS, AnswerSentence, CheckedBy, Citation, PartKind
from qa.retrieve.evidence import Evidence, passage
from qa.traces import span
from sources.language import detect_language

# Why a sentence is left out, where there is nothing in it to mend.
SAID_AGAIN = "it says again what was said"
# What was left out: how often, by the reason and what was written.
LeftOut = Counter[tuple[str, str]]

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)


class Gate:
    """Lets sentences through one by one and numbers their citations in order of first use.

    A `model` of inference may judge what the rules of support do not let through. `check` names the
    last of the ways of checking that may let a sentence through; those before it may as well.
    What is left out is counted in `left_out`, with the reason.
    """

    def __init__(
        self,
        evidence: Evidence,
        model: Entailment | None = None,
        check: CheckedBy = CHECKS[-1],
        left_out: LeftOut | None = None,
    ) -> None:
        self._left_out = LeftOut() if left_out is None else left_out
        self._allowed = CHECKS[: CHECKS.index(check) + 1]
        self._model = model if "model" in self._allowed else None
        self._generation = evidence.generation
        self._evidence = evidence
        self._scope = set(evidence.sources) if evidence.sources is not None else None
        self._said: set[str] = set()
        self._numbers: dict[Span, int] = {}
        self.citations: list[Citation] = []

    def check(self, draft: Draft) -> AnswerSentence | None:
        """The draft as a sentence of the answer, citing what supports it; None where nothing does.

        The spans of the draft are passages that may support it. The sentences in them that do are
        cited, and the other spans are not.
        """
        with span("check") as note:
            sentence = self._checked(draft)
            note({"refdesk.checked_by": sentence.checked_by if sentence else "nothing"})
            return sentence

    def _checked(self, draft: Draft) -> AnswerSentence | None:
        text = tidy(draft.text, draft.kind)
        said = " ".join(words(text))
        if not said:
            return None
        if said in self._said:
            return self._refused(draft, SAID_AGAIN)
        if draft.refused:
            return self._refused(draft, draft.refused)
        if not draft.spans:
            return self._refused(draft, "it cites no passage that the model was given")
        quotes = {span: quote for span in draft.spans if (quote := self._quote(span))}
        language = self._generation.manifest.language
        basis = basis_of(text, draft.kind, list(quotes.values()), language, self._model)
        if not basis.parts:
            return self._refused(draft, basis.reason or self._unsupported(text))
        if basis.checked_by not in self._allowed:
            return self._refused(draft, "it is not word for word what the sources say")
        by: str = basis.checked_by
        if by == "model" and self._model is not None:
            by = f"model:{self._model.name}"
        self._said.add(said)
        spans = list(quotes)
        cited = [
            part
            for place, start, end in basis.parts
            for part in quotable_parts(
                self._evidence,
                Span(spans[place].source_id, spans[place].start + start, spans[place].start + end),
            )
        ]
        numbers = tuple(dict.fromkeys(self._cite(span) for span in cited))
        return AnswerSentence(
            text=text,
            citations=numbers,
            support=round(basis.value, 3),
            kind=draft.kind,
            checked_by=by,
            more=draft.more,
            lead=draft.lead,
        )

    def has_cited(self, spans: Iterable[Span]) -> bool:
        """Whether each of the spans stands in one that is cited."""
        return all(
            any(
                one.source_id == span.source_id and one.start <= span.start <= span.end <= one.end
                for one in self._numbers
            )
            for span in spans
        )

    def _refused(self, draft: Draft, reason: str) -> AnswerSentence | None:
        self._left_out[reason, draft.text] += 1
        return None

    def _unsupported(self, text: str) -> str:
        """Why a sentence that nothing supports is left out."""
        written, own = detect_language(text), self._generation.manifest.language
        if written is not None and own not in (None, written):
            return "it is in another language than the sources"
        return "the passages that it cites do not say it, or not so plainly"

    def _quote(self, span: Span) -> str | None:
        """What the source says at the span, orders left out; None where it is none of the scope."""
        if span.source_id not in self._generation.manifest.sources:
            return None
        if self._scope is not None and span.source_id not in self._scope:
            return None
        source = self._generation.source(span.source_id)
        if not 0 <= span.start < span.end <= len(source.text):
            return None
        return quotable(source, span.start, span.end)

    def _cite(self, span: Span) -> int:
        if span not in self._numbers:
            self._numbers[span] = len(self.citations) + 1
            source = self._generation.source(span.source_id)
            chunk = self._generation.chunk(source, span.start, span.end)
            quote = source.text[span.start : span.end]
            found = passage(self._generation, Hit(chunk, quote, self._evidence.score_of(chunk)))
            self.citations.append(Citation(number=self._numbers[span], **asdict(found)))
        return self._numbers[span]


def tidy(text: str, kind: PartKind) -> str:
    """A part of an answer without what cannot be seen, and without empty lines."""
    lines = without_unseen(text).split("\n")
    if kind != "code":  # in which spaces may matter; a list is indented
        listed = kind == "list"
        lines = ["  " * (item(one).depth if listed else 0) + visible(one) for one in lines]
    return "\n".join(line for line in lines if line.strip())


def basis_of(
    text: str,
    kind: PartKind,
    quotes: Sequence[str],
    language: str,
    model: Entailment | None = None,
) -> Basis:
    """How far quotes say a part of an answer, as `support` finds it of a sentence."""
    if kind == "list":  # a listing in it is shown without its fences
        quotes = [_FENCE.sub(_blank, quote) for quote in quotes]
    basis = support(text, quotes, language, model)
    if kind == "list" and basis.checked_by != "verbatim":  # numbers its text may not have
        unmarked = "\n".join(item(line).text for line in text.split("\n"))
        if unmarked != text:
            basis = support(unmarked, quotes, language, model)
    return basis


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
