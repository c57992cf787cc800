"""A visitor of web sites who asks robots.txt, takes time between requests, and has had enough."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from protego import Protego

from sources.apart import ApartReader, Limits
from sources.errors import SnapshotError, UnreadableError
from sources.fetch import Fetched, StatusError, fetch
from sources.load import MAX_FILE_BYTES

DELAY = 1.0
MAX_DELAY = 30.0
MAX_SITE_BYTES = 1 << 30

MAX_MAP_BYTES = 50 * 1024 * 1024
"""What a map of a site may hold, by the protocol of such maps."""

_PACKED = ("application/gzip", "application/x-gzip", "application/octet-stream")
_AGENT = "refdesk"
_ROBOTS_BYTES = 500 * 1024
_READING = Limits(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What an address leads to: `kind` is "page", "feed", "map" or "maps"; `links` hold "url",
    "title" and "published"."""

    kind: str
    title: str
    links: tuple[dict[str, str], ...]


class Visitor:
    """Fetches from the web as a guest: `delay` seconds between two requests to a host, or as many
    as it asks for, up to 30; nothing that its robots.txt forbids; a gigabyte in all."""

    def __init__(self, *, allow_private: bool = False, delay: float = DELAY) -> None:
        self._allow_private = allow_private
        self._delay = delay
        self._left = MAX_SITE_BYTES
        self._robots: dict[str, Protego | str] = {}
        self._last: dict[str, float] = {}

    def get(self, url: str) -> Fetched:
        """The document at an address. Raises SnapshotError, also for what robots.txt forbids."""
        if self._left <= 0:
            raise SnapshotError(f"{url}: {MAX_SITE_BYTES:,} bytes came already: add it by itself")
        found = fetch(
            url,
            limit=min(MAX_FILE_BYTES, self._left),
            allow_private=self._allow_private,
            also=may_be_map,
            before=self._ask,
        )
        self._left -= len(found.data)
        return unpacked(found)

    def _ask(self, url: str) -> None:
        """Wait until the host may be asked for an address. Raises SnapshotError if it may not."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._robots:
            self._wait(site, self._delay)
            self._robots[site] = self._rules(site)
        rules = self._robots[site]
        if isinstance(rules, str):
            raise SnapshotError(f"{url}: what its site allows to programs cannot be told: {rules}")
        if not rules.can_fetch(url, _AGENT):
            raise SnapshotError(f"{url} is forbidden to programs by the robots.txt of its site")
        asked_for = float(rules.crawl_delay(_AGENT) or 0)
        self._wait(site, max(self._delay, min(asked_for, MAX_DELAY)) if self._delay else 0)

    def _rules(self, site: str) -> Protego | str:
        """What a site allows: everything where it has no robots.txt; why that cannot be told."""
        try:
            found = fetch(
                f"{site}/robots.txt",
                limit=_ROBOTS_BYTES,
                allow_private=self._allow_private,
                also=lambda type_: True,
            )
        except SnapshotError as error:
            if not isinstance(error, StatusError) or error.status >= 500:
                return str(error)  # the error itself would hold the connection
            return Protego.parse("")
        return Protego.parse(found.data.decode("utf-8", "replace").removeprefix("\ufeff"))

    def _wait(self, site: str, seconds: float) -> None:
        now = time.monotonic()
        if (free := self._last.get(site, now - seconds) + seconds) > now:
            time.sleep(free - now)
        self._last[site] = time.monotonic()


def read_listing(found: Fetched) -> Listing | None:
    """What a page, feed or map leads to, its addresses whole and each once; None for what is none
    of them. It is read in a process of its own. Raises SnapshotError."""
    if not (found.suffix in (".html", ".htm", ".xhtml") or seems_xml(found)):
        return None
    try:
        with ApartReader(_READING) as reader:
            values: dict[str, Any] = json.loads(reader.read(found.data, "links", found.url).text)
    except UnreadableError as error:
        raise SnapshotError(f"{found.url}: {error}") from error
    links: dict[str, dict[str, str]] = {}
    for link in values["links"]:
        if url := absolute(found.url, str(link["url"])):
            links.setdefault(url, link | {"url": url})
    return Listing(kind=values["kind"], title=values["title"], links=tuple(links.values()))


def seems_xml(found: Fetched) -> bool:
    """Whether a document may be a feed or a map of a site, whatever the server calls it."""
    start = found.data[:200].lstrip(b"\xef\xbb\xbf \r\n\t")
    return start.startswith((b"<?xml", b"<rss", b"<feed", b"<urlset", b"<sitemapindex", b"<rdf"))


def may_be_map(type_: str) -> bool:
    """Whether the type that a server tells is XML, as that of feeds and maps of sites, or packed,
    as some maps are."""
    return type_.endswith(("/xml", "+xml")) or type_ in _PACKED


def unpacked(found: Fetched) -> Fetched:
    """A map of a site without its packing by gzip; anything else as it is. Raises SnapshotError."""
    if found.suffix or not found.data.startswith(b"\x1f\x8b"):
        return found
    try:
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        data = unpack.decompress(found.data, MAX_MAP_BYTES)
    except zlib.error as error:
        raise SnapshotError(f"{found.url} is damaged ({error}): try again") from error
    if not unpack.eof:
        said = f"unpacks to more than {MAX_MAP_BYTES:,} bytes, or ends too early"
        raise SnapshotError(f"{found.url} {said}: add what it holds by itself")
    return replace(found, data=data)


def absolute(base: str, link: str) -> str | None:
    """Where a link of a page leads, without the place in the page; None for what is no address."""
    try:
        url = urldefrag(urljoin(base, link)).url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            return None
        if parts.port == 0:  # of what is no port at all, this raises
            return None
        return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()
    except ValueError:
        return None


def site_of(url: str) -> tuple[str, int | None]:
    """The host and its port, None for those of http and https: one site by either."""
    parts = urlsplit(url)
    port = parts.port
    return parts.hostname or "", None if port in (80, 443) else port
