"""What the server remembers of open pages is bounded; who loses a page is told in words."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from qa.web.server import states
from qa.web.server.pages import bind_session
from qa.web.server.states import BoundedStates, bound


@pytest.fixture
def pages():
    queue = SimpleNamespace(
        pending_messages_per_session={}, pending_event_ids_session={}, event_ids_to_events={}
    )
    return BoundedStates(queue, most=3 * states._PAGE)


def opened(pages, *names):
    for name in names:
        pages.session_data[name] = SimpleNamespace(config_values={})
        pages.update(name)


def test_the_page_longest_unused_goes_and_all_pages_stay_within_the_bound(pages):
    names = [bound(f"page{number}", "ada") for number in range(5)]
    opened(pages, *names)
    assert list(pages.session_data) == names[2:]
    assert list(pages.let_go) == names[:2]
    assert pages.size <= 3 * states._PAGE


def test_what_is_remembered_of_forgotten_pages_is_bounded_too(pages, monkeypatch):
    monkeypatch.setattr(states, "_MOST_LET_GO", 4)
    opened(pages, *(bound(f"page{number}", "ada") for number in range(20)))
    assert len(pages.let_go) == 4


def joined(session, let_go):
    """What is answered to who asks on a page; None where it may be asked."""
    body = json.dumps({"session_hash": session, "data": []}).encode()
    scope = {
        "type": "http", "method": "POST", "path": "/gradio_api/queue/join", "query_string": b"",
        "headers": [],
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return asyncio.run(bind_session(Request(scope, receive), "ada", let_go))[1]


def test_who_asks_on_a_page_that_was_forgotten_is_told_to_reload_it():
    refused = joined("mine", {bound("mine", "ada")})
    assert refused.status_code == 410
    assert b"reload it" in refused.body
    assert joined("other", {bound("mine", "ada")}) is None
    assert joined("mine", {bound("mine", "bob")}) is None
