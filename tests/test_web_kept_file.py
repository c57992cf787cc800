"""What a full disk, a locked or a damaged file of conversations costs: never the answer."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import replace
from types import SimpleNamespace

import pytest

from qa.errors import SettingError
from qa.result import Answer, AnswerSentence, Citation
from qa.web.chat.conversation import Turn, ask
from qa.web.chat.excerpt import Excerpt
from qa.web.chat.kept import Conversations
from qa.web.chat.kept_file import NotKeptError
from qa.web.chat.page import ChatPage
from qa.web.chat.scope import Choice

LIT = "The lamp of the harbour was lit in 1911."
CITED = Citation(
    number=1, source_id="lamp", title="The lamp", publisher=None, url=None, published=None,
    standing="other", page=None, heading=None, start=0, end=len(LIT), quote=LIT, sha256="0" * 64,
    score=0.9,
)  # fmt: skip
ANSWER = Answer(
    question="When was the lamp lit?", text=f"{LIT} [1]",
    sentences=(AnswerSentence(text=LIT, citations=(1,), support=1.0),), citations=(CITED,),
    confidence=0.9, abstained=False, nearest=(), model=None, generation="g",
    condensed="When was the lamp lit?",
)  # fmt: skip
TURN = Turn(question=ANSWER.question, answer=ANSWER)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "conversations.db"


@pytest.fixture
def kept(file):
    conversations = Conversations(file, wait=0)
    yield conversations
    conversations.close()


def shown(kept, turns, talk=None):
    """What the page shows of turns that it keeps: the transcript, and the conversation's id."""
    page = ChatPage.__new__(ChatPage)
    page._kept = kept
    page._index = SimpleNamespace(sources=())
    for part in ("turns", "talk", "told", "transcript", "panel"):
        setattr(page, part, part)
    sent = page._keep(tuple(replace(turn, excerpts=(Excerpt(),)) for turn in turns), talk, "ada")
    return sent["transcript"], sent["talk"]


def full(kept):
    """No page more for the file, as with a full disk."""
    with kept._file.use() as database:
        database.execute("CREATE TABLE filler (x)")
        database.execute("INSERT INTO filler VALUES (zeroblob(10000))")
    with kept._file.use() as database:
        [(pages,)] = database.execute("PRAGMA page_count").fetchall()
        database.execute(f"PRAGMA max_page_count = {pages}")


def test_with_a_full_disk_the_answer_is_shown_and_said_not_to_be_kept(kept):
    full(kept)
    long = (*[TURN] * 20,)
    said, talk = shown(kept, long)
    assert LIT in said and "This conversation is not kept: the disk is full." in said
    assert talk is None and kept.list("ada") == []
    with kept._file.use() as database:  # somebody makes room: all of it is kept with the next one
        database.execute("PRAGMA max_page_count = 100000")
    said, talk = shown(kept, (*long, TURN), talk)
    assert "not kept" not in said and len(kept.load("ada", talk)) == 21


def test_with_a_locked_file_the_answer_is_shown_and_said_not_to_be_kept(kept, file):
    _, talk = shown(kept, (TURN,))
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    said, still = shown(kept, (TURN, TURN), talk)
    assert said.count(LIT) >= 2 and "not kept: another program holds the file." in said
    assert still == talk
    other.close()
    assert "not kept" not in shown(kept, (TURN, TURN), talk)[0]
    assert len(kept.load("ada", talk)) == 2


def test_a_file_that_is_held_at_the_start_is_opened_when_it_is_free(file, caplog):
    Conversations(file).close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN EXCLUSIVE")
    with caplog.at_level(logging.WARNING):
        kept = Conversations(file, wait=0)
    assert "not kept for now: another program holds the file" in caplog.text
    assert "not kept: another program holds the file." in shown(kept, (TURN,))[0]
    other.close()
    assert kept.load("ada", shown(kept, (TURN,))[1]) == (TURN,)
    kept.close()


