"""A statement read as the answer to a question: what in it fills in what is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from index.search import Generation
from index.tokens import STOP_WORDS, stem, terms, words
from qa.conflicts.asked_slot import AskedSlot, content_senses, matches
from qa.conflicts.statement import DATE, Statement
from qa.english.grammar import MONTH_WORDS, TIMES
from qa.english.noun_phrases import past
from qa.english.words import NOT, read

# Characters of the sentence before that may name what this one speaks of.
_BEFORE = 400
_SPAN = re.compile(
    r"\"[^\"]{2,80}\"|“[^”]{2,80}”"
    r"|(?<![\w'’-])[A-Z][\w.'’-]*(?:(?:\s(?:of|the|de|la|van|von|der|del)){0,2}"
    r"\s(?:[A-Z][\w.'’-]*|\d{1,3}\b))*"
)
REASON = re.compile(
    r"\b(?:because of|because|due to|owing to|on account of|caused by|result of|thanks to"
    r"|is (?:the reason|why)|led to|caused?s?|killed by|destroyed by|since|so that|in order to"
    r"|so|died of|destroyed|killed|reason)\b",
    re.IGNORECASE,
)
_ORDINAL = frozenset(
    "first second third last final early late earlier later latest old new former current present "
    "upper lower northern southern eastern western junior senior young deputy vice acting goods "
    "passenger women men youth".split()
)
# What is so of the one is not so of the other.
OPPOSITES = (
    ("open", "closed"), ("allowed", "forbidden"), ("allowed", "prohibited"), ("allowed", "banned"),
    ("permitted", "forbidden"), ("permitted", "prohibited"), ("permitted", "banned"),
    ("safe", "unsafe"), ("safe", "dangerous"), ("legal", "illegal"), ("alive", "dead"),
    ("possible", "impossible"), ("free", "charged"), ("true", "false"), ("guilty", "innocent"),
    ("required", "optional"), ("needed", "unnecessary"), ("married", "unmarried"),
    ("succeeded", "failed"), ("accepted", "refused"), ("accepted", "rejected"),
    ("approved", "rejected"), ("present", "absent"), ("public", "private"),
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """A statement read as the answer to a question; None of its parts is kept where it is none."""

    asked: AskedSlot
    statement: Statement
    before: str = ""

    @cached_property
    def own(self) -> str:
        """The sentence without who says it, where that leaves what is asked for."""
        own = self.statement.own
        if own == self.statement.text:
            return own
        return own if all(self.asked.said_in(content_senses(own))) else self.statement.text

    @cached_property
    def said(self) -> frozenset[str]:
        """The stems and senses of its words."""
        return content_senses(self.own)

    @cached_property
    def opposite(self) -> bool:
        """Whether it has the opposite of a word that the question has."""
        asked = set(words(self.asked.text))
        own = set(words(self.own))
        return any((a in asked and b in own) or (b in asked and a in own) for a, b in OPPOSITES)

    @cached_property
    def replies(self) -> bool:
        """Whether it speaks of all that the question speaks of, most of it in its own words."""
        here = self.asked.said_in(self.said)
        if self.opposite and here.count(False) == 1:
            here = [True] * len(here)
        around = content_senses(f"{self.statement.above} {self.before}")
        above = self.asked.said_in(around)
        if not all(a or b for a, b in zip(here, above, strict=True)):
            return False
        # A name may stand above; what happened may not.
        missing = [
            word
            for word, inside in zip(self.asked.needed, here, strict=True)
            if not inside and not matches(word, self.asked.names)
        ]
        return not missing and 2 * sum(here) >= len(here)

    @cached_property
    def dates(self) -> frozenset[int]:
        """The years that it names and the question does not."""
        asked = {year for year, _, _ in Statement(self.asked.text).dates}
        return frozenset(year for year, _, _ in self.statement.dates) - asked

    @cached_property
    def anchors(self) -> list[int]:
        """Where the words of the question that are no names stand in it, as offsets."""
        found = []
        for match in re.finditer(r"[^\W\d_][\w’'-]*", self.own):
            for word in read(match.group(), "en"):
                if word.content and any(matches(one, word.senses) for one in self.asked.plain):
                    found.append(match.start())
        return found

    @cached_property
    def spans(self) -> list[tuple[int, int, str]]:
        """The names in it that the question does not have: start, end, text."""
        found = []
        for match in _SPAN.finditer(self.own):
            for start, text in _unasked(match, self.asked):
                word = text.lower()
                if not text or word in STOP_WORDS or word in TIMES or word in MONTH_WORDS:
                    continue
                found.append((start, start + len(text), text))
        return found

    @cached_property
    def nearest(self) -> tuple[int, int, str] | None:
        """The name that stands nearest to what the question says of it; after "by" in a passive."""
        if not self.spans:
            return None
        by = [
            match.end()
            for match in re.finditer(r"\bby\s", self.own)
            if any(0 <= match.start() - place <= 40 for place in self.anchors)
        ]
        if by and self.asked.slot == "name":
            after = [span for span in self.spans if span[0] >= by[0]]
            if after and ", " not in self.own[by[0] : after[0][0]]:
                return after[0]
            return None
        anchors = self.anchors
        if self.asked.slot == "title":
            naming = r"\b(?:called|named?|titled?|entitled|title|is|was)\b"
            anchors = [match.end() for match in re.finditer(naming, self.own)] or anchors
        if not anchors:
            return self.spans[0]

        def far(span: tuple[int, int, str]) -> int:
            return min(min(abs(span[0] - one), abs(span[1] - one)) for one in anchors)

        return min(self.spans, key=far)

    @cached_property
    def rest(self) -> list[str]:
        """Its content words that the question does not have, without marks of a reason."""
        text = REASON.sub(" ", DATE.sub(" ", self.own))
        return [
            word.text
            for word in read(text, "en")
            if word.content
            and not any(matches(one, word.senses) for one in self.asked.needed)
            and word.text not in words(self.asked.text)
        ]

    @cached_property
    def qualities(self) -> frozenset[str]:
        """The words right before those that the question has: "early" of "the early novels"."""
        found = re.findall(r"[^\W\d_][\w’'-]*|[,;:.()]", self.own)
        own = set()
        known = set(words(self.asked.text))
        for here, following in pairwise(found):
            low = here.lower()
            if here[0].isupper() or low in STOP_WORDS or low in NOT or past(low) or low in known:
                continue
            if not here[0].isalpha() or past(following.lower()):  # "the navy, designed"
                continue
            asked = any(matches(one, content_senses(following)) for one in self.asked.needed)
            itself = any(matches(one, content_senses(here)) for one in self.asked.needed)
            if asked and not itself and following[0].islower():
                own.add(stem([here.lower()])[0])
        return frozenset(own) | {
            word.lower()
            for word in found
            if word in _ORDINAL and word.lower() not in words(self.asked.text)
        }


def _unasked(match: re.Match[str], asked: AskedSlot) -> Iterator[tuple[int, str]]:
    """The runs of words of a name that are not the question's."""
    if match.group()[0] in '"“':
        if not set(terms(match.group())) <= asked.names | set(terms(asked.text)):
            yield match.start(), match.group()
        return
    run: list[re.Match[str]] = []
    known = set(words(asked.text)) | set(terms(asked.text))
    for found in (*re.finditer(r"\S+", match.group()), None):
        word = re.sub(r"['’]s?$|[.,]+$", "", found.group()) if found else ""
        small = bool(word) and word[0].islower()
        mine = bool(word) and not (set(words(word)) | set(terms(word))) & known
        if found and (mine or (small and run)):
            run.append(found)
            continue
        while run and run[-1].group()[0].islower():
            run.pop()
        while run and (run[0].group()[0].islower() or run[0].group() == "The") and len(run) > 1:
            run.pop(0)
        if run:
            start = match.start() + run[0].start()
            yield start, match.group()[run[0].start() : run[-1].end()].rstrip(".,'’")
        run = []


@lru_cache(maxsize=4096)
def reply(asked: AskedSlot, text: str, above: str, before: str = "") -> Reply:
    """A sentence of a source read as the answer, with the title and heading above it."""
    return Reply(asked, Statement(" ".join(text.split()), above), before)


def reply_at(generation: Generation, asked: AskedSlot, row: int) -> Reply:
    """A sentence of an index as the answer, with its title, heading and the sentence before it."""
    source, start, end = generation.unit(row)
    before = generation.neighbour(row, -1)
    earlier = generation.unit_text(before)[-_BEFORE:] if before is not None else ""
    above = f"{source.title} {source.heading_at(start) or ''}"
    return reply(asked, source.text[start:end], above, earlier)
