"""A language model by name, through LangChain: made, told what to do, and heard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeVar

from qa.errors import ChatModelError
from qa.token_counts import count_tokens
from qa.traces import spanned

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_T = TypeVar("_T")

# What to install for a provider: our extra where there is one.
_EXTRAS = ("ollama", "openai", "anthropic")
NOT_IN_SOURCES = "NOT IN THE SOURCES"
# How a model says that it has finished, in the metadata of its last piece.
_FINISHED = ("stop", "end_turn", "stop_sequence", "completed")
# How servers say that a text is too long, each in words of its own; and what else they refuse.
_TOO_LONG = re.compile(
    r"context|too (?:long|large|many tokens)|maximum .{0,40}(?:length|tokens)|input length"
    r"|inputs?\W.{0,40}tokens",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(r"model\b.{0,80}(?:not found|not exist|not available|not loaded)", re.I)
# What is waited for a server that is busy and does not say how long, in seconds.
_WAIT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModelSettings:
    """How to reach a language model; `timeout` is in seconds."""

    url: str | None = None
    timeout: float = 60.0


def load_chat_model(name: str, settings: ChatModelSettings) -> BaseChatModel:
    """The model called `name`, as "provider:model". Raises ChatModelError."""
    provider, _, model = name.partition(":")
    if not (re.fullmatch(r"[a-z][a-z0-9_-]*", provider) and model.strip()):
        raise ChatModelError(
            f"the model {name!r} is not of the form provider:name; an example is ollama:llama3.2"
        )
    from langchain.chat_models import init_chat_model

    # Trying again is done in `stream_text`, alike for every provider.
    options: dict[str, Any] = {"temperature": 0, "max_retries": 0, "timeout": settings.timeout}
    if provider == "openai":  # its client asks only OpenAI itself for the tokens
        options["stream_usage"] = True
    if provider == "ollama":  # its client takes its own names, and does not try again
        options = {"temperature": 0, "client_kwargs": {"timeout": settings.timeout}}
    if settings.url:
        options["base_url"] = settings.url
    try:
        chat_model: BaseChatModel = init_chat_model(model, model_provider=provider, **options)
        return chat_model
    except ImportError as error:
        named = re.search(r"langchain-[\w-]+", str(error))
        package = f"'refdesk[{provider}]'" if provider in _EXTRAS else named and named.group()
        raise ChatModelError(
            f"the model {name!r} needs a package that is not installed; "
            f"run `pip install {package or f'langchain-{provider}'}`"
        ) from None
    except Exception as error:  # each provider raises its own; none of their texts may hold a key
        raise ChatModelError(
            f"the model {name!r} cannot be used ({type(error).__name__}); check its provider and "
            f"name, and that the API key is set (a server of your own takes any)"
        ) from None


def model_name(model: BaseChatModel | None) -> str | None:
    """What a chat model is called in an answer; None for none."""
    if model is None:
        return None
    for field in ("model_name", "model"):
        name = getattr(model, field, None)
        if isinstance(name, str):
            return name
    return type(model).__name__


def stream_text(
    model: BaseChatModel, messages: Sequence[tuple[str, str]], *, timeout: float
) -> Iterator[str]:
    """What the model writes to `messages`, (role, text), piece by piece.

    A server that is busy or does not answer is asked once more, as long as it has written nothing;
    one that says how long it will be busy, after that time where it is less than half of `timeout`;
    one that does not stream, for all at once; a model that takes no temperature, without one. A
    model that says that it has finished ends its last line. Raises what the model raises, and
    TimeoutError when that takes longer than two timeouts.
    """
    start = monotonic()
    wrote = False
    stream: Callable[[Any], Iterator[Any]] = model.stream
    for again in (True, False):
        try:
            for piece in _heard(model, stream([*messages]), start + 2 * timeout):
                wrote = wrote or bool(piece.text)
                yield str(piece.text)
                if _finished(piece):
                    yield "\n"
            return
        except Exception as error:  # each provider raises its own
            late = monotonic() - start > 1.5 * timeout
            busy = _busy_for(error)
            if wrote or late or not again or not _may_pass(error) or busy > timeout / 2:
                raise
            sleep(busy)
            stream = _otherwise(model, error)


def _otherwise(model: BaseChatModel, error: Exception) -> Callable[[Any], Iterator[Any]]:
    """How to ask a model again after an error."""
    if _status(error) == 400 and hasattr(model, "temperature"):
        return model.model_copy(update={"temperature": None}).stream
    if isinstance(error, ValueError):  # nothing came that was a piece of a stream
        return lambda messages: iter([model.invoke(messages)])
    return model.stream


def _heard(model: BaseChatModel, pieces: Iterator[Any], deadline: float) -> Iterator[Any]:
    """The pieces of one reply as they come, timed, their tokens counted."""
    about = {"gen_ai.request.model": model_name(model) or ""}
    for piece in spanned("model call", _until(deadline, pieces), about):
        count_tokens(piece)
        yield piece


def _finished(piece: Any) -> bool:
    """Whether a piece says that the model has said all, and was not cut off."""
    told = getattr(piece, "response_metadata", None) or {}
    reasons = [told.get(name) for name in ("finish_reason", "stop_reason", "done_reason", "status")]
    return any(isinstance(one, str) and one.casefold() in _FINISHED for one in reasons)


def _status(error: BaseException) -> int | None:
    """The HTTP status of an error, as the clients of the providers carry it."""
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    # An error within a stream has it in its body alone.
    body = getattr(error, "body", None)
    told = body.get("code") if isinstance(body, dict) else None
    return told if isinstance(told, int) and 400 <= told < 600 else None


def _words(error: BaseException) -> str:
    """What a server says of an error; some clients leave it out of their own words."""
    try:
        return f"{error} {getattr(getattr(error, 'response', None), 'text', '')}"
    except Exception:  # a response that was not read, as each client has it
        return str(error)


def _busy_for(error: BaseException) -> float:
    """For how many seconds a server says that it is busy; 0 for an error of another kind."""
    if _status(error) not in (429, 503):
        return 0.0
    headers = getattr(getattr(error, "response", None), "headers", None)
    told = str(headers.get("retry-after", "")) if headers is not None else ""
    if re.fullmatch(r"\d{1,6}(?:\.\d+)?", told):
        return float(told)
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return _WAIT


def is_too_long(error: BaseException) -> bool:
    """Whether a model refuses what it was sent because that is longer than it can read."""
    status = _status(error)
    if status is None and type(error).__name__ != "APIError":  # that of an error within a stream
        return False
    told = _TOO_LONG.search(_words(error)) is not None
    return status == 413 or (status in (None, 400, 422, 500) and told)


def describe_failure(error: BaseException, timeout: float) -> str:
    """What went wrong with a model and what to do, as the rest of "The language model ...".

    `timeout` is in seconds. Nothing of the error's own text is told: it may hold a key.
    """
    status = _status(error)
    kind = type(error).__name__
    if status in (401, 403):
        return f"refused the API key ({status}); check the key and what it may use"
    if status in (400, 404) and _NO_MODEL.search(_words(error)):
        return f"is not known to the server ({status}); check its name, and that it is loaded"
    if status in (404, 405):
        return (
            f"is not at this address ({status}); check its name and REFDESK_MODEL_URL, which for "
            "most servers ends in /v1"
        )
    if status == 402:
        return "is not paid for (402); check the balance of its account"
    if status == 429:
        return "is busy or its quota is used up (429); try again later"
    if is_too_long(error):
        return "cannot read so long a text; name one with a larger context"
    if status is not None and status >= 500:
        return f"failed on its server ({status}); try again, or see the server's log"
    if status is not None and status >= 400:
        return f"refused what was asked ({status}); its server's log says why"
    if isinstance(error, TimeoutError) or "timeout" in kind.casefold():
        return f"took longer than {timeout:g} seconds ({kind}); REFDESK_MODEL_TIMEOUT gives it more"
    if isinstance(error, ConnectionError) or "connect" in kind.casefold():
        return f"cannot be reached ({kind}); check that it runs, and REFDESK_MODEL_URL"
    if isinstance(error, ValueError):
        return (
            f"sent nothing that can be read ({kind}); check REFDESK_MODEL_URL, which for most "
            f"servers ends in /v1"
        )
    return f"did not answer ({kind})"


def short_reply(
    model: BaseChatModel, instructions: str, said: str, *, timeout: float, longest: int
) -> str:
    """What the model replies to `said`, no more than about `longest` characters of it.

    Asked once. Raises what the model raises, and TimeoutError after `timeout` seconds.
    """
    reply = ""
    messages = [("system", instructions), ("human", said)]
    for piece in _heard(model, model.stream(messages), monotonic() + timeout):
        reply += str(piece.text)
        if len(reply) > longest:
            break
    return reply


def _until(deadline: float, pieces: Iterator[_T]) -> Iterator[_T]:
    """The pieces as they come. Raises TimeoutError at `deadline`, whatever a server is doing then.

    Time-outs of the clients do not see to that: a server may keep a connection busy for ever.
    """
    heard: Queue[_T | Exception | None] = Queue()
    stopped = Event()

    def hear() -> None:
        try:
            for piece in pieces:
                heard.put(piece)
                if stopped.is_set():
                    return
            heard.put(None)
        except Exception as error:  # it is raised where it is waited for
            heard.put(error)

    # The context says which run of a trace this is a part of.
    Thread(target=copy_context().run, args=(hear,), daemon=True).start()
    try:
        while (left := deadline - monotonic()) > 0:
            piece = heard.get(timeout=left)
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece
        raise TimeoutError
    except Empty:
        raise TimeoutError from None
    finally:
        stopped.set()


def _may_pass(error: Exception) -> bool:
    """Whether the same request may do better; one that was refused (a wrong key) will not."""
    status = _status(error)
    if is_too_long(error):
        return False
    if status == 400 and "temperature" in _words(error):
        return True
    return status is None or status in (408, 429) or status >= 500
