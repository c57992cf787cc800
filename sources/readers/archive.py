"""The ZIP and XML inside Office files and e-books, read with care: no bombs, no entities."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from sources.errors import UnreadableError

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_MEMBERS = 20_000

CONTENT_TYPES = "[Content_Types].xml"
"""What every file of Microsoft Office holds."""

_OLE = b"\xd0\xcf\x11\xe0"
_XML = (".xml", ".rels", ".opf", ".ncx")
_STRICT = b"http://purl.oclc.org/ooxml/"
_STRICT_NAME = re.compile(re.escape(_STRICT) + rb"(\w+)/")
_NAME = rb"http://schemas.openxmlformats.org/\1/2006/"
_ENTITY = "<!ENTITY"
_ENTITIES = tuple(_ENTITY.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
_DECLARES = "declares XML entities, which may unpack without end: save it again from its program"

Element = Any
"""An element of XML: lxml has no types."""


class Archive:
    """The members of a ZIP whose sizes were checked before anything is unpacked.

    `kind` is the suffix of its format, and `member` what a file of the format must hold.
    """

    def __init__(self, data: bytes, kind: str, member: str) -> None:
        name = kind.removeprefix(".").upper()
        if data.startswith(_OLE):
            raise UnreadableError(f"encrypted, or of an old kind: save it as {name}, no password")
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        members = self._zip.infolist()
        if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
            raise UnreadableError(f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes: split it")
        if len(members) > MAX_MEMBERS:
            raise UnreadableError(f"holds more than {MAX_MEMBERS:,} parts: split it")
        if any(member.flag_bits & 1 for member in members):
            raise UnreadableError("encrypted: save a copy without a password")
        self.names = frozenset(self._zip.namelist())
        if member not in self.names:
            raise UnreadableError(f"no {name} but another archive: unpack it, add what it holds")
        for part in members:
            if part.filename.endswith(_XML):
                refuse_entities(self._zip.read(part))

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises KeyError."""
        return self._zip.read(name)

    def xml(self, name: str) -> Element:
        """The root of a member's XML, without entities and the network. Raises KeyError."""
        return parse_xml(self.read(name))

    def target(self, base: str, reference: str) -> str:
        """The name of the member that `reference` in the member `base` points to."""
        path = unquote(urlsplit(reference).path)
        return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)).lstrip("/")


def transitional(data: bytes) -> bytes:
    """An Office file in the strict form of its standard, with the names that programs know."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if not any(_STRICT in part for name, part in members.items() if name.endswith(_XML)):
        return data
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in members.items():
            plain = _STRICT_NAME.sub(_NAME, part) if name.endswith(_XML) else part
            archive.writestr(name, plain)
    return made.getvalue()


def refuse_entities(data: bytes) -> None:
    """Raise UnreadableError for XML that declares entities."""
    if any(entity in data for entity in _ENTITIES):
        raise UnreadableError(_DECLARES)


def parse_xml(data: bytes) -> Element:
    """The root of XML: entities stay unread, and nothing is fetched."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
        remove_pis=True, huge_tree=False,
    )  # fmt: skip
    return etree.fromstring(data, parser)
