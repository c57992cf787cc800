"""How far quotes say what a sentence says, judged by its words, their order and what governs them.

Nothing here understands language. A sentence is supported where one stretch of a quote (a clause,
with the clause before it where it leans on that) holds all its words, numbers and names, in no
reversed order, and denied, hedged and attributed alike. Errors lean to the safe side: a sentence
that says the same in words of its own is refused, and an extract stands in for it. The word lists
are English; in other languages words, numbers, names and their order are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import sentencex

from index.tokens import STOP_WORDS, stem, words
from qa.extract import plain

# The least share of its content words that a sentence must have from its quotes: all. On the pairs
# of tests/support_pairs.jsonl that gives precision 0.95 and recall 0.92; 0.85 gives 0.65 and 0.94.
# Of real sentences with one word exchanged, 0.95 lets one in nine pass, 1.0 one in fifty.
LEAST_SUPPORT = 1.0
# No one writes a longer sentence (in words) to be read.
_LONGEST = 120

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_TOKEN = re.compile(rf"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[{_APOSTROPHES}][^\W\d_]+)*|%|[,;:.]")
_SUBJECT = r"(?:[A-Z]|(?:the|an?|his|her|its|their|it|he|she|they)\b)"
# Where a quote may be cut: the clause after it has a subject, or is taken with the one before it.
_CLAUSE = re.compile(rf";\s+|,?\s+(?=(?:but|while|whereas)\s)|,\s+(?=and\s+{_SUBJECT})")
# Where a sentence may be cut: "and" between two verbs too, but not between two things.
_PART = re.compile(rf"{_CLAUSE.pattern}|,?\s+(?=and\s+(?!{_SUBJECT})\w)")


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_LEANING = _set("he she it they him her them his hers its their this these those but and while")
_DETERMINERS = _set("the a an this that these those its their his her each every all both")
_BE = _set("am is are was were be been being")
_NOT = _set("not no never none neither nor without cannot nothing nobody")
_REFUSALS = "refuse fail lack"
# What makes a statement less than a fact, or not one of all; a condition may be dropped, too.
_HEDGES = (
    "may might could would should if unless plan propose intend expect aim hope consider threaten "
    "allegedly alleged reportedly possibly perhaps probably likely suspect attempt try promise "
    "most few some half nearly almost partly"
)
_VOICES = (
    "according say tell claim allege report argue believe estimate accuse assert deny warn suggest "
    "indicate"
)
# Words that say the same, a line each. Function words that stand here count as content: a sentence
# may not put "before" for "after", or "all" for "most".
_SAME = """
    say tell state declare announce according
    claim allege assert
    buy acquire purchase
    build construct erect
    destroy demolish
    rise grow increase climb
    fall decrease decline drop shrink
    lower reduce cut
    supply provide deliver
    give grant award
    oblige require must shall
    begin start
    end finish
    ban bar prohibit forbid
    allow permit
    refuse reject decline deny
    accept agree approve
    leave withdraw
    run operate
    treaty pact agreement
    dear expensive
    quick fast rapid
    annual yearly
    all every each
    more over above
    less fewer below under
    most
    only
    before
    after
    until
    against
    than
"""
_IRREGULAR = {
    "say": "said", "tell": "told", "buy": "bought", "build": "built", "rise": "rose risen",
    "grow": "grew grown", "fall": "fell fallen", "shrink": "shrank shrunk",
    "give": "gave given", "begin": "began begun", "forbid": "forbade forbidden", "leave": "left",
    "withdraw": "withdrew withdrawn", "run": "ran", "dear": "dearer dearest",
    "quick": "quickly quicker", "fast": "faster", "rapid": "rapidly",
}  # fmt: skip
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
# Words that join statements and add nothing to them; "one" is seldom a number.
_CONNECTIVES = _set(
    "according although another however meanwhile moreover furthermore additionally overall "
    "therefore thus hence while whereas or because since respectively later one about around"
)
_NATIONAL = _set("a n an ian i ese vian s ans ns ians") | {""}


@dataclass(frozen=True, slots=True)
class Basis:
    """How far (0 to 1) quotes support a sentence, and by what: (quote, start, end) of each part.

    `quote` counts from 0; `start` and `end` are offsets into that quote and span whole sentences.
    """

    value: float
    parts: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    term: str
    content: bool
    name: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A clause, what it leans on, and the sentence around it, which is what the offsets span."""

    words: tuple[_Word, ...]
    lent: tuple[_Word, ...]
    around: tuple[_Word, ...]
    quote: int
    start: int
    end: int


