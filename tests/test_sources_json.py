"""JSON and JSON lines."""

import json

import pytest

from sources import UnreadableError, load_sources
from sources.readers.json import read_json


def blocks(value, *, lines=False):
    found = read_json(value if lines else json.dumps(value), lines=lines)
    return [(b.kind, found.text[b.start : b.end]) for b in found.blocks]


def test_records_name_their_fields_and_what_is_nested_has_headings(tmp_path):
    value = {
        "title": "Ports",
        "open": True,
        "none": None,
        "harbours": [
            {"name": "Oldport", "position": {"lat": 1.50, "lon": -2}, "tags": ["old", "deep"]},
            {"name": "Grey"},
        ],
        "notes": {"first": {"deep": {"er": [{"a": 1}]}}},
        "list": ["one", "two"],
    }
    (tmp_path / "a.json").write_text(json.dumps(value))
    (source,) = load_sources(tmp_path)
    assert source.title == "Ports"
    assert [(b.kind, source.text[b.start : b.end]) for b in source.blocks] == [
        ("record", "title: Ports | open: true | list: one, two"),
        ("heading", "harbours"),
        ("record", "name: Oldport | position lat: 1.5 | position lon: -2 | tags: old, deep"),
        ("record", "name: Grey"),
        ("heading", "notes"),
        ("heading", "first"),
        ("heading", "deep"),
        ("heading", "er"),
        ("record", "a: 1"),
    ]
    assert source.heading_at(len(source.text) - 1) == "notes > first > deep > er"


def test_numbers_stay_as_they_are_written():
    found = read_json('[{"a": 4.20, "b": 1e400, "c": 12345678901234567890123}]', lines=False)
    assert found.text == "a: 4.20 | b: 1e400 | c: 12345678901234567890123"


def test_lines_are_records():
    text = '{"a": 1}\r\n\n{"a": 2, "text": "' + "Long prose. " * 30 + '"}\n"alone"\n'
    assert [kind for kind, _ in blocks(text, lines=True)] == [
        "record", "record", "paragraph", "paragraph",
    ]  # fmt: skip


def test_a_list_of_texts_is_a_list():
    assert blocks(["one", 2]) == [("item", "one"), ("item", "2")]


@pytest.mark.parametrize(
    ("text", "lines", "reason"),
    [
        ('{"a": 1,}', False, "line 1: not JSON"),
        ('{"a": 1}\n{"a"', True, "line 2: not JSON"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(text, lines, reason):
    with pytest.raises(UnreadableError, match=reason):
        read_json(text, lines=lines)


def test_a_bottomless_file_is_skipped(tmp_path):
    (tmp_path / "a.json").write_text("[" * 200_000)
    (tmp_path / "b.txt").write_text("Text.")
    skips = {}
    load_sources(tmp_path, on_skip=skips.__setitem__)
    assert skips == {"a.json": "its parts are nested too deep: save it as text"}
