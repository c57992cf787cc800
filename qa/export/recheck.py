"""Whether the sources still say what an exported answer cites: what `refdesk check` runs.

A citation holds where its quote stands at its very offsets, whatever else of the source is new.
Otherwise the quote is looked for elsewhere in the source, then what is most like it there, then the
quote in the other sources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qa.errors import SettingError
from qa.export.answers import index_folder
from qa.export.evidence import EVIDENCE, SCHEMA, digest
from qa.export.source_texts import Texts

if TYPE_CHECKING:
    from index.opened import Index

Status = Literal["holds", "moved", "changed", "gone"]

# A passage is a changed quote, not another one, where so much of it is alike (difflib's ratio) and
# so many of the quote's runs of `_RUN` characters are still there. By hand: a sentence with a new
# number or name has 0.85 and more, another sentence on the same topic 0.5 and less.
_ALIKE = 0.6
_RUNS_ALIKE = 0.25
_RUN = 5
# A longer quote is looked for word for word alone: to find what is like it takes its square.
_LONGEST_LIKENED = 5000


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands now: `text[start:end]` of the source is `quote`."""

    source_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationCheck:
    """What became of a citation.

    `status` is "holds" where the quote stands at its offsets; "moved" where it stands elsewhere in
    the source, or in another one while its own has nothing like it; "changed" where the source has
    a passage like it; "gone" otherwise. `now` is that place, None for "gone". `elsewhere` is a
    place in another source that still has the quote of a changed one. `same_text` compares the
    sha256 of the text of the source: None where the source is not there.
    """

    number: int
    source_id: str
    title: str
    start: int
    end: int
    quote: str
    status: Status
    same_text: bool | None
    now: Place | None = None
    elsewhere: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCheck:
    """The checks of an answer's citations; `intact` is None where the file carries no hash.

    `against` says in words which index or library it was.
    """

    question: str
    against: str
    intact: bool | None
    citations: tuple[CitationCheck, ...]

    @property
    def holds(self) -> bool:
        """Whether every citation holds, and the file was not edited since it was exported."""
        return self.intact is not False and all(one.status == "holds" for one in self.citations)

    def to_dict(self) -> dict[str, Any]:
        """The check ready for JSON."""
        return {"holds": self.holds} | asdict(self)


def check_answer(
    exported: str | Path | Mapping[str, Any],
    *,
    index: str | Path | Index | None = None,
    library: str | Path | None = None,
) -> AnswerCheck:
    """Check the citations of an exported answer (a file, or its JSON as a dict).

    It may be what `refdesk ask --export answer.json`, `refdesk ask --json` or `Answer.to_dict`
    gave. They are checked against the files of `library`, or else against what `index` serves, by
    default the user's. Raises SettingError, IndexingError, SourceError.
    """
    return check_all([exported], open_texts(index=index, library=library))[0]


def open_texts(
    *, index: str | Path | Index | None = None, library: str | Path | None = None
) -> Texts:
    """The texts to check against. Raises IndexingError, SourceError."""
    if library is not None:
        return Texts.of_library(Path(library))
    return Texts.of_index(index_folder(index))


def check_all(
    exported: Iterable[str | Path | Mapping[str, Any]], texts: Texts
) -> list[AnswerCheck]:
    """Check several answers against the same texts. Raises SettingError."""
    read = [
        ("the answer", one) if isinstance(one, Mapping) else (str(one), _read(Path(one)))
        for one in exported
    ]
    return [_check(name, fields, texts) for name, fields in read]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "not JSON in UTF-8"
        raise SettingError(
            f"{path} cannot be read ({why}); name what `refdesk ask --export answer.json` wrote"
        ) from error


