"""The look of the page for everybody: axe-core finds nothing serious, on a phone or dark."""

from __future__ import annotations

import pytest
from browser import ELSEWHERE, MARKS, SIGNING, WAIT, ask, build, expect, serious, write_port_library

from qa.web import build_app
from qa.web.server.serve import serving

pytestmark = MARKS
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def address(tmp_path_factory, beacon):
    library = write_port_library(tmp_path_factory.mktemp("curated") / "library", beacon[0])
    index = build(library, tmp_path_factory.mktemp("index"))
    with serving(build_app(index=index, library=library)) as address:
        yield address


@pytest.mark.parametrize(
    ("scheme", "device"), [("light", {}), ("dark", PHONE)], ids=["light-desk", "dark-phone"]
)
def test_axe_finds_nothing_serious(open_page, address, scheme, device):
    page = open_page(address, color_scheme=scheme, reduced_motion="reduce", **device)
    assert serious(page) == []
    ask(page, SIGNING)
    page.locator(".considered summary").click()
    assert serious(page) == []
    if not device:  # a finger does not hover
        page.locator(".chip").first.hover()
        expect(page.locator(".tip.open")).to_be_visible()
        assert serious(page) == []
    page.locator(".chip").first.click()
    expect(page.locator(".reader")).to_be_visible()
    page.locator(".contents summary").click()
    assert serious(page) == []
    page.get_by_role("button", name="All passages").click()
    page.locator(".verdict .rate").first.click()
    expect(page.locator(".verdict input")).to_be_visible()
    assert serious(page) == []
    turn = ask(page, ELSEWHERE)
    turn.locator(".save summary").click()
    assert serious(page) == []
    page.locator("#card-2-1 button.read").click()
    expect(page.locator(".reader .anchor.near").first).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="All passages").click()
    ask(page, "x" * 5000)
    page.get_by_role("button", name="Scope").click()
    page.get_by_role("button", name="Conversations").click()
    page.locator(".talk-more summary").first.click()
    assert serious(page) == []


@pytest.mark.parametrize(
    ("scheme", "device"), [("dark", {}), ("light", PHONE)], ids=["dark-desk", "light-phone"]
)
def test_axe_finds_nothing_serious_on_the_library_page(open_page, address, scheme, device):
    page = open_page(address, color_scheme=scheme, reduced_motion="reduce", **device)
    page.get_by_role("link", name="Library").click()
    expect(page.locator(".pick")).to_have_count(3, timeout=WAIT)
    page.locator(".pick").first.click()
    expect(page.get_by_label("Title")).not_to_have_value("")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    for name in ("Source", "Add", "Rebuild", "Generations", "Gaps"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(300)  # the line below the name of the tab moves and changes colour
        assert serious(page) == []
    page.get_by_placeholder("Search titles").fill("nothing of the kind")
    expect(page.locator("#shelf-sources")).to_contain_text("No source holds these words")
    assert serious(page) == []


def test_the_colours_can_be_chosen_and_are_remembered(open_page, address):
    page = open_page(address, color_scheme="light")
    paper = "getComputedStyle(document.querySelector('.masthead h1')).color"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Light or dark colours").click()
    assert page.evaluate(paper) != light
    page.reload()
    expect(page.locator("#question textarea")).to_be_visible()
    assert page.evaluate(paper) != light
