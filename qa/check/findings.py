"""What speaks against a sentence that is laid upon its quotes, and how grave that is.

Words that are not there; ties between words that are not there, or otherwise; what denies, bounds
or hedges them on one side alone; what restricts them in the quotes and is left out.
"""

from __future__ import annotations

from qa.check.alignment import ROLES, opposite, relation, same_stem
from qa.check.finding_weights import Findings
from qa.check.graph import ABOUT, IDLE, NO, Graph
from qa.check.propositions import SAYING, Node
from qa.check.syntax import CONDITIONS, EXCEPTIONS
from qa.english.figures import value
from qa.english.words import SAME_PAST

_HEDGES = frozenset(
    "nearly almost barely scarcely rarely seldom allegedly reportedly probably possibly perhaps"
    " maybe likely partly mostly usually often generally sometimes supposedly apparently initially"
    " just roughly approximately typically normally mainly largely expected planned alleged"
    " proposed suspected presumed".split()
)
# What allows is one, and what is ordered is one ("should" is less than "must").
_ALIKE = {"can": "may", "every": "all", "each": "all", "any": "all", "less": "few", "much": "many"}
_REGIONS = frozenset("north south east west new northern southern eastern western".split())
_ORDINALS = frozenset(
    "first second third fourth fifth sixth seventh eighth ninth tenth last next".split()
)


_SAME_TIE = ("exact", "one", "pronoun")


def findings(said: Graph, quoted: Graph, to: dict[int, int]) -> Findings:
    """All that speaks against a sentence when it is laid upon its quotes."""
    found = Findings([])
    for n, node in enumerate(said.nodes):
        if not said.content[n] and not node.tag.startswith("PRP"):
            continue
        kind = _kind(node)
        if n not in to:
            found.add("no_possessive" if node.tag == "PRP$" else f"no_{kind}", node.text)
    for h, tie, c in said.ties:
        if h in to and c in to and said.content[h] and said.content[c]:
            how = relation(quoted, h, tie, c, to, said)
            if how not in ("exact", "one"):
                exact = said.nodes[c].name or value(said.nodes[c].lemma) is not None
                role = tie if tie in ROLES else "num" if tie == "num" else "n" if exact else "x"
                if tie == "speaker":
                    role = "speaker"
                found.add(
                    f"tie_{how}_{role}",
                    (said.nodes[h].text, tie, said.nodes[c].text),
                )
    _names_alike(said, quoted, to, found)
    _marks(said, quoted, to, found)
    _left_out(said, quoted, to, found)
    return found


def _names_alike(said: Graph, quoted: Graph, to: dict[int, int], found: Findings) -> None:
    """Notes what the sentence says to be one thing ("Falk, a judge") and the quotes do not."""
    place = {id(node): n for n, node in enumerate(said.nodes)}
    for n, node in enumerate(said.nodes):
        for alias in node.appositions:
            c = place.get(id(alias))
            if n not in to or c not in to or alias.place not in node.aside:
                continue
            one, other = quoted.group[to[n]], quoted.group[to[c]]
            if one != other and not any(k == other for k, *_ in quoted.around.get(one, ())):
                named = node.name or alias.name
                found.add("alias" if named else "alias_common", node.text, alias.text)


def _kind(node: Node) -> str:
    if value(node.lemma) is not None:
        return "number"
    if node.name:
        return "name"
    return {"N": "noun", "V": "verb", "J": "adjective", "R": "adverb", "P": "pronoun"}.get(
        node.tag[0], "word"
    )


def _negations(g: Graph, n: int) -> int:
    """How often a predicate is denied, by itself or by what it is said of."""
    count = sum(tie == "neg" for tie, _ in g.marks[n])
    count += any(m.lemma in ("none", "neither") for t, m in g.marks[n] if t == "quantity")
    for tie, c in g.of(n):
        count += tie in ("subj", "obj", "isa") and any(
            t == "neg" or m.lemma in ("no", "neither", "none") for t, m in g.marks[c]
        )
        count += g.nodes[c].lemma in ("nobody", "nothing", "none", "neither")
        count += tie == "adv" and g.nodes[c].lemma in ("never", "hardly", "rarely", "seldom")
        count += tie == "without"
    return count


