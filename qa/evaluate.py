"""Measuring an index on questions whose answers are known: what `refdesk eval` runs.

Every question is asked of the whole library; one that the library answers is also asked with its
source out of scope, where refusing is right. A gold answer is contained where its very text is, but
for runs of white space.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.opened import Index
from index.search import Hit
from qa.errors import RefdeskError, SettingError
from qa.pipeline import answer
from qa.questions import Question, Span
from qa.result import Answer

HITS = 5
# An answer counts by what its first sentences say: a longer one must not win by saying everything.
MOST_SENTENCES = 3
MOST_CHARS = 600
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a question got: the answer, measured. `gold` is None where no gold is known."""

    generation: str
    model: str | None
    abstained: bool
    confidence: float
    text: str
    gold: bool | None
    gold_first: bool | None
    right_source: bool
    citations: int
    wrong_quotes: int
    sentences: int
    uncited: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A question and everything that was measured of it; None where the data do not allow it."""

    question: Question
    recall: float | None
    precision: float | None
    hit: bool | None
    answered: Outcome
    off_library: Outcome | None
    search_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure, and how many questions (or citations, sentences) it was taken over."""

    name: str
    value: float
    of: int

    def shown(self) -> str:
        """The value for a person: counts as they are, times in milliseconds, shares to 3 places."""
        if self.name.endswith("seconds"):
            return f"{self.value * 1000:.1f} ms"
        return str(self.value) if isinstance(self.value, int) else f"{self.value:.3f}"


def ask_all(
    index: Index,
    questions: Sequence[Question],
    max_chars: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Record]:
    """Ask every question. Raises SettingError where a question does not fit the library."""
    generation = index.generation
    relevant = [_relevant(index, question) for question in questions]
    index.search(questions[0].question)  # what loads on first use is no part of the latency
    records = []
    for done, (question, spans) in enumerate(zip(questions, relevant, strict=True)):
        if progress:
            progress(done, len(questions))
        records.append(_ask(index, question, spans, max_chars))
    if progress:
        progress(len(questions), len(questions))
    if index.generation.name != generation.name:
        raise RefdeskError("the index was rebuilt while it was measured; run `refdesk eval` again")
    return records


def measure(records: Sequence[Record]) -> list[Measure]:
    """The measures that the data allow, in a fixed order."""
    answerable = [one for one in records if one.question.answerable]
    unanswerable = [one.answered for one in records if not one.question.answerable]
    inside = [one.answered for one in answerable]
    both = [(one.answered, one.off_library) for one in answerable if one.off_library]
    off = [outcome for _, outcome in both]
    everything = [*(one.answered for one in records), *off]
    given = [one.answered for one in records if not one.answered.abstained]
    judged = [(one.confidence, bool(one.gold)) for one in given if one.gold is not None]
    refused = [one.abstained for one in inside]
    measures = [
        _mean("recall", (one.recall for one in records)),
        _mean("precision", (one.precision for one in records)),
        _mean(f"hits_in_the_{HITS}_best", (one.hit for one in answerable)),
        _mean("answers_that_contain_gold", (one.gold for one in inside)),
        _mean("gold_in_the_first_sentence", (one.gold_first for one in inside)),
        _mean("answers_with_the_right_source", (one.right_source for one in inside)),
        _total("wrong_quotes", ((one.wrong_quotes, one.citations) for one in everything)),
        _total("uncited_sentences", ((one.uncited, one.sentences) for one in everything)),
        _mean("false_refusals", refused),
        _mean("refused_when_unanswerable", (one.abstained for one in unanswerable)),
        _auroc("auroc_within_the_library", inside, unanswerable),
        _mean("refused_off_the_library", (one.abstained for one in off)),
        _auroc("auroc_off_the_library", [outcome for outcome, _ in both], off),
        _calibration("calibration_error", judged),
        *_quantiles("answer", [one.answered.seconds for one in records]),
        *_quantiles("search", [one.search_seconds for one in records]),
    ]
    return [one for one in measures if one is not None]


def write_record(path: Path, values: dict[str, Any], records: Iterable[Record]) -> None:
    """Write the measures and every record as JSON. Raises SettingError."""
    text = json.dumps(values | {"records": [asdict(record) for record in records]}, indent=1)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror}); name another file with --out"
        ) from error


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive is above a negative, ties counting half. Neither may be empty."""
    _, place, count = np.unique(
        np.concatenate([positive, negative]), return_inverse=True, return_counts=True
    )
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    above = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(above / (len(positive) * len(negative)))


def calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error: how far confidence is from the share that is right, on average
    over `BINS` bins of equal width, weighted by what is in them."""
    sure = np.asarray(confidence, dtype=np.float64)
    correct = np.asarray(right, dtype=np.float64)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = (abs(sure[place == one].sum() - correct[place == one].sum()) for one in np.unique(place))
    return float(sum(gaps) / len(sure))


def overlap(relevant: Sequence[Span], found: Sequence[Span]) -> tuple[int, int, int]:
    """The characters in both, in `relevant`, and in `found`; each character counts once."""
    size = max((end for _, end in (*relevant, *found)), default=0)
    masks: list[NDArray[np.bool_]] = []
    for spans in (relevant, found):
        mask = np.zeros(size, dtype=bool)
        for start, end in spans:
            mask[start:end] = True
        masks.append(mask)
    return int((masks[0] & masks[1]).sum()), int(masks[0].sum()), int(masks[1].sum())


