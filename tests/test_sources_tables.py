"""CSV and XLSX: rows that can be read on their own."""

import datetime as dt

import openpyxl
import pytest
from samples import members, saved, zipped

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
        "Port: Oldport | Opened: 1987-05-04 | Share: 12.5% | Open: yes | Depth: 11 | "
        "At: 1990-01-02 3:04:00",
        "Far",
        "near",
    ]
    assert source.heading_at(source.text.index("near")) == "Far"


def test_a_formula_shows_what_was_computed_or_says_that_nothing_was():
    book = openpyxl.Workbook()
    book.active.append(["Name", "Sum"])
    book.active.append(["A", "=1+1"])
    found = read_xlsx(saved(book))
    assert texts(found) == ["Name: A | Sum: (not calculated)"]
    assert found.unread == (
        ("Sheet", "formulas without a result (1): calculate and save the workbook"),
    )


def test_a_row_of_a_million_columns_is_refused():
    with pytest.raises(UnreadableError, match="more than 5,000 columns: split it"):
        read_csv("a," * 1_000_000)


def workbook(*rows, merged=(), formats=(), bold=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for place in merged:
        book.active.merge_cells(place)
    for place, number_format in formats:
        book.active[place].number_format = number_format
    for number in bold:
        for cell in book.active[number]:
            cell.font = openpyxl.styles.Font(bold=True)
    return book


NONE = (None,)


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        (
            [("Mill", "Wheels"), ("Upper", 3), NONE, ("Miller", "Wage"), ("Ada", 41)],
            ["Mill: Upper | Wheels: 3", "Miller: Ada | Wage: 41"],
        ),
        (
            [("Mill", "Wheels", None, "Miller", "Wage"), ("Upper", 3, None, "Ada", 41)],
            ["Mill: Upper | Wheels: 3", "Miller: Ada | Wage: 41"],
        ),
        (
            [("Mill", "Wheels"), ("Upper", 3), ("Miller", "Town", "Wage"), ("Ada", "Corl", 41)],
            ["Mill: Upper | Wheels: 3", "Miller: Ada | Town: Corl | Wage: 41"],
        ),
        (
            [("Mills of the valley",), ("Mill", "Wheels"), ("Upper", 3), NONE, ("Lower", 2)],
            ["Mills of the valley", "Mill: Upper | Wheels: 3", "Mill: Lower | Wheels: 2"],
        ),
        (
            [("Item", None, "Before", "After"), ("Flour", None, 3, 4), ("Bran", None, 5, 6)],
            ["Item: Flour | Before: 3 | After: 4", "Item: Bran | Before: 5 | After: 6"],
        ),
        (
            [("Mill", "Town"), ("Upper", "Corl"), NONE, ("Lower", "Brae"), ("Old", "Dunn")],
            ["Mill: Upper | Town: Corl", "Lower | Brae", "Old | Dunn"],
        ),
        (
            [("Mill", "Wheels", "Built"), ("Upper", 3, 1801), ("All sums are estimates.",)],
            ["Mill: Upper | Wheels: 3 | Built: 1801", "All sums are estimates."],
        ),
        (
            [("Mill", "Wheels"), ("Upper", 3), ("Lower", "n/a"), ("Old", 1)],
            ["Mill: Upper | Wheels: 3", "Mill: Lower | Wheels: n/a", "Mill: Old | Wheels: 1"],
        ),
        (
            [("Mill", "In", "Out"), ("Upper", "open", "open"), ("Lower", "shut", "open")],
            ["Mill: Upper | In: open | Out: open", "Mill: Lower | In: shut | Out: open"],
        ),
        ([("Mill:", "Upper"), ("Town:", "Corl")], ["Mill: Upper", "Town: Corl"]),
    ],
    ids=(
        "below",
        "beside",
        "at once",
        "goes on",
        "a gap",
        "unsure",
        "a note",
        "n/a",
        "words",
        "a form",
    ),
)
def test_each_table_of_a_sheet_has_its_own_header(rows, read):
    assert texts(read_xlsx(saved(workbook(*rows)))) == read


def test_a_bold_row_is_the_header_of_the_next_table():
    rows = [("Mill", "Town"), ("Upper", "Corl"), ("Miller", "Home"), ("Ada", "Brae")]
    assert texts(read_xlsx(saved(workbook(*rows, bold=(1, 3))))) == [
        "Mill: Upper | Town: Corl",
        "Miller: Ada | Home: Brae",
    ]


