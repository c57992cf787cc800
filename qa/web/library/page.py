"""The page of the library: its sources, their metadata, adding, removing, rebuilding, and gaps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from index.build.file_report import read_file_reports
from index.build.rebuild import rollback
from index.errors import IndexingError
from index.opened import Index
from qa.desk import Desk
from qa.errors import RefdeskError, SettingError
from qa.gap_log import GapLog
from qa.gaps import list_gaps
from qa.web.library.audit import Audit
from qa.web.library.curate import FIELDS, Curator
from qa.web.library.lists import (
    files_read,
    found,
    gaps_list,
    generations_table,
    message,
    picks,
    summary,
)
from qa.web.library.rebuilding import rebuilding
from qa.web.library.wording import in_words_of_the_page
from qa.web.shared.access import Access, user_of
from qa.web.shared.masthead import BRIDGE, masthead
from qa.web.shared.render import standing_words
from qa.web.shared.threads import each
from sources import Source, SourceError
from sources.source import STANDINGS

_MOST_GAPS = 30
_LABELS = {
    "title": "Title", "publisher": "Publisher", "author": "Author", "published": "Published",
    "accessed": "Accessed", "url": "Address (URL)", "license": "Licence", "standing": "Standing",
    "topics": "Topics, between commas", "language": "Language",
}  # fmt: skip
_DATE = "YYYY, YYYY-MM or YYYY-MM-DD"
_ADDING = (
    '<p class="meta">Markdown, text, HTML, PDF, Word, OpenDocument, PowerPoint, e-books, tables, '
    "JSON or e-mail. A copy goes into the library; what cannot be read is refused, with the "
    "reason.</p>"
)
_SERVED = "Rebuild the index to have it served."
_REFUSED = "Only a curator may do this; ask who keeps the library."
_FAILURES = (RefdeskError, IndexingError, SourceError)

Shown = dict[Any, Any]
# What stands in the form of each source that was chosen, and whether it is saved.
Typed = dict[str, tuple[list[Any], bool]]


class LibraryPage:
    """The components of the page and their handlers."""

    def __init__(
        self, app: gr.Blocks, index: Index, desk: Desk, curator: Curator, access: Access
    ) -> None:
        self._index = index
        self._desk = desk
        self._curator = curator
        self._access = access
        self._audit = Audit(index.folder)
        with app.route("Library", "/library", show_in_navbar=False):
            gr.Navbar(visible=False)  # type: ignore[attr-defined]
            gr.HTML(
                masthead("library", access),
                elem_id="masthead",
                apply_default_css=False,
            )
            with gr.Row(elem_id="shelf"):
                with gr.Column(elem_id="shelf-list"):
                    self.summary = gr.HTML(elem_id="shelf-summary", apply_default_css=False)
                    self.search = gr.Textbox(
                        label="Search the sources",
                        show_label=False,
                        placeholder="Search titles, publishers, topics",
                        max_lines=1,
                    )
                    self.list = gr.HTML(elem_id="shelf-sources", apply_default_css=False)
                with gr.Column(elem_id="shelf-side"):
                    self.note = gr.HTML(elem_id="shelf-note", apply_default_css=False)
                    self.removed = gr.State("")
                    self.chosen = gr.State("")
                    self.typed = gr.State({})
                    with gr.Tabs():
                        with gr.Tab("Source"):
                            self.message = self._told()
                            self.undo = gr.Button("Undo the removal", visible=False, size="sm")
                            with gr.Row(elem_id="shelf-form"):
                                self.form = [self._field(name) for name in FIELDS]
                            with gr.Row(elem_id="shelf-deeds"):
                                self.save = gr.Button("Save metadata", variant="primary")
                                self.remove = gr.Button("Remove from the library", elem_id="remove")
                        with gr.Tab("Add"):
                            gr.HTML(_ADDING, apply_default_css=False)
                            self.added = self._told()
                            self.files = gr.File(
                                label="Files to add",
                                show_label=False,
                                file_count="multiple",
                                type="filepath",
                                elem_id="shelf-files",
                            )
                        with gr.Tab("Rebuild"):
                            self.force = gr.Checkbox(
                                label="Even if most sources or many right answers would be lost"
                            )
                            self.build = gr.Button(
                                "Rebuild the index", variant="primary", elem_id="rebuild"
                            )
                            self.report = gr.HTML(elem_id="report", apply_default_css=False)
                        with gr.Tab("Generations") as self.generations_tab:
                            self.turned = self._told()
                            self.generations = gr.HTML(apply_default_css=False)
                            self.back = gr.Button("Go back to the generation before", size="md")
                        with gr.Tab("Gaps") as self.gaps_tab:
                            self.gaps = gr.HTML(apply_default_css=False)
            self.bridge = gr.HTML(
                "", elem_id="shelf-bridge", js_on_load=BRIDGE, apply_default_css=False
            )
            self._connect(app)

    def _told(self) -> Any:
        """Where a tab says what came of what was done on it."""
        return gr.HTML(elem_classes="shelf-message", apply_default_css=False)

    def _field(self, name: str) -> Any:
        if name == "standing":
            choices = [(standing_words(standing), standing) for standing in STANDINGS]
            return gr.Dropdown(choices, label=_LABELS[name], value="other")
        placeholder = _DATE if name in ("published", "accessed") else None
        return gr.Textbox(
            label=_LABELS[name], placeholder=placeholder, max_lines=2, elem_id=f"field-{name}"
        )

    def _connect(self, app: gr.Blocks) -> None:
        quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        shown = [self.summary, self.list]
        self.bridge.select(
            self._choose,
            [self.chosen, self.typed, *self.form],
            [self.chosen, self.typed, self.message, *self.form],
            **quietly,
        )
        self.search.change(self._find, self.search, self.list, **quietly)
        self.save.click(
            self._save, [self.chosen, self.typed, *self.form], [self.message, self.typed], **quietly
        )
        self.remove.click(
            self._remove, self.chosen, [self.message, self.removed, self.undo], **quietly
        )
        self.undo.click(
            self._undo, self.removed, [self.message, self.removed, self.undo], **quietly
        )
        self.files.upload(self._add, self.files, [self.added, self.files, self.list], **quietly)
        self.build.click(
            self._rebuild, self.force, [self.report, self.build, *shown],
            concurrency_limit=1, **quietly,
        )  # fmt: skip
        self.back.click(self._go_back, None, [self.turned, *shown, self.generations], **quietly)
        self.generations_tab.select(self._generations, None, self.generations, **quietly)
        self.gaps_tab.select(self._gaps, None, self.gaps, **quietly)
        loaded = [self.note, *shown, self.generations, self.gaps, self.build, self.report]
        app.load(self._load, None, loaded, **quietly)

    def _load(self, request: gr.Request) -> Shown:
        may = self._access.may_curate(user_of(request))
        copy = self._curator.will_copy
        note = ""
        if not may:
            note = message(_REFUSED, "notice")
        elif copy:
            note = message(
                "The starter library is part of the program. The first change copies it into a "
                f"folder of your own: {copy}",
                "notice",
            )
        return self._listed(may) | {
            self.note: note,
            self.generations: generations_table(self._index.folder),
            self.gaps: self._gaps(request),
            self.build: gr.update(interactive=may),
            self.report: files_read(read_file_reports(self._index.generation.folder)),
        }

    def _listed(self, may: bool) -> Shown:
        return {
            self.summary: summary(self._index, self._curator.folder if may else None),
            self.list: self._find(""),
        }

    def _fresh(self) -> list[Source]:
        return self._curator.fresh(self._index.sources)

    def _known(self) -> dict[str, Source]:
        """What is served, and what was added since; the newest first."""
        return {source.id: source for source in (*self._fresh(), *self._index.sources)}

    def _find(self, search: str) -> str:
        fresh = {source.id for source in self._fresh()}
        return picks(found([*self._known().values()], search), fresh)

    def _source(self, name: str) -> Source:
        """A source that is served or was added. Raises SettingError."""
        try:
            return self._known()[name]
        except KeyError:
            raise SettingError(f"{name} is not in the library any more; choose another") from None

    def _choose(self, event: gr.EventData, before: str, typed: Typed, *values: Any) -> list[Any]:
        """Show the metadata of another source; what was typed for the one before is not lost."""
        name = str((event._data or {}).get("source", ""))
        by_id = self._known()
        if name not in by_id:
            return [gr.skip()] * (3 + len(FIELDS))
        if before in by_id:
            there = [one or "" for one in values]
            was, saved = typed.get(before, (_of_form(by_id[before]), True))
            typed = typed | {before: (there, saved and there == was)}
        shown, saved = typed.get(name, (_of_form(by_id[name]), True))
        note = f"Metadata of {by_id[name].path}"
        if saved:
            return [name, typed, message(note, "plain"), *shown]
        return [name, typed, message(f"{note}, with changes not saved yet.", "notice"), *shown]

    def _save(
        self, request: gr.Request, chosen: str, typed: Typed, *values: Any
    ) -> tuple[str, Typed]:
        kept = typed

        def save() -> str:
            nonlocal kept
            problems = self._curator.edit(
                self._source(chosen), dict(zip(FIELDS, values, strict=True))
            )
            if problems:
                return message("Not saved. " + " ".join(f"{one}." for one in problems), "problem")
            self._audit.note(user_of(request), "edit", source=chosen)
            kept = typed | {chosen: ([one or "" for one in values], True)}
            return message(f"Saved in the library. {_SERVED}", "done", rebuild=True)

        return self._attempt(request, chosen, save), kept

    def _remove(self, chosen: str, request: gr.Request) -> tuple[Any, Any, Any]:
        stamp = ""

        def remove() -> str:
            nonlocal stamp
            source = self._source(chosen)
            stamp = self._curator.remove(source)
            self._audit.note(user_of(request), "remove", source=chosen, taken_back_by=stamp)
            return message(
                f"{source.path} is out of the library; the index serves it until you rebuild.",
                "done",
                rebuild=True,
            )

        told = self._attempt(request, chosen, remove)
        if not stamp:
            return told, gr.skip(), gr.skip()
        return told, stamp, gr.update(visible=True)

    def _undo(self, removed: str, request: gr.Request) -> tuple[Any, Any, Any]:
        def restore() -> str:
            files = self._curator.restore(removed)
            self._audit.note(user_of(request), "restore", files=files)
            return message(f"Put back: {', '.join(files)}", "done", rebuild=True)

        told = self._attempt(request, removed, restore)
        return told, "", gr.update(visible=False)

    def _add(self, files: list[str] | None, request: gr.Request) -> tuple[str, None, str]:
        def add(file: str) -> str:
            added = self._curator.add(Path(file)).path
            self._audit.note(user_of(request), "add", file=added)
            return message(f"Added {added}. {_SERVED}", "done", rebuild=True)

        told = [self._attempt(request, file, partial(add, file)) for file in files or ()]
        return "".join(told), None, self._find("")

    def _attempt(self, request: gr.Request, chosen: str, change: Any) -> str:
        """What a change says of itself; or why it may not or cannot be made."""
        if not self._access.may_curate(user_of(request)):
            return message(_REFUSED, "problem")
        if not chosen:
            return message("Choose a source in the list first.", "problem")
        try:
            return str(change())
        except _FAILURES as error:
            folders = [self._curator.folder, *(Path(one).parent for one in (chosen,) if "/" in one)]
            return message(in_words_of_the_page(str(error), folders), "problem")

    async def _rebuild(self, request: gr.Request, force: bool) -> AsyncIterator[Shown]:
        if not self._access.may_curate(user_of(request)):
            yield {self.report: message(_REFUSED, "problem")}
            return
        yield {self.build: gr.update(interactive=False)}
        library, folder = self._curator.folder, self._index.folder
        before = self._index.generation.name
        async for told in each(rebuilding(library, folder, force=force)):
            yield {self.report: told}
        after = self._index.generation.name
        self._audit.note(user_of(request), "rebuild", before=before, after=after, force=force)
        yield self._listed(may=True) | {self.build: gr.update(interactive=True)}

    def _generations(self) -> str:
        return generations_table(self._index.folder)

    def _go_back(self, request: gr.Request) -> Shown:
        def back() -> str:
            name = rollback(self._index.folder)
            self._audit.note(user_of(request), "rollback", after=name)
            return message(f"Now serving generation {name}.", "done")

        told = self._attempt(request, "index", back)
        return self._listed(self._access.may_curate(user_of(request))) | {
            self.turned: told,
            self.generations: generations_table(self._index.folder),
        }

    def _gaps(self, request: gr.Request) -> str:
        if not self._access.may_curate(user_of(request)):
            return message(_REFUSED, "problem")
        try:
            return gaps_list(list_gaps(GapLog(self._index.folder), self._desk, limit=_MOST_GAPS))
        except SettingError as error:
            return message(str(error), "problem")


def _of_form(source: Source) -> list[Any]:
    """The metadata of a source as the form shows it."""
    values = [getattr(source, field) for field in FIELDS]
    return [", ".join(one) if isinstance(one, tuple) else one or "" for one in values]
