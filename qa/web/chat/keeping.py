"""The conversations that are kept, as the chat page lists, opens, changes and saves them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import IndexingError
from index.opened import Index
from qa.errors import RefdeskError
from qa.web.chat.conversation import Turns, refreshed
from qa.web.chat.dossier import check_pins, dossier, export_dossier, pin_marks
from qa.web.chat.history import history_list
from qa.web.chat.kept import Conversations
from qa.web.chat.kept_file import NotKeptError
from qa.web.chat.layout import ChatLayout, Shown
from qa.web.chat.pins import DossierFullError, Pins, pinned
from qa.web.chat.reports import FORMS, save_report
from qa.web.chat.saving import save_answer, save_conversation
from qa.web.shared.access import Access, user_of


class KeepingPage(ChatLayout):
    """The page with what is kept of it, in `kept`; None where nothing is."""

    def __init__(
        self, index: Index, library: Path, kept: Conversations | None, access: Access
    ) -> None:
        super().__init__(index, library, access)
        self._kept = kept

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
        """Rename, share, delete or bring back a conversation; list them again in any case."""
        wanted, user = event._data or {}, user_of(request)
        if self._kept is None:
            return {self.history: self._list(talk, search, request)}
        name = str(wanted.get("id", ""))
        try:
            if wanted.get("do") == "rename":
                self._kept.rename(user, name, str(wanted.get("title", "")))
            elif wanted.get("do") == "share":
                self._kept.shares.begin(user, name)
            elif wanted.get("do") == "unshare":
                self._kept.shares.end(user, name)
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
        if name == "dossier":
            return self._exported(form, user)
        if isinstance(place, int):
            turn = turns[place - 1] if 1 <= place <= len(turns) else None
            if turn and turn.report and form in FORMS:
                return save_report(form, turn.report)
            answer = turn.answer if turn else None
            return save_answer(form, answer, self._index) if answer else None
        try:
            turns = self._kept.load(user, name) if self._kept else ()
            title = self._kept.title(user, name) if self._kept else ""
        except NotKeptError:  # the list says so as soon as it is read again
            return None
        if not turns:
            return None
        return save_conversation(form, title, turns, self._index)

    def _exported(self, form: str, user: str) -> Any:
        try:
            pins = self._kept.pins.list(user) if self._kept else []
            return export_dossier(form, pins, self._index)
        except (NotKeptError, IndexingError):
            return None

    def _pinned(self, request: gr.Request, problem: str = "") -> str:
        """Which sentences are pinned; nothing where nothing is kept."""
        if self._kept is None:
            return ""
        try:
            return pin_marks(self._kept.pins.ids(user_of(request)), problem=problem)
        except NotKeptError as error:
            return pin_marks((), problem=f"The dossier cannot be read or changed now: {error}.")

    def _pin(self, turns: Turns, event: gr.EventData, request: gr.Request) -> Any:
        """Pin a sentence, or change what is pinned; the dossier, with what came of it if `open`."""
        wanted, user = event._data or {}, user_of(request)
        if self._kept is None:
            return ""
        problem = told = ""
        try:
            told = self._change_pins(self._kept.pins, turns, wanted, user)
            if wanted.get("do") == "describe":
                return gr.skip()  # made anew, it would take the words that are typed meanwhile
        except DossierFullError as error:
            problem = f"{str(error)[:1].upper()}{str(error)[1:]}."
        except NotKeptError as error:
            problem = f"The dossier cannot be read or changed now: {error}."
        if not wanted.get("open") and not problem:
            return self._pinned(request)
        try:
            checked = check_pins(self._kept.pins.list(user), self._index)
        except (RefdeskError, IndexingError) as error:
            return dossier((), problem=problem or f"The dossier cannot be shown now: {error}.")
        return dossier(checked, problem=problem, told=told)

    def _change_pins(self, pins: Pins, turns: Turns, wanted: dict[str, Any], user: str) -> str:
        """Do to the pins what is wanted; what was done, in words."""
        name, deed, place = str(wanted.get("id", "")), wanted.get("do"), wanted.get("turn")
        said = wanted.get("said")
        for one in said if isinstance(said, list) else ():
            if isinstance(one, dict):
                told = [str(one.get(key, "")) for key in ("id", "heading", "note")]
                pins.describe(user, *told)
        if deed == "pin" and isinstance(place, int) and 1 <= place <= len(turns):
            answer = turns[place - 1].answer
            pin = pinned(answer, name) if answer else None
            if pin:
                pins.add(user, pin)
                return "Pinned."
        elif deed == "remove":
            pins.remove(user, name)
            return "Removed."
        elif deed in ("up", "down"):
            pins.move(user, name, -1 if deed == "up" else 1)
            ids = pins.ids(user)
            return f"Now {ids.index(name) + 1} of {len(ids)}." if name in ids else ""
        return ""

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
