"""Traces as a collector gets them: a server on loopback that reads OTLP over HTTP."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from chat_server import Server, chunk
from conftest import FILES, write_library

from index import rebuild
from qa import traces

QUESTION = "How deep is the harbour of Oldport?"
TRUE = "The harbour of Oldport was dredged to a depth of eleven metres in 1987."
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture
def collector():
    proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    spans = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            told = proto.ExportTraceServiceRequest.FromString(body)
            for resource in told.resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                assert names["service.name"] == "refdesk"
                spans.extend(one for scope in resource.scope_spans for one in scope.spans)
            answer = proto.ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traced")
    rebuild(write_library(folder / "library", FILES), index=folder / "index")
    return folder


def run(code, folder, **variables):
    """Run in a process of its own, as it starts but once in one."""
    variables = {"REFDESK_GAPS": "off", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={name: value for name, value in os.environ.items() if name != ENDPOINT} | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done


def values(span):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


ASK = (
    "import sys; from qa import answer\n"
    f"found = answer({QUESTION!r}, index=sys.argv[1] + '/index')\n"
    "print(found.text)"
)


def test_a_question_is_one_trace_with_its_parts_and_without_its_words(collector, folder):
    address, spans = collector
    run(ASK, folder, **{ENDPOINT: address})
    by_name = {one.name: one for one in spans}
    assert {"question", "retrieve", "compose", "check"} <= by_name.keys()
    whole = by_name["question"]
    assert not whole.parent_span_id and len({one.trace_id for one in spans}) == 1
    for name, parent in (("retrieve", "question"), ("compose", "question"), ("check", "compose")):
        assert by_name[name].parent_span_id == by_name[parent].span_id
    if "read" in by_name:
        assert by_name["read"].parent_span_id == by_name["retrieve"].span_id
    assert values(whole)["refdesk.outcome"] == "answered"
    assert values(by_name["check"])["refdesk.checked_by"] == "verbatim"
    assert all(
        whole.start_time_unix_nano
        <= one.start_time_unix_nano
        <= one.end_time_unix_nano
        <= whole.end_time_unix_nano
        for one in spans
    )
    told = b"".join(one.SerializeToString() for one in spans)
    assert b"Oldport" not in told and b"eleven" not in told


def test_what_is_asked_is_in_it_where_that_is_wanted(collector, folder):
    address, spans = collector
    code = "from qa import traces; traces.start_traces(questions=True)\n" + ASK
    run(code, folder, **{ENDPOINT: address})
    [whole] = [one for one in spans if one.name == "question"]
    assert values(whole)["refdesk.question"] == QUESTION


def test_calls_of_a_language_model_are_parts_with_its_name(collector, folder):
    pytest.importorskip("langchain_openai", reason="needs the extra openai")

    def behave(handler, server):
        handler.open_stream()
        handler.wfile.write(chunk(f"{TRUE} [1]") + b"data: [DONE]\n\n")

    address, spans = collector
    server = Server(behave)
    try:
        run(
            ASK, folder, OPENAI_API_KEY="sk-none", REFDESK_MODEL="openai:some-model",
            REFDESK_MODEL_URL=server.url, **{ENDPOINT: address},
        )  # fmt: skip
    finally:
        server.close()
    by_name = {one.name: one for one in spans}
    call = by_name["model call"]
    assert call.parent_span_id == by_name["compose"].span_id
    assert values(call)["gen_ai.request.model"] == "some-model"


def test_a_rebuild_is_one_span_and_what_fails_tells_its_kind_alone(collector, folder):
    address, spans = collector
    code = (
        "import sys; from pathlib import Path; from qa.cli.library import build\n"
        "from index.errors import IndexingError\n"
        "here = Path(sys.argv[1])\n"
        "build(here / 'library', here / 'another')\n"
        "try: build(here / 'index', here / 'another')\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = run(code, folder, **{ENDPOINT: address})
    first, second = (one for one in spans if one.name == "rebuild")
    assert len(spans) == 2, "what the golden questions take is no part of it"
    assert values(first)["refdesk.passages"] > 0 and first.status.code == 0
    assert values(second) == {"error.type": done.stdout.strip()} and second.status.code == 2


def test_nothing_is_imported_without_an_endpoint(folder):
    code = ASK + (
        "\nimport qa.traces\n"
        "assert qa.traces._tracer is None\n"
        "assert not any('exporter.otlp.proto.http' in name for name in sys.modules)"
    )
    run(code, folder)


def test_a_missing_package_is_told_in_one_line_and_costs_no_answer(folder):
    code = "import sys; sys.modules['opentelemetry.exporter.otlp.proto.http'] = None\n" + ASK
    done = run(code, folder, **{ENDPOINT: "http://127.0.0.1:9"})
    assert "eleven metres" in done.stdout
    assert "run `pip install 'refdesk[traces]'`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_collector_that_is_away_is_told_in_one_line_and_costs_no_answer(folder):
    variables = {ENDPOINT: "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    done = run(ASK, folder, **variables)
    assert "eleven metres" in done.stdout
    assert done.stderr.startswith("traces are lost: ") and done.stderr.count("\n") == 1


def test_whoever_leaves_in_the_middle_is_no_error(monkeypatch):
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    kept, provider = export.InMemorySpanExporter(), trace.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(traces, "_tracer", provider.get_tracer("test"))
    items = traces.spanned("whole", iter("ab"), first=True)
    assert next(items) == "a"
    with traces.span("of nothing"):
        pass
    items.close()
    [one] = kept.get_finished_spans()
    assert one.name == "whole" and one.status.is_unset
