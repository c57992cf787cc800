"""Adding to the library from the chat, and from its own page, in Chromium."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import BOX, MARKS, WAIT, ask, build, expect, serious, write_port_library

from qa.errors import SettingError
from qa.web import build_app
from qa.web.library.curate import Curator
from qa.web.library.wording import in_words_of_the_page
from qa.web.server.serve import serving
from qa.web.shared.access import Access
from sources import SourceError, load_sources

BELL = "The bell of Kestrel tower was cast by Mina Orlov in 1762.\n"
CAST = "Who cast the bell of Kestrel tower?"
PAGE = f"<html><head><title>The bell</title></head><body><article><p>{BELL}</p></article></body>"
DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  for (const kind of ["dragover", "drop"])
    document.querySelector("#transcript").dispatchEvent(
      new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def in_browser(test):
    for mark in MARKS:
        test = mark(test)
    return test


@pytest.fixture
def library(tmp_path):
    return write_port_library(tmp_path / "library", "http://127.0.0.1:9/")


@pytest.fixture
def index(library, tmp_path):
    return build(library, tmp_path / "index")


@pytest.fixture
def address(index, library):
    with serving(build_app(index=index, library=library)) as address:
        yield address


@pytest.fixture
def site():
    """A page on a server of this machine."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/bell"
        server.shutdown()
        thread.join()


def test_what_was_added_is_fresh_until_it_is_served_or_taken_back(library, tmp_path):
    curator = Curator(library)
    served = load_sources(library)
    for name in ("tower", "bell"):
        (tmp_path / f"{name}.txt").write_text(BELL)
        curator.add(tmp_path / f"{name}.txt")
    bell, tower = curator.fresh(served)
    assert (bell.id, tower.id) == ("bell", "tower")
    assert curator.edit(tower, {"title": "The tower", "standing": "news"}) == []
    assert curator.fresh(served)[1].title == "The tower"
    assert curator.fresh(served)[1].text == BELL
    stamp = curator.remove(bell)
    assert [one.id for one in curator.fresh(served)] == ["tower"]
    curator.restore(stamp)
    assert [one.id for one in curator.fresh(served)] == ["bell", "tower"]
    assert [one.id for one in curator.fresh(load_sources(library))] == []


@pytest.mark.parametrize(
    "url", ["/etc/hostname", "file:///etc/hostname", "treaty.md", "", "http://"]
)
def test_what_is_no_web_address_is_not_fetched(library, url):
    with pytest.raises(SettingError, match="no web address"):
        Curator(library).fetch(url)


def test_an_address_of_this_machine_is_refused_in_words_of_the_page(library, site):
    with pytest.raises(SourceError) as found:
        Curator(library).fetch(site)
    told = in_words_of_the_page(str(found.value), [library])
    assert told.endswith("private network: only what is on the public web can be added here")


@in_browser
def test_a_file_that_is_dropped_as_soon_as_the_page_is_there_is_read(chromium, address):
    page = chromium.new_page()
    page.add_init_script(f"""new MutationObserver((_, watch) => {{
        if (!document.querySelector("#transcript")) return;
        watch.disconnect();
        ({DROP})(["tower.txt", "{BELL.strip()}"]);
    }}).observe(document, {{ childList: true, subtree: true }})""")
    page.goto(address)
    expect(page.locator(".fresh")).to_contain_text("tower.txt", timeout=WAIT)
    page.close()


@in_browser
def test_a_file_that_is_dropped_is_read_described_rebuilt_and_asked(open_page, address, library):
    page = open_page(address)
    page.evaluate(DROP, ["tower.txt", BELL])
    added = page.locator(".fresh")
    expect(added).to_contain_text("tower.txt", timeout=WAIT)
    expect(page.locator("#adding-outcome .done")).to_contain_text("tower.txt was read")
    added.get_by_label("Published").fill("long ago")
    added.get_by_label("Title").fill("The bell of Kestrel")
    added.get_by_label("Standing").select_option("primary")
    release = page.get_by_role("button", name="rebuild the index")
    release.click()
    expect(page.locator("#adding-outcome .problem")).to_contain_text("YYYY-MM-DD")
    assert serious(page) == []
    added.get_by_label("Published").fill("1762")
    release.click()
    expect(page.get_by_role("heading", name="Ready to be asked")).to_be_visible(timeout=4 * WAIT)
    assert serious(page) == []
    told = (library / "tower.txt.yaml").read_text()
    assert told == "title: The bell of Kestrel\npublished: 1762\nstanding: primary\n"
    expect(page.locator("#panel")).to_contain_text("The bell of Kestrel")
    page.get_by_role("button", name="Ask about it").click()
    expect(page.locator("#adding")).to_be_hidden()
    expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 4 sources")
    turn = ask(page, CAST)
    expect(turn.locator(".answer")).to_contain_text("Mina Orlov")
    expect(turn.locator(".searched")).to_contain_text("1 source: The bell of Kestrel")