def _check(name: str, fields: Any, texts: Texts) -> AnswerCheck:
    try:
        intact = None
        answer = fields
        if fields.get("format") == EVIDENCE:
            if fields["schema"] != SCHEMA:
                raise SettingError(
                    f"{name} has schema {fields['schema']!r}, this Refdesk reads {SCHEMA}; check "
                    f"it with the version that its settings name"
                )
            intact = fields["sha256"] == digest(fields)
            answer = fields["answer"]
        beside = [one for part in answer.get("related") or () for one in part["citations"]]
        citations = tuple(_Cited.read(one) for one in (*answer["citations"], *beside))
        question = answer["question"]
        if not isinstance(question, str):
            raise TypeError
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SettingError(
            f"{name} is not an exported answer; name what `refdesk ask --export answer.json` wrote"
        ) from error
    return AnswerCheck(
        question=question,
        against=texts.name,
        intact=intact,
        citations=tuple(_verdict(one, texts) for one in citations),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cited:
    """A citation as a file has it: nothing in it was checked but its types."""

    number: int
    source_id: str
    title: str
    start: int
    end: int
    quote: str
    sha256: str
    prefix: str = ""
    suffix: str = ""

    @classmethod
    def read(cls, fields: Any) -> _Cited:
        """The citation in a JSON object. Raises KeyError, TypeError, ValueError."""
        texts: dict[str, Any] = {
            name: fields[name] for name in ("source_id", "title", "quote", "sha256")
        }
        numbers: dict[str, Any] = {name: fields[name] for name in ("number", "start", "end")}
        around: dict[str, Any] = {name: fields.get(name) or "" for name in ("prefix", "suffix")}
        if not all(isinstance(value, str) for value in (*texts.values(), *around.values())):
            raise TypeError
        if not all(type(value) is int for value in numbers.values()) or not texts["quote"].strip():
            raise TypeError
        return cls(**texts, **numbers, **around)


def _verdict(cited: _Cited, texts: Texts) -> CitationCheck:
    source = texts.get(cited.source_id)
    status: Status = "gone"
    now = elsewhere = None
    if source is not None:
        at_home = cited.start >= 0 and source.text[cited.start : cited.end] == cited.quote
        if at_home:
            status, now = "holds", Place(cited.source_id, cited.start, cited.end, cited.quote)
        elif now := _find(cited, cited.source_id, source.text):
            status = "moved"
        elif now := _most_alike(cited.quote, cited.source_id, source.text):
            status = "changed"
    if status in ("changed", "gone"):
        others = (name for name in texts if name != cited.source_id)
        found = (_find(cited, name, texts[name].text) for name in others)
        elsewhere = next((place for place in found if place), None)
        if status == "gone" and elsewhere:
            status, now, elsewhere = "moved", elsewhere, None
    return CitationCheck(
        number=cited.number,
        source_id=cited.source_id,
        title=cited.title,
        start=cited.start,
        end=cited.end,
        quote=cited.quote,
        status=status,
        same_text=None if source is None else source.sha256 == cited.sha256,
        now=now,
        elsewhere=elsewhere,
    )


def _find(cited: _Cited, source_id: str, text: str) -> Place | None:
    """Where the quote stands in `text`, runs of white space aside; of several places the one whose
    surroundings are most as they were, then the nearest."""
    words = cited.quote.split()
    if words[0] not in text or words[-1] not in text:  # cheap, and true of most sources
        return None
    matches = re.finditer(r"\s+".join(map(re.escape, words)), text)

    def nearness(span: tuple[int, int]) -> tuple[int, int]:
        start, end = span
        before = text[max(0, start - len(cited.prefix)) : start]
        after = text[end : end + len(cited.suffix)]
        around = _shared(before[::-1], cited.prefix[::-1]) + _shared(after, cited.suffix)
        return around, -abs(start - cited.start)

    best = max((match.span() for match in matches), key=nearness, default=None)
    return Place(source_id, *best, text[slice(*best)]) if best else None


def _shared(one: str, other: str) -> int:
    """With how many equal characters two texts begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _most_alike(quote: str, source_id: str, text: str) -> Place | None:
    """The passage of `text` that is most like the quote; None where none is like it."""
    runs = {quote[place : place + _RUN] for place in range(len(quote) - _RUN + 1)}
    if not runs or not text or len(quote) > _LONGEST_LIKENED:
        return None
    kept = [text[place : place + _RUN] in runs for place in range(len(text))]
    before = np.concatenate([[0], np.cumsum(kept)])
    # How many runs of the quote stand in the window of its length that starts here.
    size = min(len(quote), len(text))
    count = before[size:] - before[: len(before) - size]
    at = int(count.argmax())
    if count[at] < _RUNS_ALIKE * len(runs):
        return None
    margin = size // 2
    low, high = max(0, at - margin), min(len(text), at + size + margin)
    matcher = SequenceMatcher(None, text[low:high], quote, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= _RUN]
    if not blocks:
        return None
    start, end = low + blocks[0].a, low + blocks[-1].a + blocks[-1].size
    # What was put in the place of the first and the last words belongs to it.
    start, end = _to_border(
        text, start, end, blocks[0].b > 0, blocks[-1].b + blocks[-1].size < len(quote)
    )
    found = text[start:end]
    if SequenceMatcher(None, found, quote, autojunk=False).ratio() < _ALIKE:
        return None
    return Place(source_id, start, end, found)


def _to_border(text: str, start: int, end: int, left: bool, right: bool) -> tuple[int, int]:
    """The span grown to whole words, or, on a side that lacks something, to the sentence's end."""
    while start > 0 and (text[start - 1] not in ".!?\n" if left else text[start - 1].isalnum()):
        start -= 1
    while end < len(text) and (text[end - 1] not in ".!?\n" if right else text[end].isalnum()):
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
