"""Clicks and seconds from a question to its quote marked in the source, in the browser.

`python tests/benchmarks/clicks.py [QUESTIONS]` serves the chat over the starter library, asks (by
default 20 of its questions, each in a new conversation) with the Enter key in Chromium, and prints
the median and 95th percentile of the seconds until a cited sentence is shown, until its quote is
marked in its context (no click), and, after one click on its number, until the quote is marked in
the whole document. Questions that get no answer are counted apart.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from index import open_index, rebuild
from qa.evaluation.questions import read_questions, spread
from qa.settings import starter_library
from qa.web import build_app
from qa.web.server.serve import serving

BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SHOWN = (
    "a cited sentence is shown",
    "its quote is marked in context, no click",
    "it is marked in the document, one click",
)
BOX = "#question textarea"


def ask(page: Page, question: str) -> list[float] | None:
    """The seconds to each of `SHOWN`; None for a question that gets no answer."""
    page.locator(BOX).fill(question)
    started = time.perf_counter()
    page.locator(BOX).press("Enter")
    page.locator(".sentence .chip, .abstention").first.wait_for()
    sentence = time.perf_counter() - started
    if page.locator(".abstention").count():
        return None
    page.locator(".card mark").first.wait_for()
    marked = time.perf_counter() - started
    expect(page.locator(".working")).to_have_count(0)
    clicked = time.perf_counter()
    page.locator(".chip").first.click()
    page.locator(".reader mark").first.wait_for()
    return [sentence, marked, time.perf_counter() - clicked]


def main() -> None:
    """Measure, and print."""
    amount = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    library = starter_library()
    read = read_questions(library.parent / "questions.jsonl")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        rebuild(library, index=Path(temporary) / "index")
        opened = open_index(Path(temporary) / "index")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
        with serving(build_app(index=opened, library=library)) as address:
            page = browser.new_page()
            page.emulate_media(reduced_motion="reduce")
            found = []
            for one in spread(read, amount + 1):  # the first warms everything up
                page.goto(address)
                page.locator(BOX).wait_for()
                page.wait_for_timeout(1000)
                found.append(ask(page, one.question))
            page.close()
        browser.close()
    seconds = np.array([times for times in found[1:] if times])
    print(f"{amount} questions, {amount - len(seconds)} without an answer")
    for name, (p50, p95) in zip(SHOWN, np.percentile(seconds, (50, 95), axis=0).T, strict=True):
        print(f"  {name:42} p50 {p50:5.2f} s   p95 {p95:5.2f} s")


if __name__ == "__main__":
    main()
