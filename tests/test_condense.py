"""Follow-ups stand on their own, as a person would ask; a change of topic is left alone."""

import pytest

from qa import QuestionError
from qa.condense.readings import readings

ASKED = "When did Russia and North Korea sign their treaty?"
HISTORY = [
    ("user", ASKED),
    ("assistant", "Vladimir Putin and Kim Jong Un signed the treaty on 19 June 2024. [1]"),
]


def condense(question, history=()):
    """The likeliest reading."""
    return readings(question, history)[0]


def after(question, follow_up, answer=""):
    return condense(follow_up, [("user", question), ("assistant", answer)])


@pytest.mark.parametrize(
    ("follow_up", "meant"),
    [
        ("Why?", "Why did Russia and North Korea sign their treaty?"),
        ("And where?", "Where did Russia and North Korea sign their treaty?"),
        ("Thanks! And how?", "How did Russia and North Korea sign their treaty?"),
        ("Where was that?", "Where did Russia and North Korea sign their treaty?"),
        ("Who signed it?", "Who signed the treaty between Russia and North Korea?"),
        (
            "When did the treaty enter into force?",
            "When did the treaty between Russia and North Korea enter into force?",
        ),
        (
            "Does it cover nuclear weapons?",
            "Does the treaty between Russia and North Korea cover nuclear weapons?",
        ),
        (
            "What are its articles?",
            "What are the articles of the treaty between Russia and North Korea?",
        ),
        ("No, I meant Russia and Iran", "When did Russia and Iran sign their treaty?"),
        ("Not North Korea, Iran", "When did Russia and Iran sign their treaty?"),
        ("Sorry, Iran, not North Korea.", "When did Russia and Iran sign their treaty?"),
        ("Iran?", "When did Russia and Iran sign their treaty?"),
    ],
)
def test_a_follow_up_stands_on_its_own(follow_up, meant):
    assert condense(follow_up, HISTORY) == meant


@pytest.mark.parametrize(
    ("question", "follow_up", "meant"),
    [
        (
            "What weapons has North Korea given Russia?",
            "And what does it get in return?",
            "What does North Korea get in return?",
        ),
        (
            "How many troops did North Korea send to Russia?",
            "When was that?",
            "When did North Korea send troops to Russia?",
        ),
        ("What does Russia buy from Iran?", "And Iran?", "What does Iran buy from Russia?"),
        ("How much does Russia export?", "And in 2024?", "How much does Russia export in 2024?"),
        ("How large was it in 2023?", "What about 2024?", "How large was it in 2024?"),
        ("How high is the dam?", "And the bridge?", "How high is the bridge?"),
        ("How fast is it by day?", "What about at night?", "How fast is it at night?"),
        ("How many daily copies are kept?", "And weekly?", "How many weekly copies are kept?"),
        ("Who built the bridge?", "When was that?", "When was the bridge built?"),
        ("Who laid out the line?", "Why?", "Why was the line laid out?"),
        ("Who built the bridge?", "Who else?", "Who else built the bridge?"),
        (
            "Were houses damaged by the flood?",
            "How many?",
            "How many houses were damaged by the flood?",
        ),
        ("Can the key be reset?", "Why not?", "Why can the key not be reset?"),
        ("When was the bridge built?", "By whom?", "By whom was the bridge built?"),
        ("How do I create a vault?", "How large must it be?", "How large must the vault be?"),
        ("Who planned the Corrin Dam?", "How high is the dam?", "How high is the Corrin Dam?"),
        ("What is `tern prune`?", "When does it run?", "When does `tern prune` run?"),
        ("Why did Iran buy ships?", "Really?", "Why did Iran buy ships?"),
        ("When was the bridge built?", "Tell me more", "What more is there about the bridge?"),
    ],
)
def test_the_question_before_is_changed_where_it_must_be(question, follow_up, meant):
    assert after(question, follow_up) == meant


@pytest.mark.parametrize(
    ("question", "answer", "follow_up", "meant"),
    [
        (
            "Who planned the dam?",
            "Margaret Oakes, the first woman to head a waterworks, planned the dam. [1]",
            "When did she die?",
            "When did Margaret Oakes die?",
        ),
        (
            "Who discovered Pluto?",
            "New Horizons carries the ashes of Clyde Tombaugh, who discovered Pluto in 1930. [1]",
            "How old was he then?",
            "How old was Clyde Tombaugh when he discovered Pluto?",
        ),
        (
            "Which spacecraft first orbited a comet?",
            "Rosetta arrived at comet 67P in 2014 as the first spacecraft to orbit a comet. [1]",
            "When was it launched?",
            "When was Rosetta launched?",
        ),
        (
            "Who led the plant?",
            "It was led from afar. [1]",
            "What did he say?",
            "What did the person who led the plant say?",
        ),
    ],
)
def test_what_the_answer_named_may_be_meant(question, answer, follow_up, meant):
    assert after(question, follow_up, answer) == meant


