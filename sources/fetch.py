"""Fetching a document from the web: http and https only, of bounded size, from public addresses."""

from __future__ import annotations

import codecs
import http.client
import socket
import ssl
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import PurePosixPath
from threading import Timer
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from sources.errors import SnapshotError
from sources.formats import FORMATS, SUFFIXES

SECONDS = 120
MAX_REDIRECTS = 5

_CHUNK = 1 << 16
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_NAT64 = ip_network("64:ff9b::/96")
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/pdf": ".pdf",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
    "application/msword": ".doc",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/epub+zip": ".epub",
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "message/rfc822": ".eml",
    "application/rtf": ".rtf",
    "application/x-ipynb+json": ".ipynb",
    "application/x-subrip": ".srt",
    "text/rtf": ".rtf",
    "text/vtt": ".vtt",
    "text/x-rst": ".rst",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/markdown": ".md",
    "text/plain": ".txt",
}
_VAGUE = frozenset(("", "text/plain", "application/octet-stream", "binary/octet-stream"))
_TEXT = frozenset((".html", ".xhtml", ".json", ".jsonl", ".csv", ".tsv", ".md", ".txt"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document as it came: `suffix` is that of its format, "" for one that is not read, `url`
    where the redirects led, `type` what the server says it is."""

    data: bytes
    suffix: str
    url: str
    type: str = ""

    def refusal(self) -> SnapshotError:
        """What to say where `suffix` is ""."""
        return SnapshotError(
            f"{self.url} is {self.type or 'of a type that is not told'}, which is not read: save "
            f"it as one of {SUFFIXES}, and add that"
        )


class StatusError(SnapshotError):
    """A server answered, and gave no document: `status` says why, as 404."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def fetch(
    url: str,
    *,
    limit: int,
    allow_private: bool = False,
    seconds: float = SECONDS,
    also: Callable[[str], bool] = lambda type_: False,
    before: Callable[[str], None] | None = None,
) -> Fetched:
    """The document at an address, of at most `limit` bytes. Raises SnapshotError.

    Addresses of this machine and of private networks are refused unless `allow_private`, also
    behind a redirect; the connection goes to the very address that was checked. `before` is called
    with each address that is to be asked, and may raise SnapshotError. What is of no format that is
    read is refused before it comes, unless `also` holds of what the server says it is.
    """
    at = url
    for _ in range(MAX_REDIRECTS + 1):
        parts = _parts(at)
        if before:
            before(at)
        sock = _connect(parts, allow_private, seconds)
        watch = Timer(seconds, _hang_up, (sock,))
        watch.daemon = True
        watch.start()
        try:
            found = _get(parts, sock, limit, seconds, also)
        except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
            said = " ".join(str(error).split())[:120] or type(error).__name__
            raise SnapshotError(f"{at} could not be fetched ({said}): try again later") from error
        finally:
            watch.cancel()
            sock.close()
        if isinstance(found, Fetched):
            return found
        target = urljoin(at, found)
        if parts.scheme == "https" and urlsplit(target).scheme == "http":
            raise SnapshotError(f"{at} redirects from https to http: download it by hand")
        at = target
    raise SnapshotError(f"{url} redirects more than {MAX_REDIRECTS} times: give where it leads")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SnapshotError(f"{url!r} is no web address: give one as https://example.org/page")
    if parts.username is not None or parts.password is not None:
        raise SnapshotError(f"{parts.hostname} is given with a user name: leave it out")
    return parts


def _connect(parts: SplitResult, allow_private: bool, seconds: float) -> socket.socket:
    """A connection to a checked address of the host."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = addresses_of(host, port, allow_private)
    host = host if ":" in host else host.encode("idna").decode()
    failed: OSError | None = None
    for address in addresses:
        try:
            sock = socket.create_connection((address, port), timeout=min(20, seconds))
            if parts.scheme == "https":
                context = ssl.create_default_context()
                return context.wrap_socket(sock, server_hostname=host)
        except OSError as error:
            failed = error
        else:
            return sock
    said = getattr(failed, "strerror", None) or failed
    raise SnapshotError(f"{parts.hostname} does not answer ({said}): try again later") from failed


def addresses_of(host: str, port: int, allow_private: bool) -> list[str]:
    """The addresses of a host. Raises SnapshotError where one is of this machine or of a private
    network, unless `allow_private`."""
    try:
        name = host if ":" in host else host.encode("idna").decode()
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SnapshotError(f"{host} is not known: check the address and the connection") from error
    addresses = [str(each[4][0]) for each in found]
    private = [address for address in addresses if not is_public(address)]
    if private and not allow_private:
        raise SnapshotError(
            f"{host} is {private[0]}, on this machine or a private network: if that is "
            f"meant, add --allow-private"
        )
    return list(dict.fromkeys(addresses))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet at large."""
    ip: IPv4Address | IPv6Address | None = ip_address(address.split("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and (ip.is_site_local or ip.is_reserved):
            return False
        ip = inner or ip
    return bool(ip and ip.is_global and not ip.is_multicast and not ip.is_unspecified)


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's: it waits for the other side


def _get(
    parts: SplitResult,
    sock: socket.socket,
    limit: int,
    seconds: float,
    also: Callable[[str], bool],
) -> Fetched | str:
    """The document, or where a redirect leads."""
    url = parts.geturl()
    connection = http.client.HTTPConnection(parts.hostname or "", timeout=min(20, seconds))
    connection.sock = sock
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    target += f"?{quote(parts.query, safe='/%:@!$&()*+,;=?~-._')}" if parts.query else ""
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    headers = {
        "Host": host, "Accept-Encoding": "identity", "Connection": "close",
        "User-Agent": "refdesk", "Accept": "*/*",
    }  # fmt: skip
    connection.request("GET", target, headers=headers)
    response = connection.getresponse()
    if response.status in _REDIRECTS and (where := response.getheader("Location")):
        return where
    if response.status != 200:
        raise StatusError(
            f"{url} answers {response.status} {response.reason}".rstrip() + ": check the address",
            response.status,
        )
    said = response.headers.get_content_type() if response.getheader("Content-Type") else ""
    suffix = _suffix(parts, said)
    if not suffix and not also(said):
        raise Fetched(data=b"", suffix="", url=url, type=said).refusal()
    data = _read(response, limit)
    if data is None:
        raise SnapshotError(f"{url} is larger than {limit:,} bytes: add a part of it as a file")
    charset = response.headers.get_content_charset()
    if suffix in _TEXT and charset:
        data = _as_utf8(data, charset, suffix)
    return Fetched(data=data, suffix=suffix, url=url, type=said)


def _read(response: http.client.HTTPResponse, limit: int) -> bytes | None:
    """The body, unpacked if the server packed it unasked; None if it is too large."""
    encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise SnapshotError(f"the server packs by {encoding!r}, unasked: download it by hand")
    unpack = None if encoding == "identity" else zlib.decompressobj(zlib.MAX_WBITS | 32)
    body = bytearray()
    while chunk := response.read(_CHUNK):
        while chunk:
            body += unpack.decompress(chunk, limit + 1 - len(body)) if unpack else chunk
            if len(body) > limit:
                return None
            chunk = unpack.unconsumed_tail if unpack else b""
    if response.length:  # less came than was announced
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _suffix(parts: SplitResult, said: str) -> str:
    """The suffix of the format, by what the server says or, where that is vague, by the address;
    "" for what is of none."""
    named = PurePosixPath(unquote(parts.path)).suffix.lower()
    if named in FORMATS and (said in _VAGUE or FORMATS[named] == FORMATS.get(_TYPES.get(said, ""))):
        return named
    return _TYPES.get(said) or (".json" if said.endswith("+json") else "")


def _as_utf8(data: bytes, charset: str, suffix: str) -> bytes:
    """Text in UTF-8: a file does not keep what the server says of its charset."""
    with suppress(LookupError, UnicodeDecodeError):
        text = data.decode(charset)
        # The mark goes before what a page declares of itself
        return (codecs.BOM_UTF8 if "html" in suffix else b"") + text.removeprefix("\ufeff").encode()
    return data
