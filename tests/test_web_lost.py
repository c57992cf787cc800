"""Nothing that was typed is lost, and mistakes are told in words of the page; in Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import BOX, MARKS, SIGNING, WAIT, ask, build, expect, write_port_library

from qa.passwords import Users, set_password
from qa.web import build_app
from qa.web.library.wording import in_words_of_the_page
from qa.web.server.serve import serving
from qa.web.shared.access import Access
from sources.snapshot import add_source

DRAFT = "What are the duties of each side?"
browser = [*MARKS]


def in_browser(test):
    for mark in browser:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curated") / "library"
    return write_port_library(folder, "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    return build(library, tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def address(index, library):
    with serving(build_app(index=index, library=library)) as address:
        yield address


@in_browser
def test_a_note_a_name_and_a_draft_outlive_the_page_and_a_thumb_is_taken_back(open_page, address):
    page = open_page(address)
    turn = ask(page, SIGNING)
    turn.get_by_role("button", name="Yes").click()
    turn.get_by_label("Note").fill("well said")
    turn.get_by_label("Note").press("Enter")
    expect(turn.locator(".kept")).to_be_visible()
    turn.get_by_role("button", name="Yes").click()
    expect(turn.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "false")
    turn.get_by_role("button", name="No").click()
    expect(turn.get_by_label("Note")).to_have_value("well said")
    page.locator(BOX).fill(DRAFT)
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#shelf-summary")).to_contain_text("3 sources", timeout=WAIT)
    page.go_back()
    expect(page.locator(BOX)).to_have_value(DRAFT, timeout=WAIT)
    page.get_by_role("button", name="Conversations").click()
    page.locator(".talk-more summary").first.click()
    page.get_by_label("Title").fill("Signatures")
    page.get_by_label("Title").press("Enter")
    expect(page.locator(".open-talk").first).to_have_text("Signatures")
    page.locator(".open-talk").first.click()
    expect(page.locator("#turn-1 .kept")).to_be_visible(timeout=WAIT)
    expect(page.locator(BOX)).to_have_value(DRAFT)


@in_browser
def test_mistakes_leave_the_conversation_in_sight(open_page, address):
    page = open_page(address)
    ask(page, SIGNING)
    page.locator(BOX).press("Enter")
    expect(page.locator("#told")).to_contain_text("type a few words")
    page.get_by_role("button", name="Scope").click()
    page.get_by_label("Published from").fill("yesterday")
    page.locator(BOX).fill(DRAFT)
    page.locator(BOX).press("Enter")
    expect(page.locator("#told")).to_contain_text("'yesterday' is no date")
    expect(page.locator(BOX)).to_have_value(DRAFT)
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator("#turn-1 .answer")).to_be_in_viewport()
    expect(page.locator(".passages")).to_be_visible()
    page.get_by_label("Published from").fill("2020")
    page.locator(BOX).press("Enter")
    expect(page.locator(".turn")).to_have_count(2, timeout=WAIT)
    expect(page.locator("#told p")).to_have_count(0)


@in_browser
def test_metadata_that_are_not_saved_are_still_there_and_messages_stay_on_their_tab(
    open_page, address, tmp_path
):
    page = open_page(f"{address}")
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#shelf-summary")).to_contain_text("3 sources", timeout=WAIT)
    page.locator(".pick", has_text="lighthouse.md").click()
    expect(page.get_by_label("Title")).to_have_value("The Kestrel lighthouse")
    page.get_by_label("Title").fill("The lighthouse on Kestrel")
    page.locator(".pick", has_text="treaty.md").click()
    expect(page.get_by_label("Title")).to_have_value("The harbour treaty of Port Almond")
    page.locator(".pick", has_text="lighthouse.md").click()
    expect(page.get_by_label("Title")).to_have_value("The lighthouse on Kestrel")
    told = page.locator(".block.shelf-message:visible")
    expect(told).to_contain_text("not saved yet")
    page.get_by_role("tab", name="Add").click()
    expect(told).to_have_count(0)
    (tmp_path / "run.exe").write_bytes(b"MZ")
    (tmp_path / "treaty.txt").write_text("Another treaty of Port Almond.")
    page.locator("#shelf-files input[type=file]").set_input_files(
        [tmp_path / "run.exe", tmp_path / "treaty.txt"]
    )
    expect(told.locator(".problem")).to_have_count(2, timeout=WAIT)
    expect(told).to_contain_text("treaty.md has the same id as treaty.txt")
    assert not re.search(r"/tmp|--|`", told.text_content())
    page.get_by_role("tab", name="Source").click()
    expect(told).to_contain_text("not saved yet")
    page.evaluate("window.onbeforeunload = null")


@in_browser
def test_a_log_in_that_has_ended_keeps_the_question_and_leads_back(
    chromium, index, library, tmp_path
):
    users = tmp_path / "users.txt"
    set_password(users, "ada", "correct horse")
    access = Access(users=Users(users))
    app = build_app(index=index, library=library, access=access)
    with serving(app, access=access) as address:
        context = chromium.new_context()
        page = context.new_page()

        def log_in():
            page.get_by_label("Name").fill("ada")
            page.get_by_label("Password").fill("correct horse")
            page.get_by_role("button", name="Log in").click()
            expect(page.locator(BOX)).to_be_visible(timeout=WAIT)

        page.goto(address)
        log_in()
        ask(page, SIGNING)
        kept = page.url
        page.locator(BOX).fill(DRAFT)
        context.clear_cookies()
        page.keyboard.press("Enter")  # what the page still asks for may have led to the log-in
        expect(page.get_by_label("Password")).to_be_visible(timeout=WAIT)
        log_in()
        expect(page.locator(BOX)).to_have_value(DRAFT, timeout=WAIT)
        expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt", timeout=WAIT)
        assert page.url == kept
        context.close()


@pytest.mark.parametrize("there", ["note.md", "note.txt"])
def test_an_error_of_adding_names_no_folder_and_no_option(tmp_path, there):
    library, sent = tmp_path / "library", tmp_path / "sent"
    library.mkdir()
    sent.mkdir()
    (library / there).write_text("A note on barges.")
    (sent / "note.txt").write_text("A note on barges.")
    with pytest.raises(Exception, match="--") as found:
        add_source(str(sent / "note.txt"), library, {})
    told = in_words_of_the_page(str(found.value), [library, sent])
    assert there in told and "rename the file" in told
    assert str(tmp_path) not in told and "--" not in told and "`" not in told


def test_what_is_no_option_stays():
    text = "/srv/x/a.md:3: published is no date (and 2 more: run `refdesk sources` to list them)"
    assert in_words_of_the_page(text, [Path("/srv/x")]) == "a.md:3: published is no date"
    text = "/srv/x cannot be written (No space left): allow it, or make room"
    assert in_words_of_the_page(text, [Path("/srv/x")]).startswith("the library cannot be written")
