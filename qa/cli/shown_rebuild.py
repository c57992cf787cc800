"""What the command line writes of a rebuild: in short, or of each file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from index.build.file_report import amount, amounts, told_of_ocr
from qa.cli.terminal import LISTED, indented, listed, one_line, show_lines, stdout

if TYPE_CHECKING:
    from index.build.golden import GoldenChange, GoldenReport
    from index.build.rebuild import RebuildReport


def show_report(report: RebuildReport, *, files: bool = False) -> None:
    """Write what a rebuild did; of each file what was read and what was not, if `files`."""
    lines: list[tuple[str, object]] = []
    for name in ("added", "updated", "removed", "unchanged"):
        ids = getattr(report, name)
        lines.append((name, f"{len(ids)} {listed(ids)}".rstrip()))
    read = [file for file in report.files if file.source is not None]
    if read:
        lines.append(("read", f"{amount(len(read), 'file')}: {amounts(read)}"))
    scans = [(file.path, said) for file in read if (said := told_of_ocr(file))]
    if scans:
        lines.append(("by OCR", amount(len(scans), "file")))
        lines += _first(scans)
    whole = [(file.path, why) for file in report.files if not file.source
             for _, why in file.left_out]  # fmt: skip
    parts = [(f"{file.path}/{part}", why) for file in read for part, why in file.left_out]
    lines.append(("skipped", len(whole)))
    lines += _first(whole)
    if parts:
        of = amount(sum(bool(file.left_out) for file in read), "file")
        lines.append(("left out", f"{amount(len(parts), 'part')} of {of}"))
        lines += _first(parts)
    if report.notes:
        lines.append(("notes", f"{len(report.notes)} on metadata"))
        lines += _first(report.notes)
    if report.invisible:
        ids = [f"{source} ({count})" for source, count in report.invisible]
        total = sum(count for _, count in report.invisible)
        lines.append(("invisible", f"{total} characters left out: {listed(ids)}"))
    for place, said in enumerate(_languages(report)):
        lines.append(("" if place else "languages", said))
    lines.append(("chunks", f"{report.chunks} ({report.embedded} texts embedded)"))
    lines.append(("seconds", f"{report.seconds:.1f}"))
    lines.append(("generation", report.generation))
    show_lines(lines)
    if files:
        _show_files(report)
    if report.golden:
        show_golden(report.golden)


def _first(found: Sequence[tuple[str, str]]) -> list[tuple[str, object]]:
    lines: list[tuple[str, object]] = [("", f"{at}: {said}") for at, said in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(("", f"and {len(found) - LISTED} more; --files tells all"))
    return lines


def _show_files(report: RebuildReport) -> None:
    """Write of each file what was read, and under it what was left out and noted."""
    notes: dict[str, list[str]] = {}
    for place, said in report.notes:
        path, _, line = place.rpartition(":")
        notes.setdefault(path.removesuffix(".yaml"), []).append(f"{said} (line {line})")
    for file in report.files:
        if file.source is None:
            about = "skipped"
        else:
            sort = ", ".join(filter(None, (file.format, file.language)))
            about = f"{sort}; {amounts([file])}"
        stdout().print(Text.assemble((one_line(file.path), "bold"), f": {about}"))
        if said := told_of_ocr(file):
            stdout().print(indented(said))
        for part, why in file.left_out:
            stdout().print(indented(one_line(f"left out: {part}: {why}" if part else why)))
        if file.invisible:
            stdout().print(indented(f"left out: {amount(file.invisible, 'invisible character')}"))
        for said in notes.get(file.path, ()):
            stdout().print(indented(one_line(f"note: {said}")))


def _languages(report: RebuildReport) -> list[str]:
    """The languages of the sources, the commonest first; those in others are named."""
    sources: dict[str, list[str]] = {}
    for source, language in report.languages:
        sources.setdefault(language, []).append(source)
    ordered = sorted(sources.items(), key=lambda pair: -len(pair[1]))
    return [
        f"{language} {len(ids)}{f': {listed(ids)}' if place else ''}"
        for place, (language, ids) in enumerate(ordered)
    ]


def show_golden(report: GoldenReport) -> None:
    """Write what became of the answers to the golden questions, with their citations."""
    console = stdout()
    before = "" if report.right_before is None else f", {report.right_before} before"
    said = f"golden questions: {report.right} of {report.asked} answered right{before}"
    console.print(Text(said))
    for name in ("lost", "gained", "changed"):
        changes: tuple[GoldenChange, ...] = getattr(report, name)
        if changes:
            console.print(Text(f"{name}: {len(changes)}", "bold"))
        for change in changes[:LISTED]:
            console.print(indented(one_line(change.question)))
            for label, answer in (("before", change.before), ("after", change.after)):
                text = "no answer" if answer.text is None else one_line(answer.text)
                cited = (
                    f" [{', '.join(map(one_line, answer.citations))}]" if answer.citations else ""
                )
                console.print(indented(f"{label}: {text}{cited}", "dim"))
        if len(changes) > LISTED:
            console.print(indented(f"and {len(changes) - LISTED} more; --json has all"))
