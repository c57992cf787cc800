"""What counts as support, on pairs of a quote and a sentence that were labelled by hand."""

import json
from pathlib import Path

import pytest

from qa.check.by_words import LEAST_SUPPORT
from qa.check.support import support

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parent / "support_pairs.jsonl").read_text("utf-8").splitlines()
]


def passes(sentence, *quotes):
    return support(sentence, quotes).value >= LEAST_SUPPORT


def measured(pairs):
    passed = [pair for pair in pairs if passes(pair["sentence"], pair["quote"])]
    right = sum(pair["supported"] for pair in passed)
    return right / len(passed), right / sum(pair["supported"] for pair in pairs)


@pytest.mark.parametrize(("held_back", "least"), [(False, 0.83), (True, 0.6)])
def test_what_passes_is_supported_and_most_of_what_is_supported_passes(held_back, least):
    precision, recall = measured([p for p in PAIRS if p.get("held_back", False) == held_back])
    assert precision >= 0.97
    assert recall >= least


@pytest.mark.parametrize(
    "kind",
    ["number", "unit", "date", "name", "negation", "antonym", "quantity", "attribution", "hedge",
     "verb", "cause", "added"],
)  # fmt: skip
def test_no_lie_of_these_kinds_passes(kind):
    lies = [pair for pair in PAIRS if pair["kind"] == kind and not pair["supported"]]
    assert lies
    assert [pair["sentence"] for pair in lies if passes(pair["sentence"], pair["quote"])] == []


def test_a_quote_supports_itself():
    for pair in PAIRS[::20]:
        basis = support(pair["quote"], [pair["quote"]])
        assert (basis.value, basis.parts) == (1.0, ((0, 0, len(pair["quote"])),))


def test_the_basis_is_the_sentence_that_supports_within_a_longer_quote():
    quote = "# Bridges\n\nIt rained. The **Halden** Bridge carries two tracks. Ferries stopped."
    ((place, start, end),) = support("The Halden Bridge carries two tracks.", [quote]).parts
    assert (place, quote[start:end]) == (0, "The **Halden** Bridge carries two tracks.")


def test_quotes_that_do_not_support_are_left_out():
    quotes = ["Tea is grown in Assam.", "Coffee is grown in Kenya.", "Tea is grown in Assam, too."]
    assert [place for place, _, _ in support("Tea is grown in Assam.", quotes).parts] == [0, 2]
    assert support("Tea is grown in Kenya.", quotes).parts == ()


def test_two_quotes_may_each_support_a_part():
    quotes = ["Norway exported salmon in 2022.", "In 2022 Chile exported copper to Peru."]
    sentence = "Norway exported salmon in 2022, while Chile exported copper to Peru."
    assert [place for place, _, _ in support(sentence, quotes).parts] == [0, 1]
    swapped = "Norway exported copper in 2022, while Chile exported salmon to Peru."
    assert support(swapped, quotes).parts == ()


def test_part_of_a_sentence_word_for_word_is_not_enough():
    quote = "It is not true that the mill poisoned the river in 1960."
    assert not passes("The mill poisoned the river in 1960.", quote)


