"""What a person pinned of the answers, to be put in order: in the file of the conversations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from sqlite3 import Connection

from qa.errors import RefdeskError
from qa.result import Answer, AnswerSentence, Citation, Related
from qa.web.chat.from_json import from_json
from qa.web.chat.kept_file import KeptFile

MOST = 500
# Characters of what a person adds to a pin.
LONGEST_HEADING, LONGEST_NOTE = 120, 1000
TABLE = """
CREATE TABLE IF NOT EXISTS pin (
    user TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, pin TEXT NOT NULL,
    PRIMARY KEY (user, id)
);
"""


class DossierFullError(RefdeskError):
    """A dossier holds no more pins; the message says how many there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A sentence of an answer to `question` with its `citations`, numbered from 1; `heading` stands
    above it, and `note` is what the person says of it. `model` wrote it, None for an extract;
    `generation` is the one that it was answered from."""

    id: str
    question: str
    said: AnswerSentence
    citations: tuple[Citation, ...]
    model: str | None
    generation: str
    heading: str = ""
    note: str = ""


def pin_id(said: AnswerSentence | Related, cited: Sequence[Citation]) -> str:
    """What a sentence with its citations is known by, in whichever answer it stands."""
    places = [(one.source_id, one.start, one.end) for one in cited]
    return sha256(json.dumps([said.text, places]).encode()).hexdigest()[:20]


def pinned(answer: Answer, wanted: str) -> Pin | None:
    """The sentence of an answer, or what is related, of that id; None where there is none."""
    sentences: list[AnswerSentence | Related] = [*answer.sentences, *answer.related]
    for said in sentences:
        cited = answer.cited_by(said)
        if pin_id(said, cited) != wanted:
            continue
        numbered = tuple(replace(one, number=place) for place, one in enumerate(cited, start=1))
        sentence = AnswerSentence(
            text=said.text,
            citations=tuple(one.number for one in numbered),
            support=said.support,
            kind=said.kind,
            checked_by=said.checked_by if isinstance(said, AnswerSentence) else "",
            more=said.more,
            lead=said.lead,
        )
        return Pin(
            id=wanted,
            question=answer.question,
            said=sentence,
            citations=numbered,
            model=None if answer.notice else answer.model,
            generation=answer.generation,
        )
    return None


class Pins:
    """The pins in a file; a user sees only their own. Safe to use from several threads.

    Everything raises NotKeptError where the file cannot be read or written.
    """

    def __init__(self, file: KeptFile) -> None:
        self._file = file

    def ids(self, user: str) -> list[str]:
        """The ids of the pins of a user, in their order."""
        with self._file.use() as database:
            return _ids(database, user)

    def list(self, user: str) -> list[Pin]:
        """The pins of a user, in their order; without those that are damaged."""
        with self._file.use() as database:
            rows = database.execute(
                "SELECT CAST(pin AS BLOB) FROM pin WHERE user = ? ORDER BY place, rowid", (user,)
            ).fetchall()
        return [pin for (kept,) in rows for pin in _from_kept(kept)]

    def add(self, user: str, pin: Pin) -> None:
        """Put a pin at the end; one that is there already stays. Raises DossierFullError."""
        with self._file.use() as database:
            [(count, last)] = database.execute(
                "SELECT count(*), coalesce(max(place), 0) FROM pin WHERE user = ?", (user,)
            ).fetchall()
            if count < MOST:
                database.execute(
                    "INSERT OR IGNORE INTO pin VALUES (?, ?, ?, ?)",
                    (user, pin.id, last + 1, json.dumps(asdict(pin))),
                )
        if count >= MOST:
            raise DossierFullError(
                f"the dossier holds {MOST} pins and no more; export it, and remove some"
            )

    def remove(self, user: str, wanted: str) -> None:
        """Take a pin out of the dossier."""
        with self._file.use() as database:
            database.execute("DELETE FROM pin WHERE user = ? AND id = ?", (user, wanted))

    def move(self, user: str, wanted: str, by: int) -> None:
        """Put a pin `by` places later, or earlier where that is negative, as far as there are."""
        with self._file.use() as database:
            database.execute("BEGIN IMMEDIATE")  # another window may move one, too
            ids = _ids(database, user)
            if wanted not in ids:
                return
            place = ids.index(wanted)
            ids.insert(min(max(0, place + by), len(ids) - 1), ids.pop(place))
            database.executemany(
                "UPDATE pin SET place = ? WHERE user = ? AND id = ?",
                [(number, user, one) for number, one in enumerate(ids, start=1)],
            )

    def describe(self, user: str, wanted: str, heading: str, note: str) -> None:
        """Give a pin a heading and a note, each empty for none."""
        for pin in self.list(user):
            if pin.id == wanted:
                heading = " ".join(heading.split())[:LONGEST_HEADING]
                told = replace(pin, heading=heading, note=note.strip()[:LONGEST_NOTE])
                with self._file.use() as database:
                    database.execute(
                        "UPDATE pin SET pin = ? WHERE user = ? AND id = ?",
                        (json.dumps(asdict(told)), user, wanted),
                    )


def _ids(database: Connection, user: str) -> list[str]:
    rows = database.execute("SELECT id FROM pin WHERE user = ? ORDER BY place, rowid", (user,))
    return [str(row[0]) for row in rows]


def _from_kept(kept: bytes) -> Iterator[Pin]:
    """The pin, if it is whole."""
    try:
        pin = from_json(Pin, json.loads(kept))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    if pin.citations and all(1 <= number <= len(pin.citations) for number in pin.said.citations):
        yield pin
