"""The look of the page for everybody: axe-core finds nothing serious, on a phone or dark."""

from __future__ import annotations

import pytest
from browser import ELSEWHERE, MARKS, SIGNING, ask, build, expect, write_port_library

from qa.web import build_app
from qa.web.serve import serving

axe_playwright = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)

pytestmark = MARKS
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def address(tmp_path_factory, beacon):
    library = write_port_library(tmp_path_factory.mktemp("curated") / "library", beacon[0])
    index = build(library, tmp_path_factory.mktemp("index"))
    with serving(build_app(index=index, library=library)) as address:
        yield address


def serious(page):
    """What axe-core finds that keeps people out: rule, and where."""
    found = axe_playwright.Axe().run(page).response["violations"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


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
    ask(page, ELSEWHERE)
    ask(page, "x" * 5000)
    page.get_by_role("button", name="Scope").click()
    page.get_by_role("button", name="Conversations").click()
    page.locator(".talk-more summary").first.click()
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