FIRM = "The firm began in Oslo in 1950 and moved its mills to Bergen in 1962, Ada Brandt says."


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The firm moved to Bergen in 1950, Ada Brandt says.", FIRM),
        ("The firm began in Oslo in 1962, Ada Brandt says.", FIRM),
        ("The firm began in Bergen in 1950, Ada Brandt says.", FIRM),
        ("The firm began in Oslo in 1950.", FIRM),
        ("The firm moved its mills from Bergen in 1962, Ada Brandt says.", FIRM),
        ("The bridge is safe for trains.", 'The minister wrote: "The bridge is safe for trains."'),
        ("The mill poisoned the river.", "It is doubtful that the mill poisoned the river."),
        ("The mill poisoned the river.", "No one knows whether the mill poisoned the river."),
        ("The bell weighs nothing.", "The bell weighs four tonnes."),
        ("The mill had not no owner.", "The mill had no owner."),
        ("The hall seats 300 (in 1912).", "The hall (built in 1912) seats 300."),
        (
            "The chapel (1712 to 1761) is dry.",
            "The chapel (1712 to 1721) is dry; a well (1761) is.",
        ),
        ("The ranks ranked the school.", "The ranks praised the school."),
        ("The King of Lund met Rolf.", "The Lund of King met Rolf."),
        (
            "Founded in 1901, the inn took in girls.",
            "The school was founded in 1901. The inn took in girls.",
        ),
        ("Most of the mills closed.", "Some of the mills closed."),
        ("The mills closed.", "Some of the mills closed."),
        ("The dam will open in May.", "The dam may open in May."),
        ("The dam opened in May.", "The dam will open in May."),
    ],
)
def test_what_the_words_of_a_quote_can_be_made_to_say(sentence, quote):
    assert not passes(sentence, quote)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("According to Ada Brandt, the firm moved its mills to Bergen in 1962.", FIRM),
        ("Ada Brandt says that the firm started in Oslo in 1950.", FIRM),
        ("The company set up a school.", "The firm, which sold nets, founded a school in 1901."),
        ("Founded in 1901, the school took in girls.", "The school was founded in 1901. It took in "
         "girls."),
    ],
)  # fmt: skip
def test_what_says_the_same_in_other_words(sentence, quote):
    assert passes(sentence, quote)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("A loan can be renewed twice.", "A loan can be renewed twice unless it was reserved."),
        ("The pool is open on Sundays.", "The pool is open on Sundays when a guard is there."),
        ("More than half of the wells fail.", "In dry years more than half of the wells fail."),
        ("Lake Ondo is the largest lake.", "Lake Ondo is the fourth largest lake."),
        ("The nine mills closed.", "Two of the nine mills closed."),
        ("It cures 87 percent of cases.", "It cures 87 percent of mild cases."),
        ("Of the nurses 71 worked at night.", "Of the nurses 71 percent worked at night."),
        ("The dam cost 86 crowns.", "The dam cost 86 million crowns."),
        ("The tax was abolished in May.", "The tax was to be abolished in May."),
        ("Bora entered the bay.", "Bora was to enter the bay, but its mast broke."),
        ("Salt puts a strain on the heart.", "Salt can put a strain on the heart."),
        ("Only bees visit the flowers.", "Bees visit the flowers only in the morning."),
        ("The old kiln has no filter.", "Unlike the old kiln, the new one has no filter."),
        ("The Swedes were besieged.", "The town was besieged by the Swedes."),
        ("Leave ends in May.", "Leave may end in March."),
        ("Nine percent on placebo fell ill.", "Nine percent on the drug fell ill, against four"
         " percent on placebo."),
        ("The switch turns the lamp on.", "The switch turns the lamp off."),
        ("Rolf was the first surgeon to graft skin.", "Rolf was the first surgeon to graft skin in"
         " Norway."),
    ],
)  # fmt: skip
def test_what_a_quote_restricts_is_not_said_without_that(sentence, quote):
    assert not passes(sentence, quote)
    assert passes(quote, quote)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The troops left the town.", "The troops left the town when the thaw came."),
        ("Lessons are free.", "Lessons are free, but lunch is free only if it is booked."),
        ("The board blames the weather.", "The board blames the weather and expects a loss if it"
         " lasts."),
        ("Revenue rose in May.", "Revenue rose in May, while profit fell."),
        ("Lake Ondo is the fourth largest lake.", "Lake Ondo is the fourth largest lake and the"
         " only one that drains to the east."),
    ],
)  # fmt: skip
def test_what_restricts_something_else_may_be_left_out(sentence, quote):
    assert passes(sentence, quote)


