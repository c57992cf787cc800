"""A report: an outline of the library's headings, all of it checked, one document."""

import json
import re
from io import BytesIO

import docx
import pytest
from chat_server import chunk
from markdown_it import MarkdownIt

from qa import Report, report
from qa.cli.app import run

TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."
FERRY = "A ferry leaves for Grey Island at seven every morning."
TOPIC = "the harbour of Oldport"


def check(found, opened):
    """All of the report holds what holds of an answer."""
    sentences = tuple(one for part in found.parts for one in part.sentences)
    numbers = [one.number for one in found.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert list(dict.fromkeys(n for one in sentences for n in one.citations)) == numbers
    for one in found.citations:
        assert opened.source(one.source_id).text[one.start : one.end] == one.quote
    texts = [one.text for one in sentences]
    assert len(texts) == len(set(texts))  # nothing is said twice


@pytest.fixture(scope="module")
def made(opened):
    return report(TOPIC, index=opened, model="")


def test_without_a_model_it_is_made_of_extracts_under_the_librarys_headings(made, opened):
    check(made, opened)
    headings = [part.heading for part in made.parts]
    assert headings[0] == "Overview"
    assert any("Ferries" in one or "Trade" in one for one in headings)
    said = " ".join(one.text for part in made.parts for one in part.sentences)
    assert TRUE in said and "icebreaker" in said and "Timber" in said
    assert {one.source_id for one in made.citations} == {"ports/harbour"}
    assert all(part.model is None for part in made.parts)


def test_as_markdown_it_is_one_cited_document(made):
    text = made.to_markdown()
    assert text.startswith(f"# {TOPIC}\n")
    body, sources = text.split("## Sources")
    used = {int(number) for number in re.findall(r"(?<!\\)\[(\d+)\]", body)}
    listed = {int(number) for number in re.findall(r"^\[(\d+)\]", sources, re.MULTILINE)}
    assert used == listed == set(range(1, len(made.citations) + 1))
    assert sources.count("Oldport Gazette") == len(made.citations)
    kinds = {token.type for token in MarkdownIt("commonmark", {"html": True}).parse(text)}
    assert not kinds & {"html_block", "html_inline"}


def test_as_a_file_for_word_it_has_headings_lists_and_quotes(made):
    document = docx.Document(BytesIO(made.to_docx()))
    by_style = {}
    for one in document.paragraphs:
        by_style.setdefault(one.style.name, []).append(one.text)
    assert by_style["Title"] == [TOPIC]
    assert by_style["Heading 1"] == [*(part.heading for part in made.parts), "Sources"]
    assert len(by_style["Quote"]) == len(made.citations)
    (first,) = (text for text in by_style["Normal"] if TRUE in text)
    assert "[1]" in first


def test_what_the_library_does_not_cover_makes_no_report(opened):
    found = report("resetting a router password", index=opened, model="")
    assert (found.parts, found.citations, found.uncovered) == ((), (), ())
    assert found.to_markdown().startswith("# resetting a router password\n")


def test_a_model_writes_each_part_and_what_it_makes_up_is_not_in_it(serve, opened):
    def behave(handler, server):
        asked = server.requests[-1][1]["messages"][1]["content"]
        text = FERRY if "Ferries" in asked.rsplit("Question:", 1)[-1] else TRUE
        handler.open_stream()
        lie = "The harbour of Oldport sank in 1987. [1]"
        handler.wfile.write(chunk(f"{text} [1][2] {lie}") + chunk("", finish_reason="stop"))

    serve(behave)
    found = report(TOPIC, index=opened)
    check(found, opened)
    assert found.parts[0].model == "test" and found.parts[0].sentences[0].text == TRUE
    assert "sank" not in json.dumps(found.to_dict())
    assert "written by test and checked" in found.to_markdown()


def test_the_command_writes_it_where_it_is_told(index_folder, tmp_path, capsys):
    common = [TOPIC, "--index", str(index_folder), "--model", ""]
    assert run(["report", *common, "--out", str(tmp_path / "it.docx")]) == 0
    assert docx.Document(str(tmp_path / "it.docx")).paragraphs[0].text == TOPIC
    assert run(["report", *common, "--out", str(tmp_path / "it.md")]) == 0
    written = (tmp_path / "it.md").read_text(encoding="utf-8")
    capsys.readouterr()
    assert run(["report", *common]) == 0
    assert capsys.readouterr().out == written
    assert run(["report", *common, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["topic"] == TOPIC
    assert run(["report", *common, "--out", str(tmp_path)]) == 1
    assert "cannot be written (Is a directory); name another" in capsys.readouterr().err
    gone = ["report", "router passwords", "--index", str(index_folder), "--model", ""]
    assert run(gone) == 3
    assert "do not cover" in capsys.readouterr().err


def test_what_a_source_would_have_as_markup_stays_text():
    part = Report(
        topic="<b>x</b>", parts=(), citations=(), uncovered=("a](http://evil.example)",),
        generation="g",
    )  # fmt: skip
    text = part.to_markdown()
    kinds = {
        child.type
        for token in MarkdownIt("commonmark", {"html": True}).parse(text)
        for child in [token, *(token.children or ())]
    }
    assert not kinds & {"html_block", "html_inline", "link_open"}
    assert docx.Document(BytesIO(part.to_docx())).paragraphs[0].text == "<b>x</b>"
