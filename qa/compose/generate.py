"""Drafts from a language model: its sentences, with the passages that it names by number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sentencex

from qa.compose.draft import Draft, Span, plain
from qa.compose.prompt import messages, shown
from qa.compose.rows import drafts_of_rows
from qa.injection import gives_orders
from qa.models.chat import NOT_IN_SOURCES, stream_text
from qa.models.marks import MARKER, cited_numbers, in_brackets
from qa.models.written import unwrapped, without_reasoning, without_wrapping
from qa.plain_text import without_unseen
from qa.retrieve.evidence import Evidence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

PASSAGES = 6
MOST_SENTENCES = 6
# A model that does not stop is stopped, in characters.
_LONGEST_TEXT = 20_000

_LEADING_MARKERS = re.compile(rf"[\s.]*(?:(?:{MARKER.pattern})[\s.,;:]*)+", re.IGNORECASE)
# A marker, tag or fence that may still be under way.
_BROKEN_MARKER = re.compile(
    r"(?:[\[(【{\\][^\])】}\n]{0,60}|<[^>\n]{0,80}|<(sup|ref|cite|citation|source|passage)\b"
    r"(?:(?!</\1>)[^\n]){0,120}|\][^\S\n]?|(?:^|\n)[^\S\n]*(?:`{1,3}|~~~|\[\^[^\]\n]*\]:)[^\n]*)\Z"
)
_LIST_MARK = re.compile(r"^\s*(?:[-*+>•]+|\d{1,2}[.)])\s+")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,2}[.)])\s")
_HEADING = re.compile(r"^\s*#+\s[^\n]*(?:\n|\Z)", re.MULTILINE)
# A new line is a new sentence after a marker, tag or colon, and before a list item, a row of a
# table or an empty line.
_LINE = re.compile(r"(?<=[\]>】|:]\n)|(?<=\n)(?=\s*(?:[-*+>#•]+|\d{1,2}[.)])\s|[ ]*(?:\n|\|))")
# The end of a sentence that was not broken off.
_ENDED = re.compile(r"[.!?…。！？।؟۔][\"'”’»)\]]*\s*$")
# What follows is a list of the sources, and no part of the answer.
_SOURCES = re.compile(
    r"\W*(?:sources?|references?|citations?|footnotes?|bibliography|works cited|passages? used)"
    r"(?: used| cited)?\W*(?:\d+\W*)*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\W*(?:the |final |short |my )*(?:answer|response)\W*", re.IGNORECASE)
_SAYS_SO = re.compile(r"^\W*(?:(?:the |final )*answer(?: is)?\W+)?", re.IGNORECASE)
# How a model says in words of its own that it found nothing; it may go on and say more.
_NOTHING = re.compile(
    r"^\W*(?:(?:i(?: am|['’]m) )?sorry\W+|unfortunately\W+|but\W+)*(?:none of )?(?:the|these)"
    r" (?:(?:provided|given|above) )?(?:passages?|sources?|documents?|texts?|context|information)"
    r"(?: (?:provided|given|above))?"
    r" (?:(?:do(?:es)?|did)(?: not|n['’]t)|contains? no|mentions? no)\b",
    re.IGNORECASE,
)

Kind = Literal["sentence", "list", "table"]


class NotInSources(Exception):
    """A verdict, not an error: the model says that the passages do not hold the answer."""


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence, item of a list or row of a table as it was written, without its marks, and the
    numbers in them; None where it has none."""

    text: str
    numbers: tuple[int, ...] | None
    kind: Kind = "sentence"


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
    rows: list[Draft] = []
    found_nothing = cites = False
    for one in cited_sentences(said, evidence.generation.manifest.language):
        if one is not None and one.kind == "table":
            rows.append(_draft(one, spans))
            cites = True
            continue
        yield from drafts_of_rows(evidence, rows if one is not None else [])
        rows.clear()
        if one is None:
            found_nothing = cites = False
            yield None
            continue
        if _is_verdict(one.text):
            if unharmed:
                raise NotInSources
            return
        if _SOURCES.fullmatch(one.text):
            break
        if _LABEL.fullmatch(one.text):
            continue
        if one.numbers is None and _NOTHING.search(one.text):
            found_nothing = True
        cites = cites or one.numbers is not None
        yield _draft(one, spans)
    yield from drafts_of_rows(evidence, rows)
    if found_nothing and not cites and unharmed:
        raise NotInSources


