"""Adding to the library from the chat: a file or an address is read, described and rebuilt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import gradio as gr

from index.errors import IndexingError
from index.opened import Index
from qa.errors import RefdeskError
from qa.templates import shortened
from qa.web.library.audit import Audit
from qa.web.library.curate import FIELDS, Curator
from qa.web.library.lists import message
from qa.web.library.rebuilding import progress, rebuilding
from qa.web.library.wording import in_words_of_the_page
from qa.web.shared.access import Access, user_of
from qa.web.shared.render import render
from qa.web.shared.threads import each
from sources import Source, SourceError
from sources.source import STANDINGS

# What is described here; the library page has the rest.
_DESCRIBED = ("title", "published", "standing")
_REFUSED = "Only a curator may add to the library; ask who keeps it."
_FAILURES = (RefdeskError, IndexingError, SourceError)

Shown = dict[Any, Any]


class Chat(Protocol):
    """What adding needs of the page of the chat."""

    app: Any
    actions: Any
    bridge: Any
    told: Any


class Adding:
    """The drawer of the chat in which a curator adds; others are told that they may not.

    `rebuilt` is the event after which more sources may be served.
    """

    def __init__(self, chat: Chat, index: Index, curator: Curator, access: Access) -> None:
        self._index = index
        self._curator = curator
        self._access = access
        self._audit = Audit(index.folder)
        self._told = chat.told
        with chat.app:
            with chat.actions:
                gr.HTML(render("open_adding.html"), elem_id="add", apply_default_css=False)
            with gr.Column(elem_id="adding", elem_classes="drawer"):
                gr.HTML(render("adding.html"), apply_default_css=False)
                self._outcome = gr.HTML("", elem_id="adding-outcome", apply_default_css=False)
                self._list = gr.HTML("", elem_id="added", apply_default_css=False)
                # What is dropped on the page, the script puts in here.
                self._files = gr.File(
                    show_label=False, file_count="multiple", type="filepath", elem_id="dropped"
                )
            self._connect(chat)

    def _connect(self, chat: Chat) -> None:
        quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        shown = [self._told, self._outcome, self._list]
        self._files.upload(self._add, self._files, [*shown, self._files], **quietly)
        chat.bridge.upload(self._fetch, None, shown, **quietly)
        chat.bridge.input(self._describe, None, self._outcome, trigger_mode="multiple", **quietly)
        chat.bridge.undo(self._take_back, None, shown, **quietly)
        self.rebuilt = chat.bridge.release(
            self._rebuild, None, shown, concurrency_limit=1, **quietly
        )
        chat.app.load(self._load, None, self._list, **quietly)

    def _load(self, request: gr.Request) -> str:
        return self._listed() if self._may(request) else render("not_yours.html")

    def _may(self, request: gr.Request) -> bool:
        return self._access.may_curate(user_of(request))

    def _listed(self, ready: Sequence[Source] = ()) -> str:
        return render(
            "fresh.html",
            fresh=self._curator.fresh(self._index.sources),
            standings=STANDINGS,
            ready=ready,
            copies=self._curator.will_copy is not None,
        )

    def _steps(self, request: gr.Request, steps: Callable[[], Iterator[Shown]]) -> Iterator[Shown]:
        """What is shown after each step; a reader is told that it is not theirs."""
        if self._may(request):
            yield from steps()
        else:
            yield {self._told: message(_REFUSED, "problem")}

    def _attempt(self, change: Callable[[], str], sent: Path | None = None) -> str:
        """What a change says of itself, or why it cannot be made, in words of the page."""
        try:
            return change()
        except _FAILURES as error:
            folders = [self._curator.folder, *([sent.parent] if sent else [])]
            return message(in_words_of_the_page(str(error), folders), "problem")

    # Reading

    async def _add(self, files: list[str] | None, request: gr.Request) -> AsyncIterator[Shown]:
        def steps() -> Iterator[Shown]:
            told = ""
            for file in map(Path, files or ()):
                yield {self._outcome: told + progress(f"Reading {file.name}")}
                get = partial(self._curator.add, file)
                told += self._attempt(partial(self._added, request, get), file)
                yield {self._outcome: told, self._list: self._listed()}

        async for shown in each(self._steps(request, steps)):
            yield shown
        yield {self._files: None}

    async def _fetch(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Shown]:
        url = str((event._data or {}).get("address", "")).strip()

        def steps() -> Iterator[Shown]:
            yield {self._outcome: progress(f"Fetching {shortened(url, 80)}")}
            get = partial(self._curator.fetch, url)
            told = self._attempt(partial(self._added, request, get))
            yield {self._outcome: told, self._list: self._listed()}

        async for shown in each(self._steps(request, steps)):
            yield shown

    def _added(self, request: gr.Request, get: Callable[[], Source]) -> str:
        source = get()
        self._audit.note(user_of(request), "add", file=source.path)
        return message(f"{source.path} was read, and is in the library.", "done")

    # Describing

    def _describe(self, event: gr.EventData, request: gr.Request) -> str:
        """Keep what is said of what was added; the list stays, with what is typed meanwhile."""
        return self._save(event, request) if self._may(request) else ""

    def _save(self, event: gr.EventData, request: gr.Request) -> str:
        """Write what is said into the library; what does not hold up."""
        by_id = {source.id: source for source in self._curator.fresh(self._index.sources)}
        told = ""
        said = (event._data or {}).get("said")
        for one in said if isinstance(said, list) else ():
            source = by_id.get(str(one.get("id"))) if isinstance(one, dict) else None
            if source is not None:
                values = {name: str(one[name]) for name in _DESCRIBED if name in one}
                told += self._attempt(partial(self._edit, request, source, values))
        return told

    def _edit(self, request: gr.Request, source: Source, values: dict[str, str]) -> str:
        known = {name: getattr(source, name) for name in FIELDS}
        problems = self._curator.edit(source, known | values)
        if problems:
            words = " ".join(f"{problem}." for problem in problems)
            return message(f"{source.path}: {words}", "problem")
        self._audit.note(user_of(request), "edit", source=source.id)
        return ""

    def _take_back(self, event: gr.EventData, request: gr.Request) -> Shown:
        wanted = str((event._data or {}).get("id", ""))

        def take() -> str:
            for source in self._curator.fresh(self._index.sources):
                if source.id == wanted:
                    stamp = self._curator.remove(source)
                    self._audit.note(user_of(request), "remove", source=wanted, taken_back_by=stamp)
                    return message(f"{source.path} is out of the library.", "done")
            return ""

        def steps() -> Iterator[Shown]:
            yield {self._outcome: self._attempt(take), self._list: self._listed()}

        return next(self._steps(request, steps))

    # Rebuilding

    async def _rebuild(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Shown]:
        def steps() -> Iterator[Shown]:
            if problems := self._save(event, request):
                yield {self._outcome: problems}
                return
            fresh = self._curator.fresh(self._index.sources)
            before = self._index.generation.name
            for told in rebuilding(self._curator.folder, self._index.folder, force=False):
                yield {self._outcome: told}
            served = self._index.generation
            self._audit.note(
                user_of(request), "rebuild", before=before, after=served.name, force=False
            )
            ready = [served.source(source.id) for source in fresh if source.id in served.row_of]
            if ready:
                yield {self._outcome: "", self._list: self._listed(ready)}

        async for shown in each(self._steps(request, steps)):
            yield shown
