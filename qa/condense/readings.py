"""Making a follow-up stand on its own, from the turns before it.

The condensed question is one that a person could have asked: pronouns and "the treaty" give way to
what they stand for, "What about Iran?" changes the question before in the place where a country
stood, "Why?" asks it anew. The rules are English; in other languages only a follow-up of a word or
two is put behind the question before. Where a follow-up can be read in several ways, all readings
are given, the likeliest first, so that the library can decide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from unicodedata import name

from index.tokens import STOP_WORDS, terms, words
from qa.condense.referents import Said, carried, topics
from qa.condense.resolve import MOST_READINGS, POINTING, resolved
from qa.condense.restate import ask_anew, changed
from qa.condense.small_talk import small_talk
from qa.condense.turns import Turn, as_turns
from qa.english.grammar import AUXILIARIES, BE, PREPOSITIONS, WH
from qa.english.noun_phrases import kind_of, tokens
from qa.english.phrases import sentence

# How far back is looked, in turns, and how much of a turn is read, in characters.
_TURNS = 6
_LONGEST = 1500
_ENGLISH = frozenset("the of did does how what when why which where who is are and about".split())
_IMPERATIVES = frozenset(
    "tell list explain describe compare summarise summarize show give name define find".split()
)
_THANKS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|thanks?(?: you)?|great|good|fine|interesting|i see|hm+|well|right|yes|oh"
    r"|ah|please)\b[\s,.!:;-]*)+",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^\W*(?:and|but|or|so|then|also)\b[\s,]*(?:then\b[\s,]*)?", re.IGNORECASE)
_ABOUT = re.compile(r"^\W*(?:what|how)\s+about\s+|^\W*as\s+for\s+", re.IGNORECASE)
_CORRECTION = re.compile(
    r"^\W*(?:(?:no|nope|sorry|wait|actually|oops|rather|correction|excuse me|not that)\b"
    r"[\s,.!:;-]*)+"
    r"|^\W*(?:i|we)\s+(?:meant?|was\s+asking|am\s+asking)\b",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"^\W*(?:i|we)\s+(?:actually\s+|really\s+)?(?:meant?|was\s+asking|am\s+asking)\s+"
    r"(?:to\s+(?:say|ask)\s+|about\s+|for\s+)?|^\W*(?:make\s+(?:that|it)|rather|it\s+is)\s+",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"[,\s]+(?:and\s+)?not\s+(?P<wrong>[^,?.!]+)\W*$"
    r"|^\W*not\s+(?P<first>[^,?.!]+?)(?:\s*,?\s+but\s+|\s*[,;.]\s+)",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^\W*(?:(?:can you |could you )?(?:please )?(?:tell|say|give)(?: me)?(?: a bit)? more"
    r"(?: details?)?"
    r"|go on|more(?: details?)?|(?:any |some )?details?|continue|elaborate|explain)\b"
    r"(?:\s+(?:about|on|of)\s+(?:it|that|this|them))?\W*$",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(
    r"^\W*(?:(?:can|could|would|will) you |please )*(?:give|show|name|tell|have|got)?(?: me| us)?"
    r"\s*(?:an?|any|some|a few|more|other|another|concrete)*\s*examples?"
    r"(?: (?:of|for) (?:it|that|this|them|these|those))?(?: please)?\W*$",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"^(?P<wh>(?:(?:by|to|for|from|with|since|until|in|on|at|of|about|against)\s+)?"
    r"(?:(?:what|which)\s+[^\W\d]\w*"
    r"|how\s+(?:many|much|long|often|far|soon|so|come)|who|whom|what|when|where|why|how))"
    r"(?P<tail>(?:\s+(?:else|not|exactly|precisely|then|though|to|from))*)\W*$",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"^(?P<wh>(?:in\s+(?:what|which)\s+\w+|since\s+when|when|where|why|how(?:\s+long\s+ago)?))\s+"
    r"(?:(?P<be>was|is|were|are)\s+(?P<it>that|this|it)(?:\s+(?:exactly|then|so|the\s+case|done))?"
    r"|(?:did|does|do)\s+(?:(?:that|this|it)\s+(?:happen|occur|take\s+place|come\s+about)"
    r"|(?:it|he|she|they)\s+do\s+(?:it|that|this|so)))\W*$",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"^(?:what(?:['’]s|\s+(?:was|is))\s+the\s+(?:reason|cause)(?:\s+(?:for|of)\s+(?:it|that|this))?"
    r"|what\s+for|how\s+(?:so|come))\W*$",
    re.IGNORECASE,
)
_AGENT = re.compile(r"^who\s+(?:did|does|has\s+done)\s+(?:it|that|this|so)\W*$", re.IGNORECASE)
_ASIDE = re.compile(r"^\W*(?:really|are\s+you\s+sure|is\s+that\s+(?:so|true|right))\W*$", re.I)


def readings(question: str, history: Sequence[Turn] = ()) -> list[str]:
    """What `question` may mean after the turns before it, the likeliest first; at least one.

    `history` holds (role, text) of the earlier turns, oldest first, roles "user" and "assistant".
    Raises QuestionError.
    """
    said: list[Said] = []
    script = _script(question[:_LONGEST])
    for asked, answered in _turns(history)[-_TURNS:]:
        if script and _script(asked[:_LONGEST]) not in ("", script):
            continue  # no question is made of words of two scripts
        asked, answered = asked[:_LONGEST], answered[:_LONGEST]
        held = set(terms(answered))
        found = _readings(asked, said)
        # What the answer speaks of is what the question was taken to mean.
        said.append(Said(max(found, key=lambda one: len(held.intersection(terms(one)))), answered))
    return _readings(question, said)


def points_back(question: str) -> bool:
    """Whether a pronoun of `question` may mean something that was said before it."""
    return not POINTING.keys().isdisjoint(words(question))


def _readings(question: str, said: Sequence[Said]) -> list[str]:
    question = question.strip()
    if not said or not question or len(question) > _LONGEST:
        return [question]
    last = said[-1]
    if _ENGLISH.isdisjoint(words(f"{last.question} {question}")):
        content = [word for word in words(question) if word not in STOP_WORDS]
        return [f"{last.question} {question}" if len(content) <= 1 else question]
    text = _THANKS.sub("", question) or question
    if _MORE.match(text):
        subject = topics(last)[:1]
        if not subject:
            return [last.question]
        return [f"What more is there about {carried(last, subject[0])}?"]
    if _EXAMPLES.match(text) and (subject := topics(last)[:1]):
        return [f"What are examples of {carried(last, subject[0])}?"]
    if _ASIDE.match(text):
        return [last.question]
    corrected = _CORRECTION.match(text) or _NOT.match(text)
    while _CORRECTION.match(text) and not _MEANT.match(text):
        text = _CORRECTION.sub("", text)
    wrong = ""
    if corrected or _MEANT.match(text):
        text = _MEANT.sub("", text)
        cut = _NOT.search(text)
        if cut:
            wrong = cut["wrong"] or cut["first"]
            text = (text[: cut.start()] + text[cut.end() :]).strip()
    lead = _LEAD.match(text)
    text = (_LEAD.sub("", text) or text).strip()
    about = _ABOUT.match(text)
    text = (_ABOUT.sub("", text) if about else text).strip()
    if not words(text):
        return [last.question]
    if _REASON.match(text):
        return [ask_anew(last, "why", [])]
    bare = _BARE.match(text)
    if bare and bare["wh"].split()[-1].lower() not in AUXILIARIES:
        return [ask_anew(last, bare["wh"], bare["tail"].split())]
    event = _EVENT.match(text)
    if event and not (event["it"] == "it" and event["be"] in ("is", "are")):
        return [ask_anew(last, event["wh"], [])]
    if _AGENT.match(text) and last.parsed.part("auxiliary").lower() in BE:
        return [ask_anew(last, "by whom", [])]
    if _is_fragment(text):
        found = changed(last, text, wrong)
        if lead or about or corrected:
            return _most(found)
        # "Iran?" is a follow-up; "ferries in winter" may be a search of its own.
        short = kind_of(tokens(text.rstrip("?!. "))) != "thing" and len(tokens(text)) <= 4
        return _most([*found, question] if short else [question, *found])
    stripped = sentence(text) if lead or about or corrected else question
    return _most(resolved(stripped, said))


def _turns(history: Sequence[Turn]) -> list[tuple[str, str]]:
    """Each question of the history with the answer it got, without small talk."""
    turns: list[tuple[str, str]] = []
    for role, text in as_turns(history):
        if role == "user" and text.strip():
            turns.append((text, ""))
        elif role == "assistant" and turns:
            turns[-1] = (turns[-1][0], text)
    return [turn for turn in turns if small_talk(turn[0], after_answer=True) is None]


def _script(text: str) -> str:
    """The script of most letters of `text`, as "LATIN"; "" where it has none."""
    names = Counter(name(char, "?").split()[0] for char in text if char.isalpha())
    return names.most_common(1)[0][0] if names else ""


def _is_fragment(text: str) -> bool:
    """Whether a text has no verb of its own that makes it a question."""
    found = [word.lower() for word in tokens(text)]
    if not found or len(found) > 12 or found[0] in _IMPERATIVES:
        return False
    place = 1 if found[0] in PREPOSITIONS and len(found) > 1 else 0
    return found[place] not in WH and not any(
        word in AUXILIARIES and word not in ("may", "might", "will") for word in found
    )


def _most(found: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(found))[:MOST_READINGS]
