"""The web chat as a person meets it: in Chromium, over HTTP, on a small library."""

from __future__ import annotations

import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from index import open_index, rebuild
from qa.web import build_app
from qa.web.serve import serving

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the path"),
    # Gradio summarises its own queue with two options that the newest pandas deprecates.
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]

BOX = "#question textarea"
WAIT = 30_000
SIGNING = "Who signed the harbour treaty?"
SIGNED = (
    "Ambassador Ilse Brandt and Governor Tomas Reyes signed the harbour treaty in Port Almond on "
    "19 June 2024."
)
ELSEWHERE = "How do I bake sourdough bread with rye flour?"
# `beacon` stands for a server that must never be asked for anything.
ATTACKS = (
    "<script>window.owned=1;fetch('{beacon}a')</script><img src={beacon}b onerror=window.owned=1>"
    "<svg onload=window.owned=1><iframe src={beacon}c></iframe> ![d]({beacon}d.png)"
    "<a href=javascript:window.owned=1>e</a> </bdi></p></span>"
    "<style>@import url({beacon}f);body{{display:none}}</style><base href={beacon}>"
)

TREATY = f"""---
title: The harbour treaty of Port Almond
publisher: Port Gazette
published: 2024-06-19
url: https://harbour.example/treaty
standing: primary
topics: [treaties]
---
# The harbour treaty

## Signing

The talks lasted for nine months. {SIGNED} The ceremony was held in the old customs house.

## Duties

The harbour treaty obliges each side to keep two dredging ships at the harbour mouth.
The harbour treaty runs for twenty years.
"""
LIGHTHOUSE = """---
title: The Kestrel lighthouse
publisher: Coast News
published: 2020-03
standing: news
topics: [buildings]
---
# The Kestrel lighthouse

The engineer Clara Voss built the Kestrel lighthouse in 1911. The lighthouse is 42 metres high.
Its lamp was electrified in 1936.
"""
HOSTILE = """---
title: 'Quarry notes {attacks}'
publisher: '{attacks}'
standing: other
topics: ['{attacks}']
---
# Quarry <b onclick=window.owned=1>notes</b>

The granite quarry of Norfield opened in 1850. The granite quarry of Norfield employed 310 masons in
1887 [9]<img src=x onerror=window.owned=1>. It was closed in 1921.

{attacks} [1][2]
"""


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
def library(tmp_path_factory, beacon):
    folder = tmp_path_factory.mktemp("library")
    attacks = ATTACKS.format(beacon=beacon[0]).replace("'", "''")
    (folder / "treaty.md").write_text(TREATY, encoding="utf-8")
    (folder / "lighthouse.md").write_text(LIGHTHOUSE, encoding="utf-8")
    (folder / "quarry.md").write_text(HOSTILE.format(attacks=attacks), encoding="utf-8")
    (folder / "questions.jsonl").write_text(
        f'{{"question": "{SIGNING}", "source": "treaty", "answers": ["Ilse Brandt"]}}\n'
        '{"question": "<img src=x onerror=window.owned=1> who?", "source": "quarry",'
        ' "answers": ["x"]}\n',
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    rebuild(library, index=folder)
    opened = open_index(folder)
    opened.search("warm")
    return opened


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as running:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = running.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(index, library):
    with serving(build_app(index=index, library=library)) as address:
        yield address


@pytest.fixture
def open_page(chromium, beacon):
    """Open a page; in the end, it must have asked its own server only, and run nothing foreign."""
    opened = []

    def open_one(address, **options):
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        page = context.new_page()
        requests, complaints = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append((message.type, message.text)))
        page.on("pageerror", lambda error: complaints.append(("error", str(error))))
        page.on("dialog", lambda dialog: complaints.append(("error", dialog.message)))
        opened.append((context, page, address, requests, complaints))
        page.goto(address)
        expect(page.locator(BOX)).to_be_visible(timeout=WAIT)
        return page

    yield open_one
    for context, page, address, requests, complaints in opened:
        hosts = {urlsplit(url).netloc for url in requests if not url.startswith("data:")}
        assert hosts == {urlsplit(address).netloc}
        assert [text for kind, text in complaints if kind == "error"] == []
        assert page.evaluate("window.owned") is None
        context.close()
    assert beacon[1] == []


