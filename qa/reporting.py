"""A report on a topic: an outline from the headings of the library, each part answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.opened import Index
from index.tokens import terms
from qa.desk import Desk, open_desk
from qa.errors import SettingError
from qa.export.report import Report, ReportPart
from qa.pipeline import asked
from qa.result import Answer, AnswerSentence, Citation
from qa.retrieve.evidence import Evidence
from qa.settings import read_settings
from sources.whole_file import write_whole

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import RunnableConfig

# Parts of a report, beside the overview that it begins with.
_MOST_PARTS = 7
OVERVIEW = "Overview"


@dataclass(frozen=True, slots=True)
class _Planned:
    """A part of the outline: its heading, what is asked for it, and of which source."""

    heading: str
    question: str
    sources: tuple[str, ...] | None


def report(
    topic: str,
    *,
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
    embedding_model: Embeddings | None = None,
    config: RunnableConfig | None = None,
) -> Report:
    """What the library says on `topic`, as one document: an overview, then a part for each section
    of the sources that is on it, each answered and checked as a question is.

    Arguments and errors are those of `answer`.
    """
    desk = open_desk(read_settings(), index=index, model=model, embedding_model=embedding_model)
    *_, last = stream_report(desk, topic, sources, config=config)
    return last.report


@dataclass(frozen=True, slots=True)
class Progress:
    """A report as far as it is written, and `next`, the heading of the part that is written next,
    "" when it is complete; it is the part after `done` of `total`. `overview` is the answer that
    the first part is made of."""

    report: Report
    done: int
    total: int
    next: str
    overview: Answer | None = None


def stream_report(
    desk: Desk,
    topic: str,
    sources: Iterable[str] | None = None,
    *,
    config: RunnableConfig | None = None,
) -> Iterator[Progress]:
    """As `report`, at a desk: before each part what is written by then; the last is complete."""
    scope = None if sources is None else tuple(sources)
    evidence = replace(desk, chat_model=None).retrieve(topic, (), scope)
    parts: list[ReportPart] = []
    uncovered: list[str] = []
    cited: dict[tuple[str, int, int], Citation] = {}
    said: set[str] = set()
    outline = list(_outline(evidence, topic, scope))
    overview = None

    def progress(done: int) -> Progress:
        report = Report(
            topic=topic.strip(),
            parts=tuple(parts),
            citations=tuple(cited.values()),
            uncovered=tuple(uncovered) if parts else (),
            generation=evidence.generation.name,
        )
        heading = outline[done].heading if done < len(outline) else ""
        return Progress(report, done, len(outline), heading, overview)

    for done, planned in enumerate(outline):
        yield progress(done)
        *_, (_, found) = asked(
            desk, planned.question, (), planned.sources, name="refdesk report", config=config
        )
        overview = overview or found
        new = [one for one in found.sentences if one.text not in said]
        said.update(one.text for one in new)
        if new:
            sentences = tuple(_renumbered(one, found, cited) for one in new)
            notice = found.notice if found.model is None else None
            parts.append(
                ReportPart(
                    heading=planned.heading,
                    sentences=sentences,
                    notice=notice,
                    model=found.model,
                )
            )
        elif not found.sentences and planned.heading != OVERVIEW:
            uncovered.append(planned.heading)
    yield progress(len(outline))


def _outline(evidence: Evidence, topic: str, scope: tuple[str, ...] | None) -> Iterator[_Planned]:
    """An overview, and the sections in which what was found on the topic stands: those of the
    likeliest source first, in its order."""
    yield _Planned(OVERVIEW, f"Give me an overview of {topic.strip(' ?.')}", scope)
    generation = evidence.generation
    language = generation.manifest.language
    own = set(terms(topic, language))
    chances: defaultdict[tuple[str, str], float] = defaultdict(float)
    starts: dict[tuple[str, str], int] = {}
    for one, chance in zip(evidence.candidates, evidence.chances, strict=True):
        source = generation.source(one.source_id)
        text = source.text[one.stretch.start : one.stretch.end]
        held = own.intersection(terms(f"{source.title} {one.stretch.heading} {text}", language))
        if 2 * len(held) >= len(own):
            section = (source.id, one.stretch.heading)
            chances[section] += chance
            starts[section] = min(starts.get(section, one.stretch.start), one.stretch.start)
    likeliest = sorted(chances, key=lambda section: -chances[section])[:_MOST_PARTS]
    ranks = {name: place for place, (name, _) in reversed([*enumerate(likeliest)])}

    def place(section: tuple[str, str]) -> tuple[int, bool, int]:
        """What stands under the title alone comes after the sections, which would be left bare."""
        name, heading = section
        return ranks[name], heading in ("", generation.source(name).title), starts[section]

    for name, heading in sorted(likeliest, key=place):
        title = generation.source(name).title
        last = heading.rsplit(" > ", 1)[-1]
        shown = title if last in ("", title) else f"{last} ({title})"
        about = title if last in ("", title) else f"{title}: {last}"
        yield _Planned(shown, f"Summarise {about}", (_exactly(name),))


def _exactly(source_id: str) -> str:
    """A glob that only this id matches."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in source_id)


def _renumbered(
    said: AnswerSentence, answer: Answer, cited: dict[tuple[str, int, int], Citation]
) -> AnswerSentence:
    """A sentence that cites the citations of the report, to which its own are added."""
    numbers = []
    for one in answer.cited_by(said):
        place = (one.source_id, one.start, one.end)
        cited.setdefault(place, replace(one, number=len(cited) + 1))
        numbers.append(cited[place].number)
    return replace(said, citations=tuple(numbers))


def write_report(path: Path, found: Report) -> None:
    """Write a report to a file, as Markdown or, where its name ends in .docx, for Word.

    Raises SettingError.
    """
    is_word = path.suffix.lower() == ".docx"
    try:
        write_whole(path, found.to_docx() if is_word else found.to_markdown())
    except OSError as error:
        raise SettingError(
            f"{path} cannot be written ({error.strerror}); name another file with --out"
        ) from error
