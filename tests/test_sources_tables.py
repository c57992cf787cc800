"""CSV and XLSX: rows that can be read on their own."""

import datetime as dt

import openpyxl
import pytest
from samples import saved

from sources import UnreadableError, load_sources
from sources.readers.csv import read_csv
from sources.readers.xlsx import read_xlsx


def texts(found):
    return [found.text[b.start : b.end] for b in found.blocks]


def test_each_row_names_its_columns(tmp_path):
    (tmp_path / "a.csv").write_bytes(
        b'\xef\xbb\xbfname,ship_count,note\r\nOldport,212,"big,\nold"\r\nGrey,,\r\n,,\r\n'
    )
    (source,) = load_sources(tmp_path)
    assert source.text == "name: Oldport | ship count: 212 | note: big, old\nname: Grey"
    assert [b.kind for b in source.blocks] == ["record", "record"]
    assert (source.format, source.title) == ("csv", "a")


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Name,Size\nA;B,1\n", "Name: A;B | Size: 1"),
        ("Name;Size\nA, B;1,5\nC, D;2,5\n", "Name: A, B | Size: 1,5"),
        ("Name\tSize\nA, B\t1;5\n", "Name: A, B | Size: 1;5"),
        ("Name|Size\nA, B|1;5\n", "Name: A, B | Size: 1;5"),
    ],
)
def test_the_delimiter_is_found(text, row):
    assert texts(read_csv(text))[0] == row


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1990,212\n2000,341\n", ["1990 | 212", "2000 | 341"]),
        ("a,a\nb,c\n", ["a | a", "b | c"]),
        ("Ships by year\n\nYear,Ships\n1990,212\n", ["Ships by year", "Year: 1990 | Ships: 212"]),
        ("Place,2019,2020\nOldport,5,6\n", ["Place: Oldport | 2019: 5 | 2020: 6"]),
        ("one\ntwo\n", ["one", "two"]),
        ("Year,Ships\n", ["Year | Ships"]),
        ("Year,Ships\n1990,212,more\n1991\n", ["Year: 1990 | Ships: 212 | more", "Year: 1991"]),
    ],
)
def test_a_header_is_used_where_there_is_one(text, rows):
    assert texts(read_csv(text)) == rows


def test_prose_in_a_cell_is_a_paragraph():
    prose = "A long sentence of the report. " * 10
    found = read_csv(f'Title,body\nA,"{prose}\n\nMore."\n')
    assert [b.kind for b in found.blocks] == ["record", "paragraph", "paragraph"]
    assert texts(found) == ["Title: A", f"body: {prose.strip()}", "More."]


def test_a_quote_that_does_not_end_loses_nothing():
    assert "the end" in read_csv('a,b\n1,"2\n3,4\nthe end,5\n').text


def test_values_of_a_workbook_as_they_are_shown(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Ports"
    sheet.append(["Port", "Opened", "Share", "Open", "Depth", "At"])
    sheet.append(["Oldport", dt.date(1987, 5, 4), 0.125, True, 11.0, dt.datetime(1990, 1, 2, 3, 4)])
    sheet["C2"].number_format = "0.0%"
    book.create_sheet("Secret").append(["x"])
    book["Secret"].sheet_state = "hidden"
    other = book.create_sheet("Far")
    other["A1"], other["XFD1000000"] = "near", "far"
    (tmp_path / "a.xlsx").write_bytes(saved(book))
    (source,) = load_sources(tmp_path)
    assert texts(source) == [
        "Ports",
        "Port: Oldport | Opened: 1987-05-04 | Share: 12.5 % | Open: yes | Depth: 11 | "
        "At: 1990-01-02 03:04",
        "Far",
        "near",
    ]
    assert source.heading_at(source.text.index("near")) == "Far"


def test_a_formula_shows_what_was_computed_or_nothing():
    book = openpyxl.Workbook()
    book.active.append(["Name", "Sum"])
    book.active.append(["A", "=1+1"])
    assert texts(read_xlsx(saved(book))) == ["Name: A"]


def test_a_row_of_a_million_columns_is_refused():
    with pytest.raises(UnreadableError, match="more than 5,000 columns: split it"):
        read_csv("a," * 1_000_000)
