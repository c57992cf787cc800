"""What the page is made of: HTML, excerpts, scopes, examples; without a server or a browser."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import parse_qs

import pytest

from index.build.golden import GoldenAnswer, GoldenChange, GoldenReport
from index.build.rebuild import RebuildReport
from index.errors import ScopeError
from qa.cli.shown import show_answer
from qa.export.answers import export_answer
from qa.export.cited import quotes_of
from qa.export.markdown import markdown
from qa.result import Answer, AnswerSentence, Citation, Conflict, Passage
from qa.templates import is_web_address, shortened
from qa.web.chat.conversation import Turn, history, stop
from qa.web.chat.examples import example_questions
from qa.web.chat.excerpt import Excerpt, excerpt
from qa.web.chat.opening import read
from qa.web.chat.panel import panel
from qa.web.chat.scope import Choice, choose
from qa.web.chat.shelf import shelf
from qa.web.chat.transcript import transcript
from qa.web.library.rebuilding import report
from qa.web.reader.document import Mark, reader
from qa.web.shared.render import render
from sources import Block, Source

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)> "
    "![x](http://a.example/x.png) [9] </bdi></span></mark><style>*{display:none}</style>"
    "{{value}} ${alert(1)} `${alert(1)}` @children javascript:alert(1)"
)
ALLOWED_TAGS = frozenset(
    re.findall(
        r"\S+",
        "a article b bdi blockquote button circle details div figcaption figure h2 h3 h4 header "
        "img input label li mark meter nav ol p path s section span strong summary svg time ul",
    )
)
ALLOWED_ATTRIBUTES = frozenset(
    re.findall(
        r"\S+",
        "alt aria-describedby aria-hidden aria-label aria-pressed class cx cy d "
        "data-asking data-at data-by data-conflict data-considered data-copy data-do data-for "
        "data-id data-link data-number data-page data-question data-right data-source data-talk "
        "data-turn datetime dir focusable height hidden href id max maxlength min placeholder r "
        "rel role src style tabindex target title type value viewbox width",
    )
)


class _Tags(HTMLParser):
    """Every tag and attribute of a piece of HTML, and the text between."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data):
        self.text += data


def passage(kind=Passage, **changes):
    quote = changes.pop("quote", "The lighthouse was built in 1911.")
    values = {
        "source_id": "lighthouse",
        "title": "The lighthouse",
        "publisher": "Gazette",
        "url": "https://example.org/a?b=1&c=2",
        "published": "2024-06-19",
        "standing": "news",
        "page": 4,
        "heading": "History > Building",
        "start": 0,
        "end": len(quote),
        "quote": quote,
        "sha256": "0" * 64,
        "score": 1.0,
    }
    return kind(**(values | changes))


def answered(**changes):
    citation = passage(Citation, number=1)
    values = {
        "question": "When was it built?",
        "text": "The lighthouse was built in 1911. [1]",
        "sentences": (AnswerSentence(text=citation.quote, citations=(1,), support=1.0),),
        "citations": (citation,),
        "confidence": 0.92,
        "abstained": False,
        "nearest": (),
        "model": None,
        "generation": "g",
        "condensed": "When was it built?",
    }
    return Answer(**(values | changes))


def abstained(**changes):
    return answered(
        **{"sentences": (), "citations": (), "abstained": True, "nearest": (passage(),)} | changes
    )


def test_a_quote_that_was_read_by_ocr_says_so_and_how_sure_that_is():
    told = "read by OCR, 93% sure"
    assert told not in panel((turn(answered()),))
    scanned = answered(citations=(passage(Citation, number=1, ocr_sure=0.934),))
    assert told in panel((turn(scanned),))
    assert told in quotes_of(scanned, "lighthouse") and told in markdown(scanned, None)
    assert scanned.to_dict()["citations"][0]["ocr_sure"] == 0.934


def turn(answer, **changes):
    shown = answer.nearest if answer.abstained else answer.citations
    values = {"question": answer.question, "scope": "the whole library (3 sources)"}
    return Turn(answer=answer, excerpts=(Excerpt(),) * len(shown), **(values | changes))


