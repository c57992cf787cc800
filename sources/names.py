"""Names of sources in a library: from an address, and whether one may be used."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from sources.errors import SnapshotError
from sources.formats import FORMATS

_NAME = re.compile(r"""[^<>:"|?*\x00-\x1f\x7f\ud800-\udfff/]+(?<![. ])""")
_NAMELESS = frozenset(("", "index", "default", "home"))
_NAME_CHARS = 80
# Bytes; with the ending of a sidecar no file system takes more.
_LONGEST = 240


def name_of(url: str) -> str:
    """A name for a page, from the end of its address."""
    parts = urlsplit(url)
    names = [*reversed(slugs(parts.path)), _slug(parts.hostname or "")]
    return next((name for name in names if name), "page")


def slugs(path: str) -> list[str]:
    """Names for files and folders from the path of an address, without the suffix of a format; ""
    for what names nothing, as an index."""
    names = [unquote(part) for part in path.split("/") if part]
    if names and PurePosixPath(names[-1]).suffix.lower() in FORMATS:
        names[-1] = PurePosixPath(names[-1]).stem
    return [_slug(name) for name in names]


def _slug(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).lower()
    slug = re.sub(r"[^\w.]+", "-", folded).strip("-._")[:_NAME_CHARS].rstrip("-._")
    return "" if slug in _NAMELESS else slug


def path_of(name: str, suffix: str) -> PurePosixPath:
    """The path in a library of a file with a suffix. Raises SnapshotError for a name that leads
    out, is hidden, or is too long."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.suffix.lower() != suffix.lower():
        path = path.with_name(path.name + suffix)
    for part in path.parts:
        hidden = part.startswith(".") or part == "__pycache__"
        if hidden or not _NAME.fullmatch(part) or len(part.encode()) > _LONGEST:
            raise SnapshotError(
                f"{str(path)!r} is no name in a library: give one as --name treaties/river-works"
            )
    return path
