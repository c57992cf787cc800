"""What a web page, a feed (RSS, Atom) or a map of a site leads to: its links, as JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

from lxml import etree, html

from sources.errors import UnreadableError
from sources.readers.archive import Element, parse_xml, refuse_entities
from sources.readers.extract import Extract
from sources.source import Block

MOST_LINKS = 50_000  # as many as a map of a site may hold

_KINDS = {"urlset": "map", "sitemapindex": "maps", "rss": "feed", "feed": "feed", "RDF": "feed"}
_DATES = ("pubDate", "published", "date", "updated", "issued")


def read_links(data: bytes) -> Extract:
    """JSON of the `kind` ("page", "feed", "map", or "maps" that lists maps), the `title`, and the
    `links` with `url`, "title" and "published", "" where it is not told. Raises UnreadableError."""
    found = _of_xml(data) or _of_page(data)
    found["links"] = found["links"][:MOST_LINKS]
    text = json.dumps(found)
    return Extract(text=text, blocks=(Block(start=0, end=len(text), kind="code"),))


def _of_xml(data: bytes) -> dict[str, Any] | None:
    """None for what is no such XML, as a page."""
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise UnreadableError("no page, feed or map of a site")
    try:
        root = parse_xml(data)
    except etree.XMLSyntaxError:
        return None
    kind = _KINDS.get(_name(root))
    if kind is None:
        return None
    refuse_entities(data)
    links = []
    for element in root.iter(etree.Element):
        name = _name(element)
        if kind in ("map", "maps") and name in ("url", "sitemap"):
            links.append(_link(_text(element, "loc")))
        elif kind == "feed" and name in ("item", "entry"):
            date = next((told for each in _DATES if (told := _text(element, each))), "")
            links.append(_link(_address(element), _text(element, "title"), date))
    channel = next((each for each in root if _name(each) == "channel"), root)
    return {"kind": kind, "title": _text(channel, "title"), "links": [x for x in links if x["url"]]}


def _address(entry: Element) -> str:
    """Where an entry of a feed leads: of several links, to the page itself."""
    for element in entry:
        if _name(element) == "link" and element.get("rel", "alternate") == "alternate":
            return str(element.get("href") or element.text or "")
    identifier = next((each for each in entry if _name(each) == "guid"), None)
    if identifier is not None and identifier.get("isPermaLink", "true") == "true":
        return identifier.text or ""
    return ""


def _of_page(data: bytes) -> dict[str, Any]:
    """The links of a page; none where it asks not to be followed."""
    try:
        root = html.document_fromstring(data)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError("no page, feed or map of a site") from error
    asked = ",".join(root.xpath("//meta[@name='robots' or @name='ROBOTS']/@content")).lower()
    base = next(iter(root.xpath("//base/@href")), "")
    links = []
    if "nofollow" not in asked and "none" not in asked:
        for element in root.iter("a", "area"):
            if "nofollow" not in element.get("rel", "").lower().split() and element.get("href"):
                links.append(_link(urljoin(base, element.get("href").strip())))
    return {"kind": "page", "title": "", "links": links}


def _link(url: str, title: str = "", published: str = "") -> dict[str, str]:
    return {"url": url.strip(), "title": title, "published": published}


def _text(element: Element, name: str) -> str:
    for child in element:
        if _name(child) == name:
            return " ".join("".join(child.itertext()).split())
    return ""


def _name(element: Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