def support(sentence: str, quotes: Sequence[str], language: str = "en") -> Basis:
    """How far `quotes` say what `sentence` says, each alone or each a part of it.

    Quotes that do not support it are not in the basis, which is empty where none does.
    """
    said = _read(sentence, language)
    if len(said) > _LONGEST and words(sentence) not in [words(plain(quote)) for quote in quotes]:
        return Basis(0.0, ())
    stretches = [list(_stretches(place, quote, language)) for place, quote in enumerate(quotes)]
    best = [
        _verbatim(words(sentence), place, quote, among) or _best(said, among)
        for place, (quote, among) in enumerate(zip(quotes, stretches, strict=True))
    ]
    value = max((found.value for found in best), default=0.0)
    if value >= LEAST_SUPPORT:
        alone = [found.parts for found in best if found.value >= LEAST_SUPPORT]
        return Basis(value, tuple(part for parts in alone for part in parts))
    clauses = [_read(clause, language) for clause in _PART.split(sentence)]
    sizes = [sum(word.content for word in clause) for clause in clauses]
    if len(clauses) == 1 or sizes[0] < 3 or min(sizes) < 2:
        return Basis(value, ())
    everywhere = [stretch for among in stretches for stretch in among]
    found = [_best(clause, everywhere) for clause in clauses]
    weakest = min(part.value for part in found)
    if weakest < LEAST_SUPPORT or any(_reversed(said, _read(q, language)) for q in quotes):
        return Basis(value, ())
    return Basis(weakest, tuple(dict.fromkeys(part for basis in found for part in basis.parts)))


def _verbatim(
    said: list[str], place: int, quote: str, stretches: Sequence[_Stretch]
) -> Basis | None:
    """Where `said` is a whole sentence or the whole quote: a part of one may lack its "not"."""
    spans = dict.fromkeys((s.start, s.end) for s in stretches if not s.lent)
    for start, end in (*spans, (0, len(quote))):
        if said and said == words(plain(quote[start:end])):
            return Basis(1.0, ((place, start, end),))
    return None


def _best(said: Sequence[_Word], stretches: Sequence[_Stretch]) -> Basis:
    best = Basis(0.0, ())
    for stretch in stretches:
        value = _held(said, stretch)
        if value > best.value:
            best = Basis(value, ((stretch.quote, stretch.start, stretch.end),))
    return best


def _stretches(place: int, quote: str, language: str) -> Iterator[_Stretch]:
    """The clauses of a quote; those that lean on what is before them once more, with that."""
    before: tuple[_Word, ...] = ()
    opening = 0
    for part in sentencex.get_sentence_boundaries(language, quote):
        text = part["text"]
        start = part["start_index"] + len(text) - len(text.lstrip())
        end = part["start_index"] + len(text.rstrip())
        around = tuple(_read(plain(text), language))
        for clause in _CLAUSE.split(plain(text)):
            read = tuple(_read(clause, language))
            if not any(word.content for word in read):
                continue
            yield _Stretch(read, (), around, place, start, end)
            if before and any(word.text in _LEANING for word in read):
                yield _Stretch(read, before, around, place, opening, end)
                before += read  # a chain of pronouns goes back to one name
            else:
                before, opening = read, start


def _held(said: Sequence[_Word], stretch: _Stretch) -> float:
    """The share of the content words that a stretch holds; 0 where something speaks against it."""
    content = [word for word in said if word.content]
    own = {word.term for word in stretch.words}
    lent = _lendable(stretch.lent)
    names = [word.term for word in (*stretch.words, *stretch.lent) if word.name]
    held = [
        word.term in own
        or word.term in lent
        or (word.name and any(_same_name(word.term, name) for name in names))
        for word in content
    ]
    share = sum(held) / len(held) if held else 0.0
    if share >= LEAST_SUPPORT and (
        (stretch.lent and not _lent_first(content, own, lent))
        or _denied_otherwise(said, stretch.words)
        or _hedged_otherwise(said, stretch.words)
        or _voice_dropped(said, stretch.around)
        or _named_otherwise(said, (*stretch.lent, *stretch.words))
        or _reversed(said, (*stretch.lent, *stretch.words))
    ):
        return 0.0
    return share


def _read(text: str, language: str) -> list[_Word]:
    """The words of `text`, with the marks that end a clause."""
    read: list[_Word] = []
    opens = True
    for match in _TOKEN.finditer(re.sub(r"\bper cent\b|%", " percent", text)):
        raw = match.group()
        if raw in ",;:.":
            read.append(_Word(raw, raw, content=False))
            continue
        if re.search(rf"n[{_APOSTROPHES}]t$", raw):
            read.append(_Word("not", "not", content=False))
            continue
        capital = raw[0].isupper()
        for word in words(re.sub(rf"[{_APOSTROPHES}]s?$", "", raw)):
            if word in _NUMBERS[2:]:
                word = str(_NUMBERS.index(word))
            term = stem([word], language)[0]
            same = _same_words().get(term)
            function = word in _CONNECTIVES or word in _NOT or (word in STOP_WORDS and not same)
            content = not function or (capital and not opens)  # May, The Hague
            read.append(
                _Word(
                    word,
                    same or term,
                    content,
                    name=content and capital and not (opens and same),
                    number=word[0].isdigit(),
                )
            )
            opens = False
    return read


@cache
def _same_words() -> dict[str, str]:
    """For the stem of each word of `_SAME` the first word of its line, which stands for all."""
    return {
        term: line.split()[0]
        for line in _SAME.strip().splitlines()
        for word in line.split()
        for term in stem([word, *_IRREGULAR.get(word, "").split()], "en")
    }


