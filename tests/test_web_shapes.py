"""Lists, tables and listings of an answer as a person meets them in Chromium."""

from __future__ import annotations

import pytest
from browser import MARKS, ask, build, expect, serious

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
