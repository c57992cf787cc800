"""What sentences state as one graph: who speaks, what is counted, and copulas brought to one form.

"The lake is deep" ties "lake" to "deep"; "most of the banks" are banks, marked "most"; "31 were
found" are 31 of what was counted before; "X says that P" and "P, according to X" are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from qa.check.propositions import QUANTIFIERS, SAYING, Node
from qa.english.figures import value
from qa.english.words import senses

_MARKS = frozenset(("neg", "modal", "quantity", "about", "or", "same", "punct"))
# Verbs that say nothing by themselves.
LIGHT = frozenset("be have do get become make take".split())
# Words that deny.
NO = frozenset("no not never none neither nor nobody nothing without cannot n't".split())
# Words that may come and go: they only join.
IDLE = frozenset(
    "also later then however thus therefore still even already again afterwards subsequently now"
    " meanwhile moreover instead so too here there finally soon eventually currently himself"
    " herself itself yet both respectively as such own ever there"
    " furthermore additionally hence once away down out up back together".split()
)
# How near to a number something is.
ABOUT = {
    "about": "about", "around": "about", "some": "about", "roughly": "about",
    "approximately": "about", "circa": "about", "nearly": "nearly", "almost": "nearly",
    "over": "over", "more": "over", "above": "over", "least": "least", "under": "under",
    "less": "under", "fewer": "under", "below": "under", "most": "most", "up": "most",
    "exactly": "exactly", "barely": "nearly", "only": "only", "just": "only",
}  # fmt: skip


@dataclass(slots=True)
class Graph:
    """The nodes of some sentences, and the ties between them once copulas are taken out."""

    nodes: list[Node]
    ties: list[tuple[int, str, int]]
    marks: list[list[tuple[str, Node]]]
    group: list[int]  # nodes that stand for the same thing have the same group
    content: list[bool]
    light: frozenset[int] = frozenset()
    hanging: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    # of each group the groups that are tied to it, by which tie, and whether they hang on it
    around: dict[int, list[tuple[int, str, bool]]] = field(default_factory=dict)

    def of(self, node: int) -> list[tuple[str, int]]:
        """What hangs on a node."""
        return self.hanging.get(node, [])


def complete(nodes: list[Node]) -> list[Node]:
    """`nodes`, and for each word that stands for a noun said before ("31 were found", "the only
    one") a noun of its own, which takes its ties."""
    made: list[Node] = []
    for node in nodes:
        inside = [c for tie, c in node.ties if tie == "of" and c.tag[0] in "NP"]
        if node.lemma in (*QUANTIFIERS, "none", "majority") and inside and node.tag[0] in "DNJP":
            whole = inside[0]
            lemma = "most" if node.lemma == "majority" else node.lemma
            near = [ABOUT[c.lemma] for _, c in node.ties if c.lemma in ABOUT]
            lemma = " ".join((*sorted(near), lemma))  # "more than half" is not "half"
            whole.ties = [*whole.ties, ("quantity", replace(node, lemma=lemma, ties=[]))]
            for h in nodes:
                h.ties = [(tie, whole if c is node else c) for tie, c in h.ties]
            node.ties, node.tag = [], "DT"
    _attribute(nodes)
    for n, node in enumerate(nodes):
        number = value(node.lemma) is not None and node.tag == "CD"
        if not (number or node.lemma in ("one", "those", "that", "some", "few")):
            continue
        heads = [(h, tie) for h in nodes for tie, c in h.ties if c is node]
        if any(tie in ("num", "mod", "about", "quantity") for _, tie in heads) or not heads:
            continue
        if number and any(
            tie in ("in", "since", "until", "by", "after", "before") for _, tie in heads
        ):
            continue  # a year
        if node.tag not in ("CD", "DT", "NN", "PRP", "JJ"):
            continue
        before = [
            other for other in nodes[:n]
            if other.tag in ("NN", "NNS", "NNP", "NNPS") and other.sentence >= node.sentence - 1
            and (not number or any(t == "num" for t, _ in other.ties))
        ]  # fmt: skip
        inner = [c for tie, c in node.ties if tie == "of" and c.tag in ("NNS", "NN", "NNP")]
        model = inner[0] if inner else before[-1] if before else None
        if model is None or (not number and node.lemma != "those" and node.lemma != "one"):
            continue
        clone = replace(
            model, ties=[t for t in node.ties if t[1] is not model],
            place=node.place, sentence=node.sentence, aliases=[], appositions=[], name=False,
            asserted=node.asserted, tense="", definite=False,
        )  # fmt: skip
        if number:
            clone.ties.append(("num", node))
            node.ties = []
        for h, _ in heads:
            h.ties = [(tie, clone if c is node else c) for tie, c in h.ties]
        made.append(clone)
    return nodes + made


_FACTIVE = frozenset("find show confirm admit reveal prove discover".split())


def _attribute(nodes: list[Node]) -> None:
    """Brings "X says that P" and "P, according to X" to one form: P, tied to its speaker."""
    for node in nodes:
        said = [c for tie, c in node.ties if tie == "comp" and c.tense != "to"]
        if node.lemma in SAYING and node.tag[0] == "V" and said and not node.tied("neg"):
            if node.tied("modal"):
                continue
            speakers = node.tied("subj")
            for c in said:
                c.ties += [("speaker", s) for s in speakers] or [("speaker", node)]
                c.asserted = node.asserted
                _assert(c, node.asserted, 0)
            for c in said:
                c.ties += [(t, x) for t, x in node.ties if t not in ("subj", "comp", "obj", "same")]
            node.ties = []
            node.tag = "AUX" if node.lemma not in _FACTIVE else node.tag
        spoken = node.tied("said")
        for s in spoken:
            node.ties = [(t, c) for t, c in node.ties if c is not s]
            node.ties += [("speaker", x) for x in s.tied("subj")]
            s.ties, s.tag = [], "AUX"
        node.ties = [("speaker" if t == "according to" else t, c) for t, c in node.ties]


def _assert(node: Node, asserted: bool, depth: int) -> None:
    """What a speaker says with a statement stands as that does."""
    for tie, child in node.ties:
        if depth < 6 and tie in ("relcl", "and", "because", "while", "although", "after", "aside"):
            child.asserted = asserted
            _assert(child, asserted, depth + 1)


# "R receives O from G" is "G gives O to R".
_RECEIVING = frozenset(("receive", "get", "obtain"))
_HAPPENING = frozenset(("occur", "happen"))


def _one_side(node: Node) -> None:
    """Turns what is received into what is given."""
    if node.lemma in _RECEIVING and node.tied("obj") and node.tied("subj"):
        node.lemma = "give"
        node.senses = frozenset((node.lemma,)) | senses(node.lemma)
        turned = {"subj": "to", "from": "subj"}
        node.ties = [(turned.get(tie, tie), child) for tie, child in node.ties]


def graph(nodes: Sequence[Node]) -> Graph:
    """The graph of nodes, copulas contracted: "the lake is deep" ties "lake" to "deep"."""
    nodes = complete(list(nodes))
    for node in nodes:
        _one_side(node)
    place = {id(node): n for n, node in enumerate(nodes)}
    ties: list[tuple[int, str, int]] = []
    marks: list[list[tuple[str, Node]]] = [[] for _ in nodes]
    group = list(range(len(nodes)))

    def root(n: int) -> int:
        while group[n] != n:
            n = group[n]
        return n

    predicate = {}
    for n, node in enumerate(nodes):
        if node.lemma in ("be", "become", "remain") and node.tag[0] in "VA":
            found = [place[id(c)] for t, c in node.ties if t == "attr" and id(c) in place]
            if found:
                predicate[n] = found[0]
        # "is under the sea": where its subject is
        if node.lemma in _HAPPENING or (
            node.lemma == "be" and node.tag[0] == "V" and n not in predicate
        ):
            found = [place[id(c)] for c in node.tied("subj") if id(c) in place]
            if found:
                predicate[n] = found[0]
    for n, node in enumerate(nodes):
        head = predicate.get(n, n)
        for tie, child in node.ties:
            if id(child) not in place:
                if tie == "quantity":
                    marks[head].append((tie, child))
                continue
            c = place[id(child)]
            if child.place in node.aside and child.lemma in ("more", "fewer", "less"):
                marks[head].append(("beside", child))  # ", two more than Jamaica"
                continue
            if tie == "same":
                group[root(n)] = root(c)
            elif tie in ("mod", "adv") and child.lemma in QUANTIFIERS:
                marks[head].append(("quantity", child))
            elif tie in ("adv", "mod") and child.lemma in ABOUT and value(node.lemma) is not None:
                marks[head].append(("about", child))
            elif tie in _MARKS:
                marks[head].append((tie, child))
            elif head != n and c == head:
                continue
            else:
                c = predicate.get(c, c)
                if c != head:
                    ties.append((head, "isa" if head != n and tie == "subj" else tie, c))
        for alias in node.aliases:
            if id(alias) in place and not alias.tense and (node.name or alias.lemma != node.lemma):
                group[root(n)] = root(place[id(alias)])
        if head != n and nodes[head].tense == "":
            nodes[head].tense = node.tense
            nodes[head].asserted = node.asserted
        if node.lemma == "have" and node.tag[0] == "V":  # "has a depth": the depth of it
            ties += [
                (place[id(o)], "of", place[id(s)])
                for o in node.tied("obj") for s in node.tied("subj")
                if id(o) in place and id(s) in place
            ]  # fmt: skip
            for o in node.tied("obj"):
                if id(o) in place:
                    marks[place[id(o)]] += [(t, c) for t, c in node.ties if t == "neg"]
    group = [root(n) for n in range(len(nodes))]
    made = Graph(
        list(nodes),
        list(dict.fromkeys(ties)),
        marks,
        group,
        [_content(node) and n not in predicate for n, node in enumerate(nodes)],
    )
    made.light = frozenset(group[n] for n, node in enumerate(nodes) if node.lemma in LIGHT)
    for h, tie, c in made.ties:
        made.hanging.setdefault(h, []).append((tie, c))
        made.around.setdefault(group[h], []).append((group[c], tie, True))
        made.around.setdefault(group[c], []).append((group[h], tie, False))
    return made


def _content(node: Node) -> bool:
    if node.tag == "AUX" or node.lemma in NO or node.text.lower() == "according":
        return False
    if node.tag[0] == "V" and node.lemma in LIGHT:
        return node.lemma in ("make", "get") and bool(node.tied("comp"))
    if node.tag[:2] in ("RB", "IN", "JJ") and node.lemma in IDLE and not node.tied("than"):
        return False
    if node.tag[:2] == "RB":
        return (
            ABOUT.get(node.lemma) != "about"
            and node.lemma not in QUANTIFIERS
            and node.lemma not in ("when", "where", "how", "why")
        )
    return node.tag[:2] in ("NN", "VB", "JJ", "CD", "FW") and node.lemma not in QUANTIFIERS
