"""What keys, links, a printer and a thumb do with the chat in Chromium."""

from __future__ import annotations

import pytest
from browser import (
    BOX,
    MARKS,
    SIGNING,
    WAIT,
    ask,
    build,
    expect,
    finished,
    serious,
    write_port_library,
)

from qa.web import build_app
from qa.web.server.serve import serving

pytestmark = MARKS


@pytest.fixture(scope="module")
def address(tmp_path_factory, beacon):
    library = write_port_library(tmp_path_factory.mktemp("curated") / "documents", beacon[0])
    index = build(library, tmp_path_factory.mktemp("index"))
    with serving(build_app(index=index, library=library)) as address:
        yield address


def test_a_link_asks_its_question_in_its_scope_and_names_the_tab(open_page, address):
    page = open_page(f"{address}?q=Who+signed+the+harbour+treaty%3F&standing=primary")
    turn = finished(page)
    expect(turn.locator(".answer")).to_contain_text("Ilse Brandt")
    expect(turn.locator(".searched")).to_contain_text("1 source")
    expect(page).to_have_title(f"{SIGNING} · Refdesk")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(BOX)).to_have_value("")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page).to_have_title("Refdesk")


def test_the_scope_of_a_link_is_named_once_it_is_whole(open_page, address):
    page = open_page(address)
    half: list[str] = []  # their answers would come in any order, and the last stay

    def note(request):
        sent = request.post_data or ""
        if '"data":[[],[],[],"2020"' in sent:
            half.append(sent)
        return '"data":[["treaty"],[],[],"2020",""]' in sent

    with page.expect_request(note):
        page.goto(f"{address}?source=treaty&from=2020")
    expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 3 sources")
    assert half == []


def test_keys_lead_to_the_box_the_last_question_and_help(open_page, address):
    page = open_page(address)
    ask(page, SIGNING)
    box = page.locator(BOX)
    for keys in ("/", "Control+k"):
        page.get_by_role("button", name="Edit question").focus()
        page.keyboard.press(keys)
        expect(box).to_be_focused()
        expect(box).to_have_value("")
    page.keyboard.press("ArrowUp")
    expect(box).to_have_value(SIGNING)
    box.fill("a/b?")
    page.keyboard.type("/?")
    expect(box).to_have_value("a/b?/?")  # where one types, they are letters
    page.get_by_role("button", name="Edit question").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="How to ask")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("path", "place"), [("", BOX), ("library", "#shelf-list")])
def test_the_first_tab_skips_to_what_the_page_is_for(open_page, address, path, place):
    page = open_page(address)
    if path:
        page.get_by_role("link", name="Library").click()
        expect(page.locator("#shelf-summary")).to_contain_text("sources")
    page.evaluate("document.activeElement.blur()")
    skip = page.get_by_role("link", name="Skip to")
    skip.focus()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(place)).to_be_focused()


def test_numbers_are_large_enough_to_touch(open_page, address):
    page = open_page(address)
    turn = ask(page, SIGNING)
    turn.locator(".chip").first.click()
    expect(page.locator(".reader .anchor.lit")).to_be_visible()
    for kind in (".turn .chip", ".jumps .jump", ".reader a.anchor"):
        for one in page.locator(kind).all():
            size = one.bounding_box()
            assert size["width"] >= 24 and size["height"] >= 24, kind


def test_on_paper_stand_the_answers_with_their_passages_and_nothing_to_click(open_page, address):
    page = open_page(address)
    ask(page, SIGNING)
    ask(page, "Who built the Kestrel lighthouse?")
    page.emulate_media(media="print")
    for shown in ("#turn-1 .answer", "#turn-2 .answer", "#card-1-1", "#card-2-1"):
        expect(page.locator(shown)).to_be_visible()
    for hidden in ("#composer", ".masthead nav", "#turn-1 .deeds", "#card-1-1 .links"):
        expect(page.locator(hidden)).not_to_be_visible()
    assert page.locator("#desk").evaluate("all => getComputedStyle(all).display") == "block"


def test_the_first_screen_is_the_library_and_asks_what_it_answers(open_page, address):
    page = open_page(address)
    library = page.get_by_role("region", name="The library")
    expect(library.locator(".topics")).to_contain_text("treaties 1")
    expect(library.locator(".years li")).to_have_text(["2020: 1", "2024: 1"])
    treaty = library.locator("li").filter(has_text="The harbour treaty of Port Almond")
    expect(treaty.locator(".line")).to_contain_text("Signing · Duties")
    examples = page.locator(".welcome .examples")
    expect(examples).to_contain_text(SIGNING)
    # No one's own question, but one that was tried.
    expect(examples).to_contain_text("Tell me about “Duties”", timeout=WAIT)
    assert serious(page) == []
    library.get_by_role("link", name="treaties").click()
    expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 3 sources")


def test_a_date_is_typed_or_picked(open_page, address):
    page = open_page(address)
    scope = page.get_by_role("button", name="Scope")
    scope.click()
    picks = page.get_by_role("button", name="Pick a date")
    expect(picks).to_have_count(2)
    assert serious(page) == []

    def pick(day):  # as the browser's own picker does
        page.locator("#dates .picked-date").first.evaluate(
            "(date, day) => { date.value = day; date.dispatchEvent(new Event('change')) }", day
        )

    pick("2021-02-03")
    expect(page.get_by_label("Published from", exact=True)).to_have_value("2021-02-03")
    expect(scope).to_contain_text("1 of 3 sources")
    expect(page).to_have_url(f"{address}?from=2021-02-03")
    page.get_by_label("Published from", exact=True).fill("2019")
    expect(scope).to_contain_text("2 of 3 sources")
    page.get_by_role("link", name="Library").click()
    expect(picks).to_have_count(2)