@cache
def _terms(listed: str) -> frozenset[str]:
    return frozenset(_same_words().get(term, term) for term in stem(listed.split(), "en"))


def _same_name(one: str, other: str) -> bool:
    """Whether two names differ only as a country and its people do: Iran, Iranian."""
    pairs = zip(one, other, strict=False)
    shared = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    return shared >= 4 and one[shared:] in _NATIONAL and other[shared:] in _NATIONAL


def _lendable(lent: Sequence[_Word]) -> set[str]:
    """What a pronoun can stand for: names, things with an article before them; and who says it."""
    return {
        word.term
        for place, word in enumerate(lent)
        if not word.number
        and (
            word.name
            or word.term in _terms(_VOICES)
            or (place > 0 and lent[place - 1].text in _DETERMINERS)
            or (place > 1 and lent[place - 2].text in _DETERMINERS and not lent[place - 1].name)
        )
    }


def _lent_first(content: Sequence[_Word], own: set[str], lent: set[str]) -> bool:
    """Whether what is lent comes first, as a subject does, and something own follows."""
    origin = [word.term in own for word in content if (word.term in own) != (word.term in lent)]
    return any(origin) and origin == sorted(origin)


def _scopes(read: Sequence[_Word], governing: frozenset[str], reach: int) -> list[set[str]]:
    """For each governing word the content words after it, up to `reach` and within the clause."""
    scopes = []
    for place, word in enumerate(read):
        if word.text in governing or word.term in governing:
            scope: set[str] = set()
            for after in read[place + 1 :]:
                if after.text in (";", ".", "but") or len(scope) == reach:
                    break
                if after.content and after.term not in governing:
                    scope.add(after.term)
            scopes.append(scope)
    return scopes


def _denied_otherwise(said: Sequence[_Word], quoted: Sequence[_Word]) -> bool:
    scopes = _scopes(quoted, _NOT, 3)
    denials = _scopes(said, _NOT, 3)
    if denials and not scopes:
        return True
    if any(denial and not any(denial & scope for scope in scopes) for denial in denials):
        return True
    denied = {term for denial in denials for term in denial}
    affirmed = {word.term for word in said} - denied
    if any(affirmed & scope and not denied & scope for scope in scopes):
        return True
    # Whoever says what was refused must say that it was.
    refusals = _terms(_REFUSALS)
    refused = any(affirmed & scope for scope in _scopes(quoted, refusals, 2))
    return refused and not refusals & affirmed


def _hedged_otherwise(said: Sequence[_Word], quoted: Sequence[_Word]) -> bool:
    terms = {word.term for word in said}
    hedges = _terms(_HEDGES)
    return not terms & hedges and any(terms & scope for scope in _scopes(quoted, hedges, 2))


def _voice_dropped(said: Sequence[_Word], around: Sequence[_Word]) -> bool:
    """Whether the quote tells who says it, and the sentence does not."""
    voices = _terms(_VOICES)
    return any(w.term in voices for w in around) and not any(w.term in voices for w in said)


def _named_otherwise(said: Sequence[_Word], quoted: Sequence[_Word]) -> bool:
    """Whether a name of several words is put together of words that stand apart in the quote."""
    near = {
        (one.term, other.term)
        for place, one in enumerate(quoted)
        for other in quoted[place + 1 : place + 4]
    }
    held = {word.term for word in quoted}
    return any(
        one.name
        and other.name
        and {one.term, other.term} <= held
        and (one.term, other.term) not in near
        for one, other in pairwise(said)
    )


def _reversed(said: Sequence[_Word], quoted: Sequence[_Word]) -> bool:
    """Whether three words stand the other way round: "Y met X" for "X met Y".

    Two words change places in many honest ways; three hardly do, but in a list of names.
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, word in enumerate(_active(quoted)):
        first.setdefault(word.term, place)
        last[word.term] = place
    shared = [word for word in _active(said) if word.term in first]
    for place, middle in enumerate(shared):
        before = [w for w in shared[:place] if first[w.term] > last[middle.term]]
        after = [w for w in shared[place + 1 :] if last[w.term] < first[middle.term]]
        if before and after and not all(w.name for w in (middle, *before, *after)):
            return True
    return False


def _active(read: Sequence[_Word]) -> list[_Word]:
    """The words whose order matters, "Y was met by X" in the order of "X met Y"."""
    by = next((place for place, word in enumerate(read) if word.text == "by"), len(read))
    agent, rest, before = list[_Word](), list(read[by + 1 :]), list(read[:by])
    while rest and (
        rest[0].content or rest[0].text in _DETERMINERS or (agent and rest[0].text == "of")
    ):
        agent.append(rest.pop(0))
    if agent and not agent[0].number:
        verb = max((place for place, w in enumerate(before) if w.text in _BE), default=by - 2)
        before = [*agent, *before[verb + 1 :], *before[: verb + 1]]
        agent = []
    order = (*before, *agent, *rest)
    return [word for word in order if word.content or word.text in ("from", "to")]
