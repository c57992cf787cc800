"""Takes the README's screenshots, and others to look at.

`python tests/screenshots.py FOLDER` writes them all into FOLDER; without an argument, only those of
the README are kept, in qa/web/screenshots/.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from index import open_index, rebuild
from qa.settings import starter_library
from qa.web import build_app
from qa.web.server.serve import serving
from sources.walk import QUESTIONS

BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BOX = "#question textarea"
QUESTION = "How many North Korean troops were sent to Russia?"
FOLLOW_UP = "How many of them were killed or wounded?"
ELSEWHERE = "How many tanks does the Brazilian army have?"
COMPARISON = "Which treaties did Russia sign with North Korea and with Iran?"
# As they are called in the README, and here.
README = {
    "answer": "answer",
    "printed": "printed",
    "conflict": "conflict",
    "dark": "dark-hover",
    "phone": "phone-answer",
    "library": "library",
}

# An invented library, for what the starter library does not have: a PDF, and sources that differ.
INVENTED = {
    "survey.md": (
        "title: Survey of lights\npublisher: Coastguard\npublished: 2019-05-04\n"
        "standing: government",
        "# Survey of lights\n\n## Cape Morn\n\nThe keeper's house was not surveyed. The lighthouse "
        "of Cape Morn has 198 steps. Its lamp is seen from 21 miles.\n",
    ),
    "gazette.md": (
        "title: Walks along the coast\npublisher: Oldport Gazette\npublished: 2021-08\n"
        "standing: news",
        "# Walks along the coast\n\nThe path is steep. The lighthouse of Cape Morn has 212 steps. "
        "Gulls nest below its gallery.\n",
    ),
    "ferries.md": (
        "title: The ferries of Oldport\npublisher: Institute of Waterways\npublished: 2019-11\n"
        "standing: academic",
        "# The ferries of Oldport\n\nThree ferries crossed the sound until 1974. The Merle carried "
        "carts, the Anselm carried mail, and the Otter carried nobody but its keeper.\n",
    ),
}
REPORT = (
    "The reservoir of Hollin Moor was surveyed on foot and by boat.",
    "It is thirty-one metres deep at its eastern wall, where the",
    "old quarry was. The keeper, Agnes Whitlow, measured the depth",
    "in 1954 with a weighted line, and again in 1961 after the dry",
    "summer. Both measurements agree to within a hand's breadth.",
)


def invented(folder: Path) -> Path:
    """A small library with a PDF and with sources that differ."""
    folder.mkdir()
    for name, (known, body) in INVENTED.items():
        (folder / name).write_text(f"---\n{known}\n---\n{body}", encoding="utf-8")
    canvas = Canvas(str(folder / "reservoir.pdf"), pagesize=A5)
    for heading in ("Foreword", "Measurements", "Afterword"):
        canvas.setFont("Times-Bold", 18)
        canvas.drawString(48, 520, heading)
        canvas.setFont("Times-Roman", 12)
        lines = REPORT if heading == "Measurements" else ("Water has been kept here for long.",)
        for place, line in enumerate(lines):
            canvas.drawString(48, 486 - 17 * place, line)
        canvas.showPage()
    canvas.save()
    (folder / "reservoir.pdf.yaml").write_text(
        "title: The reservoir of Hollin Moor\npublisher: Water Board\npublished: '1962'\n"
        "standing: primary\n",
        encoding="utf-8",
    )
    return folder


class Camera:
    """Opens pages, and keeps what they look like."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser, self._folder = browser, folder

    def open(self, address: str, *, phone: bool = False, dark: bool = False) -> Page:
        """A page of the chat, ready to ask."""
        context = self._browser.new_context(
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 800},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            has_touch=phone,
            is_mobile=phone,
        )
        page = context.new_page()
        page.goto(address)
        expect(page.locator(BOX)).to_be_visible()
        page.wait_for_timeout(1000)  # until what it loads is there
        return page

    def take(self, page: Page, name: str) -> None:
        """Keep the page as NAME.png, with no more colours than it needs."""
        page.wait_for_timeout(250)
        file = self._folder / f"{name}.png"
        page.screenshot(path=file)
        with Image.open(file) as picture:
            few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(file, optimize=True)


def ask(page: Page, question: str) -> None:
    """Ask, and wait until the answer is complete."""
    turns = page.locator(".turn").count()
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")
    expect(page.locator(".turn")).to_have_count(turns + 1)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible(timeout=30_000)
    expect(page.locator(".working")).to_have_count(0)


