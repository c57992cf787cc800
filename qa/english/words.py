"""The words of a text as they are compared: their senses, and which are names, numbers and verbs.

English is read with lists of words (`synonyms.txt`); other languages by their stems alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from index.tokens import STOP_WORDS, stem, words
from qa.english.numbers import MONTH_PATTERN, SMALL_NUMBERS

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_NUMBER = r"\d+(?:[.,]\d+)*"
_TOKEN = re.compile(
    rf"(?<!\S)[-\N{{MINUS SIGN}}]{_NUMBER}|{_NUMBER}|[^\W\d_]+(?:[{_APOSTROPHES}][^\W\d_]+)*|%"
    rf"|[,;:.()\N{{EM DASH}}\N{{EN DASH}}]"
)
DETERMINERS = frozenset(
    "the a an this that these those its his her their each every all both".split()
)
MARKS = frozenset(",;:.()\N{EM DASH}\N{EN DASH}")

# Base and forms.
_IRREGULAR = """
    arise arose arisen | bear bore borne | beat beaten | become became | begin began begun |
    bend bent | bind bound | bite bit bitten | bleed bled | blow blew blown | break broke broken
    | breed bred | bring brought | build built | burn burnt | buy bought | catch caught |
    choose chose chosen | come came | deal dealt | dig dug | draw drew drawn | drink drank drunk
    | drive drove driven | eat ate eaten | fall fell fallen | feed fed | feel felt |
    fight fought | find found | flee fled | fly flew flown | forbid forbade forbidden |
    forget forgot forgotten | freeze froze frozen | get got gotten | give gave given |
    go went gone | grow grew grown | hang hung | hear heard | hide hid hidden | hold held |
    keep kept | know knew known | lay laid | lead led | learn learnt | leave left | lend lent |
    lie lay lain | light lit | lose lost | make made | mean meant | meet met | overcome overcame
    | overthrow overthrew overthrown | pay paid | rebuild rebuilt | ride rode ridden |
    ring rang rung | rise rose risen | run ran | say said | see saw seen | seek sought |
    sell sold | send sent | shake shook shaken | shine shone | shoot shot | show shown |
    shrink shrank shrunk | sing sang sung | sink sank sunk | sit sat | slay slew slain |
    sleep slept | sow sown | speak spoke spoken | spend spent | spring sprang sprung |
    stand stood | steal stole stolen | stick stuck | strike struck | swear swore sworn |
    sweep swept | swim swam swum | take took taken | teach taught | tear tore torn | tell told |
    think thought | throw threw thrown | undergo underwent undergone | understand understood |
    undertake undertook undertaken | wear wore worn | weave wove woven | win won |
    withdraw withdrew withdrawn | withstand withstood | write wrote written |
    quick quicker quickly | dear dearer dearest | cheap cheaper cheapest | large larger largest
    | big bigger biggest | old older oldest | young younger youngest | high higher highest |
    low lowest | near nearer nearest
"""
# Forms that are as often no verb.
_NO_VERBS = frozenset("according lay rose bore bound felt shot".split())
_NO_PASTS = frozenset("hundred indeed speed breed creed greed steed naked sacred wicked".split())
# Verbs whose past is as their base.
SAME_PAST = frozenset("put cut set hit cost let shut spread hurt quit read split cast".split())
_AUXILIARY = frozenset(
    "am is are was were be been being has have had do does did will would shall should can could"
    " may might must cannot".split()
)
NOT = frozenset("not no never none neither nor without cannot nothing nobody".split())
# Function words that bind: a sentence may not put "before" for "after", or "all" for "most".
_BINDING = frozenset(
    "all both every each more over above less fewer below under most only before after until"
    " against than must because".split()
)
# Words that join statements and add nothing to them; "one" is seldom a number.
_CONNECTIVES = frozenset(
    "according although though another however meanwhile moreover furthermore additionally overall "
    "therefore thus hence while whereas yet or since respectively later one about around some"
    " approximately roughly there".split()
)
_SIGNS = str.maketrans(
    {"<": " below ", ">": " above ", "\u2264": " atmost ", "\u2265": " atleast ", "\u2260": " not ",
     "$": " dollars ", "\u20ac": " euros ", "\u00a3": " pounds ", "\u00a5": " yen "}
)  # fmt: skip
_DATE = re.compile(
    rf"\b({MONTH_PATTERN})"
    r"\s+(\d{1,2})(?:st|nd|rd|th)?,?(?=\s+\d{4}\b)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word: `senses` are its stem and the groups of `synonyms.txt` that it stands in."""

    text: str
    term: str
    senses: frozenset[str]
    content: bool
    name: bool = False
    number: bool = False
    verb: bool = False


