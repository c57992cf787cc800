"""A report: parts under headings, all checked as answers are, cited as one document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from qa.export.cited import page_of
from qa.lines import cells, item, parted
from qa.marked_up import as_markdown
from qa.parts import is_block, is_list, paragraphs
from qa.plain_text import escape, visible
from qa.result import AnswerSentence, Citation, state_voice
from qa.version import refdesk_version
from sources.metadata_fields import check_url

if TYPE_CHECKING:
    from docx.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """What one part says: `sentences` cite the citations of the report. Where it goes on with the
    part before, its `heading` is "". `notice` is what a reader
    should know of how it came about; `model` what wrote it, None for extracts."""

    heading: str
    sentences: tuple[AnswerSentence, ...]
    notice: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the library says on a topic. Citations are numbered through, in the order of first use;
    `uncovered` are headings of the outline under which no answer passed. Without parts the library
    does not cover the topic."""

    topic: str
    parts: tuple[ReportPart, ...]
    citations: tuple[Citation, ...]
    uncovered: tuple[str, ...]
    generation: str

    def to_dict(self) -> dict[str, Any]:
        """The report ready for JSON."""
        return asdict(self)

    def to_markdown(self) -> str:
        """The report as Markdown; its sources stand at the end, each with what is quoted."""
        lines = [f"# {escape(self.topic)}", f"*{escape(self._how)}*"]
        for part in self.parts:
            lines += [f"## {escape(part.heading)}"] if part.heading else []
            lines += [f"*{escape(part.notice)}*"] if part.notice else []
            lines.append(as_markdown(part.sentences, self.citations, False, part.model))
        if self.uncovered:
            lines.append(f"*{escape(self.lacking)}*")
        lines += ["## Sources"] if self.citations else []
        for one in self.citations:
            address = f" · <{one.url}>" if one.url and check_url(one.url) else ""
            about = " · ".join(map(escape, _about(one)))
            lines += [f"[{one.number}] {about}{address}", f"> {escape(one.quote)}"]
        return "\n\n".join(lines) + "\n"

    def to_docx(self) -> bytes:
        """The report as a file for Word."""
        import docx

        document = docx.Document()
        document.add_heading(visible(self.topic), 0)
        document.add_paragraph(self._how)
        for part in self.parts:
            if part.heading:
                document.add_heading(visible(part.heading), 1)
            if part.notice:
                document.add_paragraph(visible(part.notice)).runs[0].italic = True
            for together in paragraphs(part.sentences, self.citations, part.model):
                if is_block(together[0]):
                    self._block(document, together[0])
                elif is_list(together, part.model):
                    for each in together:
                        said = f"{visible(each.text)} {self._marks(each)}"
                        document.add_paragraph(said, style="List Bullet")
                else:
                    said = " ".join(f"{visible(one.text)} {self._marks(one)}" for one in together)
                    document.add_paragraph(said)
        if self.uncovered:
            document.add_paragraph(self.lacking)
        if self.citations:
            document.add_heading("Sources", 1)
        for one in self.citations:
            address = f" · {one.url}" if one.url and check_url(one.url) else ""
            document.add_paragraph(
                f"[{one.number}] {' · '.join(map(visible, _about(one)))}{address}"
            )
            document.add_paragraph(visible(one.quote), style="Quote")
        file = BytesIO()
        document.save(file)
        return file.getvalue()

    def _block(self, document: Document, said: AnswerSentence) -> None:
        """A list, table or listing, with its marks below or behind."""
        lines = parted(said)
        for line in lines.lead:
            document.add_paragraph(visible(line))
        rows = [*lines.header, *lines.shown, *lines.folded]
        if said.kind == "table":
            table = [cells(row) for row in rows]
            made = document.add_table(rows=len(table), cols=max(map(len, table)))
            made.style = "Table Grid"
            for across, row in enumerate(table):
                for down, cell in enumerate(row):
                    made.cell(across, down).text = visible(cell)
        for line in rows if said.kind != "table" else ():
            one = item(line)
            if said.kind == "code":
                document.add_paragraph(line).runs[0].font.name = "Courier New"
            elif one.number:
                document.add_paragraph(visible(f"{one.number} {one.text}"), style="List")
            else:
                document.add_paragraph(visible(one.text), style="List Bullet")
        document.add_paragraph(self._marks(said))

    def _marks(self, said: AnswerSentence) -> str:
        cited = [self.citations[number - 1] for number in said.citations]
        voice = state_voice(said.text, cited)
        return (f"({voice}) " if voice else "") + "".join(f"[{one.number}]" for one in cited)

    @property
    def _how(self) -> str:
        """How it was made, in a line."""
        models = dict.fromkeys(part.model for part in self.parts if part.model)
        by = f"written by {', '.join(models)} and checked" if models else "sentences of the sources"
        today = datetime.now(UTC).date().isoformat()
        return f"Refdesk {refdesk_version()}, {by}, index generation {self.generation}, {today}"

    @property
    def lacking(self) -> str:
        """On what nothing was found, in a sentence."""
        return f"The sources were not found to say more on: {', '.join(self.uncovered)}."


def _about(one: Citation) -> list[str]:
    """What a reader needs to know of what is cited."""
    told = (one.title, one.publisher, one.published, one.standing, page_of(one), one.ocr_told)
    return [part for part in told if part]