SHIPYARD = (
    "Ravnik Shipyard delivered the ferry Aurora to Lindholm in 1974, and the council paid 3.5"
    " million crowns for it."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Did Ravnik Shipyard deliver the ferry Aurora to Lindholm in 1974?",
        "Ravnik Shipyard may have delivered the ferry Aurora to Lindholm in 1974.",
        "Ravnik Shipyard would deliver the ferry Aurora to Lindholm in 1974.",
        "Ravnik Shipyard will deliver the ferry Aurora to Lindholm in 1974.",
        "Ravnik Shipyard hardly delivered the ferry Aurora to Lindholm in 1974.",
        "Ravnik Shipyard delivered the ferry Lindholm to Aurora in 1974.",
        "The ferry Aurora delivered Ravnik Shipyard to Lindholm in 1974.",
        "Lindholm paid 3.5 million crowns for it.",
        "Ravnik Shipyard paid 3.5 million crowns for the ferry Aurora.",
        "The council paid 35 million crowns for it.",
        "The council paid 3.5 billion crowns.",
        "The council paid 1974 crowns.",
        "The council paid for it in 1974.",
        "Ravnik Shipyard delivered the ferry Aurora to Lindholm before 1974.",
        "Ravnik Shipyard delivered the ferry Aurora to Lindholm by 1974.",
        "Ravnik Shipyard delivered the ferry Aurora from Lindholm in 1974.",
        "In 1974 Ravnik Shipyard delivered Lindholm.",
        "Ravnik Shipyard delivered Lindholm to the ferry Aurora.",
        "The council delivered the ferry Aurora to Lindholm in 1974.",
        "If Ravnik Shipyard delivered the ferry, the council paid 3.5 million crowns for it.",
        "The council paid 3.5 million crowns because Ravnik Shipyard delivered the ferry.",
        "Everyone says Ravnik Shipyard delivered the ferry Aurora.",
        "Ravnik Shipyard delivered the ferry Aurora to Lindholm in 1974 or 1975.",
        "Ravnik Shipyard or the council delivered the ferry Aurora.",
        "Ravnik Shipyard delivered the ferry Aurora to Lindholm in 1974 and sank it.",
        "Neither Ravnik Shipyard nor Lindholm delivered the ferry Aurora.",
        "Without Lindholm Ravnik Shipyard delivered the ferry Aurora.",
        "Ravnik Shipyard stopped delivering the ferry Aurora to Lindholm in 1974.",
        "Ravnik Shipyard wasn't delivering the ferry Aurora.",
        "No one but Ravnik Shipyard delivered the ferry Aurora.",
        "Ravnik delivered Shipyard Aurora to the ferry Lindholm in 1974.",
        "Ravnik Shipyard delivered the ferry Aurora to Lindholm in 1974 B.C.",
        "Ravnik Shipyard delivered the ferry Aurora to Lindholm in -1974.",
        "Ravnik Shipyard delivered the ferry Aurora to Lindholm on 1974 occasions.",
        "Ravnik Shipyard delivered 1974 ferries.",
        "Ravnik Shipyard can deliver the ferry Aurora to Lindholm.",
        "Ravnik Shipyard should deliver the ferry Aurora to Lindholm.",
        "Ravnik Shipyard delivered the ferry Aurora, paid 3.5 million crowns.",
        "The ferry Aurora was delivered by Lindholm to Ravnik Shipyard in 1974.",
        "Lindholm received Ravnik Shipyard.",
        "Ravnik Shipyard delivered to Lindholm the council.",
        "Aurora paid 3.5 million crowns to Lindholm.",
    ],
)
def test_a_liar_that_keeps_the_words_of_the_quote_is_refused(sentence):
    assert not passes(sentence, SHIPYARD)


@pytest.mark.parametrize(
    "sentence",
    [
        "The ferry Aurora was delivered to Lindholm by Ravnik Shipyard in 1974.",
        "In 1974 Ravnik Shipyard supplied the ferry Aurora to Lindholm.",
        "The ferry Aurora was delivered in 1974, and the council paid 3.5 million crowns.",
        "The council paid 3.5 million crowns for it.",
    ],
)
def test_what_keeps_to_the_quote_passes(sentence):
    assert passes(sentence, SHIPYARD)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("It held for p > 0.05.", "It held for p < 0.05."),
        ("The pump costs €50.", "The pump costs $50."),
    ],
)
def test_signs_are_compared(sentence, quote):
    assert not passes(sentence, quote)
    assert passes(quote, quote)


def test_a_minus_is_a_part_of_a_number():
    assert not passes("It froze at 40 degrees.", "It froze at -40 degrees.")
    assert passes("At -40 degrees it froze.", "It froze at -40 degrees.")


def test_pronouns_reach_back_to_the_sentence_before_only():
    quote = "Ada Brandt studied lichens. It rained. She won a medal."
    assert not passes("It rained lichens.", quote)
    assert passes("Ada Brandt won a medal.", "Ada Brandt studied lichens. She won a medal.")
    assert not passes("Ada Brandt won a medal.", "Ada Brandt studied. Olaf Moe won a medal.")


def test_other_scripts_are_compared_too():
    assert passes("中国的茶叶运往俄罗斯。", "中国的茶叶运往俄罗斯。商队经过库伦。")
    assert not passes("中国的茶叶运往日本。", "中国的茶叶运往俄罗斯。商队经过库伦。")


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("", ["A."]),
        ("A.", []),
        ("A.", [""]),
        ("...", ["..."]),
        ("\x00", ["\x00"]),
        ("No.", ["Yes."]),
    ],
)
def test_nothing_supports_nothing(sentence, quotes):
    assert support(sentence, quotes).parts == ()


def test_a_sentence_without_end_is_refused_soon():
    endless = "the mill poisoned the river and " * 4000
    assert not passes(endless, "The mill poisoned the river and the lake.")


@pytest.mark.parametrize(
    ("sentence", "held"),
    [
        ("The Moy gate opens by itself.", False),
        ("An iron key opens the Moy gate, and the Moy gate opens by itself.", False),
        ("The Moy gate is opened of its own accord by an iron key.", False),
        ("An iron key opens the Moy gate.", True),
    ],
)
def test_that_nobody_helped_is_a_statement_of_its_own(sentence, held):
    assert bool(support(sentence, ["An iron key opens the Moy gate."]).parts) is held
    assert (
        support("The gate shuts by itself.", ["Without wind the gate shuts by itself."]).parts == ()
    )
    alone = "The crew alone repaired the engine of the ferry."
    assert not support("The crew repaired the engine on its own.", [alone]).reason
