"""Jupyter notebooks: the prose, the code and what it printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sources.errors import UnreadableError
from sources.markup import without_markup
from sources.readers.extract import Extract
from sources.readers.markdown import read_markdown
from sources.readers.text_builder import TextBuilder

_LONGEST_OUTPUT = 2000  # characters: a longer one is data


def read_notebook(text: str) -> Extract:
    """The cells of a notebook in order; pictures and long outputs are told."""
    try:
        book = json.loads(text)
        cells = book["cells"] if "cells" in book else book["worksheets"][0]["cells"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnreadableError("no notebook (it has no cells): save it again in Jupyter") from error
    language = _language(book)
    builder = TextBuilder()
    left = 0
    for cell in cells:
        source = _joined(cell.get("source", cell.get("input", "")))
        match cell.get("cell_type"):
            case "markdown":
                add_markdown(builder, source)
            case "heading":
                builder.add("heading", source, level=min(6, max(1, int(cell.get("level", 1)))))
            case "code":
                builder.add("code", source, language=language)
                for output in _outputs(cell):
                    if 0 < len(output) <= _LONGEST_OUTPUT:
                        builder.add("code", output)
                    else:
                        left += 1
            case "raw":
                builder.add("paragraph", source)
    why = f"{left} outputs are pictures or long: see them in the notebook"
    return builder.extract(unread=(("outputs", why),) if left else ())


def add_markdown(builder: TextBuilder, text: str) -> None:
    """Add the blocks of a piece of Markdown."""
    for block in read_markdown(text).blocks:
        words = text[block.start : block.end]
        known: dict[str, Any] = {"level": block.level, "marker": block.marker}
        known |= {"language": block.language, "fields": block.fields, "title": block.title}
        if block.kind == "heading":
            words = block.title
        elif block.kind != "code":
            words = without_markup(words)
        builder.add(block.kind, words, **known)


def _language(book: dict[str, Any]) -> str:
    about = book.get("metadata") or {}
    for part in ("language_info", "kernelspec"):
        named = about.get(part) or {}
        if found := named.get("name" if part == "language_info" else "language"):
            return str(found)
    return ""


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    """The text of what a cell printed, "" of what is none."""
    for output in cell.get("outputs") or ():
        if output.get("output_type") in ("error", "pyerr"):
            continue
        data = output.get("data") or {}
        yield (
            _joined(output.get("text", data.get("text/plain", "")))
            if not any(kind.startswith("image/") for kind in data)
            else ""
        )


def _joined(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