def _draft(one: Written, spans: list[Span]) -> Draft:
    if one.numbers is None:  # the gate finds what supports it, if anything does
        return Draft(one.text, tuple(spans), one.kind, unmarked=True)
    cited = tuple(spans[n - 1] for n in one.numbers if 1 <= n <= len(spans))
    return Draft(one.text, cited, one.kind)


def cited_sentences(pieces: Iterable[str | None], language: str = "en") -> Iterator[Written | None]:
    """Each sentence, when it is complete. A last sentence that was broken off is left out.

    A piece that is None is passed on, and what is not complete before it forgotten.
    """
    written = ""
    kind: Kind | None = None  # of the line that `written` begins in, where not at its start
    room = _LONGEST_TEXT
    for piece in pieces:
        if piece is None:
            written, kind = "", None
            yield None
            continue
        written += without_unseen(piece[:room])
        room -= len(piece)
        *complete, rest = _split(written, language, kind)
        # Until the next sentence is under way, markers of the one before may still come.
        begun = _LEADING_MARKERS.sub("", rest[0], count=1)
        if complete and re.search(r"[^\W\d]\w*\W", begun) and not _BROKEN_MARKER.search(written):
            yield from map(_read, complete)
            written, kind = rest
        if room <= 0:
            break
    *complete, rest = _split(written, language, kind)
    yield from map(_read, complete)
    text = rest[0]
    if text.endswith("\n") or _ENDED.search(MARKER.sub("", text)) or _is_verdict(text):
        yield _read(rest)


def _split(text: str, language: str, kind: Kind | None) -> list[tuple[str, Kind]]:
    """The sentences of `text`, and what each is; `kind` is that of the line that it begins in, None
    where it begins with one.

    Markers that follow a full stop belong to the sentence before.
    """
    text = in_brackets(without_wrapping(text))
    sentences: list[tuple[str, Kind]] = []
    for place, line in enumerate(_LINE.split(text)):
        if place or kind is None:
            kind = _kind(line)
        whole = kind == "table"
        parts = [line] if whole else sentencex.get_sentence_boundaries(language, line)
        for part in parts:
            sentence = part if isinstance(part, str) else part["text"]
            leading = _LEADING_MARKERS.match(sentence)
            if leading and sentences:
                sentences[-1] = (sentences[-1][0] + leading.group(), sentences[-1][1])
                sentence = sentence[leading.end() :]
            if sentence.strip():
                sentences.append((sentence, kind))
    return sentences or [(text, kind or "sentence")]


def _kind(line: str) -> Kind:
    if line.lstrip().startswith("|"):
        return "table"
    return "list" if _ITEM.match(line) else "sentence"


def _is_verdict(text: str) -> bool:
    """Whether a model says that the answer is not there, in whatever type or quotation marks."""
    said = _SAYS_SO.sub("", text, count=1)
    plainly = re.sub(r"[\W_]+", " ", said).strip().upper().startswith(NOT_IN_SOURCES)
    return plainly or NOT_IN_SOURCES in text


def _read(sentence: tuple[str, Kind]) -> Written:
    written, kind = sentence
    unmarked, numbers = cited_numbers(_LIST_MARK.sub("", _HEADING.sub("", written)))
    text = plain(unmarked).lstrip(":;, ")  # what stood behind a mark, or before it
    return Written(re.sub(r"\s+(?=[.,;:!?](?:\s|$))", "", text), numbers, kind)
