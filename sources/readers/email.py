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
_ATTACHED = "an attachment is not read: save it into the library as a file"
_MOST_NAMES = 200
_DEEPEST_MESSAGE = 5
_WORDS = re.compile(r"\w+")
_ADDRESS = re.compile(r"<?(?:https?://|mailto:|cid:)\S+")
_FEW = 4  # words of a plain text that its HTML does not have


def read_email(data: bytes) -> Extract:
    """The text of a message: plain text if it has that, or else its HTML."""
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    if message.get_content_type() in _ENCRYPTED:
        raise UnreadableError("encrypted: save its text as a file")
    if not any(header in message for header in ("From", "Date", "Subject", "Received")):
        raise UnreadableError("no e-mail (it has no header): save the message as .eml")
    builder = TextBuilder()
    unseen: Counter[str] = Counter()
    subject = clean(_header(message, "Subject"))
    builder.add("heading", subject, level=1)
    add_record(builder, [(name, _header(message, name)) for name in _HEADERS])
    _add_body(builder, message, unseen)
    names = _forwarded(builder, message, unseen, 0)
    return builder.extract(
        hints={"title": subject, "author": _author(message), "published": _date(message)},
        unread=(
            *((clean(name), _ATTACHED) for name in names[:_MOST_NAMES]),
            *told(unseen),
        ),
    )


def _add_body(builder: TextBuilder, message: EmailMessage, unseen: Counter[str]) -> None:
    """The text that a reader sees: the plain one only where it says what the HTML says, no more."""
    plain, page = (message.get_body((kind,)) for kind in ("plain", "html"))
    text = _content(plain) if isinstance(plain, EmailMessage) else ""
    if isinstance(page, EmailMessage):
        shown = TextBuilder()
        unseen += add_page(shown, codecs.BOM_UTF8 + _content(page).encode())
        said = set(_WORDS.findall(_ADDRESS.sub("", text.lower())))
        seen = set(_WORDS.findall(shown.text.lower()))
        more = len(said - seen)
        if seen and (len(said & seen) < len(seen) / 2 or more > max(_FEW, len(seen) / 10)):
            add_page(builder, codecs.BOM_UTF8 + _content(page).encode())
            return
    _add_text(builder, text)


def _forwarded(
    builder: TextBuilder, message: EmailMessage, unseen: Counter[str], depth: int
) -> list[str]:
    """Add the messages within a message, each with its own head; the names of what is not read."""
    names: list[str] = []
    for part in _attachments(message):
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        is_message = part.get_content_type() == "message/rfc822"
        if not is_message or not isinstance(first, EmailMessage) or depth == _DEEPEST_MESSAGE:
            names.append(part.get_filename() or part.get_content_type())
            continue
        builder.add("heading", clean(_header(first, "Subject")), level=2)
        add_record(builder, [(name, _header(first, name)) for name in _HEADERS])
        _add_body(builder, first, unseen)
        names += _forwarded(builder, first, unseen, depth + 1)
    return names


def _add_text(builder: TextBuilder, text: str) -> None:
    """The blocks of plain text; the marks of a quotation are not text."""
    lines = (line.lstrip("> ") if line.startswith(">") else line for line in text.splitlines())
    text = "\n".join(lines).split("\n-- \n")[0]  # what follows is a signature
    for block in read_text(text).blocks:
        builder.add(block.kind, text[block.start : block.end], level=block.level)


def _attachments(message: EmailMessage) -> list[EmailMessage]:
    if not message.is_multipart():
        return []
    return [part for part in message.iter_attachments() if isinstance(part, EmailMessage)]


def _content(part: EmailMessage) -> str:
    """The decoded text of a part, by its charset or else by UTF-8."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        text = data.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
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
