"""Several libraries in one server: each at its own address, with nothing of another in it."""

from __future__ import annotations

import http.client
import time
from dataclasses import replace
from urllib.parse import quote, urlsplit

import httpx
import pytest
from browser import BOX, MARKS, ask, expect, serious

from index import open_index, rebuild
from index.build.lock import writing
from qa import answer
from qa.passwords import CURATE, CURATOR, READER, Users, add_key, set_password
from qa.web import build_app
from qa.web.chat.conversation import Turn
from qa.web.chat.kept import Conversations
from qa.web.server.serve import serving
from qa.web.shared.access import LOCAL, Access

PORTS = {
    "harbour.md": "---\ntitle: The harbour of Quillport\nstanding: government\n---\n# Quay\n\n"
    "The north quay of Quillport was rebuilt in 1954 after the great storm.\n"
}
MILLS = {
    "mill.md": "---\ntitle: The mill of Ostrander\nstanding: news\n---\n# Mill\n\n"
    "The mill of Ostrander grinds rye twice a week.\n"
}
QUAY = "When was the north quay of Quillport rebuilt?"
MILL = "What does the mill of Ostrander grind?"
BROWSER = {"Accept": "text/html"}
PASSWORD = "correct horse"


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """By name the folder of a library and its open index."""
    home = tmp_path_factory.mktemp("libraries")
    found = {}
    for name, files in (("ports", PORTS), ("mills", MILLS)):
        folder = write(home / name / "documents", files)
        rebuild(folder, index=home / name / "index")
        found[name] = folder, open_index(home / name / "index")
    return found


def apps(places, access=None):
    access = replace(access or Access(), libraries=tuple(places))
    return {
        name: build_app(
            index=index,
            library=folder,
            conversations=Conversations(index.folder.parent / "conversations.db"),
            access=replace(access, library=name),
        )
        for name, (folder, index) in places.items()
    }


@pytest.fixture(scope="module")
def address(places):
    with serving(apps(places)) as address:
        yield address


@pytest.fixture(scope="module")
def client(address):
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


def outcome(client, library, question, **more):
    return client.post(f"/{library}/v1/ask", json={"question": question} | more).json()


def call_mcp(client, library, tool):
    told = {"name": tool, "arguments": {}}
    sent = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": told}
    headers = {"Accept": "application/json, text/event-stream"}
    got = client.post(f"/{library}/mcp", json=sent, headers=headers).json()
    return [one["id"] for one in got["result"]["structuredContent"]["result"]]


def test_each_answers_what_it_holds_and_refuses_what_another_holds(client):
    assert "1954" in outcome(client, "ports", QUAY)["text"]
    assert "rye" in outcome(client, "mills", MILL)["text"]
    for library, question in (("mills", QUAY), ("ports", MILL)):
        found = outcome(client, library, question)
        assert found["outcome"] != "answered" and found["citations"] == []


def test_programs_find_each_below_its_name(client):
    def ids(library):
        return [one["id"] for one in client.get(f"/{library}/v1/sources").json()]

    assert (ids("ports"), ids("mills")) == (["harbour"], ["mill"])
    assert client.get("/ports/openapi.json").json()["servers"] == [{"url": "/ports"}]
    assert "POST /mills/v1/ask" in client.get("/mills/docs").text
    assert client.get("/mills/v1/models").json()["data"][0]["id"] == "refdesk"


def test_the_model_context_protocol_has_each_below_its_name(client):
    pytest.importorskip("mcp", reason="needs the extra mcp")
    assert call_mcp(client, "ports", "sources") == ["harbour"]
    assert call_mcp(client, "mills", "sources") == ["mill"]


def test_no_scope_leads_to_another_library(client):
    found = client.post("/mills/v1/ask", json={"question": QUAY, "sources": ["harbour"]})
    assert found.status_code == 400 and "matches no source" in found.json()["error"]["message"]


def test_an_answer_of_one_is_not_held_up_by_another(client):
    exported = outcome(client, "ports", QUAY)
    assert client.post("/ports/v1/check", json={"text": exported["text"]}).json()["holds"]
    assert not client.post("/mills/v1/check", json={"text": exported["text"]}).json()["holds"]


@MARKS[2]
@MARKS[3]
def test_a_question_under_way_is_fetched_where_it_was_asked(client):
    called = client.post("/ports/gradio_api/call/ask", json={"data": [QUAY, [], None]})
    event = called.json()["event_id"]
    try:
        elsewhere = client.get(f"/mills/gradio_api/call/ask/{event}").text
    except httpx.RemoteProtocolError:  # Gradio breaks off where it knows no such question
        elsewhere = ""
    assert "1954" not in elsewhere and "complete" not in elsewhere
    assert "1954" in client.get(f"/ports/gradio_api/call/ask/{event}").text


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/", "/ports/"),
        ("/?q=x&source=y", "/ports/?q=x&source=y"),
        ("/library", "/ports/library"),
        ("/docs", "/ports/docs"),
        ("/mills", "/mills/"),
        ("/mills?c=x", "/mills/?c=x"),
    ],
)
def test_an_address_without_a_library_leads_to_the_first(client, path, leads):
    got = client.get(path)
    assert (got.status_code, got.headers["location"]) == (307, leads)


