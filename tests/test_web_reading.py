"""Reading a source in Chromium: finding words, asking about what is selected, two side by side."""

from __future__ import annotations

import pytest
from browser import BOX, MARKS, ask, build, expect, finished, serious

from qa.web import build_app
from qa.web.server.serve import serving

pytestmark = MARKS

FILLER = "\n\n".join(
    f"In year {year} gulls nested below the gallery." for year in range(1900, 1960)
)
KNOWN = "title: {}\npublished: {}\nstanding: {}"
SOURCES = {
    "survey.md": (
        KNOWN.format("Survey of lights", 2019, "government"),
        f"{FILLER}\n\n## Cape Morn\n\nThe lighthouse of Cape Morn has 198 steps.\n\n"
        "Its lamp was made by Hedda Lund (of *Oldport*).",
    ),
    "gazette.md": (
        KNOWN.format("Gazette of Oldport", "2021-08", "news"),
        f"{FILLER}\n\nThe path is steep. The lighthouse of Cape Morn has 212 steps.",
    ),
    "inns.md": (KNOWN.format("Inns", 2001, "other"), "The inn of Oldport has nine rooms."),
}
STEPS = "How many steps does the lighthouse of Cape Morn have?"
SELECT = """(words) => {
  const walker = document.createTreeWalker(
    document.querySelector("#reader .document"), NodeFilter.SHOW_TEXT);
  while (!walker.nextNode().data.includes(words));
  const at = walker.currentNode.data.indexOf(words);
  walker.currentNode.parentElement.scrollIntoView({ block: "center" });
  getSelection().setBaseAndExtent(
    walker.currentNode, at, walker.currentNode, at + words.length);
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    for name, (known, text) in SOURCES.items():
        (library / name).write_text(f"---\n{known}\n---\n{text}\n", encoding="utf-8")
    index = build(library, tmp_path_factory.mktemp("index"))
    with serving(build_app(index=index, library=library)) as address:
        yield address


def open_source(page, title):
    page.locator("#panel").get_by_role("button", name=title).click()
    expect(page.locator(".reader h2")).to_have_text(title)


def found(page):
    """The match that is gone to, and whether it is in sight."""
    return page.evaluate(
        """() => {
          const [range] = [...CSS.highlights.get("found-now")];
          const { top, bottom } = range.getBoundingClientRect();
          return [range.toString(), range.startContainer.data.slice(0, 12),
            top > 0 && bottom < innerHeight];
        }"""
    )


def test_words_are_found_counted_and_gone_through_by_keyboard(open_page, address):
    page = open_page(address)
    open_source(page, "Survey of lights")
    field = page.get_by_role("searchbox", name="Find in the document")
    count = page.locator(".found-count")
    field.fill("  GULLS nested ")
    expect(count).to_have_text("1 of 60")
    assert found(page) == ["gulls nested", "In year 1900", True]
    for keys, number, year in (
        ("Enter", 2, 1901), ("Shift+Enter", 1, 1900), ("Shift+Enter", 60, 1959), ("Enter", 1, 1900),
    ):  # fmt: skip
        field.press(keys)
        expect(count).to_have_text(f"{number} of 60")
        assert found(page) == ["gulls nested", f"In year {year}", True]
    page.get_by_role("button", name="Next match").click()
    expect(count).to_have_text("2 of 60")
    assert serious(page) == []
    field.fill("(of")  # no pattern, but these letters
    expect(count).to_have_text("1 of 1")
    field.fill("gulls[")
    expect(count).to_have_text("Not found")
    field.press("Escape")
    expect(field).to_have_value("")
    expect(count).to_have_text("")
    expect(page.locator(".reader")).to_be_visible()
    field.press("Escape")
    expect(page.locator(".reader")).not_to_be_visible()


def test_what_is_selected_is_asked_about_in_its_source(open_page, address):
    page = open_page(address)
    open_source(page, "Survey of lights")
    button = page.get_by_role("button", name="Ask about this")
    expect(button).to_have_count(0)
    page.evaluate(SELECT, "made by Hedda Lund")
    expect(button).to_be_in_viewport()
    assert serious(page) == []
    button.click()
    box = page.locator(BOX)
    expect(box).to_have_value("Tell me about “made by Hedda Lund”")
    expect(box).to_be_focused()
    expect(button).to_have_count(0)
    expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 3 sources")
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)
    turn = finished(page)
    expect(turn.locator(".searched")).to_contain_text("1 source: Survey of lights")
    expect(turn).to_contain_text("Hedda Lund")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_two_sources_that_differ_are_read_side_by_side(open_page, address, phone):
    size = {"viewport": {"width": 390, "height": 844}, "has_touch": True} if phone else {}
    page = open_page(address, **size)
    turn = ask(page, STEPS)
    turn.get_by_role("button", name="Read both").click()
    sides = page.locator(".pair .side")
    expect(sides).to_have_count(2)
    expect(page.locator(".pair h2")).to_be_focused()
    for title, steps in (("Survey of lights", "198 steps"), ("Gazette of Oldport", "212 steps")):
        side = sides.filter(has=page.get_by_role("heading", name=title, exact=True))
        expect(side.locator(".says")).to_contain_text(steps)
        expect(side.locator(".says")).to_be_in_viewport()
        expect(side.locator("mark").filter(has_text=steps)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert serious(page) == []
    sides.last.get_by_role("button", name="Read it alone").click()
    expect(page.locator(".reader:not(.pair) h2")).to_be_visible()
    expect(page.locator(".pair")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".reader")).not_to_be_visible()
    turn.get_by_role("button", name="Read both").click()
    expect(sides).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".pair")).not_to_be_visible()
