"""A rebuild as the page shows it: how far it is, then its report."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from queue import Empty, Queue

from index.build.golden import GoldenAnswer, GoldenChange, GoldenReport
from index.build.rebuild import RebuildReport, rebuild
from index.errors import IndexingError
from qa.errors import RefdeskError
from qa.evaluation.golden import golden_questions
from qa.settings import read_settings
from qa.web.chat.scope import count
from qa.web.library.lists import message
from qa.web.markup import isolated, text
from sources import MetadataError, SourceError

_STAGES = {
    "reading": "Reading the sources",
    "embedding": "Embedding the text",
    "storing": "Storing the vectors",
    "verifying": "Verifying the new generation",
    "asking": "Asking the golden questions",
}
_LISTED = 40


def rebuilding(library: Path, index: Path, *, force: bool) -> Iterator[str]:
    """HTML whenever the rebuild has got further; the last tells what it did, or why it did not."""
    told: Queue[tuple[str, int, int]] = Queue()
    result: list[RebuildReport | str] = []

    def run() -> None:
        try:
            settings = read_settings()
            result.append(
                rebuild(
                    library,
                    index=index,
                    force=force,
                    progress=lambda stage, done, total: told.put((stage, done, total)),
                    embedding_model=settings.embedding_model,
                    store=settings.store,
                    golden=golden_questions(library, settings),
                )
            )
        except MetadataError as error:
            result.append(" ".join(error.problems[:10]))
        except (IndexingError, RefdeskError, SourceError) as error:
            result.append(str(error))
        except Exception as error:  # whatever it is, the page must say so, and go on
            result.append(f"unexpected {type(error).__name__}: {error}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield _progress("reading", 0, 0)
    while thread.is_alive() or not told.empty():
        try:
            stage, done, total = told.get(timeout=0.3)
        except Empty:
            continue
        while not told.empty():  # only the last is worth showing
            stage, done, total = told.get()
        yield _progress(stage, done, total)
    found = result[0] if result else "the rebuild ended without a word"
    yield message(f"Not rebuilt: {found}", "problem") if isinstance(found, str) else report(found)


def _progress(stage: str, done: int, total: int) -> str:
    words = _STAGES.get(stage, stage)
    share = f' value="{done}" max="{total}"' if total else ""
    amount = f" {done:,} of {total:,}" if total else ""
    return (
        f'<div class="rebuild" role="status"><p>{text(words)}{amount}</p>'
        f'<progress aria-label="Rebuild"{share}></progress></div>'
    )


def report(found: RebuildReport) -> str:
    """What a rebuild did, as HTML."""
    changes = "".join(
        f"<dt>{word}</dt><dd>{_names(names)}</dd>"
        for word, names in (
            ("Added", found.added),
            ("Changed", found.updated),
            ("Removed", found.removed),
        )
    )
    skipped = "".join(
        f"<li>{isolated(path)}: {isolated(reason)}</li>" for path, reason in found.skipped[:_LISTED]
    )
    return (
        '<section class="report" aria-label="Report of the rebuild">'
        f'<h3>Serving generation {isolated(found.generation)}</h3><p class="meta">'
        f"{count(found.chunks, 'passage')}, {count(found.embedded, 'text')} embedded, "
        f"{found.seconds:.1f} seconds</p><dl>{changes}"
        f"<dt>Unchanged</dt><dd>{len(found.unchanged)}</dd>"
        f"<dt>Skipped</dt><dd>{len(found.skipped)}<ul>{skipped}</ul></dd></dl>"
        f"{_golden(found.golden) if found.golden else ''}</section>"
    )


def _names(names: tuple[str, ...]) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{len(names)}: {', '.join(isolated(name) for name in names[:_LISTED])}{more}"


def _golden(found: GoldenReport) -> str:
    before = "" if found.right_before is None else f", {found.right_before} before"
    groups = "".join(
        f"<h4>{word}: {len(changes)}</h4><ul>{''.join(map(_change, changes[:_LISTED]))}</ul>"
        for word, changes in (
            ("Answers lost", found.lost),
            ("Answers gained", found.gained),
            ("Answers changed", found.changed),
        )
        if changes
    )
    return (
        f"<h3>Golden questions</h3><p>{found.right} of {found.asked} answered right{before}.</p>"
        f"{groups}"
    )


def _change(change: GoldenChange) -> str:
    """The two answers, with the words marked in which they differ, and what they cite."""
    was, now = _words(change.before), _words(change.after)
    steps = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    differ = [step for step in steps if step[0] != "equal"]
    before = _marked(was, [(first, last) for _, first, last, _, _ in differ], "del")
    after = _marked(now, [(first, last) for *_, first, last in differ], "ins")
    before, after = before + _cites(change.before), after + _cites(change.after)
    return (
        f"<li><strong>{isolated(change.question)}</strong>"
        f'<p class="was"><span class="side">before</span><span>{before}</span></p>'
        f'<p class="is"><span class="side">now</span><span>{after}</span></p></li>'
    )


def _words(answer: GoldenAnswer) -> list[str]:
    return ["no answer"] if answer.text is None else answer.text.split()


def _cites(answer: GoldenAnswer) -> str:
    return f'<span class="side"> {text(", ".join(answer.citations))}</span>'


def _marked(words: Sequence[str], spans: Sequence[tuple[int, int]], tag: str) -> str:
    """The words as HTML, with those in `spans` in the element `tag`."""
    at, parts = 0, []
    for start, end in spans:
        parts.append(isolated(" ".join(words[at:start])) if start > at else "")
        parts.append(
            f"<{tag}>{isolated(' '.join(words[start:end]))}</{tag}>" if end > start else ""
        )
        at = end
    parts.append(isolated(" ".join(words[at:])) if at < len(words) else "")
    return " ".join(part for part in parts if part)
