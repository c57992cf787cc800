"""Answering from an index, with citations that were checked: Python, command line, web UI.

The heavy modules are loaded when a name is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.runnable import chain
    from qa.errors import ChatModelError, QuestionError, RefdeskError, SettingError
    from qa.pipeline import answer, stream_answer
    from qa.result import Answer, AnswerSentence, Citation, Passage

_HOME = {
    "answer": "pipeline",
    "stream_answer": "pipeline",
    "chain": "runnable",
    "Answer": "result",
    "AnswerSentence": "result",
    "Citation": "result",
    "Passage": "result",
    "RefdeskError": "errors",
    "QuestionError": "errors",
    "ChatModelError": "errors",
    "SettingError": "errors",
}

__all__ = [  # noqa: RUF022  grouped: verbs, what they yield, what they raise
    "answer",
    "stream_answer",
    "chain",
    "Answer",
    "AnswerSentence",
    "Citation",
    "Passage",
    "RefdeskError",
    "QuestionError",
    "ChatModelError",
    "SettingError",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"qa.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
