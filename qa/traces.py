"""What a question and a rebuild take, as spans of OpenTelemetry, where an endpoint is set.

Without one nothing of OpenTelemetry is imported. A span says what was done and how long it took; of
an error only its kind, and of a question its text only where a person wants that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Span, Tracer

T = TypeVar("T")
About = Mapping[str, str | int | float | bool]
Note = Callable[[About], None]

_log = logging.getLogger(__name__)
_END = object()
_tracer: Tracer | None = None
_questions = False


def start_traces(*, questions: bool = False) -> None:
    """Send spans to the endpoint that OpenTelemetry's own variables name, from the first call on;
    with `questions` what is asked, too. Where its packages are missing, that is logged."""
    global _tracer, _questions
    if _tracer is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
    except ImportError:
        _log.warning(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and nothing is sent to it: "
            "run `pip install 'refdesk[traces]'`"
        )
        return

    class Exporter(OTLPSpanExporter):
        """Says once, in one line, that nobody takes what is sent; answers go on."""

        told = False

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = super().export(spans)
            if result is not SpanExportResult.SUCCESS and not self.told:
                self.told = True
                _log.warning(
                    "traces are lost: nothing takes them at OTEL_EXPORTER_OTLP_ENDPOINT; start the "
                    "collector, or unset it"
                )
            return result

    logging.getLogger("opentelemetry.exporter").setLevel("CRITICAL")
    # One of our own: Chroma may have set that of the process, and sends what others must not see.
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "refdesk"}))
    provider.add_span_processor(BatchSpanProcessor(Exporter()))
    _tracer, _questions = provider.get_tracer("refdesk"), questions


def asked_about(question: str) -> About:
    """What a span may tell of a question."""
    return {"refdesk.question": question} if _questions else {}


@contextmanager
def span(name: str, about: About | None = None) -> Iterator[Note]:
    """A part of what is being traced; yields what notes more of it. Where nothing is, it is
    nothing: golden questions of a rebuild would be thousands."""
    if _tracer is None or not _is_traced():
        yield lambda more: None
        return
    with _made(_tracer.start_span(name, attributes=about)) as current, _within(current):
        yield current.set_attributes


@contextmanager
def trace(name: str) -> Iterator[Note]:
    """A trace of one span, which nothing that is done meanwhile is a part of."""
    if _tracer is None:
        yield lambda more: None
        return
    with _made(_tracer.start_span(name)) as current:
        yield current.set_attributes


def spanned(
    name: str,
    items: Iterator[T],
    about: About | None = None,
    told: Callable[[T], About] | None = None,
    *,
    first: bool = False,
) -> Iterator[T]:
    """The items, made in a span that `told` tells of the last; a part as that of `span`, or with
    `first` the whole. What the reader does between two of them is no part of it."""
    if _tracer is None or not (first or _is_traced()):
        yield from items
        return
    with _made(_tracer.start_span(name, attributes=about)) as current:
        last: Any = _END
        while True:
            with _within(current):
                item: Any = next(items, _END)
            if item is _END:
                break
            yield (last := item)
        if told is not None and last is not _END:
            current.set_attributes(told(last))


def _is_traced() -> bool:
    from opentelemetry.trace import get_current_span

    return get_current_span().is_recording()


@contextmanager
def _within(current: Span) -> Iterator[None]:
    from opentelemetry.trace import use_span

    with use_span(current, record_exception=False, set_status_on_exception=False):
        yield


@contextmanager
def _made(current: Span) -> Iterator[Span]:
    """Ends the span, with the kind of what was raised meanwhile; to have heard enough is none."""
    from opentelemetry.trace import StatusCode

    try:
        yield current
    except Exception as error:
        current.set_status(StatusCode.ERROR)
        current.set_attribute("error.type", type(error).__name__)
        raise
    finally:
        current.end()
