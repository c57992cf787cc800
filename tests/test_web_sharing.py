"""A conversation that is shared as a page to read: whose, how long, and what it shows."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from browser import MARKS, SIGNED, SIGNING, WAIT, ask, build, expect, write_port_library

from qa.passwords import Users, set_password
from qa.pipeline import answer
from qa.web import build_app
from qa.web.chat.conversation import Turn
from qa.web.chat.kept import Conversations
from qa.web.chat.shared_page import shared_page
from qa.web.server.login_page import page_after
from qa.web.server.serve import serving
from qa.web.shared.access import Access

HOSTILE = "</style></script><script>alert(1)</script>\"'<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return write_port_library(tmp_path_factory.mktemp("curated") / "library", "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    return build(library, tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def turn(index):
    found = answer(SIGNING, index=index)
    return Turn(question=SIGNING, scope="the whole library", answer=found, note="not for others")


@pytest.fixture
def kept():
    conversations = Conversations()
    yield conversations
    conversations.close()


def test_only_the_owner_begins_and_ends_sharing(kept, turn):
    name = kept.save("ada", None, (turn,))
    kept.shares.begin("bob", name)
    assert [one.shared for one in kept.list("ada")] == [""]
    kept.shares.begin("ada", name)
    [token] = [one.shared for one in kept.list("ada")]
    assert len(token) >= 32 and token != name
    kept.shares.begin("ada", name)  # once more is the same
    kept.shares.end("bob", name)
    assert kept.shares.find(token).conversation == name
    kept.shares.end("ada", name)
    assert kept.shares.find(token) is None
    kept.shares.begin("ada", name)
    assert [one.shared for one in kept.list("ada")] != [token]  # what was ended stays so
    assert kept.shares.find("") is kept.shares.find(name) is None


def test_what_is_asked_later_is_not_shared_and_what_is_deleted_is_not_shown(kept, turn):
    name = kept.save("ada", None, (turn,))
    kept.shares.begin("ada", name)
    [token] = [one.shared for one in kept.list("ada")]
    kept.save("ada", name, (turn, replace(turn, question="A secret?")))
    assert kept.shares.find(token).turns == 1
    kept.delete("ada", name)
    assert kept.shares.find(token) is None
    kept.restore("ada", name)
    assert kept.shares.find(token).user == "ada"


def test_the_page_shows_answers_with_their_quotes_and_nothing_that_was_said_of_them(turn):
    page = shared_page("A talk", (turn, Turn(question="Broken?", error="No.")), "2026-11-28")
    for shown in (SIGNED, "28 November 2026", "Port Gazette", 'href="#card-1-1"', 'id="card-1-1"'):
        assert shown in page
    for kept_back in ("not for others", "Broken?", "<button", "<script", "Pin to the dossier"):
        assert kept_back not in page


def test_nothing_in_a_shared_page_becomes_markup(turn):
    cited = tuple(replace(one, title=HOSTILE, quote=HOSTILE) for one in turn.answer.citations)
    said = tuple(replace(one, text=HOSTILE) for one in turn.answer.sentences)
    hostile = replace(turn, question=HOSTILE, scope=HOSTILE,
                      answer=replace(turn.answer, citations=cited, sentences=said))  # fmt: skip
    page = shared_page(HOSTILE, (hostile,), HOSTILE)
    assert page.count("<script") == page.count("<img") == 0
    assert page.count("</style>") == 1


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/shared/aB3-_x", "/shared/aB3-_x"),
        ("/library?q=1", "/library?q=1"),
        ("/shared/", "/"),
        ("/shared/../x", "/"),
        ("//evil.example/shared/x", "/"),
    ],
)
def test_the_log_in_leads_back_to_a_shared_page_and_to_no_other_site(wanted, led):
    assert page_after(wanted) == led


def test_behind_a_log_in_a_link_opens_only_for_who_is_logged_in(index, library, tmp_path, turn):
    users = tmp_path / "users.txt"
    for name in ("ada", "bob"):
        set_password(users, name, "correct horse")
    access = Access(users=Users(users))
    kept = Conversations(tmp_path / "c.db")
    name = kept.save("ada", None, (turn,))
    kept.shares.begin("ada", name)
    [token] = [one.shared for one in kept.list("ada")]
    app = build_app(index=index, library=library, access=access, conversations=kept)
    with serving(app, access=access) as address:
        url = f"{address}shared/{token}"
        html = {"accept": "text/html"}
        asked = httpx.get(url, headers=html)
        assert asked.status_code == 303
        assert asked.headers["location"] == f"/login?then=%2Fshared%2F{token}"
        read = httpx.get(url, auth=("bob", "correct horse"))
        assert read.status_code == 200 and SIGNED in read.text
        assert "script-src" not in read.headers.get_list("content-security-policy")[0]
        assert read.headers["cache-control"] == "no-store"
        for wrong in (f"{address}shared/{token[:-1]}", f"{address}shared/{name}"):
            assert httpx.get(wrong, auth=("ada", "correct horse")).status_code == 404


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_a_conversation_is_shared_read_without_scripts_and_shared_no_more(
    chromium, open_page, index, library
):
    with serving(build_app(index=index, library=library)) as address:
        page = open_page(address)
        ask(page, SIGNING)
        page.get_by_role("button", name="Conversations").click()

        def more():
            page.locator(".talk-more summary").first.click()

        more()
        page.get_by_role("button", name="Share as a").click()
        link = page.locator(".talk-more a")
        expect(link).to_have_count(1, timeout=WAIT)
        more()
        expect(link).to_be_visible()
        url = address + link.get_attribute("href").removeprefix("./")
        context = chromium.new_context(java_script_enabled=False)
        reader = context.new_page()
        requests = []
        reader.on("request", lambda request: requests.append(request.url))
        reader.goto(url)
        expect(reader.locator("h1")).to_have_text(SIGNING)
        reader.locator(".chip").first.click()
        expect(reader.locator("#card-1-1")).to_be_in_viewport()
        expect(reader.locator("#card-1-1")).to_contain_text(SIGNED)
        assert all(one.startswith(address) for one in requests)
        page.get_by_role("button", name="Stop sharing").click()
        expect(link).to_have_count(0, timeout=WAIT)
        assert reader.reload().status == 404
        expect(reader.locator("body")).to_contain_text("not shared any more")
        context.close()
        open_page.leave(page)
