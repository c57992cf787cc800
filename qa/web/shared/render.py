"""The templates of the pages, and the words that all of them use."""

from __future__ import annotations

import calendar
from importlib.resources import files
from pathlib import Path
from typing import Any

from index.build.file_report import amount
from qa.lines import cells, item, parted
from qa.parts import is_block, parts
from qa.templates import environment

_STANDINGS = {
    "primary": "Primary document",
    "government": "Government",
    "state-media": "State media",
    "news": "News",
    "think-tank": "Think tank",
    "academic": "Academic",
    "reference": "Reference",
    "other": "Other",
}


def render(template: str, **values: Any) -> str:
    """The HTML of a template of `qa/web/templates` with these values."""
    return TEMPLATES.get_template(template).render(values)


def standing_words(standing: str) -> str:
    """A standing as a person reads it."""
    return _STANDINGS.get(standing, "Other")


def day(published: str) -> str:
    """A date as YYYY, YYYY-MM or YYYY-MM-DD as a person reads it."""
    year, *rest = published.split("-")
    try:
        month = calendar.month_name[int(rest[0])] if rest else ""
        date = str(int(rest[1])) if len(rest) > 1 else ""
    except (ValueError, IndexError):
        return published
    return " ".join(part for part in (date, month, year) if part)


TEMPLATES = environment(
    Path(str(files("qa.web"))) / "templates",
    {
        "count": amount,
        "standing_words": standing_words,
        "day": day,
        "item": item,
        "cells": cells,
        "parted": parted,
        "parts": parts,
    },
)
TEMPLATES.tests["block"] = is_block
TEMPLATES.globals["standings"] = tuple(_STANDINGS)
