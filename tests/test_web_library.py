"""The library page in Chromium, and what changes of the files behind it."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser import (
    BOX,
    MARKS,
    SIGNED,
    SIGNING,
    WAIT,
    ask,
    build,
    expect,
    finished,
    serious,
    write_port_library,
)  # fmt: skip
from gradio_client import Client
from scripted import Scripted

from index import rebuild
from qa.errors import SettingError
from qa.web import build_app
from qa.web.library.curate import FIELDS, TRASH, Curator
from qa.web.server.serve import serving
from sources import SourceError, load_sources

BELL = "The bell of Kestrel tower was cast by Mina Orlov in 1762.\n"
CAST = "Who cast the bell of Kestrel tower?"


@pytest.fixture
def library(tmp_path):
    folder = write_port_library(tmp_path / "library", "http://127.0.0.1:9/")
    (folder / "bell.txt").write_text("The old bell weighs nine hundred kilograms.\n")
    return folder


def source(library, name):
    return next(one for one in load_sources(library) if one.id == name)


def test_metadata_is_written_where_the_format_has_it(library):
    curator = Curator(library)
    text = (library / "treaty.md").read_text()
    changed = {"title": "Ports: a treaty", "topics": "ships, law ,", "published": "2024-06"}
    assert curator.edit(source(library, "treaty"), changed) == []
    after = source(library, "treaty")
    assert (after.title, after.topics, after.published) == (
        "Ports: a treaty", ("ships", "law"), "2024-06",
    )  # fmt: skip
    assert after.text == text.split("---\n", 2)[2]  # not a letter of the text changes
    assert after.publisher is None  # what the form leaves empty is taken out
    assert curator.edit(source(library, "bell"), {"title": "2024", "standing": "news"}) == []
    assert (library / "bell.txt.yaml").is_file()
    assert source(library, "bell").title == "2024"


def test_keys_that_the_form_does_not_have_stay(library):
    file = library / "treaty.md"
    file.write_text(file.read_text().replace("topics:", "references:\n- title: A\ntopics:"))
    Curator(library).edit(source(library, "treaty"), {"title": "New"})
    assert source(library, "treaty").references[0].title == "A"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"published": "yesterday"}, "YYYY-MM-DD"),
        ({"url": "javascript:alert(1)"}, "http"),
        ({"standing": "loud"}, "allowed"),
        ({"language": "the usual"}, "code"),
    ],
)
def test_what_does_not_hold_up_is_not_written(library, values, said):
    before = (library / "treaty.md").read_bytes()
    [problem] = Curator(library).edit(source(library, "treaty"), values)
    assert said in problem
    assert (library / "treaty.md").read_bytes() == before


def test_comments_and_order_of_the_metadata_stay(library):
    file = library / "treaty.md"
    text = file.read_text().replace("---\ntitle", "---\n# From the archive.\ntitle")
    file.write_text(text)
    known = source(library, "treaty")
    values = {name: getattr(known, name) for name in FIELDS} | {"title": "New"}
    assert Curator(library).edit(known, values) == []
    assert file.read_text() == text.replace("The harbour treaty of Port Almond", "New", 1)


def test_what_is_removed_can_be_put_back(library):
    curator = Curator(library)
    curator.edit(source(library, "bell"), {"title": "The bell"})
    stamp = curator.remove(source(library, "bell"))
    assert "bell" not in [one.id for one in load_sources(library)]
    assert curator.restore(stamp) == ["bell.txt", "bell.txt.yaml"]
    assert source(library, "bell").title == "The bell"
    assert not list((library / TRASH).rglob("*.*"))
    for odd in (stamp, "", "..", "../../etc"):
        with pytest.raises(SettingError):
            curator.restore(odd)


@pytest.mark.parametrize("deed", ["edit", "remove", "restore"])
def test_a_link_in_the_library_leads_no_change_out_of_it(library, tmp_path, deed):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "1").mkdir(parents=True)
    (elsewhere / "secret.yaml").write_text("title: The combination is 4711\n")
    (elsewhere / "1" / "own.md").write_text("# Own\n\nWhat is not of the library.\n")
    (library / "wall.txt").write_text("The wall of Norfield is of brick.\n")
    try:
        (library / "wall.txt.yaml").symlink_to(elsewhere / "secret.yaml")
        (library / TRASH).symlink_to(elsewhere)
    except OSError:
        pytest.skip("no links can be made here")
    curator = Curator(library)
    deeds = {
        "edit": lambda: curator.edit(source(library, "wall"), {"title": "The wall"}),
        "remove": lambda: curator.remove(source(library, "wall")),
        "restore": lambda: curator.restore("1"),
    }
    with pytest.raises(SettingError, match="a link that leads out of the library"):
        deeds[deed]()
    assert (library / "wall.txt").is_file() and not (library / "own.md").exists()
    assert (library / "wall.txt.yaml").is_symlink()
    assert sorted(one.name for one in elsewhere.rglob("*")) == ["1", "own.md", "secret.yaml"]


def test_a_file_is_added_if_it_can_be_read(library, tmp_path):
    curator = Curator(library)
    (tmp_path / "tower.txt").write_text(BELL)
    assert curator.add(tmp_path / "tower.txt").text == BELL
    for name, data in (("empty.md", b""), ("run.exe", b"MZ"), ("tower.txt", b"Another one.")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(SourceError):
            curator.add(tmp_path / name)
    assert (library / "tower.txt").read_text() == BELL
    assert not (library / "run.exe").exists()


def test_a_starter_library_is_copied_before_it_is_changed(library, tmp_path):
    own = tmp_path / "own"
    curator = Curator(library, starter=library, own=own)
    assert curator.will_copy == own
    curator.edit(source(library, "bell"), {"title": "Mine"})
    assert curator.folder == own and curator.will_copy is None
    assert source(own, "bell").title == "Mine"
    assert not (library / "bell.txt.yaml").exists()


@pytest.fixture
def index(library, tmp_path):
    return build(library, tmp_path / "index")


@pytest.fixture
def address(index, library, monkeypatch):
    monkeypatch.setenv("REFDESK_GAPS", "on")  # read once, when the app is built
    with serving(build_app(index=index, library=library)) as address:
        yield address


def open_library(open_page, address, **options):
    page = open_page(address, **options)
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#shelf-summary")).to_contain_text("4 sources", timeout=WAIT)
    return page


def tab(page, name):
    page.get_by_role("tab", name=name).click()


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_a_source_is_added_built_edited_removed_and_put_back(address, open_page, library, tmp_path):
    page = open_library(open_page, address)
    (tmp_path / "tower.txt").write_text(BELL)
    (tmp_path / "run.exe").write_bytes(b"MZ")
    tab(page, "Add")
    page.locator("#shelf-files input[type=file]").set_input_files(
        [tmp_path / "tower.txt", tmp_path / "run.exe"]
    )
    expect(page.locator(".block.shelf-message:visible .done")).to_contain_text(
        "tower.txt", timeout=WAIT
    )
    expect(page.locator(".block.shelf-message:visible .problem")).to_contain_text("run.exe")
    tab(page, "Rebuild")
    page.get_by_role("button", name="Rebuild the index").click()
    expect(page.locator("#report .report")).to_contain_text("1: tower", timeout=4 * WAIT)
    expect(page.locator("#shelf-summary")).to_contain_text("5 sources")
    tab(page, "Generations")
    expect(page.locator(".generations tbody tr")).to_have_count(2)

    page.get_by_label("Search the sources").fill("tower")
    expect(page.locator("#shelf-sources")).not_to_contain_text("Kestrel lighthouse")
    tab(page, "Source")
    page.locator(".pick", has_text="tower.txt").click()
    expect(page.locator(".block.shelf-message:visible")).to_contain_text("Metadata of tower.txt")
    page.get_by_label("Published").fill("once upon a time")
    page.get_by_role("button", name="Save metadata").click()
    expect(page.locator(".block.shelf-message:visible .problem")).to_contain_text("YYYY-MM-DD")
    page.get_by_label("Published").fill("1762")
    page.get_by_role("button", name="Save metadata").click()
    expect(page.locator(".block.shelf-message:visible .done")).to_contain_text("Saved")
    assert "1762" in (library / "tower.txt.yaml").read_text()
    page.get_by_role("button", name="Remove from the library").click()
    expect(page.locator(".block.shelf-message:visible .done")).to_contain_text("out of the library")
    assert not (library / "tower.txt").exists()
    page.get_by_role("button", name="Undo the removal").click()
    expect(page.locator(".block.shelf-message:visible .done")).to_contain_text("Put back")
    assert (library / "tower.txt").is_file()

    tab(page, "Generations")
    page.get_by_role("button", name="Go back").click()
    expect(page.locator(".block.shelf-message:visible .done")).to_contain_text(
        "Now serving", timeout=WAIT
    )
    expect(page.locator("#shelf-summary")).to_contain_text("4 sources")


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_the_library_page_is_accessible_and_shows_what_could_not_be_answered(address, open_page):
    page = open_page(address)
    ask(page, "How do I bake sourdough bread with rye flour?")
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#shelf-summary")).to_contain_text("4 sources", timeout=WAIT)
    tab(page, "Gaps")
    expect(page.locator(".gaps")).to_contain_text("sourdough bread")
    for name in ("Source", "Add", "Rebuild", "Generations", "Gaps"):
        tab(page, name)
        assert serious(page) == []


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_answers_move_to_a_new_generation_while_people_chat(address, open_page, index, library):
    page = open_page(address)
    ask(page, SIGNING)
    (library / "tower.txt").write_text(BELL)
    rebuild(library, index=index.folder)
    turn = ask(page, CAST)
    expect(turn.locator(".answer")).to_contain_text("Mina Orlov")
    shutil.move(library / "treaty.md", library.parent / "treaty.md")
    rebuild(library, index=index.folder)
    page.locator("#turn-1 .chip").first.click()
    expect(page.locator(".reader")).to_contain_text("Not in the library any more")
    page.reload()
    expect(page.locator("#turn-1 .notice")).to_contain_text("changed or went", timeout=WAIT)


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_an_answer_that_is_being_written_outlives_a_rebuild(open_page, index, library):
    model = Scripted(pieces=[f"{SIGNED} [1] The harbour treaty runs for", " twenty years. [1]"])
    with serving(build_app(index=index, library=library, model=model)) as address:
        reading = open_page(address)
        reading.locator(BOX).fill(SIGNING)
        reading.locator(BOX).press("Enter")
        expect(reading.locator(".sentence")).to_have_count(1, timeout=WAIT)
        before = index.generation.name
        (library / "tower.txt").write_text(BELL)
        curating = open_library(open_page, address)
        tab(curating, "Rebuild")
        curating.get_by_role("button", name="Rebuild the index").click()
        expect(curating.locator("#report .report")).to_contain_text("1: tower", timeout=4 * WAIT)
        assert index.generation.name != before
        expect(reading.locator(".working")).to_be_visible()
        model.go_on()
        turn = finished(reading)
        expect(turn.locator(".sentence")).to_have_count(2)
        expect(turn.locator(".problem, .stopped")).to_have_count(0)
        turn = ask(reading, CAST)
        expect(turn.locator(".answer")).to_contain_text("Mina Orlov")
        for page in (reading, curating):
            open_page.leave(page)


def test_people_who_ask_during_a_rebuild_get_their_answers(index, library):
    (library / "tower.txt").write_text(BELL)
    done = threading.Event()
    answered = []

    def person(address):
        client = Client(address, verbose=False)
        try:
            while not done.is_set():
                answered.append(client.predict(SIGNING, None, api_name="/ask"))
        finally:
            client.close()

    with (
        serving(build_app(index=index, library=library)) as address,
        ThreadPoolExecutor(3) as people,
    ):
        asking = [people.submit(person, address) for _ in range(3)]
        try:
            new = rebuild(library, index=index.folder).generation
        finally:
            done.set()
        for one in asking:
            one.result()  # none of them was told of an error
        client = Client(address, verbose=False)
        found = client.predict(CAST, None, api_name="/ask")
        client.close()
    assert answered and all("Ilse Brandt" in one["text"] for one in answered)
    assert found["generation"] == new and "Mina Orlov" in found["text"]
