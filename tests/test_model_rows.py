"""Tables and lists that a language model writes: each row and item checked, shown as what it is."""

import io

import docx
import pytest
from checks import assert_checked
from scripted import Scripted

from index import open_index, rebuild
from qa import answer
from qa.cli.shown import show_answer
from qa.export.report import Report, ReportPart
from qa.web.chat.conversation import Turn
from qa.web.chat.transcript import transcript

QUESTION = "How many ships came to Oldport, and what does it export?"
TABLE = "| Year | Ships |\n|---|---|\n"
TIMBER = "Timber is the first export, with 40,000 tonnes a year."
HERRING = "Salted herring comes second."
DONE = "The Baltic Dredging Company did the work for 4.2 million crowns."
DEPTH = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."


def ask(opened, text):
    found = answer(QUESTION, index=opened, model=Scripted(pieces=[text]))
    assert_checked(found, opened)
    return found


@pytest.mark.parametrize(
    "text",
    [
        TABLE + "| 1990 | 212 [1] |\n| 2000 | 341 [1] |\n",
        "| Year | Ships | Source |\n|:--|--:|---|\n| 1990 | 212 | [1] |\n| 2000 | 341 | 1 |\n",
        "| **Ships** | Year |\n|---|---|\n| 341 | 2000 | [1]\n| 212 | *1990* | [1]\n",
        TABLE + "| 1990 | 212 |\n| 2000 | 341 |\n\n[1]\n",
        "Here it is:\n\n" + TABLE + "| 1990 | 212 |\n| 2000 | 341 |\n\nAnything else?",
    ],
)
def test_rows_that_a_source_has_are_quoted_as_its_table(opened, text):
    found = ask(opened, text)
    (said,) = found.sentences
    assert (said.text, said.kind, said.lead) == ("Year | Ships\n1990 | 212\n2000 | 341", "table", 1)
    assert (said.checked_by, found.model) == ("verbatim", "Scripted")
    assert [one.source_id for one in found.cited_by(said)] == ["ports/harbour"]
    assert "| Year | Ships |\n| --- | --- |\n| 1990 | 212 |" in found.text


@pytest.mark.parametrize(
    "row",
    ["| 2010 | 999 [1] |", "| 1990 | 341 [1] |", "| 212 | 1990 [1] |", "| 1990 | 212 lost [1] |",
     "| 1990 | [1] |"],
)  # fmt: skip
def test_a_row_that_no_table_has_is_dropped_and_told(opened, row):
    found = ask(opened, f"{TABLE}{row}\n| 2000 | 341 [1] |\n")
    (said,) = found.sentences
    assert said.text == "Year | Ships\n2000 | 341"
    ((text, reason),) = found.rejected
    assert reason == "no table of the passages has such a row"
    assert text.split(" | ")[0] in row


def test_a_column_of_another_name_is_another_statement(opened):
    found = ask(opened, f"{DEPTH} [1]\n\n| Year | Wrecks |\n|---|---|\n| 1990 | 212 [1] |\n")
    assert [one.text for one in found.sentences] == [DEPTH]
    assert [text for text, _ in found.rejected] == ["1990 | 212"]


def test_what_a_cell_says_as_a_sentence_is_checked_as_one(opened):
    rows = f"| Harbour | {DEPTH} [1] |\n| Canal | The canal is paved with gold. [1] |\n"
    found = ask(opened, f"| Where | What |\n|---|---|\n{rows}")
    assert [(one.text, one.kind) for one in found.sentences] == [(f"Harbour: {DEPTH}", "list")]
    assert found.text == f"- Harbour: {DEPTH} [1]"


def test_a_table_counts_as_one_sentence_and_stands_where_it_was_written(opened):
    found = ask(opened, f"{DEPTH} [1]\n\n{TABLE}| 2000 | 341 [1] |\n\n{TIMBER} [1]\n")
    assert [one.kind for one in found.sentences] == ["sentence", "table", "sentence"]


def test_items_of_a_list_are_shown_as_one_each_with_its_number(opened):
    text = f"{DEPTH} [1]\n\n1. {TIMBER} [1]\n2. Gold comes first. [1]\n3. {HERRING} [1]\n"
    found = answer("Tell me about Oldport", index=opened, model=Scripted(pieces=[text]))
    assert_checked(found, opened)
    assert [one.kind for one in found.sentences] == ["sentence", "list", "list"]
    assert found.text == f"{DEPTH} [1]\n\n- {TIMBER} [2]\n- {HERRING} [3]"
    assert "Gold" not in found.text


def test_a_table_of_a_sheet_is_found_by_the_names_in_its_rows(tmp_path):
    (tmp_path / "library").mkdir()
    rows = "\n".join(f"{1990 + n},{200 + 7 * n},Oldport" for n in range(5))
    (tmp_path / "library" / "ships.csv").write_text(f"Year,Ships,Port\n{rows}\n", encoding="utf-8")
    rebuild(tmp_path / "library", index=tmp_path / "index")
    opened = open_index(tmp_path / "index")
    table = "| Year | Ships |\n|---|---|\n| 1992 | 214 [1] |\n| 1993 | 214 [1] |\n"
    model = Scripted(pieces=[table])
    found = answer("How many ships came to Oldport in 1992?", index=opened, model=model)
    assert_checked(found, opened)
    (said,) = found.sentences
    assert "214" in said.text and "1993" not in said.text and said.kind == "table"
    assert [text for text, _ in found.rejected] == ["1993 | 214"]


def test_every_door_shows_a_list_as_one_and_what_follows_a_table_apart(opened, capsys):
    text = (
        f"{DEPTH} [1]\n\n- {TIMBER} [1]\n- {HERRING} [1]\n\n{TABLE}| 2000 | 341 [1] |\n\n{DONE} [1]"
    )
    found = answer("Tell me about Oldport", index=opened, model=Scripted(pieces=[text]))
    assert_checked(found, opened)
    page = transcript([Turn(question=found.question, answer=found)])
    items = page.split('<ul class="part listed">')[1].split("</ul>")[0]
    assert items.count("<li") == 2 and TIMBER in items and HERRING in items
    assert page.count("<table>") == 1 and "<th" in page
    show_answer(found)
    lines = [line.split(" [")[0].strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:6] == [DEPTH, f"- {TIMBER}", f"- {HERRING}", "Year | Ships", "2000 | 341", DONE]
    part = ReportPart(heading="Oldport", sentences=found.sentences, model="m")
    report = Report(
        topic="t", parts=(part,), citations=found.citations, uncovered=(), generation="g"
    )
    document = docx.Document(io.BytesIO(report.to_docx()))
    styles = [one.style.name for one in document.paragraphs]
    assert styles.count("List Bullet") == 2 and len(document.tables) == 1
