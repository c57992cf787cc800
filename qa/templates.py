"""HTML from templates: by default a value is escaped, and loses what cannot be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sources import strip_invisible


def environment(
    folder: Path, filters: Mapping[str, Callable[..., Any]] | None = None
) -> Environment:
    """The templates in `folder`, with `filters` beside those of this module.

    Every value is shown letter for letter, in an element or a quoted attribute; what is invisible,
    or turns the direction of what stands around it, is left out, and None is nothing. A name that
    nobody gave a value raises jinja2.UndefinedError.
    """
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"isolated": isolated, "shortened": shortened, **(filters or {})}
    made.tests["web_address"] = is_web_address
    return made


def isolated(value: object) -> Markup:
    """`value` in an element that keeps right-to-left letters to itself."""
    return Markup("<bdi>{}</bdi>").format(_visible(value))


def shortened(value: str, most: int) -> str:
    """At most about `most` characters of `value`, cut between words."""
    if len(value) <= most:
        return value
    return value[:most].rsplit(maxsplit=1)[0] + " …"


def is_web_address(url: str | None) -> bool:
    """Whether `url` is an http or https address with a host and nothing that browsers rewrite."""
    if url is None or any(ord(letter) <= 32 or letter == "\\" for letter in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _visible(value: object) -> object:
    """What is shown of a value; what a template made itself stays as it is."""
    if isinstance(value, Markup):
        return value
    return "" if value is None else strip_invisible(str(value))
