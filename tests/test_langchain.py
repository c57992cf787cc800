"""What those who know LangChain hand over and expect back: schemas, tools, history, pickles."""

import asyncio
import hashlib
import pickle
import subprocess
import sys
from itertools import pairwise

import pytest
from checks import assert_checked
from conftest import FILES, write_library
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from test_generate import Scripted

from index import IndexingError, ModelError, open_index, rebuild
from index.chunking import split_units, windows_of_pieces
from index.retriever import IndexRetriever
from qa import Answer, QuestionError, answer, chain
from qa.condense.turns import as_turns
from qa.desk import open_desk
from qa.pipeline import asked
from qa.settings import read_settings

DEPTH = "How deep is the harbour of Oldport?"
DREDGED = "When was the harbour of Oldport dredged?"
LATER = "When was it dredged?"
TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."
KINDS = {
    "pairs": [("user", DEPTH), ("assistant", TRUE)],
    "lists": [["human", DEPTH], ["ai", TRUE]],
    "dicts": [{"role": "user", "content": DEPTH}, {"role": "assistant", "content": TRUE}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": DEPTH}, {"type": "image"}]}],
    "messages": [SystemMessage("Be brief."), HumanMessage(DEPTH), AIMessage(TRUE)],
    "a tool's": [
        HumanMessage(DEPTH),
        {"role": "assistant", "content": None},
        {"role": "tool", "content": "no turn of the conversation"},
    ],
}


@pytest.fixture(scope="module")
def ask(opened):
    return chain(index=opened)


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_is_taken_in_every_usual_form(ask, kind):
    found = ask.invoke({"question": LATER, "history": KINDS[kind]})
    assert found.condensed == "When was the harbour of Oldport dredged?"
    assert {role for role, _ in as_turns(KINDS[kind])} <= {"user", "assistant"}


def test_an_answer_is_a_turn_of_the_next_question(ask, opened):
    first = ask.invoke({"question": DEPTH})
    found = answer(LATER, history=[HumanMessage(DEPTH), first.to_message()], index=opened)
    assert "Oldport" in found.condensed


@pytest.mark.parametrize("turn", ["hello", {"role": "user"}, ("oracle", "x"), 7, {"content": "x"}])
def test_what_is_no_turn_is_an_error_that_shows_the_forms(ask, turn):
    with pytest.raises(QuestionError, match=r'as \{"role": "user", "content": text\}'):
        ask.invoke({"question": LATER, "history": [turn]})


def test_a_chain_tells_what_it_takes_and_what_it_is_made_of(ask):
    schema = ask.get_input_jsonschema()
    assert set(schema["properties"]) == {"question", "history", "sources"}
    assert schema["required"] == ["question"]
    assert "Answer" in str(ask.get_output_jsonschema())
    nodes = [node.name for node in ask.get_graph().nodes.values()]
    assert "retrieve" in nodes and "compose" in nodes
    assert "retrieve --> compose" in ask.get_graph().draw_mermaid()


def test_a_chain_is_a_tool_that_tells_what_it_quotes(ask, opened):
    tool = ask.as_tool()
    call = {"name": tool.name, "args": {"question": DEPTH}, "id": "1", "type": "tool_call"}
    said = tool.invoke(call)
    assert said.content.startswith(f"{TRUE} [1]")
    assert "[1] The harbour of Oldport (Oldport Gazette, 2021-05-04, news)" in said.content
    assert_checked(said.artifact, opened)
    assert tool.name == "ask_library" and "cited" in tool.description
    assert ask.as_tool(name="ports", description="Ports.").name == "ports"
    args = call["args"] | {"sources": ["no-such-source"]}
    told = tool.invoke(call | {"args": args})  # the model may mend it
    assert told.status == "error" and "no-such-source" in told.content


def test_a_tool_takes_a_question_alone(ask):
    tool = ask.as_tool()
    assert tool.invoke(DEPTH) == tool.invoke({"question": DEPTH})
    assert tool.invoke(DEPTH).startswith(TRUE)


def test_a_tool_says_that_there_is_no_answer(ask):
    tool = ask.as_tool()
    args = {"question": "How do I reset my router password?"}
    call = {"name": tool.name, "args": args, "id": "1", "type": "tool_call"}
    said = asyncio.run(tool.ainvoke(call))
    assert said.content.startswith("The sources do not answer this.")
    assert said.artifact.abstained


def test_an_answer_is_documents_and_a_message(ask, opened):
    found = ask.invoke({"question": DEPTH})
    documents = found.to_documents()
    assert [one.page_content for one in documents] == [one.quote for one in found.citations]
    about = documents[0].metadata
    assert opened.source(about["source"]).text[about["start"] : about["end"]] == TRUE
    assert (about["number"], about["standing"]) == (1, "news")
    retrieved = opened.as_retriever().invoke(DEPTH)[0].metadata
    assert set(retrieved) <= set(about)
    message = found.to_message()
    assert isinstance(message, AIMessage)
    assert message.text == found.text
    note = message.content_blocks[0]["annotations"][0]
    assert (note["type"], note["cited_text"]) == ("citation", found.citations[0].quote)
    assert message.response_metadata["outcome"] == "answered"
    assert (ask | Answer.to_message).invoke({"question": DEPTH}).text == found.text


def test_a_retriever_heeds_what_it_is_invoked_with(opened):
    retriever = opened.as_retriever(k=2, max_chars=300)
    assert len(retriever.invoke(DEPTH, k=5)) == 5
    assert len(retriever.invoke(DEPTH, k=1)) == 1
    scoped = retriever.invoke(DEPTH, k=4, sources=["ports/*"])
    assert {one.metadata["source"] for one in scoped} <= {"ports/harbour", "ports/canal"}
    assert sum(len(one.page_content) for one in retriever.invoke(DEPTH, max_chars=90)) <= 90


def test_a_chain_and_a_retriever_are_pickled_as_where_they_look(ask, opened, tmp_path):
    for pickled in (pickle.dumps(ask), pickle.dumps(chain(index=opened.folder))):
        assert len(pickled) < 2000  # no handle, no vector
        assert pickle.loads(pickled).invoke({"question": DEPTH}) == ask.invoke({"question": DEPTH})
    retriever = pickle.loads(pickle.dumps(opened.as_retriever(k=2)))
    assert retriever.invoke(DEPTH) == opened.as_retriever(k=2).invoke(DEPTH)
    file = tmp_path / "chain.pickle"
    file.write_bytes(pickle.dumps(ask))
    code = (
        "import pickle, sys; ask = pickle.load(open(sys.argv[1], 'rb'));"
        f"print(ask.invoke({{'question': {DEPTH!r}}}).text)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith(TRUE)


def test_what_is_pickled_is_opened_when_it_is_asked(ask, tmp_path, monkeypatch):
    held = pickle.loads(pickle.dumps(ask))
    monkeypatch.setenv("REFDESK_MODEL", "nobody:x")
    with pytest.raises(Exception, match="nobody:x"):
        held.invoke({"question": DEPTH})
    monkeypatch.delenv("REFDESK_MODEL")
    assert TRUE in held.invoke({"question": DEPTH}).text


class Listener(BaseCallbackHandler):
    def __init__(self):
        self.runs, self.parents, self.ended = {}, {}, []

    def on_chain_start(self, serialized, inputs, *, run_id, parent_run_id=None, **kwargs):
        self.runs[run_id] = kwargs.get("name")
        self.parents[kwargs.get("name")] = self.runs.get(parent_run_id)

    def on_chat_model_start(self, serialized, messages, *, run_id, parent_run_id=None, **kwargs):
        self.parents["model"] = self.runs.get(parent_run_id)

    def on_chain_end(self, outputs, *, run_id, **kwargs):
        self.ended.append(self.runs[run_id])


NAMED = {"model": "compose", "compose": "NAME", "retrieve": "NAME", "NAME": None}


def test_callbacks_and_a_name_can_be_handed_to_an_answer(opened):
    listener = Listener()
    config = {"callbacks": [listener], "run_name": "mine"}
    found = answer(DEPTH, index=opened, model=Scripted(pieces=[f"{TRUE} [1]"]), config=config)
    assert TRUE in found.text
    named = {
        one.replace("NAME", "mine"): of and of.replace("NAME", "mine") for one, of in NAMED.items()
    }
    assert listener.parents == named
    assert set(listener.ended) == {"mine", "retrieve", "compose"}


def test_whoever_listens_hears_the_chat_and_the_command_line(opened, index_folder, monkeypatch):
    from contextvars import ContextVar

    from langchain_core.tracers.context import register_configure_hook

    from qa.cli.app import run
    from qa.web.chat.conversation import ask as ask_in_chat
    from qa.web.chat.scope import EVERYTHING, Scope

    listening = ContextVar("listening", default=None)
    register_configure_hook(listening, inheritable=True)
    everything = Scope(patterns=None, words="", choice=EVERYTHING)
    model = Scripted(pieces=[f"{TRUE} [1]"])
    for name in ("refdesk chat", "refdesk ask"):
        listener = Listener()
        token = listening.set(listener)
        if name == "refdesk chat":
            desk = open_desk(read_settings(), index=opened, model=model)
            *_, turns = ask_in_chat(DEPTH, (), everything, desk=desk)
            assert TRUE in turns[-1].answer.text
        else:
            monkeypatch.setattr("qa.desk._load_model", lambda *_: model)
            assert run(["ask", DEPTH, "--index", str(index_folder), "--model", "a:b"]) == 0
        listening.reset(token)
        assert listener.parents["model"] == "compose"
        assert listener.parents["compose"] == listener.parents["retrieve"] == name


def test_without_a_model_an_answer_loads_nothing_of_a_trace(opened, monkeypatch):
    monkeypatch.setitem(sys.modules, "qa.runnable", None)  # as if it could not be imported
    desk = open_desk(read_settings(), index=opened, model="")
    *_, (evidence, found) = asked(desk, DEPTH)
    assert TRUE in found.text and evidence.answerable


class Hashed(Embeddings):
    """Counts words in 96 dimensions; knows nothing of meaning."""

    def __init__(self, model="one", broken=None):
        self.model = model
        self.broken = broken

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        if self.broken:
            raise self.broken
        vector = [0.01] * 96
        for word in f"{self.model} {text}".lower().split():
            vector[int(hashlib.sha256(word.strip(".,?").encode()).hexdigest(), 16) % 96] += 1.0
        return vector


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    library = write_library(folder / "library", {k: FILES[k] for k in list(FILES)[:2]})
    rebuild(library, index=folder / "index", embedding_model=Hashed())
    return library, folder / "index"


def test_an_index_is_built_and_asked_with_embeddings_of_ones_own(own):
    library, folder = own
    opened = open_index(folder, embedding_model=Hashed())
    assert opened.search("dredged harbour depth")[0].chunk.source_id == "ports/harbour"
    for found in (
        answer(DREDGED, index=opened),
        answer(DREDGED, index=folder, embedding_model=Hashed()),
        pickle.loads(pickle.dumps(chain(index=folder, embedding_model=Hashed()))).invoke(
            {"question": DREDGED}
        ),
    ):
        assert TRUE in found.text
        assert_checked(found, opened)
        assert not found.calibrated
    assert rebuild(library, index=folder, embedding_model=Hashed()).embedded == 0
    again = pickle.loads(pickle.dumps(opened))
    assert again.search("dredged harbour depth") == opened.search("dredged harbour depth")


def test_who_does_not_hand_them_over_is_told_to(own):
    with pytest.raises(ModelError, match="hand the same as `embedding_model`"):
        open_index(own[1]).search("harbour")
    with pytest.raises(ModelError, match=r"run `refdesk rebuild`"):
        open_index(own[1], embedding_model=Hashed("two")).search("harbour")


def test_embeddings_that_fail_leave_the_index_and_keep_their_words(own, tmp_path):
    broken = Hashed(broken=RuntimeError("key sk-secret"))
    with pytest.raises(ModelError, match=r"failed \(RuntimeError\)") as error:
        rebuild(own[0], index=tmp_path / "index", embedding_model=broken)
    assert "secret" not in str(error.value)
    assert not (tmp_path / "index" / "CURRENT").exists()
    with pytest.raises(ModelError, match="is no embedding model"):
        rebuild(own[0], index=tmp_path / "index", embedding_model=object())


class Paragraphs:
    """Cuts where LangChain's splitters would: at empty lines, without the blanks around."""

    def split_text(self, text):
        return [part.strip() for part in text.split("\n\n") if part.strip()]


class Upper:
    def split_text(self, text):
        return [text.upper()]


def test_a_text_splitter_of_ones_own_cuts_the_passages(own_library, own_index):
    before = open_index(own_index).generation
    report = rebuild(own_library, index=own_index, text_splitter=Paragraphs())
    opened = open_index(own_index)
    assert report.generation != before.name
    assert report.chunks != before.manifest.windows
    assert report.embedded < report.chunks  # what is the same was not embedded again
    found = answer(DEPTH, index=opened)
    assert TRUE in found.text
    assert_checked(found, opened)
    rebuild(own_library, index=own_index)
    assert open_index(own_index).generation.manifest.windows == before.manifest.windows


def test_a_splitter_that_writes_a_text_of_its_own_is_an_error(own_library, own_index):
    with pytest.raises(IndexingError, match=r"Upper cannot be used .* must be parts of the text"):
        rebuild(own_library, index=own_index, text_splitter=Upper())


@pytest.mark.parametrize("size", [20, 61, 200, 5000])
def test_pieces_that_overlap_leave_no_unit_out(opened, size):
    source = opened.source("ports/harbour")
    units = split_units(source)
    pieces = [source.text[at : at + size] for at in range(0, len(source.text), max(1, size // 2))]
    windows = windows_of_pieces(source, units, pieces)
    assert windows[0].first == 0 and windows[-1].last == len(units) - 1
    for one, after in pairwise(windows):
        assert one.first <= after.first <= one.last + 1
        assert one.last <= after.last
    few = windows_of_pieces(source, units, [source.text[90:130], source.text[400:420]])
    assert few[0].first == 0 and few[-1].last == len(units) - 1


langchain_tests = pytest.importorskip("langchain_tests", reason="needs the extra dev")
from langchain_tests.integration_tests.retrievers import RetrieversIntegrationTests  # noqa: E402
from langchain_tests.integration_tests.tools import ToolsIntegrationTests  # noqa: E402
from langchain_tests.unit_tests.tools import ToolsUnitTests  # noqa: E402


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def index(self, opened):
        self.opened = opened

    @property
    def retriever_constructor(self):
        return IndexRetriever

    @property
    def retriever_constructor_params(self):
        return {"index": self.opened}

    @property
    def retriever_query_example(self):
        return DEPTH


class _Tool:
    @pytest.fixture(autouse=True)
    def made(self, ask):
        self.made = ask.as_tool()

    @property
    def tool_constructor(self):
        return self.made

    @property
    def tool_invoke_params_example(self):
        return {"question": DEPTH}


@pytest.mark.anyio
class TestTool(_Tool, ToolsIntegrationTests):
    """What LangChain asks of every tool, called."""


class TestToolAsDescribed(_Tool, ToolsUnitTests):
    """What LangChain asks of how every tool is described."""
