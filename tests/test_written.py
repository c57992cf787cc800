"""What models write around an answer: thoughts, marks of many kinds, JSON, and how they end."""

import json

import pytest
from langchain_core.messages import AIMessageChunk
from scripted import Scripted

from qa import answer
from qa.compose.generate import cited_sentences
from qa.models.chat import describe_failure, is_too_long, stream_text
from qa.models.written import unwrapped, without_reasoning

QUESTION = "How deep is the harbour of Oldport?"
TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."


def pairs(pieces):
    """The sentences with the numbers of their marks."""
    return [one and (one.text, one.numbers) for one in cited_sentences(pieces)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Tea is cold. [1]", (1,)),
        ("Tea is cold [1-3].", (1, 2, 3)),
        ("Tea is cold [1–3, 5].", (1, 2, 3, 5)),
        ("Tea is cold 【2】.", (2,)),
        ("Tea is cold.【2†source】", (2,)),
        ("Tea is cold【3†L12-L15】.", (3,)),
        ("Tea is cold (Source 1).", (1,)),
        ("Tea is cold (see sources 1 and 2).", (1, 2)),
        ("Tea is cold. (Passage 4)", (4,)),
        ("Tea is cold [^1].", (1,)),
        ("Tea is cold [Source: 2].", (2,)),
        ("According to passage 1, Tea is cold.", (1,)),
        ("Tea is cold, according to source 2.", (2,)),
        ("Passage 3 says that Tea is cold.", (3,)),
        ("According to [1], Tea is cold.", (1,)),
        ("Passage [2] states that Tea is cold.", (2,)),
        ("According to the second passage, Tea is cold.", (2,)),
        ("As stated in [1][3], Tea is cold.", (1, 3)),
        ("Tea is cold.¹²", (1, 2)),
        ("Tea is cold³.", (3,)),
        ("Tea is cold.<sup>1</sup>", (1,)),
        ("Tea is cold <sup>[2]</sup>.", (2,)),
        ("Tea is cold.<ref>1</ref>", (1,)),
        ("Tea is cold. [[1]](https://tea.example/a)", (1,)),
        ("Tea is cold. ([1](https://tea.example/a))", (1,)),
        ("Tea is cold ([1], [2]).", (1, 2)),
        ("Tea is cold [1], [2].", (1, 2)),
        ("Tea is cold. (1)", (1,)),
        ("Tea is cold \\[1\\].", (1,)),
        ("Tea is cold \\cite{1, 2}.", (1, 2)),
        ("Tea is cold [Passage 1, Passage 2].", (1, 2)),
        ("Tea is cold (from passage 2).", (2,)),
        ("Tea is cold [#1][S2][doc 3].", (1, 2, 3)),
        ("Tea is cold.【4:0†source】", None),  # in a file of its own
        ("Tea is cold.", None),
        ("Tea is cold (2 of 3).", None),
    ],
)
def test_marks_of_many_kinds_are_read(text, numbers):
    ((said, found),) = pairs([text])
    assert found == numbers
    assert said == ("Tea is cold (2 of 3)." if "2 of 3" in text else "Tea is cold.")
    for size in (1, 3, 7):  # however it streams in
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert pairs([*pieces, " Coal is", " dark."]) == [
            (said, numbers), ("Coal is dark.", None)
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>A or b?</think>A is b.", "A is b."),
        ("<Thinking>A [1]\n\nor b?</Thinking>\n\nA is b.", "\n\nA is b."),
        ("[THINK]A or b?[/THINK]A is b.", "A is b."),
        ("<|channel|>analysis<|message|>A?<|channel|>final<|message|>A is b.", "A is b."),
        ("A is b. <think>and on", "A is b. "),
        ("<think>" + "and on " * 9000 + "</think>A is b.", "A is b."),
        ("<think>a</think>A is b.<reasoning>c</reasoning>", "A is b."),
        ("1 < 2 [3] and 2 > 1", "1 < 2 [3] and 2 > 1"),
        ("<thin", "<thin"),
    ],
)
def test_what_is_thought_aloud_is_dropped(text, left):
    for size in (1, 5, len(text)):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert "".join(filter(None, without_reasoning(pieces))) == left


