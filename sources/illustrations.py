"""Images that a page of the library shows: they belong to it, and are no documents of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from sources.formats import FORMATS

_PAGES = frozenset(("markdown", "html", "rst", "asciidoc", "org", "mediawiki", "latex", "notebook"))
_NAMED = re.compile(r"\.(?:png|jpe?g|tiff?|webp|bmp)\b", re.IGNORECASE)
_BEFORE = (re.compile(r"[\"'()<>\[\]{}|=\n]"), re.compile(r"[\s\"'()<>\[\]{}|=,:]"))
_LONGEST = 300  # characters of an address
_LEADING = re.compile(r"^(?:\.{1,2}/|/|@[\w-]+/|~/)+")
_MOST_BYTES = 5_000_000  # of a page


def illustrations(root: Path, files: Iterable[str]) -> dict[str, str]:
    """The images among the files that a page among them names, each with the first such page.

    An image that has metadata beside it is a document, whoever shows it.
    """
    files = list(files)
    images: dict[str, list[str]] = {}
    for path in files:
        name = PurePosixPath(path)
        if FORMATS[name.suffix.lower()] == "image" and not (root / f"{path}.yaml").is_file():
            images.setdefault(name.name, []).append(path)
    found: dict[str, str] = {}
    for page in files if images else ():
        if FORMATS[PurePosixPath(page).suffix.lower()] not in _PAGES:
            continue
        with suppress(OSError), (root / page).open("rb") as opened:
            text = opened.read(_MOST_BYTES).decode("utf-8", "replace")
            for address in _addresses(text):
                for path in images.get(PurePosixPath(address).name, ()):
                    if f"/{path}".endswith(f"/{address}"):
                        found.setdefault(path, page)
    return found


def _addresses(text: str) -> Iterator[str]:
    """The addresses of images in a text, with and without the words before them."""
    for end in _NAMED.finditer(text):
        near = text[max(0, end.start() - _LONGEST) : end.end()]
        for delimiter in _BEFORE:
            yield _LEADING.sub("", unquote(delimiter.split(near)[-1].strip()))