def read(text: str, language: str) -> list[Word]:
    """The words of `text`, with the marks that end a clause."""
    text = _DATE.sub(r"\2 \1", re.sub(r"\bper cent\b|%", " percent", text))
    text = re.sub(r"(?<=\d)\s?[-\N{EN DASH}]\s?(?=\d)", " to ", text)
    text = text.translate(_SIGNS)
    text = re.sub(r"\b([Aa]ccording) to\b", r"\1", text)
    text = re.sub(r"\bsome(?=\s\d)", "about", re.sub(r"\bset to\b", "expected to", text))
    text = _phrases().sub(_joined, text) if language == "en" else text
    return list(_words(text, language))


def _words(text: str, language: str) -> Iterator[Word]:
    opens = True
    plural = verb = False  # seen since the clause began
    before = ""
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if raw in MARKS:
            yield Word(raw, raw, frozenset(), content=False)
            before = raw
            plural = verb = False
            continue
        if re.search(rf"n[{_APOSTROPHES}]t$", raw):
            yield Word("not", "not", frozenset(), content=False)
            continue
        capital = raw[0].isupper()
        for word in words(re.sub(rf"[{_APOSTROPHES}]s?$", "", raw)):
            if raw[0] in "-\N{MINUS SIGN}":
                word = f"-{word}"
            if word in SMALL_NUMBERS[2:]:
                word = str(SMALL_NUMBERS.index(word))
            base = bases().get(word, word) if language == "en" else word
            own, term = stem([word, base], language)
            senses = frozenset((own, term))
            if language == "en":
                senses |= _senses().get(own, frozenset()) | _senses().get(term, frozenset())
            function = (
                word in _CONNECTIVES or word in NOT or (word in STOP_WORDS and word not in _BINDING)
            )
            content = not function or (capital and not opens)  # May, The Hague
            verb = not (capital and not opens) and _is_verb(word, before, plural and not verb)
            plural = plural or (content and word.endswith("s") and not word.endswith("ss"))
            if word in ("and", "or", "but", "that", "which", "who"):
                plural = verb = False
            yield Word(
                word,
                term,
                senses,
                content,
                name=content and capital and not (opens and any(s[0] == "#" for s in senses)),
                number=word[-1].isdigit(),
                verb=verb,
            )
            opens = False
            before = word


def _is_verb(word: str, before: str, plural: bool) -> bool:
    if word in _AUXILIARY:
        return True
    if before in ("the", "a", "an", "its", "his", "her", "their", "of", "this", "these", "those"):
        return False
    if word in _joined_verbs():
        return True
    if word in bases() and word not in _NO_VERBS:
        return bases()[word] in base_verbs()
    if len(word) > 4 and word.endswith("ed"):
        return word not in _NO_PASTS
    if word in base_verbs() and (plural or (word in SAME_PAST and before not in ("", ",", "to"))):
        return before != "to"  # "critics argue", "the firm cut"
    if before in ("they", "we", "i", "you", "who", "which", "that", "people", "not"):
        return word in base_verbs() or word in _singular_verbs()
    return word in _singular_verbs() and before not in ("", ",")


@cache
def senses(word: str) -> frozenset[str]:
    """The groups of `synonyms.txt` that a base form stands in."""
    return frozenset(g for one in stem([word], "en") for g in _senses().get(one, frozenset()))


def senses_of(listed: str) -> frozenset[str]:
    """The stems of words that are listed."""
    return frozenset(stem(listed.split(), "en"))