def chat(camera: Camera, address: str) -> None:
    """The chat on a desk and on a phone, light and dark."""
    for name, kind in (
        ("", {}),
        ("dark-", {"dark": True}),
        ("phone-", {"phone": True}),
        ("phone-dark-", {"phone": True, "dark": True}),
    ):
        page = camera.open(address, **kind)
        camera.take(page, f"{name}welcome")
        ask(page, QUESTION)
        camera.take(page, f"{name}answer")
        if "phone" in name:
            page.locator(".colophon").scroll_into_view_if_needed()
            camera.take(page, f"{name}colophon")
        else:
            page.locator(".chip").first.hover()
            camera.take(page, f"{name}hover")
        page.locator(".chip").first.click()
        expect(page.locator(".reader .anchor.lit")).to_be_visible()
        page.mouse.move(5, 5)
        camera.take(page, f"{name}document")
        page.get_by_role("button", name="All passages").click()
        expect(page.locator("#panel")).to_be_visible()
        page.locator(".considered summary").focus()
        page.keyboard.press("Enter")
        page.locator(".considered").scroll_into_view_if_needed()
        camera.take(page, f"{name}considered")
        ask(page, FOLLOW_UP)
        camera.take(page, f"{name}follow-up")
        ask(page, ELSEWHERE)
        camera.take(page, f"{name}abstention")
        page.locator(".save summary").last.click()
        camera.take(page, f"{name}save")
        page.get_by_role("button", name="Scope").click()
        camera.take(page, f"{name}scope")
        ask(page, COMPARISON)
        page.locator(".rate").last.click()
        camera.take(page, f"{name}comparison")
        page.get_by_role("button", name="Conversations").click()
        camera.take(page, f"{name}conversations")
        page.context.close()
    page = camera.open(address)
    ask(page, "x" * 5000)
    camera.take(page, "error")


def small(camera: Camera, address: str) -> None:
    """What the invented library has: a page as it is printed, and sources that differ."""
    for name, kind in (("", {}), ("dark-", {"dark": True}), ("phone-", {"phone": True})):
        page = camera.open(address, **kind)
        ask(page, "How deep is the reservoir of Hollin Moor?")
        page.locator(".chip").first.click()
        expect(page.locator(".page .hl").first).to_be_visible()
        page.mouse.move(5, 5)
        camera.take(page, f"{name}printed")
        page.get_by_role("button", name="All passages").click()
        ask(page, "How many steps does the lighthouse of Cape Morn have?")
        camera.take(page, f"{name}conflict")
        page.get_by_role("button", name="Read both").click()
        expect(page.locator(".pair .side")).to_have_count(2)
        camera.take(page, f"{name}side-by-side")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Add a source").click()
        camera.take(page, f"{name}adding")
        page.context.close()


def shelf(camera: Camera, address: str, library: Path) -> None:
    """The page of the library, on which `library` is rebuilt with one source more."""
    for name, kind in (
        ("", {}),
        ("phone-", {"phone": True}),
        ("dark-", {"dark": True}),
    ):
        (library / "notes.txt").write_text(f"Notes on the Caspian route of the corridor {name}\n")
        page = camera.open(address, **kind)
        page.get_by_role("link", name="Library").click()
        expect(page.locator("#shelf-summary")).to_contain_text("sources")
        page.locator(".pick").nth(1).click()
        expect(page.get_by_label("Title")).not_to_have_value("")
        camera.take(page, f"{name}library")
        if name:
            page.get_by_label("Title").scroll_into_view_if_needed()
            camera.take(page, f"{name}metadata")
        page.get_by_role("tab", name="Add").click()
        camera.take(page, f"{name}add")
        page.get_by_role("tab", name="Rebuild").click()
        page.get_by_role("button", name="Rebuild the index").click()
        page.wait_for_timeout(1500)
        camera.take(page, f"{name}rebuilding")
        expect(page.locator(".report")).to_be_visible(timeout=900_000)
        page.locator(".report h3").first.scroll_into_view_if_needed()
        camera.take(page, f"{name}report")
        for tab in ("Generations", "Gaps"):
            page.get_by_role("tab", name=tab).click()
            camera.take(page, f"{name}{tab.lower()}")
        page.context.close()


def main(folder: Path, temporary: Path) -> None:
    """Take them all."""
    os.environ["HOME"] = str(temporary)  # the page shows where the library is
    library = temporary / "library"
    shutil.copytree(starter_library(), library)
    shutil.copy(starter_library().parent / QUESTIONS, library)
    rebuild(library, index=temporary / "index")
    others = invented(temporary / "invented")
    rebuild(others, index=temporary / "small")
    expect.set_options(timeout=60_000)  # the machine may be busy
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
        camera = Camera(browser, folder)
        wanted = sys.argv[2:] or ["small", "chat", "shelf"]
        for index, place in ((temporary / "small", others), (temporary / "index", library)):
            app = build_app(index=open_index(index), library=place)
            with serving(app) as address:
                if place == others and "small" in wanted:
                    small(camera, address)
                if place == library and "chat" in wanted:
                    chat(camera, address)
                if place == library and "shelf" in wanted:
                    shelf(camera, address, library)
                for context in browser.contexts:
                    context.close()
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary) / "shots"
        folder.mkdir(parents=True, exist_ok=True)
        main(folder, Path(temporary))
        if len(sys.argv) < 2:
            kept = Path(__file__).parent.parent / "qa/web/screenshots"
            kept.mkdir(exist_ok=True)
            for name, taken in README.items():
                shutil.copy(folder / f"{taken}.png", kept / f"{name}.png")
