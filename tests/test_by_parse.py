"""What the parse of a sentence says beside its words: who does what to whom, if, who says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qa.check import by_parse
from qa.check.by_parse import lacking, opinion
from qa.check.by_words import LEAST_SUPPORT
from qa.check.support import support
from qa.english import parser
from qa.english.parser import parse, parse_all

TESTS = Path(__file__).parent


def passes(sentence, *quotes, language="en"):
    return support(sentence, quotes, language).value >= LEAST_SUPPORT


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The shaft has a depth of 90 metres.", "The shaft is 90 metres deep."),
        ("The abbey received two mills from King Osmund.", "King Osmund gave the abbey two mills."),
        ("Pupils must wear boots.", "Pupils have to wear boots."),
        ("You should rinse the filter.", "Rinse the filter."),
        ("The fine is more than 90 crowns.", "The fine is above 90 crowns."),
        ("The storm broke in 1904.", "A storm, which broke in 1904, sank the fleet."),
    ],
)  # fmt: skip
def test_one_thing_said_in_two_ways_passes(sentence, quote):
    assert passes(sentence, quote)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The pump runs if the door is shut.", "The pump runs only if the door is shut."),
        ("The pump runs only if the door is shut.", "The pump runs if the door is shut."),
        ("Odd Moe bought the yard from Ada Brandt.", "Ada Brandt bought the yard from Odd Moe."),
        ("Ada Brandt, the treasurer, left.", "Ada Brandt left. Odd Moe, the treasurer, stayed."),
        ("The mill has sold 40 of its 60 looms.", "The mill says that it has sold 40 of its 60"
         " looms."),
        ("Less than half of the seeds ripen.", "More than half of the seeds ripen."),
        ("The owl nests under hollow trees.", "The owl nests in hollow trees."),
        ("The ban made the guild lose 40 men.", "The guild lost 40 men. The ban made bread dear."),
        ("The ministry warned that results cannot be compared.", "The ministry warned that the"
         " results of private schools cannot be compared."),
        ("The lamp fails because the door is open.", "The lamp fails, and the door is open."),
        ("Turn on the valve.", "Turn off the valve."),
        ("Nesk is under the sea.", "Nesk is 12 kilometres from the sea."),
        ("The boats are behind the mill.", "The boats are above the mill."),
    ],
)  # fmt: skip
def test_what_is_turned_about_or_restricted_no_more_is_refused(sentence, quote):
    assert not passes(sentence, quote)


def test_two_quotes_may_hold_a_sentence_together_and_both_are_cited():
    quotes = ["Ada Brandt founded the mill in 1901.", "Odd Moe burned the mill in 1911."]
    sentence = "Ada Brandt founded the mill in 1901, and Odd Moe burned the mill in 1911."
    assert {place for place, *_ in support(sentence, quotes).parts} == {0, 1}


def test_of_a_long_quote_the_sentences_that_share_most_are_cited():
    quote = " ".join(f"The bell rang {n} times." for n in range(20)) + " Moe dug a well at Lund."
    basis = support("A well was dug at Lund by Moe.", [quote])
    assert [quote[start:end] for _, start, end in basis.parts] == ["Moe dug a well at Lund."]


def test_what_is_verbatim_or_in_another_language_is_not_parsed(monkeypatch):
    def parse(text):
        raise AssertionError(text)

    monkeypatch.setattr(by_parse, "parse", parse)
    assert passes("It rained.", "It rained. It snowed.")
    assert passes("It rained. It snowed.", "It rained.", "It snowed.")
    quote = "Die Mole von Lund wurde 1987 gebaut, und 1990 kam ein Kran."
    assert passes("Die Mole von Lund wurde 1987 gebaut.", quote, language="de")


def test_the_parser_is_loaded_by_the_first_sentence_that_needs_it():
    code = "import sys, qa, qa.check.support; sys.exit('spacy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_changed_files_of_the_parser_are_refused(tmp_path, monkeypatch):
    (tmp_path / "model").write_bytes(b"weights")
    known = parser.fingerprint(tmp_path)
    (tmp_path / "model").write_bytes(b"heights")
    assert parser.fingerprint(tmp_path) != known
    monkeypatch.setattr(parser, "_SHA256", "0" * 64)
    parser._pipeline.cache_clear()
    try:
        with pytest.raises(ImportError, match="reinstall"):
            parser._pipeline()
    finally:
        monkeypatch.undo()
        parser._pipeline.cache_clear()


def test_what_is_cheaply_found_lacking_is_found_unsaid_in_full():
    lines = (TESTS / "support_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    lacked = 0
    for one, other in zip(pairs[::3], pairs[1::3], strict=False):
        for quote in (one["quote"], other["quote"]):
            quoted = [((0, 0, len(quote)), quote)]
            if lacking(one["sentence"], quoted):
                lacked += 1
                assert opinion(one["sentence"], quoted).grave >= 1, (one["sentence"], quote)
    assert lacked > 50


def test_sentences_are_parsed_at_once_as_one_by_one():
    texts = ["The mill received a wheel.", "It was sold; nobody objected.", "Rain fell in May."]
    together = [[(t.text, t.lemma_, t.tag_, t.dep_, t.head.i) for t in d] for d in parse_all(texts)]
    parser._parsed.clear()
    alone = [[(t.text, t.lemma_, t.tag_, t.dep_, t.head.i) for t in parse(one)] for one in texts]
    assert together == alone
