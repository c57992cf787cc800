"""What a reader cannot see of a document: left out, counted by why, and told in the report."""

from __future__ import annotations

import re
from collections import Counter

SMALLEST = 2.0
"""Points: smaller text is read by no one."""

_HEX = re.compile(r"#?(?:[0-9a-f]{3}){1,2}")


def told(unseen: Counter[str], struck: int = 0) -> tuple[tuple[str, str], ...]:
    """What the report says of parts that were left out: those that are `struck` out, and those that
    are not seen, counted by why."""
    found = [("struck-out text", f"{_parts(struck)} struck out: not content")] if struck else []
    if count := unseen.total():
        why = ", ".join(f"{reason} {many}" for reason, many in unseen.most_common())
        said = f"{_parts(count)} not to be seen on the page ({why}): not content"
        found.append(("hidden text", said))
    return tuple(found)


def _parts(count: int) -> str:
    return "1 part is" if count == 1 else f"{count} parts are"


def is_white(colour: str | None) -> bool:
    """Whether a colour as files write it ("#FFFFFF", "fefefe", "white") is white, or nearly."""
    said = (colour or "").strip().lower()
    if said == "white":
        return True
    if not _HEX.fullmatch(said):
        return False
    digits = said.removeprefix("#")
    step = len(digits) // 3
    return all(int(digits[at : at + step][0], 16) == 15 for at in range(0, len(digits), step))
