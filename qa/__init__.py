"""Answering from an index, with citations that were checked: Python, command line, web UI.

The heavy modules are loaded when a name is first used, so that importing the package is cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.lazy import loader

if TYPE_CHECKING:
    from qa.errors import ChatModelError, QuestionError, RefdeskError, SettingError
    from qa.export.answers import export_answer
    from qa.export.recheck import check_answer
    from qa.export.report import Report
    from qa.pipeline import answer, stream_answer
    from qa.reporting import report
    from qa.result import Answer, AnswerSentence, Citation, Conflict, Passage
    from qa.runnable import chain

_MODULES = (
    "result",
    "errors",
    "export.answers",
    "export.recheck",
    "export.report",
    "pipeline",
    "reporting",
    "runnable",
)

__all__ = [  # noqa: RUF022  grouped: verbs, what they yield, what they raise
    "answer",
    "stream_answer",
    "report",
    "chain",
    "export_answer",
    "check_answer",
    "Answer",
    "AnswerSentence",
    "Citation",
    "Passage",
    "Conflict",
    "Report",
    "RefdeskError",
    "QuestionError",
    "ChatModelError",
    "SettingError",
]


__getattr__ = loader(__name__, _MODULES, __all__)
