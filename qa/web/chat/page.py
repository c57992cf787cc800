"""The chat page: its parts, and what happens when a person asks, reads, chooses or keeps."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from index.errors import IndexingError
from index.opened import Index
from qa.desk import Desk
from qa.templates import shortened
from qa.web.api.calls import Calls
from qa.web.api.tools import add_endpoints
from qa.web.chat.conversation import Turns, ask, refreshed, stop
from qa.web.chat.examples import example_questions
from qa.web.chat.history import history_list
from qa.web.chat.kept import Conversations
from qa.web.chat.kept_file import NotKeptError
from qa.web.chat.opening import read
from qa.web.chat.panel import panel
from qa.web.chat.saving import save_answer, save_conversation
from qa.web.chat.scope import Choice, choose, values
from qa.web.chat.transcript import examples, told, transcript
from qa.web.shared.access import Access, user_of
from qa.web.shared.blocks import CheckedBlocks
from qa.web.shared.masthead import BRIDGE, masthead
from qa.web.shared.render import count, standing_words
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
_FOLLOW = "watch('value', () => window.refdesk?.follow())"
_OPENED = "watch('value', () => window.refdesk?.opened())"
_PANELLED = "watch('value', () => window.refdesk?.panelled())"
_SAVE = "(file) => window.refdesk?.save(file)"
_ADDRESS = "() => [null, window.location.search]"
_LINK = "(...chosen) => window.refdesk?.link(chosen)"

# What is new in the conversation is read out to those who do not see it.
_LOG = '<div role="log" aria-live="polite" aria-label="Conversation">${value}</div>'

Shown = dict[Any, Any]


class ChatPage:
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
        self._index = index
        self._desk = desk
        self._library = library
        self._kept = kept
        sources = index.sources
        self.app = CheckedBlocks(title="Refdesk", analytics_enabled=False, fill_width=True)
        with self.app:
            gr.Navbar(visible=False)  # type: ignore[attr-defined]  # the masthead leads to the pages
            gr.HTML(
                masthead("chat", login=access.users is not None),
                elem_id="masthead",
                apply_default_css=False,
            )
            with gr.Column(elem_id="history", elem_classes="drawer"):
                self.search = gr.Textbox(
                    label="Search your conversations", elem_id="search", lines=1, max_lines=1
                )
                self.history = gr.HTML("", elem_id="talks", apply_default_css=False)
            with gr.Row(elem_id="desk"):
                with gr.Column(elem_id="chat"):
                    self.turns = gr.State(())
                    self.talk = gr.State(None)
                    self.transcript = gr.HTML(
                        self._welcome(),
                        elem_id="transcript",
                        html_template=_LOG,
                        js_on_load=_FOLLOW,
                        apply_default_css=False,
                    )
                with gr.Column(elem_id="sources"):
                    self.panel = gr.HTML(
                        panel((), sources),
                        elem_id="panel",
                        js_on_load=_PANELLED,
                        apply_default_css=False,
                    )
                    self.reader = gr.HTML(
                        "", elem_id="reader", js_on_load=_OPENED, apply_default_css=False
                    )
                with gr.Column(elem_id="composer"):
                    self.told = gr.HTML("", elem_id="told", apply_default_css=False)
                    self.box = gr.Textbox(
                        label="Question",
                        show_label=False,
                        placeholder="Ask the sources a question",
                        lines=1,
                        max_lines=6,
                        autofocus=True,
                        submit_btn="Ask",
                        stop_btn=False,
                        elem_id="question",
                    )
                    with gr.Row(elem_id="actions"):
                        with gr.Accordion(
                            self._scope_label(Choice()), open=False, elem_id="scope"
                        ) as self.accordion:
                            self.scope: list[Any] = [
                                gr.Dropdown(choices, label=label, multiselect=True, value=[])
                                for label, choices in self._choices().items()
                            ]
                            with gr.Row(elem_id="dates"):
                                self.scope += [
                                    gr.Textbox(
                                        label=label,
                                        placeholder="2024 or 2024-06-19",
                                        max_lines=1,
                                        min_width=120,
                                    )
                                    for label in ("Published from", "Published to")
                                ]
                        self.again, self.clear = (
                            gr.Button(label, size="sm", elem_id=elem_id, min_width=0)
                            for label, elem_id in (("Ask again", "again"), ("New", "clear"))
                        )
            self.bridge = gr.HTML("", elem_id="bridge", js_on_load=BRIDGE, apply_default_css=False)
            self.file = gr.JSON(visible="hidden")
            self.address = gr.Textbox(visible="hidden")
            self._connect()
            add_endpoints(calls)
        at_once = _WRITTEN_AT_ONCE if desk.chat_model else _EXTRACTS_AT_ONCE
        self.app.queue(default_concurrency_limit=at_once, max_size=_MOST_WAITING)

    def _connect(self) -> None:
        # Nobody but the page calls these, and Gradio's own progress would cover the text.
        quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        # No more than must be: Gradio makes each output anew with each update, also a skipped one.
        outputs = [self.box, self.turns, self.talk, self.told, self.transcript, self.panel]
        everything = [*outputs, self.reader, self.history, self.accordion, *self.scope]
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
            event.then(None, js=_FOCUS, **quietly)
        # First nothing must be under way any more: it would bring back what is put away.
        self.box.stop(None, cancels=asking, **quietly).then(self._stop, state, outputs, **quietly)
        self.clear.click(None, cancels=asking, **quietly).then(
            self._clear, [self.box, self.turns], outputs, **quietly
        ).then(None, js=_FOCUS, **quietly)
        for chooser in self.scope:
            chooser.change(self._name_scope, self.scope, self.accordion, **quietly)
            chooser.change(None, self.scope, None, js=_LINK, **quietly)
        self.bridge.select(self._read, self.turns, self.reader, **many)
        self.bridge.like(self._judge, state, [self.turns, self.transcript], **many)
        self.bridge.edit(self._open, None, everything, **quietly)
        self.bridge.change(
            self._rearrange, [self.talk, self.search], [*outputs, self.history], **many
        )
        self.bridge.download(self._export, self.turns, self.file, **many).then(
            None, self.file, None, js=_SAVE, **quietly
        )
        self.search.change(self._list, [self.talk, self.search], self.history, **many)
        self.app.load(
            self._load, [self.turns, self.address], everything, js=_ADDRESS, **quietly
        ).then(None, js=_READY, **quietly)

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
        async for shown in each(self._ask(question, turns, talk, chosen, user_of(request))):
            yield shown

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

    # Reading and judging

    def _read(self, turns: Turns, event: gr.EventData) -> str:
        return read(self._index.generation, turns, event._data or {})

    def _judge(
        self, turns: Turns, talk: str | None, event: gr.EventData, request: gr.Request
    ) -> Shown:
        """Keep what a person says of an answer."""
        said = event._data or {}
        place = said.get("turn")
        if not isinstance(place, int) or not 1 <= place <= len(turns) or turns[-1].running:
            return {self.turns: gr.skip()}
        turn = turns[place - 1]
        if "right" in said and isinstance(said["right"], bool | None):  # None takes it back
            turn = replace(turn, right=said["right"])
        if isinstance(said.get("note"), str):
            turn = replace(turn, note=said["note"][:500])
        turns = (*turns[: place - 1], turn, *turns[place:])
        shown = self._keep(turns, talk, user_of(request))
        return {self.turns: turns, self.transcript: shown[self.transcript]}

    # Keeping

    def _keep(self, turns: Turns, talk: str | None, user: str) -> Shown:
        """The page, with what is complete kept; where it cannot be, it is shown and said."""
        if self._kept is None:
            return self._shown(turns, None)
        try:
            return self._shown(turns, self._kept.save(user, talk, turns))
        except NotKeptError as error:  # kept with the next one, if it can be by then
            return self._shown(turns, talk, f"This conversation is not kept: {error}.")

    def _list(self, talk: str | None, search: str, request: gr.Request, deleted: str = "") -> str:
        if self._kept is None:
            return '<p class="meta">Conversations are not kept here.</p>'
        try:
            kept = self._kept.list(user_of(request), search)
            return history_list(kept, talk, search, deleted=deleted)
        except NotKeptError as error:
            return history_list((), talk, problem=str(error))

    def _open(self, event: gr.EventData, request: gr.Request) -> Shown:
        """Open a conversation that was kept."""
        talk = str((event._data or {}).get("id", ""))
        return self._reopened(talk, user_of(request))

    def _reopened(self, talk: str, user: str) -> Shown:
        try:
            turns = self._kept.load(user, talk) if self._kept else ()
            listed = history_list(self._kept.list(user), talk) if self._kept else ""
        except NotKeptError as error:
            return {self.history: history_list((), talk, problem=str(error))}
        if not turns:
            return {self.box: gr.skip()}
        turns = refreshed(turns, self._index.generation)
        return self._shown(turns, talk) | {
            self.history: listed,
            self.reader: "",
            self.box: gr.update(submit_btn="Ask", stop_btn=False),
        }

    def _rearrange(
        self, talk: str | None, search: str, event: gr.EventData, request: gr.Request
    ) -> Shown:
        """Rename, delete or bring back a conversation; list them again in any case."""
        wanted, user = event._data or {}, user_of(request)
        if self._kept is None:
            return {self.history: self._list(talk, search, request)}
        name = str(wanted.get("id", ""))
        try:
            if wanted.get("do") == "rename":
                self._kept.rename(user, name, str(wanted.get("title", "")))
            elif wanted.get("do") == "delete":
                self._kept.delete(user, name)
            elif wanted.get("do") == "restore":
                self._kept.restore(user, name)
        except NotKeptError as error:
            return {self.history: history_list((), talk, problem=str(error))}
        gone = name if wanted.get("do") == "delete" else ""
        if gone and name == talk:
            return self._shown((), None) | {
                self.history: self._list(None, search, request, deleted=gone)
            }
        return {self.history: self._list(talk, search, request, deleted=gone)}

    def _export(self, turns: Turns, event: gr.EventData, request: gr.Request) -> Any:
        """An answer, or a conversation that was kept, as a file for the browser to save."""
        wanted, user = event._data or {}, user_of(request)
        name, form, place = str(wanted.get("id", "")), str(wanted.get("do")), wanted.get("turn")
        if isinstance(place, int):
            answer = turns[place - 1].answer if 1 <= place <= len(turns) else None
            return save_answer(form, answer, self._index) if answer else None
        try:
            turns = self._kept.load(user, name) if self._kept else ()
            title = self._kept.title(user, name) if self._kept else ""
        except NotKeptError:  # the list says so as soon as it is read again
            return None
        if not turns:
            return None
        return save_conversation(form, title, turns, self._index)

    # Showing

    def _grown(self, turns: Turns, talk: str | None) -> Shown:
        """What changes in the page while an answer grows; the rest would only cost time."""
        return {
            self.turns: turns,
            self.transcript: transcript(turns, talk),
            self.panel: panel(turns, self._index.sources),
        }

    def _shown(self, turns: Turns, talk: str | None, problem: str = "") -> Shown:
        """What every handler sends; `problem` is said below the last turn."""
        said = transcript(turns, talk, problem) if turns else self._welcome()
        return {
            self.turns: turns,
            self.talk: talk,
            self.told: "",
            self.transcript: said,
            self.panel: panel(turns, self._index.sources),
        }

    def _welcome(self) -> str:
        sources = self._index.sources
        return examples(example_questions(self._library, sources), len(sources))

    def _load(self, turns: Turns, address: str, request: gr.Request) -> Shown:
        """A page that is loaded shows the library of now, and what its address asks for.

        Who was faster, and has asked already, keeps the conversation.
        """
        query = parse_qs(str(address or "").removeprefix("?"))
        user = user_of(request)
        choice = Choice.from_query(query)
        shown: Shown = {self.history: self._list(None, "", request)}
        if not turns:
            shown |= self._shown((), None)
            if "c" in query:
                shown |= self._reopened(query["c"][0], user)
        if "q" in query and not turns:
            shown[self.box] = gr.update(value=query["q"][0])
        chosen = (choice.ids, choice.topics, choice.standings)
        for chooser, (_, choices), wanted in zip(
            self.scope, self._choices().items(), chosen, strict=False
        ):
            offered = {value for _, value in choices}
            picked = [value for value in wanted if value in offered]
            shown[chooser] = gr.update(choices=choices, value=picked)
        shown[self.scope[3]], shown[self.scope[4]] = choice.since, choice.until
        shown[self.accordion] = gr.update(label=self._scope_label(choice))
        return shown

    def _choices(self) -> dict[str, list[tuple[str, str]]]:
        """What there is to choose from, as (shown, value), by label."""
        sources = self._index.sources
        return {
            "Sources": [(shortened(source.title, 90), source.id) for source in sources],
            "Topics": [(topic, topic) for topic in values(source.topics for source in sources)],
            "Kinds of source": [
                (standing_words(name), name)
                for name in values([source.standing] for source in sources)
            ],
        }

    def _name_scope(self, *chosen: Any) -> Any:
        return gr.update(label=self._scope_label(Choice.of(*chosen)))

    def _scope_label(self, choice: Choice) -> str:
        sources = self._index.sources
        try:
            scope = choose(sources, choice)
        except IndexingError as error:
            return "Scope: a date is wrong" if "date" in str(error) else "Scope: nothing fits"
        if scope.patterns is None:
            return "Scope: the whole library"
        return f"Scope: {len(scope.patterns)} of {count(len(sources), 'source')}"
