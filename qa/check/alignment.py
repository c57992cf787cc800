"""Which word of the quotes stands for which word of a sentence: the likest in the same company.

Words are alike by their form, their family, or a group of `synonyms.txt`; numbers and names only
by what they are. Vectors of words are not asked: opposites are as near as synonyms.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from index.tokens import stem
from qa.check.graph import Graph
from qa.check.propositions import Node, agrees
from qa.english.figures import value

ROLES = frozenset(("subj", "obj", "isa"))
_LOOSE = frozenset("mod of isa num extent attr adv as appos in on at for with among within".split())
# Where things lead, and when: another preposition says another thing.
_WAYS = {
    "from": -1, "to": 1, "into": 1, "out of": -1, "before": 2, "after": 3, "since": 4, "until": 5,
    "till": 5, "by": 6, "above": 7, "over": 7, "below": 8, "under": 8, "with": 9, "without": 10,
    "for": 11, "against": 12, "up": 7, "down": 8, "despite": 13, "because": 14, "because of": 14,
    "due to": 14, "unlike": 15, "like": 16, "except": 17, "including": 18, "between": 19,
    "than": 20, "behind": 21, "outside": 22, "inside": 23, "north": 24,
}  # fmt: skip
# Those that may not even stand for one that leads nowhere.
_HARD = frozenset(
    "before after since until till without against despite because above below unlike"
    " except".split()
) | {"because of", "due to", "not because of", "not because"}
_MEASURES = {
    "length": "long", "depth": "deep", "height": "high", "width": "wide", "thickness": "thick",
    "breadth": "wide", "age": "old", "weight": "heavy",
}  # fmt: skip
_SUFFIXES = (
    "ation ition tion sion ment ance ence ing ion ure ery ity ness ship age al er or ist ive able"
    " ible ful ous ic ly ed en ally ish ary y e s"
).split()


@lru_cache(maxsize=20000)
def root_of(word: str) -> str:
    """What a family of words has in common: complete, completion, completed."""
    changed = True
    while changed:
        changed = False
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 4:
                word, changed = word[: -len(suffix)], True
                break
    return word.rstrip("i")


@lru_cache(maxsize=20000)
def same_stem(one: str, other: str) -> bool:
    """Whether two words have one stem."""
    return _stem(one) == _stem(other)


@lru_cache(maxsize=20000)
def _stem(word: str) -> str:
    return stem([word])[0]


def likeness(said: Node, quoted: Node) -> float:
    """How far (0 to 1) one word says what another says."""
    mine, theirs = value(said.lemma), value(quoted.lemma)
    if mine is not None or theirs is not None:
        return float(mine == theirs)
    one, other = said.lemma, quoted.lemma
    if one == other or said.text.lower() == quoted.text.lower():
        return 1.0
    if said.name and quoted.name:
        return 0.9 if same_name(said.text.lower(), quoted.text.lower()) else 0.0
    if _stem(one) == _stem(other):
        return 0.97
    if said.senses & quoted.senses or _MEASURES.get(one, one) == _MEASURES.get(other, other):
        return 0.9
    if min(len(one), len(other)) >= 4 and root_of(one) == root_of(other):
        return 0.9
    if said.name or quoted.name:
        return 0.85 if same_name(one, other) else 0.0
    if opposite(one, other):
        return 0.86
    return 0.0


_NATIONAL = frozenset(["", *"a n an ian i ese vian s ans ns ians k ce ish".split()])


def same_name(one: str, other: str) -> bool:
    """Whether two names differ only as a country and its people do: Iran, Iranian."""
    pairs = zip(one, other, strict=False)
    shared = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    return shared >= 4 and one[shared:] in _NATIONAL and other[shared:] in _NATIONAL


def opposite(one: str, other: str) -> bool:
    """Whether a word is another with a prefix that denies it."""
    return any(
        a == prefix + b
        for a, b in ((one, other), (other, one))
        for prefix in ("un", "in", "im", "ir", "il", "non", "dis", "mis", "non-", "anti", "de")
    )


def align(said: Graph, quoted: Graph) -> dict[int, int]:
    """The words that stand for those of the sentence, in the company that agrees most."""
    choices: dict[int, list[tuple[int, float]]] = {}
    for n, node in enumerate(said.nodes):
        if not said.content[n] and node.tag[:3] != "PRP":
            continue
        found = []
        for q, other in enumerate(quoted.nodes):
            if node.tag[:3] == "PRP" or not quoted.content[q]:
                like = float(node.lemma == other.lemma and node.tag[:2] == other.tag[:2])
            else:
                like = likeness(node, other)
            if like:
                found.append((q, like))
        if found:
            choices[n] = found
    best: dict[int, int] = {}
    best_score = float("-inf")
    anchors = sorted(choices, key=lambda n: -len(choices[n]))[:1]
    starts: list[dict[int, int]] = [{}]
    for a in anchors:
        starts = [{a: q} for q, _ in choices[a][:8]]
    for fixed in starts:
        to = dict(fixed)
        waiting = [n for n in _outward(said, next(iter(fixed), 0)) if n in choices and n not in to]
        for n in waiting:
            to[n] = max(choices[n], key=lambda c: _company(said, quoted, n, c, to))[0]
        for _ in range(3):
            changed = False
            for n, found in choices.items():
                if len(found) < 2:
                    continue
                pick = max(found, key=lambda c: _company(said, quoted, n, c, to))[0]
                changed = changed or pick != to[n]
                to[n] = pick
            if not changed:
                break
        likes = {n: dict(choices[n])[q] for n, q in to.items()}
        score = sum(likes.values()) + sum(
            _WORTH[relation(quoted, h, t, c, to, said)] for h, t, c in said.ties
            if h in to and c in to
        )  # fmt: skip
        if score > best_score:
            best, best_score = dict(to), score
    return best


def _outward(said: Graph, start: int) -> list[int]:
    """The nodes of a sentence in the order in which they hang together, from one on."""
    seen, waiting = [start], deque([start])
    while waiting:
        n = waiting.popleft()
        for h, _, c in said.ties:
            for other in (h, c):
                if n in (h, c) and other not in seen:
                    seen.append(other)
                    waiting.append(other)
    return seen + [n for n in range(len(said.nodes)) if n not in seen]


def _company(
    said: Graph, quoted: Graph, n: int, choice: tuple[int, float], to: dict[int, int]
) -> float:
    trial = to | {n: choice[0]}
    score = 2 * choice[1]
    for h, t, c in said.ties:
        if n in (h, c) and h in trial and c in trial:
            score += _WORTH[relation(quoted, h, t, c, trial, said)]
            there = quoted.nodes[trial[h]], quoted.nodes[trial[c]]
            score -= 0.001 * abs(there[0].place - there[1].place)
            score -= 0.2 * (there[0].sentence != there[1].sentence)
    others = [q for m, q in to.items() if m != n]
    if choice[0] in others:
        score -= 0.5
    return score


# How good it is to find a tie so, when words are laid upon words. Not fitted: an order.
_WORTH = {
    "exact": 1.0, "alike": 0.8, "one": 0.3, "turned": 0.4, "siblings": 0.4, "strange": 0.2,
    "chain": 0.3, "far": 0.0, "clash": -0.5, "way": 0.0, "pronoun": 0.3, "ergative": 0.6,
}  # fmt: skip


def relation(
    quoted: Graph, head: int, tie: str, child: int, to: dict[int, int], said: Graph
) -> str:
    """How a tie of the sentence stands in the quotes."""
    h, c = quoted.group[to[head]], quoted.group[to[child]]
    if h == c:
        return "one"
    best = "far"
    for other, by, down in quoted.around.get(h, ()):
        if other == c:
            found = _compare(tie, by, down, said, head, child, quoted.nodes[to[head]].lemma)
            if _WORTH[found] > _WORTH[best] or best == "far":
                best = found
    if best != "far":
        return best
    if tie in ("subj", "obj", "isa", "of", "mod", "from") and _pronoun(
        quoted, to[head], tie, to[child]
    ):
        return "pronoun"
    aligned = {quoted.group[q] for q in to.values()}
    for middle, _, down1 in quoted.around.get(h, ()):
        for other, t2, down2 in quoted.around.get(middle, ()):
            if other != c:
                continue
            light = middle in quoted.light
            if not down1 and down2:
                found = "siblings" if middle in aligned or light else "strange"
                if tie in ROLES and t2 in ROLES and middle in aligned:
                    found = "strange"
            else:
                found = "chain"
            if _WORTH[found] > _WORTH[best]:
                best = found
    if tie not in ROLES and best != "far":
        into = {t for h2, t, c2 in quoted.ties if c2 == to[child]}
        ways = {_WAYS.get(t) for t in into}
        if (
            into
            and _WAYS.get(tie) not in ways
            and (tie in _HARD or into & _HARD or (_WAYS.get(tie) and None not in ways))
        ):
            best = "way"
    return best


def _where(node: Node) -> tuple[int, int]:
    return node.sentence, node.place


def _pronoun(quoted: Graph, head: int, tie: str, noun: int) -> bool:
    """Whether a pronoun hangs on `head` by a tie that may stand for a noun said before it."""
    node = quoted.nodes[noun]
    for by, c in quoted.of(head):
        pronoun = quoted.nodes[c]
        if pronoun.tag not in ("PRP", "PRP$", "DT") or not (
            by == tie or (pronoun.tag == "PRP$" and tie in ("of", "mod", "from"))
        ):
            continue
        if not agrees(pronoun.text.lower(), node):
            continue
        later = pronoun.sentence > node.sentence or (
            pronoun.sentence == node.sentence and pronoun.place > node.place
        )
        if not later or pronoun.sentence > node.sentence + 1:
            continue
        rivals = {
            quoted.group[n]
            for h, t, n in quoted.ties
            if t in ("subj", "obj", "isa") and quoted.nodes[n].tag[0] == "N"
            and quoted.nodes[n].sentence in (pronoun.sentence, pronoun.sentence - 1)
            and _where(quoted.nodes[n]) < _where(pronoun)
            and agrees(pronoun.text.lower(), quoted.nodes[n]) and h != head
        }  # fmt: skip
        if quoted.group[noun] in rivals and len(rivals) <= 3:
            return True
    return False


def _compare(tie: str, by: str, down: bool, said: Graph, head: int, child: int, lemma: str) -> str:
    if tie == by and down:
        return "exact"
    if not down:
        if {tie, by} & {"because", "after", "before", "if", "when", "so", "because of"}:
            return "way"
        if {tie, by} <= {"relcl", "subj", "obj"}:
            return "alike"
        if {tie, by} <= _LOOSE | {"relcl"}:
            return "turned"
        return "clash" if tie in ROLES and by in ROLES else "turned"
    both = {tie, by}
    if both == {"subj", "obj"}:
        alone = not any(t in ("subj", "obj") and c != child for t, c in said.of(head))
        return "ergative" if alone else "clash"
    if both == {"subj", "under"} or both <= _LOOSE | {"subj", "by"} or both <= _LOOSE | {"obj"}:
        return "alike"
    if both == {"obj", "to"} and sum(t == "obj" for t, _ in said.of(head)) > 1:
        return "alike"
    if "obj" in both and lemma != said.nodes[head].lemma and "speaker" not in both:
        return "chain"  # "left Bergen", "departed from Bergen"
    if both & {"subj", "obj"}:
        return "clash"  # what is done to whom: no preposition says it, but "of" and "by"
    if _WAYS.get(tie) != _WAYS.get(by) and (both & _HARD or not both & {"mod", "of", "num"}):
        return "way"
    return "alike"
