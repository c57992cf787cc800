"""Whether what was found states the price that a question asks for, and of what it asks it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.search import Generation
from index.tokens import terms
from qa.retrieve.candidates import Candidate
from qa.retrieve.wanted import MONEY

_PRICE = r"(?:costs?|prices?|priced|fees?|charges?|tolls?|fares?|tariffs?|rents?)"
_ASKS = re.compile(
    rf"\bhow (?:much(?! of)|expensive)\b.*\b{_PRICE}\b|\bhow expensive\b|\bwhat\b.*\bcosts?\W*$"
    r"|\bwhat(?: is| was| are| were|['’]s)(?: \w+){0,3} (?:price|fee|charge|fare|rent|cost)\b"
    # As people type into a search box: "bus day pass price", "price of the first machine".
    r"|^(?!.*\b(?:can|could|may|do|does|did|is|are|was|will|who|which|why|when)\b).*\bprice\b",
    re.IGNORECASE,
)
# So much of what the question names, by how rare its words are, stands with the price.
_NAMED = 0.5
# A number beside what is paid, or that nothing is.
_STATES = re.compile(
    r"[$€£¥₹]\s?\d|\d\s?[€£¥₹]|\b(?:free|gratis)\b|\bno (?:charge|cost|fee)|\bnothing\b"
    r"|\b(?:without|no) (?:extra )?(?:charge|cost|payment)"
)
_PAID = re.compile(
    rf"\b(?:{_PRICE}|pay\w*|paid|charged|charging|spen[dt]\w*|sold|sells?|bought|buys?|worth|budgets?"
    # Currencies that the weights of features.MONEY were not fitted with.
    r"|salar(?:y|ies)|wages?|fined?|crowns?|pesos?|dinars?|GBP)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(r"(?:He|She|It|They|This|These|That|Those|One|Each|Both)\b")
_BESIDE_THE_MATTER = frozenset(
    word
    for text in (
        "much cost costs price prices priced expensive fee fees charge charges charged toll fare",
        "tariff rent pay paid money amount",
    )
    for word in text.split()
)


def asks_price(question: str) -> bool:
    """Whether it asks what something costs."""
    return bool(_ASKS.search(question))


def states_price(generation: Generation, question: str, found: Iterable[Candidate]) -> bool:
    """Whether a sentence of what was found tells a price; it or its headings, of what.

    True, too, where the question names nothing but the price.
    """
    language = generation.manifest.language
    aside = {term for word in _BESIDE_THE_MATTER for term in terms(word, language)}
    matter = set(terms(question, language)) - aside
    # Initials and slips that no source has are no reason to doubt it, if anything else is named.
    matter = {term for term in matter if generation.holds(term)} or matter
    weights = {term: generation.idf(term) for term in matter}
    least = _NAMED * sum(weights.values())
    for one in found:
        source = generation.source(one.source_id)
        above = set(terms(f"{source.title} {one.stretch.heading}", language))
        if one.header is not None:
            above |= generation.unit_words(one.header).all
        for row in range(one.first, one.last + 1):
            text = generation.unit_text(row)
            if not tells_price(text):
                continue
            around = above | generation.unit_words(row).all
            if _POINTS.match(text) and row > one.first:
                around = around | generation.unit_words(row - 1).all
            if sum(weights[term] for term in matter & around) >= least:
                return True
    return False


def tells_price(text: str) -> bool:
    """Whether a sentence has a number beside a word of paying, or says that nothing is paid."""
    paid = _PAID.search(text) or MONEY.search(text)
    return bool(_STATES.search(text) or (paid and re.search(r"\d", text)))
