"""What the tests of the page share: Chromium, a small library with a hostile source, and asking."""

from __future__ import annotations

import shutil

import pytest

from index import open_index, rebuild

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
MARKS = [
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


def write_port_library(folder, beacon):
    """Three sources, one of them hostile, with questions; `beacon` is where it would report to."""
    folder.mkdir()
    attacks = ATTACKS.format(beacon=beacon).replace("'", "''")
    (folder / "treaty.md").write_text(TREATY, encoding="utf-8")
    (folder / "lighthouse.md").write_text(LIGHTHOUSE, encoding="utf-8")
    (folder / "quarry.md").write_text(HOSTILE.format(attacks=attacks), encoding="utf-8")
    (folder.parent / "questions.jsonl").write_text(
        f'{{"question": "{SIGNING}", "source": "treaty", "answers": ["Ilse Brandt"]}}\n'
        '{"question": "<img src=x onerror=window.owned=1> who?", "source": "quarry",'
        ' "answers": ["x"]}\n',
        encoding="utf-8",
    )
    return folder


def build(library, folder):
    """The open index of a library, warm."""
    rebuild(library, index=folder)
    opened = open_index(folder)
    opened.search("warm")
    return opened


def serious(page):
    """What axe-core finds that keeps people out: rule, and where."""
    axe_playwright = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    found = axe_playwright.Axe().run(page).response["violations"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


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
