"""What the parser says of a word: its figure, tense and clause, and whether it is stated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa.english.numbers import UP_TO_NINETY
from qa.english.words import bases

if TYPE_CHECKING:
    from spacy.tokens import Token

CONDITIONS = frozenset(
    "if unless when whenever once until before whether provided as except".split()
) | {"only if", "only when", "only once", "only after", "only before"}
# Prepositions with which a clause takes part of what it says back.
EXCEPTIONS = frozenset("except without besides unless excluding but apart".split())
SUBJECTS = ("nsubj", "nsubjpass", "csubj", "csubjpass")
_ENTERING = frozenset("after since because although though while whereas as and so where".split())
# Verbs with which comes about what hangs on them: "makes it the largest", "caused it to fall".
_CAUSING = frozenset("make cause let".split())


def aside(t: Token) -> Iterator[int]:
    """The places of what hangs on a word behind a comma or a bracket."""
    for c in t.children:
        if c.i > t.i and any(x.text in ",(" for x in t.doc[t.i : c.left_edge.i + 1]):
            yield c.i
            yield from (o.i for o in c.children if o.dep_ in ("pobj", "pcomp"))


def prepositional(c: Token) -> Iterator[tuple[str, Token]]:
    """What a preposition governs, each with the preposition: "out of", "not because of"."""
    by = c.lower_
    if any(x.dep_ == "neg" for x in c.children):
        by = f"not {by}"
    for o in c.children:
        if o.dep_ in ("pobj", "pcomp"):
            yield by, o
        elif o.dep_ == "prep":  # "out of", "up to"
            for inner in o.children:
                if inner.dep_ in ("pobj", "pcomp"):
                    yield f"{by} {o.lower_}", inner


def conjuncts(t: Token) -> Iterator[Token]:
    """The words that are joined to a word by "and" or "or"."""
    for c in t.children:
        if c.dep_ == "conj" and c.pos_ != "ADP":
            yield c
            yield from conjuncts(c)


def verbal(t: Token) -> bool:
    """Whether a word is the predicate of a clause."""
    return t.pos_ in ("VERB", "AUX") or (
        t.dep_ in ("ROOT", "conj", "ccomp", "relcl") and any(c.dep_ in SUBJECTS for c in t.children)
    )


def figure(t: Token) -> str:
    """The number that a word is, in figures; nothing where it is none."""
    if re.fullmatch(r"[-+\N{MINUS SIGN}]?\d[\d.,]*", t.text):
        sign = "-" if t.text[0] in "-\N{MINUS SIGN}" else ""
        return sign + t.text.strip("+-\N{MINUS SIGN}.,").replace(",", "")
    if t.lower_ in ("hundred", "thousand", "million", "billion", "trillion"):
        return t.lower_
    if t.lower_ in ("zero", "one") and t.tag_ != "CD":
        return ""
    return str(UP_TO_NINETY.get(t.lower_, ""))


def mark(t: Token) -> str:
    """The word that ties a clause to another: because, if, after; nothing where there is none."""
    for c in t.children:
        if c.dep_ in ("mark", "advmod") and c.i < t.i and c.lower_ in CONDITIONS | _ENTERING:
            only = c.i > 0 and t.doc[c.i - 1].lower_ == "only"
            tie = f"only {c.lower_}" if only else c.lower_
            return tie if tie != "as" or c.dep_ == "mark" else ""
    if t.head.dep_ == "prep" and t.dep_ == "pcomp":
        return t.head.lower_
    first = next(iter(t.subtree))
    return first.lower_ if first.lower_ in CONDITIONS | EXCEPTIONS | {"provided"} else ""


def tense(t: Token) -> str:
    """The tense of a verb: past, present, modal or to; nothing for what is no verb."""
    auxiliaries = [c for c in t.children if c.dep_ in ("aux", "auxpass")]
    if not verbal(t):
        return ""
    if not auxiliaries and t.dep_ == "conj" and t.tag_ in ("VBN", "VB", "VBG"):
        return tense(t.head)
    first = auxiliaries[0] if auxiliaries else t
    if t.dep_ in ("ccomp", "xcomp") and t.head.lemma_ in _CAUSING and t.head is not t:
        return tense(t.head)
    if first.tag_ == "TO":
        return "to"
    if first.lemma_ == "have" and first is not t:
        return "past"
    if first.tag_ == "VBD" or (
        first is t and t.tag_ == "VBN" and any(c.dep_ == "nsubj" for c in t.children)
    ):
        return "past"
    if first.tag_ in ("VBP", "VBZ"):
        return "past" if first.lower_ in bases() else "present"
    return "modal" if first.tag_ == "MD" else ""


def beside(t: Token) -> bool:
    """Whether a clause that the parser hangs on a later one stands beside it."""
    return t.i < t.head.i and any(x.text in ";:" for x in t.doc[t.i : t.head.i])


def asserted(t: Token) -> bool:
    """Whether a sentence states `t` itself: it is no condition, no plan, not what someone says."""
    while t.dep_ != "ROOT":
        dep, head = t.dep_, t.head
        if dep == "advcl" and mark(t) in ("although", "though", "whereas", "while"):
            return True
        if dep == "conj" and t.tag_ in ("VBD", "VBZ", "VBP") and head.tag_ in ("VB", "VBG"):
            t = head.head  # "ordered it to pay and dismissed": beside the first verb
            continue
        if dep in ("ccomp", "xcomp") and head.lemma_ in _CAUSING:
            t = head
            continue
        if dep in ("ccomp", "xcomp", "csubj", "csubjpass", "parataxis") and not beside(t):
            return False
        if dep in ("acl", "relcl", "advcl", "pcomp") and tense(t) == "to":
            return False
        once = mark(t) in ("before", "when", "once") and tense(t) == "past"
        if dep == "advcl" and mark(t) in CONDITIONS | EXCEPTIONS and not once:
            return False
        if dep == "pcomp" and head.lower_ not in ("after", "by", "in", "while", "since", "despite"):
            return False
        if dep == "prep" and t.lower_ in EXCEPTIONS:
            return False
        t = head
    return True
