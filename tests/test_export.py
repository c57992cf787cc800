"""An answer as Markdown, evidence, BibTeX and CSL-JSON: complete, and safe whatever it quotes."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from index import open_index, rebuild
from qa import answer
from qa.errors import SettingError
from qa.export.answers import (
    FORMATS,
    export_answer,
    file_name,
    format_of,
    write_export,
)
from qa.export.evidence import CONTEXT, digest
from qa.retrieve.calibration import weights_digest

QUESTION = "When was the harbour of Oldport dredged?"
HOSTILE = """---
title: 'Bridges} @evil{x, <script>alert(1)</script> \\input{secret} 50% & more_'
url: https://example.org/a{b}_c?d=100%25&e=f
publisher: '[P](javascript:x) {and} Sons ^~ #1 $2'
author: Ada and Bob
published: 2020-02
accessed: 2026-01-31
license: CC BY 4.0
language: en
references:
  - title: Gazette 12
---
The **toll** of the Gorsk bridge is 5 $ & 50% of {it} goes to the ferry_man <b>daily</b> \\end.
"""


@pytest.fixture(scope="module")
def found(opened):
    return answer(QUESTION, index=opened)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    (folder / "library" / "a").mkdir(parents=True)
    (folder / "library" / "a" / "brücke [1]`.md").write_text(HOSTILE)
    (folder / "library" / "other.txt").write_text("Hens sleep in the barn of Lower Gorsk.")
    rebuild(folder / "library", index=folder / "index")
    opened = open_index(folder / "index")
    return answer("What is the toll of the Gorsk bridge?", index=opened), opened


def test_evidence_holds_all_that_a_check_needs(found, opened):
    evidence = json.loads(export_answer(found, "evidence", index=opened))
    assert evidence["answer"]["question"] == QUESTION
    assert [one["text"] for one in evidence["answer"]["sentences"]] == [
        sentence.text for sentence in found.sentences
    ]
    for citation, stored in zip(found.citations, evidence["answer"]["citations"], strict=True):
        text = opened.source(citation.source_id).text
        assert {name: stored[name] for name in ("quote", "start", "end", "sha256")} == {
            "quote": citation.quote, "start": citation.start, "end": citation.end,
            "sha256": citation.sha256,
        }  # fmt: skip
        around = stored["prefix"] + stored["quote"] + stored["suffix"]
        assert around in text and len(stored["prefix"]) <= CONTEXT
        assert len(around) > len(stored["quote"])
    (source,) = evidence["sources"]
    assert source["id"] == "ports/harbour"
    assert source["sha256"] == opened.source("ports/harbour").sha256
    assert source["characters"] == len(opened.source("ports/harbour").text)
    assert source["path"] == "ports/harbour.md"
    manifest = opened.generation.manifest
    assert evidence["settings"] == {
        "refdesk": evidence["settings"]["refdesk"],
        "generation": manifest.generation,
        "built": manifest.created,
        "model": None,
        "embedding_model": manifest.embedding_model,
        "language": manifest.language,
        "weights": weights_digest(read=False),
        "calibration": None,
    }
    assert re.match(r"\d+\.\d+", evidence["settings"]["refdesk"])
    assert evidence["sha256"] == digest(evidence)
    evidence["answer"]["text"] += " "
    assert evidence["sha256"] != digest(evidence)


def test_evidence_is_the_answer_of_to_dict_and_more(found, opened):
    evidence = json.loads(export_answer(found, "evidence", index=opened))
    plain = json.loads(json.dumps(found.to_dict()))
    del plain["left_out"]  # what a model wrote and nobody is shown is no part of the answer
    for citation in evidence["answer"]["citations"]:
        del citation["prefix"], citation["suffix"]
    assert evidence["answer"] == plain


def test_markdown_reads_as_the_answer(found, opened):
    text = export_answer(found, "markdown", index=opened)
    assert text.startswith(f"# {QUESTION}\n\n{found.text}\n")
    citation = found.citations[0]
    assert "**The harbour of Oldport** · Oldport Gazette · 2021-05-04 · news" in text
    assert "<https://example.org/harbour>" in text
    assert citation.sha256 in text and f"characters {citation.start} to {citation.end}" in text


def test_markdown_says_how_sentences_in_other_words_were_checked(found, opened):
    text = export_answer(found, "markdown", index=opened)
    assert "in other words" not in text  # extracts are word for word
    (sentence, *rest) = found.sentences
    by_rules = replace(found, sentences=(replace(sentence, checked_by="rules"), *rest), model="m")
    shown = export_answer(by_rules, "markdown", index=opened)
    assert f"written by m (1 of {len(found.sentences)} in other words, checked by rules)" in (
        shown.replace("\\", "")
    )
    hostile = replace(sentence, checked_by="model:[x](http://a.example) <b>")
    shown = export_answer(replace(by_rules, sentences=(hostile,)), "markdown", index=opened)
    assert "[x](http" not in shown and "<b>" not in shown
    assert by_rules.to_dict()["checked_told"].endswith("checked by rules")
    assert by_rules.to_dict()["sentences"][0]["checked_by"] == "rules"


def test_bibtex_of_a_plain_source(found, opened):
    text = export_answer(found, "bibtex", index=opened)
    assert text.startswith("@misc{ports-harbour-2021,\n  title = {{The harbour of Oldport}},\n")
    assert "  publisher = {{Oldport Gazette}},\n" in text
    assert "  year = {2021},\n  month = may,\n  day = {4},\n" in text
    assert "  url = {https://example.org/harbour},\n" in text
    assert text.count("@misc") == 1


def test_csl_of_a_plain_source(found, opened):
    (item,) = json.loads(export_answer(found, "csl", index=opened))
    assert item["id"] == "ports-harbour-2021"
    assert item["type"] == "webpage"
    assert item["issued"] == {"date-parts": [[2021, 5, 4]]}
    assert found.citations[0].quote.split()[0] in item["annote"]


def test_nothing_of_a_source_is_markup(hostile):
    found, opened = hostile
    assert found.citations[0].source_id == "a/brücke [1]`"
    markdown = export_answer(found, "markdown", index=opened)
    kinds = [
        child.type
        for token in MarkdownIt("commonmark", {"html": True}).parse(markdown)
        for child in token.children or ()
    ]
    assert set(kinds) <= {"text", "text_special", "strong_open", "strong_close", "link_open",
                          "link_close", "softbreak"}  # fmt: skip
    html = MarkdownIt("commonmark", {"html": True}).render(markdown)
    assert re.findall(r"<a [^>]*>", html) == [
        '<a href="https://example.org/a%7Bb%7D_c?d=100%25&amp;e=f">'
    ]
    assert "<script" not in html and "<b>" not in html and "<code" not in html


def test_bibtex_keeps_its_braces_whatever_a_source_says(hostile):
    found, opened = hostile
    text = export_answer(found, "bibtex", index=opened)
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        assert depth >= 0
        if depth == 0 and char == "}":
            assert not text[place + 1 :].strip()  # the one entry ends where the text does
    assert depth == 0
    assert text.startswith("@misc{a-brucke-1-2020,\n")
    assert r"50\% \& more\_" in text
    assert r"\textbackslash{}input" in text
    assert "author = {{Ada and Bob}}" in text
    assert "url = {https://example.org/a%7Bb%7D_c?d=100%25&e=f}" in text
    assert "urldate = {2026-01-31}" in text
    assert "month = feb,\n  url" in text  # no day


def test_csl_takes_what_only_the_source_knows(hostile):
    found, opened = hostile
    (item,) = json.loads(export_answer(found, "csl", index=opened))
    assert item["author"] == [{"literal": "Ada and Bob"}]
    assert item["accessed"] == {"date-parts": [[2026, 1, 31]]}
    assert item["issued"] == {"date-parts": [[2020, 2]]}


def test_an_abstention_is_exported_with_what_came_nearest(opened):
    refused = answer("Who painted the Sistine Chapel?", index=opened)
    evidence = json.loads(export_answer(refused, "evidence", index=opened))
    assert evidence["answer"]["abstained"] and evidence["answer"]["nearest"]
    assert evidence["answer"]["nearest"][0]["suffix"] is not None
    assert evidence["sources"] == []
    markdown = export_answer(refused, "markdown", index=opened)
    assert "## Nearest passages" in markdown and "## Sources" not in markdown
    assert export_answer(refused, "bibtex", index=opened) == ""
    assert json.loads(export_answer(refused, "csl", index=opened)) == []


def test_an_answer_outlives_its_generation(own_library, tmp_path):
    index = tmp_path / "index"
    rebuild(own_library, index=index)
    found = answer(QUESTION, index=index)
    path = own_library / "ports" / "harbour.md"
    path.write_text(path.read_text().replace("eleven metres", "twelve metres"))
    rebuild(own_library, index=index)
    evidence = json.loads(export_answer(found, "evidence", index=index))
    assert evidence["answer"]["citations"][0]["suffix"]  # the generation is still there
    assert evidence["settings"]["embedding_model"]
    gone = replace(found, generation="00000000-000000")
    evidence = json.loads(export_answer(gone, "evidence", index=index))
    assert evidence["answer"]["citations"][0]["suffix"] is None
    assert evidence["settings"]["embedding_model"] is None
    assert "path" not in evidence["sources"][0]
    for name in ("../../secret", "/", ""):
        assert export_answer(replace(found, generation=name), "bibtex", index=index)


def test_two_sources_of_one_name_have_two_keys(found, opened):
    first = found.citations[0]
    twins = replace(
        found,
        citations=(first, replace(first, source_id="ports harbour"), replace(first, number=3)),
    )
    keys = re.findall(r"@misc\{(.*),", export_answer(twins, "bibtex", index=opened))
    assert keys == ["ports-harbour-2021", "ports-harbour-2021-2"]


def test_the_name_of_a_file_says_its_format(found):
    names = {"a.md": "markdown", "A.JSON": "evidence", "a.bib": "bibtex", "a.csl.json": "csl"}
    assert {name: format_of(Path(name)) for name in names} == names
    with pytest.raises(SettingError, match=r"end its name in one of \.md, \.json"):
        format_of(Path("answer.pdf"))
    assert file_name(found, "csl") == "when-was-the-harbour-of-oldport-dredged.csl.json"
    assert file_name(replace(found, question="茶?" + "x/.." * 99), "bibtex").count("/") == 0
    assert file_name(replace(found, question="茶?"), "bibtex") == "refdesk.bib"
    with pytest.raises(SettingError, match="name one of markdown, evidence"):
        export_answer(found, "pdf")


def test_writing_leaves_one_file(found, opened, tmp_path):
    for name in FORMATS:
        write_export(tmp_path / file_name(found, name), found, index=opened)
    assert len(list(tmp_path.iterdir())) == len(FORMATS)
    with pytest.raises(SettingError, match="name another file with --export"):
        write_export(tmp_path / "none" / "a.md", found, index=opened)
