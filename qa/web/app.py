"""The page: its parts, and what happens when a person asks, stops, repeats, clears or chooses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import IndexingError
from index.opened import Index, open_index
from qa.web.conversation import Model, Turn, Turns, ask, stop
from qa.web.examples import example_questions
from qa.web.loop import each, in_a_loop
from qa.web.markup import shortened
from qa.web.panel import panel, standing_words
from qa.web.scope import choose, count, values
from qa.web.transcript import transcript

# Questions answered at once; the others wait their turn.
AT_ONCE = 8
_MOST_WAITING = 200

# The page's script makes these; they are called once the page shows what Python sent.
_FOCUS = "() => window.refdesk?.focus()"
_FOLLOW = "watch('value', () => window.refdesk?.follow())"

# What is new in the conversation is read out to those who do not see it.
_LOG = '<div role="log" aria-live="polite" aria-label="Conversation">${value}</div>'
_MASTHEAD = (
    '<header class="masthead"><h1>Refdesk</h1>'
    "<p>Answers from the sources, every sentence cited</p></header>"
)

Outputs = tuple[Any, ...]


def build_app(*, index: str | Path | Index, library: Path, model: Model = None) -> gr.Blocks:
    """The chat over `index`; example questions come from `library`.

    Raises IndexNotFoundError, IndexDamagedError.
    """
    opened = index if isinstance(index, Index) else open_index(index)
    return in_a_loop(lambda: _Page(opened, library, model)).app


class _Page:
    """The components and their handlers. A conversation lives in the session, never here."""

    def __init__(self, index: Index, library: Path, model: Model) -> None:
        self._index = index
        self._model = model
        sources = index.sources
        questions = example_questions(library, sources)
        self.app = gr.Blocks(title="Refdesk", analytics_enabled=False, fill_width=True)
        with self.app:
            gr.HTML(_MASTHEAD, elem_id="masthead", apply_default_css=False)
            with gr.Row(elem_id="desk"):
                with gr.Column(elem_id="chat"):
                    self.turns = gr.State(())
                    self.transcript = gr.HTML(
                        transcript((), len(sources)),
                        elem_id="transcript",
                        html_template=_LOG,
                        js_on_load=_FOLLOW,
                        apply_default_css=False,
                    )
                    with gr.Column(elem_id="examples") as self.examples:
                        buttons = [gr.Button(question, size="sm") for question in questions]
                with gr.Column(elem_id="sources"):
                    self.panel = gr.HTML(
                        panel((), sources), elem_id="panel", apply_default_css=False
                    )
                with gr.Column(elem_id="composer"):
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
                            self._scope_label([], [], []), open=False, elem_id="scope"
                        ) as self.accordion:
                            self.scope = [
                                gr.Dropdown(choices, label=label, multiselect=True, value=[])
                                for label, choices in self._choices().items()
                            ]
                        self.again, self.clear = (
                            gr.Button(label, size="sm", visible=False, elem_id=elem_id, min_width=0)
                            for label, elem_id in (
                                ("Ask again", "again"),
                                ("Clear", "clear"),
                            )
                        )
            self._outputs: list[Any] = [self.box, self.turns, self.transcript, self.panel]
            self._outputs += [self.examples, self.again, self.clear]
            self._connect(dict(zip(questions, buttons, strict=True)))
        self.app.queue(default_concurrency_limit=AT_ONCE, max_size=_MOST_WAITING)

    def _connect(self, examples: dict[str, gr.Button]) -> None:
        # Nobody but the page calls these, and Gradio's own progress would cover the text.
        quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        outputs = self._outputs
        # Gradio's "once" drops what is asked in the moment before it has put away the last answer;
        # `_ask` itself sees to it that only one is under way.
        many: dict[str, Any] = {"trigger_mode": "multiple", **quietly}
        asking: list[Any] = [
            self.box.submit(self._asked, [self.box, self.turns, *self.scope], outputs, **many),
            self.again.click(self._asked_again, [self.turns, *self.scope], outputs, **many),
            *(
                button.click(
                    partial(self._asked, question), [self.turns, *self.scope], outputs, **many
                )
                for question, button in examples.items()
            ),
        ]
        for event in asking:
            event.then(None, js=_FOCUS, **quietly)
        # First nothing must be under way any more: it would bring back what is put away.
        self.box.stop(None, cancels=asking, **quietly).then(
            self._stop, self.turns, outputs, **quietly
        )
        self.clear.click(None, cancels=asking, **quietly).then(
            self._clear, None, outputs, **quietly
        ).then(None, js=_FOCUS, **quietly)
        for chooser in self.scope:
            chooser.change(self._name_scope, self.scope, self.accordion, **quietly)
        self.app.load(self._refresh, None, [self.transcript, self.panel, *self.scope], **quietly)

    def _ask(
        self,
        question: str,
        turns: Turns,
        ids: list[str],
        topics: list[str],
        standings: list[str],
    ) -> Iterator[Outputs]:
        """The page again whenever the answer has grown; nothing while another one grows."""
        if turns and turns[-1].running:
            yield (gr.skip(),) * len(self._outputs)
            return
        busy = gr.update(value="", submit_btn=False, stop_btn="Stop")
        try:
            scope = choose(self._index.sources, ids, topics, standings)
        except IndexingError as error:
            kept = tuple(turn for turn in turns if turn.question)
            notice = Turn(question="", error=f"{str(error).capitalize()}.")
            yield self._shown((*kept, notice), gr.skip())
            return
        for shown in ask(question, turns, scope, index=self._index, model=self._model):
            last = shown[-1]
            if last.running:
                yield self._shown(shown, busy)
                busy = gr.skip()
            else:
                # A question that got no answer goes back into the box, to be changed.
                ready = gr.update(submit_btn="Ask", stop_btn=False)
                if last.error and last.question:
                    ready["value"] = last.question
                yield self._shown(shown, ready)

    async def _asked(
        self, question: str, turns: Turns, *chosen: list[str]
    ) -> AsyncIterator[Outputs]:
        async for outputs in each(self._ask(question, turns, *chosen)):
            yield outputs

    async def _asked_again(self, turns: Turns, *chosen: list[str]) -> AsyncIterator[Outputs]:
        asked = tuple(turn for turn in turns if turn.question)
        if asked and not turns[-1].running:
            async for outputs in each(self._ask(asked[-1].question, asked[:-1], *chosen)):
                yield outputs

    def _stop(self, turns: Turns) -> Outputs:
        return self._shown(stop(turns), gr.update(submit_btn="Ask", stop_btn=False))

    def _clear(self) -> Outputs:
        return self._shown((), gr.update(value="", submit_btn="Ask", stop_btn=False))

    def _shown(self, turns: Turns, box: Any) -> Outputs:
        """What every handler sends: the outputs in their order."""
        sources = self._index.sources
        idle = bool(turns) and not turns[-1].running
        return (
            box,
            turns,
            transcript(turns, len(sources)),
            panel(turns, sources),
            gr.update(visible=not turns),
            gr.update(visible=idle),
            gr.update(visible=bool(turns)),
        )

    def _refresh(self) -> Outputs:
        """A page that is loaded shows the library of now, not of when the server started."""
        sources = self._index.sources
        choosers = [gr.update(choices=choices, value=[]) for choices in self._choices().values()]
        return (transcript((), len(sources)), panel((), sources), *choosers)

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

    def _name_scope(self, ids: list[str], topics: list[str], standings: list[str]) -> Any:
        return gr.update(label=self._scope_label(ids, topics, standings))

    def _scope_label(self, ids: list[str], topics: list[str], standings: list[str]) -> str:
        sources = self._index.sources
        try:
            scope = choose(sources, ids, topics, standings)
        except IndexingError:
            return "Scope: nothing fits all of it"
        if scope.patterns is None:
            return "Scope: the whole library"
        return f"Scope: {len(scope.patterns)} of {count(len(sources), 'source')}"
