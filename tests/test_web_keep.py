"""Conversations that are kept: in the file, and as a person meets them in the page."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import replace

import pytest
from browser import ELSEWHERE, MARKS, SIGNED, SIGNING, WAIT, ask, build, expect, write_port_library

from qa.pipeline import answer
from qa.web import build_app
from qa.web.conversation import Turn
from qa.web.export import save_conversation
from qa.web.keep import Conversations
from qa.web.scope import Choice
from qa.web.serve import serving


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curated") / "library"
    return write_port_library(folder, "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    return build(library, tmp_path_factory.mktemp("index"))


def turns(index, *questions):
    return tuple(
        Turn(
            question=question,
            scope="the whole library",
            choice=Choice(topics=("treaties",)),
            answer=answer(question, index=index),
            right=True,
            note="good <b>",
        )
        for question in questions
    )


def test_what_is_kept_comes_back_as_it_was(index, tmp_path):
    file = tmp_path / "new" / "conversations.db"
    kept = Conversations(file)
    said = turns(index, SIGNING, ELSEWHERE)
    name = kept.save("ada", None, said)
    assert kept.load("ada", name) == said
    kept.close()
    again = Conversations(file)
    assert again.load("ada", name) == said
    assert [one.title for one in again.list("ada")] == [SIGNING]
    assert file.stat().st_mode & 0o077 == 0
    again.close()


def test_nobody_meets_the_conversations_of_others(index):
    kept = Conversations()
    name = kept.save("ada", None, turns(index, SIGNING))
    assert kept.list("bob") == [] and kept.load("bob", name) == ()
    kept.rename("bob", name, "Mine")
    kept.delete("bob", name)
    assert kept.title("ada", name) == SIGNING
    other = kept.save("bob", name, turns(index, ELSEWHERE))  # an id of another's is not taken over
    assert other != name and len(kept.load("ada", name)) == 1
    kept.close()


def test_conversations_are_searched_renamed_and_deleted(index):
    kept = Conversations()
    first = kept.save("ada", None, turns(index, SIGNING))
    second = kept.save("ada", None, turns(index, ELSEWHERE))
    assert [one.id for one in kept.list("ada")] == [second, first]
    assert [one.id for one in kept.list("ada", "brandt ALMOND")] == [first]  # in the answer
    assert [one.id for one in kept.list("ada", "sourdough")] == [second]
    assert kept.list("ada", "100%") == kept.list("ada", "a_b") == []
    kept.rename("ada", first, "  Who   signed ")
    kept.rename("ada", second, "  ")
    assert [one.title for one in kept.list("ada")] == [ELSEWHERE, "Who signed"]
    kept.delete("ada", first)
    assert kept.load("ada", first) == () and len(kept.list("ada")) == 1
    kept.close()


def test_what_another_version_kept_is_read_as_far_as_it_goes(index):
    kept = Conversations()
    name = kept.save("ada", None, turns(index, SIGNING))
    [(text,)] = kept._database.execute("SELECT turn FROM turn").fetchall()
    values = json.loads(text)
    values["answer"]["of_tomorrow"] = 1
    del values["answer"]["notice"]
    kept._database.execute("UPDATE turn SET turn = ?", (json.dumps(values),))
    assert kept.load("ada", name) == turns(index, SIGNING)
    kept.close()


def test_a_conversation_is_saved_in_three_forms(index):
    said = (*turns(index, SIGNING, ELSEWHERE), Turn(question="x" * 9, error="Too <b>long</b>."))
    markdown = save_conversation("markdown", "A <i>title</i>", said, index)
    assert "\\<i\\>" in markdown["text"] and SIGNED.split(" in ")[0] in markdown["text"]
    told = json.loads(save_conversation("json", "A", said, index)["text"])
    assert [one["abstained"] for one in told["answers"]] == [False, True]
    bundle = save_conversation("evidence", "A", said, index)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(bundle["base64"]))) as archive:
        names = archive.namelist()
        evidence = json.loads(archive.read(names[0]))
    assert len(names) == 3 and evidence["answer"]["question"] == SIGNING
    assert save_conversation("exe", "A", said, index) is None
    assert replace(said[0], note="")  # it is a value, and stays one


@pytest.fixture
def file(tmp_path):
    return tmp_path / "conversations.db"


def served(index, library, file):
    return serving(build_app(index=index, library=library, conversations=Conversations(file)))


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_a_server_that_is_started_again_has_the_conversations(open_page, index, library, file):
    with served(index, library, file) as address:
        page = open_page(address)
        turn = ask(page, SIGNING)
        turn.get_by_role("button", name="Yes").click()
        turn.get_by_label("Note").fill("As the treaty says")
        turn.get_by_role("button", name="Save note").click()
        expect(turn.locator(".kept")).to_be_visible()
        kept = page.url
        page.goto("about:blank")  # it would complain that its server is gone
    assert "?c=" in kept
    with served(index, library, file) as address:
        page = open_page(address)
        page.get_by_role("button", name="Conversations").click()
        page.get_by_role("button", name=SIGNING).first.click()
        expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt", timeout=WAIT)
        expect(page.locator("#turn-1 .rate").first).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_label("Note")).to_have_value("As the treaty says")
        page.locator("#turn-1 .chip").first.click()
        expect(page.locator(".reader mark").first).to_have_text(SIGNED)
        page.goto(f"{address}?{kept.partition('?')[2]}")
        expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt", timeout=WAIT)
        page.goto("about:blank")


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_conversations_are_found_renamed_saved_and_deleted_in_the_page(
    open_page, index, library, file
):
    with served(index, library, file) as address:
        page = open_page(address)
        ask(page, SIGNING)
        page.get_by_role("button", name="New").click()
        expect(page.locator(".turn")).to_have_count(0)
        ask(page, ELSEWHERE)
        page.get_by_role("button", name="Conversations").click()
        expect(page.locator(".talks li")).to_have_count(2)
        page.get_by_label("Search your conversations").fill("brandt")
        expect(page.locator(".talks li")).to_have_count(1)
        page.locator(".talk-more summary").click()
        page.get_by_label("Title").fill("The signing <b>")
        page.get_by_role("button", name="Rename").click()
        expect(page.locator(".open-talk")).to_have_text("The signing <b>")
        page.locator(".talk-more summary").click()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Evidence bundle").click()
        assert saved.value.suggested_filename == "the-signing-b.zip"
        page.locator(".danger").click()
        page.get_by_role("button", name="Delete for good?").click()
        expect(page.locator("#talks")).to_contain_text("No conversation holds these words.")
        page.get_by_label("Search your conversations").fill("")
        expect(page.locator(".talks li")).to_have_count(1)
        page.goto("about:blank")


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_a_link_brings_the_question_and_its_scope(open_page, index, library):
    with serving(build_app(index=index, library=library)) as address:
        page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Scope").click()
        page.get_by_label("Kinds of source").click()
        page.get_by_role("option", name="News").click()
        page.get_by_label("Published from").fill("2020")
        page.get_by_label("Published from").blur()
        expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 3 sources")
        turn = ask(page, "Who built the Kestrel lighthouse?")
        expect(turn.locator(".searched")).to_contain_text("1 source: The Kestrel lighthouse")
        turn.get_by_role("button", name="Copy link").click()
        expect(turn.get_by_role("button", name="Copied")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{address}?q=Who+built") and "standing=news&from=2020" in link
        page.goto(link)
        scope = page.get_by_role("button", name="Scope")
        expect(scope).to_contain_text("1 of 3 sources", timeout=WAIT)
        expect(page.locator("#question textarea")).to_have_value(
            "Who built the Kestrel lighthouse?"
        )
        page.goto("about:blank")
