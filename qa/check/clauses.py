"""The clauses of a sentence, each with what it shares with the others: its subject, who says it.

"The firm began in Oslo in 1950 and moved to Bergen in 1960" is two clauses with one subject; only
together with their own words do "1950" and "1960" say anything. Clauses are found by the words and
marks between them, and by where verbs stand; there is no grammar here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa.english.words import MARKS, Word

# What opens a clause, and the kind of tie: two clauses that are tied otherwise say something else.
_TIES = {
    "because": "because", "if": "if", "whether": "if", "unless": "unless", "or": "or",
    "after": "after", "before": "before", "until": "until", "when": "when", "once": "when",
} | dict.fromkeys(
    "and but yet while whereas although though which who whose that where as since".split(), ""
)  # fmt: skip
_ALWAYS = frozenset(
    "and or but yet which who whose while whereas although though because if whether unless"
    " when".split()
)
_JOINING = frozenset(("and", "or", "but", "yet"))
_RELATIVE = frozenset(("which", "who", "whose", "that"))
_ARTICLES = frozenset("a an the his her its their".split())
_PREPOSITIONS = frozenset(
    "in on at with without by for from despite during under over to through after before against"
    " between among within near off along around behind of about as since until before".split()
)
# With "-ly" words: what may stand before a verb that has no subject of its own.
_ADVERBS = frozenset(
    "now also later then still already never often always soon again even just first once thus ever"
    " sometimes today afterwards eventually thereafter finally only more less instead"
    " together".split()
)
PAUSE = Word(",", ",", frozenset(), content=False)


@dataclass(frozen=True, slots=True)
class Clause:
    """The words of a clause; `shared` are those that it has from others of its sentence.

    `tie` is how it hangs on them: "because", "if", "after", ..., or nothing. `told` says that the
    sentence names who says it.
    """

    words: tuple[Word, ...]
    shared: tuple[Word, ...]
    tie: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """The words between two joints, and the joint before them."""

    words: tuple[Word, ...]
    opening: str
    mark: str

    @property
    def verb(self) -> int | None:
        """Where the first verb stands after something that can be a subject; else None."""
        for place, word in enumerate(self.words):
            if word.verb:
                return place
        return None

    @property
    def subject(self) -> tuple[Word, ...]:
        before = self.words[: self.verb or 0]
        named = [w for w in before if w.content and w.text not in _ADVERBS]
        return before if any(not w.text.endswith("ly") for w in named) else ()


def clauses(read: Sequence[Word], voices: frozenset[str], findings: frozenset[str]) -> list[Clause]:
    """The clauses of a sentence in their order.

    `voices` are the terms of verbs of saying, `findings` of those that are so only before "that".
    """
    found: list[Clause] = []
    intro: tuple[Word, ...] = ()
    subject: tuple[Word, ...] = ()
    last: _Part | None = None
    speaker: tuple[Word, ...] = ()
    told: tuple[Word, ...] = ()
    parts = list(_parts(read))
    for place, part in enumerate(parts):
        after = parts[place + 1].opening if place + 1 < len(parts) else ""
        verb = part.verb
        if verb is None:
            if part.words[0].text in ("unlike", "besides", "except"):
                found.append(Clause(part.words, ()))
            elif last is None:  # "In May, ...", "Peru and ...": they belong to what comes
                if part.words[0].text == "according":
                    speaker = part.words
                elif intro and part.words[0].text in _ARTICLES and after not in ("and", "or"):
                    found.append(Clause(part.words, intro))  # "Voss, a student of Hart, ..."
                else:
                    intro += (*part.words, PAUSE)
            elif part.words[0].text == "according":
                told = part.words
            elif (
                found
                and part.opening == ""
                and (part.mark == "(" or part.words[0].text in _PREPOSITIONS)
            ):
                found[-1] = replace(found[-1], words=(*found[-1].words, PAUSE, *part.words))
            else:  # one more of a list: it has the verb of those before it
                until = last.verb or 0
                while until < len(last.words) and last.words[until].verb:
                    until += 1
                shared = (*subject, *last.words[:until], *speaker)
                found.append(Clause(part.words, shared, told=bool(speaker)))
            continue
        own = part.subject
        if part.opening in _RELATIVE and intro and last is None and not own:
            found.append(Clause(part.words, intro))
            subject, intro, last = intro, (), part
            continue
        if part.opening in _RELATIVE and last is not None and not own:
            object_ = last.words[(last.verb or 0) + 1 :]
            shared = tuple(w for w in object_ or last.words if w.content)
            found.append(Clause(part.words, (*shared, *speaker), told=bool(speaker)))
            last = part
            continue
        if own or part.opening not in ("", *_JOINING):
            inherited: tuple[Word, ...] = ()
            if own and own[0].text.endswith("ing"):
                inherited = subject  # "..., supplying coal": who does is said before
            if part.opening not in _RELATIVE or part.opening == "that":
                listed = intro if part.opening in ("and", "or") else ()
                subject = (*listed, *own) if own else subject
        else:
            inherited = subject if found or not intro else intro
            subject = inherited
        if own and part.opening in ("but", "while", "whereas", "yet", "although", "though"):
            speaker = ()
        tie = _TIES.get(part.opening, "")
        if part.opening == "that" and own and last is not None and not speaker:
            tie = "that"  # "it is not true that ..." does not say what comes
        found.append(Clause((*intro, *part.words), (*inherited, *speaker), tie, told=bool(speaker)))
        if _speaks(part, voices) or (
            after == "that" and any(w.verb and w.term in voices | findings for w in part.words)
        ):
            speaker = tuple(w for w in (*intro, *part.words) if w.content)
        intro = ()
        last = part
    if intro:
        found.append(Clause(intro, speaker, told=bool(speaker)))
    if parts and parts[0].verb is not None and not parts[0].subject and subject:
        # "Opened in 1931, the bridge ...": who was is said after
        found[0] = replace(found[0], shared=(*subject, *found[0].shared))
    if last is not None and len(found) > 1 and (_speaks(last, voices) or _named(last, voices)):
        told = tuple(w for w in last.words if w.content)
    if told:
        found = [replace(c, shared=(*c.shared, *told), told=True) for c in found]
    return found


def _named(part: _Part, voices: frozenset[str]) -> bool:
    """Whether a part only names who says what was before: "keepers told the newspaper"."""
    return part.opening == "" and any(w.verb and w.term in voices for w in part.words[:4])


def _speaks(part: _Part, voices: frozenset[str]) -> bool:
    """Whether what comes next is what the subject of the part says."""
    tail = [w for w in part.words if w.content or w.verb][-1:]
    return any(w.verb and w.term in voices for w in tail)


def _parts(read: Sequence[Word]) -> Iterator[_Part]:
    current: list[Word] = []
    opening = mark = ""
    for place, word in enumerate(read):
        joint = word.text in MARKS or (word.text in _TIES and not _within(read, place))
        if word.text == "and" and 0 < place < len(read) - 1:
            joint = not (read[place - 1].number and read[place + 1].number)
        if not joint:
            current.append(word)
            continue
        if any(w.content for w in current):
            yield _Part(tuple(current), opening, mark)
            opening = mark = ""
            current = []
        if word.text in MARKS:
            mark = word.text
        else:
            opening = word.text
            if word.content:  # "after", "because": it is compared, too
                current.append(word)
    if any(w.content for w in current):
        yield _Part(tuple(current), opening, mark)


def _within(read: Sequence[Word], place: int) -> bool:
    """Whether a word that may open a clause does not: "after the war", "such as", "as well"."""
    word = read[place].text
    if word in _ALWAYS:
        return False
    if word == "that":
        before = read[place - 1] if place else None
        return before is None or not (before.content or before.verb)
    for after in read[place + 1 :]:
        if after.text in MARKS or after.text in _TIES:
            return True
        if after.verb:
            return False
    return True
