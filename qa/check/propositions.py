"""What a sentence states, as a graph: predicates with who, whom, how many, when, if, and how sure.

The parse of a sentence is brought to one form: the passive to the active, a subject that clauses
share to each of them, relative clauses and participles to statements of their noun, "according to
X" to "X says", pronouns to what they stand for, numbers to figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.check.syntax import (
    SUBJECTS,
    aside,
    asserted,
    beside,
    conjuncts,
    figure,
    mark,
    prepositional,
    tense,
    verbal,
)  # fmt: skip
from qa.english.words import bases, senses

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

QUANTIFIERS = frozenset(
    "all every each most some no few fewer many several any both half neither either much little"
    " more less least another other".split()
)
_THIRD = {
    **dict.fromkeys("he she him her his hers".split(), "person"),
    **dict.fromkeys("it its".split(), "thing"),
    **dict.fromkeys("they them their theirs".split(), "many"),
}
SAYING = frozenset(
    "say report state tell write announce warn estimate believe claim argue find show hold think"
    " note add suggest conclude insist complain explain admit confirm declare".split()
)


@dataclass(eq=False, slots=True)
class Node:
    """A word that says something, and what hangs on it by which tie."""

    text: str
    lemma: str
    senses: frozenset[str]
    tag: str
    place: int
    sentence: int
    name: bool = False
    definite: bool = False
    tense: str = ""
    asserted: bool = False
    aliases: list[Node] = field(default_factory=list)
    ties: list[tuple[str, Node]] = field(default_factory=list)
    appositions: list[Node] = field(default_factory=list)
    aside: frozenset[int] = frozenset()  # places of what hangs on it behind a comma

    def tied(self, tie: str) -> list[Node]:
        """What hangs on it by a tie."""
        return [node for by, node in self.ties if by == tie]


def propositions(
    doc: Doc, sentence: int = 0, before: Node | None = None
) -> tuple[list[Node], Node | None]:
    """The words of a parsed sentence, tied, and its subject; `before` is that of the one before."""
    return _Reading(doc, sentence, before).nodes()


def name_fully(nodes: Sequence[Node]) -> None:
    """Lets a surname stand for the one full name with it that a text has."""
    full: dict[str, list[Node]] = {}
    for node in nodes:
        if node.name and any(child.name for child in node.tied("mod")):
            full.setdefault(node.text, []).append(node)
    for node in nodes:
        if node.name and not node.tied("mod"):
            found = full.get(node.text, [])
            if len({tuple(child.text for child in one.tied("mod")) for one in found}) == 1:
                node.aliases.append(found[0])


@lru_cache(maxsize=2048)
def words_of(doc: Doc) -> tuple[Node, ...]:
    """The words of a parsed sentence, tied to nothing. Kept, and not to be changed."""
    return tuple(_node(t, 0) for t in doc)


def _node(t: Token, sentence: int) -> Node:
    lemma = t.lemma_.lower()
    if t.tag_ in ("JJR", "RBR", "JJS", "RBS"):
        lemma = t.lower_
    lemma = figure(t) or (bases().get(t.lower_, lemma) if t.tag_[0] == "V" else lemma)
    name = t.tag_ == "NNP" or (t.tag_ == "NNPS" and t.i > 0)
    for particle in t.children:
        if particle.dep_ == "prt":
            lemma += particle.lower_
    found = frozenset((lemma,)) | senses(lemma) if not name else frozenset((t.lower_, lemma))
    return Node(
        t.text, lemma, found, "AUX" if t.dep_ in ("aux", "auxpass") else t.tag_, t.i, sentence,
        name=name,
        definite=name or any(
            c.dep_ == "poss" or (c.lower_ in ("the", "this", "that") and c.dep_ == "det")
            for c in t.children
        ),
        tense=tense(t),
    )  # fmt: skip


class _Reading:
    def __init__(self, doc: Doc, sentence: int, before: Node | None) -> None:
        self._doc = doc
        self._before = before
        self._nodes = {t.i: _node(t, sentence) for t in doc}
        for t in doc:
            for alias in self._aliases(t):
                self._nodes[t.i].aliases.append(self._nodes[alias.i])
                if alias.i > t.i:
                    self._nodes[t.i].appositions.append(self._nodes[alias.i])
        for t in doc:
            self._nodes[t.i].ties = list(dict.fromkeys(self._ties(t)))
            self._nodes[t.i].aside = frozenset(aside(t))

    def nodes(self) -> tuple[list[Node], Node | None]:
        subject = next(
            (self._nodes[t.i] for t in self._doc if t.dep_ in SUBJECTS and t.tag_[0] == "N"),
            self._before,
        )
        for t in self._doc:
            self._nodes[t.i].asserted = asserted(t)
        return list(self._nodes.values()), subject

    def _aliases(self, t: Token) -> Iterator[Token]:
        """What else names the same: an apposition, what a pronoun stands for."""
        yield from (c for c in t.children if c.dep_ == "appos" and not figure(c))
        if t.dep_ == "appos" and not figure(t):
            yield t.head

    def antecedent(self, t: Token) -> Node | None:
        """The one thing that a pronoun can stand for: the last subject before it that agrees."""
        kind = _THIRD.get(t.lower_)
        if kind is None:
            return None
        if t.dep_ not in (*SUBJECTS, "poss"):
            return self._object(t, kind)
        for other in reversed(self._doc[: t.i]):
            if other.dep_ in SUBJECTS and other.tag_[0] == "N" and _agrees(kind, other.tag_):
                return self._nodes[other.i]
        if self._before is not None and _agrees(kind, self._before.tag):
            return self._before
        return None

    def _object(self, t: Token, kind: str) -> Node | None:
        """What "it" or "them" stands for as an object: the one thing named before that agrees."""
        own = [c.i for c in t.head.children if c.dep_ in SUBJECTS] + [
            c.i for c in t.head.head.children if c.dep_ in SUBJECTS
        ]
        for other in reversed(self._doc[: t.i]):
            if (
                other.tag_[0] == "N" and other.i not in own and _agrees(kind, other.tag_)
                and other.dep_ in (*SUBJECTS, "dobj", "conj")
                and not any(c.dep_ == "nummod" and c.head.dep_ != "dobj" for c in other.children)
            ):  # fmt: skip
                return self._nodes[other.i]
        if self._before is not None and _agrees(kind, self._before.tag):
            return self._before
        return None

    def _ties(self, t: Token) -> Iterator[tuple[str, Node]]:
        for tie, other in self._found(t):
            yield tie, self._nodes[other.i]
            if tie != "or":
                for more in conjuncts(other):
                    if not (verbal(other) and tie in ("comp",)) or verbal(more):
                        yield tie, self._nodes[more.i]
        for tie, node in self._shared(t):
            yield tie, node

    def _shared(self, t: Token) -> Iterator[tuple[str, Node]]:
        """The subject that a verb has from another clause, and the speaker named beside it."""
        found = self.antecedent(t)
        if found is not None:
            yield "same", found
        if not verbal(t) or any(c.dep_ in SUBJECTS for c in t.children):
            return
        passive = t.tag_ == "VBN" and not any(
            c.dep_ == "aux" and c.lemma_ == "have" for c in t.children
        )
        if t.dep_ in ("acl", "relcl") and t.tag_ in ("VBN", "VBG"):
            yield "obj" if passive else "subj", self._nodes[t.head.i]
        elif t.dep_ in ("conj", "advcl", "pcomp", "xcomp"):
            head = t.head
            while head.dep_ in ("conj", "xcomp", "prep", "pcomp") and not any(
                c.dep_ in SUBJECTS for c in head.children
            ):
                head = head.head
            own = [c for c in head.children if c.dep_ in SUBJECTS]
            has_aux = any(c.dep_ in ("aux", "auxpass") for c in t.children)
            for subject in own:
                if t.dep_ == "conj" and not has_aux and t.tag_ == "VBN":
                    yield ("obj" if subject.dep_ == "nsubjpass" else "subj"), self._nodes[subject.i]
                else:
                    yield ("obj" if passive else "subj"), self._nodes[self._noun(subject).i]
            if not own and head.dep_ in ("acl", "relcl") and head.tag_ in ("VBN", "VBG"):
                yield ("obj" if passive else "subj"), self._nodes[head.head.i]
            if t.dep_ == "conj" and not has_aux:
                for c in head.children:  # "may sink and burn"
                    if c.dep_ == "aux" and c.tag_ == "MD" and t.tag_ == "VB":
                        yield "modal", self._nodes[c.i]
                    if c.dep_ == "neg" and t.tag_ == "VB":
                        yield "neg", self._nodes[c.i]

    def _noun(self, t: Token) -> Token:
        """The noun that a relative pronoun stands for."""
        if t.tag_ in ("WDT", "WP", "WP$"):
            for above in t.ancestors:
                if above.dep_ == "relcl":
                    return above.head
        return t

    def _found(self, t: Token) -> Iterator[tuple[str, Token]]:
        for c in t.children:
            dep = c.dep_
            if dep in ("nsubj", "csubj"):
                yield "subj", self._noun(c)
            elif dep in ("nsubjpass", "csubjpass") or dep == "dobj":
                given = dep == "nsubjpass" and any(o.dep_ == "dobj" for o in t.children)
                yield "to" if given else "obj", self._noun(c)
            elif dep == "agent":
                yield from (("subj", o) for o in c.children if o.dep_ == "pobj")
            elif dep == "dative":
                inner = [o for o in c.children if o.dep_ == "pobj"]
                yield from (("to", o) for o in inner or [c])
            elif dep in ("attr", "acomp", "oprd"):
                yield "attr", c
            elif dep == "parataxis" and c.lemma_ in SAYING:
                yield "said", c
            elif dep == "prep":
                yield from prepositional(c)
            elif dep in ("amod", "compound", "nmod", "nummod"):
                yield "num" if figure(c) else "mod", c
            elif dep == "poss":
                yield "of", c
            elif dep == "neg" or (dep == "det" and c.lower_ == "no"):
                yield "neg", c
            elif dep in ("det", "predet", "preconj"):
                if c.lower_ in QUANTIFIERS:
                    yield "quantity", c
            elif dep == "quantmod":
                yield "about", c
            elif dep == "aux":
                if c.tag_ == "MD":
                    yield "modal", c
            elif dep == "advmod":
                if c.lower_ not in ("where", "when", "why", "how"):
                    yield "adv", c
            elif dep in ("npadvmod", "tmod"):
                yield "extent", c
            elif dep in ("xcomp", "ccomp"):
                if dep == "ccomp" and beside(c):
                    continue
                yield "comp", c
                for more in c.children:  # "..., killing nine, he says"
                    if more.dep_ == "advcl" and more.tag_ == "VBG" and not mark(more):
                        yield "comp", more
            elif dep == "advcl":
                relative = any(x.tag_ in ("WDT", "WP") for x in c.subtree if x.i < c.i)
                yield "aside" if relative else mark(c) or "while", c
            elif dep in ("relcl", "acl"):
                yield "relcl", c
            elif dep == "cc" and c.lower_ in ("or", "nor"):
                yield "or", c


def agrees(pronoun: str, node: Node) -> bool:
    """Whether a pronoun may stand for a noun, by its number."""
    if pronoun in ("both", "these", "those"):
        return node.tag in ("NNS", "NNPS")
    kind = _THIRD.get(pronoun)
    return kind is not None and _agrees(kind, node.tag)


def _agrees(kind: str, tag: str) -> bool:
    if kind == "many":
        return tag in ("NNS", "NNPS")
    if kind == "person":
        return tag in ("NNP", "NN")
    return tag in ("NN", "NNP")
