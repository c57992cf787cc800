"""What a composer hands to the gate: a sentence, and where it says that it is from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa.injection import quotable_spans
from qa.result import PartKind
from qa.retrieve.evidence import Evidence
from sources.markup import without_markup

_LINK = re.compile(
    r"(!?)\[([^\]\n]{0,1000}+)\]\((?:[^()\s]|\([^()\s]*\))*"
    r"(?:\s+(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|\([^()\n]{0,300}\)))?\s?\)"
)
# What marks a line of a quotation; the first of a span stands behind its mark.
_QUOTED = re.compile(r"(?<=\n)[ \t]*(?:>[ \t]?)+")
# "[the rules][1]", a footnote; but not what is one place of a table in a program: "a[0][1]".
_REFERENCE = re.compile(
    r"(?<![\w\]\\])\[(?=[^\[\]\n]{0,299}[^\W\d_])([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,100}\]|(?<=[\w.,;:!?)\"'”’*_])\[\^[\w-]{1,30}\]"
)
# What marks a heading that states a fact, where it follows another.
_HASHES = re.compile(r"(?<=\n)#{1,6}[ \t]+")
_BOLD = re.compile(r"(\*\*|(?<![\w_])__(?![\s_]))(?=\S)(.{1,600}?)(?<=[^\s_])\1", re.DOTALL)
_ITALIC = re.compile(
    r"(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])"
    r"|(?<![\w_])_(?=[^\s_])([^_\n]+)(?<=\S)_(?![\w_])"
)
# One of the two marks of an emphasis over several sentences.
_HALF = re.compile(r"^\s*\*\*(?=[^\W\d_][^*/]*$)|(?<=[.!?:,;\w)])\*\*(?![\w*/.])")
# What stands between backquotes is shown as it is: its marks are none.
_CODE = re.compile(r"(?<![`\w])`[^`\n]+`(?!`)")
_MASKED = {ord("*"): "\ue000", ord("_"): "\ue001", ord("["): "\ue002"}
_UNMASKED = {ord(mask): chr(mark) for mark, mask in _MASKED.items()}


@dataclass(frozen=True, slots=True)
class Span:
    """A quote: `start` and `end` are offsets into the text of the source."""

    source_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence before the gate, and the spans that it claims to rest on.

    `kind` says what it is in its source; a list, table or code has several lines, of which the
    first `lead` lead in to the others, and the last `more` need not be shown at once. `unmarked`
    says that its writer named no passage, so that the spans are all that there were, and `refused`
    why it does not pass, whatever they say.
    """

    text: str
    spans: tuple[Span, ...]
    kind: PartKind = "sentence"
    more: int = 0
    lead: int = 0
    unmarked: bool = False
    refused: str = ""

    @property
    def shown(self) -> str:
        """What of the text is shown at once."""
        return "\n".join(self.text.split("\n")[: -self.more]) if self.more else self.text


def span_of(evidence: Evidence, first: int, last: int) -> Span:
    """Where the rows `first` to `last` of a source stand."""
    source, start, _ = evidence.generation.unit(first)
    return Span(source.id, start, evidence.generation.unit(last)[2])


def quotable_parts(evidence: Evidence, span: Span) -> list[Span]:
    """The parts of a span without what gives orders, or stands between its blocks unseen."""
    source = evidence.generation.source(span.source_id)
    found = quotable_spans(source, span.start, span.end)
    return [Span(span.source_id, start, end) for start, end in found]


def plain(text: str) -> str:
    """A passage as one line of plain text: its Markdown emphasis and links without their marks.

    What stands for an image is marked as such; the title of a link is not seen.
    """
    text = _QUOTED.sub("", _HASHES.sub("", without_markup(text)))
    text = _LINK.sub(lambda found: f"[image: {found[2]}]" if found[1] else found[2], text)
    text = _CODE.sub(lambda code: code[0].translate(_MASKED), text)
    text = _REFERENCE.sub(r"\1", text)
    text = _HALF.sub("", _ITALIC.sub(r"\1\2", _BOLD.sub(r"\2", text)))
    text = re.sub(r"(?<![`\w])`([^`\n]+)`(?!`)", r"\1", text)
    return " ".join(text.translate(_UNMASKED).split())
