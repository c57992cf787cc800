"""A report that is asked for in the chat: written part by part, stopped, read, saved and kept."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
from browser import BOX, MARKS, WAIT, ask, expect, finished, serious
from scripted import Scripted

from qa.desk import open_desk
from qa.settings import read_settings
from qa.web import build_app
from qa.web.chat.conversation import ask as asked_in_chat
from qa.web.chat.kept import Conversations
from qa.web.chat.reports import report_topic, save_report
from qa.web.chat.scope import EVERYTHING, Scope
from qa.web.server.serve import serving

TOPIC = "the harbour of Oldport"
QUESTION = "How deep is the harbour of Oldport?"
TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."
EVERYWHERE = Scope(patterns=None, words="the whole library", choice=EVERYTHING)


@pytest.mark.parametrize(
    "said",
    ["Report on the harbour of Oldport", "/report the harbour of Oldport",
     "Please write me a report on the harbour of Oldport.",
     "can you prepare a report about the harbour of Oldport?"],
)  # fmt: skip
def test_a_report_is_asked_for_in_plain_words(said):
    assert report_topic(said) == TOPIC


@pytest.mark.parametrize(
    "said",
    [QUESTION, "Report on", "What does the report on the treaty say?", "/reports x", "/report"],
)
def test_what_asks_for_no_report_is_a_question(said):
    assert report_topic(said) is None


def test_it_grows_part_by_part_and_all_of_it_is_cited(opened):
    desk = open_desk(read_settings(), index=opened, model="")
    begun, *grown, last = [
        turns[-1] for turns in asked_in_chat(f"Report on {TOPIC}", (), EVERYWHERE, desk=desk)
    ]
    assert begun.report is None and begun.running
    told = [turn.progress for turn in grown]
    assert told[0].startswith("Writing part 1 of") and told[0].endswith("Overview")
    assert len(set(told)) == len(told)
    assert not last.running and not last.progress
    headings = [part.heading for part in last.report.parts]
    assert headings[0] == "Overview" and any("Ferries" in one for one in headings)
    said = [one for part in last.report.parts for one in part.sentences]
    assert last.answer.sentences == tuple(said) and TRUE in last.answer.text
    assert "## Overview" in last.answer.text and "Ferries" in last.answer.text
    assert len(last.excerpts) == len(last.answer.citations)
    for one in last.answer.citations:
        assert opened.source(one.source_id).text[one.start : one.end] == one.quote


def test_what_the_library_does_not_cover_is_an_abstention(opened):
    desk = open_desk(read_settings(), index=opened, model="")
    *_, turns = asked_in_chat("Report on sourdough bread", (), EVERYWHERE, desk=desk)
    assert turns[-1].report is None and turns[-1].answer.abstained
    assert turns[-1].answer.question == "Report on sourdough bread"


def test_it_is_kept_and_saved_as_it_was(opened, tmp_path):
    desk = open_desk(read_settings(), index=opened, model="")
    *_, turns = asked_in_chat(f"Report on {TOPIC}", (), EVERYWHERE, desk=desk)
    kept = Conversations(tmp_path / "kept.db")
    name = kept.save("", None, turns)
    (again,) = kept.load("", name)
    assert again.report == turns[-1].report
    kept.close()
    file = save_report("report-markdown", again.report)
    assert (
        file["name"] == "the-harbour-of-oldport.md" and file["text"] == again.report.to_markdown()
    )
    assert save_report("report-else", again.report) is None


@pytest.fixture(scope="module")
def address(opened, library):
    with serving(build_app(index=opened, library=library)) as address:
        yield address


class TestInThePage:
    pytestmark = MARKS

    def test_it_is_read_under_headings_and_saved_for_word(self, open_page, address):
        page = open_page(address)
        ask(page, QUESTION)
        page.get_by_role("button", name="Write a report").click()
        expect(page.locator(".turn .question")).to_have_count(2, timeout=WAIT)
        turn = finished(page)
        headings = turn.locator(".part-label")
        expect(headings.first).to_have_text("Overview")
        expect(turn.locator(".part-label", has_text="Ferries")).to_be_visible()
        expect(turn).to_contain_text("each part checked")
        ids = turn.locator("[id]").evaluate_all("all => all.map(one => one.id)")
        assert len(ids) == len(set(ids))
        turn.locator("a.chip").last.click()
        expect(page.locator(".reader mark").first).to_be_visible()
        turn.locator(".save summary").click()
        with page.expect_download() as saved:
            turn.get_by_role("button", name="Report for Word").click()
        assert saved.value.suggested_filename == "the-harbour-of-oldport.docx"
        document = docx.Document(io.BytesIO(Path(saved.value.path()).read_bytes()))
        found = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
        assert found[0] == "Overview" and found[-1] == "Sources"
        assert serious(page) == []

    def test_it_tells_which_part_is_written_and_can_be_stopped(self, open_page, opened, library):
        model = Scripted(pieces=[f"{TRUE} [1]\n", "And on."])
        with serving(build_app(index=opened, library=library, model=model)) as address:
            page = open_page(address)
            page.locator(BOX).fill(f"Report on {TOPIC}")
            page.locator(BOX).press("Enter")
            expect(page.locator(".working")).to_contain_text("Writing part 1 of", timeout=WAIT)
            page.get_by_role("button", name="Stop").click()
            expect(page.locator(".stopped")).to_be_visible(timeout=WAIT)
            model.go_on()
            expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
            ask(page, QUESTION)  # the conversation goes on
            open_page.leave(page)
