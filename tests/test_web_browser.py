"""The web chat as a person meets it: in Chromium, over HTTP, on a small library."""

from __future__ import annotations

import re

import pytest
from browser import (
    ATTACKS,
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
from scripted import Scripted

from qa.web import build_app
from qa.web.server.serve import serving

pytestmark = MARKS


@pytest.fixture(scope="module")
def library(tmp_path_factory, beacon):
    return write_port_library(tmp_path_factory.mktemp("curated") / "library", beacon[0])


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    return build(library, tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def address(index, library):
    with serving(build_app(index=index, library=library)) as address:
        yield address


@pytest.fixture
def page(open_page, address):
    return open_page(address)


def test_an_answer_is_cited_and_its_quote_is_marked_in_its_context(page):
    turn = ask(page, SIGNING)
    expect(turn.locator(".question")).to_have_text(SIGNING)
    expect(turn.locator(".sentence").first).to_contain_text(SIGNED)
    expect(turn.locator(".aside")).to_contain_text("the whole library (3 sources)")
    expect(turn.locator(".colophon")).to_contain_text(re.compile(r"about \d+ in 100 such answers"))
    card = page.locator(".source").first
    expect(card.locator("mark").first).to_have_text(SIGNED)
    expect(card.locator("blockquote").first).to_contain_text("The talks lasted for nine months.")
    expect(card.locator("blockquote").first).not_to_contain_text("obliges")
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
    expect(page.locator("#read-1-1")).to_be_focused()
    expect(page.locator("#read-1-1")).to_be_in_viewport()
    expect(page.locator(".reader mark").filter(has_text=SIGNED)).to_be_visible()
    expect(page.locator("#panel")).not_to_be_visible()
    page.keyboard.press("Escape")
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
    expect(turn.locator(".understood")).to_contain_text("Where was the harbour treaty signed?")
    expect(turn.locator(".answer")).to_contain_text("Port Almond")
    expect(page.locator(".passages:visible")).to_have_attribute("data-turn", "2")
    page.locator("#turn-1 .chip").first.click()
    expect(page.locator(".passages:not([hidden])")).to_have_attribute("data-turn", "1")


def test_the_scope_limits_the_search_and_is_shown(page):
    page.get_by_role("button", name="Scope").click()
    page.get_by_label("Kinds of source").click()
    page.get_by_role("option", name="News").click()
    expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 3 sources")
    turn = ask(page, SIGNING)
    expect(turn).to_contain_text("1 source: The Kestrel lighthouse")
    for title in page.locator(".source .title").all_text_contents():
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
    expect(page.locator(".welcome .examples")).to_have_count(0)
    expect(page.locator(BOX)).to_be_focused()


def test_a_click_that_comes_before_the_page_is_ready_waits_for_it(page):
    expect(page.locator(".welcome .examples")).to_be_visible()
    page.wait_for_function("() => Boolean(window.refdeskTrigger)")
    page.evaluate("() => { window.held = refdeskTrigger; delete window.refdeskTrigger; }")
    page.get_by_role("button", name=SIGNING).click()
    expect(page.locator(".turn")).to_have_count(0)
    page.evaluate("() => { window.refdeskTrigger = window.held; }")
    expect(finished(page).locator(".answer")).to_contain_text("Ilse Brandt")


def test_what_is_asked_as_soon_as_the_box_is_there_waits_for_the_page(chromium, address):
    page = chromium.new_page()
    page.add_init_script("""new MutationObserver((_, watch) => {
        const box = document.querySelector("#question textarea");
        if (!box) return;
        watch.disconnect();
        const enter = { key: "Enter", bubbles: true, cancelable: true };
        window.waits = !box.dispatchEvent(new KeyboardEvent("keydown", enter));
    }).observe(document, { childList: true, subtree: true })""")
    page.goto(address)
    expect(page.locator(".problem")).to_have_text("The question is empty; type a few words.")
    assert page.evaluate("window.waits")
    page.close()


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
    page.get_by_role("button", name="New").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".welcome .examples")).to_be_visible()
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
    expect(page.locator(".reader .anchor:focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".chip:focus")).to_have_count(1)


def test_a_phone_shows_everything_in_one_column(open_page, address):
    page = open_page(
        address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    turn = ask(page, SIGNING)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert turn.bounding_box()["width"] > 300
    assert page.locator("#sources").bounding_box()["width"] >= 380
    page.locator(".chip").first.tap()
    expect(page.locator("#read-1-1")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="All passages").tap()
    expect(page.locator("#card-1-1 mark")).to_be_in_viewport()
    expect(page.locator(BOX)).to_be_in_viewport()
    page.locator("#card-1-1 .back").tap()
    expect(turn.locator(".question")).to_be_in_viewport()


def test_hostile_sources_and_questions_stay_text(open_page, address, beacon):
    page = open_page(address)
    expect(page.locator("#panel")).to_contain_text("<script>window.owned=1")
    examples = page.locator(".welcome .examples")
    expect(examples).to_contain_text("<img src=x onerror=window.owned=1> who?")
    turn = ask(page, "How many masons did the granite quarry of Norfield employ?")
    expect(turn.locator(".sentence").first).to_contain_text(
        "310 masons in 1887 [9]<img src=x onerror"
    )
    cited = page.locator(".card").count()
    chips = [text.strip("[]") for text in turn.locator(".chip").all_text_contents()]
    assert chips and all(1 <= int(number) <= cited for number in chips)
    expect(page.locator(".card mark").first).to_contain_text("<img src=x onerror")
    page.locator(".chip").first.hover()
    page.locator(".chip").first.click()
    expect(page.locator(".document")).to_contain_text("<script>window.owned=1")
    expect(page.locator(".document")).to_contain_text("![d](http://127.0.0.1")
    expect(page.locator(".reader header")).to_contain_text("<style>@import")
    page.get_by_role("button", name="All passages").click()
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
        model.go_on()
        page.get_by_role("button", name="Ask again").click()
        turn = finished(page)
        expect(turn.locator(".sentence")).to_have_count(2)
        expect(page.locator(".stopped")).to_have_count(0)
        expect(turn.locator(".colophon")).to_contain_text("Written by")
        open_page.leave(page)


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
        turn.locator(".checked summary").click()
        expect(turn.locator(".checked s").first).to_be_visible()
        copied = turn.locator("button.copy").first.get_attribute("data-copy")
        assert "Ilse Brandt" in copied and "runs" not in copied and "script" not in copied
        page.emulate_media(media="print")
        expect(turn.locator(".checked s").first).to_be_hidden()
        open_page.leave(page)
