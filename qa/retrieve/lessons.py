"""What a text asks of its readers and does not tell: quizzes, blanks, goals, tables of contents."""

from __future__ import annotations

import re

from qa.retrieve.stretches import Stretch
from sources import Source

_QUESTIONS = (
    r"(?:review|study|quiz|discussion|practice|comprehension|test|exam|check|checkpoint"
    r"|critical thinking|interactive link|chapter|multiple[ -]choice|true or false) questions?"
    r"|quiz(?:zes)?"
)
_QUIZ = re.compile(
    rf"(?:{_QUESTIONS}|exercises?|homework|(?:practice )?problems|self[- ](?:check|test|assessment)"
    r"|(?:check|test) your (?:understanding|knowledge)|knowledge check|test yourself)\b",
    re.IGNORECASE,
)
_LEARNED = re.compile(
    r"(?:learning|lesson|chapter|course) (?:objectives?|outcomes?|goals?|targets?)\b"
    r"|\byou (?:will|should|'ll|’ll) (?:be able to|learn(?: how)?(?: to)?|know how to)\W*$",
    re.IGNORECASE,
)
# Under such a heading stand what is to be chosen from, and the letter of the right one.
_CHOICES = re.compile(rf"\W*(?:{_QUESTIONS})\W*", re.IGNORECASE)
_LETTER = 3
_CONTENTS = re.compile(r"(?:table of )?contents|on this page|in this (?:document|guide|page)", re.I)
_TERMS = re.compile(r"(?:key|important|new) (?:terms|words|concepts|vocabulary)|vocabulary", re.I)
# Words of an item that names a term and does not say what it means.
_BARE = 3
_BLANK = re.compile(r"(?<![\w_])(?:\\?_){3,}(?![\w])")
# A line of a table of contents: "Leave ........ 14", or nothing but a link to the same page.
_LEADERS = re.compile(r"(?:\.[ \t]?){4,}\s*\d{1,4}\W*$", re.MULTILINE)
_ANCHOR = re.compile(r"\W*\[[^\]\n]+\]\(#[^)\n]*\)\W*")
_SENTENCE_END = re.compile(r"[.!。！…:](?:[\"'”’)\]*_`]|\s|$)")


def is_lesson(source: Source, stretch: Stretch) -> bool:
    """Whether a stretch asks or announces, and says nothing that could answer."""
    if stretch.kind in ("code", "table"):
        return False
    texts = [source.text[part.start : part.end] for part in stretch.parts]
    nearest = stretch.heading.rsplit(" > ", 1)[-1]
    asks = [text.rstrip("*_ \t\n)\"'”’").endswith("?") or _is_blank(text) for text in texts]
    if _QUIZ.search(nearest) and any(asks):
        return True
    choices = stretch.kind == "list" or max(map(len, texts)) <= _LETTER
    if choices and any(map(_CHOICES.fullmatch, stretch.heading.split(" > "))):
        return True
    if stretch.kind == "paragraph":
        told = any(map(_SENTENCE_END.search, texts))
        return any(map(_is_blank, texts)) or (all(asks) and not told)
    if _LEARNED.search(nearest) or _LEARNED.search(texts[0]):
        return True
    items = [text for part, text in zip(stretch.parts, texts, strict=True) if part.kind == "item"]
    if _CONTENTS.fullmatch(nearest.strip(" :*_")) and not any(map(_SENTENCE_END.search, items)):
        return True
    if _TERMS.fullmatch(nearest.strip(" :*_")) and all(len(one.split()) <= _BARE for one in items):
        return True
    return bool(items) and (
        any(map(_is_blank, items))
        or all(map(_ANCHOR.fullmatch, items))
        or all(map(_LEADERS.search, items))
    )


def _is_blank(text: str) -> bool:
    return bool(_BLANK.search(text))
