"""E-mail (.eml): who wrote to whom and when, and the text; attachments are told, not read."""

from __future__ import annotations

import codecs
import email
import re
from collections import Counter
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime

from sources.errors import UnreadableError
from sources.readers.extract import Extract
from sources.readers.html import add_page
from sources.readers.records import add_record
from sources.readers.text import read_text
from sources.readers.text_builder import TextBuilder, clean
from sources.readers.unseen import told

_HEADERS = ("From", "To", "Cc", "Date")
_ENCRYPTED = frozenset(
    ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
)
_ENCODING = "Content-Transfer-Encoding"
_ATTACHED = "an attachment is not read: save it into the library as a file"
_MOST_NAMES = 200
_DEEPEST_MESSAGE = 5
_WORDS = re.compile(r"\w+")
_ADDRESS = re.compile(r"<?(?:https?://|mailto:|cid:)\S+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\r\n]+")
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")
_MOST_CONTROL = 0.1  # of the characters of a text
_NO_TEXT = "said to be text, and is none that can be read: see it in the mail program"
_FEW = 4  # words of a plain text that its HTML does not have, or such characters


class _Left:
    """What of a message is not read."""

    def __init__(self) -> None:
        self.unseen: Counter[str] = Counter()
        self.parts: list[tuple[str, str]] = []


def read_email(data: bytes) -> Extract:
    """The text of a message: plain text if it has that, or else its HTML."""
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    if message.get_content_type() in _ENCRYPTED:
        raise UnreadableError("encrypted: save its text as a file")
    if not any(header in message for header in ("From", "Date", "Subject", "Received")):
        raise UnreadableError("no e-mail (it has no header): save the message as .eml")
    builder = TextBuilder()
    left = _Left()
    subject = clean(_header(message, "Subject"))
    builder.add("heading", subject, level=1)
    add_record(builder, [(name, _header(message, name)) for name in _HEADERS])
    _add_body(builder, message, left)
    names = _forwarded(builder, message, left, 0)
    return builder.extract(
        hints={"title": subject, "author": _author(message), "published": _date(message)},
        unread=(
            *((clean(name), _ATTACHED) for name in names[:_MOST_NAMES]),
            *left.parts,
            *told(left.unseen),
        ),
    )


def _add_body(builder: TextBuilder, message: EmailMessage, left: _Left) -> None:
    """The text that a reader sees: the plain one only where it says what the HTML says, no more."""
    plain, page = (message.get_body((kind,)) for kind in ("plain", "html"))
    text, html = (
        _content(part, left) if isinstance(part, EmailMessage) else "" for part in (plain, page)
    )
    if html:
        shown = TextBuilder()
        left.unseen += add_page(shown, codecs.BOM_UTF8 + html.encode())
        said = set(_WORDS.findall(_ADDRESS.sub("", text.lower())))
        seen = set(_WORDS.findall(shown.text.lower()))
        more = len(said - seen)
        if seen and (len(said & seen) < len(seen) / 2 or more > max(_FEW, len(seen) / 10)):
            add_page(builder, codecs.BOM_UTF8 + html.encode())
            return
    _add_text(builder, text, left)


def _forwarded(builder: TextBuilder, message: EmailMessage, left: _Left, depth: int) -> list[str]:
    """Add the messages within a message, each with its own head; the names of what is not read."""
    names: list[str] = []
    for part in _attachments(message):
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        is_message = part.get_content_type() == "message/rfc822"
        if not is_message or not isinstance(first, EmailMessage) or depth == _DEEPEST_MESSAGE:
            names.append(part.get_filename() or part.get_content_type())
            continue
        first = _decoded(first, _header(part, _ENCODING))
        builder.add("heading", clean(_header(first, "Subject")), level=2)
        add_record(builder, [(name, _header(first, name)) for name in _HEADERS])
        _add_body(builder, first, left)
        names += _forwarded(builder, first, left, depth + 1)
    return names


def _decoded(message: EmailMessage, encoding: str) -> EmailMessage:
    """A message within a message, also where it is encoded as a whole, as GroupWise does."""
    if message.keys() or not encoding:
        return message
    message[_ENCODING] = encoding
    data = message.get_payload(decode=True)
    found = email.message_from_bytes(data if isinstance(data, bytes) else b"", policy=default)
    return found if isinstance(found, EmailMessage) and found.keys() else message


def _add_text(builder: TextBuilder, text: str, left: _Left) -> None:
    """The blocks of plain text; the marks of a quotation are not text."""
    lines = (line.lstrip("> ") if line.startswith(">") else line for line in text.splitlines())
    text = "\n".join(lines).split("\n-- \n")[0]  # what follows is a signature
    extract = read_text(text)
    left.parts += extract.unread
    for block in extract.blocks:
        builder.add(block.kind, text[block.start : block.end], level=block.level)


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    if not message.is_multipart():
        return []
    return [part for part in message.iter_attachments() if isinstance(part, EmailMessage)]


def _content(part: EmailMessage, left: _Left) -> str:
    """The decoded text of a part, by its charset or else by UTF-8; "" where it is no text."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        text = data.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    raw = str(part.get_payload())
    undecoded = raw.strip().encode("utf-8", "replace") == data.strip() and _BASE64.fullmatch(data)
    if len(_CONTROL.findall(text)) > max(_FEW, _MOST_CONTROL * len(text)) or (
        undecoded and _header(part, _ENCODING).strip().lower() == "base64"
    ):
        left.parts.append(("a part of the message", _NO_TEXT))
        return ""
    return text.replace("\0", "")


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except Exception:  # the parser of headers fails on odd ones in odd ways
        return ""


def _author(message: EmailMessage) -> str:
    """The name of who wrote it."""
    try:
        sender = message["From"].addresses[0]
    except Exception:
        return ""
    return clean(sender.display_name)


def _date(message: EmailMessage) -> str:
    try:
        return parsedate_to_datetime(_header(message, "Date")).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
