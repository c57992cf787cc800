"""The list of kept conversations as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from qa.web.chat.kept import Kept
from qa.web.shared.render import render


def history_list(
    kept: Sequence[Kept],
    current: str | None,
    searched: str = "",
    *,
    problem: str = "",
    deleted: str = "",
) -> str:
    """The conversations, newest first, each with what can be done with it; or the `problem` that
    they cannot be read or written for. `deleted` is the id of one that was just deleted."""
    searched = searched.strip()
    return render(
        "history.html",
        kept=kept,
        current=current,
        searched=searched,
        problem=problem,
        deleted=deleted,
    )