def source(**changes):
    values = {"id": "a", "title": "A", "text": "text", "format": "text", "path": "a.txt"}
    return Source(**(values | changes))


def test_a_sentence_carries_its_chip_and_the_card_its_quote():
    conversation = (turn(answered()),)
    said = transcript(conversation)
    assert 'href="#card-1-1"' in said
    assert "High confidence" in said and "about 92 in 100" in said
    assert "the whole library (3 sources)" in said
    beside = panel(conversation)
    assert 'id="card-1-1"' in beside
    assert "<mark>The lighthouse was built in 1911.</mark>" in beside
    assert "19 June 2024" in beside and "Gazette" in beside and ">News<" in beside
    assert "Page 4" in beside and "History &gt; Building" in beside
    assert (
        'href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer"'
        in beside
    )


def test_every_chip_leads_to_a_card_and_its_own_description():
    sentences = tuple(
        AnswerSentence(text=f"Sentence {number}.", citations=(1, 2), support=1.0)
        for number in (1, 2)
    )
    citations = tuple(passage(Citation, number=number) for number in (1, 2))
    conversation = (turn(answered(sentences=sentences, citations=citations)),) * 2
    page = _Tags(transcript(conversation) + panel(conversation))
    ids = page.attributes["id"]
    assert {target[1:] for target in page.attributes["href"] if target[0] == "#"} <= ids
    assert page.attributes["aria-describedby"] <= ids
    assert len(page.attributes["aria-describedby"]) == 2 * 2 * 2


def test_a_sentence_in_other_words_says_what_checked_it():
    (sentence,) = answered().sentences
    shown = {
        by: _Tags(transcript((turn(answered(sentences=(replace(sentence, checked_by=by),))),))).text
        for by in ("", "verbatim", "rules", "model:nli/base")
    }
    assert "(in other words, checked by rules)" in shown["rules"]
    assert "(in other words, checked by nli/base)" in shown["model:nli/base"]
    assert not [by for by in ("", "verbatim") if "in other words" in shown[by]]


def test_what_a_model_wrote_and_was_left_out_is_told_behind_a_line_and_nowhere_else(opened):
    reasons = (("it says again what was said", 1), ("the passages do not say it", 2))
    lies = (f"The dam was left to pirates. {HOSTILE}", "It was left open in 1950.")
    found = answered(left_out=reasons, rejected=tuple((lie, reasons[1][0]) for lie in lies))
    page = _Tags(transcript((turn(found),)))
    assert "3 sentences of the language model left" in " ".join(page.text.split())
    assert "2 sentences of the language model left out: the passages do not say it." in page.text
    folded = re.search(
        r'<details class="checked">(.*?)</details>', transcript((turn(found),)), re.S
    )
    struck = re.findall(r"<s>(.*?)</s>", folded[1], re.S)
    assert all('<span class="unseen">Left out: </span>' in one for one in struck)
    assert len(struck) == 2 and "pirates. &lt;script&gt;" in struck[0] and lies[1] in struck[1]
    assert transcript((turn(found),)).count("left to pirates") == 1
    assert page.tags <= ALLOWED_TAGS and page.attributes.keys() <= ALLOWED_ATTRIBUTES
    assert "left_out" in found.to_dict() and "rejected" not in found.to_dict()
    for form in ("markdown", "evidence", "bibtex", "csl"):
        written = export_answer(found, form, index=opened)
        assert "left" not in written.casefold() and reasons[0][0] not in written
    copied = re.findall(r'data-copy="([^"]*)"', transcript((turn(found),)))
    assert copied and not any("left" in one or reasons[0][0] in one for one in copied)
    assert "language model left" not in _Tags(transcript((turn(answered()),))).text


