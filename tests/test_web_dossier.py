"""The dossier: sentences that are pinned, ordered, checked against the index of now, exported."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO
from typing import Any

import docx
import pytest
from browser import BOX, MARKS, SIGNED, SIGNING, WAIT, ask, build, expect, write_port_library

from index import open_index
from qa.pipeline import answer
from qa.result import Citation, Related
from qa.web import build_app
from qa.web.chat.dossier import check_pins, dossier, export_dossier, pin_marks
from qa.web.chat.kept import Conversations
from qa.web.chat.pins import MOST, DossierFullError, pin_id, pinned
from qa.web.server.serve import serving

HOSTILE = "</textarea><script>alert(1)</script>\"'<img src=x onerror=alert(1)> [9] **b**"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return write_port_library(tmp_path_factory.mktemp("curated") / "library", "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    return build(library, tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def pins(index):
    found = answer(SIGNING, index=index)
    first = pinned(found, pin_id(found.sentences[0], found.cited_by(found.sentences[0])))
    return [first, *(replace(first, id=f"{n}", heading=f"Part {n}") for n in (2, 3))]


@pytest.fixture
def kept():
    conversations = Conversations()
    yield conversations.pins
    conversations.close()


def test_pins_are_of_one_person_in_an_order_that_can_be_changed(kept, pins):
    for pin in (*pins, pins[0]):  # the first is there already
        kept.add("ada", pin)
    one, two, three = kept.ids("ada")
    assert kept.list("ada") == pins and kept.list("bob") == []
    kept.move("ada", three, -1)
    kept.move("ada", one, 5)
    kept.move("bob", one, -1)
    assert kept.ids("ada") == [three, two, one]
    kept.describe("ada", one, f"  {HOSTILE}\n{'x' * 999} ", "n" * 5000)
    kept.describe("bob", two, "Mine", "")
    assert [one.heading[:4] for one in kept.list("ada")] == ["Part", "Part", "</te"]
    assert [len(one.heading + one.note) for one in kept.list("ada")][2] == 1120
    kept.remove("bob", one)
    kept.remove("ada", two)
    assert kept.ids("ada") == [three, one]
    with kept._file.use() as database:
        database.execute("UPDATE pin SET pin = '{' WHERE id = ?", (one,))
    assert [pin.id for pin in kept.list("ada")] == [three]


def test_a_dossier_is_full_some_time_and_says_so(kept, pins):
    with kept._file.use() as database:
        rows = [("ada", str(place), place, "{}") for place in range(MOST)]
        database.executemany("INSERT INTO pin VALUES (?, ?, ?, ?)", rows)
    with pytest.raises(DossierFullError, match=f"{MOST} pins"):
        kept.add("ada", pins[0])
    kept.add("bob", pins[0])
    assert len(kept.ids("ada")) == MOST


def test_what_is_related_can_be_pinned_with_numbers_of_its_own(index):
    found = answer(SIGNING, index=index)
    cited = replace(found.citations[0], number=7)
    beside = Related(text=SIGNED, citations=(cited,), support=1.0)
    refused = replace(found, sentences=(), citations=(), abstained=True, related=(beside,))
    pin = pinned(refused, pin_id(beside, (cited,)))
    assert (pin.said.text, pin.said.citations, pin.citations[0].number) == (SIGNED, (1,), 1)
    assert pinned(refused, "0") is None


def test_each_pin_is_checked_against_the_index_of_now(library, tmp_path, index, pins):
    assert {one.status for one in check_pins(pins, index)} == {"holds"}
    treaty = library.joinpath("treaty.md").read_text("utf-8")
    shown = {}
    for status, text in (
        ("moved", treaty.replace(SIGNED, f"One more sentence stands here. {SIGNED}")),
        ("changed", treaty.replace("Ilse Brandt", "Otto Brandt")),
        ("gone", "# Bread\n\nFlour, water and salt make the bread of the harbour bakery.\n"),
    ):
        folder = tmp_path / status
        folder.mkdir()
        (folder / "treaty.md").write_text(text, encoding="utf-8")
        now = build(folder, tmp_path / f"{status}-index")
        [checked] = check_pins(pins[:1], open_index(now.folder))
        assert checked.status == status
        shown[status] = dossier([checked])
    assert "Moved: the same words stand elsewhere now." in shown["moved"]
    assert "Changed: the source says it otherwise now." in shown["changed"]
    assert "Otto Brandt" in shown["changed"] and "data-to=" in shown["changed"]
    assert "Gone: no source says it any more." in shown["gone"] and "data-to=" not in shown["gone"]


def test_a_brief_cites_each_passage_once_under_the_headings_in_order(pins, index):
    told = [replace(pins[0], heading=HOSTILE, note=f"Mine: {HOSTILE}"), *pins[1:]]
    text = export_dossier("markdown", told, index)["text"]
    assert text.count(SIGNED) == 4 and text.count("\n[1] ") == 1 and "\n[2] " not in text
    assert text.index("## \\</textarea") < text.index("## Part 2") < text.index("## Part 3")
    assert "<script>" not in text.replace("\\<script\\>", "") and "\\[9\\] \\*\\*b" in text
    assert "## \n" not in export_dossier("markdown", pins, index)["text"]
    made = docx.Document(BytesIO(base64.b64decode(export_dossier("docx", told, index)["base64"])))
    assert "Part 3" in [one.text for one in made.paragraphs]
    assert export_dossier("bibtex", told, index)["text"].count("@misc{treaty") == 1
    assert export_dossier("pdf", told, index) is export_dossier("markdown", [], index) is None


def test_nothing_of_a_pin_becomes_markup(pins, index):
    said = replace(pins[0].said, text=HOSTILE)
    source = replace(pins[0].citations[0], title=HOSTILE, publisher=HOSTILE)
    assert isinstance(source, Citation)
    hostile = replace(pins[0], said=said, citations=(source,), question=HOSTILE, heading=HOSTILE,
                      note=HOSTILE)  # fmt: skip
    page = dossier(check_pins([hostile], index), problem=HOSTILE, told=HOSTILE)
    assert page.count("<script") == page.count("<img") == 0
    assert page.count("<textarea") == page.count("</textarea>") == 1
    assert pin_marks(["a", "b"]).count('data-ids="a b"') == 1


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_a_sentence_is_pinned_ordered_by_keyboard_and_saved(open_page, index, library, tmp_path):
    app = build_app(index=index, library=library, conversations=Conversations(tmp_path / "c.db"))
    with serving(app) as address:
        page = open_page(address)
        turn = ask(page, SIGNING)
        marks = turn.locator("button.pin")
        marks.first.click()
        expect(marks.first).to_have_attribute("aria-pressed", "true", timeout=WAIT)
        ask(page, "Who built the Kestrel lighthouse?")
        page.locator("#turn-2 button.pin").first.click()
        page.get_by_role("button", name="Dossier", exact=True).click()
        items = page.locator(".pinned")
        expect(items).to_have_count(2, timeout=WAIT)
        expect(page.locator(".pins h2")).to_be_focused()
        expect(items.first).to_contain_text("The source still says it.")
        # What is sent when a field is left may come after what is sent next.
        late: list[Any] = []
        page.route(
            "**/queue/join*",
            lambda route: (
                late.append(route)
                if '"describe"' in (route.request.post_data or "")
                else route.continue_()
            ),
        )
        items.first.get_by_label("Heading").fill("The treaty")
        items.first.get_by_role("button", name="Down").focus()
        page.keyboard.press("Enter")
        expect(items.nth(1)).to_contain_text(SIGNED)
        expect(items.nth(1).get_by_label("Heading")).to_have_value("The treaty")
        expect(items.nth(1).get_by_role("button", name="Up")).to_be_focused()
        [described] = late
        described.continue_()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Markdown").locator("visible=true").click()
        assert "## The treaty" in saved.value.path().read_text("utf-8")
        items.nth(1).get_by_role("button", name="Read in the document").click()
        expect(page.locator(".reader mark").filter(has_text=SIGNED)).to_be_visible()
        expect(page.locator("#dossier")).to_be_hidden()
        page.reload()
        page.get_by_role("button", name="Dossier", exact=True).click()
        items.first.get_by_role("button", name="Remove").click()
        expect(items).to_have_count(1, timeout=WAIT)
        page.keyboard.press("Escape")
        expect(page.locator("#open-dossier")).to_be_focused()
        assert page.locator(BOX).is_visible()
        open_page.leave(page)
