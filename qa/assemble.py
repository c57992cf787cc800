"""Answers put together: of the drafts that pass the gate, or an abstention with what came near."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qa.check.gate import Gate
from qa.compose.draft import Draft
from qa.compose.generate import MOST_SENTENCES
from qa.conflicts.contradictions import Contradictions
from qa.models.entailment import EntailmentModel
from qa.plain_text import escape
from qa.result import Answer, AnswerSentence, Citation, state_voice
from qa.retrieve.asked import asks_for_list
from qa.retrieve.evidence import Evidence

ABSTENTION = "The sources do not answer this."
NEAREST = 3


def checked(
    evidence: Evidence,
    drafts: Iterable[Draft],
    *,
    model: str | None = None,
    notice: str | None = None,
    judge: EntailmentModel | None = None,
) -> Iterator[Answer]:
    """An answer after each draft that passes the gate, longer than the one before; none where none
    does. `model` wrote the drafts, None for extracts."""
    gate = Gate(evidence, judge)
    contradictions = Contradictions(evidence)
    sentences: list[AnswerSentence] = []
    for draft in drafts:
        sentence = gate.check(draft)
        if sentence is None:
            continue
        sentences.append(sentence)
        yield Answer(
            question=evidence.asked or evidence.question,
            text=_markdown(sentences, gate.citations, asks_for_list(evidence.question)),
            sentences=tuple(sentences),
            citations=tuple(gate.citations),
            confidence=evidence.confidence,
            abstained=False,
            nearest=(),
            model=model,
            generation=evidence.generation.name,
            condensed=evidence.question,
            notice=notice,
            sources=evidence.sources,
            conflicts=contradictions.of(gate.citations),
        )
        if len(sentences) == MOST_SENTENCES:
            return


def abstention(evidence: Evidence, model: str | None = None, notice: str | None = None) -> Answer:
    """The answer that the sources hold none, with the nearest passages."""
    return Answer(
        question=evidence.asked or evidence.question,
        text=ABSTENTION,
        sentences=(),
        citations=(),
        confidence=evidence.confidence,
        abstained=True,
        nearest=evidence.passages(NEAREST),
        model=model,
        generation=evidence.generation.name,
        condensed=evidence.question,
        notice=notice,
        sources=evidence.sources,
    )


def _markdown(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], listed: bool
) -> str:
    lines = []
    for sentence in sentences:
        voice = state_voice(sentence, [citations[number - 1] for number in sentence.citations])
        said = sentence.text + (f" ({voice})" if voice else "")
        lines.append(escape(said) + " " + "".join(f"[{number}]" for number in sentence.citations))
    return "\n".join(f"- {line}" for line in lines) if listed and lines[1:] else " ".join(lines)