def test_what_another_source_says_otherwise_is_shown_and_can_be_read():
    other = passage(title="The ledger", quote="It was built in 1912.", standing="academic")
    conflict = Conflict(kind="date", cited=1, other=other, values=("1911", "1912"))
    conversation = (turn(answered(conflicts=(conflict,))),)
    said = transcript(conversation)
    for shown in (
        "Sources differ on a date",
        "<bdi>1911</bdi>",
        "<bdi>1912</bdi>",
        "The ledger",
        "Academic",
    ):
        assert shown in said
    assert 'data-conflict="1"' in said and said.count('id="tip-1-c1-1"') == 1


def test_only_the_last_turn_with_passages_is_shown():
    failed = Turn(question="And?", error="No.")
    groups = re.findall(
        r'<section [^>]*data-turn="(\d)"[^>]*?( hidden)?>',
        panel((turn(answered()),) * 2 + (failed,)),
    )
    assert groups == [("1", " hidden"), ("2", "")]


def test_an_abstention_is_no_answer():
    said = transcript((turn(abstained(condensed="Who built the lighthouse?")),))
    assert "Not in the sources" in said and 'class="answer"' not in said
    assert "Who built the lighthouse?" in said and "the whole library (3 sources)" in said
    beside = panel((turn(abstained()),))
    assert "Closest passages, not an answer" in beside
    assert "<mark>" not in beside and "The lighthouse was built" in beside


def test_a_follow_up_shows_how_it_was_understood():
    assert "Understood as" not in transcript((turn(answered()),))
    said = transcript((turn(answered(condensed="Who? When was it built?")),))
    assert "Understood as: <b><bdi>Who? When was it built?</bdi></b>" in said


def test_notice_error_and_state_are_shown():
    assert "it was slow" in transcript((turn(answered(notice="it was slow")),))
    assert 'role="alert"' in transcript((Turn(question="q", error="Too long."),))
    running = turn(answered(), running=True)
    assert "Reading on" in transcript((running,))
    assert "Stopped before" in transcript(stop([running]))


@pytest.mark.parametrize("kind", ["question", "quote", "metadata", "context", "model", "error"])
@pytest.mark.parametrize("answer", [answered, abstained])
def test_nothing_that_others_wrote_is_markup(kind, answer):
    bad = answer()
    changes = {}
    if kind == "question":
        bad = replace(bad, question=HOSTILE, condensed=HOSTILE + "?")
        changes = {"question": HOSTILE, "scope": HOSTILE}
    elif kind in ("quote", "metadata"):
        fields = (
            {"quote": HOSTILE}
            if kind == "quote"
            else dict.fromkeys(
                ("title", "publisher", "url", "published", "standing", "heading"), HOSTILE
            )
        )
        bad = replace(
            bad,
            citations=tuple(replace(one, **fields) for one in bad.citations),
            nearest=tuple(replace(one, **fields) for one in bad.nearest),
        )
    elif kind == "model":
        said = tuple(
            replace(sentence, text=HOSTILE, checked_by=f"model:{HOSTILE}")
            for sentence in bad.sentences
        )
        bad = replace(bad, sentences=said, model=HOSTILE, notice=HOSTILE)
    elif kind == "error":
        changes = {"error": HOSTILE}
    shown = turn(bad, **changes)
    if kind == "context":
        shown = replace(shown, excerpts=(Excerpt(before=HOSTILE, after="\n\n# " + HOSTILE),))
    shown = replace(shown, considered=shown.passages, right=False, note=HOSTILE)
    library = (source(title=HOSTILE, publisher=HOSTILE, published="2024", standing=HOSTILE),)
    markup = (
        transcript((shown,))
        + panel((shown,))
        + shelf(library, {one.id: one for one in library}.__getitem__)
    )
    page = _Tags(markup)
    assert page.tags <= ALLOWED_TAGS
    assert set(page.attributes) <= ALLOWED_ATTRIBUTES
    assert all(target.startswith(("#", "https://")) for target in page.attributes["href"])