@cache
def _groups() -> tuple[list[list[str]], list[list[str]], list[str]]:
    """The groups of verbs, the other groups, and the verbs that have none."""
    verbs: list[list[str]] = []
    others: list[list[str]] = []
    alone: list[str] = []
    into = verbs
    for line in (files("qa.english") / "synonyms.txt").read_text("utf-8").splitlines():
        if line == "# == others":
            into = others
        elif line.startswith("="):
            alone += line.split()[1:]
        elif line and not line.startswith("#"):
            into.append(line.split())
    return verbs, others, alone


@cache
def _forms() -> dict[str, list[str]]:
    """The irregular forms of each base."""
    rows = [row.split() for row in _IRREGULAR.replace("\n", " ").split("|")]
    return {base: forms for base, *forms in rows}


@cache
def bases() -> dict[str, str]:
    """The base of each irregular form."""
    table = {form: base for base, forms in _forms().items() for form in forms}
    return table | {"according": "say"}


@cache
def _senses() -> dict[str, frozenset[str]]:
    """For each stem the groups that it stands in."""
    verbs, others, _ = _groups()
    table: dict[str, set[str]] = {}
    for number, group in enumerate((*verbs, *others)):
        for word in stem([entry.replace("_", "") for entry in group], "en"):
            table.setdefault(word, set()).add(f"#{number}")
    return {word: frozenset(numbers) for word, numbers in table.items()}


@cache
def base_verbs() -> frozenset[str]:
    """The verbs that are known, in their base form."""
    verbs, _, alone = _groups()
    return frozenset([word for group in verbs for word in group if "_" not in word] + alone)


@cache
def _singular_verbs() -> frozenset[str]:
    """Their forms of the third person: carries, reaches, says."""
    verbs = base_verbs()
    return frozenset(
        verb[:-1] + "ies" if re.search("[^aeiou]y$", verb) else verb + ending
        for verb in verbs
        for ending in (("es",) if re.search("(?:s|x|z|ch|sh|o)$", verb) else ("s",))
    )


def _inflected(verb: str) -> list[str]:
    cut = verb.removesuffix("e")
    regular = [verb + "s", verb + "es", cut + "ed", cut + "ing", cut + cut[-1] + "ing"]
    return [verb, *regular, *_forms().get(verb, [])]


@cache
def _phrases() -> re.Pattern[str]:
    verbs, others, _ = _groups()
    found = []
    for group in verbs:
        for entry in group:
            first, *rest = entry.split("_")
            if rest:
                forms = "|".join(sorted(_inflected(first), key=len, reverse=True))
                found.append(rf"(?:{forms}) {' '.join(rest)}")
    found += [entry.replace("_", " ") for group in others for entry in group if "_" in entry]
    found.sort(key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(found)})\b", re.IGNORECASE)


def _joined(found: re.Match[str]) -> str:
    first, *rest = found.group().split(" ")
    base = next((b for b in _phrase_heads() if first.casefold() in _inflected(b)), first)
    return "".join((base, *rest))


def in_single_words(text: str) -> str:
    """`text` with the verbs of several words as one of their group: "took place" as "occurred"."""
    return _phrases().sub(_single, text)


def _single(found: re.Match[str]) -> str:
    first, *rest = found.group().lower().split(" ")
    base = next((b for b in _phrase_heads() if first in _inflected(b)), first)
    group = next((verbs for verbs in _groups()[0] if "_".join((base, *rest)) in verbs), [])
    word = next((verb for verb in group if "_" not in verb), "")
    if not word or first == base:  # "set up" may be past
        return found.group() if not word or base in SAME_PAST else word
    regular = word.removesuffix("e")
    if first.endswith("ing"):
        return f"{regular}ing"
    if first in (base + "s", base + "es"):
        return f"{word}s"
    return _forms().get(word, [regular + "ed"])[0]


@cache
def _joined_verbs() -> frozenset[str]:
    verbs, _, _ = _groups()
    return frozenset(entry.replace("_", "") for group in verbs for entry in group if "_" in entry)


@cache
def _phrase_heads() -> frozenset[str]:
    verbs, _, _ = _groups()
    return frozenset(entry.split("_")[0] for group in verbs for entry in group if "_" in entry)
