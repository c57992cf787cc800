"""The gate: no sentence without a citation, no citation that its source does not say.

It is the same for extracts and for language models. A citation is a span that we resolved; nothing
that a document or a model wrote is taken for one.
"""

from __future__ import annotations

import re
from dataclasses import asdict

from index.search import Generation, Hit
from index.tokens import terms, words
from qa.evidence import Evidence, passage
from qa.extract import Draft, Span, plain
from qa.result import AnswerSentence, Citation

# The least share of a sentence's rarity-weighted content terms that its quotes must hold.
LEAST_SUPPORT = 0.6

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|\w+n['’]t|denie[sd]|refuse[sd]?|reject(?:s|ed)?"
    r"|fail(?:s|ed)?)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# A name: a capitalised word that does not open the sentence.
_NAME = re.compile(r"(?<!^)(?<![.!?]\s)\b[A-Z][\w’'-]*[\w]")


class Gate:
    """Lets sentences through one by one and numbers their citations in order of first use."""

    def __init__(self, evidence: Evidence) -> None:
        self._generation = evidence.generation
        self._evidence = evidence
        self._scope = set(evidence.sources) if evidence.sources is not None else None
        self._said: set[str] = set()
        self._numbers: dict[Span, int] = {}
        self.citations: list[Citation] = []

    def check(self, draft: Draft) -> AnswerSentence | None:
        """The draft as a sentence of the answer; None where a check fails."""
        text = " ".join(draft.text.split())
        said = " ".join(words(text))
        if not said or said in self._said:
            return None
        quotes = {span: quote for span in draft.spans if (quote := self._quote(span))}
        if not quotes:
            return None
        measured = support(text, " ".join(plain(quote) for quote in quotes.values()), self._generation)
        if measured < LEAST_SUPPORT:
            return None
        self._said.add(said)
        numbers = tuple(dict.fromkeys(self._cite(span, quote) for span, quote in quotes.items()))
        return AnswerSentence(text=text, citations=numbers, support=round(measured, 3))

    def _quote(self, span: Span) -> str | None:
        """What the source says at the span; None where it is not a span of the scope."""
        if span.source_id not in self._generation.manifest.sources:
            return None
        if self._scope is not None and span.source_id not in self._scope:
            return None
        text = self._generation.source(span.source_id).text
        if not 0 <= span.start < span.end <= len(text):
            return None
        return text[span.start : span.end]

    def _cite(self, span: Span, quote: str) -> int:
        if span not in self._numbers:
            self._numbers[span] = len(self.citations) + 1
            source = self._generation.source(span.source_id)
            chunk = self._generation.chunk(source, span.start, span.end)
            found = passage(self._generation, Hit(chunk, quote, self._evidence.score_of(chunk)))
            self.citations.append(Citation(number=self._numbers[span], **asdict(found)))
        return self._numbers[span]


def support(sentence: str, quote: str, generation: Generation) -> float:
    """How far `quote` says what `sentence` says, 0 to 1.

    The share of the sentence's content terms that the quote holds, each weighted by its rarity in
    the library; 0 where the sentence has a number or a name that the quote has not, or denies what
    the quote affirms (or the reverse). A sentence that the quote holds word for word is at 1.
    """
    said = words(sentence)
    quoted = words(quote)
    if said and f" {' '.join(said)} " in f" {' '.join(quoted)} ":
        return 1.0
    language = generation.manifest.language
    held = set(terms(quote, language)) | set(quoted)
    if any(number.replace(",", "") not in held for number in _NUMBER.findall(sentence)):
        return 0.0
    for name in _NAME.findall(sentence):
        if not held.issuperset(terms(name, language)):
            return 0.0
    if bool(_NEGATION.search(sentence)) != bool(_NEGATION.search(quote)):
        return 0.0
    asked = dict.fromkeys(terms(sentence, language))
    total = sum(generation.idf(term) for term in asked)
    return sum(generation.idf(term) for term in asked if term in held) / total if total else 0.0
