"""A small library and its index, built once with the bundled model, that the tests share."""

import os
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from index import open_index, rebuild
from index.build.verify import verify_generation
from qa.settings import starter_library

# Threads gain nothing on texts this small, and while they wait they starve what else runs.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Questions that tests ask are not logged in the index that they share.
os.environ["REFDESK_GAPS"] = "off"
# The model that reads takes time on each answer: its own tests turn it on.
os.environ["REFDESK_READER"] = "off"
os.environ["REFDESK_SUPPORT_MODEL"] = "off"

settings.register_profile("refdesk", deadline=None, derandomize=True)
settings.load_profile("refdesk")

# What a page of a test says before it is left, and what it says when its requests break off then.
LEAVING = "this page is left"
# What it asks for as it is left may find the server done with it: the 404.
ENDED = re.compile(
    "AbortError|.*Connection errored out|Failed to load resource: net::ERR_"
    "|Unexpected error 404: Not Found$"
)

FILES = {
    "ports/harbour.md": """---
title: The harbour of Oldport
url: https://example.org/harbour
publisher: Oldport Gazette
published: 2021-05-04
standing: news
---
# The harbour of Oldport

The harbour of Oldport was dredged to a depth of eleven metres in 1987. The Baltic Dredging Company
did the work for 4.2 million crowns. Fishing boats moved to the eastern quay while it went on.

## Ferries

A ferry leaves for Grey Island at seven every morning. In winter the ferry is replaced by an
icebreaker, which carries no more than thirty passengers.

## Trade

- Timber is the first export, with 40,000 tonnes a year.
- Salted herring comes second.

| Year | Ships |
|---|---|
| 1990 | 212 |
| 2000 | 341 |
""",
    "ports/canal.md": """---
title: Le canal
publisher: Société du Canal
standing: academic
---
# Le canal

The canal between Málaga and the Café Zürich was naïvely begun by Señor Núñez. Its eleven locks lift
a barge by sixty metres. Nobody has paid the toll since the flood of 1911.
""",
    "asia/tea.md": """---
title: 茶叶贸易
language: zh
---
# 茶叶贸易

中国的茶叶通过陆路运往俄罗斯。商队从张家口出发,经过库伦到达恰克图。这条路线长达一万三千公里。
""",
    "asia/rice.txt": "서울의 쌀 시장은 1905년에 열렸다. 東京の米市場は江戸時代に始まった。\n",
    "twins/first.txt": "Lightning destroyed the observatory on Mount Kelm. It was rebuilt.\n",
    "twins/second.txt": "Lightning destroyed the observatory on Mount Kelm. It was rebuilt.\n",
    "headings.md": "# Only a heading\n\n## And another one\n",
    "notes/[draft] 1.md": "The beekeeper of Tarn sells heather honey on Thursdays.\n",
    # What is asked about lighthouses finds these first, and there are more than a search looks at.
    "lighthouses.txt": "\n\n".join(
        f"Cape {number} lighthouse was lit in {1600 + number}." for number in range(270)
    ),
    "quiet.txt": "On the Isle of Morn a keeper trims a lamp each night. Seals sleep below.\n",
}


def write_library(folder, files=FILES):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session", autouse=True)
def verified_here():
    """Have rebuilds of tests verify in this process: to start another takes longer than most of
    them. `verify_current` does start one, and so do the tests of faults, in processes of theirs."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("index.build.rebuild.verify_apart", verify_generation)
        yield


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The folder of a library with ten sources; tests only read it."""
    return write_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def index_folder(library, tmp_path_factory):
    """The folder of an index of `library`; tests only read it."""
    folder = tmp_path_factory.mktemp("built") / "index"
    rebuild(library, index=folder)
    return folder


@pytest.fixture(scope="session")
def opened(index_folder):
    """The open index of `library`."""
    return open_index(index_folder)


@pytest.fixture(scope="session")
def starter_index(tmp_path_factory):
    """The folder of an index of the starter library; tests only read it."""
    folder = tmp_path_factory.mktemp("starter") / "index"
    rebuild(starter_library(), index=folder)
    return folder


@pytest.fixture(scope="session")
def starter(starter_index):
    """The open index of the starter library."""
    return open_index(starter_index)


@pytest.fixture
def own_library(library, tmp_path):
    """A copy of `library` that the test may change."""
    return shutil.copytree(library, tmp_path / "library")


@pytest.fixture
def own_index(index_folder, tmp_path):
    """A copy of the index of `library` that the test may change."""
    return shutil.copytree(index_folder, tmp_path / "index")


@pytest.fixture(scope="module")
def beacon():
    """A server on this machine that counts who asks it for anything."""
    asked = []

    class Count(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Count) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium():
    """Chromium, for a module."""
    from browser import CHROMIUM, WAIT, playwright

    playwright.expect.set_options(timeout=WAIT)  # a busy machine is slow, not wrong
    with playwright.sync_playwright() as running:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = running.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, beacon):
    """Open a page; in the end, it must have asked its own server only, and run nothing foreign.

    A page that is left says that its requests broke off. That is no fault from then on until the
    next page runs. A test that ends the server of a page calls `open_page.leave` before. Nothing
    moves smoothly, so that no test depends on when a movement ends.
    """
    from browser import BOX, WAIT, expect

    opened = []

    def open_one(address, **options):
        steady = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
        context = chromium.new_context(**(steady | options))
        page = context.new_page()
        requests, complaints, leaves = [], [], [False]

        def complain(kind, text):
            if not (leaves[0] and ENDED.match(text)):
                complaints.append((kind, text))

        def start(request):
            requests.append(request.url)
            if "/heartbeat/" in request.url:  # the next page runs
                leaves[0] = False

        def say(message):
            if message.text == LEAVING:
                leaves[0] = True
            else:
                complain(message.type, message.text)

        page.add_init_script(f'addEventListener("beforeunload", () => console.debug("{LEAVING}"))')
        page.on("request", start)
        page.on("console", say)
        page.on("pageerror", lambda error: complain("error", str(error)))
        page.on("dialog", lambda dialog: complain("error", dialog.message))
        opened.append((context, page, address, requests, complaints))
        page.goto(address)
        expect(page.locator(BOX)).to_be_visible(timeout=WAIT)
        return page

    open_one.leave = lambda page: page.goto("about:blank")
    yield open_one
    for context, page, address, requests, complaints in opened:
        hosts = {urlsplit(url).netloc for url in requests if not url.startswith("data:")}
        assert hosts == {urlsplit(address).netloc}
        assert [text for kind, text in complaints if kind == "error"] == []
        assert page.evaluate("window.owned") is None
        context.close()
    assert beacon[1] == []


@pytest.fixture
def serve(monkeypatch):
    """Starts a server and makes it the model of the environment."""
    pytest.importorskip("langchain_openai", reason="needs the extra openai")
    from chat_server import KEY, Server

    from qa.desk import _load_model

    servers = []

    def start(behave, timeout=30.0):
        servers.append(Server(behave))
        monkeypatch.setenv("REFDESK_MODEL", "openai:test")
        monkeypatch.setenv("REFDESK_MODEL_URL", servers[-1].url)
        monkeypatch.setenv("REFDESK_MODEL_TIMEOUT", str(timeout))
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        return servers[-1]

    yield start
    for server in servers:
        server.close()
    _load_model.cache_clear()
