"""Asking a library's golden questions of two generations, for the report of a rebuild.

They are in `questions.jsonl` in the folder of the library, a JSON object a line as `refdesk eval`
reads them. Answers are made without a language model, so that they depend on the library alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from index.build.fingerprint import files_fingerprint
from index.build.golden import Golden, GoldenAnswer, GoldenChange, GoldenReport
from index.errors import IndexingError
from index.search import Generation
from qa.desk import Desk, Only, open_desk
from qa.evaluation.asking import turns_before
from qa.evaluation.gold import is_right
from qa.evaluation.questions import Question, read_questions
from qa.models.reader import has_reader
from qa.settings import Settings, starter_library
from sources.walk import QUESTIONS

# Code and the data it reads; but for the folders that only ask, or show what was answered.
_READ = (".py", ".json", ".txt")
_ROUND_ABOUT = ("cli", "web", "export")


def golden_questions(library: Path, settings: Settings) -> Golden | None:
    """What asks the golden questions of `library` as they would be answered by the settings, but
    for a chat model; None where it has none. Raises SettingError."""
    path = library / QUESTIONS
    if library.resolve() == starter_library().resolve():  # its questions are beside it
        path = library.parent / QUESTIONS
    if not path.is_file():
        return None
    questions = read_questions(path)
    return GoldenQuestions(tuple(questions), settings)


@dataclass(frozen=True, slots=True)
class GoldenQuestions:
    """What a rebuild asks its two generations with."""

    questions: tuple[Question, ...]
    settings: Settings

    @property
    def fingerprint(self) -> str:
        """Changes with the code that answers, in whatever folder, and with the models that rank."""
        root = Path(__file__).parents[1]
        files = [
            path
            for path in root.rglob("*")
            if path.suffix in _READ and path.relative_to(root).parts[0] not in _ROUND_ABOUT
        ]
        read = self.settings.reader and has_reader()
        return files_fingerprint(root, files, f"{self.settings.reranker}{read}")

    def __call__(
        self,
        before: Generation | None,
        after: Generation,
        progress: Callable[[int, int], None],
        /,
    ) -> GoldenReport:
        """Ask both, and sort out what became of the answers."""
        return ask_golden(self.questions, self.settings, before, after, progress)


def ask_golden(
    questions: Sequence[Question],
    settings: Settings,
    before: Generation | None,
    after: Generation,
    progress: Callable[[int, int], None],
) -> GoldenReport:
    """Ask `questions` of both generations, and sort out what became of the answers."""
    new_desk = _desk(settings, after)
    old_desk = replace(new_desk, index=Only(before)) if before else None
    report = GoldenReport(asked=len(questions), right=0, right_before=0 if before else None)
    for done, question in enumerate(questions):
        progress(done, len(questions))
        new = _ask(question, new_desk)
        report = replace(report, right=report.right + new.right)
        if old_desk is None:
            continue
        old = _ask(question, old_desk)
        report = replace(report, right_before=(report.right_before or 0) + old.right)
        change = GoldenChange(question=question.question, before=old, after=new)
        if new.right and not old.right:
            report = replace(report, gained=(*report.gained, change))
        elif old.right and not new.right:
            report = replace(report, lost=(*report.lost, change))
        elif (old.text, old.citations) != (new.text, new.citations):
            report = replace(report, changed=(*report.changed, change))
    progress(len(questions), len(questions))
    return report


def _desk(settings: Settings, generation: Generation) -> Desk:
    return open_desk(settings, index=Only(generation), model="")


def _ask(question: Question, desk: Desk) -> GoldenAnswer:
    try:
        evidence = desk.retrieve(question.question, turns_before(desk, question))
        *_, found = desk.compose(evidence)
    except IndexingError:  # too long a question, say: no generation answers it
        return GoldenAnswer(text=None, citations=(), right=False)
    said = " ".join(sentence.text for sentence in found.sentences)
    right = is_right(question, found)
    return GoldenAnswer(
        text=None if found.abstained else said,
        citations=tuple(f"{one.source_id}:{one.start}-{one.end}" for one in found.citations),
        right=not found.abstained if right is None else right,
    )
