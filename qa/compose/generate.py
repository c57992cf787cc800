"""Drafts from a language model: its sentences, with the passages that it names by number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import sentencex

from qa.compose.draft import Draft, plain
from qa.compose.prompt import messages, shown
from qa.injection import gives_orders
from qa.models.chat import NOT_IN_SOURCES, stream_text
from qa.models.written import MARKER, cited_numbers, in_brackets, unwrapped, without_reasoning
from qa.plain_text import without_unseen
from qa.retrieve.evidence import Evidence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

PASSAGES = 6
MOST_SENTENCES = 6
# A model that does not stop is stopped, in characters.
_LONGEST_TEXT = 20_000

_LEADING_MARKERS = re.compile(rf"[\s.]*(?:(?:{MARKER.pattern})[\s.]*)+", re.IGNORECASE)
# A marker that may still be under way.
_BROKEN_MARKER = re.compile(r"[\[(【][^\])】\n]{0,60}\Z")
_LIST_MARK = re.compile(r"^\s*(?:[-*+>•]+|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*#+\s[^\n]*(?:\n|\Z)", re.MULTILINE)
# A new line is a new sentence after a marker or tag, and before a list item or an empty line.
_LINE = re.compile(r"(?<=[\]>】]\n)|(?<=\n)(?=\s*(?:[-*+>#•]+|\d{1,2}[.)])\s|[ ]*\n)")
# The end of a sentence that was not broken off.
_ENDED = re.compile(r"[.!?…。！？।؟۔][\"'”’»)\]]*\s*$")


class NotInSources(Exception):
    """A verdict, not an error: the model says that the passages do not hold the answer."""


def generate(
    evidence: Evidence, model: BaseChatModel, timeout: float, passages: int = PASSAGES
) -> Iterator[Draft | None]:
    """The sentences of the model as it writes them; `timeout` is in seconds.

    It is shown the likeliest `passages`, and nothing in them that gives orders. Where there is
    such, it may have obeyed what we did not know for one, and it is not believed that the answer
    is not there. A draft that is None says that what came before was but a thought.

    Raises NotInSources, and what the model raises.
    """
    spans = shown(evidence, passages)
    unharmed = not any(
        gives_orders(evidence.generation.source(one.source_id), one.start, one.end) for one in spans
    )
    asked = messages(evidence, spans, MOST_SENTENCES)
    pieces = stream_text(model, asked, timeout=timeout)
    said = unwrapped(without_reasoning(pieces), _LONGEST_TEXT)
    for sentence in cited_sentences(said, evidence.generation.manifest.language):
        if sentence is None:
            yield None
            continue
        text, numbers = sentence
        if _is_verdict(text):
            if unharmed:
                raise NotInSources
            return
        if numbers is None:  # the gate finds what supports it, if anything does
            yield Draft(text, tuple(spans), unmarked=True)
        else:
            yield Draft(text, tuple(spans[n - 1] for n in numbers if 1 <= n <= len(spans)))


def cited_sentences(
    pieces: Iterable[str | None], language: str = "en"
) -> Iterator[tuple[str, tuple[int, ...] | None] | None]:
    """Each sentence, when it is complete, without its markers, and the numbers in them.

    They are None where it has no marker. A last sentence that was broken off is left out. A piece
    that is None is passed on, and what is not complete before it forgotten.
    """
    written = ""
    room = _LONGEST_TEXT
    for piece in pieces:
        if piece is None:
            written = ""
            yield None
            continue
        written += without_unseen(piece[:room])
        room -= len(piece)
        *complete, rest = _split(written, language)
        # Until the next sentence is under way, markers of the one before may still come.
        begun = _LEADING_MARKERS.sub("", rest, count=1)
        if complete and re.search(r"[^\W\d]\w*\W", begun) and not _BROKEN_MARKER.search(written):
            yield from map(_read, complete)
            written = rest
        if room <= 0:
            break
    *complete, rest = _split(written, language)
    yield from map(_read, complete)
    if rest.endswith("\n") or _ENDED.search(MARKER.sub("", rest)) or _is_verdict(rest):
        yield _read(rest)


def _split(text: str, language: str) -> list[str]:
    """The sentences of `text`; markers that follow a full stop belong to the sentence before."""
    text = in_brackets(text)
    sentences = [""]
    for line in _LINE.split(text):
        for part in sentencex.get_sentence_boundaries(language, line):
            sentence = part["text"]
            leading = _LEADING_MARKERS.match(sentence)
            if leading and len(sentences) > 1:
                sentences[-1] += leading.group()
                sentence = sentence[leading.end() :]
            if sentence.strip():
                sentences.append(sentence)
    return sentences[1:] or [text]


def _is_verdict(text: str) -> bool:
    """Whether a model says that the answer is not there, in whatever type or quotation marks."""
    return re.sub(r"[\W_]+", " ", text).strip().upper().startswith(NOT_IN_SOURCES)


def _read(sentence: str) -> tuple[str, tuple[int, ...] | None]:
    unmarked, numbers = cited_numbers(_LIST_MARK.sub("", _HEADING.sub("", sentence)))
    text = re.sub(r"\s+(?=[.,;:!?](?:\s|$))", "", plain(unmarked))  # where a marker stood
    return text, numbers
