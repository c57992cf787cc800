"""The shapes of answers: whole lists, steps, tables and listings, verbatim, with what leads in."""

import pytest

from index import open_index, rebuild
from qa import answer
from qa.check.gate import Gate
from qa.compose.extract import extract
from qa.compose.sections import is_named
from qa.compose.timeline import date_of
from qa.desk import open_desk
from qa.retrieve.evidence import gather
from qa.retrieve.shape import asked_shape
from qa.retrieve.stretches import stretches
from qa.settings import read_settings
from qa.web.chat.conversation import Turn
from qa.web.chat.excerpt import Excerpt
from qa.web.chat.transcript import transcript
from sources import load_sources

NAMES = "Redfoot Amberly Tollgate Whistler Greyhood Marrow Pikestaff Lanthorn Osier Quillet Gannet"
VARIETIES = [
    f"- {name}, which ripens in week {32 + place} and keeps until week {42 + place} if it is laid "
    "on dry straw in a cool and dark loft, where no mouse gets at it and no lamp is ever lit"
    for place, name in enumerate(NAMES.split())
]
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
    "varieties": """# Apples of the valley

## Which varieties grow here

Some varieties are old and some were brought by the monks. All of them stand the frost.

VARIETIES

The valley sells no apples of other places.
""",
    "mill": """# The cider mill of Harrow

Harrow mill grinds the apples of nine villages and belongs to all of them in equal parts.

## Summary

The mill runs on water from September to the first frost, and stands still for the rest of the year.

## Repairs

The wheel was renewed by the carpenter Ilse Brandt. It turns four times a
minute when the brook is full.

## Rules

Each village grinds on a day of its own, and whoever comes late waits for the next
week of its village.
""",
    "chronicle": """# Chronicle of the brook

In March 1961 the brook was straightened. In 1938 the weir of oak was built. The bridge of stone was
opened on 4 May 1984. In 1999 the flood took the eastern bank.
""",
    "perry": """<html><head><title>Perry</title></head><body><h1>Perry and scrumpy</h1>
<h2>Learning objectives</h2><ul><li>Tell perry from scrumpy</li><li>Say how perry is made</li></ul>
<p>Growers speak of perry and scrumpy at every fair. Perry is pressed from pears and left to
rest. By contrast, scrumpy is pressed from windfalls and kept cloudy. Both sell well.</p>
<h2>Key terms</h2><ul><li>perry</li><li>scrumpy</li></ul>
<h2>Review questions</h2><ul><li>What is the difference between perry and scrumpy?</li>
<li>A drink of windfalls is called ________.</li></ul>
<h2>Bottling perry</h2><ol><li>Rinse the bottles.</li><li>Fill them to the neck.</li>
<li>Cork them on the same day.</li></ol>
</body></html>""",
    "keeping": """<html><head><title>Keeping</title></head><body><h1>What keeps in the cellar</h1>
<table><tr><th>Drink</th><th>Keeps</th><th>Foams</th></tr><tr><td>Mead</td><td>Two years</td>
<td>Strongly</td></tr><tr><td>Stout</td><td>One winter</td><td>Hardly</td></tr></table>
</body></html>""",
    "moot": """# Orchard moot 7

### Date: 9 October 2033
### Chair: Wilma Tarrant

## Fence of the south field

Odo wants a fence of wire around the south field. Jutta would keep the hedge. Nothing was decided.

## Dues

The yearly dues rise from 12 to 15 florins.
""",
    "ladders": """# Ladders

What happens to ladders left under the trees?

Ladders left under the trees over night are locked away by the warden.

**If you break a rung, you mend it yourself. The warden lends no glue.** A new rung costs
2 florins. See [the list of tools][tools] for what is there.

[tools]: https://orchard.example/tools
""",
    "grafter": """# The graft program

`graft list` shows all scions. `graft list --old` shows those of last year, too. Run several graft
commands at once if you like.

!!! warning

    Never run graft while frost is forecast, because the buds would die.

=== "Pear trees"

    Bind a pear scion with the broad ribbon.

To graft each tree of a row, save this as a script:

```sh
for tree in $(graft trees); do
    graft bind "$tree"
done
```
""",
    "pruning": """# Pruning

<div markdown="1">
By the end of this chapter, you will be able to:
* Name the three cuts
* Say when to prune

</div>

Trees are pruned by three cuts, and each of them is made with another tool.

The collar cut takes a whole branch. It is made in February with the bow saw.

## Chapter review

Pruning keeps a tree low and lets the light in. It is done in February, before the buds swell.

## Review questions

Which tool makes the collar cut?

1. the bow saw
2. the bill hook

A

## Growth

```mermaid
sequenceDiagram
    participant P as pruner
    P->>T: collar cut in February
```
""",
    "scripts": """# The scripts of the press

To clear the state of `once_` scripts, run:

```sh
press state delete --bucket=once
```

To clear the state of `changed_` scripts, run:

```sh
press state delete --bucket=changed
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
        path = folder / "library" / f"{name}.{'html' if text.startswith('<') else 'md'}"
        path.write_text(text.replace("VARIETIES", "\n".join(VARIETIES)))
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
        ("Does stout foam?", "table", ["Foams", "Hardly"]),
        ("How do I bottle perry?", "list", ["Rinse the bottles", "Fill them", "Cork them"]),
        ("How do I graft each tree of a row?", "code", ["save this", "graft bind", "done"]),
        ("Who chaired orchard moot 7?", "list", ["Chair: Wilma Tarrant"]),
        ("When was orchard moot 7?", "list", ["9 October 2033"]),
        ("What happens to ladders left under the trees?", "paragraph", ["locked away"]),
        ("What happens if I break a rung?", "sentence", ["mend it yourself"]),
        ("What is the difference between perry and scrumpy?", "paragraph", ["pears", "windfalls"]),
        ("Why must I not run graft in frost?", "sentence", ["buds would die"]),
        ("How do I bind a pear scion?", "sentence", ["broad ribbon"]),
        ("Can I run several graft commands at the same time?", "sentence", ["at once"]),
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
    assert "\n2. Rinse the basket with hot water." in steps


def test_steps_keep_their_numbers_where_the_text_of_the_source_has_none(library):
    steps = answer("How do I bottle perry?", index=library / "index")
    assert steps.sentences[0].text.startswith("1. Rinse the bottles.\n2. Fill")
    assert "1. Rinse the bottles.\n2. Fill them to the neck.\n3. Cork" in steps.text


def test_a_table_keeps_the_names_of_its_columns_and_code_its_indents(library):
    table = answer("Does stout foam?", index=library / "index")
    assert "| Drink | Keeps | Foams |\n| --- | --- | --- |\n| Mead | Two years |" in table.text
    assert table.sentences[0].lead == 1
    code = answer("How do I graft each tree of a row?", index=library / "index").text
    assert "script:\n\n```\nfor tree" in code and '\n    graft bind "$tree"\ndone\n```' in code


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between perry and scrumpy?",
        "What is scrumpy?",
        "What happens to ladders left under the trees?",
        "What happens if I break a rung?",
    ],
)
def test_what_only_asks_is_no_answer_and_no_mark_is_left(question, library):
    found = answer(question, index=library / "index")
    said = "\n".join(one.text for one in found.sentences)
    assert said and "?" not in said and "___" not in said and "Tell perry" not in said
    assert not set("*[]`") & set(said)
    assert not any(one.text.rstrip().endswith(":") for one in found.sentences)


def test_a_summary_tells_what_a_meeting_was_about(library):
    found = answer("Summarise the orchard moot.", index=library / "index")
    said = [one.text for one in found.sentences]
    assert said[0].startswith("Odo wants a fence") and any("12 to 15" in one for one in said)


@pytest.mark.parametrize(
    "question",
    ["Tell me about pruning", "how does pruning work, broadly", "Pruning, the short version"],
)
def test_an_overview_opens_with_what_the_author_sums_up(question, library):
    found = answer(question, index=library / "index")
    said = "\n".join(one.text for one in found.sentences)
    assert found.sentences[0].text.startswith("Pruning keeps a tree low")
    assert "three cuts, and each" in said and "Name the three" not in said
    assert "bill hook" not in said and "participant" not in said


def test_an_overview_of_a_section_that_is_a_list_opens_with_it(library):
    first, *rest = answer("Tell me about the orchard permit", index=library / "index").sentences
    assert first.kind == "list" and "six florins" in first.text
    assert any("valid for two years" in one.text for one in rest)


def test_what_differs_in_one_word_is_no_repetition(library):
    found = answer("How do I clear the state of changed scripts?", index=library / "index")
    said = "\n".join(one.text for one in found.sentences)
    assert "bucket=changed" in said and "bucket=once" in said


def test_examples_are_those_of_what_was_spoken_of(library):
    history = [("user", "What is scrumpy?"), ("assistant", "Scrumpy is pressed from windfalls.")]
    found = answer("Can you give me examples?", index=library / "index", history=history)
    assert "examples of scrumpy" in found.condensed and not found.abstained


def test_a_lead_in_and_its_list_are_one_stretch(library):
    generation = open_index(library / "index").generation
    kinds = [stretch.kind for stretch in stretches(generation.source("press"))]
    assert kinds == ["paragraph", "list", "paragraph"]


@pytest.mark.parametrize(
    ("lead", "together"),
    [
        ("Then you can run", True),
        ("Then you can run:", True),
        (f"Then you can run{' and run again' * 12} the press:", True),
        (f"Then you can run{' and run again' * 12} the press", False),
        ("Then it is dry.", False),
    ],
)
def test_a_listing_is_one_with_what_leads_in_to_it(tmp_path, lead, together):
    (tmp_path / "dry.md").write_text(f"# Drying\n\nOpen it.\n\n{lead}\n\n```\npress --dry\n```\n")
    (source,) = load_sources(tmp_path)
    (listing,) = (stretch for stretch in stretches(source) if stretch.kind == "code")
    assert source.text[listing.start :].startswith(lead) == together


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


def test_a_long_list_shows_its_first_items_and_opens_to_the_rest(library):
    found = answer("What are the varieties of apples in the valley?", index=library / "index")
    part = next(one for one in found.sentences if one.kind == "list")
    lines = part.text.split("\n")
    assert len(lines) == len(VARIETIES) > part.more > 0  # all are quoted
    assert f"- and {part.more} more" in found.text
    assert lines[-1] not in found.text and lines[0].split(",")[0] in found.text
    cited = open_index(library / "index").generation.source("varieties").text
    for number in part.citations:
        one = found.citations[number - 1]
        assert cited[one.start : one.end] == one.quote
    excerpts = (Excerpt(),) * len(found.citations)
    shown = transcript((Turn(question="q", answer=found, excerpts=excerpts),))
    assert f"<summary>and {part.more} more</summary>" in shown and "Gannet" in shown


def test_a_paragraph_of_a_list_question_brings_the_list_below_it(library):
    found = answer("List the varieties that stand the frost", index=library / "index")
    assert any(one.kind == "list" and "Lanthorn" in one.text for one in found.sentences)


def test_an_overview_is_the_summary_and_what_opens_the_sections(library):
    found = answer("Tell me about the mill of Harrow", index=library / "index")
    assert found.outcome == "answered"
    said = [one.text for one in found.sentences]
    assert said[0].startswith("The mill runs on water")  # the summary of its author
    assert said[1].startswith("Harrow mill grinds")
    assert any("carpenter" in one for one in said)
    assert {one.source_id for one in found.citations[:3]} == {"mill"}


def test_a_timeline_is_in_order_of_date(library):
    found = answer("What happened after 1950?", index=library / "index")
    said = [one.text for one in found.sentences]
    years = [date_of(one)[0] for one in said]
    assert years[:4] == [1954, 1961, 1984, 1999]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("On 4 May 1984 it opened.", (1984, 5, 4)),
        ("It opened on May 4, 1984.", (1984, 5, 4)),
        ("Since March 1961", (1961, 3, 0)),
        ("2024-03-06 17:16 UTC", (2024, 3, 6)),
        ("It has 1066 pages", None),
        ("It has no date.", None),
    ],
)
def test_dates_are_read_to_be_put_in_order(text, date):
    assert date_of(text) == date


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Why is China reluctant about the axis?", "China"),
        ("Summarise Iran's role", "Iran"),
        ("what changed after 2022", "2023"),
        ("Tell me about India's position", "abstained on 2 March 2022"),
    ],
)
def test_the_starter_library_gives_overviews_and_timelines(question, said, starter):
    found = answer(question, index=starter)
    assert found.outcome == "answered" and said in found.sentences[0].text


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Summarise Iran's role", True),
        ("Tell me about the salaries in Iran's navy", False),
        ("Give me a summary", False),
        ("Who signed the treaty between Iran and Russia?", False),
    ],
)
def test_an_overview_is_sure_only_of_what_a_source_is_named_after(question, named, starter):
    assert is_named(gather(starter.generation, question)) is named


def test_an_item_that_is_cut_off_at_its_head_passes_the_check_without_its_number(tmp_path):
    stall = "Carry the {} to the north stall before the bell. "
    rest = (
        "The {} waits there under a cloth of wool. "
        "Nobody lifts the cloth of the {} until the reeve has counted twelve slow strokes."
    )
    things = "anvil basket candle drum ewer fiddle gridiron hourglass".split()
    steps = "\n".join(f"{n}.  {(stall + rest).format(*[t] * 3)}" for n, t in enumerate(things, 1))
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "fair.md").write_text(f"# The fair\n\nOn the morning:\n\n{steps}\n")
    rebuild(tmp_path / "library", index=tmp_path / "index")
    desk = open_desk(read_settings(), index=tmp_path / "index")
    evidence = desk.retrieve("Until when does nobody lift the cloth of the fiddle?", (), None)
    gate = Gate(evidence)
    drafts = list(extract(evidence))
    assert drafts[0].text.split("\n")[1].startswith("The ")
    assert all(gate.check(draft) for draft in drafts)