def test_nothing_in_a_document_is_markup():
    text = f"{HOSTILE}\n\n{HOSTILE}"
    hostile = source(
        text=text,
        blocks=(
            Block(start=0, end=len(HOSTILE), kind="heading", level=1, title=HOSTILE),
            Block(start=len(HOSTILE) + 2, end=len(text), kind="row"),
        ),
        **dict.fromkeys(("id", "title", "publisher", "author", "license", "url"), HOSTILE),
        topics=(HOSTILE,),
    )
    page = _Tags(reader(hostile, marks=[Mark(number=1, start=3, end=len(text) - 3)], turn=1))
    assert page.tags <= ALLOWED_TAGS
    assert set(page.attributes) <= ALLOWED_ATTRIBUTES
    assert page.attributes["href"] == {"#read-1-1"}
    assert page.text.count(HOSTILE[5:-5]) >= 2


def test_a_document_shows_all_of_its_text_with_every_passage_marked():
    text = "# One\n\nfirst QUOTE\n\nof two blocks. Last.\n\n## Two\n\n- elsewhere"
    blocks = tuple(
        Block(start=text.index(part), end=text.index(part) + len(part), kind=kind, level=level,
              title=part if level else "")
        for part, kind, level in (
            ("One", "heading", 1), ("first QUOTE", "paragraph", 0),
            ("of two blocks. Last.", "paragraph", 0), ("Two", "heading", 2),
            ("elsewhere", "item", 0),
        )
    )  # fmt: skip
    start, end = text.index("QUOTE"), text.index(" Last")
    shown = reader(
        source(text=text, blocks=blocks),
        marks=[Mark(number=1, start=start, end=end), Mark(number=2, start=start + 2, end=end + 3)],
        turn=4,
    )
    page = _Tags(shown)
    for part in ("One", "first ", "QUOTE", "of two blocks.", " Last", "Two", "elsewhere"):
        assert part[:2] in page.text
    assert {"read-4-1", "read-4-2"} <= page.attributes["id"]
    assert shown.count('id="read-4-1"') == shown.count('id="read-4-2"') == 1
    assert re.sub(r"<[^>]+>", "", "".join(re.findall("<mark>.*?</mark>", shown))) == (
        "QUOTEof two blocks. La"
    )
    assert shown.count('class="level-') == 2


def test_of_a_long_document_the_part_that_is_asked_for_is_shown():
    paragraphs = [f"Paragraph {number} " + "word " * 100 for number in range(1000)]
    text, blocks = "", []
    for paragraph in paragraphs:
        blocks.append(Block(start=len(text), end=len(text) + len(paragraph), kind="paragraph"))
        text += paragraph + "\n\n"
    long = source(text=text, blocks=tuple(blocks))
    first, last = reader(long), reader(long, at=text.index("Paragraph 900 "))
    assert "Paragraph 0 " in first and "Paragraph 900 " not in first
    assert "Paragraph 900 " in last and "Paragraph 0 " not in last
    assert "a part of a long document" in first and "a part of a long document" in last


def test_what_a_turn_shows_is_what_is_marked():
    text = "The lighthouse was built in 1911. It is tall."
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    citation = passage(Citation, number=1, sha256=sha256)
    conversation = (turn(answered(citations=(citation,))),)

    class _Generation:
        row_of = {"lighthouse": 0}  # noqa: RUF012

        def source(self, _):
            return source(id="lighthouse", text=text)

    shown = read(_Generation(), conversation, {"turn": 1, "number": 1})
    assert "<mark>The lighthouse was built in 1911.</mark>" in shown
    assert "<mark>" not in read(_Generation(), conversation, {"source": "lighthouse"})
    assert "Not in the library any more" in read(_Generation(), conversation, {"source": "gone"})
    for odd in ({}, {"turn": "1"}, {"turn": True, "number": [1]}, {"source": ["lighthouse"]}):
        assert "Not in the library any more" in read(_Generation(), (), odd)


