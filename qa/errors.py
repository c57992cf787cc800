"""What the package raises; every message says what to do next.

QuestionError             the history is not what it should be
ChatModelError            the named language model, or its package, is not there
SettingError              an environment variable or file given by a person cannot be used

What building and searching raise comes through: index.IndexingError, sources.SourceError.
"""

from __future__ import annotations


class RefdeskError(Exception):
    """Base class of the errors of answering."""


class QuestionError(RefdeskError):
    """The history of a question is not a list of (role, text)."""


class ChatModelError(RefdeskError):
    """The language model that was named cannot be used."""


class SettingError(RefdeskError):
    """A setting or a file that a person named cannot be used."""
