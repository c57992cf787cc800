"""What is measured of a sentence that may answer a question, and the weights it is measured with.

`weights.json` holds what was fitted and on what; `python tests/benchmarks/fit.py` makes it anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.search import Generation, Ranking, UnitWords
from index.tokens import STOP_WORDS, terms, words
from qa.english.numbers import MONTH_PATTERN
from qa.retrieve.trees import Trees
from qa.retrieve.wanted import (
    DATE,
    KINDS,
    MONEY,
    NAME,
    NUMBER_WORDS,
    REASON,
    is_number,
    wanted_kind,
)

Floats = NDArray[np.float64]

# A token whose best match has a lower cosine stands for something that is not said.
_UNMATCHED = 0.5
# How many of the best sentences are looked at more closely.
CANDIDATES = 24

# None depends on the size of the library, as BM25 does: a small one is judged as a large one is.
SENTENCE_FEATURES = (
    "similarity",
    "window_similarity",
    "coverage",
    "coverage_in_context",
    "pairs",
    "length",
    "novelty",
    "pronoun",
    "question",
    "wanted",
    "wanted_missing",
    "wanted_date",
    "wanted_number",
    "wanted_person",
    "wanted_place",
    "money",
    "money_missing",
    "share",
    "share_missing",
    "counted",
    "counted_missing",
    "numbers_missing",
    "numbers_missing_in_context",
    "names_missing",
    "names_missing_in_context",
    "words_missing",
    "words_missing_in_context",
    "missing_count",
    "token_match",
    "token_weakest",
    "token_two_weakest",
    "token_interrogative",
    "token_match_around",
    "token_weakest_around",
    "token_two_weakest_around",
    "tokens_unmatched_around",
)
# How many of them, the last, measure token vectors.
TOKEN_FEATURES = sum(name.startswith("token") for name in SENTENCE_FEATURES)
# Of each sentence feature that of the best sentence. Their mean over the three best and their
# extremes add nothing on articles that were not fitted on.
QUESTION_FEATURES = (
    *(f"best_{name}" for name in SENTENCE_FEATURES),
    "score",
    "margin",
    "probability",
    "negation",
    "terms",
    "names",
    *(f"asks_{kind}" for kind in KINDS),
)

# What is measured of a stretch: `qa.retrieve.candidates` fills them in this order.
STRETCH_FEATURES = (
    "share",
    "best_share",
    "fused",
    "similarity",
    "passage",
    "heading_coverage",
    "coverage",
    "own_coverage",
    "heading_asked",
    "length",
    "list",
    "table",
    "code",
    "list_for_howto",
    "code_for_howto",
    "list_for_list",
    "table_for_fact",
    "opens_section",
    "opens_for_overview",
    "opens_for_definition",
    "is_question",
    "source_share",
    "section_share",
    "share_beside",
    "opens_source",
    "opens_source_for_overview",
    "opens_later_section_for_overview",
    "wanted",
    "wanted_missing",
    "reason_for_why",
    "compares_for_compare",
    "section",
    "best_section",
)

# Words that say how many, beside those that the weights were fitted with.
_AMOUNTS = NUMBER_WORDS | frozenset(
    "zero fourteen fifteen sixteen seventeen eighteen nineteen sixty seventy eighty ninety "
    "quarters thirds trillions couple pair pairs several many few none no nobody all both majority "
    "most".split()
)
_WORD = re.compile(r"[^\W\d_][\w’'-]*|\d[\d,.]*")
_ASKS_MONEY = re.compile(
    r"(?=.*\b(?:how much|what|which)\b).*\b(?:cost|price|charged?s?|pay|paid|worth|value|spend"
    r"|spent|fee|salary|budget|revenue|expensive)\b"
)
_SHARE = re.compile(
    r"percent|per cent|%|\b(?:half|third|quarter|majority|fraction|proportion)\b", re.IGNORECASE
)
_ASKS_SHARE = re.compile(r"percent|per cent|%|\b(?:share|proportion|portion|fraction)\b")
_HOW_MUCH = re.compile(r"how (?:much|many)\b")
_HOW_MANY = re.compile(r"how many (.+)")
# A number that is a name with the word before it: "Article 12", but not "May 12", nor a year.
_LABELLED = re.compile(
    rf"(?<=\s)(?!{MONTH_PATTERN})([A-Z][a-z]+)\s(\d{{1,3}})(?![\w.,]*\d)"
    r"(?! (?:percent|per|million|billion|years?)\b)"
)
# Of dates, what could be taken for a quantity.
_DATED = re.compile(
    rf"(?<![\d,.$€£¥])\b(?:1\d|20)\d\d\b(?![,.]?\d)|\b(?:{MONTH_PATTERN}) \d\d?\b"
    rf"|\b\d\d? (?:{MONTH_PATTERN})\b"
)
_NEGATION = re.compile(
    r"\b(?:not|never|no|except|besides|other than|without|least|fewest)\b|n['’]t\b"
)
_PRONOUN = re.compile(r"(He|She|It|They|This|These|Those|That|His|Her|Their|Its)\b")


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the features: `rank` orders sentences, `confidence` gives log-odds that one of
    them answers from the features of a question."""

    rank: Floats
    confidence: Trees


