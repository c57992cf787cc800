"""What speaks against a sentence when its parse is laid upon the parses of its quotes.

A second opinion beside the words and their order (`qa.check.support`): it knows who does what to
whom, and so what is said in other words, and its errors are others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from qa.check.alignment import align, likeness
from qa.check.findings import findings
from qa.check.graph import Graph, graph
from qa.check.propositions import Node, name_fully, propositions, words_of
from qa.english.figures import in_figures, in_modals
from qa.english.parser import parse, parse_all
from qa.english.words import in_single_words, senses

# Words of someone else: four or more in quotation marks.
QUOTATION = re.compile(r"[\"“«„](?:[^\s\"“”«»„]+\s+){3,}[^\"“”«»„]+[\"”»“]")
_Part = tuple[int, int, int]
# How far apart the sentences of two quotes are counted.
_FAR = 2


@dataclass(frozen=True, slots=True)
class Opinion:
    """What speaks against a sentence, and where what it says stands.

    `grave` is how much it is: from 1 on the sentence is not said. `exact` says that a number, a
    name, a condition or the like is among it. Each part is (quote, start, end), as in `Basis`.
    """

    grave: float
    exact: bool
    parts: tuple[_Part, ...]


_GIVE = Node("give", "give", frozenset(("give",)) | senses("give"), "VB", 0, 0)
_AGAINST = Opinion(float("inf"), True, ())


def opinion(sentence: str, quoted: Sequence[tuple[_Part, str]]) -> Opinion:
    """What speaks against an English sentence where it is laid upon sentences of quotes.

    Each is plain text, with where it stands; those of one quote are in their order.
    """
    if QUOTATION.search(sentence):
        return _AGAINST
    said = _said(sentence)
    if sum(said.content) < 2:
        return _AGAINST
    nodes, parts = _read(quoted)
    quotes = graph(nodes)
    aligned = align(said, quotes)
    if not aligned:
        return _AGAINST
    against = findings(said, quotes, aligned)
    used = {quotes.nodes[q].sentence for n, q in aligned.items() if said.content[n]}
    where = tuple(dict.fromkeys(parts[number] for number in sorted(used)))
    return Opinion(against.grave, against.exact, where)


def lacking(sentence: str, quoted: Sequence[tuple[_Part, str]]) -> bool:
    """Whether nothing in the quotes stands for some word of an English sentence: then what
    `opinion` finds against it comes to 1 and more. Far cheaper than that."""
    if QUOTATION.search(sentence):
        return True
    said = _said(sentence)
    wanted = [node for n, node in enumerate(said.nodes) if said.content[n]]
    docs = parse_all([clause for _, text in quoted for clause in _clauses(text)])
    words = [word for doc in docs for word in words_of(doc)]
    # What graphs make of words: a noun in place of a name, "give" of "receive".
    words += [*(replace(word, name=False) for word in words if word.name), _GIVE]
    there = {(word.lemma, word.text, word.name): word for word in words}.values()
    return any(not any(likeness(node, other) for other in there) for node in wanted)


def parse_at_once(quoted: Iterable[tuple[_Part, str]]) -> None:
    """Parse what will be asked of, which takes half the time of one after the other."""
    parse_all([clause for _, text in quoted for clause in _clauses(text)])


@lru_cache(maxsize=64)
def _said(sentence: str) -> Graph:
    """A sentence as a graph, which is not to be changed."""
    return graph(_read([((0, 0, 0), sentence)])[0])


def _clauses(text: str) -> list[str]:
    """What of a sentence is parsed at once."""
    plainly = in_single_words(in_modals(in_figures(text)))
    return re.split(r"(?<=;)\s", plainly)  # the parser joins them wrongly


def _read(quoted: Sequence[tuple[_Part, str]]) -> tuple[list[Node], dict[int, _Part]]:
    """The nodes of sentences, and for the number of each where it stands."""
    nodes: list[Node] = []
    parts: dict[int, _Part] = {}
    before: Node | None = None
    number = last = 0
    for part, text in quoted:
        if number and part[0] != last:
            before, number = None, number + _FAR  # no pronoun goes back to another quote
        for clause in _clauses(text):
            stated, before = propositions(parse(clause), number, before)
            nodes += stated
            parts[number] = part
            number += 1
        last = part[0]
    name_fully(nodes)
    return nodes, parts
