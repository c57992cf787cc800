"""Whether the sources still say what an exported answer cites, and it what they say: `check`.

A citation holds where its quote stands at its very offsets, whatever else of the source is new.
Otherwise the quote is looked for elsewhere in the source, then what is most like it there, then the
quote in the other sources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qa.errors import SettingError
from qa.export.alike import most_alike
from qa.export.answers import index_folder
from qa.export.evidence import EVIDENCE, SCHEMA, digest
from qa.export.source_texts import Texts
from qa.export.still_said import SentenceCheck, check_sentences, citation_of, text_fits
from qa.settings import read_settings

if TYPE_CHECKING:
    from index.opened import Index

Status = Literal["holds", "moved", "changed", "gone"]


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
    """The checks of an answer's citations and sentences; `intact` is None where the file carries no
    hash, which whoever edits it can make anew. `text_fits` says whether the text is made of these
    sentences. `against` says in words which index or library it was.
    """

    question: str
    against: str
    intact: bool | None
    citations: tuple[CitationCheck, ...]
    sentences: tuple[SentenceCheck, ...] = ()
    text_fits: bool = True

    @property
    def holds(self) -> bool:
        """Whether every citation holds, its quotes say every sentence, and the file was not edited
        since it was exported."""
        return (
            self.intact is not False
            and self.text_fits
            and all(one.status == "holds" for one in self.citations)
            and all(one.status == "said" for one in self.sentences)
        )

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
    support_model = read_settings().support_model
    return [_check(name, fields, texts, support_model) for name, fields in read]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "not JSON in UTF-8"
        raise SettingError(
            f"{path} cannot be read ({why}); name what `refdesk ask --export answer.json` wrote"
        ) from error


def _check(name: str, fields: Any, texts: Texts, support_model: str | None) -> AnswerCheck:
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
        json.dumps(answer, ensure_ascii=False).encode()  # halves of characters are no text
        told = [citation_of(one) for one in answer["citations"]]
        language = texts.manifest.language if texts.manifest else _language(fields)
        sentences = check_sentences(answer, told, language, support_model)
        fits = text_fits(answer, told)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SettingError(
            f"{name} is not an exported answer; name what `refdesk ask --export answer.json` wrote"
        ) from error
    return AnswerCheck(
        question=question,
        against=texts.name,
        intact=intact,
        citations=tuple(_verdict(one, texts) for one in citations),
        sentences=sentences,
        text_fits=fits,
    )


def _language(fields: Mapping[str, Any]) -> str:
    """The language that a file says that its index had; English where it says none."""
    return str((fields.get("settings") or {}).get("language") or "en")


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
        elif alike := most_alike(cited.quote, source.text):
            status = "changed"
            now = Place(cited.source_id, *alike, source.text[slice(*alike)])
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
