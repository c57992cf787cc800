"""Source, Block and Reference: what they compute, and that they stay as they are made."""

import hashlib
import pickle
from dataclasses import FrozenInstanceError

import pytest

import sources
from sources import Block, Source
from sources.source import pack_blocks, unpack_blocks


def make_source(**fields):
    return Source(
        **{"id": "a", "title": "A", "text": "", "format": "text", "path": "a.txt", **fields}
    )


def heading(start, level, title):
    return Block(start=start, end=start + len(title), kind="heading", level=level, title=title)


def test_the_package_exports_its_contract():
    assert set(sources.__all__) == {
        "load_sources", "list_files", "add_source", "strip_invisible", "count_invisible",
        "SnapshotError", "Limits", "ExtractCache",
        "Source", "Block", "Reference", "SourceError",
        "LibraryNotFoundError", "NoSourcesError", "MetadataError", "UnreadableError",
    }  # fmt: skip


def test_a_source_has_defaults_and_is_frozen():
    source = make_source()
    assert (source.standing, source.topics, source.references) == ("other", (), ())
    assert (source.url, source.published, source.language) == (None, None, None)
    with pytest.raises(FrozenInstanceError):
        source.title = "B"
    with pytest.raises(TypeError):
        Source("a", "A", "text")  # keywords only


def test_sha256_is_that_of_the_text_in_utf_8():
    assert make_source(text="naïve").sha256 == hashlib.sha256("naïve".encode()).hexdigest()


def test_a_source_survives_pickling():
    source = make_source(text="One", blocks=(heading(0, 1, "One"),))
    copy = pickle.loads(pickle.dumps(source))
    assert copy == source
    assert copy.heading_at(2) == "One"


def test_pages_count_from_one_and_empty_pages_hold_no_text():
    source = make_source(pages=(0, 10, 10, 25))
    assert [source.page_at(at) for at in (0, 9, 10, 24, 25, 99)] == [1, 1, 3, 3, 4, 4]
    assert make_source().page_at(0) is None


def test_headings_nest_by_level():
    source = make_source(
        blocks=(
            heading(10, 1, "Part"),
            heading(20, 3, "Deep"),
            heading(30, 2, "Chapter"),
            heading(40, 1, "Next"),
        )
    )
    assert [source.heading_at(at) for at in (0, 9, 10, 19, 25, 35, 45)] == [
        None,
        None,
        "Part",
        "Part",
        "Part > Deep",
        "Part > Chapter",
        "Next",
    ]


def test_packed_blocks_come_back_and_name_the_columns_of_a_table_once():
    table = {"fields": ("Ship", "Built"), "group": 3}
    blocks = (
        Block(start=0, end=4, kind="heading", level=2, title="Ships"),
        Block(start=5, end=8, kind="row", marker="header", **table),
        Block(start=9, end=12, kind="row", **table),
        Block(start=13, end=16, kind="code", language="sh", group=4),
    )
    packed = pack_blocks(blocks)
    assert unpack_blocks(packed) == blocks
    assert str(packed).count("Built") == 1
    with pytest.raises(ValueError, match="not a block"):
        unpack_blocks([[1, 2]])
