"""The shapes of an answer, and what stands below it, as a person meets them in Chromium."""

from __future__ import annotations

import pytest
from browser import MARKS, WAIT, ask, build, expect, finished, serious

from qa.web import build_app
from qa.web.server.serve import serving

pytestmark = MARKS

NAMES = "Redfoot Amberly Tollgate Whistler Greyhood Marrow Pikestaff Lanthorn Osier Quillet".split()
VARIETIES = "\n".join(
    f"{place}. {name}, which keeps until week {40 + place} if it is laid on dry straw in a cool "
    "and dark loft, where no mouse gets at it and no lamp is ever lit"
    for place, name in enumerate(NAMES, 1)
)
DOCUMENTS = {
    "apples": f"# Apples of the valley\n\nThese are the varieties of apples:\n\n{VARIETIES}\n",
    "juicer": """# Juicer, a tool for harvest logs

Install Juicer with the package manager:

```console
sudo fetchpkg add juicer
sudo juicer init
```
""",
    "ferry": """# The Grey ferry

## Boat

The Grey ferry is a steel boat of ninety tonnes. It was built in Ostmark for rough water.

## Fares

The Grey ferry costs two crowns for a rider and five for a cart. Children ride free of charge.

## Years

In March 1961 the Grey ferry carried its first riders. On 4 May 1974 the Grey ferry hit the pier.
The Grey ferry was sold to the Otter Company in 1990.
""",
    "bridge": """# The Low bridge

The Low bridge is a wooden bridge for riders, and differs from the Grey ferry: it is open in winter.
""",
    "prices": """# Prices of cider

| Barrel | Spring | Autumn |
| ------ | ------ | ------ |
| Small | 5 florins | 4 florins |
| Large | 21 florins | 17 florins |
""",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    library = tmp_path_factory.mktemp("curated")
    for name, text in DOCUMENTS.items():
        (library / f"{name}.md").write_text(text, encoding="utf-8")
    (library / "questions.jsonl").write_text(
        '{"question": "Who bought the Grey ferry in 1990?", "source": "ferry",'
        ' "answers": ["the Otter Company"],'
        ' "quote": "The Grey ferry was sold to the Otter Company in 1990."}\n'
        '{"question": "Who painted the ceiling of the Vatican chapel?", "source": "ferry",'
        ' "answers": ["Nobody knows"], "quote": "It was built in Ostmark"}\n',
        encoding="utf-8",
    )
    index = build(library, tmp_path_factory.mktemp("index"))
    with serving(build_app(index=index, library=library)) as address:
        yield address


def test_a_list_has_its_numbers_and_opens_to_the_rest(open_page, address):
    page = open_page(address)
    turn = ask(page, "List the varieties of apples")
    shown = turn.locator(".items li:visible")
    before = shown.count()
    expect(shown.first).to_contain_text("1. Redfoot")
    assert 1 < before < len(NAMES)
    expect(turn.get_by_text("Quillet")).not_to_be_visible()
    turn.get_by_text(f"and {len(NAMES) - before} more").click()
    expect(shown).to_have_count(len(NAMES))
    expect(shown.last).to_contain_text("10. Quillet")
    assert serious(page) == []


def test_a_table_has_its_header_and_a_listing_can_be_copied(open_page, address):
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    turn = ask(page, "What does a large barrel of cider cost in autumn?")
    expect(turn.locator("th")).to_have_text(["Barrel", "Spring", "Autumn"])
    expect(turn.locator("td").filter(has_text="17 florins")).to_be_visible()
    turn = ask(page, "How do I install Juicer?")
    expect(turn.locator(".lead-in")).to_have_text("Install Juicer with the package manager:")
    turn.get_by_role("button", name="Copy", exact=True).click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "sudo fetchpkg add juicer\nsudo juicer init"
    assert serious(page) == []


def test_an_overview_has_a_paragraph_for_each_section_under_its_heading(open_page, address):
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    turn = ask(page, "Tell me about the Grey ferry")
    expect(turn.locator(".part-label").filter(has_text="Boat")).to_be_visible()
    expect(turn.locator(".part-label").filter(has_text="Fares")).to_be_visible()
    fares = turn.locator(".part").filter(has_text="two crowns")
    expect(fares).not_to_contain_text("ninety tonnes")
    expect(fares.locator(".chip")).not_to_have_count(0)
    turn.get_by_role("button", name="Copy with sources").click()
    expect(turn.get_by_role("button", name="Copied")).to_be_visible()
    assert "\n\nFares\nThe Grey ferry costs" in page.evaluate("navigator.clipboard.readText()")
    assert serious(page) == []


def test_a_timeline_stands_beside_its_dates(open_page, address):
    page = open_page(address)
    turn = ask(page, "What happened to the Grey ferry over the years?")
    expect(turn.locator(".timeline time")).to_have_text(["March 1961", "4 May 1974", "1990"])
    expect(turn.locator(".timeline li").nth(1)).to_contain_text("hit the pier")
    expect(turn.locator(".timeline .chip")).to_have_count(3)
    assert serious(page) == []


def test_a_comparison_tells_its_sources_apart(open_page, address):
    page = open_page(address)
    turn = ask(page, "How does the Low bridge differ from the Grey ferry?")
    labels = turn.locator(".part-label")
    expect(labels.filter(has_text="The Low bridge")).to_have_count(1)
    expect(labels.filter(has_text="The Grey ferry")).to_have_count(1)
    assert serious(page) == []


def test_how_an_answer_was_checked_unfolds(open_page, address):
    page = open_page(address)
    turn = ask(page, "What does the Grey ferry cost for a cart?")
    checked = turn.locator(".checked")
    expect(checked.locator("li").first).not_to_be_visible()
    checked.get_by_text("How this was checked").click()
    expect(checked).to_contain_text("compared with the question")
    expect(checked).to_contain_text("1 passage shown, word for word")
    expect(checked.locator("li").filter(has_text="not shown").first).to_be_visible()
    assert serious(page) == []
    turn = ask(page, "Who won the chess championship of Peru?")
    expect(turn.locator(".checked summary")).to_contain_text("none shown")


def test_what_is_offered_next_is_answered_and_was_not_asked(open_page, address):
    page = open_page(address)
    turn = ask(page, "What does the Grey ferry cost for a cart?")
    offered = turn.get_by_role("region", name="What to ask next").locator("button.example")
    bought = offered.filter(has_text="Who bought the Grey ferry in 1990?")
    expect(bought).to_be_visible(timeout=WAIT)
    expect(offered.filter(has_text="Vatican")).to_have_count(0)  # nothing answers it
    assert serious(page) == []
    bought.click()
    expect(page.locator(".turn")).to_have_count(2)
    turn = finished(page)
    expect(turn.locator(".answer")).to_contain_text("Otter Company")
    expect(turn.locator(".next .example").first).to_be_visible(timeout=WAIT)
    expect(turn.locator(".next").get_by_text("Who bought")).to_have_count(0)


def test_a_refusal_offers_what_is_answered_the_whole_library_and_a_source(open_page, address):
    page = open_page(f"{address}?source=prices")
    expect(page.get_by_role("button", name="Scope")).to_contain_text("1 of 5 sources")
    turn = ask(page, "Who bought the Grey ferry?")
    expect(turn.locator(".abstention")).to_be_visible()
    ways = turn.get_by_role("region", name="What to ask next")
    add = ways.get_by_role("link", name="Add a source that answers it")
    expect(add).to_be_visible(timeout=WAIT)
    ways.get_by_role("button", name="Ask the whole library").click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(finished(page).locator(".answer")).to_contain_text("Otter Company")
