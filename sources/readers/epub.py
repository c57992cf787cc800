"""E-books (EPUB): the chapters in reading order, and the metadata of the package."""

from __future__ import annotations

from collections import Counter

from sources.errors import UnreadableError
from sources.readers.archive import Archive, Element
from sources.readers.extract import Extract
from sources.readers.html import add_page
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import told

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = frozenset(("application/xhtml+xml", "text/html"))
_HINTS = {
    "title": "title", "author": "creator", "publisher": "publisher", "published": "date",
    "language": "language",
}  # fmt: skip


def read_epub(data: bytes) -> Extract:
    """The text of a book. Its table of contents is not read."""
    archive = Archive(data, ".epub", _CONTAINER)
    root = archive.xml(_CONTAINER).find(".//{*}rootfile")
    if root is None or root.get("full-path") not in archive.names:
        raise UnreadableError("no book in it (its package is missing): save it again")
    at = root.get("full-path")
    package = archive.xml(at)
    pages = _pages(archive, package, at)
    if _ENCRYPTION in archive.names:
        locked = archive.xml(_ENCRYPTION).iter("{*}CipherReference")
        if not {archive.target("", each.get("URI", "")) for each in locked}.isdisjoint(pages):
            raise UnreadableError("encrypted (it is protected): get a copy without protection")
    builder = TextBuilder()
    unread = []
    unseen: Counter[str] = Counter()
    sheets = (name for name in sorted(archive.names) if name.endswith(".css"))
    css = "\n".join(archive.read(name).decode("utf-8", "replace") for name in sheets)
    for page in pages:
        try:
            unseen += add_page(builder, archive.read(page), css)
        except UnreadableError as error:
            unread.append((page, str(error)))
    return builder.extract(hints=_metadata(package), unread=(*unread, *told(unseen)))


def _pages(archive: Archive, package: Element, at: str) -> list[str]:
    """The members that hold the chapters, in reading order."""
    items = {item.get("id"): item for item in package.iterfind("{*}manifest/{*}item")}
    found = []
    for reference in package.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES:
            continue
        name = archive.target(at, item.get("href", ""))
        if "nav" not in item.get("properties", "").split() and name in archive.names:
            found.append(name)
    return list(dict.fromkeys(found))


def _metadata(package: Element) -> dict[str, str]:
    hints = {
        key: clean(
            package.findtext(f"{{*}}metadata/{{http://purl.org/dc/elements/1.1/}}{name}", "")
        )
        for key, name in _HINTS.items()
    }
    return hints | {"published": hints["published"][:10]}
