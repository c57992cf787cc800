"""What the command line writes: results to stdout, progress and errors to stderr.

Documents are untrusted: nothing of them reaches the terminal as a control sequence or as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from qa.assemble import RELATED
from qa.cli.terminal import clean, indented, listed, one_line, show_table, stderr, stdout
from qa.lines import item, parted
from qa.parts import is_list
from qa.retrieve.asked import asks_for_list

if TYPE_CHECKING:
    from pathlib import Path

    from qa.export.recheck import AnswerCheck, CitationCheck
    from qa.gaps import Gap
    from qa.result import Answer, AnswerSentence, Citation, Passage, Related

_ABOUT = {
    "number": "a number",
    "date": "a date",
    "denial": "whether it is so",
    "name": "a name",
    "place": "a place",
    "title": "what it is called",
    "cause": "a cause",
}
_VERDICTS = {"holds": "still says it", "moved": "MOVED", "changed": "CHANGED", "gone": "GONE"}
_SAID = {
    "altered": "a sentence is not what its quotes say",
    "unjudged": "the rules do not tell whether its quotes say a sentence; a model found it, and "
    "none does here (REFDESK_SUPPORT_MODEL), or it is too long",
}


def show_answer(answer: Answer) -> None:
    """Write an answer with its numbered sources; or what is related; or what comes nearest."""
    console = stdout()
    if answer.condensed != answer.question.strip():
        console.print(Text(f"Understood as: {one_line(answer.condensed)}\n", "italic"))
    if answer.notice:
        console.print(Text(f"Note: {one_line(answer.notice)}\n", "italic"))
    if answer.withheld_note:
        console.print(Text(f"Note: {answer.withheld_note}\n", "italic"))
    if answer.small_talk:
        console.print(Text(answer.text))
        return
    if answer.outcome == "related":
        _show_related(answer)
        return
    if answer.abstained:
        console.print(Text(one_line(answer.text), "bold"))
        console.print(Text(answer.confidence_told))
        if answer.nearest:
            console.print(Text("\nNearest passages, which may not answer it:"))
        for passage in answer.nearest:
            show_passage(passage, "-")
        return
    sentences = Text()
    listed = len(answer.sentences) > 1 and asks_for_list(answer.condensed)
    after_block = False
    for place, sentence in enumerate(answer.sentences):
        if listed or is_list((sentence,), answer.model):
            sentences.append("\n- " if place else "- ")
        lines = _lines(sentence)
        # A list, table or listing stays one line for each of its lines, and what follows is apart.
        alone = len(lines) > 1 or is_list((sentence,), answer.model)
        if place and (len(lines) > 1 or (after_block and not alone)):
            sentences.append("\n")
        after_block = alone
        sentences.append("\n".join(lines) + " ")
        if voice := answer.voice(sentence):
            sentences.append(f"({one_line(voice)}) ", "dim")
        sentences.append("".join(f"[{number}]" for number in sentence.citations) + " ", "cyan")
    sentences.rstrip()
    console.print(sentences)
    console.print(Text(f"\n{answer.confidence_told}"))
    console.print(Text("Sources:"))
    for citation in answer.citations:
        show_passage(citation, f"[{citation.number}]")
    console.print(Text(f"They are {_mix(answer)}.", "dim"))
    if answer.checked_told:
        console.print(Text(f"Sentences: {one_line(answer.checked_told)}.", "dim"))
    show_conflicts(answer)


def _show_related(answer: Answer) -> None:
    console = stdout()
    console.print(Text(RELATED, "bold"))
    for part in answer.related:
        numbers = "".join(f"[{one.number}]" for one in part.citations)
        said = Text("\n").join(map(Text, _lines(part)))
        if voice := answer.voice(part):
            said.append(f" ({one_line(voice)})", "dim")
        console.print(Padding(said.append(f" {numbers}", "cyan"), (1, 0, 0, 4), expand=False))
    console.print(Text(f"\n{answer.confidence_told}"))
    console.print(Text("Sources:"))
    for citation in answer.quoted:
        show_passage(citation, f"[{citation.number}]")


def _lines(said: AnswerSentence | Related) -> list[str]:
    """The lines of a part of an answer; of a long list the first, and how many more there are."""
    lines = parted(said)
    opening = [*lines.lead, *lines.header]
    if said.kind == "code":
        return [clean(line) for line in (*opening, *lines.shown)]
    shown = ["  " * item(line).depth + one_line(line) for line in (*opening, *lines.shown)]
    return [*shown, f"and {said.more} more (--json has all)"] if said.more else shown


def show_conflicts(answer: Answer) -> None:
    """Write which other sources contradict what is cited."""
    for conflict in answer.conflicts:
        cited = answer.citations[conflict.cited - 1]
        about = _ABOUT[conflict.kind]
        here, there = (one_line(value) for value in conflict.values)
        line = Text(f"\nSources differ on {about}: ", "bold")
        line.append(f"{here} [{conflict.cited}] {_of(cited)}; {there} {_of(conflict.other)}", "")
        stdout().print(line)
        show_passage(conflict.other, "≠")


def _mix(answer: Answer) -> str:
    """The standings of the cited sources, and when they were published."""
    mix = ", ".join(f"{count} {standing}" for standing, count in answer.standings.items())
    if answer.oldest is None:
        return f"{mix}; undated"
    if answer.oldest == answer.newest:
        return f"{mix}; of {answer.oldest}"
    return f"{mix}; from {answer.oldest} to {answer.newest}"


def _of(passage: Passage) -> str:
    """The standing and the date of a source, in brackets."""
    return f"({passage.standing}, {passage.published or 'undated'})"


def show_passage(passage: Passage | Citation, label: str) -> None:
    """Write where a passage stands, and its quote."""
    console = stdout()
    line = Text().append(f"{label} ", "cyan").append(one_line(passage.title), "bold")
    about = [passage.publisher, passage.published, passage.standing]
    about += [f"page {passage.page}" if passage.page else None, passage.ocr_told]
    line.append("".join(f" · {one_line(part)}" for part in about if part))
    console.print(line)
    console.print(indented(f"“{one_line(passage.quote)}”"))
    place = f"{passage.source_id}:{passage.start}-{passage.end}"
    console.print(indented(f"{place} {passage.url or ''}".rstrip(), "dim"))


def show_checks(files: Sequence[Path], checks: Sequence[AnswerCheck]) -> None:
    """Write what became of each citation of the answers in `files`, and sum it up."""
    rows = []
    for file, check in zip(files, checks, strict=True):
        if check.intact is False:
            rows.append((file, "", "EDITED", "since it was exported: its hash does not fit", ""))
        if not check.text_fits:
            rows.append((file, "", "EDITED", "its text is not made of its sentences", ""))
        for one in check.citations:
            text = {True: "same", False: "changed", None: "not there"}[one.same_text]
            rows.append((file, f"[{one.number}]", _VERDICTS[one.status], _place(one), text))
    if rows:
        show_table(("answer", "citation", "verdict", "at", "source text"), rows)
    console = stdout()
    for file, check in zip(files, checks, strict=True):
        for one in check.citations:
            if one.status in ("changed", "gone"):
                console.print()
                console.print(Text(one_line(f"{file} [{one.number}] {one.title}"), "bold"))
                console.print(indented(f"was: “{one_line(one.quote)}”"))
                if one.now:
                    console.print(indented(f"now: “{one_line(one.now.quote)}”"))
                if one.elsewhere:
                    where = f"{one.elsewhere.source_id}:{one.elsewhere.start}-{one.elsewhere.end}"
                    console.print(indented(one_line(f"what it was stands in {where}")))
        for said in check.sentences:
            if said.status != "said":
                numbers = "".join(f"[{number}]" for number in said.citations)
                console.print()
                console.print(Text(one_line(f"{file}: {_SAID[said.status]}"), "bold"))
                console.print(indented(f"“{one_line(said.text)}” {numbers}"))
    every = [one for check in checks for one in check.citations]
    held = sum(one.status == "holds" for one in every)
    against = checks[0].against
    console.print()
    console.print(Text(one_line(f"{held} of {len(every)} citations hold, by {against}"), "bold"))


def _place(check: CitationCheck) -> str:
    was = f"{check.source_id}:{check.start}-{check.end}"
    if check.status == "holds" or check.now is None:
        return was
    now = check.now
    other = "" if now.source_id == check.source_id else now.source_id
    return f"{was} → {other}:{now.start}-{now.end}"


def show_gaps(gaps: Sequence[Gap], total: int) -> None:
    """Write the questions that are still not answered, of `total`, with what comes nearest."""
    console = stdout()
    for gap in gaps:
        if gap.answered:
            continue
        console.print(Text(one_line(gap.question), "bold"))
        scope = f" · of {listed(gap.scope)}" if gap.scope is not None else ""
        covered = " · covered, but not said" if gap.related else ""
        console.print(
            Text(one_line(f"asked {gap.count} ×, last {gap.last}{scope}{covered}"), "dim")
        )
        for passage in gap.nearest:
            show_passage(passage, "-")
        console.print()
    answered = sum(gap.answered for gap in gaps)
    told = f"{len(gaps)} of {total} questions looked at"
    told += f", {answered} of them answered by now" if answered else ""
    stderr().print(Text(told if total else "no question has gone unanswered"))
