"""AsciiDoc: sections, lists, steps, listings, tables and admonitions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sources.readers.extract import Extract
from sources.readers.prose import Prose

_HEADING = re.compile(r"(={1,6})\s+(\S.*?)(?:\s+=+)?")
_ITEM = re.compile(r"\s*(\*{1,5}|-|\.{1,5}|\d+\.|<(?:\d+|\.)>)\s+(?:\[[ x*]\]\s+)?(\S.*)")
_TERM = re.compile(r"\s*(\S.*?)(?::{2,4}|;;)(?:\s+(\S.*))?")
_ATTRIBUTE = re.compile(r":(!?[\w-]+!?):(?:\s+(.*))?")
_NOTE = re.compile(r"(NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+(.*)")
_BLOCK_LINE = re.compile(r"\[(.*)\]")
_DELIMITER = re.compile(r"-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```\w*")
_MACRO = re.compile(r"(include|image|toc|video|audio|ifdef|ifndef|ifeval|endif)::([^\[]*)\[.*\]")
_ADMONITIONS = frozenset("NOTE TIP IMPORTANT WARNING CAUTION".split())
_CELL = re.compile(r"(?:(?:\d+|(?:\d+)?\.\d+)\+|\d+\*)?[<^>]?(?:\.[<^>])?[adehlmsv]?\|")
_LINK = re.compile(
    r"(?:link:|mailto:|xref:)?(https?://[^\s\[\]<>]{1,2000}|[^\s\[\]<>:]{1,200})\[([^\[\]]{0,500})\]"
)
# "linkgit:git-push[1]", a macro of somebody's own: a page of a manual and its section
_MANUAL = re.compile(r"(?<![\w:])(?!footnote:|link:|xref:)[a-z]{2,20}:([\w.-]{1,100})\[(\d\w?)\]")
_XREF = re.compile(r"<<([^,<>]+)(?:,([^<>]*))?>>")
_STRUCK = re.compile(r"\[(?:line-through|\.line-through)\]#+[^#\n]*#+")
_ROLE = re.compile(r"\[[\w.# -]+\](?=[#*_`])")
_MARK = re.compile(r"(?<!\w)([*_`#])\1?(?=\S)([^\n]{0,500}?\S)\1\1?(?!\w)")
_ANCHOR = re.compile(
    r"\[\[[^\[\]]{0,200}\]\]|\(\(\([^()]{0,200}\)\)\)|\(\(([^()]{0,200})\)\)|<\d+>|(?:kbd|btn|menu):(?=\S+\[)"
)
_FOOTNOTE = re.compile(r"footnote:\w{0,50}\[([^\[\]]{0,2000})\]")
_REFERENCE = re.compile(r"\{([\w-]+)\}")
_TOLD = 100


class _Reader:
    def __init__(self, text: str) -> None:
        self.attributes: dict[str, str] = {}
        self.prose = Prose(self.plain)
        self.unread: list[tuple[str, str]] = []
        self.hints: dict[str, str] = {}
        self._lines = iter(text.splitlines())
        self._sort = ""  # what the line in brackets says of the next block
        self._said = ""

    def read(self) -> None:
        """Add all blocks."""
        for line in self._lines:
            self._line(line.rstrip())
        self.prose.close()

    def _line(self, line: str) -> None:
        prose = self.prose
        if not line or line == "+" or re.fullmatch(r"'{3,}|<{3,}|-{3}|\*{3}", line):
            prose.close()
            if line != "+":
                self._sort = self._said = ""
        elif line.startswith("//") and not line.startswith("////"):
            return
        elif attribute := _ATTRIBUTE.fullmatch(line):
            self._attribute(attribute[1], attribute[2] or "")
        elif macro := _MACRO.fullmatch(line):
            if macro[1] == "include" and len(self.unread) < _TOLD:
                self.unread.append((macro[2], "an included file: it is read as its own source"))
        elif line.startswith(("|===", ",===", ":===")):
            prose.table(list(self._rows(line)))
        elif _DELIMITER.fullmatch(line):
            self._delimited(line)
        elif heading := _HEADING.fullmatch(line):
            prose.heading(heading[2], len(heading[1]))
            if len(heading[1]) == 1 and "title" not in self.hints:
                self.hints["title"] = self.plain(heading[2])
                self._sort = "author"
        elif self._sort == "author":
            self.hints.setdefault("author", line.split("<")[0].strip())
            self._sort = "revision"
        elif self._sort == "revision":
            return
        elif said := _BLOCK_LINE.fullmatch(line):
            prose.close()
            first, *rest = (part.strip() for part in said[1].split(","))
            self._sort, self._said = first.split("%")[0].split("#")[0], rest[0] if rest else ""
        elif re.match(r"\.[^\s.]", line):
            prose.open("paragraph", line[1:])
            prose.close()
        elif note := _NOTE.fullmatch(line):
            prose.open("note", note[2], marker=note[1].lower())
        elif item := _ITEM.fullmatch(line):
            mark = item[1]
            numbered = mark[0] in ".<" or mark[0].isdecimal()
            deep = len(mark) if mark[0] in "*." else 1
            prose.item(item[2], deep, "1." if numbered else "*")
        elif (
            (term := _TERM.fullmatch(line)) and "::" in line and " " not in line.split("::")[0][-1:]
        ):
            prose.open("term", term[1])
            prose.close()
            if term[2]:
                prose.open("definition", term[2])
            else:
                self._sort = "definition"
        elif self._sort in _ADMONITIONS and not prose.is_open:
            prose.open("note", line, marker=self._sort.lower())
            self._sort = ""
        elif self._sort == "definition" and not prose.is_open:
            prose.open("definition", line.strip())
            self._sort = ""
        elif line.startswith(" ") and not prose.is_open:
            prose.code([line, *self._until_blank()])
        else:
            prose.go_on(line.strip())

    def _attribute(self, name: str, value: str) -> None:
        self.attributes[name] = value
        known = {"author": "author", "revdate": "published", "lang": "language"}
        if name in known:
            self.hints[known[name]] = value

    def _until_blank(self) -> Iterator[str]:
        for line in self._lines:
            if not line.strip():
                return
            yield line

    def _delimited(self, mark: str) -> None:
        """A block between two lines alike."""
        closing = "```" if mark.startswith("```") else mark
        language = mark[3:] if mark.startswith("```") else self._said
        if mark[0] in "-.`+/" and mark != "--":
            inside = []
            for line in self._lines:
                if line.rstrip() == closing:
                    break
                inside.append(line)
            if mark[0] in "-.`":
                self.prose.code(inside, language if mark[0] != "." else "")
        elif self._sort in _ADMONITIONS:
            sort, self._sort = self._sort, ""
            self.prose.close()
            inside = []
            for line in self._lines:
                if line.rstrip() == closing:
                    break
                inside.append(line)
            for part in re.split(r"\n\s*\n", "\n".join(inside)):
                self.prose.open("note", part, marker=sort.lower())
            self.prose.close()
        else:
            self.prose.close()  # an example, a quotation or a sidebar: what is in it is text

    def _rows(self, opening: str) -> Iterator[list[str]]:
        """The rows of a table: a line of cells is one, or as many cells as the first line has."""
        wide = 0
        cells: list[str] = []
        for line in self._lines:
            if line.startswith(opening):
                break
            if opening[0] != "|":
                yield [cell.strip().strip('"') for cell in line.split(opening[0])]
                continue
            parts = _CELL.split(line)
            if len(parts) > 1:
                found = [part.strip() for part in parts[1:]]
                wide = wide or len(found)
                if len(cells) >= wide:
                    yield cells
                    cells = []
                cells += found
            elif line.strip() and cells:
                cells[-1] += f" {line.strip()}"
        if cells:
            yield cells

    def plain(self, text: str) -> str:
        """The words of a line without marks."""
        text = _REFERENCE.sub(lambda name: self.attributes.get(name[1], name[0]), text)
        text = _STRUCK.sub("", text)
        text = _FOOTNOTE.sub(r" (\1)", _ANCHOR.sub(lambda found: found[1] or "", text))
        text = _XREF.sub(lambda link: link[2] or link[1], text)
        text = _MANUAL.sub(r"\1(\2)", text)
        text = _LINK.sub(lambda link: link[2].split(",")[0].rstrip("^") or link[1], text)
        text = _ROLE.sub("", text)
        return _MARK.sub(r"\2", text).removesuffix(" +")


def read_asciidoc(text: str) -> Extract:
    """The text of an AsciiDoc file; included files are told, not read."""
    reader = _Reader(text)
    reader.read()
    return reader.prose.builder.extract(hints=reader.hints, unread=tuple(reader.unread))
