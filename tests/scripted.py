"""A language model for tests of the page: it writes what it is told, and waits in between."""

from __future__ import annotations

import threading

from browser import WAIT
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr


class Scripted(BaseChatModel):
    """A language model that writes what it is told, and waits before the second piece."""

    pieces: list[str]
    _go_on: threading.Event = PrivateAttr(default_factory=threading.Event)

    @property
    def _llm_type(self):
        return "scripted"

    def go_on(self):
        """Write the rest, now and from now on."""
        self._go_on.set()

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        message = AIMessage(content="".join(self.pieces))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        for place, piece in enumerate(self.pieces):
            if place == 1:
                self._go_on.wait(WAIT / 1000)
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
