"""What stands at the top of every page."""

from __future__ import annotations


def masthead(page: str) -> str:
    """The name, and the ways to the conversations, the library and the other colours as HTML."""
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
    return (
        '<header class="masthead"><h1>Refdesk</h1>'
        "<p>Answers from the sources, every sentence cited</p>"
        f'<nav aria-label="Pages">{talks}{pages}'
        '<button type="button" id="colours" aria-label="Light or dark colours">◐</button>'
        "</nav></header>"
    )