@in_browser
def test_what_cannot_be_read_is_refused_and_what_was_added_is_taken_back(
    open_page, address, library, tmp_path
):
    page = open_page(address)
    opener = page.get_by_role("button", name="Add a source")
    opener.click()
    expect(page.get_by_role("heading", name="Add to the library")).to_be_focused()
    for name, data in (
        ("run.exe", b"MZ"),
        ("treaty.md", b"Another."),
        ("tower.txt", BELL.encode()),
    ):
        (tmp_path / name).write_bytes(data)
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="choose them").click()
    chosen.value.set_files([tmp_path / name for name in ("run.exe", "treaty.md", "tower.txt")])
    outcome = page.locator("#adding-outcome")
    expect(outcome.locator(".problem")).to_have_count(2, timeout=WAIT)
    expect(outcome).to_contain_text("treaty.md is there already: rename the file")
    assert str(tmp_path) not in outcome.text_content() and "--" not in outcome.text_content()
    expect(page.locator(".fresh")).to_have_count(1)
    page.locator(".fresh").get_by_label("Title").fill("The bell")
    page.keyboard.press("Tab")
    page.reload()
    page.get_by_role("button", name="Add a source").click()
    expect(page.locator(".fresh").get_by_label("Title")).to_have_value("The bell", timeout=WAIT)
    page.get_by_role("button", name="Take back").click()
    expect(page.locator(".fresh")).to_have_count(0)
    assert not (library / "tower.txt").exists()
    page.keyboard.press("Escape")
    expect(page.locator("#adding")).to_be_hidden()
    expect(page.locator("#open-adding")).to_be_focused()


@in_browser
def test_an_address_that_is_pasted_is_fetched(open_page, address, library, site, monkeypatch):
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", site)
    expect(page.get_by_role("button", name="Add a source")).to_be_visible()
    page.locator(BOX).focus()
    page.keyboard.press("Control+v")
    field = page.get_by_label("Or an address")
    expect(field).to_be_focused()
    expect(field).to_have_value(site)
    expect(page.locator(BOX)).to_have_value("")
    page.keyboard.press("Enter")
    expect(page.locator("#adding-outcome .problem")).to_contain_text(
        "only what is on the public web"
    )
    monkeypatch.setattr("sources.fetch.is_public", lambda address: True)
    page.get_by_role("button", name="Fetch it").click()
    expect(page.locator(".fresh").get_by_label("Title")).to_have_value("The bell", timeout=WAIT)
    assert f"url: {site}" in (library / "bell.html.yaml").read_text()


@in_browser
def test_who_may_not_add_is_told_so_in_one_line(open_page, index, library):
    access = Access(public=True)
    app = build_app(index=index, library=library, access=access, keep=False)
    with serving(app, access=access) as address:
        page = open_page(address)
        uploads = []
        page.on("request", lambda request: "/upload" in request.url and uploads.append(request.url))
        page.evaluate(DROP, ["tower.txt", BELL])
        expect(page.locator("#told")).to_contain_text("Only a curator may add to the library")
        expect(page.get_by_role("button", name="Add a source")).to_be_hidden()
        page.evaluate("window.refdesk.send('upload', { address: 'https://example.org/' })")
        page.evaluate("window.refdesk.send('release', {})")
        ask(page, CAST)  # which comes after them
        expect(page.locator(".fresh, .ask-about, #adding-outcome p")).to_have_count(0)
        assert uploads == [] and not (library / "tower.txt").exists()
        open_page.leave(page)


@in_browser
def test_on_the_library_page_an_added_file_is_listed_at_once_and_a_row_opens_its_source(
    open_page, address, tmp_path
):
    page = open_page(address)
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#shelf-summary")).to_contain_text("3 sources", timeout=WAIT)
    (tmp_path / "tower.txt").write_text(BELL)
    page.get_by_role("tab", name="Add").click()
    page.locator("#shelf-files input[type=file]").set_input_files([tmp_path / "tower.txt"])
    row = page.locator(".picks li", has_text="tower.txt")
    expect(row).to_contain_text("not asked yet", timeout=WAIT)
    expect(page.locator(".picks li")).to_have_count(4)
    page.locator(".shelf-message:visible").get_by_role("button", name="Rebuild").click()
    expect(page.locator("#report .report")).to_contain_text("1: tower", timeout=4 * WAIT)
    expect(row).not_to_contain_text("not asked yet")
    assert serious(page) == []
    row.get_by_role("link", name="Read").click()
    expect(page.locator(".reader h2")).to_have_text("tower", timeout=WAIT)
    expect(page.locator(".reader")).to_contain_text("Mina Orlov")
