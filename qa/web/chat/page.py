"""The chat page: its parts, and what happens when a person asks, reads, chooses or keeps."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from index.errors import IndexingError
from index.opened import Index
from qa.desk import Desk
from qa.web.api.calls import Calls
from qa.web.api.tools import add_endpoints
from qa.web.chat.answerable import Answerable
from qa.web.chat.conversation import Turns, ask, stop
from qa.web.chat.keeping import KeepingPage
from qa.web.chat.kept import Conversations
from qa.web.chat.layout import Shown
from qa.web.chat.opening import read
from qa.web.chat.scope import Choice, choose
from qa.web.chat.shelf import shelf_of
from qa.web.chat.transcript import first_questions, next_questions, told
from qa.web.shared.access import Access, user_of
from qa.web.shared.threads import each

# Questions answered at once; the others wait their turn. Extracts are work for the processor, and
# more of them than it has cores only get in each other's way: on two cores, 50 answers took 1.3 s
# of two threads and 1.7 s of eight (`python tests/benchmarks/load.py`). A language model is waited
# for.
_EXTRACTS_AT_ONCE = max(2, os.cpu_count() or 1)
_WRITTEN_AT_ONCE = max(16, _EXTRACTS_AT_ONCE)
_MOST_WAITING = 200

# The page's script makes these; they are called once the page shows what Python sent.
_READY = "() => window.refdesk?.ready()"
_FOCUS = "() => window.refdesk?.focus()"
_SAVE = "(file) => window.refdesk?.save(file)"
_ADDRESS = "() => [null, window.location.search]"
_LINK = "async (...chosen) => (await window.refdesk?.link(chosen)) ?? chosen"


class ChatPage(KeepingPage):
    """The components and their handlers. A conversation lives in the session, never here."""

    def __init__(
        self,
        index: Index,
        desk: Desk,
        library: Path,
        kept: Conversations | None,
        access: Access,
        calls: Calls,
    ) -> None:
        super().__init__(index, library, kept, access)
        self._desk = desk
        self._access = access
        self._answerable = Answerable(desk, library)
        with self.app:
            self._connect()
            add_endpoints(calls)
        at_once = _WRITTEN_AT_ONCE if desk.chat_model else _EXTRACTS_AT_ONCE
        self.app.queue(default_concurrency_limit=at_once, max_size=_MOST_WAITING)

    def _connect(self) -> None:
        # Nobody but the page calls these, and Gradio's own progress would cover the text.
        quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        # No more than must be: Gradio makes each output anew with each update, also a skipped one.
        outputs = [self.box, self.turns, self.talk, self.told, self.transcript, self.panel]
        everything = [*outputs, self.reader, self.history, self.dossier, self.accordion]
        everything += self.scope
        state = [self.turns, self.talk]
        # Gradio's "once" drops what is asked in the moment before it has put away the last answer;
        # `_ask` itself sees to it that only one is under way.
        many: dict[str, Any] = {"trigger_mode": "multiple", **quietly}
        asking: list[Any] = [
            self.box.submit(self._asked, [self.box, *state, *self.scope], outputs, **many),
            self.again.click(self._asked_again, [*state, *self.scope], outputs, **many),
            self.bridge.submit(self._example, [*state, *self.scope], outputs, **many),
        ]
        for event in asking:
            event.then(None, js=_FOCUS, **quietly).then(self._next, self.turns, self.next, **many)
        # First nothing must be under way any more: it would bring back what is put away.
        self.box.stop(None, cancels=asking, **quietly).then(self._stop, state, outputs, **quietly)
        self.clear.click(None, cancels=asking, **quietly).then(
            self._clear, [self.box, self.turns], outputs, **quietly
        ).then(None, js=_FOCUS, **quietly).then(self._next, self.turns, self.next, **many)
        # One event for all: what is loaded changes several controls one after the other, and of two
        # answers the one on a scope that was half set must not be the last.
        gr.on(
            [chooser.change for chooser in self.scope],
            self._name_scope, self.scope, self.accordion, js=_LINK,
            trigger_mode="always_last", **quietly,
        )  # fmt: skip
        self.bridge.focus(self._narrow, None, [*self.scope, self.accordion], **quietly)
        self.bridge.select(self._read, self.turns, self.reader, **many)
        self.bridge.like(self._judge, state, [self.turns, self.transcript], **many)
        self.bridge.edit(self._open, None, everything, **quietly).then(
            self._next, self.turns, self.next, **many
        )
        self.bridge.change(
            self._rearrange, [self.talk, self.search], [*outputs, self.history], **many
        )
        self.bridge.download(self._export, self.turns, self.file, **many).then(
            None, self.file, None, js=_SAVE, **quietly
        )
        # One after the other, as two deeds at once would make the list anew from half of each.
        self.bridge.apply(self._pin, self.turns, self.dossier, concurrency_limit=1, **many)
        self.search.change(self._list, [self.talk, self.search], self.history, **many)
        self.app.load(
            self._load, [self.turns, self.address], everything, js=_ADDRESS, **quietly
        ).then(None, js=_READY, **quietly).then(self._next, self.turns, self.next, **many)

    def renew_after(self, event: Any) -> None:
        """After `event`, more or other sources may be served: show and offer these."""
        shown = [self.transcript, self.panel, *self.scope, self.accordion]
        with self.app:
            event.then(self._renewed, [self.turns, *self.scope], shown, show_progress="hidden",
                       api_visibility="private")  # fmt: skip

    def _renewed(self, turns: Turns, *chosen: Any) -> Shown:
        shown: Shown = self._offered(Choice.of(*chosen))
        if not turns:
            shown |= {self.transcript: self._welcome(), self.panel: shelf_of(self._index)}
        return shown

    # Asking

    def _ask(
        self, question: str, turns: Turns, talk: str | None, chosen: tuple[Any, ...], user: str
    ) -> Iterator[Shown]:
        """The page again whenever the answer has grown; nothing while another one grows."""
        if turns and turns[-1].running:
            yield {self.box: gr.skip()}
            return
        busy = gr.update(value="", submit_btn=False, stop_btn="Stop")
        if not question.strip():
            yield {self.told: told("The question is empty; type a few words.")}
            return
        try:
            scope = choose(self._index.sources, Choice.of(*chosen))
        except IndexingError as error:
            # Above the box, where it can be mended; the conversation and the question stay.
            yield {self.told: told(f"{str(error)[:1].upper()}{str(error)[1:]}.")}
            return
        begun = False
        for shown in ask(question, turns, scope, desk=self._desk):
            last = shown[-1]
            if last.running and begun:
                yield self._grown(shown, talk)
            elif last.running:
                begun = True
                yield self._shown(shown, talk) | {self.box: busy}
            else:
                # A question that got no answer goes back into the box, to be changed.
                ready = gr.update(submit_btn="Ask", stop_btn=False)
                if last.error and last.question:
                    ready["value"] = last.question
                yield self._keep(shown, talk, user) | {self.box: ready}

    async def _asked(
        self, request: gr.Request, question: str, turns: Turns, talk: str | None, *chosen: Any
    ) -> AsyncIterator[Shown]:
        async for shown in each(self._ask(question, turns, talk, chosen, user_of(request))):
            yield shown

    async def _asked_again(
        self, request: gr.Request, turns: Turns, talk: str | None, *chosen: Any
    ) -> AsyncIterator[Shown]:
        asked = tuple(turn for turn in turns if turn.question)
        if asked and not turns[-1].running:
            question, user = asked[-1].question, user_of(request)
            async for shown in each(self._ask(question, asked[:-1], talk, chosen, user)):
                yield shown

    async def _example(
        self,
        event: gr.EventData,
        request: gr.Request,
        turns: Turns,
        talk: str | None,
        *chosen: Any,
    ) -> AsyncIterator[Shown]:
        question = str(event._data.get("question", ""))
        if event._data.get("wide"):  # this once
            chosen = tuple(() for _ in chosen)
        async for shown in each(self._ask(question, turns, talk, chosen, user_of(request))):
            yield shown

    def _next(self, turns: Turns, request: gr.Request) -> str:
        """What can be asked first, or after the last turn, tried; nothing while it grows."""
        if not turns:
            return first_questions(self._answerable.first(self._index.sources))
        turn = turns[-1]
        if turn.answer is None or turn.running or turn.answer.small_talk:
            return ""
        try:
            scope = choose(self._index.sources, turn.choice)
        except IndexingError:  # it was of sources that are gone
            return ""
        refused = turn.outcome != "answered"
        return next_questions(
            turns,
            self._answerable.near(turns, scope),
            wider=refused
            and scope.patterns is not None
            and self._answerable.answers(turn.answer.condensed) is not None,
            add=refused and self._access.may_curate(user_of(request)),
        )

    def _stop(self, turns: Turns, talk: str | None, request: gr.Request) -> Shown:
        ready = {self.box: gr.update(submit_btn="Ask", stop_btn=False)}
        return self._keep(stop(turns), talk, user_of(request)) | ready

    def _clear(self, typed: str = "", turns: Turns = ()) -> Shown:
        """An empty conversation; what was typed and not asked yet stays in the box."""
        asked = {turn.question for turn in turns}
        value = "" if str(typed or "").strip() in asked else typed
        return self._shown((), None) | {
            self.box: gr.update(value=value, submit_btn="Ask", stop_btn=False)
        }

    # Reading

    def _read(self, turns: Turns, event: gr.EventData) -> str:
        return read(self._index.generation, turns, event._data or {})

    def _load(self, turns: Turns, address: str, request: gr.Request) -> Shown:
        """A page that is loaded shows the library of now, and what its address asks for.

        Who was faster, and has asked already, keeps the conversation.
        """
        query = parse_qs(str(address or "").removeprefix("?"))
        user = user_of(request)
        choice = Choice.from_query(query)
        shown: Shown = {
            self.history: self._list(None, "", request),
            self.dossier: self._pinned(request),
        }
        if not turns:
            shown |= self._shown((), None)
            if "c" in query:
                shown |= self._reopened(query["c"][0], user)
        return shown | self._offered(choice)

    def _narrow(self, event: gr.EventData) -> Shown:
        """The scope of one source."""
        return self._offered(Choice(ids=(str((event._data or {}).get("source", "")),)))

    def _offered(self, choice: Choice) -> Shown:
        """What there is to choose from now, with what is chosen of it."""
        shown: Shown = {self.accordion: gr.update(label=self._scope_label(choice))}
        chosen = (choice.ids, choice.topics, choice.standings)
        for chooser, (_, choices), wanted in zip(
            self.scope, self._choices().items(), chosen, strict=False
        ):
            offered = {value for _, value in choices}
            picked = [value for value in wanted if value in offered]
            shown[chooser] = gr.update(choices=choices, value=picked)
        shown[self.scope[3]], shown[self.scope[4]] = choice.since, choice.until
        return shown