@cache
def shipped_weights() -> Weights:
    """The weights that come with Refdesk."""
    stored = json.loads(files("qa.retrieve").joinpath("weights.json").read_text(encoding="utf-8"))
    return Weights(
        rank=np.array([stored["rank"][name] for name in SENTENCE_FEATURES]),
        confidence=Trees.from_json(stored["baseline"], stored["trees"]),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart: its terms, and which of them are numbers, names and other words."""

    text: str
    kind: str
    terms: tuple[str, ...]
    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    others: frozenset[str]
    counted: frozenset[str]
    unknown: int

    @classmethod
    def parse(cls, question: str, generation: Generation, ranking: Ranking) -> Asked:
        """Take `question` apart; of its names, numbers and labels count those that are lacking."""
        language = generation.manifest.language
        query_terms = ranking.query_terms
        numbers = {word for word in words(question) if word[0].isdigit()}
        capitalised = [word for word in _WORD.findall(question)[1:] if word[0].isupper()]
        names = {
            term
            for word in capitalised
            if word.lower() not in STOP_WORDS
            for term in terms(word, language)
        } - numbers
        counted = _HOW_MANY.search(question.lower())
        noun = _WORD.findall(counted[1])[:3] if counted else []
        return cls(
            text=question.lower(),
            kind=wanted_kind(question),
            terms=query_terms,
            words=frozenset(words(question)),
            numbers=frozenset(numbers),
            names=frozenset(names),
            others=frozenset(query_terms) - names - numbers,
            counted=frozenset(terms(" ".join(noun), language)) if noun else frozenset(),
            unknown=len(_unlike_all(names, generation, ranking))
            + sum(not generation.holds(number) for number in numbers)
            + _labels_unsaid(question, generation, ranking),
        )


def sentence_features(generation: Generation, asked: Asked, ranking: Ranking) -> Floats:
    """The features of the best sentences of a ranking, shape (sentences, SENTENCE_FEATURES)."""
    rows = ranking.rows[:CANDIDATES].tolist()
    idf = {term: generation.idf(term) for term in asked.terms}
    total = sum(idf.values()) or 1.0
    pairs = list(pairwise(asked.terms))
    asks_money, asks_share = (
        bool(asking.search(asked.text)) for asking in (_ASKS_MONEY, _ASKS_SHARE)
    )
    measured = np.zeros((len(rows), len(SENTENCE_FEATURES)))
    measured[:, -TOKEN_FEATURES:] = _token_features(generation, ranking)
    for place, row in enumerate(rows):
        text = generation.unit_text(row)
        unit = generation.unit_words(row)
        here = unit.all
        context = here | generation.unit_context(row)
        wanted = _holds_wanted(asked, text, unit)
        measured[place, :-TOKEN_FEATURES] = (
            ranking.similarity[place],
            ranking.window_similarity[place],
            sum(idf[term] for term in asked.terms if term in here) / total,
            sum(idf[term] for term in asked.terms if term in context) / total,
            _near_pairs(pairs, unit.terms) / max(len(pairs), 1),
            np.log(len(text)),
            min(len(set(unit.terms).difference(asked.terms)), 20) / 20,
            bool(_PRONOUN.match(text)),
            text.endswith("?"),
            wanted,
            asked.kind != "other" and not wanted,
            *(wanted and asked.kind == kind for kind in ("date", "number", "person", "place")),
            *_met(asks_money, asks_money and bool(MONEY.search(text))),
            *_met(asks_share, asks_share and bool(_SHARE.search(text))),
            *_met(bool(asked.counted), bool(asked.counted) and _counts(asked, unit)),
            bool(asked.numbers - here),
            bool(asked.numbers - context),
            _missing(asked.names, here),
            _missing(asked.names, context),
            _missing(asked.others, here),
            _missing(asked.others, context),
            len(asked.others - context),
        )
    return measured


def _token_features(generation: Generation, ranking: Ranking) -> Floats:
    """How well each of the best sentences, and each with its neighbours, matches the question token
    by token, shape (sentences, TOKEN_FEATURES)."""
    query = ranking.query_tokens
    own, around = generation.token_matches(query, ranking.rows[:CANDIDATES])
    asking = query.interrogative if query.interrogative.any() else slice(None)
    found: list[NDArray[np.float32]] = []
    for matches in (own, around):
        weakest = np.sort(matches[:, query.content], axis=1)
        found += [weakest.mean(axis=1), weakest[:, 0], weakest[:, :2].mean(axis=1)]
        if matches is own:
            found.append(own[:, asking].mean(axis=1))
    unmatched = (weakest < _UNMATCHED).mean(axis=1)
    return np.stack([*found, unmatched], axis=1).astype(np.float64)


def question_features(measured: Floats, asked: Asked, rank: Floats) -> Floats:
    """The features of a question and what was found for it, shape (QUESTION_FEATURES,).

    `measured` is what `sentence_features` gave, of at least one sentence; `rank` the weights that
    order them.
    """
    scores = measured @ rank
    order = np.argsort(-scores, kind="stable")
    return np.array(
        [
            *measured[order[0]],
            scores[order[0]],
            scores[order[0]] - scores[order[1]] if len(order) > 1 else 0.0,
            softmax(scores).max(),
            bool(_NEGATION.search(asked.text)),
            min(len(asked.terms), 20),
            min(len(asked.names), 10),
            *(asked.kind == kind for kind in KINDS),
        ]
    )


def states_quantity(asked: Asked, text: str) -> bool:
    """Whether a sentence has a number that could be how much or many; a date may be how long."""
    text = _LABELLED.sub(" ", text)
    if _HOW_MUCH.search(asked.text):
        text = _DATED.sub(" ", text)
    return any(
        (word[0].isdigit() or word in _AMOUNTS) and word not in asked.words for word in words(text)
    )


def sigmoid(logits: Floats) -> Floats:
    """The probability of which these are the log-odds."""
    return (1 + np.tanh(logits / 2)) / 2  # does not overflow, as the exponential does


def softmax(scores: Floats) -> Floats:
    """The share of each score, summing to 1."""
    shares = np.exp(scores - scores.max())
    return shares / shares.sum()  # type: ignore[no-any-return]


def _holds_wanted(asked: Asked, text: str, unit: UnitWords) -> bool:
    if asked.kind == "date":
        return any(match.group().lower() not in asked.text for match in DATE.finditer(text))
    if asked.kind == "number":
        return any(is_number(word) and word not in asked.words for word in unit.words)
    if asked.kind in ("person", "place"):
        return any(name.lower() not in asked.words for name in NAME.findall(text))
    return asked.kind == "reason" and bool(REASON.search(text))


def _met(wanted: bool, held: bool) -> tuple[bool, bool]:
    return wanted and held, wanted and not held


def _unlike_all(names: Set[str], generation: Generation, ranking: Ranking) -> set[str]:
    """The names that the library lacks, and that no word near the answer spells alike: no slips."""
    unknown = {name for name in names if len(name) > 2 and not generation.holds(name)}
    if not unknown:
        return unknown
    near: set[str] = set()
    for row in ranking.rows[:CANDIDATES].tolist():
        near |= generation.unit_words(row).all | generation.unit_context(row)
    return {name for name in unknown if not get_close_matches(name, near, n=1, cutoff=0.75)}


def _labels_unsaid(question: str, generation: Generation, ranking: Ranking) -> int:
    """How many of the labels of a question, as "Article 12", no sentence near the answer says,
    though the library has the number."""
    labels = {
        (label.lower(), number)
        for label, number in _LABELLED.findall(question)
        if label.lower() not in STOP_WORDS and generation.holds(number)
    }
    for row in ranking.rows[:CANDIDATES].tolist() if labels else ():
        labels -= set(pairwise(generation.unit_words(row).words))
    return len(labels)


def _missing(wanted: frozenset[str], held: Set[str]) -> float:
    return len(wanted - held) / len(wanted) if wanted else 0.0


def _counts(asked: Asked, unit: UnitWords) -> bool:
    """Whether a number stands before the noun that the question counts: "how many ships"."""
    return any(
        is_number(word)
        and word not in asked.words
        and not asked.counted.isdisjoint(unit.stems[place + 1 : place + 5])
        for place, word in enumerate(unit.words)
    )


def _near_pairs(pairs: list[tuple[str, str]], found: Sequence[str]) -> int:
    """How many neighbouring terms of the question stand within two words of each other."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(found):
        places.setdefault(term, []).append(place)
    return sum(
        any(abs(one - other) <= 2 for one in places.get(a, ()) for other in places.get(b, ()))
        for a, b in pairs
    )
