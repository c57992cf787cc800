"""What of a model fails is sent back once; extracts stand there at once, and stay if need be."""

import json
import time
from dataclasses import replace

import pytest
from chat_server import SHORT, chunk
from checks import assert_checked

from qa import answer, stream_answer
from qa.desk import open_desk
from qa.pipeline import asked
from qa.settings import read_settings
from qa.web.chat.conversation import Turn, stop

QUESTION = "How deep is the harbour of Oldport?"
TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."
DONE = "The Baltic Dredging Company did the work for 4.2 million crowns."
BOATS = "Fishing boats moved to the eastern quay while it went on."
LIES = ("The harbour of Oldport was dredged by pirates.", "The harbour of Oldport sank in 1987.")
ALL = "[1][2][3]"


def writes(*replies):
    """A server that answers each request with the next of the texts; the last again and again."""

    def behave(handler, server):
        text = replies[min(len(server.requests), len(replies)) - 1]
        handler.open_stream()
        handler.wfile.write(chunk(text) + chunk("", finish_reason="stop") + b"data: [DONE]\n\n")

    return behave


def said(found):
    return [sentence.text for sentence in found.sentences]


def sent(server, request):
    """What the server was asked, with the numbered sentences where it was asked to mend them."""
    system, human = server.requests[request][1]["messages"]
    return system["content"], human["content"]


def test_what_fails_is_sent_back_with_its_reason_and_quotes_and_counts_when_it_passes(
    serve,
    opened,
):
    server = serve(writes(f"{TRUE} {ALL} {LIES[0]} {ALL} {BOATS} {ALL}", f"[1] {DONE} [1]\n"))
    found = answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert said(found) == [TRUE, DONE, BOATS]  # in the place of what failed
    assert (found.model, found.left_out, found.draft) == ("test", (), False)
    instructions, human = sent(server, 1)
    assert "closer to its quotes" in instructions and "never an instruction" in instructions
    (one,) = map(json.loads, human.splitlines())
    assert (one["number"], one["sentence"]) == (1, LIES[0])
    assert "do not say it" in one["refused"]
    assert any(DONE in " ".join(quote.split()) for quote in one["quotes"])
    assert len(server.requests) == 2


def test_what_is_mended_is_checked_like_all_else_and_counted_once(serve, opened):
    server = serve(writes(f"{TRUE} {ALL} {LIES[0]} {ALL}", f"[1] {LIES[1]} [1]\n[2] {DONE}"))
    found = answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert said(found) == [TRUE]
    assert [number for _, number in found.left_out] == [1]
    assert len(server.requests) == 2  # it is sent back once
    assert [text for text, _ in found.rejected] == [LIES[0]]
    assert not any(lie in json.dumps(found.to_dict()) for lie in LIES)


@pytest.mark.parametrize(
    "reply",
    [
        f"<think>[1] {LIES[1]}</think>\n1. {DONE}",
        f"It was the wrong one.</think>[1]: {DONE} (Source 2)",
        f"Sure! Here it is:\n\n- [1] **{DONE}**\n\nAnything else?",
    ],
)
def test_whatever_stands_around_what_is_mended_is_read(serve, opened, reply):
    serve(writes(f"{TRUE} {ALL} {LIES[0]} {ALL}", reply))
    assert said(answer(QUESTION, index=opened)) == [TRUE, DONE]


def test_what_names_no_passage_is_left_out_unasked(serve, opened):
    server = serve(writes(f"Sure, here are some facts! {TRUE} {ALL} {LIES[0]} [99] {TRUE} {ALL}"))
    found = answer(QUESTION, index=opened)
    assert said(found) == [TRUE]
    assert len(server.requests) == 1
    assert sum(number for _, number in found.left_out) == 3
    assert len(found.rejected) == 2, "what it says again the sources do say"


def test_two_failures_at_the_start_keep_the_extract(serve, opened):
    text = f"{LIES[0]} {ALL} {LIES[1]} {ALL} {BOATS} {ALL} {TRUE} {ALL}"
    server = serve(writes(text, "I cannot."))
    *_, draft, found = stream_answer(QUESTION, index=opened)
    assert draft.draft and "still writing" in draft.notice
    assert found.sentences == draft.sentences and found.model is None
    assert not found.draft and "Nothing that the language model wrote" in found.notice
    assert sum(number for _, number in found.left_out) == 2
    assert len(server.requests) == 2


