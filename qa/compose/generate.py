"""Drafts from a language model: its sentences, with the passages that it names by number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import sentencex

from qa.compose.draft import Draft, Span
from qa.compose.extract import plain
from qa.injection import quotable, without_instructions
from qa.models.chat import MARKER, NOT_IN_SOURCES, stream_text
from qa.plain_text import without_unseen
from qa.retrieve.evidence import Evidence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

PASSAGES = 6
MOST_SENTENCES = 6
# A model that does not stop is stopped, in characters.
_LONGEST_TEXT = 20_000

_LEADING_MARKERS = re.compile(rf"[\s.]*(?:{MARKER.pattern}[\s.]*)+")
_NUMBER = re.compile(r"-?\d+")
_LIST_MARK = re.compile(r"^\s*(?:[-*+>•]+|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*#+\s[^\n]*(?:\n|\Z)", re.MULTILINE)
# A new line is a new sentence after a marker or tag, and before a list item or an empty line.
_LINE = re.compile(r"(?<=[\]>]\n)|(?<=\n)(?=\s*(?:[-*+>#•]+|\d{1,2}[.)])\s|[ ]*\n)")
# The end of a sentence that was not broken off.
_ENDED = re.compile(r"[.!?…。！？।؟۔][\"'”’»)\]]*\s*$")


class NotInSources(Exception):
    """A verdict, not an error: the model says that the passages do not hold the answer."""


def generate(evidence: Evidence, model: BaseChatModel, timeout: float) -> Iterator[Draft]:
    """The sentences of the model as it writes them; `timeout` is in seconds.

    The model is not shown what gives orders in a passage. Where there is such, it may have obeyed
    what we did not know for one, and it is not believed that the answer is not there.

    Raises NotInSources, and what the model raises.
    """
    found = evidence.hits(PASSAGES)
    sources = [evidence.generation.source(hit.chunk.source_id) for hit in found]
    hits = [
        replace(hit, text=quotable(source, hit.chunk.start, hit.chunk.end))
        for hit, source in zip(found, sources, strict=True)
    ]
    titles = [without_instructions(source.title, 0, len(source.title)) for source in sources]
    unharmed = [hit.text for hit in hits] == [hit.text for hit in found]
    spans = [Span(hit.chunk.source_id, hit.chunk.start, hit.chunk.end) for hit in hits]
    pieces = stream_text(
        model, evidence.question, hits, titles, most_sentences=MOST_SENTENCES, timeout=timeout
    )
    for text, numbers in cited_sentences(pieces, evidence.generation.manifest.language):
        if text.upper().startswith(NOT_IN_SOURCES):
            if unharmed:
                raise NotInSources
            return
        if numbers is None:  # the gate finds what supports it, if anything does
            yield Draft(text, tuple(spans))
        else:
            yield Draft(text, tuple(spans[n - 1] for n in numbers if 1 <= n <= len(spans)))


def cited_sentences(
    pieces: Iterable[str], language: str = "en"
) -> Iterator[tuple[str, tuple[int, ...] | None]]:
    """Each sentence, when it is complete, without its markers, and the numbers in them.

    They are None where it has no marker. A last sentence that was broken off is left out.
    """
    written = ""
    room = _LONGEST_TEXT
    for piece in pieces:
        written += without_unseen(piece[:room])
        room -= len(piece)
        *complete, rest = _split(written, language)
        # Until the next sentence is under way, markers of the one before may still come.
        if complete and re.search(r"[^\W\d]\w*\W", rest):
            yield from map(_read, complete)
            written = rest
        if room <= 0:
            break
    *complete, rest = _split(written, language)
    yield from map(_read, complete)
    if rest.endswith("\n") or _ENDED.search(MARKER.sub("", rest)):
        yield _read(rest)


def _split(text: str, language: str) -> list[str]:
    """The sentences of `text`; markers that follow a full stop belong to the sentence before."""
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


def _read(sentence: str) -> tuple[str, tuple[int, ...] | None]:
    markers = MARKER.findall(sentence)
    found = _NUMBER.findall(" ".join(markers))
    # What is longer is no number of ours, and Python refuses to read thousands of digits.
    numbers = dict.fromkeys(int(number) for number in found if len(number) <= 2)
    text = plain(_LIST_MARK.sub("", MARKER.sub(" ", _HEADING.sub("", sentence))))
    text = re.sub(r"\s+(?=[.,;:!?](?:\s|$))", "", text)  # where a marker stood
    return text, tuple(numbers) if markers else None
