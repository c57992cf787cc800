"""The documents of a site: what its map or feed lists, or a page and what that links to."""

from __future__ import annotations

import mimetypes
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sources.collect.visitor import Listing, Visitor, absolute, read_listing, site_of
from sources.errors import SourceError
from sources.fetch import Fetched
from sources.formats import FORMATS

_NO_DOCUMENTS = ("image/", "audio/", "video/", "font/")
_MOST_MAPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The part of a site that is meant: below a path, at most `pages` documents, so many links
    from the first page (`depth`)."""

    url: str
    path: str = "/"
    pages: int
    depth: int

    def holds(self, url: str) -> bool:
        """Whether an address lies in it."""
        path, within = urlsplit(url).path or "/", self.path.rstrip("/")
        below = path == within or path.startswith(within + "/")
        return site_of(url) == site_of(self.url) and below


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came from an address, or why nothing did; `said` is what a feed told of it."""

    url: str
    found: Fetched | None = None
    reason: str = ""
    said: Mapping[str, str] | None = None


def follow(first: Fetched, scope: Scope, visitor: Visitor) -> Iterator[Page]:
    """A page and what it links to, the nearest first."""
    yield Page(url=first.url, found=first)
    seen = {first.url, scope.url}
    waiting = deque((url, 1) for url in (_links(first, scope, seen) if scope.depth else ()))
    count = 1
    while waiting:
        if count == scope.pages:
            yield Page(url=scope.url, reason=_more(scope.pages, len(waiting)))
            return
        url, depth = waiting.popleft()
        count += 1
        page = _page(url, visitor)
        if page.found and not scope.holds(page.found.url):
            page = Page(url=url, reason=f"leads to {page.found.url}, which is not below the path")
        elif page.found and page.found.url != url:
            if page.found.url in seen:
                continue
            seen.add(page.found.url)
        yield page
        if page.found and depth < scope.depth:
            waiting.extend((link, depth + 1) for link in _links(page.found, scope, seen))


def listed(listing: Listing, scope: Scope, visitor: Visitor) -> Iterator[Page]:
    """What a feed or the map of a site lists; of a map, what lies in the scope."""
    count = 0
    for link in _addresses(listing, scope, visitor):
        if link["reason"]:
            yield Page(url=link["url"], reason=link["reason"])
        elif listing.kind == "feed" or scope.holds(link["url"]):
            if count == scope.pages:
                yield Page(url=scope.url, reason=_more(scope.pages))
                return
            count += 1
            page = _page(link["url"], visitor)
            yield Page(url=page.url, found=page.found, reason=page.reason, said=link)


def _addresses(listing: Listing, scope: Scope, visitor: Visitor) -> Iterator[dict[str, str]]:
    """The links of a listing, and of the maps that a map of maps lists."""
    if listing.kind != "maps":
        yield from (link | {"reason": ""} for link in listing.links)
        return
    for link in listing.links[:_MOST_MAPS]:
        if site_of(link["url"]) != site_of(scope.url):
            continue
        try:
            below = read_listing(visitor.get(link["url"]))
        except SourceError as error:
            yield {"url": link["url"], "reason": str(error)}
        else:
            if below and below.kind == "map":
                yield from (each | {"reason": ""} for each in below.links)


def _page(url: str, visitor: Visitor) -> Page:
    try:
        found = visitor.get(url)
        if not found.suffix:
            raise found.refusal()
        return Page(url=url, found=found)
    except SourceError as error:
        return Page(url=url, reason=str(error))


def _links(found: Fetched, scope: Scope, seen: set[str]) -> list[str]:
    """The links of a page that lie in the scope, may be documents and were not seen before."""
    try:
        listing = read_listing(found) if FORMATS[found.suffix] == "html" else None
    except SourceError:
        return []
    links = []
    for link in listing.links if listing else ():
        url = link["url"]
        kind = mimetypes.guess_type(urlsplit(url).path)[0] or ""
        if url not in seen and scope.holds(url) and not kind.startswith(_NO_DOCUMENTS):
            seen.add(url)
            links.append(url)
    return links


def _more(pages: int, waiting: int = 0) -> str:
    many = f"{waiting} known links" if waiting else "the rest"
    return f"the limit of {pages} documents is reached, {many} left: give more --pages"


def path_within(url: str, within: str) -> str | None:
    """The path that is meant by a path or an address; None where the address is of another site."""
    target = absolute(url, within)
    return urlsplit(target).path if target and site_of(target) == site_of(url) else None