@pytest.fixture
def page(open_page, address):
    return open_page(address)


def ask(page, question):
    turns = page.locator(".turn:has(.question)").count()
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")
    expect(page.locator(".turn:has(.question)")).to_have_count(turns + 1, timeout=WAIT)
    return finished(page)


def finished(page):
    """The last turn, once it is complete."""
    expect(page.locator(".turn").last.locator(".colophon, .problem")).to_be_visible(timeout=WAIT)
    expect(page.locator(".working")).to_have_count(0)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    return page.locator(".turn").last


def test_an_answer_is_cited_and_its_quote_is_marked_in_its_context(page):
    turn = ask(page, SIGNING)
    expect(turn.locator(".question")).to_have_text(SIGNING)
    expect(turn.locator(".sentence").first).to_contain_text(SIGNED)
    expect(turn.locator(".aside")).to_contain_text("the whole library (3 sources)")
    expect(turn.locator(".colophon")).to_contain_text(re.compile(r"of 100 such answers, about \d+"))
    card = page.locator(".card").first
    expect(card.locator("mark")).to_have_text(SIGNED)
    expect(card.locator("blockquote")).to_contain_text("The talks lasted for nine months.")
    expect(card.locator("blockquote")).not_to_contain_text("obliges")
    for shown in ("The harbour treaty of Port Almond", "Port Gazette", "19 June 2024", "Primary"):
        expect(card).to_contain_text(shown)
    out = card.get_by_role("link", name="Open the original")
    expect(out).to_have_attribute("href", "https://harbour.example/treaty")
    expect(out).to_have_attribute("rel", "noopener noreferrer")
    expect(out).to_have_attribute("target", "_blank")


def test_a_chip_shows_its_quote_and_leads_to_its_card(page):
    ask(page, SIGNING)
    chip = page.locator(".chip").first
    tip = page.locator(".tip").first
    expect(tip).not_to_be_visible()
    chip.hover()
    expect(tip).to_be_visible()
    for shown in (SIGNED, "Port Gazette", "19 June 2024", "Primary document"):
        expect(tip).to_contain_text(shown)
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["y"] >= 0
    page.keyboard.press("Escape")
    expect(tip).not_to_be_visible()
    chip.click()
    expect(page.locator("#card-1-1")).to_be_focused()
    expect(page.locator("#card-1-1")).to_have_class("card lit")
    expect(page.locator("#card-1-1 mark")).to_be_in_viewport()
    page.locator("#card-1-1 .back").click()
    expect(page.locator("#turn-1")).to_be_focused()


def test_an_abstention_looks_different_and_offers_what_is_near(page):
    turn = ask(page, ELSEWHERE)
    expect(turn.get_by_role("heading", name="Not in the sources")).to_be_visible()
    expect(turn.locator(".abstention")).to_contain_text(ELSEWHERE)
    expect(turn.locator(".abstention")).to_contain_text("the whole library (3 sources)")
    expect(turn.locator(".answer, .chip")).to_have_count(0)
    expect(page.locator("#panel h2")).to_have_text("Closest passages, not an answer")
    expect(page.locator("#panel mark")).to_have_count(0)
    turn.locator("a", has_text="closest passage").click()
    expect(page.locator("#card-1-1")).to_be_focused()


def test_a_follow_up_is_understood_from_the_turn_before(page):
    ask(page, SIGNING)
    turn = ask(page, "Where was it signed?")
    expect(turn.locator(".understood")).to_contain_text(SIGNING)
    expect(turn.locator(".answer")).to_contain_text("Port Almond")
    expect(page.locator(".passages:visible")).to_have_attribute("data-turn", "2")
    page.locator("#turn-1 .chip").first.click()
    expect(page.locator(".passages:visible")).to_have_attribute("data-turn", "1")


def test_the_scope_limits_the_search_and_is_shown(page):
    page.get_by_role("button", name="Scope").click()
    page.get_by_label("Kinds of source").click()
    page.get_by_role("option", name="News").click()
    expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 3 sources")
    turn = ask(page, SIGNING)
    expect(turn).to_contain_text("1 source: The Kestrel lighthouse")
    for title in page.locator(".card .title").all_text_contents():
        assert title == "The Kestrel lighthouse"
    page.get_by_label("Topics").click()
    page.get_by_role("option", name="treaties").click()
    page.locator(BOX).fill(SIGNING)
    page.locator(BOX).press("Enter")
    expect(page.locator(".problem")).to_contain_text("choose less in the scope")
    expect(page.locator(".turn .question")).to_have_count(1)


