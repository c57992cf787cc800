"""Rich Text Format: paragraphs, headings, list items and table rows."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, replace

from sources.errors import UnreadableError
from sources.readers.extract import Extract
from sources.readers.records import add_table
from sources.readers.text_builder import TextBuilder
from sources.readers.unseen import told

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n]+|[^\\{}\r\n]+",
    re.DOTALL,
)
# Groups that are no text of the document
_UNREAD = frozenset(
    "fonttbl colortbl info pict object objdata listtable listoverridetable rsidtbl generator "
    "themedata colorschememapping datastore latentstyles xmlnstbl fldinst filetbl revtbl pntext "
    "listtext bkmkstart bkmkend header headerl headerr headerf footer footerl footerr footerf "
    "ftnsep annotation atnid atnauthor mmathPr pgptbl".split()
)
_SIGNS = {
    "tab": "\t", "line": " ", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘",
    "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ",
}  # fmt: skip
_MOST_DEEP = 200
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


@dataclass(slots=True)
class _State:
    unread: bool = False
    hidden: bool = False
    skip: int = 1  # characters that stand for one in Unicode
    style: bool = False
    listed: bool = False
    level: int = 0
    in_table: bool = False


class _Reader:
    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.struck = 0
        self.title = ""
        self._text: list[str] = []
        self._bytes = bytearray()
        self._codec = "cp1252"
        self._rows: list[list[str]] = []
        self._row: list[str] = []
        self._styles: dict[int, int] = {}
        self._style = 0
        self._skipping = 0
        self._state = _State()
        self._stack: list[_State] = []
        self._notes: list[str] = []

    def read(self, data: bytes) -> None:
        """Add all blocks."""
        for token in _TOKEN.finditer(data):
            word, number, byte, sign, brace = token.groups()
            if byte:
                if self._skipping:
                    self._skipping -= 1
                elif not self._state.hidden:
                    self._bytes.append(int(byte, 16))
                continue
            self._decode()
            if brace:
                self._skipping = 0
                self._brace(brace)
            elif word:
                self._control(word.decode(), int(number) if number else None)
            elif sign:
                self._sign(sign)
            elif token[0][:1] not in b"\r\n":
                plain = token[0].decode(self._codec, "replace")
                skipped, self._skipping = self._skipping, max(0, self._skipping - len(plain))
                self._add(plain[skipped:])
        self._decode()
        self._paragraph()
        self._table()

    def _brace(self, brace: bytes) -> None:
        if brace == b"{":
            if len(self._stack) >= _MOST_DEEP:
                raise UnreadableError("its parts are nested too deep: save it as text")
            self._stack.append(replace(self._state))
        elif self._stack:
            if self._state.style and not self._stack[-1].style:
                self._text.clear()
            elif self._state.style:
                name = "".join(self._text).strip().rstrip(";")
                self._text.clear()
                if heading := _HEADING.fullmatch(name):
                    self._styles[self._style] = int(heading[1])
                elif name.lower() == "title":
                    self._styles[self._style] = 1
            self._state = self._stack.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._state.unread = True
        elif sign in (b"\\", b"{", b"}"):
            self._add(sign.decode())
        elif sign == b"~":
            self._add("\xa0")
        elif sign == b"_":
            self._add("-")
        elif sign in (b"\n", b"\r"):
            self._paragraph()

    def _control(self, word: str, number: int | None) -> None:
        state = self._state
        on = number != 0
        match word:
            case "par" | "sect" | "page":
                self._paragraph()
            case "pard":
                state.listed = state.in_table = False
                state.level = 0
            case "cell":
                self._row.append(self._taken())
            case "row":
                self._rows.append(self._row)
                self._row = []
            case "intbl":
                state.in_table = True
            case "ls" | "ilvl" | "pnlvlblt" | "pnlvlbody":
                state.listed = True
            case "outlinelevel":
                state.level = (number or 0) + 1
            case "s":
                self._style = number or 0
                if not state.style:
                    state.level = self._styles.get(self._style, 0)
            case "stylesheet":
                state.style = True
            case "strike" | "striked" | "deleted":
                self.struck += on and not state.hidden
                state.hidden = on
            case "v":
                state.hidden = on
            case "plain":
                state.hidden = False
            case "u" if number is not None:
                code = number % 65536
                if 0xD800 <= code < 0xE000:
                    self._bytes.clear()
                self._add(chr(code))
                self._skipping = state.skip
            case "uc":
                state.skip = number or 0
            case "ansicpg":
                self._set_codec(f"cp{number}")
            case "mac":
                self._set_codec("mac_roman")
            case "footnote":
                self._add(" ")
            case "bin" if number:
                raise UnreadableError("holds binary data: save it again as DOCX")
            case _ if word in _UNREAD:
                state.unread = True
            case _ if word in _SIGNS:
                self._add(_SIGNS[word])

    def _set_codec(self, name: str) -> None:
        try:
            self._codec = codecs.lookup(name).name
        except LookupError:
            self._codec = "cp1252"

    def _decode(self) -> None:
        if self._bytes:
            self._add(self._bytes.decode(self._codec, "replace"))
            self._bytes.clear()

    def _add(self, text: str) -> None:
        if text and not self._state.unread and not self._state.hidden:
            self._text.append(text)

    def _taken(self) -> str:
        """The text since the last paragraph; halves of a pair are joined."""
        text = "".join(self._text).encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
        self._text.clear()
        return " ".join(text.split())

    def _paragraph(self) -> None:
        if self._state.in_table or self._row:
            self._text.append(" ")
            return
        self._table()
        text = self._taken()
        if not text:
            return
        if level := self._state.level:
            self.builder.add("heading", text, level=min(level, 6))
        else:
            bullet = text[:2] in ("• ", "· ", "- ")
            listed = self._state.listed or bullet
            self.builder.add("item" if listed else "paragraph", text[2:] if bullet else text)

    def _table(self) -> None:
        if self._rows:
            add_table(self.builder, self._rows)
            self._rows = []


def read_rtf(data: bytes) -> Extract:
    """The text of a document in RTF; hidden or struck-out text, pictures, headers are left out."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("no RTF: save it again from its program")
    reader = _Reader()
    reader.read(data)
    return reader.builder.extract(unread=told(Counter(), reader.struck))
