"""Drafts from a language model: its sentences, with the passages that it names resolved to spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import sentencex

from index.search import Generation, Hit
from qa.chat_model import NOT_IN_SOURCES, stream_text
from qa.evidence import Evidence
from qa.extract import Draft, Span, plain
from qa.gate import LEAST_SUPPORT, support

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

PASSAGES = 6
MOST_SENTENCES = 6
# A model that does not stop is stopped.
_LONGEST_TEXT = 6000

_MARKERS = re.compile(r"\s*\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]")
_NUMBERS = re.compile(r"\d+")


class NotInSources(Exception):  # noqa: N818  a verdict, not an error
    """The model says that the passages do not hold the answer."""


def generate(evidence: Evidence, model: BaseChatModel) -> Iterator[Draft]:
    """The sentences of the model as it writes them. Raises NotInSources, and what the model raises."""
    hits = evidence.hits(PASSAGES)
    titles = [evidence.generation.source(hit.chunk.source_id).title for hit in hits]
    pieces = stream_text(model, evidence.question, hits, titles, MOST_SENTENCES)
    for text, numbers in _cited_sentences(pieces):
        if NOT_IN_SOURCES.lower() in text.lower():
            raise NotInSources
        shown = [hits[number - 1] for number in numbers if 1 <= number <= len(hits)]
        spans = [_narrow(evidence.generation, text, hit) for hit in shown]
        yield Draft(text, tuple(dict.fromkeys(spans)))


def _cited_sentences(pieces: Iterable[str]) -> Iterator[tuple[str, list[int]]]:
    """Each sentence, when it is complete, without its markers, and the numbers in them."""
    written = ""
    for piece in pieces:
        written += piece
        # The last sentence may go on, and its markers may still come.
        *complete, written = _split(written)
        yield from map(_without_markers, complete)
        if len(written) > _LONGEST_TEXT:
            return
    yield from map(_without_markers, _split(written))


def _split(text: str) -> list[str]:
    """The sentences of `text`; markers that follow a full stop belong to the sentence before."""
    parts = [part["text"] for part in sentencex.get_sentence_boundaries("en", text)]
    sentences: list[str] = []
    for part in parts:
        leading = re.match(rf"(?:{_MARKERS.pattern})+[.\s]*", part)
        if leading and sentences:
            sentences[-1] += leading.group()
            part = part[leading.end() :]
        if part.strip():
            sentences.append(part)
    return sentences or [text]


def _without_markers(sentence: str) -> tuple[str, list[int]]:
    numbers = [
        int(number)
        for marker in _MARKERS.findall(sentence)
        for number in _NUMBERS.findall(marker)[:8]
        if len(number) < 4
    ]
    return plain(_MARKERS.sub("", sentence)).strip("-•* "), list(dict.fromkeys(numbers))


def _narrow(generation: Generation, text: str, hit: Hit) -> Span:
    """The shortest run of sentences in the passage that supports `text`; else the whole passage."""
    chunk = hit.chunk
    bounds = [
        (chunk.start + part["start_index"], chunk.start + part["end_index"])
        for part in sentencex.get_sentence_boundaries("en", hit.text)
        if part["text"].strip()
    ]
    source = generation.source(chunk.source_id).text
    for length in (1, 2, 3):
        runs = [
            (bounds[first][0], bounds[first + length - 1][1])
            for first in range(len(bounds) - length + 1)
        ]
        best = max(
            runs, key=lambda run: support(text, plain(source[run[0] : run[1]]), generation), default=None
        )
        if best and support(text, plain(source[best[0] : best[1]]), generation) >= LEAST_SUPPORT:
            return Span(chunk.source_id, best[0], best[0] + len(source[best[0] : best[1]].rstrip()))
    return Span(chunk.source_id, chunk.start, chunk.end)
