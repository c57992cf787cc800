"""The chain as LangChain sees it: it runs, streams, batches, composes and traces as any other."""

import asyncio

import pytest
from checks import assert_checked
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda
from test_generate import Scripted

from qa import Answer, QuestionError, chain

DEPTH = {"question": "How deep is the harbour of Oldport?"}
HONEY = {"question": "What does the beekeeper of Tarn sell?"}


class Listener(BaseCallbackHandler):
    def __init__(self):
        self.started, self.ended = [], []
        self._names = {}

    def on_chain_start(self, serialized, inputs, *, run_id, **kwargs):
        self._names[run_id] = kwargs.get("name")
        self.started.append(kwargs.get("name"))

    def on_chain_end(self, outputs, *, run_id, **kwargs):
        self.ended.append(self._names[run_id])

    def on_chat_model_start(self, serialized, messages, *, parent_run_id=None, **kwargs):
        self.started.append(("model under", self._names.get(parent_run_id)))


@pytest.fixture(scope="module")
def ask(opened):
    return chain(index=opened)


def test_it_answers(ask, opened):
    found = ask.invoke(DEPTH)
    assert isinstance(found, Answer)
    assert "eleven metres" in found.text
    assert_checked(found, opened)


def test_it_streams_and_the_last_is_complete(ask, opened):
    struck = {"question": "What happened to the observatory on Mount Kelm?"}
    streamed = list(ask.stream(struck))
    assert streamed[-1] == ask.invoke(struck)
    counts = [len(one.sentences) for one in streamed]
    assert counts == sorted(set(counts))
    for one in streamed:
        assert_checked(one, opened)


def test_it_batches_in_order(ask):
    depth, honey = ask.batch([DEPTH, HONEY])
    assert "eleven metres" in depth.text
    assert "honey" in honey.text


def test_it_takes_history_and_scope(ask):
    found = ask.invoke(
        {"question": "When was it dredged?", "history": [("user", DEPTH["question"])],
         "sources": ["ports/*"]}
    )  # fmt: skip
    assert "Oldport" in found.condensed
    assert found.sources == ("ports/canal", "ports/harbour")


def test_it_runs_and_streams_without_blocking(ask):
    async def both():
        streamed = [one async for one in ask.astream(HONEY)]
        return await ask.ainvoke(HONEY), streamed, await ask.abatch([DEPTH, HONEY])

    found, streamed, batch = asyncio.run(both())
    assert streamed[-1] == found == batch[1]
    assert "honey" in found.text


def test_it_composes(ask):
    whole = RunnableLambda(lambda text: {"question": text}) | ask | (lambda found: found.abstained)
    assert whole.invoke(DEPTH["question"]) is False


@pytest.mark.parametrize("how", ["invoke", "stream", "ainvoke", "astream"])
def test_a_trace_shows_what_was_found_and_what_was_made_of_it(opened, how):
    listener = Listener()
    config = {"callbacks": [listener]}
    traced = chain(index=opened, model=Scripted(pieces=["Nothing that is cited."]))

    async def later():
        if how == "ainvoke":
            await traced.ainvoke(DEPTH, config)
        else:
            async for _ in traced.astream(DEPTH, config):
                pass

    if how == "invoke":
        traced.invoke(DEPTH, config)
    elif how == "stream":
        list(traced.stream(DEPTH, config))
    else:
        asyncio.run(later())
    assert {"retrieve", "compose"} <= set(listener.started)
    assert {"retrieve", "compose"} <= set(listener.ended)
    assert ("model under", "compose") in listener.started


@pytest.mark.parametrize("bad", ["How deep?", {}, {"query": "x"}, {"question": None}])
def test_what_is_no_question_is_an_error_that_says_what_is(ask, bad):
    with pytest.raises(QuestionError, match="the chain takes a dict"):
        ask.invoke(bad)


def test_the_index_is_a_retriever_too(opened):
    retriever = opened.as_retriever(k=2, sources=("ports/*",))
    documents = retriever.invoke(DEPTH["question"])
    assert len(documents) == 2
    best = documents[0]
    text = opened.source(best.metadata["source"]).text
    assert text[best.metadata["start"] : best.metadata["end"]] == best.page_content
    assert "eleven metres" in best.page_content
    assert best.metadata["standing"] == "news"
    joined = retriever | (lambda found: [document.metadata["source"] for document in found])
    assert set(joined.invoke(DEPTH["question"])) <= {"ports/harbour", "ports/canal"}
    assert asyncio.run(retriever.ainvoke(DEPTH["question"])) == documents


def test_a_retriever_fills_a_budget_of_characters(opened):
    documents = opened.as_retriever(max_chars=120).invoke(DEPTH["question"])
    assert 0 < sum(len(document.page_content) for document in documents) <= 120
