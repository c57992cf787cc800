"""The rows of a table that a language model writes, as drafts.

All that a row says is which cell stands under which name; no sentence says it like that. So a row
counts where a table of its passages has it, each cell under the same name; that table is quoted
then, with these rows. What a cell says as a sentence is put to the gate as one. Else it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.tokens import words
from qa.compose.blocks import row_text
from qa.compose.draft import Draft, Span
from qa.lines import CELL, cells
from qa.retrieve.candidates import stretches_of
from qa.retrieve.evidence import Evidence
from qa.retrieve.stretches import Part, Stretch

_RULE = re.compile(r"[\s|:+=-]*-[\s|:+=-]*")
# The name of a column that says where a row is from.
_CITES = re.compile(
    r"\W*(?:sources?|passages?|citations?|ref(?:erence)?s?|cited?|no|#|\[\])\W*", re.I
)
# A cell of so many words may be a sentence.
_SENTENCE = 4
NO_SUCH_ROW = "no table of the passages has such a row"


@dataclass(frozen=True, slots=True)
class _Row:
    """A row by the names of its columns, "" for none, in words; of a source with its place."""

    by_name: tuple[tuple[str, str], ...]
    stretch: Stretch | None = None
    part: Part | None = None


def drafts_of_rows(evidence: Evidence, rows: Sequence[Draft]) -> Iterator[Draft]:
    """The drafts that the rows of a table become, each of which has the text of one row."""
    table = [_cells(row.text) for row in rows]
    header: list[str] = []
    if len(rows) > 1 and _RULE.fullmatch(rows[1].text):
        header = table[0]
        rows, table = rows[2:], table[2:]
    cited = next((n for n, name in enumerate(header) if _CITES.fullmatch(name)), None)
    names = [name for n, name in enumerate(header) if n != cited]
    found: dict[Stretch, list[Part]] = {}
    for row, own in zip(rows, table, strict=True):
        values = [cell for n, cell in enumerate(own) if n != cited]
        said = _Row(_by_name(names, values))
        here = next((one for one in _rows_of(evidence, row.spans) if _says(one, said)), None)
        if here and here.stretch and here.part:
            found.setdefault(here.stretch, []).append(here.part)
            continue
        told = [*_sentences(names, values)]
        text = CELL.join(values)
        yield from (replace(row, text=one, kind="list") for one in told)
        if not told:
            yield replace(row, text=text, kind="sentence", refused=NO_SUCH_ROW)
    for stretch, parts in found.items():
        yield _quoted(evidence, stretch, parts)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _by_name(names: Sequence[str], values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    padded = [*names, *[""] * (len(values) - len(names))] if names else [""] * len(values)
    return tuple(
        (" ".join(words(name)), " ".join(words(value)))
        for name, value in zip(padded, values, strict=False)
    )


def _says(one: _Row, said: _Row) -> bool:
    """Whether a row of a source says all that a row says: two cells at least, each under its name,
    or, where no names are given, all of its cells in their order."""
    if not any(name for name, _ in said.by_name):
        own = [value for _, value in one.by_name]
        return len(own) > 1 and own == [value for _, value in said.by_name]
    return len(said.by_name) > 1 and all(both in one.by_name for both in said.by_name)


def _rows_of(evidence: Evidence, spans: Sequence[Span]) -> Iterator[_Row]:
    """The rows of the tables that stand in the spans."""
    for span in spans:
        text = evidence.generation.source(span.source_id).text
        for stretch in stretches_of(evidence.generation.source(span.source_id)):
            if stretch.kind != "table" or stretch.end <= span.start or stretch.start >= span.end:
                continue
            header = _header(stretch)
            names = cells(row_text(text[header.start : header.end])) if header else []
            for part in stretch.parts:
                if part.kind not in ("row", "record") or part is header:
                    continue
                if span.start <= part.start and part.end <= span.end:
                    own = cells(row_text(text[part.start : part.end]))
                    named = [cell.partition(": ") for cell in own]
                    if not names and all(value for _, _, value in named):
                        by_name = _by_name([n for n, _, _ in named], [v for _, _, v in named])
                    else:
                        by_name = _by_name(names, own)
                    yield _Row(by_name, stretch, part)


def _header(stretch: Stretch) -> Part | None:
    return next((part for part in stretch.parts if part.marker == "header"), None)


def _quoted(evidence: Evidence, stretch: Stretch, parts: Sequence[Part]) -> Draft:
    """Rows of a table of a source, in its order, under the names of its columns."""
    text = evidence.generation.source(stretch.source_id).text
    header = _header(stretch)
    shown = [part for part in stretch.parts if part is header or part in parts]
    spans: list[Span] = []
    for part in shown:
        if spans and not re.search(r"\w", text[spans[-1].end : part.start]):
            spans[-1] = replace(spans[-1], end=part.end)
        else:
            spans.append(Span(stretch.source_id, part.start, part.end))
    lines = [row_text(text[part.start : part.end]) for part in shown]
    return Draft("\n".join(lines), tuple(spans), "table", lead=1 if header else 0)


def _sentences(names: Sequence[str], values: Sequence[str]) -> Iterator[str]:
    """What the cells of a row say as sentences, each with what stands before it in its row."""
    for place, value in enumerate(values):
        if len(words(value)) >= _SENTENCE:
            before = [names[place]] if len(values) > 2 and place < len(names) else []
            before += [values[0]] if place else []
            about = ", ".join(filter(None, before))
            yield f"{about}: {value}" if about else value