def _marked(g: Graph, n: int, tie: str) -> set[str]:
    if tie == "about":
        return {ABOUT[m.lemma] for t, m in g.marks[n] if t == tie and m.lemma in ABOUT}
    return {_ALIKE.get(m.lemma, m.lemma) for t, m in g.marks[n] if t == tie} - {
        "both", "neither", "none", "no",
    }  # fmt: skip


def _orders(g: Graph, n: int) -> bool:
    """Whether a verb is an imperative."""
    node = g.nodes[n]
    return node.tag == "VB" and not node.tense and not any(t == "subj" for t, _ in g.of(n))


def _marks(said: Graph, quoted: Graph, to: dict[int, int], found: Findings) -> None:
    for n, q in to.items():
        node, other = said.nodes[n], quoted.nodes[q]
        verbal = bool(node.tense) or node.tag[0] == "V"
        denied = opposite(node.lemma, other.lemma) and not same_stem(node.lemma, other.lemma)
        if denied or node.tense or (verbal and (other.tense or other.tag[0] == "V")):
            if (_negations(said, n) - _negations(quoted, q) + denied) % 2:
                found.add("negation", node.text)
            here, there = _marked(said, n, "modal"), _marked(quoted, q, "modal")
            if _orders(quoted, q):
                here = here - {"should", "must"}
            if here - there:
                found.add("modal_added", (node.text, here, there))
            if there - here:
                found.add("modal_left", (node.text, here, there))
            if node.tense and node.asserted and not other.asserted:
                found.add("unasserted", node.text)
            timeless = {node.text.lower(), other.text.lower()} & SAME_PAST
            tenses = {node.tense, other.tense} - {""}
            if len(tenses) > 1 and not (timeless and "modal" not in tenses):
                found.add("tense", (node.text, node.tense, other.tense))
        here, there = _marked(said, n, "quantity"), _marked(quoted, q, "quantity")
        if here - there:
            found.add("quantity_added", (node.text, here, there))
        if there - here:
            found.add("quantity_left", (node.text, here, there))
        there = there | _marked(quoted, q, "beside")
        if _marked(said, n, "beside") - there:
            found.add("quantity_added", (node.text, "beside"))
        here, there = _marked(said, n, "about"), _marked(quoted, q, "about")
        if there - here - {"only"}:
            found.add("about_left", (node.text,))
        if here - there:
            found.add("about_light" if here - there <= {"about"} else "about_added", (node.text,))
        for tie, c in said.of(n):
            added = tie in CONDITIONS | EXCEPTIONS or (tie == "because" and not said.content[c])
            if added and not any(
                t == tie and (h == q or k == to.get(c)) for h, t, k in quoted.ties
            ):
                found.add("condition_added", (node.text, tie, said.nodes[c].text))


