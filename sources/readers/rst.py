"""reStructuredText, as docutils reads it; what Sphinx adds is taken for what it holds."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

from sources.readers.extract import Extract
from sources.readers.records import add_header, add_row
from sources.readers.text_builder import TextBuilder

_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "input_encoding": "unicode",
    "raw_enabled": False,
    "report_level": 5,
    "syntax_highlight": "none",
    "line_length_limit": 1_000_000,
}
_ADMONITIONS = frozenset(
    "attention caution danger error hint important note tip warning seealso versionadded "
    "versionchanged deprecated versionremoved todo admonition".split()
)
_CODE = frozenset(
    "code-block sourcecode code parsed-literal doctest testcode ipython prompt".split()
)
_UNREAD = frozenset(
    "toctree graphviz digraph index include literalinclude raw meta contents sectnum autosummary "
    "currentmodule module highlight default-role mermaid uml plot tabularcolumns only-html".split()
)
_ELSEWHERE = {
    "include": "an included file: it is read as its own source",
    "literalinclude": "a listing in a file of its own: it is not read",
}
_DESCRIBED = frozenset(
    "function method class attribute property data exception option cmdoption envvar confval "
    "setting describe object macro type program automodule autoclass autofunction automethod "
    "autoattribute autodata autoexception autoproperty".split()
)
_TARGETED = re.compile(r"(.*?)\s*<[^<>]*>", re.DOTALL)
_DEEP = 150

Node = Any
"""A node of the document: docutils has no types to speak of."""


class _Any(Directive):  # type: ignore[misc]  # docutils has no types
    """A directive that docutils does not know: a note, a listing, or what stands in it."""

    optional_arguments = 100
    final_argument_whitespace = True
    has_content = True
    option_spec = None

    def run(self) -> list[Node]:
        """The nodes of the directive."""
        name = self.name.rpartition(":")[2]
        said, options = self._head()
        if name in _UNREAD:
            told = nodes.comment()
            told["elsewhere"] = (said, _ELSEWHERE.get(name, ""))
            return [told]
        if name in _CODE:
            text = "\n".join(line for line in self.content if not _OPTION.match(line))
            block = nodes.literal_block(text, text)
            block["language"] = said.partition(" ")[0]
            return [block]
        holder = nodes.admonition() if name in _ADMONITIONS else nodes.container()
        holder["sort"] = name
        words = self.state.inline_text(said, self.lineno)[0] if said else []
        if name in _DESCRIBED and said:
            if name.startswith("auto") and not self.content:
                told = nodes.comment()
                told["elsewhere"] = (said, "is described in its code alone: it is not read")
                return [told]
            item = nodes.definition_list_item()
            item += nodes.term(said, said)
            item += (holder := nodes.definition())
            self.state.nested_parse(self.content, self.content_offset, holder)
            for option in options if not name.startswith("auto") else ():
                shown = self.state.inline_text(option, self.lineno)[0]
                holder += nodes.paragraph(option, "", *shown)
            return [item]
        if said and name == "admonition":
            holder["said"] = said
        elif said:
            holder += nodes.paragraph(said, "", *words)
        self.state.nested_parse(self.content, self.content_offset, holder)
        return [holder]

    def _head(self) -> tuple[str, list[str]]:
        """What stands behind the name, and the options below that have a value: "type: int"."""
        head = _HEAD_END.split(self.block_text.split("::", 1)[1], maxsplit=1)[0]
        said: list[str] = []
        options: list[str] = []
        for line in map(str.strip, head.splitlines()):
            if self.arguments and (option := _OPTION.match(line)):
                options.append(f"{option[1]}: {line[option.end() :].strip()}")
            elif self.arguments:
                (options or said).append(line)
        return " ".join(filter(None, said)), [one for one in options if not one.endswith(": ")]


_OPTION = re.compile(r":([\w-]+):(?!`)")
_HEAD_END = re.compile(r"\n[ \t]*(?:\n|$)")


def _role(
    name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: Any,
    options: Any = None,
    content: Any = (),
) -> tuple[list[Node], list[Node]]:
    """What a role that docutils does not know shows."""
    titled = _TARGETED.fullmatch(text)
    shown = (
        titled[1] if titled else text.lstrip("~!").rpartition("." if text[:1] == "~" else "\0")[2]
    )
    return [nodes.inline(rawtext, shown.replace("\0", ""))], []


def _find_directive(name: str, language: Any, document: Any) -> tuple[Any, list[Any]]:
    if name in _CODE or name in _UNREAD:
        return _Any, []
    known, told = _directive(name, language, document)
    return (known, told) if known else (_Any, [])


def _find_role(name: str, language: Any, line: int, reporter: Any) -> tuple[Any, list[Any]]:
    known, told = _known_role(name, language, line, reporter)
    return (known, told) if known else (_role, [])


_directive, _known_role = directives.directive, roles.role
directives.directive = _find_directive
roles.role = _find_role


def read_rst(text: str) -> Extract:
    """The text of a file; no other file is read for it."""
    document = publish_doctree(text, settings_overrides=_SETTINGS)
    reader = _Reader()
    reader.read(document, 0, 0)
    elsewhere: dict[str, list[str]] = {}
    for name, why in reader.unread:
        elsewhere.setdefault(why, []).append(name)
    told = tuple(
        (names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else ""), why)
        for why, names in elsewhere.items()
    )
    return reader.builder.extract(unread=told)


class _Reader:
    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.unread: list[tuple[str, str]] = []

    def read(self, container: Node, section: int, lists: int, depth: int = 0) -> None:
        """Add the blocks of a part, in so many sections and lists."""
        if depth > _DEEP:
            return
        for call in list(container.findall(nodes.footnote_reference)) if not depth else ():
            call.parent.remove(call)
        for node in container.children:
            match node.tagname:
                case "section":
                    self.read(node, section + 1, lists, depth + 1)
                case "title" | "subtitle" | "rubric":
                    level = min(max(1, section), 6)
                    self.builder.add("heading", node.astext(), level=level)
                case "paragraph" | "caption" | "line" | "attribution" | "term_note":
                    self.builder.add("paragraph", node.astext(), level=lists)
                case "bullet_list" | "enumerated_list":
                    marker = "1." if node.tagname == "enumerated_list" else "-"
                    for item in node.children:
                        self._item(item, section, lists + 1, marker, depth)
                case "literal_block" | "doctest_block" | "math_block":
                    classes = [name for name in node.get("classes", ()) if name != "code"]
                    language = node.get("language") or (classes[0] if classes else "")
                    self.builder.add("code", node.astext(), language=language)
                case "table":
                    self._table(node)
                case "definition_list_item":
                    self._definition(node, section, lists, depth)
                case "field":
                    name, body = node.children[0].astext(), node.children[1].astext()
                    self.builder.add("field", f"{name}: {body}" if body else "")
                case "footnote" | "citation":
                    body = [child for child in node.children if child.tagname != "label"]
                    self.builder.add("paragraph", " ".join(child.astext() for child in body))
                case name if name in _ADMONITIONS:
                    self._note(node, section, lists, depth)
                case "option_list_item":
                    option, description = node.children[0].astext(), node.children[-1].astext()
                    self.builder.add("term", option)
                    self.builder.add("definition", description)
                case "comment" if node.get("elsewhere", ("", ""))[1]:
                    self.unread.append(node["elsewhere"])
                case "comment" | "substitution_definition" | "system_message" | "target" | "raw":
                    continue
                case "problematic" | "image" | "pending" | "meta" | "docinfo" | "topic_contents":
                    continue
                case "#text":
                    continue
                case _:
                    self.read(node, section, lists, depth + 1)

    def _item(self, item: Node, section: int, lists: int, marker: str, depth: int) -> None:
        first, *rest = item.children or [None]
        if first is not None and first.tagname == "paragraph":
            self.builder.add("item", first.astext(), level=lists, marker=marker)
        elif first is not None:
            rest = [first, *rest]
        holder = nodes.container()
        holder.children = rest
        self.read(holder, section, lists, depth + 1)

    def _definition(self, node: Node, section: int, lists: int, depth: int) -> None:
        for child in node.children:
            if child.tagname == "term":
                self.builder.add("term", child.astext())
            elif child.tagname == "definition":
                first = child.children[0] if child.children else None
                if first is not None and first.tagname == "paragraph":
                    self.builder.add("definition", first.astext())
                    del child.children[0]
                self.read(child, section, lists, depth + 1)

    def _note(self, node: Node, section: int, lists: int, depth: int) -> None:
        sort = node.get("sort", node.tagname)
        title = node.get("said", "")
        for child in node.children:
            if child.tagname == "title":
                title = child.astext()
            elif child.tagname == "paragraph":
                self.builder.add("note", child.astext(), marker=sort, title=title)
            else:
                holder = nodes.container()
                holder.children = [child]
                self.read(holder, section, lists, depth + 1)
        if title and not node.children:
            self.builder.add("note", title, marker=sort)

    def _table(self, table: Node) -> None:
        for title in table.findall(nodes.title):
            self.builder.add("paragraph", title.astext())
        header: list[str] = []
        for row in table.findall(nodes.row):
            cells = [" ".join(entry.astext().split()) for entry in row.children]
            spans = any("morecols" in entry or "morerows" in entry for entry in row.children)
            if row.parent.tagname == "thead" and not spans and not header:
                header = cells
                add_header(self.builder, header)
            else:
                add_row(self.builder, [] if spans else header, cells)
