"""What is clicked is what is opened, whatever was clicked before; in Chromium."""

from __future__ import annotations

import random
import re

import pytest
from browser import MARKS, WAIT, build, expect
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from qa.result import Answer, AnswerSentence, Citation, Passage
from qa.web import build_app
from qa.web.chat.conversation import Turn
from qa.web.chat.kept import Conversations
from qa.web.server.serve import serving
from qa.web.shared.access import LOCAL

pytestmark = MARKS

# Two turns, each with what it cites, by source; a page of the PDF holds one of the first three.
WELL = (
    ("well", "The well of Tarn is ninety metres deep."),
    ("well", "Its rope was woven by Ada Quill."),
    ("well", "The bucket holds forty litres."),
)
MILL = (
    ("mill", "The mill of Orrin grinds oats."),
    ("mill", "Its wheel turns twice a minute."),
    ("well", "The bucket holds forty litres."),
    ("kiln", "The kiln of Sarn burns lime."),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    library = tmp_path_factory.mktemp("library")
    canvas = Canvas(str(library / "well.pdf"), pagesize=A5)
    for _, quote in WELL:
        canvas.setFont("Helvetica", 11)
        canvas.drawString(50, 480, quote)
        canvas.showPage()
    canvas.save()
    (library / "well.pdf.yaml").write_text("title: The well\n")
    filler = "Nobody wrote down what happened there in those years. " * 40
    for name in ("mill", "kiln"):
        quotes = [quote for source, quote in MILL if source == name]
        text = f"# The {name}\n\n" + "\n\n".join(f"{quote}\n\n{filler}" for quote in quotes)
        (library / f"{name}.md").write_text(text, encoding="utf-8")
    return build(library, tmp_path_factory.mktemp("index"))


def cited(index, kind, place, source, quote):
    found = index.source(source)
    start = found.text.index(quote)
    values = {"source_id": source, "title": found.title, "page": found.page_at(start)}
    known = {"publisher": None, "url": None, "published": None, "standing": "other"}
    where = {"heading": None, "start": start, "end": start + len(quote), "quote": quote}
    numbered = {"number": place} if kind is Citation else {}
    return kind(**values, **known, **where, sha256=found.sha256, score=1.0, **numbered)


def turn(index, question, quotes):
    citations = tuple(cited(index, Citation, n, *quote) for n, quote in enumerate(quotes, 1))
    sentences = tuple(
        AnswerSentence(text=one.quote, citations=(one.number,), support=1.0) for one in citations
    )
    answer = Answer(
        question=question, text="", sentences=sentences, citations=citations, confidence=0.9,
        abstained=False, nearest=(), model=None, generation="g", condensed=question,
    )  # fmt: skip
    considered = tuple(cited(index, Passage, 0, *quote) for quote in quotes[:2])
    return Turn(question=question, scope="all", answer=answer, considered=considered)


@pytest.fixture(scope="module")
def address(index):
    kept = Conversations()
    turns = (turn(index, "What of the well?", WELL), turn(index, "What of the mill?", MILL))
    name = kept.save(LOCAL, None, turns)
    app = build_app(index=index, library=index.folder / "none", conversations=kept)
    with serving(app) as address:
        yield f"{address}?c={name}"


@pytest.fixture
def page(open_page, address):
    page = open_page(address, reduced_motion="reduce")
    expect(page.locator(".chip")).to_have_count(len(WELL) + len(MILL), timeout=WAIT)
    return page


def click(page, what):
    """One thing that a person does; `what` is a turn and a number, or the name of a deed."""
    if what == "escape":
        page.keyboard.press("Escape")
    elif what == "back":
        page.evaluate("document.querySelector('#reader .close-reader')?.click()")
    elif what == "title":
        page.evaluate("document.querySelector('.passages:not([hidden]) .considered .read').click()")
    else:
        page.evaluate(
            "([turn, number]) => document.querySelector("
            "`#turn-${turn} a.chip[href='#card-${turn}-${number}']`).click()", list(what),
        )  # fmt: skip


def shows(page, what):
    """The page is as the last click should leave it."""
    reader = page.locator("#reader .reader")
    if what in ("escape", "back"):
        page.wait_for_timeout(400)  # nothing may open any more
        expect(reader).not_to_be_visible()
        return
    expect(reader).to_be_visible()
    if what == "title":
        expect(reader.locator("mark").first).to_be_visible()
        return
    turn, number = what
    source, quote = (WELL, MILL)[turn - 1][number - 1]
    expect(reader.locator("h2")).to_have_text(f"The {source}")
    if source == "well":
        at = [one for _, one in WELL].index(quote) + 1
        expect(reader.locator("figcaption")).to_contain_text(f"Page {at} of 3")
        expect(reader.locator(".hl").first).to_be_in_viewport()
    else:
        expect(page.locator(f"#read-{turn}-{number}")).to_be_focused()
        expect(page.locator(f"#read-{turn}-{number}")).to_be_in_viewport()


CLICKS = [*((1, n + 1) for n in range(len(WELL))), *((2, n + 1) for n in range(len(MILL)))]


def test_each_click_opens_what_was_clicked(page):
    for what in random.Random(1).choices([*CLICKS, "title", "escape", "back"], k=12):
        click(page, what)
        shows(page, what)


def test_thirty_quick_clicks_end_with_the_last(page):
    for seed in range(2):
        chosen = random.Random(seed).choices([*CLICKS, "title", "escape", "back"], k=30)
        for what in chosen:
            click(page, what)
        shows(page, chosen[-1])


def test_a_number_above_a_printed_page_shows_the_page_of_its_passage(page):
    click(page, (1, 1))
    shows(page, (1, 1))
    for number in (3, 1):
        page.locator(f".jumps a[href='#read-1-{number}']").click()
        shows(page, (1, number))


def test_a_title_of_the_library_opens_its_source_as_often_as_it_is_clicked(open_page, address):
    page = open_page(address.partition("?")[0], reduced_motion="reduce")
    for name in ("mill", "mill", "well"):
        page.locator("#panel").get_by_role("button", name=f"The {name}").click()
        expect(page.locator(".reader h2")).to_have_text(f"The {name}")
        expect(page.locator(".reader h2")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(".reader")).not_to_be_visible()
        expect(page.locator("#panel").get_by_role("button", name=re.compile(name))).to_be_focused()


def test_the_panel_shows_what_the_turn_in_view_cites(page):
    shown = page.locator(".passages:not([hidden])")

    def look_at(turn):
        page.evaluate("(id) => document.getElementById(id).scrollIntoView()", f"turn-{turn}")
        expect(shown).to_have_attribute("data-turn", str(turn))

    for turn in (2, 1, 2):
        look_at(turn)
    expect(page.locator("#card-2-1")).to_be_in_viewport()
    click(page, (1, 2))
    shows(page, (1, 2))
    page.keyboard.press("Escape")
    expect(shown).to_have_attribute("data-turn", "1")
    expect(page.locator("#card-1-2")).to_be_in_viewport()
    look_at(1)
    look_at(2)
    page.locator("#turn-2 .answer").click()
    expect(shown).to_have_attribute("data-turn", "2")
