"""The exceptions of this package.

SourceError
├── LibraryNotFoundError    the folder or file is not there
├── NoSourcesError          nothing in the library could be read
├── SnapshotError           a file or web address cannot be added to the library
├── MetadataError           front matter or sidecars that do not hold up; all of them in `problems`
└── UnreadableError         one file gives no text; `load_sources` hands its reason to `on_skip`

Every message is one line and says what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence


class SourceError(Exception):
    """The base of all errors of this package."""


class LibraryNotFoundError(SourceError):
    """The library is not there."""


class NoSourcesError(SourceError):
    """The library holds no source that can be read."""


class SnapshotError(SourceError):
    """A file or web address cannot be added to the library."""


class UnreadableError(SourceError):
    """A file of the library gives no text; the message is the reason and its remedy."""


class MetadataError(SourceError):
    """Metadata that does not hold up; `problems` lists each as "file:line: text"."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        more = len(self.problems) - 1
        rest = f" (and {more} more: run `refdesk sources` to list them)" if more else ""
        super().__init__(self.problems[0] + rest)

    def __reduce__(self) -> tuple[type[MetadataError], tuple[list[str]]]:
        return MetadataError, (self.problems,)
