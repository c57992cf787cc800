"""Sources that differ, as a person meets them in the page."""

from __future__ import annotations

import pytest
from browser import MARKS, ask, build, expect, serious

from qa.web import build_app
from qa.web.server.serve import serving

pytestmark = MARKS

SOURCES = {
    "survey.md": "---\ntitle: Survey of lights\npublished: 2019\nstanding: government\n---\n"
    "The lighthouse of Cape Morn has 198 steps. Its lamp is seen from 21 miles.\n",
    "gazette.md": "---\ntitle: Gazette of Oldport\npublished: 2021-08\nstanding: news\n---\n"
    "The path is steep. The lighthouse of Cape Morn has 212 steps.\n",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    for name, text in SOURCES.items():
        (library / name).write_text(text, encoding="utf-8")
    index = build(library, tmp_path_factory.mktemp("index"))
    with serving(build_app(index=index, library=library)) as address:
        yield address


def test_both_sides_are_shown_with_who_says_so_and_can_be_read(open_page, address):
    page = open_page(address, reduced_motion="reduce")
    turn = ask(page, "How many steps does the lighthouse of Cape Morn have?")
    differ = turn.get_by_role("region", name="Sources differ")
    expect(differ).to_contain_text("Sources differ on a number")
    for shown in ("198 steps", "212 steps", "Survey of lights", "Gazette of Oldport"):
        expect(differ).to_contain_text(shown)
    for shown in ("Government", "2019", "News", "August 2021"):
        expect(differ).to_contain_text(shown)
    assert serious(page) == []
    cited = turn.locator(".answer .sentence").first.text_content()
    other, steps = ("Gazette", "212") if "198" in cited else ("Survey", "198")
    differ.get_by_role("button", name=other).click()
    expect(page.locator(".reader h2")).to_contain_text(other)
    expect(page.locator(".reader mark").filter(has_text=f"{steps} steps")).to_be_visible()
    differ.locator(".chip").click()
    expect(page.locator(".reader h2")).not_to_contain_text(other)