def test_what_stands_before_a_thought_that_only_ends_is_forgotten():
    found = list(without_reasoning(["A or b? Hm", "m.</th", "ink>Tea is cold."]))
    assert found[found.index(None) :] == [None, "Tea is cold."]
    sentences = pairs(found)
    assert sentences[-2:] == [None, ("Tea is cold.", None)]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ({"answer": "A is b.", "citations": [1, 2]}, "A is b. [1][2]\n"),
        ({"sentences": [{"text": "A is b", "source": 1}, {"text": "C."}]}, "A is b [1]\nC.\n"),
        ({"response": {"content": ["A.", "B."]}}, "A.\nB.\n"),
        ({"claims": [{"claim": "A.", "evidence": [2]}]}, "A. [2]\n"),
        ([{"sentence": "A.", "citations": [1]}, "B. [2]"], "A. [1]\nB. [2]\n"),
        ({"mood": "A."}, ""),
    ],
)
def test_json_is_read_in_a_fence_or_without(written, text):
    plain = json.dumps(written)
    for form in (plain, f"```json\n{plain}\n```", f"\n```\n{plain}\n```\n"):
        assert "".join(filter(None, unwrapped(list(form), 20_000))).strip() == text.strip()
        around = "".join(
            filter(None, unwrapped(list(f"Here:\n\n```json\n{plain}\n```\nBye."), 900))
        )
        assert around.split("\n") == ["Here:", "", *text.split("\n"), "Bye."]


def test_json_that_is_broken_off_says_what_it_had_said():
    written = '{"answer": "A is \\"b\\". [1] C is'
    for form in (written, f"```json\n{written}"):
        assert "".join(filter(None, unwrapped(list(form), 20_000))) == 'A is "b". [1] C is'


def test_what_is_no_json_is_left_as_it_is():
    for text in ("A is b.", "```python\nprint()\n```", '{"mood": "A', "", "{" * 50_000, "[1] A."):
        assert "".join(filter(None, unwrapped(list(text), 20_000))) == text


@pytest.mark.parametrize(
    ("metadata", "ended"),
    [({"finish_reason": "stop"}, True), ({"stop_reason": "end_turn"}, True),
     ({"done_reason": "length"}, False), ({"finish_reason": "length"}, False), ({}, False)],
)  # fmt: skip
def test_a_last_sentence_without_a_full_stop_counts_where_the_model_had_finished(metadata, ended):
    class Model:
        def stream(self, messages):
            yield AIMessageChunk("Tea is cold. Coal is dark")
            yield AIMessageChunk("", response_metadata=metadata)

    pieces = stream_text(Model(), [("human", "?")], timeout=5)
    assert len(list(cited_sentences(pieces))) == (2 if ended else 1)


@pytest.mark.parametrize(
    "text",
    ["**NOT IN THE SOURCES**", '"Not in the sources."', "<think>Is it there?</think>\n\n_NOT IN "
     "THE SOURCES_", "> NOT IN THE SOURCES", "```\nNOT IN THE SOURCES\n```"],
)  # fmt: skip
def test_that_it_is_not_there_is_heard_in_whatever_type(opened, text):
    model = Scripted(pieces=[text])
    found = answer(QUESTION, index=opened, model=model, sources=["ports/*", "headings"])
    assert found.abstained
    assert "found no answer" in found.notice


def test_what_is_left_out_is_counted_with_its_reason_and_its_words_stay_unsaid(opened):
    lies = ["The harbour of Oldport sank.", "Le port d'Oldport est le plus profond de la région."]
    model = Scripted(pieces=[f"{TRUE} [1][2][3] {lies[0]} [1] {lies[1]} [1] {TRUE} [1] A b. [99]"])
    found = answer(QUESTION, index=opened, model=model)
    assert [sentence.text for sentence in found.sentences] == [TRUE]
    reasons = dict(found.left_out)
    assert sum(reasons.values()) == 4
    assert reasons["it says again what was said"] == 1
    assert reasons["it cites no passage that the model was given"] == 1
    assert reasons["it is in another language than the sources"] == 1
    assert not any(lie in json.dumps(found.to_dict()) for lie in lies)
    alone = answer(QUESTION, index=opened, model=Scripted(pieces=[f"{lies[0]} [1]"]))
    assert alone.model is None and sum(dict(alone.left_out).values()) == 1