@pytest.mark.parametrize("path", ["/v1/sources", "/metrics", "/openapi.json"])
def test_what_is_of_one_library_asks_for_its_name(client, path):
    got = client.get(path)
    assert got.status_code == 404
    assert f"as /ports{path}; there are: ports, mills" in got.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    ["/Ports/", "/port/", "//ports/", "/ports/mills/", "/ports/../mills/v1/sources",
        "/ports/v1/../../mills/v1/sources", "/%2e/ports/",
     "/ports/gradio_api/file=/etc/passwd", "/ports/ports/v1/sources"],
)  # fmt: skip
def test_no_other_path_leads_anywhere(address, path):
    there = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    there.request("GET", path)  # as it stands: httpx would tidy it up
    assert there.getresponse().status == 404
    there.close()


def test_the_page_of_each_asks_at_its_own_address(client, address):
    for name in ("ports", "mills"):
        for page in ("", "library"):
            got = client.get(f"/{name}/{page}")
            assert f'"root":"{address}{name}"' in got.text.replace('": "', '":"')
        assert client.get(f"/{name}/config").json()["root"] == f"{address}{name}"


def test_a_forwarded_host_keeps_the_library(client):
    headers = {"X-Forwarded-Host": "desk.example", "X-Forwarded-Proto": "https"}
    told = client.get("/mills/config", headers=headers).json()
    assert told["root"] == "https://desk.example/mills"


def test_the_server_is_ready_when_all_are(client):
    assert client.get("/healthz").text == "ok\n"
    for _ in range(600):
        if client.get("/readyz").status_code == 200:
            break
        time.sleep(0.1)
    assert client.get("/readyz").text == "ok\n"
    assert client.get("/mills/readyz").status_code == 200


def test_one_library_alone_has_no_chooser_and_its_old_address(places):
    folder, index = places["mills"]
    with serving(build_app(index=index, library=folder)) as address:
        page = httpx.get(address).text
        assert 'id=\\"libraries\\"' not in page and '/library\\"' in page
        assert httpx.get(f"{address}mills/").status_code == 404


