"""Who asks what something costs is not told what something else costs."""

import pytest

from index import open_index, rebuild
from qa.retrieve.evidence import gather
from qa.retrieve.prices import asks_price, tells_price

MILL = """# The mill of Upper Tarn

The mill was built by Edda Rowse. It grinds forty sacks a day.

## Visiting

A guided visit costs 6 crowns. Children go round free of charge.

## The society

The yearly fee rises from 20 to 24 crowns. Lunch was soup.
"""


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mill")
    (folder / "mill.md").write_text(MILL, encoding="utf-8")
    rebuild(folder, index=folder / "index")
    return open_index(folder / "index").generation


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        ("How much does a guided visit cost?", "How much does the lunch cost?"),
        ("price of a guided visit", "price of a sack"),
        ("What is the yearly fee?", "What is the parking fee?"),
    ],
)
def test_a_price_of_something_else_is_doubted(mill, known, unknown):
    assert gather(mill, known).doubt + 2 < gather(mill, unknown).doubt


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("How much will the bridge cost?", True),
        ("bus day pass price", True),
        ("How expensive is it?", True),
        ("How much of the fee was returned?", False),
        ("Can they charge me the full price?", False),
        ("What happens after a charge is filed?", False),
    ],
)
def test_it_is_known_when_a_price_is_asked_for(question, asks):
    assert asks_price(question) == asks


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("It works at 960 degrees.", False),
        ("Entry is free.", True),
        ("A night costs 28 crowns.", True),
        ("Prices are on the door.", False),
        ("€5 a head.", True),
    ],
)
def test_it_is_known_when_a_price_is_told(text, tells):
    assert tells_price(text) == tells
