"""The server of the web chat: its address, what it lets through, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from importlib.resources import files
from pathlib import Path

import pytest
from gradio.routes import App
from gradio_client import Client
from gradio_client.exceptions import AppError

from index import open_index, rebuild
from index.errors import IndexNotFoundError
from qa.errors import SettingError
from qa.passwords import CURATOR, Users, remove_user, set_password
from qa.web import build_app, launch
from qa.web.server.guard import names_of
from qa.web.server.login_page import login_page
from qa.web.server.serve import FIRST_PORT, address_of, listen, make_server, serving
from qa.web.server.throttle import Throttle
from qa.web.shared.access import Access
from qa.web.shared.light_import import without_pauses
from qa.web.shared.served import ServedLibrary


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    (folder / "lamp.md").write_text(
        "---\ntitle: The lamp </script><script>alert(1)</script>\n---\n# The lamp\n\n"
        "The lamp of the harbour was lit on 4 May 1911.\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    rebuild(library, index=folder)
    return open_index(folder)


@pytest.fixture(scope="module")
def address(index, library):
    with serving(build_app(index=index, library=library)) as address:
        yield address


def get(url, headers=None, data=None):
    request = urllib.request.Request(url, headers=headers or {}, data=data)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_the_page_may_reach_no_other_host(address):
    status, headers, body = get(address)
    assert status == 200 and b"Refdesk" in body
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy and "*" not in policy
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_fonts_come_from_here_and_nothing_beside_them(address):
    style = (files("qa.web") / "static/style.css").read_text(encoding="utf-8")
    faces = set(re.findall(r'url\("/([\w/.-]+)"\)', style + login_page("/", wrong=False)))
    cut = {path for path in faces if re.fullmatch(r"fonts/\w+-\d00\.woff2", path)}
    assert len(cut) == len(faces - cut) == 4
    sizes = dict.fromkeys(faces, 0)
    for path in faces:
        status, _, body = get(address + path)
        assert status == 200 and body.startswith((b"wOF2", b"\0\1\0\0"))
        sizes[path] = len(body)
    # What most pages load of them; the whole ones are for other letters.
    assert sum(sizes[path] for path in cut) < 80_000 < min(sizes[path] for path in faces - cut)
    for path in ("fonts/", "fonts/LICENSE.txt", "fonts/../app.py", "fonts/%2e%2e/app.py"):
        assert get(address + path)[0] == 404


def test_text_is_compressed_and_a_stream_is_not(address):
    packed = {"Accept-Encoding": "gzip"}
    status, headers, body = get(address, headers=packed)
    assert status == 200 and headers["content-encoding"] == "gzip"
    assert len(body) * 3 < len(gzip.decompress(body))
    question = json.dumps({"question": "Where is the lamp?", "stream": True}).encode()
    sent = {"Content-Type": "application/json"} | packed
    status, headers, _ = get(f"{address}v1/ask", headers=sent, data=question)
    assert status == 200 and headers["content-type"].startswith("text/event-stream")
    assert headers["content-encoding"] is None


def test_titles_cannot_leave_the_configuration(address):
    _, _, body = get(address)
    assert b"</script><script>alert" not in body


@pytest.mark.parametrize("prefix", ["", "/gradio_api"])
@pytest.mark.parametrize("way", ["file={}", "file/{}", "proxy={}", "static/{}", "static/..%2f..{}"])
def test_no_file_is_served(address, index, library, prefix, way):
    for file in (
        library / "lamp.md",
        index.folder / "current",
        Path("/etc/passwd"),
        Path(__file__),
    ):
        status, _, body = get(address.rstrip("/") + f"{prefix}/" + way.format(file))
        assert status in (403, 404)
        assert b"harbour" not in body and b"root:" not in body and b"def test" not in body


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("run/ask", b"{}"),
        ("call/_ask", b"{}"),
        ("vibe-edit", b"{}"),
        ("runs", None),
        ("openapi.json", None),
        ("file=https://example.org/", None),
        ("proxy=https://example.org/", None),
        ("deep_link", None),
    ],
)
def test_what_the_page_does_not_need_is_not_there(address, path, data):
    assert get(f"{address}gradio_api/{path}", data=data)[0] == 404


def test_three_endpoints_are_named_for_others(address):
    status, _, body = get(f"{address}gradio_api/info")
    assert status == 200
    told = json.loads(body)
    assert set(told["named_endpoints"]) == {"/ask", "/search", "/sources"}
    assert told["unnamed_endpoints"] == {}


def test_another_name_for_this_machine_is_refused(address):
    assert get(address, headers={"Host": "rebound.example"})[0] == 400
    assert get(address, headers={"Host": "[::1]:1"})[0] == 200
    assert get(address, headers={"Host": "localhost:1"})[0] == 200


def test_hosts():
    assert names_of("127.0.0.1") == names_of("localhost") == {"localhost", "127.0.0.1", "[::1]"}
    assert names_of("::1") == names_of("localhost")
    assert names_of("0.0.0.0") is None
    assert names_of("desk.example") is None


def test_a_request_of_another_site_is_refused(address):
    here = address.rstrip("/")
    assert get(address, headers={"Origin": "https://evil.example"})[0] == 403
    assert get(address, headers={"Origin": "null"})[0] == 403
    assert get(address, headers={"Origin": here})[0] == 200


def test_programs_ask_search_and_list_by_name(address):
    client = Client(address, verbose=False)
    try:
        found = client.predict("When was the lamp of the harbour lit?", None, api_name="/ask")
        assert "4 May 1911" in found["text"] and found["citations"][0]["source_id"] == "lamp"
        [hit] = client.predict("lamp", 1, None, api_name="/search")
        assert hit["quote"] and hit["source_id"] == "lamp"
        assert [one["id"] for one in client.predict(api_name="/sources")] == ["lamp"]
        with pytest.raises(AppError, match="matches no source"):
            client.predict("lamp", 1, ["no-such-*"], api_name="/search")
        with pytest.raises(AppError, match="empty"):
            client.predict("", None, api_name="/ask")
    finally:
        client.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on the path")
def test_curl_is_enough_to_ask(address):
    url = f"{address}gradio_api/call/ask"
    asked = json.dumps({"data": ["When was the lamp of the harbour lit?", None]})
    common = ["curl", "--silent", "--fail", "--noproxy", "*"]
    sent = [*common, "--json", asked, url]
    event = json.loads(subprocess.run(sent, capture_output=True, check=True).stdout)["event_id"]
    told = subprocess.run([*common, f"{url}/{event}"], capture_output=True, check=True).stdout
    assert b"event: complete" in told and b"4 May 1911" in told


def test_mcp_clients_have_the_same_tools(address):
    mcp = pytest.importorskip("mcp", reason="mcp is not installed")
    from mcp.client.streamable_http import streamable_http_client

    async def talk():
        async with (
            streamable_http_client(f"{address}mcp") as (read, write, *_),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            asked = {"question": "When was the lamp of the harbour lit?"}
            answer = await session.call_tool("ask", asked)
            return tools, answer.content[0].text

    tools, answered = asyncio.run(talk())
    assert set(tools) == {"ask", "check", "search", "sources"}
    assert tools["ask"].inputSchema["required"] == ["question"]
    assert "every sentence cited" in tools["ask"].description
    assert "4 May 1911" in answered


@pytest.fixture
def users(tmp_path):
    file = tmp_path / "users.txt"
    set_password(file, "ada", "correct horse")
    set_password(file, "cura", "battery staple", CURATOR)
    return file


def basic(name, password):
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def test_strangers_are_let_in_nowhere(index, library, users, monkeypatch):
    # How long who guesses must wait is for test_web_throttle.py
    monkeypatch.setattr(Throttle, "_LIMITS", ((1000, 1.0),) * 3)
    access = Access(users=Users(users))
    app = build_app(index=index, library=library, access=access)
    with serving(app, access=access) as address:
        assert get(address, headers=basic("ada", "correct horse"))[0] == 200
        assert get(address, headers=basic("cura", "battery staple"))[0] == 200
        for path in ("", "config", "library", "gradio_api/info", "mcp", "theme.css"):
            for headers in (
                {},
                basic("ada", "wrong"),
                basic("nobody", "x"),
                {"Authorization": "x"},
            ):
                status, answered, body = get(address + path, headers=headers)
                assert status == 401
                assert "Basic" in answered["www-authenticate"]
                assert b"Refdesk" not in body
        assert get(address, headers=basic("ada", "correct horse"))[0] == 200
        upload = f"{address}gradio_api/upload"
        assert get(upload, headers=basic("ada", "correct horse"), data=b"x")[0] == 404
        assert get(upload, headers=basic("cura", "battery staple"), data=b"x")[0] not in (401, 404)
        client = Client(address, headers=basic("ada", "correct horse"), verbose=False)
        assert client.predict(api_name="/sources")
        client.close()
        remove_user(users, "ada")  # takes effect at once
        assert get(address, headers=basic("ada", "correct horse"))[0] == 401


def test_the_file_of_users_holds_no_password(users):
    text = users.read_text()
    assert "correct horse" not in text and text.count("scrypt$") == 2
    assert os.name == "nt" or users.stat().st_mode & 0o077 == 0
    assert Users(users).check("ada", "correct horse").role == "reader"
    assert Users(users).check("ada", "Correct horse") is None
    set_password(users, "ada", "another one", CURATOR)
    assert (
        Users(users).role("ada") == CURATOR and Users(users).check("ada", "correct horse") is None
    )


@pytest.mark.parametrize(
    ("text", "said"), [("ada:secret", "line 1"), ("", "no user"), ("# none\n", "no user")]
)
def test_a_file_that_is_none_of_users_is_an_error_in_one_line(tmp_path, text, said):
    (tmp_path / "users").write_text(text)
    with pytest.raises(SettingError, match=said) as caught:
        Users(tmp_path / "users")
    assert "refdesk user" in str(caught.value)


@pytest.mark.parametrize(("name", "password"), [("a:b", "long enough"), ("ada", "short")])
def test_a_name_or_password_that_will_not_do_is_an_error(tmp_path, name, password):
    with pytest.raises(SettingError):
        set_password(tmp_path / "users", name, password)
    assert not (tmp_path / "users").exists()


def test_another_address_is_not_served_without_saying_to_whom(index, library):
    one = ServedLibrary(index=index.folder, folder=library)
    with pytest.raises(SettingError, match="--auth FILE"):
        launch(libraries=[one], model=None, host="0.0.0.0", port=0, open_browser=False)


def test_the_public_may_not_curate_and_readers_may_not_either(users):
    assert not Access(public=True).may_curate("local")
    assert Access().may_curate("local")
    access = Access(users=Users(users))
    assert access.may_curate("cura")
    assert not access.may_curate("ada") and not access.may_curate("stranger")


def test_a_taken_port_is_an_error_in_one_line(index, library):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=rf"port {port} .*--port") as caught:
            one = ServedLibrary(index=index.folder, folder=library)
            launch(libraries=[one], model=None, port=port, open_browser=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("no such host", None)])
def test_an_impossible_address_is_an_error(host, port):
    with pytest.raises(SettingError, match="--port"):
        listen(host, port)


def test_without_a_port_the_first_free_one_is_taken():
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        assert FIRST_PORT <= first.getsockname()[1] < second.getsockname()[1]
        assert address_of("127.0.0.1", first) == f"http://127.0.0.1:{first.getsockname()[1]}/"


def test_one_app_is_made_of_a_page_and_the_garbage_waits_until_then(index, library, monkeypatch):
    made, sound, collecting = [], App.__init__, []

    def counted(self, **options):
        made.append(self)
        collecting.append(gc.isenabled())
        sound(self, **options)

    monkeypatch.setattr(App, "__init__", counted)
    with without_pauses():
        make_server(build_app(index=index, library=library), "127.0.0.1")
    assert len(made) == 1
    assert collecting == [False] and gc.isenabled()


def test_launching_without_an_index_is_an_error(tmp_path):
    with pytest.raises(IndexNotFoundError):
        one = ServedLibrary(index=tmp_path, folder=tmp_path)
        launch(libraries=[one], model=None, open_browser=False)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send an interrupt to one process")
def test_launch_prints_its_address_and_stops_when_interrupted(index, library):
    program = (
        "import sys; from pathlib import Path; from qa.web import launch\n"
        "from qa.web.shared.served import ServedLibrary as Library\n"
        "one = Library(index=Path(sys.argv[1]), folder=Path(sys.argv[2]))\n"
        "launch(libraries=[one], model=None, port=0,"
        " open_browser=False)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(index.folder), str(library)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        assert line.startswith("Refdesk is at http://127.0.0.1:"), process.stderr.read()
        address = line.split()[3]
        assert get(address)[0] == 200
        with urllib.request.urlopen(f"{address}gradio_api/heartbeat/a", timeout=30) as open_page:
            assert open_page.readline()
            process.send_signal(2)
            rest, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, errors
    assert (rest, errors) == ("", "")