def test_a_file_that_is_damaged_while_it_is_used_costs_no_answer(kept, file):
    _, talk = shown(kept, (TURN,))
    with kept._file.use() as database:
        database.execute("DROP TABLE turn")
    said, _ = shown(kept, (TURN,), talk)
    assert LIT in said and "This conversation is not kept: no such table" in said
    with pytest.raises(NotKeptError):
        kept.load("ada", talk)


def test_a_file_that_is_deleted_or_replaced_while_it_is_used_is_begun_anew(kept, file, tmp_path):
    _, talk = shown(kept, (TURN,))
    file.unlink()
    talk = shown(kept, (TURN,), talk)[1]
    beside = Conversations(tmp_path / "other.db")
    assert kept.load("ada", talk) == (TURN,) and file.exists()
    other = beside.save("ada", None, (TURN, TURN))
    beside.close()
    (tmp_path / "other.db").replace(file)  # as a backup that is put back
    assert len(kept.load("ada", other)) == 2


def test_why_nothing_is_kept_names_no_folder_of_the_server(tmp_path):
    place = tmp_path / "kept"
    kept = Conversations(place / "conversations.db", wait=0)
    _, talk = shown(kept, (TURN,))
    for one in place.iterdir():
        one.unlink()
    place.rmdir()
    place.write_text("where the folder was")
    said, _ = shown(kept, (TURN, TURN), talk)
    assert LIT in said and "This conversation is not kept: File exists." in said
    assert str(tmp_path) not in said
    with pytest.raises(NotKeptError) as told:
        kept.list("ada")
    assert str(tmp_path) not in str(told.value)
    kept.close()


def test_half_a_character_in_a_question_costs_no_turn(kept):
    (turn,) = next(ask("\ud83d lamp?", (), SimpleNamespace(words="", choice=Choice()), desk=None))
    assert turn.question == "? lamp?"
    assert kept.save("ada", None, (replace(turn, running=False),))


@pytest.mark.parametrize("where", [0, 4096])
def test_a_damaged_file_is_set_aside_at_the_start(file, caplog, where):
    kept = Conversations(file)
    kept.save("ada", None, (TURN,) * 50)
    kept.close()
    damaged = bytearray(file.read_bytes())
    damaged[where : where + 4096] = b"\xa5" * 4096
    file.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        kept = Conversations(file)
    [aside] = file.parent.glob("conversations.db.damaged-*")
    assert aside.read_bytes() == damaged
    [record] = caplog.records
    assert str(aside) in record.getMessage() and "\n" not in record.getMessage()
    assert file.stat().st_mode & 0o077 == 0
    assert kept.load("ada", kept.save("ada", None, (TURN,))) == (TURN,)
    kept.close()


def test_a_letter_that_is_named_by_mistake_stays_where_it_is(tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada, " * 100)
    with pytest.raises(SettingError, match="name another file"):
        Conversations(letter)
    assert letter.read_text().startswith("Dear Ada") and list(tmp_path.iterdir()) == [letter]


@pytest.mark.parametrize(
    "damage",
    [
        "", "{", "[]", "{}", "null", "1e999", b"\xff\xfe", '{"question": 1}', "[" * 100_000,
        ('"number": 1', '"number": "1"'), ('"citations": [1]', '"citations": [7]'),
        ('"confidence": 0.9', '"confidence": null'), ('"sha256"', '"sha"'),
    ],
)  # fmt: skip
def test_a_damaged_turn_costs_that_turn(kept, damage):
    talk = kept.save("ada", None, (TURN, TURN, TURN))
    with kept._file.use() as database:
        if isinstance(damage, tuple):
            [(text,)] = database.execute("SELECT turn FROM turn WHERE place = 1").fetchall()
            assert damage[0] in text
            damage = text.replace(*damage)
        database.execute("UPDATE turn SET turn = ? WHERE place = 1", (damage,))
    first, second, third = kept.load("ada", talk)
    assert first == third == TURN
    assert second.question == TURN.question and second.answer is None
    assert second.error == "What was kept of this answer is damaged and cannot be shown; ask again."