def test_a_header_of_two_rows_is_joined():
    rows = [
        ("Mill", 2023, None, 2024, None),
        (None, *("Grain", "Flour") * 2),
        ("Upper", 1, 2, 3, 4),
    ]
    read = ["Mill: Upper | 2023 Grain: 1 | 2023 Flour: 2 | 2024 Grain: 3 | 2024 Flour: 4"]
    assert texts(read_xlsx(saved(workbook(*rows, merged=("A1:A2", "B1:C1", "D1:E1"))))) == read
    assert texts(read_xlsx(saved(workbook(*rows)))) == read


def test_a_merged_cell_holds_for_each_row_and_column_that_it_covers():
    book = workbook(
        ("Valley", "Mill", "2023", "2024"), ("East", "Upper", 3, 4), (None, "Lower", "shut", None),
        merged=("A2:A3", "C3:D3"),
    )  # fmt: skip
    assert texts(read_xlsx(saved(book))) == [
        "Valley: East | Mill: Upper | 2023: 3 | 2024: 4",
        "Valley: East | Mill: Lower | 2023: shut | 2024: shut",
    ]


def test_a_title_over_all_columns_is_no_value_of_them():
    rows = [("Mills", None), ("Mill", "Wheels"), ("In the east", None), ("Upper", 3)]
    found = read_xlsx(saved(workbook(*rows, merged=("A1:B1", "A3:B3"))))
    assert texts(found) == ["Mills", "In the east", "Mill: Upper | Wheels: 3"]
    assert [block.kind for block in found.blocks] == ["paragraph", "paragraph", "record"]


def test_what_is_hidden_is_left_out_and_told():
    book = workbook(("Mill", "Code", "Wheels"), ("Upper", "zq1", 3), ("Lower", "zq2", 2))
    book.active.title = "Mills"
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["B"].hidden = True
    book.create_sheet("Drafts").append(["zq3"])
    book["Drafts"].sheet_state = "veryHidden"
    found = read_xlsx(saved(book))
    assert found.text == "Mill: Upper | Wheels: 3"
    assert found.unread == (
        ("Mills", "hidden rows (1): show them to have them read"),
        ("Mills", "hidden columns (1): show them to have them read"),
        ("Drafts", "hidden sheet: show it to have it read"),
    )


@pytest.mark.parametrize(
    ("value", "number_format", "seen"),
    [
        (1234.5, '#,##0.00 "EUR"', "1,234.50 EUR"),
        (1234.5, "#,##0.00\\ [$€-407]", "1,234.50 €"),
        (-5, "$#,##0.00", "-$5.00"),
        (-5, '"$"#,##0.00_);("$"#,##0.00)', "($5.00)"),
        (0, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-', "0"),
        (0.075, "0.0%", "7.5%"),
        (0.125, "0%", "13%"),
        (7, "0000", "0007"),
        (2.50, "0.##", "2.5"),
        (12, '0 "km"', "12 km"),
        (1e300, "#,##0", "1e+300"),
        (3.25, "# ?/?", "3.25"),
        (3.25, "[>3]0.0;0", "3.25"),
        (True, "General", "yes"),
        (dt.timedelta(hours=26, minutes=3), "[h]:mm", "26:03"),
        (dt.timedelta(minutes=75, seconds=9), "[mm]:ss", "75:09"),
        (dt.date(2021, 3, 4), "DD.MM.YYYY", "04.03.2021"),
        (dt.date(2021, 3, 4), "d mmmm yy", "4 March 2021"),
        (dt.date(2021, 3, 4), "[$-407]d. mmmm yyyy", "2021-03-04"),
        (dt.date(2021, 3, 4), "mm-dd-yy", "2021-03-04"),
        (dt.datetime(2021, 3, 4, 15, 6), "yyyy/mm/dd h:mm AM/PM", "2021/03/04 3:06 PM"),
        (dt.time(15, 6), "hh:mm", "15:06"),
    ],
)
def test_a_value_is_seen_as_its_format_shows_it(value, number_format, seen):
    book = workbook(("Mill", "Value"), ("Upper", value), formats=[("B2", number_format)])
    assert texts(read_xlsx(saved(book))) == [f"Mill: Upper | Value: {seen}"]


def test_a_merged_cell_of_a_whole_sheet_costs_no_more_than_its_values():
    book = workbook(*(("Upper", 3) for _ in range(2_000)))
    book.active.merged_cells.add("A1:XFD1048576")
    assert len(read_xlsx(saved(book)).blocks) == 2_000


def test_a_sheet_of_a_million_columns_is_refused_at_once():
    parts = members(saved(workbook()))
    name = "xl/worksheets/sheet1.xml"
    row = f'<row r="9">{"<c><v>1</v></c>" * 1_000_000}</row></sheetData>'
    parts[name] = parts[name].decode().replace("</sheetData>", row)
    with pytest.raises(UnreadableError, match="more than 16,384 columns: split it"):
        read_xlsx(zipped(parts))
