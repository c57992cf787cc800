"""The list of kept conversations as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from qa.web.chat.kept import Kept
from qa.web.chat.scope import count
from qa.web.markup import isolated, text


def history_list(kept: Sequence[Kept], current: str | None, searched: str = "") -> str:
    """The conversations, newest first, each with what can be done with it."""
    if not kept:
        said = "No conversation holds these words." if searched.strip() else "None yet."
        return f'<p class="meta" role="status">{said}</p>'
    return f'<ul class="talks">{"".join(_item(one, current) for one in kept)}</ul>'


def _item(one: Kept, current: str | None) -> str:
    name = text(one.id)
    here = ' aria-current="true"' if one.id == current else ""
    exports = "".join(
        f'<button type="button" class="quiet talk" data-do="{do}" data-id="{name}">{word}</button>'
        for do, word in (
            ("markdown", "Markdown"),
            ("json", "JSON"),
            ("evidence", "Evidence bundle"),
        )
    )
    return (
        f'<li><button type="button" class="talk open-talk" data-do="open" data-id="{name}"{here}>'
        f'{isolated(one.title)}</button><span class="meta">{text(one.updated[:10])} · '
        f"{count(one.turns, 'question')}</span>"
        f'<details class="talk-more"><summary aria-label="More for {text(one.title)}">…'
        "</summary>"
        f'<p><label>Title <input type="text" maxlength="80" value="{text(one.title)}"></label> '
        f'<button type="button" class="quiet talk" data-do="rename" data-id="{name}">'
        f"Rename</button></p><p>Save as {exports}</p>"
        f'<p><button type="button" class="quiet talk danger" data-do="delete" data-id="{name}">'
        f"Delete</button></p></details></li>"
    )
