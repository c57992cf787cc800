"""What every page has: what stands at its top, and the way from its HTML to Python."""

from __future__ import annotations

# What is clicked in the HTML that Python made becomes an event of the part with this script.
BRIDGE = "window.refdeskTrigger = trigger"


def masthead(page: str, *, login: bool = False) -> str:
    """The name, and the ways to the conversations, the library and the other colours as HTML;
    with `login` also the way out."""
    chat = page == "chat"
    pages = "".join(
        f'<a href="{address}"{here}>{word}</a>'
        for address, word, here in (
            ("/", "Chat", ' aria-current="page"' if chat else ""),
            ("/library", "Library", "" if chat else ' aria-current="page"'),
        )
    )
    talks = (
        '<button type="button" id="open-history" aria-expanded="false" aria-controls="history">'
        "Conversations</button>"
        if chat
        else ""
    )
    out = '<button type="button" id="log-out">Log out</button>' if login else ""
    return (
        '<header class="masthead"><h1>Refdesk</h1>'
        "<p>Answers from the sources, every sentence cited</p>"
        f'<nav aria-label="Pages">{talks}{pages}{out}'
        '<button type="button" id="colours" aria-label="Light or dark colours">'
        '<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false" fill="none" '
        'stroke="currentColor" stroke-width="1.7"><circle cx="12" cy="12" r="8.5"/>'
        '<path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor"/></svg></button>'
        "</nav></header>"
    )