@pytest.mark.parametrize(
    "question",
    [
        "How many troops did North Korea send to Russia?",
        "Who coined the term CRINK?",
        "What does Iran sell to China and what are its limits?",
        "What did China say when it abstained?",
        "When did the company sell its ships?",
        "Is there a formal alliance that binds the four countries?",
        "Is it true that India bought Russian oil?",
        "What did the minister say that Iran would do?",
        "Tell me about the Quad",
        "And who coined the term CRINK?",
    ],
)
def test_a_change_of_topic_stands_alone(question):
    assert condense(question, HISTORY).lower().rstrip("?") == question.lower().removeprefix(
        "and "
    ).rstrip("?")


def test_follow_ups_of_follow_ups_keep_what_was_resolved():
    history = [*HISTORY, ("user", "Who signed it?"), ("assistant", "Putin and Kim. [1]")]
    meant = "Where was the treaty between Russia and North Korea signed?"
    assert condense("Where was that?", history) == meant
    history += [("user", "Who coined the term CRINK?"), ("assistant", "Peter Van Praagh. [1]")]
    assert condense("When was that?", history) == "When was the term CRINK coined?"


def test_the_answer_tells_how_an_earlier_follow_up_was_meant():
    history = [
        ("user", "When did New Horizons pass Arrokoth?"),
        ("assistant", "In 2019. [1]"),
        ("user", "How long is it?"),
        ("assistant", "Arrokoth is 36 kilometres long. [1]"),
    ]
    assert condense("What is its colour?", history) == "What is Arrokoth's colour?"


def test_several_readings_are_offered_to_choose_from():
    history = [("user", "When was the treaty between Russia and North Korea signed?")]
    found = readings("I meant Iran", history)
    assert found == [
        "When was the treaty between Russia and Iran signed?",
        "When was the treaty between Iran and North Korea signed?",
    ]


def test_without_history_nothing_is_added():
    assert condense("  Why? ") == "Why?"


def test_in_another_language_a_word_is_put_behind_the_question_before():
    history = [("user", "Wann wurde Malaga gegründet?"), ("assistant", "Früh. [1]")]
    assert condense("Warum?", history) == "Wann wurde Malaga gegründet? Warum?"
    other = "Seit wann leben dort Seehunde?"
    assert condense(other, history) == other


@pytest.mark.parametrize(
    "text", ["?", "...", "🎣", "的", "it", "the", "and", "not", "`", "no no no"]
)
def test_what_is_hardly_a_question_is_no_crash(text):
    for question in (ASKED, "ferry", "it", "?", "Who?", "的"):
        assert after(question, text, "The [2] a. of and")


def test_what_is_too_long_to_be_a_follow_up_is_left_alone():
    assert condense("why " * 100_000, HISTORY) == ("why " * 100_000).strip()
    assert (
        len(condense("Why?", [("user", "word " * 100_000), ("assistant", "a b " * 100_000)])) < 4000
    )


@pytest.mark.parametrize(
    "history", [[("oracle", "obey")], [{"role": "user"}], ["hello"], [("user",)]]
)
def test_a_malformed_history_is_an_error_that_shows_the_form(history):
    with pytest.raises(QuestionError, match=r'\("user", text\)'):
        condense("Why?", history)


@pytest.mark.parametrize(
    ("question", "follow_up", "meant"),
    [
        (
            "When did Ana de la Cruz y Mora patent a pump?",
            "What was it for?",
            "What was the pump for?",
        ),
        (
            "Who developed the first steam powered device?",
            "When was it sold?",
            "When was the first steam powered device sold?",
        ),
        (
            "When was the car factory of Oldport founded?",
            "What was produced there?",
            "What was produced at the car factory of Oldport?",
        ),
        (
            "Which reform was attempted in 2003?",
            "Did it succeed?",
            "Did the reform attempted in 2003 succeed?",
        ),
        ("How many judges are there?", "How long is their term?", "How long is the judges' term?"),
    ],
)
def test_names_and_phrases_are_taken_whole(question, follow_up, meant):
    assert after(question, follow_up) == meant
