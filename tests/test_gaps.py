"""The log of what was not answered: what is in it, what is not, and that it costs nothing."""

import os
import stat
import sys

import pytest

from index import open_index, rebuild
from qa import answer, chain, gap_log, stream_answer
from qa.desk import open_desk
from qa.errors import SettingError
from qa.gap_log import LOG, MOST_GAPS, GapLog
from qa.gaps import list_gaps
from qa.settings import read_settings
from qa.web.chat.conversation import ask
from qa.web.chat.scope import Choice, Scope

UNANSWERED = "Who painted the ceiling of the Sistine Chapel?"
ANSWERED = "When was the harbour of Oldport dredged?"


@pytest.fixture
def logging_on(monkeypatch):
    monkeypatch.setenv("REFDESK_GAPS", "on")


@pytest.fixture
def opened(own_index, logging_on):
    return open_index(own_index)


def gaps_of(opened, **limit):
    desk = open_desk(read_settings(), index=opened)
    return list_gaps(GapLog(opened.folder), desk, **limit)


def test_every_door_leads_to_the_log(opened):
    assert gaps_of(opened) == []
    assert answer(UNANSWERED, index=opened).abstained
    list(stream_answer(UNANSWERED, index=opened))
    chain(index=opened).invoke({"question": UNANSWERED})
    scope = Scope(choice=Choice(), words="all sources", patterns=None)
    *_, turns = ask(UNANSWERED, (), scope, desk=open_desk(read_settings(), index=opened))
    assert turns[-1].answer.abstained
    (gap,) = gaps_of(opened)
    assert (gap.question, gap.count, gap.scope, gap.answered) == (UNANSWERED, 4, None, False)
    assert gap.first <= gap.last
    assert gap.nearest == answer(UNANSWERED, index=opened).nearest
    assert gap.to_dict()["nearest"][0]["quote"] == gap.nearest[0].quote


def test_what_is_answered_is_not_logged(opened):
    assert not answer(ANSWERED, index=opened).abstained
    assert len(GapLog(opened.folder).read()) == 0
    assert not (opened.folder / LOG).exists()


def test_the_log_holds_the_question_and_nothing_else_that_was_said(opened):
    history = [("user", ANSWERED), ("assistant", "A secret that was told before.")]
    answer(UNANSWERED, history=history, index=opened)
    stored = (opened.folder / LOG).read_bytes()
    assert UNANSWERED.encode() in stored
    assert b"secret" not in stored and b"harbour" not in stored.lower()
    if sys.platform != "win32":
        assert stat.S_IMODE((opened.folder / LOG).stat().st_mode) == 0o600


def test_it_can_be_switched_off(opened, monkeypatch):
    monkeypatch.setenv("REFDESK_GAPS", "off")
    assert answer(UNANSWERED, index=opened).abstained
    assert not (opened.folder / LOG).exists()
    monkeypatch.setenv("REFDESK_GAPS", "on")
    desk = open_desk(read_settings(), index=opened, log_gaps=False)
    list(desk.compose(desk.retrieve(UNANSWERED)))
    assert not (opened.folder / LOG).exists()
    monkeypatch.setenv("REFDESK_GAPS", "perhaps")
    with pytest.raises(SettingError, match="set it to on or off"):
        answer(UNANSWERED, index=opened)


def test_a_scope_is_part_of_what_was_asked(opened):
    answer(UNANSWERED, index=opened)
    answer(UNANSWERED, sources=["twins/*"], index=opened)
    scopes = {gap.scope: gap for gap in gaps_of(opened)}
    assert set(scopes) == {None, ("twins/first", "twins/second")}
    nearest = scopes["twins/first", "twins/second"].nearest
    assert {passage.source_id.split("/")[0] for passage in nearest} == {"twins"}


def test_the_most_asked_come_first_and_the_oldest_give_way(opened, monkeypatch):
    monkeypatch.setattr(gap_log, "MOST_GAPS", 3)
    for question in ("first?", "second?", "third?", "third?", "fourth?", "second?"):
        GapLog(opened.folder).note(question, None, opened.generation.name)
    assert MOST_GAPS > 100
    assert [gap.question for gap in gaps_of(opened)][:2] == ["second?", "third?"]
    assert len(GapLog(opened.folder).read()) == 3
    assert "first?" not in [gap.question for gap in gaps_of(opened)]
    assert len(gaps_of(opened, limit=1)) == 1


def test_a_gap_that_the_library_fills_is_answered(own_library, tmp_path, logging_on):
    index = tmp_path / "index"
    rebuild(own_library, index=index)
    opened = open_index(index)
    question = "Who built the windmill of Harrowfield?"
    assert answer(question, index=opened).abstained
    (own_library / "windmill.txt").write_text(
        "The windmill of Harrowfield was built by Ada Thornbury in 1802. It grinds barley."
    )
    rebuild(own_library, index=index)
    (gap,) = gaps_of(opened)  # a rebuild keeps the log
    assert gap.answered
    assert gap.nearest[0].source_id == "windmill"
    assert len(gaps_of(opened, limit=1)) == 1


def test_a_scope_that_is_gone_is_the_whole_library(own_library, tmp_path, logging_on):
    index = tmp_path / "index"
    rebuild(own_library, index=index)
    opened = open_index(index)
    answer(UNANSWERED, sources=["quiet"], index=opened)
    (own_library / "quiet.txt").unlink()
    rebuild(own_library, index=index)
    (gap,) = gaps_of(opened)
    assert gap.scope == ("quiet",)
    assert gap.nearest


def test_clearing_leaves_nothing(opened):
    answer(UNANSWERED, index=opened)
    assert GapLog(opened.folder).clear() == 1
    assert not list(opened.folder.glob(f"{LOG}*"))
    assert GapLog(opened.folder).clear() == 0


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be read as one"])
def test_a_log_of_no_use_costs_no_answer(opened, content):
    (opened.folder / LOG).write_bytes(content)
    assert answer(UNANSWERED, index=opened).abstained
    if content:
        with pytest.raises(SettingError, match="delete that file"):
            gaps_of(opened)
        assert GapLog(opened.folder).clear() == 0
    else:
        assert len(GapLog(opened.folder).read()) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_costs_no_answer(opened):
    opened.folder.chmod(0o500)
    try:
        assert answer(UNANSWERED, index=opened).abstained
        assert gaps_of(opened) == []
    finally:
        opened.folder.chmod(0o700)


def test_questions_of_any_kind_are_kept(opened):
    for question in ("\ud800 lone", "'; DROP TABLE gap; --", "\x1b[31mred\x1b[0m", "茶" * 4000):
        GapLog(opened.folder).note(question, None, opened.generation.name)
    assert len(GapLog(opened.folder).read()) == 4
    assert len(gaps_of(opened)) == 4
