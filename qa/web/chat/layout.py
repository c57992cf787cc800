"""The parts of the chat page, and what they show of a conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from index.build.file_report import amount
from index.errors import IndexingError
from index.opened import Index
from qa.templates import shortened
from qa.web.chat.conversation import Turns
from qa.web.chat.examples import example_questions
from qa.web.chat.panel import panel
from qa.web.chat.scope import Choice, choose, values
from qa.web.chat.shelf import shelf_of
from qa.web.chat.transcript import examples, transcript
from qa.web.shared.access import Access
from qa.web.shared.blocks import CheckedBlocks
from qa.web.shared.masthead import BRIDGE, masthead
from qa.web.shared.render import standing_words

_FOLLOW = "watch('value', () => window.refdesk?.follow())"
_OPENED = "watch('value', () => window.refdesk?.opened())"
_NEXT = "watch('value', () => window.refdesk?.next())"
_PINNED = "watch('value', () => window.refdesk?.markPins())"
_PANELLED = "watch('value', () => window.refdesk?.panelled())"

# What is new in the conversation is read out to those who do not see it.
_LOG = '<div role="log" aria-live="polite" aria-label="Conversation">${value}</div>'

Shown = dict[Any, Any]


class ChatLayout:
    """The components of the page of a library; what happens to them stands in those above."""

    def __init__(self, index: Index, library: Path, access: Access) -> None:
        self._index = index
        self._library = library
        title = f"{access.library} · Refdesk" if access.library else "Refdesk"
        self.app = CheckedBlocks(title=title, analytics_enabled=False, fill_width=True)
        with self.app:
            gr.Navbar(visible=False)  # type: ignore[attr-defined]  # the masthead leads to the pages
            gr.HTML(
                masthead("chat", access),
                elem_id="masthead",
                apply_default_css=False,
            )
            with gr.Column(elem_id="history", elem_classes="drawer"):
                self.search = gr.Textbox(
                    label="Search your conversations", elem_id="search", lines=1, max_lines=1
                )
                self.history = gr.HTML("", elem_id="talks", apply_default_css=False)
            self.dossier = gr.HTML(
                "",
                elem_id="dossier",
                elem_classes="drawer",
                js_on_load=_PINNED,
                apply_default_css=False,
            )
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
                    # The script shows it below the last answer.
                    self.next = gr.HTML(
                        "", elem_id="next", js_on_load=_NEXT, apply_default_css=False
                    )
                with gr.Column(elem_id="sources"):
                    self.panel = gr.HTML(
                        shelf_of(index),
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
                    with gr.Row(elem_id="actions") as self.actions:
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

    def _grown(self, turns: Turns, talk: str | None) -> Shown:
        """What changes in the page while an answer grows; the rest would only cost time."""
        return {
            self.turns: turns,
            self.transcript: transcript(turns, talk),
            self.panel: panel(turns) or shelf_of(self._index),
        }

    def _shown(self, turns: Turns, talk: str | None, problem: str = "") -> Shown:
        """What every handler sends; `problem` is said below the last turn."""
        said = transcript(turns, talk, problem) if turns else self._welcome()
        return {
            self.turns: turns,
            self.talk: talk,
            self.told: "",
            self.transcript: said,
            self.panel: panel(turns) or shelf_of(self._index),
        }

    def _welcome(self) -> str:
        sources = self._index.sources
        return examples(example_questions(self._library, sources), len(sources))

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
        return f"Scope: {len(scope.patterns)} of {amount(len(sources), 'source')}"
