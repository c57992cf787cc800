"""Curating over REST: who may, what is added, removed and rebuilt, and what is written down."""

import json
import threading

import httpx
import pytest
from conftest import FILES, write_library

from index import open_index, rebuild
from index.build.lock import writing
from qa.passwords import CURATE, CURATOR, Users, add_key, set_password
from qa.web import build_app
from qa.web.library.curate import TRASH, Curator
from qa.web.server.serve import serving
from qa.web.shared.access import Access

BELL = "The bell of Kestrel tower was cast by Mina Orlov in 1762.\n"
CAST = "Who cast the bell of Kestrel tower?"


@pytest.fixture
def served(tmp_path):
    """A library of one's own, and a client of its server, for whoever is named."""
    library = write_library(tmp_path / "library", dict(list(FILES.items())[:4]))
    rebuild(library, index=tmp_path / "index")
    file = tmp_path / "users.txt"
    set_password(file, "ada", "correct horse")
    set_password(file, "cura", "battery staple", CURATOR)
    secrets = {
        "reader": add_key(file, "ada", "laptop", CURATE),  # the scope is not more than the user
        "asking": add_key(file, "cura", "asks"),
        "curator": add_key(file, "cura", "script", CURATE),
    }
    access = Access(users=Users(file))
    index = open_index(tmp_path / "index")
    app = build_app(index=index, library=library, access=access)
    with serving(app, access=access) as address, httpx.Client(base_url=address, timeout=60) as one:

        def send(method, path, who="curator", **more):
            headers = {"Authorization": f"Bearer {secrets[who]}"} if who else {}
            return one.request(method, path, headers=headers, **more)

        send.library, send.index = library, tmp_path / "index"
        yield send


def audited(served):
    return [json.loads(line) for line in (served.index / "audit.jsonl").read_text().splitlines()]


def test_a_source_is_added_served_and_removed_and_each_act_is_written_down(served):
    added = served(
        "PUT", "/v1/sources/bell tower.txt", content=BELL.encode(), params={"standing": "news"}
    )
    assert added.status_code == 200, added.text
    assert added.json() == {"id": "bell tower", "path": "bell tower.txt", "title": "bell tower"}
    assert (served.library / "bell tower.txt").read_text() == BELL
    asked = {"question": CAST, "sources": ["bell*"]}
    assert served("POST", "/v1/ask", json=asked).status_code == 400, "it is not served yet"
    report = served("POST", "/v1/rebuild").json()["report"]
    assert report["added"] == ["bell tower"]
    found = served("POST", "/v1/ask", json=asked).json()
    assert found["outcome"] == "answered" and found["citations"][0]["standing"] == "news"
    removed = served("DELETE", "/v1/sources/bell tower").json()
    assert not (served.library / "bell tower.txt").exists()
    assert (served.library / removed["kept_in"] / "bell tower.txt").read_text() == BELL
    assert removed["kept_in"].startswith(TRASH)
    assert served("POST", "/v1/rebuild", json={"force": True}).json()["report"]["removed"] == [
        "bell tower"
    ]
    acts = audited(served)
    assert [one["act"] for one in acts] == ["add", "rebuild", "remove", "rebuild"]
    assert {(one["user"], one["key"]) for one in acts} == {("cura", "script")}
    assert acts[1]["before"] != acts[1]["after"] == acts[3]["before"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/sources/bell.txt"), ("DELETE", "/v1/sources/harbour"), ("POST", "/v1/rebuild")],
)
def test_nobody_else_may(served, method, path):
    before = sorted(served.library.rglob("*"))
    for who, status in (("reader", 403), ("asking", 403), (None, 401)):
        refused = served(method, path, who, content=BELL.encode())
        assert refused.status_code == status and refused.json()["error"]["code"] == status
    assert sorted(served.library.rglob("*")) == before
    assert not (served.index / "audit.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("..%2Fout.txt", BELL, "Name the file alone"),
        ("a/b.txt", BELL, "Name the file alone"),
        (".hidden.txt", BELL, "Name the file alone"),
        ("%5Cshare.txt", BELL, "Name the file alone"),
        ("no%00thing.txt", BELL, "is no name in a library: rename the file"),
        ("x" * 300 + ".txt", BELL, "is no name in a library: rename the file"),
        ("x" * 248 + ".txt", BELL, "is no name in a library: rename the file"),
        ("%C3%A9" * 125 + ".txt", BELL, "is no name in a library: rename the file"),
        ("empty.txt", "", ""),
        ("program.exe", "MZ", ""),
    ],
)
def test_what_is_no_file_of_a_library_is_refused_in_one_line(served, name, body, said):
    before = sorted(served.library.rglob("*"))
    refused = served("PUT", f"/v1/sources/{name}", content=body.encode())
    assert refused.status_code in (400, 422)
    message = refused.json()["error"]["message"]
    assert said in message and "/tmp" not in message and str(served.library) not in message
    assert sorted(served.library.rglob("*")) == before


def test_nothing_is_overwritten_and_metadata_must_hold_up(served):
    served("PUT", "/v1/sources/bell.txt", content=BELL.encode())
    again = served("PUT", "/v1/sources/bell.txt", content=b"Another bell was never cast.")
    assert again.status_code == 400 and str(served.library) not in again.text
    assert (served.library / "bell.txt").read_text() == BELL
    wrong = served("PUT", "/v1/sources/b.txt", content=BELL.encode(), params={"published": "soon"})
    assert wrong.status_code == 400 and "published" in wrong.json()["error"]["message"]
    assert served("DELETE", "/v1/sources/nothing").status_code == 400


def test_a_file_that_is_too_long_is_not_read_to_its_end(served, monkeypatch):
    monkeypatch.setattr("qa.web.library.routes.MAX_FILE_BYTES", 1_000_000)
    refused = served("PUT", "/v1/sources/long.txt", content=b"word " * 300_000)
    assert refused.status_code == 413
    assert not (served.library / "long.txt").exists()


def test_a_second_rebuild_at_once_is_told_to_wait(served):
    begun, end = threading.Event(), threading.Event()

    def hold():
        with writing(served.index):
            begun.set()
            end.wait(30)

    holding = threading.Thread(target=hold)
    holding.start()
    begun.wait(30)
    refused = served("POST", "/v1/rebuild")
    end.set()
    holding.join()
    assert refused.status_code == 409 and str(served.index) not in refused.text


def test_whoever_has_the_page_alone_may_and_the_public_may_not(tmp_path):
    library = write_library(tmp_path / "library", {"bell.txt": BELL})
    rebuild(library, index=tmp_path / "index")
    index = open_index(tmp_path / "index")
    for access, status in ((Access(), 200), (Access(public=True), 403)):
        app = build_app(index=index, library=library, access=access, curator=Curator(library))
        with serving(app, access=access) as address:
            assert httpx.post(f"{address}v1/rebuild", timeout=60).status_code == status
            foreign = httpx.post(
                f"{address}v1/rebuild", headers={"origin": "https://evil.example"}, timeout=60
            )
            assert foreign.status_code == 403