class Refusal(Exception):
    def __init__(self, status, words="sk-secret"):
        super().__init__(words)
        self.status_code = status


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refusal(401), "refused the API key (401)"),
        (Refusal(404), "which for most servers ends in /v1"),
        (Refusal(429), "is busy or its quota is used up (429)"),
        (Refusal(503), "failed on its server (503)"),
        (Refusal(400, "maximum context length is 4096 tokens"), "larger context"),
        (TimeoutError(), "took longer than 7 seconds"),
        (ConnectionRefusedError("sk-secret"), "cannot be reached (ConnectionRefusedError)"),
        (ValueError("sk-secret"), "sent nothing that can be read (ValueError)"),
        (OSError("sk-secret"), "did not answer (OSError)"),
    ],
)
def test_each_failure_has_its_own_words_and_none_of_its_own(error, words):
    told = describe_failure(error, 7.0)
    assert words in told
    assert "sk-secret" not in told


def test_passages_that_are_too_long_are_shown_in_part(opened):
    asked = []

    class Small(Scripted):
        def _stream(self, messages, **kwargs):
            asked.append(messages[1].content)
            if len(asked) < 3:
                raise Refusal(400, "the request exceeds the available context size")
            yield from super()._stream(messages, **kwargs)

    assert is_too_long(Refusal(413)) and not is_too_long(Refusal(400))
    found = answer(QUESTION, index=opened, model=Small(pieces=[f"{TRUE} [1]"]))
    assert [text.count('"number"') for text in asked[1:]] == [3, 1]
    assert [sentence.text for sentence in found.sentences] == [TRUE]
    assert "read fewer passages" in found.notice


@pytest.mark.parametrize(
    "text",
    ["The room has 20 m².", "It has 5 miles².", "It is 10⁶ wide.", "It has 20 m<sup>2</sup>.",
     "(1) Tea is cold.", "Rule (2) holds."],
)  # fmt: skip
def test_what_is_no_mark_stays(text):
    ((_, numbers),) = pairs([text])
    assert numbers is None


def test_what_a_text_counts_in_brackets_is_no_mark():
    found = pairs(["(1) Tea is cold. (2) Coal is dark."])
    assert [numbers for _, numbers in found] == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "Answer: {t}",
        "**Final Answer:** {t}",
        "Answer:\n\n{t}",
        "Here is the answer: {t}",
        "Based on the provided passages, t{rest}",
        "According to the passages, t{rest}",
        "<answer>{t}</answer>",
        "<think>No?</think><answer>\n{t}\n</answer>",
        "```markdown\n{t}\n```",
        "{t}<|im_end|>",
        "<start_of_turn>model\n{t}<end_of_turn>",
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>{t}",
        "[1]: T{rest}",
        "{t}\n\nSources: 1, 3",
        "{t}\n\n**Sources:** [1][2]",
        "{t}\n\nReferences:\n[1] The harbour of Oldport\n[2] Le canal",
        "{t}\n\n[^1]: The harbour of Oldport\n[^2]: Le canal",
    ],
)
def test_what_stands_around_a_sentence_is_no_part_of_it(opened, text):
    text = text.replace("{t}", f"{TRUE} [1]").replace("{rest}", f"{TRUE[1:]} [1]")
    for size in (5, len(text)):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        # Scripted waits before its second piece.
        model = Scripted(pieces=pieces)
        model.go_on()
        found = answer(QUESTION, index=opened, model=model)
        assert [sentence.text for sentence in found.sentences] == [TRUE]
        assert (found.model, found.left_out) == ("Scripted", ())


@pytest.mark.parametrize(
    "text",
    ["Answer: NOT IN THE SOURCES", "The answer is NOT IN THE SOURCES.", "The passages do not say "
     "how deep it is.", "I'm sorry, but the provided context does not contain that.",
     '```json\n{"answer": "NOT IN THE SOURCES", "citations": []}\n```',
     "NOT IN THE SOURCES. The passages are about fishing boats."],
)  # fmt: skip
def test_that_it_is_not_there_is_heard_with_an_excuse(opened, text):
    found = answer(
        QUESTION, index=opened, model=Scripted(pieces=[text]), sources=["ports/*", "headings"]
    )
    assert found.abstained and "found no answer" in found.notice


def test_that_something_is_not_there_takes_no_answer_away(opened):
    text = f"The passages do not say by whom. {TRUE} [1]"
    found = answer(QUESTION, index=opened, model=Scripted(pieces=[text]))
    assert [sentence.text for sentence in found.sentences] == [TRUE]
