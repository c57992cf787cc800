"""What is measured of a sentence that may answer a question, and the weights it is measured with.

`weights.json` holds what was fitted and on what; `python tests/benchmarks/fit.py` makes it anew.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from index.search import Generation, Ranking
from index.tokens import terms, words

Floats = NDArray[np.float64]

# How many of the best sentences are looked at more closely.
CANDIDATES = 24

SENTENCE_FEATURES = (
    "similarity",
    "window_similarity",
    "lexical",
    "window_lexical",
    "coverage",
    "coverage_in_context",
    "rarest_missing",
    "pairs",
    "wanted",
    "wanted_missing",
    "length",
    "novelty",
    "pronoun",
    "wanted_date",
    "wanted_number",
    "wanted_person",
    "wanted_place",
    "question",
)
QUESTION_FEATURES = (
    *SENTENCE_FEATURES[:11],
    "best",
    "margin",
    "probability",
    "entropy",
    "top_similarity",
    "top_window_similarity",
    "top_coverage",
    "top_coverage_in_context",
    "top_score",
    "query_terms",
    "mean_coverage",
    "same_source",
    "mean_similarity",
)

_DATE = re.compile(
    r"\b(1\d{3}|20\d{2}|[3-9]\d{2})s?\b|\b(January|February|March|April|May|June|July|August"
    r"|September|October|November|December|centur(?:y|ies)|decades?|BCE?|AD|days?|years?)\b"
    r"|\b\d{1,2}(?:st|nd|rd|th)\b"
)
_NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen twenty thirty forty "
    "fifty hundred hundreds thousand thousands million millions billion billions trillion dozen "
    "dozens half third quarter percent twice single".split()  # noqa: SIM905  reads better
)
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+")
_REASON = re.compile(
    r"because|due to|since|as a result|caused|in order to|so that|therefore|reason|led to"
)
_PRONOUN = re.compile(r"(He|She|It|They|This|These|Those|That|His|Her|Their|Its)\b")
# What a question asks for, by its English question words; other questions ask for nothing special.
_WANTED = (
    (
        "date",
        r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|century|decade|month|day|time|era|period)"
        r"\b|how long ago",
    ),
    (
        "number",
        r"\bhow (?:many|much|long|old|far|tall|large|big|often|high|fast|deep|wide|few)\b|\bwhat "
        r"(?:\w+ )?(?:percent|percentage|number|amount|proportion|fraction|share|population|size"
        r"|distance|price|cost|rate|temperature|age)",
    ),
    (
        "person",
        r"\b(?:who|whom|whose)\b|\b(?:which|what) (?:person|king|president|leader|author|scientist"
        r"|actor|artist|man|woman|minister|official)|what .{0,40}\bname",
    ),
    (
        "place",
        r"\bwhere\b|\b(?:what|which) (?:country|city|state|region|place|nation|continent|river"
        r"|town|area|location|county|province)",
    ),
    ("reason", r"\bwhy\b|\bwhat (?:caused|reasons?|causes)|\bhow come"),
)
_WANTED_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _WANTED)


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the features: `rank` orders sentences, `confidence` is a logistic regression."""

    rank: Floats
    confidence: Floats
    intercept: float
    threshold: float


@cache
def shipped_weights() -> Weights:
    """The weights that come with Refdesk."""
    stored = json.loads(files("qa").joinpath("weights.json").read_text(encoding="utf-8"))
    return Weights(
        rank=np.array([stored["rank"][name] for name in SENTENCE_FEATURES]),
        confidence=np.array([stored["confidence"][name] for name in QUESTION_FEATURES]),
        intercept=float(stored["intercept"]),
        threshold=float(stored["threshold"]),
    )


def wanted_kind(question: str) -> str:
    """What a question asks for: date, number, person, place, reason, or other."""
    lowered = question.lower()
    for kind, pattern in _WANTED_PATTERNS:
        if pattern.search(lowered):
            return kind
    return "other"


