"""What language models read and wrote for an answer, from their server to every door."""

import json
from contextlib import contextmanager

import httpx
import pytest
from chat_server import Server, chunk

from qa import answer, stream_answer
from qa.token_counts import Tokens
from qa.web import build_app
from qa.web.chat.from_json import from_json
from qa.web.server.serve import serving

pytest.importorskip("langchain_openai", reason="needs the extra openai")
QUESTION = "How deep is the harbour of Oldport?"
TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."


def telling(*replies):
    """Behaves as a server that tells tokens where it is asked to; the replies, one by one."""
    left = list(replies)

    def behave(handler, server):
        text, read, written = left.pop(0)
        handler.open_stream()
        handler.wfile.write(chunk(text, finish_reason="stop"))
        _, asked = server.requests[-1]
        if asked.get("stream_options", {}).get("include_usage") and read:
            told = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": 0}
            whole = {"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": told}
            handler.wfile.write(f"data: {json.dumps(whole)}\n\n".encode())
        handler.wfile.write(b"data: [DONE]\n\n")

    return behave


@pytest.fixture
def model(monkeypatch):
    @contextmanager
    def served(*replies):
        server = Server(telling(*replies))
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        monkeypatch.setenv("REFDESK_MODEL_URL", server.url)
        yield "openai:some-model"
        server.close()

    return served


def test_the_tokens_of_all_calls_for_an_answer_are_added_up(opened, model):
    lie = "The harbour of Oldport was dredged to a depth of ninety metres in 1987."
    with model((f"{TRUE} [1] {lie} [1]", 900, 40), ("no line", 300, 7)) as name:
        *partial, last = stream_answer(QUESTION, index=opened, model=name)
    assert last.text.startswith(TRUE) and last.tokens == Tokens(1200, 47)
    assert partial[0].draft and partial[0].tokens is None
    assert from_json(type(last), json.loads(json.dumps(last.to_dict()))).tokens == last.tokens


def test_a_refusal_tells_what_it_cost(opened, model):
    with model(("NOT IN THE SOURCES", 800, 5)) as name:
        found = answer(QUESTION, index=opened, model=name)
    assert found.abstained and found.tokens == Tokens(800, 5)


def test_nothing_is_told_of_extracts_or_of_a_server_that_tells_nothing(opened, model):
    assert answer(QUESTION, index=opened, model="").tokens is None
    with model((f"{TRUE} [1]", 0, 0)) as name:
        assert answer(QUESTION, index=opened, model=name).tokens is None


def test_programs_are_told_in_json_in_the_usage_of_openai_and_in_the_metrics(
    opened, library, model
):
    said = (f"{TRUE} [1]", 500, 20)
    talk = {"messages": [{"role": "user", "content": QUESTION}]}

    def counted(client):
        lines = client.get("/metrics").text.splitlines()
        found = [line.rpartition(" ") for line in lines if line.startswith("refdesk_tokens_total")]
        return {label: int(number) for label, _, number in found}

    with (
        model(said, said, said) as name,
        serving(build_app(index=opened, library=library, model=name)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        before = counted(client)
        told = client.post("/v1/ask", json={"question": QUESTION}).json()
        assert told["tokens"] == {"read": 500, "written": 20}
        usage = {"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": 520}
        assert client.post("/v1/chat/completions", json=talk).json()["usage"] == usage
        streamed = talk | {"stream": True, "stream_options": {"include_usage": True}}
        lines = client.post("/v1/chat/completions", json=streamed).text.split("\n\n")
        assert json.loads(lines[-3].removeprefix("data: "))["usage"] == usage
        after = counted(client)
    for kind, number in (("read", 1500), ("written", 60)):
        label = f'refdesk_tokens_total{{kind="{kind}"}}'
        assert after[label] - before.get(label, 0) == number
