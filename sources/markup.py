"""Marks inside a passage of Markdown that a reader does not see: struck-out words, cells, tags."""

from __future__ import annotations

import re

_STRUCK = re.compile(
    r"~~(?=[^\s~])[^~\n]*[^\s~]~~ ?|<(del|s|strike)(?:\s[^<>]*)?>[^<>]*</\1\s*> ?", re.IGNORECASE
)
_CODE = re.compile(r"(`[^`\n]+`)")
_CELLS = re.compile(r"</t[dh]\s*>\s*<t[dh](?:\s[^<>]*)?>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PAIR = re.compile(
    r"<(a|abbr|b|code|em|i|ins|kbd|mark|q|small|span|strong|sub|sup|tt|u|var)(?:\s[^<>]*)?>"
    r"([^<>]*)</\1\s*>",
    re.IGNORECASE,
)

TEMPLATE_TAG = re.compile(r"\{%[^{}\n]{0,500}%\}|\{\{[<%][^{}\n]{0,500}[>%]\}\}")
"""Of a template: "{% note %}" (Liquid, Jinja), "{{< figure >}}" (Hugo); it stands on one line."""
# "[the form]({{ '/form.pdf' | relative_url }})"
_TARGET = re.compile(r"(?<=\]\()\s*\{\{[^{}\n]*\}\}[^()\n]*(?=\))")
# "**gland**{: data-type="term"}", "## Leave {#leave .wide}"
_ATTRIBUTES = re.compile(r"(?<=[\w)\]*_\"'”’.])\{:[^{}\n]*\}|[ \t]\{[#.][\w-][^{}\n]*\}")


def without_markup(text: str) -> str:
    """A passage without words that are struck out, and without the tags of HTML around words, the
    tags of a template, and the attributes of a word.

    What stands between backquotes is left as it is.
    """
    if "~~" not in text and "<" not in text and "{" not in text:
        return text
    parts = _CODE.split(text)
    parts[::2] = map(_without_markup, parts[::2])
    return "".join(parts)


def _without_markup(text: str) -> str:
    text = _CELLS.sub(" | ", _STRUCK.sub("", text))
    text = _BREAK.sub(" ", text)
    if "{" in text:
        text = _ATTRIBUTES.sub("", _TARGET.sub("#", TEMPLATE_TAG.sub(" ", text)))
    for _ in range(3):  # one in the other
        text = _PAIR.sub(r"\2", text)
    return text
