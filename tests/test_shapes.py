"""The shapes of answers: whole lists, steps, tables and listings, verbatim, with what leads in."""

import pytest

from index import open_index, rebuild
from qa import answer
from qa.retrieve.shape import asked_shape
from qa.retrieve.stretches import stretches
from sources import load_sources

DOCUMENTS = {
    "press": """# The cider press

The press stands in the old barn and was bought in 1954.

To clean the press, follow these steps:

1. Unscrew the iron plate.
2. Rinse the basket with hot water.
3. Dry the basket in the sun.

The press squeaks when it is dry.
""",
    "permit": """# The orchard permit

For an orchard permit, hand in these papers:

- a map of the orchard
- a letter from the miller
- the fee of six florins

The permit is valid for two years.
""",
    "juicer": """# Juicer, a tool for harvest logs

Juicer reads harvest logs.

## Installing Juicer

Install Juicer with the package manager:

```console
$ sudo fetchpkg add juicer
```
""",
    "prices": """# Prices of cider

| Barrel | Spring | Autumn |
| ------ | ------ | ------ |
| Small | 5 florins | 4 florins |
| Large | 21 florins | 17 florins |
""",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    (folder / "library").mkdir()
    for name, text in DOCUMENTS.items():
        (folder / "library" / f"{name}.md").write_text(text)
    rebuild(folder / "library", index=folder / "index")
    return folder


@pytest.mark.parametrize(
    ("question", "kind", "held"),
    [
        ("How do I clean the cider press?", "list", ["Unscrew", "Rinse", "Dry the basket"]),
        (
            "What papers do I need for an orchard permit?",
            "list",
            ["a map", "miller", "six florins"],
        ),
        ("How do I install Juicer?", "code", ["Install Juicer with", "sudo fetchpkg add juicer"]),
        ("What does a large barrel of cider cost in autumn?", "table", ["Autumn", "17 florins"]),
    ],
)
def test_what_belongs_together_is_said_first_and_whole(question, kind, held, library):
    found = answer(question, index=library / "index")
    texts = {source.id: source.text for source in load_sources(library / "library")}
    first = found.sentences[0]
    assert first.kind == kind and "```" not in first.text
    quotes = " ".join(found.citations[number - 1].quote for number in first.citations)
    for piece in held:
        assert piece in first.text and piece in quotes
    for citation in found.citations:
        assert texts[citation.source_id][citation.start : citation.end] == citation.quote


def test_code_is_fenced_and_a_list_is_a_list(library):
    code = answer("How do I install Juicer?", index=library / "index").text
    assert "```\n" in code and "$ sudo fetchpkg add juicer\n```" in code
    steps = answer("How do I clean the cider press?", index=library / "index").text
    assert "\n- Rinse the basket with hot water." in steps


def test_a_lead_in_and_its_list_are_one_stretch(library):
    generation = open_index(library / "index").generation
    kinds = [stretch.kind for stretch in stretches(generation.source("press"))]
    assert kinds == ["paragraph", "list", "paragraph"]


@pytest.mark.parametrize(
    ("question", "shape"),
    [
        ("How do I clean the press?", "howto"),
        ("Why is the press dry?", "why"),
        ("Summarise the permit.", "overview"),
        ("What is the difference between perry and cider?", "compare"),
        ("Which papers are needed?", "list"),
        ("Who bought the press?", "fact"),
    ],
)
def test_the_question_decides_the_shape(question, shape):
    assert asked_shape(question) == shape
