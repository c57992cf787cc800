"""What a rebuild does to the answers to a library's golden questions.

Answering is not the index's business: whoever rebuilds hands in a function that asks the questions
of two generations. Here is what it returns, and when that stops a rebuild.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from index.errors import AnswersLostError

if TYPE_CHECKING:
    from index.search import Generation

# A rebuild that loses more than this share of the right answers needs `force`.
MOST_LOST = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenAnswer:
    """What one generation answers: `text` is None for an abstention; `citations` are written as
    source:start-end; `right` says whether it is what the question expects."""

    text: str | None
    citations: tuple[str, ...]
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenChange:
    """A question that is answered in another way than before."""

    question: str
    before: GoldenAnswer
    after: GoldenAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenReport:
    """The answers of the new generation beside those of the old one.

    `right` of `asked` questions are answered right, `right_before` were (None without an old
    generation). `gained` are right now and were not, `lost` the other way round, and `changed` have
    other words or citations.
    """

    asked: int
    right: int
    right_before: int | None
    gained: tuple[GoldenChange, ...] = ()
    lost: tuple[GoldenChange, ...] = ()
    changed: tuple[GoldenChange, ...] = ()

    def check(self) -> None:
        """Raise AnswersLostError where more than `MOST_LOST` of the right answers are lost."""
        if len(self.lost) > MOST_LOST * (self.right_before or 0):
            named = "; ".join(change.question for change in self.lost[:3])
            more = f" and {len(self.lost) - 3} more" if len(self.lost) > 3 else ""
            raise AnswersLostError(
                f"{len(self.lost)} of the {self.right_before} golden questions that are answered "
                f"now would not be ({named}{more}); see what the library lost, or if that is "
                f"meant, run `refdesk rebuild --force`",
                self,
            )


class Golden(Protocol):
    """Asks the golden questions; `fingerprint` changes with what answers them."""

    @property
    def fingerprint(self) -> str:
        """A hash of the code and of the settings that answer; it has no space in it."""

    def __call__(
        self,
        before: Generation | None,
        after: Generation,
        progress: Callable[[int, int], None],
        /,
    ) -> GoldenReport:
        """Ask the old generation, if there is one, and the new one; tell (done, total)."""