def sentence_features(generation: Generation, question: str, ranking: Ranking) -> Floats:
    """The features of the best sentences of a ranking, shape (sentences, SENTENCE_FEATURES)."""
    rows = ranking.rows[:CANDIDATES].tolist()
    asked = ranking.query_terms
    idf = {term: generation.idf(term) for term in asked}
    total = sum(idf.values()) or 1.0
    rarest = max(idf.values(), default=1.0) or 1.0
    pairs = list(zip(asked, asked[1:], strict=False))
    question_words = set(words(question))
    kind = wanted_kind(question)
    measured = np.zeros((len(rows), len(SENTENCE_FEATURES)))
    for place, row in enumerate(rows):
        source, start, end = generation.unit(row)
        text = source.text[start:end]
        found = terms(text, generation.manifest.language)
        here = set(found)
        before = generation.neighbour(row, -1)
        context = here | set(terms(f"{source.title} {source.heading_at(start) or ''}"))
        if before is not None:
            context |= set(terms(generation.unit_text(before), generation.manifest.language))
        wanted = _holds_wanted(kind, text, question, question_words)
        measured[place] = (
            ranking.similarity[place],
            ranking.window_similarity[place],
            ranking.lexical[place],
            ranking.window_lexical[place],
            sum(idf[term] for term in asked if term in here) / total,
            sum(idf[term] for term in asked if term in context) / total,
            max((idf[term] for term in asked if term not in context), default=0.0) / rarest,
            _near_pairs(pairs, found) / max(len(pairs), 1),
            wanted,
            kind != "other" and not wanted,
            np.log(len(text)),
            min(len(here.difference(asked)), 20) / 20,
            bool(_PRONOUN.match(text)),
            wanted and kind == "date",
            wanted and kind == "number",
            wanted and kind == "person",
            wanted and kind == "place",
            text.endswith("?"),
        )
    return measured


def question_features(measured: Floats, ranking: Ranking, rank: Floats) -> Floats:
    """The features of a question and what was found for it, shape (QUESTION_FEATURES,).

    `measured` is what `sentence_features` gave, of at least one sentence.
    """
    scores = measured @ rank
    order = np.argsort(-scores, kind="stable")
    best = measured[order[0]]
    top = measured[order[:3]]
    probability = softmax(scores)
    column = SENTENCE_FEATURES.index
    return np.array(
        [
            *best[:11],
            scores[order[0]],
            scores[order[0]] - scores[order[1]] if len(order) > 1 else 0.0,
            probability.max(),
            -float(probability @ np.log(probability + 1e-9)),
            measured[:, column("similarity")].max(),
            measured[:, column("window_similarity")].max(),
            measured[:, column("coverage")].max(),
            measured[:, column("coverage_in_context")].max(),
            ranking.scores[: len(measured)].max(),
            min(len(ranking.query_terms), 20),
            top[:, column("coverage")].mean(),
            _agreement(ranking, order),
            top[:, column("similarity")].mean(),
        ]
    )


def softmax(scores: Floats) -> Floats:
    """The share of each score, summing to 1."""
    shares = np.exp(scores - scores.max())
    return shares / shares.sum()  # type: ignore[no-any-return]


def _agreement(ranking: Ranking, order: NDArray[np.int64]) -> float:
    """How many of the eight best sentences come from the source of the best one."""
    sources = ranking.sources[order[:8]]
    return float(np.mean(sources == sources[0]))


def _holds_wanted(kind: str, text: str, question: str, question_words: set[str]) -> bool:
    if kind == "date":
        asked = question.lower()
        return any(match.group().lower() not in asked for match in _DATE.finditer(text))
    if kind == "number":
        return any(
            (word[0].isdigit() or word in _NUMBER_WORDS) and word not in question_words
            for word in words(text)
        )
    if kind in ("person", "place"):
        return any(name.lower() not in question_words for name in _NAME.findall(text))
    return kind == "reason" and bool(_REASON.search(text))


def _near_pairs(pairs: list[tuple[str, str]], found: list[str]) -> int:
    """How many neighbouring terms of the question stand within two words of each other."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(found):
        places.setdefault(term, []).append(place)
    return sum(
        any(abs(one - other) <= 2 for one in places.get(a, ()) for other in places.get(b, ()))
        for a, b in pairs
    )
