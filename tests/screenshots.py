"""Takes the README's screenshot, and others to look at.

`python tests/screenshots.py FOLDER` writes them all into FOLDER; without an argument, only those of
the README are kept, beside it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from index import rebuild
from qa.settings import starter_library
from qa.web.app import build_app
from qa.web.serve import serving
from sources.load import QUESTIONS

BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BOX = "#question textarea"
QUESTION = "How many North Korean troops were sent to Russia?"
FOLLOW_UP = "How many of them were killed or wounded?"
ELSEWHERE = "How many tanks does the Brazilian army have?"


def take(folder: Path, index: Path, library: Path) -> None:
    """Write the screenshots into `folder`; `library` gets another source."""
    with (
        serving(build_app(index=index, library=library)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)

        def page(width: int, height: int, scheme: str = "light") -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            opened = context.new_page()
            opened.goto(address)
            expect(opened.locator(BOX)).to_be_focused()
            return opened

        desk = page(1280, 800)
        desk.screenshot(path=folder / "welcome.png")
        ask(desk, QUESTION)
        desk.screenshot(path=folder / "answer.png")
        desk.locator(".chip").first.hover()
        desk.screenshot(path=folder / "hover.png")
        desk.locator(".chip").first.click()
        expect(desk.locator(".reader .anchor.lit")).to_be_visible()
        desk.mouse.move(5, 5)
        desk.screenshot(path=folder / "screenshot.png")
        desk.keyboard.press("Escape")
        desk.locator(".considered summary").click()
        desk.locator(".considered").scroll_into_view_if_needed()
        desk.screenshot(path=folder / "considered.png")
        ask(desk, FOLLOW_UP)
        desk.screenshot(path=folder / "follow-up.png")
        ask(desk, ELSEWHERE)
        desk.screenshot(path=folder / "abstention.png")
        desk.get_by_role("button", name="Scope").click()
        desk.get_by_label("Topics").click()
        desk.wait_for_timeout(300)
        desk.screenshot(path=folder / "scope.png")
        ask(desk, "x" * 5000)
        desk.screenshot(path=folder / "error.png")

        dark = page(1280, 800, "dark")
        ask(dark, QUESTION)
        dark.locator(".chip").first.hover()
        dark.screenshot(path=folder / "dark.png")
        ask(dark, ELSEWHERE)
        dark.screenshot(path=folder / "dark-abstention.png")
        dark.get_by_role("button", name="Conversations").click()
        dark.wait_for_timeout(300)
        dark.screenshot(path=folder / "dark-conversations.png")

        phone = page(390, 844)
        phone.screenshot(path=folder / "phone-welcome.png")
        ask(phone, QUESTION)
        phone.screenshot(path=folder / "phone.png")
        phone.locator(".chip").first.click()
        expect(phone.locator(".reader .anchor.lit")).to_be_visible()
        phone.screenshot(path=folder / "phone-reader.png")
        phone.get_by_role("button", name="All passages").click()
        ask(phone, ELSEWHERE)
        phone.screenshot(path=folder / "phone-abstention.png")

        shelf = page(1280, 800)
        shelf.goto(f"{address}library")
        expect(shelf.locator("#shelf-summary")).to_contain_text("sources", timeout=30_000)
        shelf.get_by_role("gridcell", name="china-treaties", exact=True).first.click()
        expect(shelf.get_by_label("Title")).not_to_have_value("")
        shelf.screenshot(path=folder / "screenshot-library.png")
        (library / "notes.txt").write_text("Notes on the Caspian route of the corridor, 2026.\n")
        shelf.get_by_role("tab", name="Rebuild").click()
        shelf.get_by_role("button", name="Rebuild the index").click()
        shelf.wait_for_timeout(1500)
        shelf.screenshot(path=folder / "rebuilding.png")
        expect(shelf.locator(".report")).to_be_visible(timeout=300_000)
        shelf.screenshot(path=folder / "report.png")
        shelf.get_by_role("tab", name="Gaps").click()
        shelf.screenshot(path=folder / "gaps.png")


def ask(page: Page, question: str) -> None:
    """Ask, and wait until the answer is complete."""
    turns = page.locator(".turn").count()
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")
    expect(page.locator(".turn")).to_have_count(turns + 1)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible(timeout=30_000)
    expect(page.locator(".working")).to_have_count(0)
    page.wait_for_timeout(700)  # the smooth scrolling


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        library, index = Path(temporary) / "library", Path(temporary) / "index"
        shutil.copytree(starter_library(), library)
        shutil.copy(starter_library().parent / QUESTIONS, library)
        rebuild(library, index=index)
        folder.mkdir(parents=True, exist_ok=True)
        take(folder, index, library)
        if len(sys.argv) < 2:
            for name in ("screenshot.png", "screenshot-library.png"):
                shutil.copy(folder / name, Path(__file__).parent.parent)