def _left_out(said: Graph, quoted: Graph, to: dict[int, int], found: Findings) -> None:
    used = {quoted.group[q] for q in to.values()}
    taken = set(to.values())
    for n, q in to.items():
        node, other = said.nodes[n], quoted.nodes[q]
        # "The results of private schools" are not "results".
        definite = (other.definite and (node.definite or node.name)) or other.name
        for tie, c in quoted.of(q):
            child = quoted.nodes[c]
            if tie == "speaker":
                if not any(t == "speaker" for t, _ in said.of(n)):
                    found.add("left_speaker", (node.text, child.text))
                continue
            if (
                c in taken
                or quoted.group[c] in used
                or not (quoted.content[c] or tie in CONDITIONS or child.tense)
            ):
                continue
            if not quoted.content[c] and any(t == tie for t, _ in said.of(n)):
                continue
            listed = any(
                t == tie and k in taken and quoted.nodes[k].tag[0] == child.tag[0]
                for t, k in quoted.of(q)
            )
            if tie in ("obj", "isa", "attr", "comp", "subj") and (
                listed or (tie == "attr" and other.tag[0] == "N")
            ):
                continue  # one of several: "a lake and a river"
            if tie == "subj" and any(
                t == "of" and (k in taken or quoted.group[k] in used) for t, k in quoted.of(c)
            ):
                found.add("left_part", (node.text, child.text))
                continue
            if tie in ("before", "when", "once", "after", "while", "as") and other.tense == "past":
                found.add("left_time", (node.text, tie, child.text))
            elif (
                (tie in CONDITIONS and (child.tense or tie != "before"))
                or tie in EXCEPTIONS
                or (tie == "adv" and child.lemma in EXCEPTIONS)
            ):
                found.add("left_condition", (node.text, tie, child.text))
            elif tie == "said" or (tie == "parataxis" and child.lemma in SAYING):
                found.add("left_speaker", (node.text, child.text))
            elif tie == "num":
                found.add("left_number", (node.text, child.text))
            elif tie == "adv":
                if child.place in other.aside and child.lemma not in _HEDGES:
                    pass
                elif child.lemma in _ORDINALS or other.tag == "JJS":
                    found.add("left_rank", (node.text, child.text))
                elif child.lemma in _HEDGES or child.lemma in NO:
                    found.add("left_hedge", (node.text, child.text))
                elif child.lemma == "only" or child.lemma in IDLE:
                    pass
                elif child.tag in ("RBS", "RBR", "JJR", "JJS"):
                    found.add("left_degree", (node.text, child.text))
                elif node.tag[0] == "J" or other.tense in ("present", "modal", ""):
                    found.add("left_adverb", (node.text, child.text))
                else:
                    found.add("left_adverb_past", (node.text, child.text))
            elif tie == "mod":
                if child.lemma in _HEDGES:
                    found.add("left_hedge", (node.text, child.text))
                elif (
                    child.tag in ("JJR", "JJS")
                    or child.lemma in _ORDINALS
                    or (node.tag[:2] == "JJ" and node.lemma.endswith("est"))
                    or (other.name and child.lemma in _REGIONS)
                ):
                    found.add("left_rank", (node.text, child.text))
                elif any(
                    t == "mod" and c2 == q and quoted.nodes[h].name for h, t, c2 in quoted.ties
                ):
                    pass  # "the Swiss botanist Anna Keller"
                elif child.name and other.name:
                    found.add("left_name", (node.text, child.text))
                else:
                    found.add(f"left_mod_{_definite(definite)}", (node.text, child.text))
            elif tie in ("subj", "isa"):
                turned = any(
                    t == tie and k in to and relation(quoted, n, t, k, to, said) not in _SAME_TIE
                    for t, k in said.of(n)
                )
                found.add("other_subject" if turned else "left_subject", (node.text, child.text))
            elif tie == "obj":
                found.add("left_object", (node.text, child.text))
            elif tie in ("comp", "attr"):
                found.add("left_complement", (node.text, child.text))
            elif tie in ("relcl", "aside"):
                if child.place not in other.aside and c != q and tie == "relcl":
                    found.add(f"left_clause_{_definite(definite)}", (node.text, child.text))
            elif tie in ("because", "while", "although", "though", "whereas", "since", "and", "so"):
                pass
            elif tie == "than":
                found.add("left_than", (node.text, child.text))
            elif tie == "extent":
                found.add("left_extent", (node.text, child.text))
            elif other.tag[0] in "NPCJ" and not other.tense:
                if c not in other.aside and child.place not in other.aside:
                    kind = "of" if tie == "of" else "phrase"
                    found.add(f"left_{kind}_{_definite(definite)}", (node.text, tie, child.text))
            elif other.tense == "past":
                found.add("left_phrase_past", (node.text, tie, child.text))
            else:
                found.add("left_phrase_present", (node.text, tie, child.text))


def _definite(definite: bool) -> str:
    return "definite" if definite else "indefinite"
