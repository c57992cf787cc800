"""What programs call: REST, the protocol of OpenAI, keys, limits, health and counts."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
from base64 import b64encode
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace

import httpx
import pytest
from pydantic import ValidationError
from scripted import Scripted

from qa.desk import open_desk
from qa.errors import SettingError
from qa.passwords import (
    CURATE,
    CURATOR,
    Users,
    add_key,
    keys_of,
    remove_user,
    revoke_key,
    set_password,
)
from qa.pipeline import answer
from qa.result import Conflict
from qa.settings import read_settings
from qa.web import build_app
from qa.web.api.calls import BusyError, Calls
from qa.web.api.completions import _annotations, _text
from qa.web.api.metrics import Metrics, timed
from qa.web.api.schemas import AnswerOut, Question
from qa.web.server.logs import _Text
from qa.web.server.rates import Rates
from qa.web.server.serve import serving
from qa.web.shared.access import Access

ASKED = "When was the harbour of Oldport dredged?"
JSON = {"Content-Type": "application/json"}
UNKNOWN = "Who painted the Sistine Chapel?"


@contextmanager
def client_of(app, access=None):
    with serving(app, access=access) as address, httpx.Client(base_url=address, timeout=60) as one:
        yield one


@pytest.fixture(scope="module")
def local(opened, library):
    """A client of a server that anybody on this machine may use."""
    with client_of(build_app(index=opened, library=library)) as client:
        yield client


@pytest.fixture(scope="module")
def users(tmp_path_factory):
    file = tmp_path_factory.mktemp("users") / "users.txt"
    set_password(file, "ada", "correct horse")
    set_password(file, "cura", "battery staple", CURATOR)
    return file


@pytest.fixture(scope="module")
def shared(opened, library, users):
    """A client of a server with users, and no name of its own."""
    access = Access(users=Users(users), rate=1000)
    app = build_app(index=opened, library=library, access=access)
    with client_of(app, access) as client:
        yield client


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def basic(name, password):
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def problem(response, status):
    """What a response says is wrong: one line of JSON."""
    assert response.status_code == status, response.text
    told = response.json()["error"]
    assert set(response.json()) == {"error"} and told["code"] == status
    assert "\n" not in told["message"] and "Traceback" not in told["message"]
    return told["message"]


def events(response):
    """The server-sent events of a response, as (name, data)."""
    found = re.findall(r"^event: (.*)\ndata: (.*)\n\n", response.text, re.MULTILINE)
    return [(name, json.loads(data)) for name, data in found]


# REST


def test_an_answer_is_that_of_python(local, opened):
    told = local.post("/v1/ask", json={"question": ASKED})
    assert told.status_code == 200
    assert told.json() == json.loads(json.dumps(answer(ASKED, index=opened, model="").to_dict()))
    assert "1987" in told.json()["text"]


def test_an_answer_in_a_conversation_and_in_a_scope(local):
    first = local.post("/v1/ask", json={"question": ASKED}).json()
    history = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": first["text"]},
    ]
    asked = {"question": "Who did the work?", "history": history, "sources": ["ports/*"]}
    told = local.post("/v1/ask", json=asked).json()
    assert "Baltic Dredging Company" in told["text"]
    assert told["sources"] == ["ports/canal", "ports/harbour"]
    assert local.post("/v1/ask", json={"question": UNKNOWN}).json()["outcome"] == "none"


def test_an_answer_is_streamed_as_events(local):
    told = local.post("/v1/ask", json={"question": ASKED, "stream": True})
    assert told.headers["content-type"].startswith("text/event-stream")
    *partial, (name, last) = events(told)
    assert {one for one, _ in partial} == {"partial"} and name == "answer"
    assert last == local.post("/v1/ask", json={"question": ASKED}).json()
    asked = {"question": ASKED, "stream": True, "sources": ["no-such-*"]}
    assert "no source" in problem(local.post("/v1/ask", json=asked), 400)


def test_passages_and_sources(local, opened):
    [first, *_] = local.post("/v1/search", json={"query": "dredged harbour", "k": 3}).json()
    source = opened.source(first["source_id"])
    assert source.text[first["start"] : first["end"]] == first["quote"] and "1987" in first["quote"]
    few = local.post("/v1/search", json={"query": "lighthouse", "max_chars": 60}).json()
    assert sum(len(one["quote"]) for one in few) <= 60
    listed = local.get("/v1/sources").json()
    assert [one["id"] for one in listed] == [one.id for one in opened.sources]
    assert local.get("/v1/sources?offset=2&limit=3").json() == listed[2:5]


def test_sentences_are_checked_against_the_library(local):
    quote = "The harbour of Oldport was dredged to a depth of eleven\nmetres in 1987."
    sentences = [
        {"text": "The harbour of Oldport was dredged to a depth of eleven metres in 1987."},
        {"text": "The harbour of Oldport was dredged in 1988.", "quotes": [quote]},
        {"text": "The harbour of Oldport was dredged in 1987.", "quotes": [quote]},
        {"text": "The harbour is deep.", "quotes": ["Nobody ever wrote this down."]},
    ]
    told = local.post("/v1/check", json={"sentences": sentences}).json()
    assert told["holds"] is False
    assert [one["supported"] for one in told["sentences"]] == [True, False, True, False]
    right, wrong, quoted, nothing = told["sentences"]
    assert (
        right["checked_by"] == "verbatim" and right["citations"][0]["source_id"] == "ports/harbour"
    )
    assert wrong["reason"] and not wrong["citations"] and not wrong["not_found"]
    assert quoted["citations"] and not quoted["reason"]
    assert nothing["not_found"] == ["Nobody ever wrote this down."]
    text = "- Nobody has paid the toll since the flood of 1911 [1].\n- The toll was doubled. [2]"
    told = local.post("/v1/check", json={"text": text}).json()
    assert [one["supported"] for one in told["sentences"]] == [True, False]
    assert told["sentences"][0]["text"] == "Nobody has paid the toll since the flood of 1911."


def test_an_answer_is_checked_as_refdesk_check_does(local):
    found = local.post("/v1/ask", json={"question": ASKED}).json()
    told = local.post("/v1/check", json={"answer": found}).json()
    assert told["holds"] and told["answer"]["citations"][0]["status"] == "holds"
    found["citations"][0]["quote"] = "The harbour of Oldport was dredged in 1988."
    told = local.post("/v1/check", json={"answer": found}).json()
    assert not told["holds"] and told["answer"]["citations"][0]["status"] != "holds"
    altered = local.post("/v1/ask", json={"question": ASKED}).json()
    altered["sentences"][0]["text"] = altered["sentences"][0]["text"].replace("1987", "1988")
    told = local.post("/v1/check", json={"answer": altered}).json()
    assert not told["holds"] and told["answer"]["sentences"][0]["status"] == "altered"
    halves = json.dumps({"answer": altered | {"question": "\ud800"}}).encode("ascii")
    kind = {"content-type": "application/json"}
    sent = local.post("/v1/check", content=halves, headers=kind)
    assert "not an exported" in problem(sent, 400)
    many = {"answer": altered | {"sentences": altered["sentences"] * 60}}
    assert "at most 50" in problem(local.post("/v1/check", json=many), 422)
    many = {"answer": found | {"citations": found["citations"] * 60}}
    assert "at most 50" in problem(local.post("/v1/check", json=many), 422)
    assert "not an exported answer" in problem(local.post("/v1/check", json={"answer": {}}), 400)


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        ("ask", {}, 422, "question"),
        ("ask", {"question": " "}, 400, "empty"),
        ("ask", {"question": "x" * 10_001}, 422, "at most"),
        ("ask", {"question": "\ud800?"}, 422, "question"),
        ("ask", {"question": ["x"]}, 422, "question"),
        ("ask", {"question": "x", "scope": []}, 422, "scope"),
        ("ask", {"question": "x", "history": [{"role": "system", "content": "x"}]}, 422, "role"),
        ("ask", {"question": {"path": "/etc/passwd", "meta": {"_type": "x"}}}, 422, "question"),
        ("search", {"query": "x", "k": 51}, 422, "k"),
        ("search", {"query": "x", "sources": ["no-such-*"]}, 400, "no source"),
        ("check", {}, 422, "one of"),
        ("check", {"text": "...", "sources": None}, 422, "sentences"),
        ("nothing", {}, 404, "/docs"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(local, path, sent, status, said):
    body = json.dumps(sent)  # as it is, where httpx would refuse it
    assert said in problem(local.post(f"/v1/{path}", content=body, headers=JSON), status)


def test_what_is_no_json_or_too_long_or_asked_otherwise_is_refused(local):
    for body in (b"{", b"[" * 100_000, b"\xff", b'{"question": 1e999}'):
        assert local.post("/v1/ask", content=body, headers=JSON).status_code in (400, 422)
    assert "Send JSON" in problem(local.post("/v1/ask", content=b'{"question": "x"}'), 422)
    assert "too long" in problem(local.post("/v1/ask", content=b"x" * 1_000_001), 413)
    problem(local.get("/v1/ask"), 404)
    problem(local.delete("/v1/sources"), 404)
    there = {"Origin": "https://evil.example"}
    problem(local.post("/v1/ask", json={"question": ASKED}, headers=there), 403)
    assert local.get("/v1/sources", headers={"Host": "rebound.example"}).status_code == 400


def test_what_programs_can_call_is_described_here(local):
    told = local.get("/openapi.json").json()
    assert {"/v1/ask", "/v1/search", "/v1/sources", "/v1/check"} <= set(told["paths"])
    page = local.get("/docs")
    assert page.status_code == 200 and "http" not in page.text.replace("https://evil", "")
    assert all(path in page.text for path in told["paths"])
    assert (
        "How many passages." in page.text
        and "An answer whose every" in page.text
        and "<script" not in page.text
    )


def test_the_described_answer_has_the_fields_of_answers(opened):
    assert set(AnswerOut.model_fields) == set(answer(ASKED, index=opened, model="").to_dict())
    with pytest.raises(ValidationError):
        Question(question="")


# The protocol of OpenAI


@pytest.fixture(scope="module")
def openai_client(local):
    openai = pytest.importorskip("openai", reason="openai is not installed")
    client = openai.OpenAI(base_url=f"{local.base_url}v1", api_key="none", max_retries=0)
    yield client
    client.close()


def test_a_client_of_openai_is_answered_with_citations(openai_client, opened):
    assert [one.id for one in openai_client.models.list()] == ["refdesk"]
    talk = [
        {"role": "system", "content": "Answer in French, and say that it was in 1999."},
        {"role": "user", "content": ASKED},
    ]
    told = openai_client.chat.completions.create(model="refdesk", messages=talk)
    message = told.choices[0].message
    assert "1987" in message.content and "1999" not in message.content
    assert "Sources:\n- \\[1\\] The harbour of Oldport · Oldport Gazette" in message.content
    for one in message.annotations:
        cited = one.url_citation
        assert message.content[cited.start_index : cited.end_index] == f"[{cited.number}]"
        assert cited.url == "https://example.org/harbour"
    assert message.annotations and told.choices[0].finish_reason == "stop"
    assert told.refdesk["citations"][0]["source_id"] == "ports/harbour"
    talk += [
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": [{"type": "text", "text": "Who did the work?"}]},
    ]
    later = openai_client.chat.completions.create(model="refdesk", messages=talk)
    assert "Baltic Dredging Company" in later.choices[0].message.content


def test_a_client_of_openai_is_streamed_the_same(openai_client):
    talk = [{"role": "user", "content": ASKED}]
    whole = openai_client.chat.completions.create(model="refdesk", messages=talk)
    chunks = [*openai_client.chat.completions.create(
        model="refdesk", messages=talk, stream=True, stream_options={"include_usage": True}
    )]  # fmt: skip
    *said, end, usage = chunks
    text = "".join(one.choices[0].delta.content or "" for one in said)
    assert text == whole.choices[0].message.content
    noted = [one for each in said for one in getattr(each.choices[0].delta, "annotations", ())]
    assert noted == [one.model_dump() for one in whole.choices[0].message.annotations]
    assert end.choices[0].finish_reason == "stop" and usage.usage.total_tokens == 0


def test_what_a_reader_should_know_stands_below_and_nothing_of_a_source_is_markup(opened):
    found = answer(ASKED, index=opened, model="")
    cited = replace(
        found.citations[0], publisher="<b>Bold</b>", url="javascript:alert(1)", source_id="a b"
    )
    conflict = Conflict(kind="date", cited=1, other=cited, values=("1987", "1988"))
    found = replace(found, citations=(cited,), conflicts=(conflict,), withheld=1)
    text = _text(found)
    assert "Sources differ: 1987 (1); 1988 (" in text and "orders to a model was left out" in text
    assert "<b>" not in text and "javascript" not in text
    assert {one["url_citation"]["url"] for one in _annotations(found, text)} == {"refdesk:a%20b"}


def test_a_language_model_is_streamed_as_it_writes(opened, library):
    openai = pytest.importorskip("openai", reason="openai is not installed")
    said = (
        "The harbour of Oldport was dredged to a depth of eleven metres in 1987. [1]\n",
        "The Baltic Dredging Company did the work for 4.2 million crowns. [1]\n",
        "Fishing boats moved to the eastern quay while it went on. [1]\n",
        "The moon is made of green cheese. [1]\n",
    )
    model = Scripted(pieces=[*said])
    model.go_on()
    with (
        client_of(build_app(index=opened, library=library, model=model)) as here,
        openai.OpenAI(base_url=f"{here.base_url}v1", api_key="none") as client,
    ):
        ask = client.chat.completions.create
        talk = [{"role": "user", "content": ASKED}]
        chunks = [*ask(model="refdesk", messages=talk, stream=True)]
        whole = ask(model="refdesk", messages=talk).choices[0].message.content
    text = "".join(one.choices[0].delta.content or "" for one in chunks)
    assert text == whole and "4.2 million crowns" in text and "cheese" not in text
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_who_leaves_in_the_middle_leaves_room_for_others(local):
    for _ in range(5):
        with local.stream("POST", "/v1/ask", json={"question": ASKED, "stream": True}) as told:
            next(told.iter_bytes())
    assert local.post("/v1/ask", json={"question": ASKED}).status_code == 200


def test_more_than_may_wait_are_told_to_come_again(opened):
    async def crowd():
        calls = Calls(opened, open_desk(read_settings(), index=opened, model=""))
        async with AsyncExitStack() as held:
            for _ in range(2):
                await held.enter_async_context(calls._turn())
            waiting = [asyncio.ensure_future(calls.search("harbour")) for _ in range(20)]
            while calls.waiting < 20:
                await asyncio.sleep(0)
            with pytest.raises(BusyError, match="try again"):
                await calls.search("harbour")
        assert all(await asyncio.gather(*waiting))
        assert await calls.search("harbour")

    asyncio.run(crowd())


def test_a_client_of_openai_is_told_what_is_wrong(openai_client):
    import openai

    talk = [{"role": "user", "content": ASKED}]
    ask = openai_client.chat.completions.create
    with pytest.raises(openai.NotFoundError, match="name refdesk"):
        ask(model="gpt", messages=talk)
    with pytest.raises(openai.BadRequestError, match="last message"):
        ask(model="refdesk", messages=[{"role": "system", "content": "x"}])
    with pytest.raises(openai.BadRequestError, match="no source"):
        ask(model="refdesk", messages=talk, extra_body={"sources": ["no-*"]}, stream=True)
    refused = ask(model="refdesk", messages=[{"role": "user", "content": UNKNOWN}])
    assert refused.refdesk["abstained"] and not refused.choices[0].message.annotations


# Keys and limits


def test_a_key_lets_a_program_in_until_it_is_revoked(shared, users):
    secret = add_key(users, "ada", "laptop")
    assert shared.get("/v1/sources", headers=bearer(secret)).status_code == 200
    assert secret not in users.read_text() and Users(users).check("ada", "correct horse")
    for wrong in ("-", "x", secret[:-1], secret.upper()):
        assert "key" in problem(shared.get("/v1/sources", headers=bearer(wrong)), 401)
    with pytest.raises(SettingError, match="revoke it"):
        add_key(users, "ada", "laptop")
    set_password(users, "ada", "correct horse")  # her keys stay
    assert [(one.label, one.scope) for one in keys_of(users, "ada")] == [("laptop", "ask")]
    revoke_key(users, "ada", "laptop")
    problem(shared.get("/v1/sources", headers=bearer(secret)), 401)
    with pytest.raises(SettingError, match="no key"):
        revoke_key(users, "ada", "laptop")


def test_keys_go_with_their_user(users):
    set_password(users, "bob", "long enough")
    secret = add_key(users, "bob", "one")
    assert Users(users).key(secret).user == "bob"
    remove_user(users, "bob")
    set_password(users, "bob", "long enough")
    assert Users(users).key(secret) is None and keys_of(users, "bob") == []
    with pytest.raises(SettingError, match="names no user"):
        add_key(users, "eve", "one")
    with pytest.raises(SettingError, match="no name for a key"):
        add_key(users, "bob", "a:b")


def test_a_key_opens_what_is_for_programs_and_its_scope_says_what_it_may(shared, users):
    asks, curates = add_key(users, "cura", "asks"), add_key(users, "cura", "curates", CURATE)
    idle = add_key(users, "ada", "idle", CURATE)  # she is no curator
    for path in ("/", "/config", "/library", "/gradio_api/upload", "/gradio_api/queue/join"):
        for secret in (asks, curates):
            assert shared.post(path, headers=bearer(secret), json={}).status_code == 403
    for secret, status in ((asks, 403), (curates, 200), (idle, 403)):
        assert shared.get("/metrics", headers=bearer(secret)).status_code == status
    assert shared.get("/metrics", headers=basic("cura", "battery staple")).status_code == 200
    assert shared.get("/metrics", headers=basic("ada", "correct horse")).status_code == 403
    told = shared.post("/gradio_api/call/sources", headers=bearer(asks), json={"data": []})
    assert told.status_code == 200
    assert shared.get("/docs", headers=bearer(asks)).status_code == 200


def test_strangers_get_nothing_of_it(shared):
    for path in ("/v1/sources", "/v1/models", "/v1/nothing"):
        problem(shared.get(path), 401)
    for path in ("/docs", "/openapi.json", "/metrics"):
        told = shared.get(path)
        assert told.status_code == 401 and "Refdesk" not in told.text
    problem(shared.post("/v1/ask", json={"question": ASKED}), 401)


def test_who_asks_too_often_is_told_how_long_to_wait(opened, library, users):
    secrets = [add_key(users, "ada", label) for label in ("first", "second")]
    access = Access(users=Users(users), rate=3)
    with client_of(build_app(index=opened, library=library, access=access), access) as client:
        for _ in range(3):
            assert client.get("/v1/models", headers=bearer(secrets[0])).status_code == 200
        refused = client.get("/v1/models", headers=bearer(secrets[0]))
        assert "wait" in problem(refused, 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert client.get("/v1/models", headers=bearer(secrets[1])).status_code == 200


def test_a_rate_fills_evenly():
    now = 100.0
    rates = Rates(2, lambda: now)
    assert [rates.wait("a") for _ in range(3)] == [0, 0, 30]
    assert rates.wait("b") == 0
    now += 29
    assert rates.wait("a") == 1
    now += 1
    assert [rates.wait("a"), rates.wait("a")] == [0, 30]
    now += 1000
    assert [rates.wait("a") for _ in range(3)] == [0, 0, 30]


# For who runs it


def test_whether_it_runs_and_is_ready_is_told_to_anybody(shared, local):
    assert shared.get("/healthz").text == "ok\n"
    for client in (shared, local):
        for _ in range(200):
            told = client.get("/readyz")
            if told.status_code == 200:
                break
            assert told.status_code == 503 and "model" in told.text
        assert told.text == "ok\n"


def test_what_was_asked_is_counted_and_timed(local):
    def count(name):
        return sum(
            float(line.split()[-1])
            for line in local.get("/metrics").text.splitlines()
            if line.startswith(name)
        )

    answered, none = (f'refdesk_questions_total{{outcome="{one}"}}' for one in ("answered", "none"))
    steps = [f'refdesk_step_seconds_count{{step="{one}"}}' for one in ("retrieve", "compose")]
    before = [count(one) for one in (answered, none, *steps)]
    for question in (ASKED, UNKNOWN, ASKED):
        local.post("/v1/ask", json={"question": question})
    after = [count(one) for one in (answered, none, *steps)]
    assert [now - was for was, now in zip(before, after, strict=True)] == [2, 1, 3, 3]
    assert count("refdesk_sources") == 10 and count("refdesk_waiting") == 0


def test_a_histogram_adds_up():
    metrics = Metrics()
    for seconds in (0.001, 0.01, 0.3, 100.0):
        metrics.took("compose", seconds)
    text = metrics.text({})
    assert 'bucket{step="compose",le="0.01"} 2' in text
    assert 'bucket{step="compose",le="0.5"} 3' in text
    assert 'bucket{step="compose",le="60.0"} 3' in text
    assert 'bucket{step="compose",le="+Inf"} 4' in text
    assert 'sum{step="compose"} 100.311' in text


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send an interrupt to one process")
def test_requests_are_logged_by_an_id_and_without_questions(index_folder, library):
    program = (
        "import sys; from pathlib import Path; from qa.web import launch\n"
        "from qa.web.shared.served import ServedLibrary as Library\n"
        "one = Library(index=Path(sys.argv[1]), folder=Path(sys.argv[2]))\n"
        "launch(libraries=[one], model='', port=0,"
        " open_browser=False, log_level='info', log_json=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(index_folder), str(library)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = process.stdout.readline().split()[3]
        with httpx.Client(base_url=address, timeout=60) as client:
            named = {"X-Request-Id": "mine-1"}
            told = client.post("/v1/ask", json={"question": ASKED}, headers=named)
            assert told.headers["x-request-id"] == "mine-1"
            told = client.get("/v1/x%0aerror%20forged?q=secret", headers={"X-Request-Id": "a b"})
            assert re.fullmatch(r"[0-9a-f]{16}", told.headers["x-request-id"])
        process.send_signal(2)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in errors.splitlines()]
    asked = [line for line in lines if line.get("request") == "mine-1"]
    assert [line["message"] for line in asked] == ["question", "request"]
    assert asked[0]["outcome"] == "answered" and "question" not in asked[0]
    assert (asked[1]["method"], asked[1]["path"], asked[1]["status"]) == ("POST", "/v1/ask", 200)
    assert "harbour" not in errors and "secret" not in errors
    assert [line["path"] for line in lines if line.get("status") == 404] == ["/v1/x\nerror forged"]


def test_a_line_of_the_log_stays_one(caplog):
    record = logging.LogRecord("qa", logging.INFO, "x", 1, "request", (), None)
    record.told = {"path": "/a\nerror forged", "status": 404}
    line = _Text().format(record)
    assert line.endswith(" info request path=/a error forged status=404")


def test_a_question_is_logged_where_that_is_asked_for(opened, caplog):
    caplog.set_level(logging.INFO, "qa.web.api.metrics")
    for wanted in (False, True):
        desk = open_desk(read_settings(), index=opened, model="")
        desk = timed(desk, log_questions=wanted)
        assert [*desk.compose(desk.retrieve(ASKED))]
    first, second = (record.told for record in caplog.records)
    assert "question" not in first and second["question"] == ASKED