def test_an_example_is_asked_by_a_click(page):
    page.get_by_role("button", name=SIGNING).click()
    turn = finished(page)
    expect(turn.locator(".answer")).to_contain_text("Ilse Brandt")
    expect(page.locator("#examples")).not_to_be_visible()
    expect(page.locator(BOX)).to_be_focused()


def test_mistakes_are_told_in_one_line_and_the_conversation_is_kept(page):
    page.locator(BOX).press("Enter")
    expect(page.locator(".problem")).to_have_text("The question is empty; type a few words.")
    ask(page, SIGNING)
    turn = ask(page, "x" * 5000)
    expect(turn.locator(".problem")).to_contain_text("characters")
    assert "Traceback" not in page.content()
    assert len(page.locator(BOX).input_value()) == 5000
    expect(page.locator("#turn-1 .answer")).to_contain_text("Ilse Brandt")
    turn = ask(page, SIGNING)
    expect(turn.locator(".answer")).to_contain_text("Ilse Brandt")
    expect(page.locator(".turn")).to_have_count(3)


def test_asking_again_editing_and_clearing(page):
    ask(page, SIGNING)
    page.get_by_role("button", name="Ask again").click()
    finished(page)
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_role("button", name="Edit question").click()
    expect(page.locator(BOX)).to_have_value(SIGNING)
    expect(page.locator(BOX)).to_be_focused()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#examples")).to_be_visible()
    expect(page.locator(BOX)).to_have_value("")
    expect(page.locator("#panel h2")).to_have_text("The library")


def test_copying_gives_the_answer_and_its_sources(open_page, address):
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    ask(page, SIGNING)
    page.get_by_role("button", name="Copy with sources").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"{SIGNED} [1]" in copied
    assert "[1] The harbour treaty of Port Almond. Port Gazette. 2024-06-19. https://" in copied


def test_the_keyboard_is_enough(page):
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.type(SIGNING)
    page.keyboard.press("Enter")
    finished(page)
    expect(page.locator(BOX)).to_be_focused()
    expect(page.locator(BOX)).to_have_value("")
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.chip')"):
            break
    expect(page.locator(".chip:focus")).to_have_count(1)
    expect(page.locator(".cite:focus-within .tip")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".card:focus")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(open_page, address, scheme):
    page = open_page(address, color_scheme=scheme)
    assert page.evaluate(_LEAST_CONTRAST)[0] >= 4.5
    ask(page, SIGNING)
    page.locator(".chip").first.click()
    assert page.evaluate(_LEAST_CONTRAST)[0] >= 4.5
    ask(page, ELSEWHERE)
    ask(page, "x" * 5000)
    page.get_by_role("button", name="Scope").click()
    ratio, text = page.evaluate(_LEAST_CONTRAST)
    assert ratio >= 4.5, text


# The least WCAG contrast of any text on the page with the first opaque background behind it.
_LEAST_CONTRAST = """() => {
  const rgb = (value) => (value.match(/[\\d.]+/g) || []).map(Number);
  const light = (color) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let least = [21, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({visibilityProperty: true}))
      continue;
    if (element.closest("script, style, .unseen, .sr-only, .unsaid")) continue;
    let behind = element;
    while (behind && (rgb(getComputedStyle(behind).backgroundColor)[3] ?? 1) < 1)
      behind = behind.parentElement;
    const back = behind ? rgb(getComputedStyle(behind).backgroundColor) : [255, 255, 255];
    const a = light(rgb(getComputedStyle(element).color).slice(0, 3));
    const b = light(back.slice(0, 3));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0]) least = [ratio, walker.currentNode.data.trim().slice(0, 60)];
  }
  return least;
}"""