def contains(text: str, answers: Iterable[str]) -> bool:
    """Whether any of the answers stands in `text`, white space aside."""
    flat = _flat(text)
    return any(_flat(gold) in flat for gold in answers)


def _relevant(index: Index, question: Question) -> tuple[Span, ...]:
    """What of its source a question is about. Raises SettingError where it does not fit it."""
    if question.source is None:
        return ()
    where = f"the question on line {question.line}"
    if question.source not in index.generation.manifest.sources:
        raise SettingError(
            f"{where} is about the source {question.source!r}, which is not in the index; run "
            f"`refdesk rebuild` on the library of the questions, or name its index with --index"
        )
    if not (question.spans or question.quote):
        return ()
    text = index.source(question.source).text
    if question.spans:
        if any(end > len(text) for _, end in question.spans):
            raise SettingError(
                f"{where} has a span behind the end of {question.source!r}, which has {len(text)} "
                f"characters; are they of another version of it?"
            )
        return question.spans
    quote = question.quote or ""
    start = text.find(quote)
    if start < 0:
        raise SettingError(
            f"{where} has a quote that is not in {question.source!r}; mend the quote, or run "
            f"`refdesk rebuild` if the source has changed"
        )
    return ((start, start + len(quote)),)


def _ask(index: Index, question: Question, relevant: Sequence[Span], max_chars: int) -> Record:
    began = time.perf_counter()
    best = index.search(question.question, k=HITS)
    search_seconds = time.perf_counter() - began
    recall = precision = None
    if relevant:
        filled = index.search(question.question, max_chars=max_chars)
        here = [(hit.chunk.start, hit.chunk.end) for hit in filled if _is_of(hit, question)]
        both, wanted, _ = overlap(relevant, here)
        recall = both / wanted
        precision = both / max(sum(len(hit.text) for hit in filled), 1)
    others = [escape(name) for name in index.generation.source_ids if name != question.source]
    off = question.answerable and question.source is not None and bool(others)
    return Record(
        question=question,
        recall=recall,
        precision=precision,
        hit=any(_is_of(hit, question) and contains(hit.text, question.answers) for hit in best)
        if question.answers
        else None,
        answered=_outcome(index, question, None),
        off_library=_outcome(index, question, others) if off else None,
        search_seconds=search_seconds,
    )


def _is_of(hit: Hit, question: Question) -> bool:
    return hit.chunk.source_id == question.source


def _outcome(index: Index, question: Question, scope: Sequence[str] | None) -> Outcome:
    began = time.perf_counter()
    found = answer(question.question, index=index, sources=scope)
    seconds = time.perf_counter() - began
    said = [sentence.text for sentence in found.sentences]
    counted = " ".join(said[:MOST_SENTENCES])[:MOST_CHARS]
    gold = question.answers
    return Outcome(
        generation=found.generation,
        model=found.model,
        abstained=found.abstained,
        confidence=found.confidence,
        text=" ".join(said),
        gold=None if gold is None else contains(counted, gold),
        gold_first=None if gold is None else contains(" ".join(said[:1])[:MOST_CHARS], gold),
        right_source=any(one.source_id == question.source for one in found.citations),
        citations=len(found.citations),
        wrong_quotes=_wrong_quotes(index, found),
        sentences=len(said),
        uncited=sum(not sentence.citations for sentence in found.sentences),
        seconds=seconds,
    )


def _wrong_quotes(index: Index, found: Answer) -> int:
    """How many citations do not quote what their source says at their offsets."""
    return sum(
        index.source(one.source_id).text[one.start : one.end] != one.quote
        for one in found.citations
    )


def _flat(text: str) -> str:
    return " ".join(text.split())


def _mean(name: str, values: Iterable[float | None]) -> Measure | None:
    known = [value for value in values if value is not None]
    return Measure(name=name, value=float(np.mean(known)), of=len(known)) if known else None


def _total(name: str, values: Iterable[tuple[int, int]]) -> Measure:
    faults, counts = zip(*values, strict=True)
    return Measure(name=name, value=sum(faults), of=sum(counts))


def _auroc(name: str, high: Sequence[Outcome], low: Sequence[Outcome]) -> Measure | None:
    if not (high and low):
        return None
    value = auroc([one.confidence for one in high], [one.confidence for one in low])
    return Measure(name=name, value=value, of=len(high) + len(low))


def _calibration(name: str, judged: Sequence[tuple[float, bool]]) -> Measure | None:
    if not judged:
        return None
    confidence, right = zip(*judged, strict=True)
    return Measure(name=name, value=calibration_error(confidence, right), of=len(judged))


def _quantiles(name: str, seconds: Sequence[float]) -> list[Measure]:
    return [
        Measure(
            name=f"{name}_{label}_seconds", value=float(np.quantile(seconds, at)), of=len(seconds)
        )
        for label, at in (("median", 0.5), ("p95", 0.95))
    ]