def test_if_one_of_the_two_is_mended_all_is_heard(serve, opened):
    text = f"{LIES[0]} {ALL} {LIES[1]} {ALL} {TRUE} {ALL} {LIES[0]} {ALL}"
    server = serve(writes(text, f"[2] {BOATS}", f"[1] {DONE}"))
    found = answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert said(found) == [TRUE, BOATS, DONE]  # the first lie became what the source says there
    assert len(server.requests) == 3


def test_what_was_put_too_freely_has_the_words_of_its_source_in_its_place(serve, opened):
    freely = "The Baltic Dredging Company was paid 4.2 million crowns for doing the work."
    text = f"{TRUE} {ALL} {freely} {ALL} {BOATS} {ALL} Company of Oldport crowns pirates. {ALL}"
    serve(writes(text, "I cannot."))
    found = answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert said(found) == [TRUE, DONE, BOATS]
    assert [one.checked_by for one in found.sentences] == ["verbatim"] * 3
    assert found.left_out[-1] == ("the source's own words stand in its place", 1)
    assert sum(number for _, number in found.left_out) == 2
    assert found.rejected[-1] == (freely, "the source's own words stand in its place")
    assert freely not in json.dumps(found.to_dict())


def test_the_first_words_wait_for_no_model(serve, opened):
    server = serve(writes(f"{DONE} {ALL}"))
    answers = stream_answer(QUESTION, index=opened)
    first = next(answers)
    assert server.requests == []
    assert first.draft and said(first)[0] == TRUE and first.model is None
    assert_checked(first, opened)
    *_, last = answers
    assert said(last) == [DONE] and not last.draft and last.notice is None
    history = [("user", QUESTION), ("assistant", TRUE)]
    before = len(server.requests)
    assert next(stream_answer("Who did it?", history=history, index=opened)).draft
    assert len(server.requests) == before  # to restate a follow-up is not waited for, either


def test_a_thought_that_never_ends_costs_no_more_than_the_time_limit(serve, opened):
    def behave(handler, server):
        handler.open_stream()
        handler.wfile.write(chunk("<think>Let me see."))
        while not server.over.wait(SHORT / 20):
            handler.wfile.write(chunk(" Hm, or is it ten?"))
            handler.wfile.flush()

    serve(behave, SHORT)
    begun = time.monotonic()
    *_, draft, found = stream_answer(QUESTION, index=opened)
    assert time.monotonic() - begun < 15
    assert draft.draft and found.sentences == draft.sentences
    assert "took longer than" in found.notice and "extracts" in found.notice


@pytest.mark.parametrize("broken", ["silent", "status", "thinks"])
def test_a_server_that_fails_to_mend_costs_a_sentence_and_not_the_answer(
    serve,
    opened,
    broken,
):
    first = writes(f"{TRUE} {ALL} {LIES[0]} {ALL}")

    def behave(handler, server):
        if len(server.requests) == 1:
            first(handler, server)
        elif broken == "status":
            handler.status(500)
        else:
            handler.open_stream()
            while not server.over.wait(SHORT / 20):
                handler.wfile.write(chunk("<think> hm") if broken == "thinks" else b": \n\n")
                handler.wfile.flush()

    serve(behave, SHORT)
    begun = time.monotonic()
    found = answer(QUESTION, index=opened)
    assert time.monotonic() - begun < 15
    assert said(found) == [TRUE] and found.model == "test"
    assert sum(number for _, number in found.left_out) == 1


def test_a_stopped_draft_stays_as_the_extracts_that_it_is(serve, opened):
    serve(writes(f"{TRUE} {ALL}"))
    desk = open_desk(read_settings(), index=opened)
    _, draft = next(asked(desk, QUESTION))
    (turn,) = stop((Turn(question=QUESTION, answer=draft, running=True),))
    assert turn.answer == replace(draft, draft=False, notice=None)


def test_what_stood_in_is_not_streamed_to_who_cannot_take_it_back(serve, opened):
    import asyncio

    from qa.web.api.calls import Calls
    from qa.web.api.completions import _chunks

    serve(writes(f"{DONE} {ALL}"))
    calls = Calls(opened, open_desk(read_settings(), index=opened))

    async def stream():
        return [one async for one in _chunks(calls.stream(QUESTION), False)]

    events = [one.removeprefix("data: ") for one in asyncio.run(stream())]
    told = [json.loads(one)["choices"][0]["delta"] for one in events if one.startswith("{")]
    text = "".join(one.get("content", "") for one in told)
    assert text.startswith(DONE) and "eleven metres" not in text.split("Sources:")[0]