def test_a_phone_shows_everything_in_one_column(open_page, address):
    page = open_page(
        address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    turn = ask(page, SIGNING)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert turn.bounding_box()["width"] > 300
    assert page.locator("#sources").bounding_box()["width"] >= 380
    page.locator(".chip").first.tap()
    expect(page.locator("#card-1-1 mark")).to_be_in_viewport()
    expect(page.locator(BOX)).to_be_in_viewport()
    page.locator("#card-1-1 .back").tap()
    expect(turn.locator(".question")).to_be_in_viewport()


def test_hostile_sources_and_questions_stay_text(open_page, address, beacon):
    page = open_page(address)
    expect(page.locator("#panel")).to_contain_text("<script>window.owned=1")
    expect(page.locator("#examples")).to_contain_text("<img src=x onerror=window.owned=1> who?")
    turn = ask(page, "How many masons did the granite quarry of Norfield employ?")
    expect(turn.locator(".sentence").first).to_contain_text(
        "310 masons in 1887 [9]<img src=x onerror"
    )
    cited = page.locator(".card").count()
    chips = [text.strip("[]") for text in turn.locator(".chip").all_text_contents()]
    assert chips and all(1 <= int(number) <= cited for number in chips)
    expect(page.locator(".card mark").first).to_contain_text("<img src=x onerror")
    expect(page.locator(".card").first).to_contain_text("![d](http://127.0.0.1")
    page.locator(".chip").first.hover()
    page.locator(".chip").first.click()
    attacks = ATTACKS.format(beacon=beacon[0])
    turn = ask(page, f"masons of the granite quarry {attacks}")
    expect(turn.locator(".question")).to_contain_text("<script>window.owned=1")
    page.get_by_role("button", name="Scope").click()
    page.get_by_label("Topics").click()
    page.get_by_role("option", name="window.owned").click()
    turn = ask(page, "How many masons?")
    expect(turn.locator(".searched")).to_contain_text("1 source: Quarry notes")
    foreign = "script, img, iframe, style, base, a[href^='javascript:'], a[href*='127.0.0.1']"
    expect(page.locator("#desk").locator(foreign)).to_have_count(0)
    expect(page.locator("body")).to_be_visible()


class Scripted(BaseChatModel):
    """A language model that writes what it is told, and waits before the second piece."""

    pieces: list[str]
    _go_on: threading.Event = PrivateAttr(default_factory=threading.Event)

    @property
    def _llm_type(self):
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        message = AIMessage(content="".join(self.pieces))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        for place, piece in enumerate(self.pieces):
            if place == 1:
                self._go_on.wait(WAIT / 1000)
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


def test_an_answer_streams_and_can_be_stopped(open_page, index, library):
    model = Scripted(
        pieces=[f"{SIGNED} [1] The harbour treaty runs for twenty", " years. [1] And more. [1]"]
    )
    with serving(build_app(index=index, library=library, model=model)) as address:
        page = open_page(address)
        page.locator(BOX).fill(SIGNING)
        page.locator(BOX).press("Enter")
        expect(page.locator(".sentence")).to_have_count(1, timeout=WAIT)
        expect(page.locator(".working")).to_be_visible()
        expect(page.locator(".card mark")).to_have_text(SIGNED)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator(".stopped")).to_be_visible()
        expect(page.locator(".sentence")).to_have_count(1)
        model._go_on.set()
        page.get_by_role("button", name="Ask again").click()
        turn = finished(page)
        expect(turn.locator(".sentence")).to_have_count(2)
        expect(page.locator(".stopped")).to_have_count(0)
        expect(turn.locator(".colophon")).to_contain_text("Written by")


def test_what_a_model_writes_stays_text(open_page, index, library, beacon):
    attacks = ATTACKS.format(beacon=beacon[0])
    model = Scripted(pieces=[f"{SIGNED} [1][7] {attacks} [1] The harbour treaty [9] runs. [1]"])
    with serving(build_app(index=index, library=library, model=model)) as address:
        page = open_page(address)
        turn = ask(page, SIGNING)
        expect(turn.locator(".answer")).to_contain_text("Ilse Brandt")
        cited = page.locator(".card").count()
        for number in turn.locator(".chip").all_text_contents():
            assert 1 <= int(number.strip("[]")) <= cited
        expect(page.locator("#desk script, #desk img, #desk iframe")).to_have_count(0)
