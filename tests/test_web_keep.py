"""Conversations that are kept: in the file, and as a person meets them in the page."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from browser import (
    BOX,
    ELSEWHERE,
    MARKS,
    SIGNED,
    SIGNING,
    WAIT,
    ask,
    build,
    expect,
    finished,
    write_port_library,
)

from qa.pipeline import answer
from qa.web import build_app
from qa.web.chat.conversation import Turn
from qa.web.chat.kept import Conversations
from qa.web.chat.saving import save_conversation
from qa.web.chat.scope import Choice
from qa.web.server.serve import serving


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
            answer=replace(answer(question, index=index), rejected=(("<b>It is not.", "why"),)),
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
    kept.restore("bob", first)
    assert kept.load("ada", first) == ()
    kept.restore("ada", first)
    assert len(kept.load("ada", first)) == 1 and len(kept.list("ada")) == 2
    kept.delete("ada", first)
    with kept._file.use() as database:
        database.execute("UPDATE conversation SET updated = '2020' WHERE id = ?", (first,))
    kept.delete("ada", second)  # what was deleted long ago is gone
    kept.restore("ada", first)
    assert kept.list("ada") == []
    kept.close()


def test_what_another_version_kept_is_read_as_far_as_it_goes(index):
    kept = Conversations()
    name = kept.save("ada", None, turns(index, SIGNING))
    with kept._file.use() as database:
        [(text,)] = database.execute("SELECT turn FROM turn").fetchall()
        values = json.loads(text)
        values["answer"]["of_tomorrow"] = 1
        del values["answer"]["notice"]
        database.execute("UPDATE turn SET turn = ?", (json.dumps(values),))
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
        open_page.leave(page)
    assert "?c=" in kept
    with served(index, library, file) as address:
        page = open_page(address)
        page.get_by_role("button", name="Conversations").click()
        page.locator(".open-talk", has_text=SIGNING).click()
        expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt", timeout=WAIT)
        expect(page.locator("#turn-1 .rate").first).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_label("Note")).to_have_value("As the treaty says")
        page.locator("#turn-1 .chip").first.click()
        expect(page.locator(".reader mark").filter(has_text=SIGNED)).to_be_visible()
        page.goto(f"{address}?{kept.partition('?')[2]}")
        expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt", timeout=WAIT)
        open_page.leave(page)


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
        expect(page.locator("#talks")).to_contain_text("No conversation holds these words.")
        page.get_by_role("button", name="Bring it back").click()
        expect(page.locator(".open-talk")).to_have_text("The signing <b>")
        page.locator(".talk-more summary").click()
        page.locator(".danger").click()
        page.get_by_label("Search your conversations").fill("")
        expect(page.locator(".talks li")).to_have_count(1)
        open_page.leave(page)


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_an_answer_is_saved_as_markdown_and_as_evidence(open_page, index, library, file):
    with served(index, library, file) as address:
        page = open_page(address)
        turn = ask(page, SIGNING)

        def saved(form):
            turn.locator(".save summary").click()
            with page.expect_download() as found:
                turn.get_by_role("button", name=form, exact=True).click()
            expect(turn.locator(".save")).not_to_have_attribute("open", "")
            name = found.value.suggested_filename
            return name, Path(found.value.path()).read_text(encoding="utf-8")

        name, text = saved("Markdown")
        assert name.endswith(".md")
        assert SIGNED in text and "The harbour treaty of Port Almond" in text
        name, text = saved("JSON evidence")
        assert name.endswith(".json")
        told = json.loads(text)["answer"]
        [cited] = [one for one in told["citations"] if one["quote"] == SIGNED]
        whole = index.source("treaty").text
        assert whole[cited["start"] : cited["end"]] == SIGNED
        assert cited["sha256"] == hashlib.sha256(whole.encode()).hexdigest()
        open_page.leave(page)


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_what_was_considered_is_there_when_a_conversation_is_opened_again(
    open_page, index, library, file
):
    with served(index, library, file) as address:
        page = open_page(address)
        ask(page, SIGNING)
        considered = page.locator(".considered .found").all_text_contents()
        assert considered
        page.reload()
        expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt", timeout=WAIT)
        assert page.locator(".considered .found").all_text_contents() == considered
        page.locator(".considered summary").click()
        page.locator(".considered button.read").last.click()
        expect(page.locator(".reader h2")).to_be_visible()
        open_page.leave(page)


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_server_that_is_killed_has_the_conversations_when_it_runs_again(
    open_page, index, library, file
):
    program = (
        "import sys; from pathlib import Path; from qa.web import launch\n"
        "from qa.web.shared.served import ServedLibrary as Library\n"
        "index, folder, conversations = map(Path, sys.argv[1:])\n"
        "one = Library(index=index, folder=folder, conversations=conversations)\n"
        "launch(libraries=[one], model='', port=0, open_browser=False)"
    )

    @contextmanager
    def running():
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(index.folder), str(library), str(file)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            line = process.stdout.readline()
            assert line.startswith("Refdesk is at ")
            yield line.split()[3]
        finally:
            process.kill()  # SIGKILL: nothing of it can be tidied up
            process.wait()
            process.stdout.close()

    with running() as address:
        page = open_page(address)
        ask(page, SIGNING)
        ask(page, "Where was it signed?")
        kept = page.url.partition("?")[2]
        page.locator(BOX).fill("What are the duties?")
        page.locator(BOX).press("Enter")  # it is killed while it answers, or before, or after
        open_page.leave(page)
    assert kept.startswith("c=")
    with running() as address:
        page = open_page(f"{address}?{kept}")
        expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt", timeout=WAIT)
        expect(page.locator("#turn-2 .answer")).to_contain_text("Port Almond")
        turn = ask(page, ELSEWHERE)
        expect(turn.locator(".abstention")).to_be_visible()
        open_page.leave(page)


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_a_link_asks_the_question_in_its_scope(open_page, index, library):
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
        turn = finished(page)
        expect(turn.locator(".question")).to_have_text("Who built the Kestrel lighthouse?")
        expect(turn.locator(".searched")).to_contain_text("1 source: The Kestrel lighthouse")
        open_page.leave(page)
