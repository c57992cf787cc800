"""HTML from untrusted text: every string that reaches the page goes through here."""

from __future__ import annotations

import html
from urllib.parse import urlsplit

from sources import strip_invisible


def text(value: object) -> str:
    """`value` so that HTML shows it letter for letter, in an element or a quoted attribute.

    What is invisible, or turns the direction of what stands around it, is left out.
    """
    return html.escape(strip_invisible(str(value)), quote=True)


def isolated(value: object) -> str:
    """As `text`, in an element that keeps right-to-left letters and overrides to itself."""
    return f"<bdi>{text(value)}</bdi>"


def link(url: str | None, label: str) -> str:
    """A link that opens in a new tab and tells the site nothing; "" for what is no web address."""
    if url is None or not is_web_address(url):
        return ""
    return (
        f'<a class="out" href="{text(url)}" target="_blank" rel="noopener noreferrer">'
        f'{text(label)}<span class="unseen"> (opens in a new tab)</span></a>'
    )


def is_web_address(url: str) -> bool:
    """Whether `url` is an http or https address with a host and nothing that browsers rewrite."""
    if any(ord(letter) <= 32 or letter == "\\" for letter in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def shortened(value: str, most: int) -> str:
    """At most about `most` characters of `value`, cut between words."""
    if len(value) <= most:
        return value
    return value[:most].rsplit(maxsplit=1)[0] + " …"
