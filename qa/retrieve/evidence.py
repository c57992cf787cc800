"""What was found for a question, and how sure it is that the answer is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from index.chunking import Chunk
from index.search import Generation, Hit, Ranking
from qa.injection import quotable_spans, without_instructions
from qa.models.cross_encoder import Reranker
from qa.result import Passage
from qa.retrieve.agreement import LEAST, LEAST_HELD, agreement
from qa.retrieve.asked import split_question
from qa.retrieve.candidates import Candidate, find_candidates, ranked
from qa.retrieve.confidence import answer_confidence, answer_features, answer_weights, off_topic
from qa.retrieve.features import (
    CANDIDATES,
    STRETCH_FEATURES,
    Asked,
    Floats,
    question_features,
    sentence_features,
    shipped_weights,
    softmax,
    states_quantity,
)
from qa.retrieve.prices import asks_price, states_price
from qa.retrieve.timeliness import rank_in_time

# What a name or number that stands nowhere in the library takes from the log-odds of an answer: a
# question with one is four times as likely to be one of those without an answer. There are too few
# of them in the development data (0.3 and 1.0 percent of its questions) for a fitted weight.
_UNKNOWN = np.log(4)
# What it takes that no word of the question stands in the three likeliest stretches, nor above
# them: of 537 answerable natural questions it is so with none, of 20 off the topic with five. What
# was read is not doubted for it: who asks in other words shares none with what answers.
_NO_WORD = np.log(16)
_COVERAGE = STRETCH_FEATURES.index("coverage")
# What it takes that none of the three likeliest sentences states a quantity, where one is asked
# for. So it is with 2 of the 144 questions for a number in squad, in the starter library and in the
# invented one that have no answer, and with none of the 200 that have one.
_NO_NUMBER = np.log(16)
# What it takes that a price is asked for, and no sentence of so many of the likeliest stretches
# tells one of what the question names. In the natural libraries, the invented one, squad it is so
# with 14 of 16 questions for a price that have no answer, and with none of seven that have one.
_NO_PRICE, _PRICED = np.log(16), 8
# Passages that stand in for others which are orders throughout.
_SPARE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The best sentences for a question, from one generation, best first.

    `rows` are their rows in the generation, `shares` (summing to 1) how likely each is to be the
    one that answers, and `confidence` (0 to 1) that an answer made of them is right. `threshold`
    is None for the shipped.
    `calibrated` is False where no confidence was fitted to the embedding model: then the ranks of
    meaning and words decide. `shipped_confidence` is that before the calibration of the library,
    None where it has none.
    `log_odds` are those that one of the sentences answers, `doubt` what being off the topic, and
    names and numbers that are lacking, take from those of an answer; `read` says that a model has
    read the stretches. `lost` is what the stretches of a source lose by its time, where the
    question asks for one. `candidates` are the stretches that may answer, likeliest first,
    `chances` (summing to 1) how likely each does. `parts` holds what was found for each part of a
    question that has several, `unmet` the names for which it is not answered, `asked` the question
    as the person put it, where it is not the `question` that was searched for. `small_talk` names
    the kind of talk that is no question to the sources. `history` holds the turns before it.
    """

    question: str
    generation: Generation
    ranking: Ranking
    rows: tuple[int, ...]
    shares: Floats
    confidence: float
    sources: tuple[str, ...] | None = None
    threshold: float | None = None
    shipped_confidence: float | None = None
    parts: tuple[Evidence, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    chances: tuple[float, ...] = ()
    asked: str = ""
    unmet: tuple[str, ...] = ()
    small_talk: str | None = None
    log_odds: float = 0.0
    doubt: float = 0.0
    lost: Mapping[str, float] = field(default_factory=dict)
    read: bool = False
    calibrated: bool = True
    history: tuple[tuple[str, str], ...] = ()

    @property
    def least(self) -> float:
        """The confidence under which Refdesk abstains."""
        return answer_weights(self.read).threshold if self.threshold is None else self.threshold

    @property
    def answerable(self) -> bool:
        """Whether the confidence is not below that threshold; where it is not calibrated, whether
        the ranks tell that the question is answered."""
        if not self.calibrated:
            return _by_rank(self) or (bool(self.parts) and all(map(_by_rank, self.parts)))
        return self.confidence >= self.least

    def score_of(self, chunk: Chunk) -> float:
        """The best score of a ranked sentence that lies in `chunk`."""
        inside = self.ranking.scores[self.generation.stand_in(chunk, self.ranking.rows)]
        return float(inside.max() if len(inside) else self.ranking.scores[-1])

    def passages(self, count: int = 3) -> tuple[Passage, ...]:
        """The nearest passages, best first, without what gives orders to a model."""
        hits = self.hits(count + _SPARE)
        shown = quotable_hits(self.generation, hits)
        return tuple(passage(self.generation, hit) for hit in shown[:count])

    def hits(self, count: int) -> list[Hit]:
        """The passages that a language model is shown, best first: where a model has read the
        stretches, in their order."""
        before: dict[int, float] = {}
        if self.read and len(self.ranking.scores):
            best = float(self.ranking.scores[0])
            for one, chance in zip(self.candidates, self.chances, strict=True):
                before.setdefault(one.best, best + chance)
        return self.generation.passages(self.ranking, count, before)


def _by_rank(evidence: Evidence) -> bool:
    held = [one.features[_COVERAGE] for one in evidence.candidates[:3]]
    return agreement(evidence.ranking) >= LEAST and max(held, default=0.0) >= LEAST_HELD


def gather(
    generation: Generation,
    question: str,
    sources: Iterable[str] | None = None,
    reranker: Reranker | None = None,
) -> Evidence:
    """Find what may answer `question`, and decide how likely it does.

    A `reranker` orders the sentences, and is believed twice as much as what is measured of them;
    how sure it is that the answer is there stays with what is measured, on which that was fitted.

    A question of several parts is as likely answered as its least likely part, where that is more
    than the whole: each part has its own best sentence. Raises QueryError, ScopeError.
    """
    scope = generation.in_scope(sources)
    find = partial(_gather, generation, scope=scope, reranker=reranker)
    whole = find(question)
    parts = tuple(find(part) for part in split_question(question))
    if not (parts and whole.rows):
        return whole
    return with_parts(whole, parts)


def with_parts(whole: Evidence, parts: tuple[Evidence, ...]) -> Evidence:
    """The whole with its parts: as likely answered as the least likely of them, if that is more."""
    least = min(part.confidence for part in parts)
    return replace(whole, parts=parts, confidence=max(whole.confidence, least))


def _gather(
    generation: Generation,
    question: str,
    scope: tuple[str, ...] | None,
    reranker: Reranker | None,
) -> Evidence:
    words, ranking, lost = rank_in_time(generation, question, scope)
    nothing = _only_ranked(generation, question, ranking, scope)
    if not len(ranking.rows):
        return nothing
    asked = Asked.parse(words, generation, ranking)
    measured = sentence_features(generation, asked, ranking)
    weights = shipped_weights()
    scores = measured @ weights.rank + lost
    if reranker:
        texts = [generation.unit_text(row) for row in ranking.rows[:CANDIDATES].tolist()]
        judged = reranker.scores(words, texts)
        scores += 2 * scores.std() * (judged - judged.mean()) / max(float(judged.std()), 1e-9)
    order = np.argsort(-scores, kind="stable")
    features = question_features(measured, asked, weights.rank)
    logit = weights.confidence.log_odds(features)
    doubt = _UNKNOWN * asked.unknown + off_topic(logit)
    likeliest = [generation.unit_text(row) for row in ranking.rows[order[:3]].tolist()]
    if asked.kind == "number" and not any(states_quantity(asked, text) for text in likeliest):
        doubt += _NO_NUMBER
    rows = tuple(int(row) for row in ranking.rows[:CANDIDATES][order])
    shares = softmax(scores[order])
    found = find_candidates(
        generation, question, ranking, dict(zip(rows, shares.tolist(), strict=True))
    )
    of_source: dict[str, float] = {}
    if lost.any():
        for row, value in zip(ranking.rows[:CANDIDATES].tolist(), lost.tolist(), strict=True):
            name = generation.unit_source(row)
            of_source[name] = max(value, of_source.get(name, value))
    plain = answer_weights(read=False)
    if not found:
        return replace(nothing, rows=rows, shares=shares)
    values = np.array([one.features for one in found])
    best, chances = ranked(found, values @ plain.stretches, of_source)
    priced = [found[place] for place in best[:_PRICED]]
    if asks_price(question) and not states_price(generation, question, priced):
        doubt += _NO_PRICE
    unlike = ranking.query_terms and not values[best[:3], _COVERAGE].any()
    answer = answer_features(question, float(logit), values[best], chances)
    return replace(
        nothing,
        rows=rows,
        shares=shares,
        candidates=tuple(found[place] for place in best),
        chances=tuple(chances.tolist()),
        confidence=answer_confidence(answer, plain, doubt + (_NO_WORD if unlike else 0)),
        log_odds=float(logit),
        doubt=float(doubt),
        lost=of_source,
    )


def gather_near(
    generation: Generation, text: str, sources: Iterable[str] | None = None
) -> Evidence:
    """As `gather`, for who looks at the passages near to a text and asks for no answer in them:
    nothing is measured of their sentences. Raises QueryError, ScopeError."""
    scope = generation.in_scope(sources)
    _, ranking, _ = rank_in_time(generation, text, scope)
    return _only_ranked(generation, text, ranking, scope)


def _only_ranked(
    generation: Generation, question: str, ranking: Ranking, scope: tuple[str, ...] | None
) -> Evidence:
    return Evidence(
        question=question,
        generation=generation,
        ranking=ranking,
        rows=(),
        shares=np.zeros(0),
        confidence=0.0,
        sources=scope,
    )


def quotable_hits(generation: Generation, hits: Iterable[Hit]) -> list[Hit]:
    """The hits without orders to a model and what no reader sees: of each its longest part."""
    found = []
    for hit in hits:
        source = generation.source(hit.chunk.source_id)
        spans = quotable_spans(source, hit.chunk.start, hit.chunk.end)
        if spans:
            start, end = max(spans, key=lambda span: span[1] - span[0])
            quote = source.text[start:end]
            found.append(Hit(generation.chunk(source, start, end), quote, hit.score))
    return found


def passage(generation: Generation, hit: Hit) -> Passage:
    """A hit with what a reader needs to judge it; a title that gives orders is not shown."""
    source = generation.source(hit.chunk.source_id)
    sure = source.ocr_sure_of(hit.chunk.start, hit.chunk.end)
    return Passage(
        source_id=source.id,
        title=source.title if _is_clean(source.title) else source.id,
        publisher=source.publisher if _is_clean(source.publisher) else None,
        url=source.url,
        published=source.published,
        standing=source.standing,
        page=hit.chunk.page,
        heading=hit.chunk.heading if _is_clean(hit.chunk.heading) else None,
        start=hit.chunk.start,
        end=hit.chunk.end,
        quote=hit.text,
        sha256=source.sha256,
        score=hit.score,
        ocr_sure=None if sure is None else round(sure, 3),
    )


def _is_clean(line: str | None) -> bool:
    """Whether what is said of a source gives no orders to a model."""
    return line is None or without_instructions(line, 0, len(line)) == line