def test_text_is_shown_letter_for_letter():
    said = render("message.html", words=HOSTILE, kind="plain", role="status")
    assert _Tags(said).text.strip() == HOSTILE


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.org/a", True),
        ("HTTP://example.org", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("\x01javascript:alert(1)", False),
        ("data:text/html,<script>", False),
        ("//example.org", False),
        ("https:", False),
        ("https://[", False),
        ("https:\\\\example.org", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url, allowed):
    assert is_web_address(url) is allowed
    assert ('class="out"' in reader(source(url=url))) is allowed


def test_shortened_cuts_between_words():
    assert shortened("short", 10) == "short"
    assert shortened("some longer words", 12) == "some …"


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (0.99, "High confidence: about 99 in 100 such answers are right."),
        (0.8, "Good confidence: about 80 in 100 such answers are right."),
        (0.5, "Moderate confidence: about 50 in 100 such answers are right."),
        (0.49, "Low confidence: about 49 in 100 such answers are right."),
    ],
)
def test_confidence_is_told_in_the_same_words_everywhere(confidence, words, capsys, opened):
    found = answered(confidence=confidence)
    assert found.confidence_told == words
    assert words.split(": ")[1] in transcript((turn(found),))
    assert words in export_answer(found, "markdown", index=opened)
    show_answer(found)
    assert words in capsys.readouterr().out
    assert found.to_dict()["confidence_told"] == words


def test_no_figure_promises_certainty():
    assert "about 99 in 100" in transcript((turn(answered(confidence=1.0)),))
    assert "about 1 in 100" in transcript((turn(abstained(confidence=0.0)),))


def test_copying_gives_the_answer_with_its_sources():
    markup = transcript((turn(answered()),))
    [copied] = _Tags(markup).attributes["data-copy"]
    assert "The lighthouse was built in 1911. [1]" in copied
    assert "[1] The lighthouse. Gazette. 2024-06-19. https://example.org/a?b=1&c=2" in copied


LONG = "# One\n\n" + "before " * 100 + "THE QUOTE" + " after" * 100 + "\n\n## Two\n\nelsewhere"


def _quoted(text, quote, blocks=()):
    start = text.index(quote)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    found = passage(start=start, end=start + len(quote), quote=quote, sha256=sha256)
    return excerpt(found, source(text=text, blocks=blocks))


def test_an_excerpt_is_cut_between_words():
    found = _quoted(LONG, "THE QUOTE")
    assert not found.opens and not found.closes
    assert 280 <= len(found.before) <= 300 and found.before.startswith("before ")
    assert 280 <= len(found.after) <= 300 and found.after.endswith(" after")


def test_an_excerpt_stays_in_its_section():
    text = "# One\n\nfirst QUOTE last\n\n## Two\n\nelsewhere"
    blocks = (
        Block(start=2, end=5, kind="heading", level=1, title="One"),
        Block(start=7, end=23, kind="paragraph"),
        Block(start=28, end=31, kind="heading", level=2, title="Two"),
    )
    assert text[28:31] == "Two"
    assert _quoted(text, "QUOTE", blocks) == Excerpt(
        before="first ", after=" last", opens=True, closes=True
    )


def test_an_excerpt_of_another_text_is_empty():
    assert excerpt(passage(), source(text="other")) == Excerpt()


SOURCES = (
    source(id="a/[1]*", title="First", topics=("sea", "law"), standing="news"),
    source(id="b", title="Second", topics=("law",), standing="primary"),
    source(id="c", title="Third", topics=(), standing="primary"),
)


def test_an_empty_scope_is_the_whole_library():
    scope = choose(SOURCES, Choice())
    assert scope.patterns is None and scope.words == "the whole library (3 sources)"


def test_a_scope_is_what_fits_every_choice():
    assert choose(SOURCES, Choice(topics=["law"], standings=["primary"])).patterns == ("b",)
    assert choose(SOURCES, Choice(ids=["b", "c"])).words == "2 sources: Second, Third"
    with pytest.raises(ScopeError, match="choose less"):
        choose(SOURCES, Choice(ids=["c"], topics=["law"]))


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("2020", "", "de"),
        ("2024-03", "", "de"),  # some day of 2024 is after March
        ("2024-06-20", "", "d"),
        ("", "2023", "f"),
        ("2019", "2024-01", "df"),
        ("2024-06-19", "2024-06-19", "de"),
    ],
)
def test_a_scope_of_dates_holds_what_may_be_of_then(since, until, found):
    dated = [
        source(id=name, title=name, published=published)
        for name, published in (("d", "2024"), ("e", "2024-06-19"), ("f", "2019-05"), ("g", None))
    ]
    scope = choose(dated, Choice(since=since, until=until))
    assert "".join(scope.patterns) == found


