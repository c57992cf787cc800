"""Writing to a terminal: lines, tables, JSON and progress, without what a terminal would obey."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from index.build.rebuild import Progress as Tell


# Control characters but tab and newline; marks that turn the direction of writing; lone surrogates,
# which cannot be encoded.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
# What is not shown on a terminal is not wrapped: one line stays one line for `grep` and `cut`.
_UNWRAPPED = 1_000_000
# How many names of a list a person is shown; `--json` has all.
LISTED = 8


def stdout() -> Console:
    """Where results go."""
    return _console(sys.stdout)


def stderr() -> Console:
    """Where progress and errors go."""
    return _console(sys.stderr)


def clean(text: str) -> str:
    """`text` without what a terminal would obey."""
    return _UNSAFE.sub("", text)


def one_line(text: str) -> str:
    """`text`, cleaned, as one line."""
    return " ".join(clean(text).split())


def show_json(value: Any) -> None:
    """Write `value` as JSON in UTF-8; what a terminal would obey is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    sys.stdout.write(_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n")


def show_lines(pairs: Iterable[tuple[str, object]]) -> None:
    """Write names and values, one pair a line."""
    pairs = list(pairs)
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        stdout().print(Text(f"{name:<{width}}  {one_line(str(value))}"))


def show_table(names: Sequence[str], rows: Iterable[Sequence[object]], right: int = 0) -> None:
    """Write a table; its `right` last columns are aligned to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place >= len(names) - right else "left")
    for row in rows:
        table.add_row(*(Text(one_line(str(value))) for value in row))
    stdout().print(table)


def listed(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


@contextmanager
def telling_progress() -> Iterator[Tell]:
    """A callback (stage, done, total) that draws bars on a terminal, and else writes lines."""
    console = stderr()
    if not console.is_terminal:
        yield _lines_of_progress(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield tell


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", "dim")


def _lines_of_progress(console: Console) -> Tell:
    """A line at each quarter of a stage."""
    told: tuple[str, int] | None = None

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal told
        if total and told != (stage, 4 * done // total):
            told = (stage, 4 * done // total)
            console.print(Text(f"{stage}: {done} of {total}"))

    return tell


def _console(file: IO[str]) -> Console:
    width = None if file.isatty() else _UNWRAPPED
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)


def indented(text: str, style: str = "") -> Padding:
    """The text, further in than what it belongs to."""
    return Padding(Text(text, style), (0, 0, 0, 4), expand=False)
