"""No function of the page opens a file that its caller did not upload, and no page is another's."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
from base64 import b64encode
from urllib.parse import urlsplit

import httpx
import pytest

from index import open_index, rebuild
from qa.passwords import CURATOR, Users, set_password
from qa.web import build_app
from qa.web.server.serve import serving
from qa.web.shared.access import LOCAL, Access

# Gradio sums up its queue with pandas, in words that pandas has given up.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

META = {"_type": "gradio.FileData"}
SECRET = "the combination of the safe"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    (library / "lamp.md").write_text("# The lamp\n\nThe lamp of the harbour was lit in 1911.\n")
    folder = tmp_path_factory.mktemp("index")
    rebuild(library, index=folder)
    return library, open_index(folder)


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    file = tmp_path_factory.mktemp("users") / "users.txt"
    for name in ("ada", "bob"):
        set_password(file, name, "correct horse", CURATOR)
    return file


@pytest.fixture(scope="module", params=["alone", "users", "public"])
def served(desk, users, request):
    """The app, its address, and the headers of a curator where there are users."""
    library, index = desk
    access = {
        "alone": Access(),
        "users": Access(users=Users(users)),
        "public": Access(public=True),
    }[request.param]
    app = build_app(index=index, library=library, access=access, keep=request.param != "public")
    with serving(app, access=access) as address:
        yield app, address, basic("ada") if request.param == "users" else {}


def basic(name):
    return {"Authorization": "Basic " + b64encode(f"{name}:correct horse".encode()).decode()}


def post(address, path, told, headers):
    there = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    there.request("POST", path, body, {"Content-Type": "application/json", **headers})
    response = there.getresponse()
    text = response.read().decode()
    there.close()
    return response.status, text


def outcome(address, path, headers):
    """The events of a call, up to the one that completes it."""
    there = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    there.request("GET", path, headers=headers)
    response = there.getresponse()
    said = b""
    for line in response:
        said += line
        if b'"process_completed"' in line or line.startswith((b"event: error", b"event: complete")):
            said += response.readline()
            break
        if b"unexpected_error" in line:
            break
    there.close()
    return said.decode()


def call(served, function, data, session, event=None):
    _, address, headers = served
    told = {"data": data, "fn_index": function, "session_hash": session, "event_data": event}
    status, text = post(address, "/gradio_api/queue/join", told, headers)
    assert status == 200, text
    return outcome(address, f"/gradio_api/queue/data?session_hash={session}", headers)


def objects(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    return [
        {"path": str(secret), "meta": META},
        {"path": "/dev/zero", "meta": META},
        {"path": "http://127.0.0.1:9/x.txt", "meta": META},
        {"path": "../secret.txt"},
        {"url": "http://127.0.0.1:9/x.txt", "meta": META},
        {"value": [{"deep": {"path": str(secret), "meta": META}}]},
    ]


def test_every_function_refuses_files_and_addresses(served, tmp_path, monkeypatch):
    app = served[0]
    opened = []
    monkeypatch.setattr(
        "gradio.processing_utils.async_move_files_to_cache",
        lambda data, *_, **__: opened.append(data) or _same(data),
    )
    assert len(app.fns) > 20
    for number, function in app.fns.items():
        for place, sent in enumerate(objects(tmp_path)):
            said = call(served, number, [sent] * max(1, len(function.inputs)), f"d{number}x{place}")
            assert '"success":false' in said, (function.name, sent)
        said = call(
            served, number, [None] * len(function.inputs), f"e{number}", objects(tmp_path)[0]
        )
        assert '"success":false' in said and SECRET not in said, function.name
    assert not opened


async def _same(data):
    return data


@pytest.mark.parametrize("name", ["ask", "search", "sources"])
def test_named_endpoints_and_mcp_refuse_them_too(served, tmp_path, name):
    mcp = pytest.importorskip("mcp", reason="mcp is not installed")
    from mcp.client.streamable_http import streamable_http_client

    _, address, headers = served
    for sent in objects(tmp_path)[:3]:
        path = f"/gradio_api/call/{name}"
        status, text = post(address, path, {"data": [sent]}, headers)
        if status == 200:
            said = outcome(address, f"{path}/{json.loads(text)['event_id']}", headers)
            assert "event: error" in said and SECRET not in said

    async def talk():
        async with (
            httpx.AsyncClient(headers=headers) as sender,
            streamable_http_client(f"{address}mcp", http_client=sender) as (r, w, *_),
            mcp.ClientSession(r, w) as session,
        ):
            await session.initialize()
            arguments = {"question": objects(tmp_path)[0], "query": objects(tmp_path)[0]}
            told = await session.call_tool("ask" if name == "sources" else name, arguments)
            right = await session.call_tool("ask", {"question": "When was the lamp lit?"})
            scoped = await session.call_tool("ask", {"question": "Lamp?", "sources": ["no-*"]})
            return told, right, scoped

    told, right, scoped = asyncio.run(talk())
    assert told.isError and SECRET not in str(told)
    assert not right.isError and "1911" in str(right.content)
    assert scoped.isError and "no source" in str(scoped.content)


def upload(address, headers, text=b"# Wall\n\nThe wall is of brick.\n", name="wall.md"):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
        + name.encode()
        + b'"\r\nContent-Type: text/plain\r\n\r\n'
        + text
        + b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    return post(address, "/gradio_api/upload", body, {**headers, **kind})


@pytest.mark.parametrize(
    ("place", "told"), [(0, "was read"), (1, "Added")], ids=["chat", "library"]
)
def test_a_curator_adds_what_she_uploaded_and_not_what_another_did(
    desk, users, tmp_path, place, told
):
    library = tmp_path / "library"
    library.mkdir()
    (library / "lamp.md").write_text("# The lamp\n\nIt is lit.\n")
    access = Access(users=Users(users))
    app = build_app(index=desk[1], library=library, access=access)
    of_pages = [number for number, one in app.fns.items() if one.name == "_add"]
    assert len(of_pages) == 2
    adding = of_pages[place]
    with serving(app, access=access) as address:
        status, text = upload(address, basic("bob"))
        assert status == 200, text
        [path] = json.loads(text)
        sent = [[{"path": path, "orig_name": "wall.md", "meta": META}]]
        said = call((app, address, basic("ada")), adding, sent, "s1")
        assert "A file was sent" in said and not (library / "wall.md").exists()
        said = call((app, address, basic("bob")), adding, sent, "s2")
        assert '"success":true' in said and told in said
    assert (library / "wall.md").read_text().startswith("# Wall")
    file = desk[1].folder / "audit.jsonl"
    noted = json.loads(file.read_text().splitlines()[-1])
    assert (noted["user"], noted["act"], noted["file"]) == ("bob", "add", "wall.md")
    assert file.stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_the_public_uploads_nothing(desk):
    access = Access(public=True)
    app = build_app(index=desk[1], library=desk[0], access=access, keep=False)
    with serving(app, access=access) as address:
        assert upload(address, {})[0] == 404


def test_a_page_of_another_user_tells_nothing(desk, users):
    access = Access(users=Users(users))
    app = build_app(index=desk[1], library=desk[0], access=access)
    [ask] = [number for number, one in app.fns.items() if one.name == "_asked"][:1]
    [export] = [number for number, one in app.fns.items() if one.name == "_export"]
    size = len(app.fns[ask].inputs)
    with serving(app, access=access) as address:
        ada, bob = (app, address, basic("ada")), (app, address, basic("bob"))
        asked = ["When was the lamp of the harbour lit?", None, None, [], [], [], "", ""][:size]
        said = call(ada, ask, asked, "page1")
        assert '"success":true' in said and "1911" in said
        wanted = {"do": "markdown", "turn": 1}
        blank = [None] * len(app.fns[export].inputs)
        assert "1911" in call(ada, export, blank, "page1", wanted)
        said = call(bob, export, blank, "page1", wanted)
        assert '"success":true' in said and "1911" not in said
        # What waits to be fetched is not handed to another either.
        told = {"data": asked, "fn_index": ask, "session_hash": "page2"}
        assert post(address, "/gradio_api/queue/join", told, basic("ada"))[0] == 200
        said = outcome(address, "/gradio_api/queue/data?session_hash=page2", basic("bob"))
        assert "1911" not in said and "not_found" in said
        said = outcome(address, "/gradio_api/queue/data?session_hash=page2", basic("ada"))
        assert "1911" in said
        # Nor by the name of the question, under which programs fetch an answer.
        path = "/gradio_api/call/ask"
        status, text = post(address, path, {"data": asked[:2]}, basic("ada"))
        assert status == 200, text
        event = json.loads(text)["event_id"]
        assert outcome(address, f"{path}/{event}", basic("bob")) == "Not found."
        for ending in ("cancel", "reset"):
            told = {"event_id": event, "session_hash": "page3", "fn_index": ask}
            assert post(address, f"/gradio_api/{ending}", told, basic("bob"))[0] == 404
        assert "1911" in outcome(address, f"{path}/{event}", basic("ada"))
        # What would ask without a page of its own is not there.
        told = {"question": asked[0]}
        assert post(address, "/gradio_api/call/v2/ask", told, basic("ada"))[0] == 404


def test_half_a_character_in_the_name_of_a_page_is_a_name_like_any(served):
    app = served[0]
    [listed] = [number for number, one in app.fns.items() if one.name == "_generations"]
    _, address, headers = served
    told = {"data": [], "fn_index": listed, "session_hash": "\ud83d"}
    assert post(address, "/gradio_api/queue/join", told, headers)[0] == 200


def test_the_folder_of_the_library_is_told_to_curators_alone(served, desk):
    app, _, headers = served
    [load] = [number for number, one in app.fns.items() if str(one.fn).count("LibraryPage._load")]
    said = call(served, load, [], "folder", None)
    assert '"success":true' in said and "1 source" in said
    assert (str(desk[0]) in said) == app.fns[load].fn.__self__._access.may_curate(
        "ada" if headers else LOCAL
    )


def test_a_body_that_is_too_long_or_no_json_is_refused(served):
    _, address, headers = served
    join = "/gradio_api/queue/join"
    assert post(address, join, b'{"data": "' + b"x" * 1_000_001, headers)[0] == 413
    assert post(address, join, b"[" * 100_000, headers)[0] == 400
    assert post(address, join, b"[]", headers)[0] == 400
    assert post(address, "/mcp", b"x" * 1_000_001, headers)[0] == 413
    assert post(address, join, deep(2000), headers)[0] == 400


@pytest.mark.parametrize("depth", [101, 400, 950, 2_000, 50_000])
def test_what_is_nested_too_deep_for_its_readers_is_refused(served, depth):
    _, address, headers = served
    for sent in (deep(depth), deep(depth, b'{"a":', b"}"), b'{"id":' + b"9" * 5_000 + b"}"):
        status, said = post(address, "/mcp", sent, headers)
        assert status == 400 and len(json.loads(said)["error"]["message"].splitlines()) == 1


def deep(depth, opening=b"[", closing=b"]"):
    return opening * depth + b"1" + closing * depth