def test_a_scope_with_a_wrong_date_says_so():
    with pytest.raises(ScopeError, match="YYYY-MM"):
        choose(SOURCES, Choice(since="last year"))


def test_a_link_brings_back_the_choice():
    choice = Choice(ids=("a/[1]*", "b&c"), topics=("law",), since="2024", until="2025-01-02")
    query = parse_qs(choice.link("Who? & why=").removeprefix("?"))
    assert Choice.from_query(query) == choice and query["q"] == ["Who? & why="]


def test_the_globs_of_a_scope_match_its_ids_only():
    from fnmatch import fnmatchcase

    [pattern] = choose(SOURCES, Choice(ids=["a/[1]*"])).patterns
    assert fnmatchcase("a/[1]*", pattern) and not fnmatchcase("a/1x", pattern)


def test_history_leaves_out_what_got_no_answer():
    conversation = (turn(answered()), Turn(question="x" * 5000, error="Too long."))
    assert history(conversation) == [
        ("user", "When was it built?"),
        ("assistant", "The lighthouse was built in 1911. [1]"),
    ]


def test_examples_come_from_the_questions_of_the_library(tmp_path):
    library = tmp_path / "documents"
    library.mkdir()
    lines = [
        {"question": "Who wrote the first?", "source": "b", "answers": ["x"]},
        {"question": "Who?", "source": "b", "answers": ["x"]},
        {"question": "Unanswerable?", "source": None, "answers": []},
        {"question": "Of a source that is gone?", "source": "gone", "answers": ["x"]},
        ["no", "object"],
        {"question": "What of c?", "source": "c", "answers": ["x"]},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\nno json\n", encoding="utf-8")
    assert example_questions(library, SOURCES) == ["Who?", "What of c?"]
    file.replace(library / "questions.jsonl")
    assert example_questions(library, SOURCES) == ["Who?", "What of c?"]
    assert example_questions(library, SOURCES, most=1) == ["Who?"]


def test_examples_without_questions_come_from_titles(tmp_path):
    assert example_questions(tmp_path / "none", SOURCES, most=2) == [
        "What does “First” say?",
        "What does “Third” say?",
    ]


def test_a_report_marks_the_words_in_which_an_answer_changed():
    before = GoldenAnswer(text=f"Built in 1911. {HOSTILE}", citations=("a:0-14",), right=True)
    after = GoldenAnswer(text=f"Built in 1912. {HOSTILE}", citations=("b:3-17",), right=False)
    nothing = GoldenAnswer(text=None, citations=(), right=False)
    golden = GoldenReport(
        asked=2,
        right=0,
        right_before=1,
        lost=(GoldenChange(question=HOSTILE, before=before, after=after),),
        changed=(GoldenChange(question="Who?", before=nothing, after=after),),
    )
    done = RebuildReport(
        added=(HOSTILE,), updated=(), removed=(), unchanged=(), skipped=((HOSTILE, HOSTILE),),
        invisible=(), chunks=3, embedded=1, seconds=1.0, generation="000002-ab", golden=golden,
    )  # fmt: skip
    said = report(done)
    assert "<del><bdi>1911.</bdi></del>" in said and "<ins><bdi>1912.</bdi></ins>" in said
    assert "a:0-14" in said and "b:3-17" in said
    assert "<del><bdi>no answer</bdi></del>" in said
    assert "Answers lost: 1" in said and "Answers changed: 1" in said
    assert "<script" not in said and "<img" not in said and "<svg" not in said