def test_a_rebuild_of_one_leaves_the_others_as_they_are(tmp_path):
    places = {}
    for name, files in (("ports", PORTS), ("mills", MILLS)):
        folder = write(tmp_path / name / "documents", files)
        rebuild(folder, index=tmp_path / name / "index")
        places[name] = folder, open_index(tmp_path / name / "index")
    before = places["ports"][1].generation.name
    lamp = "# Lamp\n\nThe lamp of Brockhaven was lit in 1911.\n"
    with (
        serving(apps(places)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
        writing(places["ports"][1].folder),  # as a rebuild of it holds it
    ):
        write(places["mills"][0], {"lamp.md": lamp})
        rebuild(places["mills"][0], index=places["mills"][1].folder)
        lit = "When was the lamp of Brockhaven lit?"
        assert "1911" in outcome(client, "mills", lit)["text"]
        assert outcome(client, "ports", lit)["outcome"] != "answered"
        assert "1954" in outcome(client, "ports", QUAY)["text"]
    assert places["ports"][1].generation.name == before


# Who may do what


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    file = tmp_path_factory.mktemp("users") / "users.txt"
    set_password(file, "ada", PASSWORD, READER)
    set_password(file, "paul", PASSWORD, CURATOR, ["ports"])
    set_password(file, "cura", PASSWORD, CURATOR)
    return file


@pytest.fixture(scope="module")
def guarded(places, users):
    access = Access(users=Users(users))
    with (
        serving(apps(places, access), access=access) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def logged_in(client, name, then):
    form = {"name": name, "password": PASSWORD, "then": then}
    return client.post("/login", data=form)


def test_one_log_in_is_for_all(guarded):
    refused = guarded.get("/mills/?q=x", headers=BROWSER)
    assert refused.headers["location"] == f"/login?then={quote('/mills/?q=x', safe='')}"
    assert guarded.get("/mills/v1/sources").status_code == 401
    assert guarded.get("/mills").status_code == guarded.get("/none").status_code == 401
    assert guarded.get("/mills/login").status_code == 401  # it is asked at one address
    assert logged_in(guarded, "ada", "/mills/library").headers["location"] == "/mills/library"
    try:
        for library in ("ports", "mills"):
            assert guarded.get(f"/{library}/").status_code == 200
        assert guarded.post("/logout").status_code == 303
        assert guarded.get("/ports/v1/sources").status_code == 401
    finally:
        guarded.cookies.clear()
    assert logged_in(guarded, "ada", "/none/library").headers["location"] == "/"
    guarded.cookies.clear()


@pytest.mark.parametrize(
    ("name", "curates"), [("ada", ()), ("paul", ("ports",)), ("cura", ("ports", "mills"))]
)
def test_a_curator_may_be_one_of_a_library(guarded, name, curates):
    for library in ("ports", "mills"):
        metrics = guarded.get(f"/{library}/metrics", auth=(name, PASSWORD))
        upload = guarded.post(f"/{library}/gradio_api/upload", content=b"", auth=(name, PASSWORD))
        may = library in curates
        assert (metrics.status_code == 200, upload.status_code != 404) == (may, may)


def test_a_key_does_no_more_than_its_user(guarded, users):
    headers = {"Authorization": f"Bearer {add_key(users, 'paul', 'program', CURATE)}"}
    assert guarded.get("/ports/metrics", headers=headers).status_code == 200
    assert guarded.get("/mills/metrics", headers=headers).status_code == 403
    assert guarded.get("/mills/v1/sources", headers=headers).status_code == 200


def test_a_curator_of_one_library_is_none_where_it_is_served_alone(users):
    assert not Access(users=Users(users)).may_curate("paul")
    assert Access(users=Users(users)).may_curate("cura")


def test_what_programs_ask_is_counted_together(places, users):
    access = Access(users=Users(users), rate=2)
    with serving(apps(places, access), access=access) as address:
        told = [
            httpx.get(f"{address}{name}/v1/sources", auth=("ada", PASSWORD)).status_code
            for name in ("ports", "mills", "ports")
        ]
    assert told == [200, 200, 429]


# The page


def test_a_conversation_is_shared_below_its_library_alone(places):
    turn = Turn(question=QUAY, answer=answer(QUAY, index=places["ports"][1]))
    kept = Conversations(places["ports"][1].folder.parent / "conversations.db")
    kept.shares.begin(LOCAL, talk := kept.save(LOCAL, None, (turn,)))
    [token] = [one.shared for one in kept.list(LOCAL)]
    made = apps(places)
    with serving(made) as address, httpx.Client(base_url=address) as client:
        assert "1954" in client.get(f"/ports/shared/{token}").text
        for elsewhere in ("/mills", ""):
            assert client.get(f"{elsewhere}/shared/{token}").status_code == 404
    kept.delete(LOCAL, talk)


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_the_chooser_leads_to_another_library_and_nothing_goes_along(open_page, address):
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    assert page.url == f"{address}ports/"
    expect(ask(page, QUAY).locator(".answer")).to_contain_text("1954")
    pin = page.locator(".answer button.pin").first
    pin.click()
    expect(pin).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_title(f"{QUAY} · ports · Refdesk")
    kept = page.url.partition("?")[2]
    assert kept.startswith("c=")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{address}ports/?") and "q=" in link

    chooser = page.locator("#libraries")
    chooser.locator("summary").press("Enter")
    expect(chooser.locator("[aria-current]")).to_have_text("ports")
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(chooser.get_by_role("link")).to_have_count(0)
    expect(chooser.locator("summary")).to_be_focused()
    chooser.locator("summary").press("Enter")
    chooser.get_by_role("link", name="mills").click()
    page.wait_for_url(f"{address}mills/")
    expect(page).to_have_title("mills · Refdesk")
    expect(page.locator("#panel")).to_contain_text("The mill of Ostrander")
    page.get_by_role("button", name="Conversations").click()
    expect(page.locator("#talks")).to_contain_text("None yet.")
    page.keyboard.press("Escape")
    expect(page.locator("#dossier .pins")).to_have_attribute("data-ids", "")
    expect(ask(page, MILL).locator(".answer")).to_contain_text("rye")
    # A source of another library is not opened by its id, nor a conversation.
    page.evaluate("window.refdeskTrigger('select', {source: 'harbour', asking: 1})")
    expect(page.locator("#reader [data-asking='1']")).to_contain_text("Not in the library any more")
    page.evaluate("window.refdeskTrigger('select', {source: 'mill', asking: 2})")
    expect(page.locator("#reader [data-asking='2']")).to_contain_text("The mill of Ostrander")
    page.goto(f"{address}mills/?{kept}")
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(BOX)).to_be_enabled()
    expect(page.locator(".turn")).to_have_count(0)

    page.get_by_role("link", name="Library", exact=True).click()
    page.wait_for_url(f"{address}mills/library")
    page.locator("#libraries summary").click()
    page.locator("#libraries").get_by_role("link", name="ports").click()
    page.wait_for_url(f"{address}ports/library")
    expect(page.locator("#shelf-sources")).to_contain_text("The harbour of Quillport")
    page.get_by_role("link", name="Chat").click()
    page.wait_for_url(f"{address}ports/")
    page.goto(f"{address}ports/?{kept}")
    expect(page.locator("#turn-1 .answer")).to_contain_text("1954")
    page.goto(link)
    expect(page.locator("#turn-1 .answer")).to_contain_text("1954")
    assert page.url.startswith(f"{address}ports/")
    page.get_by_role("link", name="Library", exact=True).click()
    page.wait_for_url(f"{address}ports/library")
    page.get_by_role("link", name="Read").click()
    page.wait_for_url(f"{address}ports/?read=harbour")
    expect(page.locator("#reader")).to_contain_text("rebuilt in 1954")
