"""Retrieval of follow-ups after their history, against that of the full question they stand for.

    python tests/benchmarks/followups.py [--show] [--model NAME] [FILE.jsonl ...]

Without files, both parts of the set beside this file: `build.jsonl`, which the rules were written
on, and `held_out.jsonl`, which was written after them. (When it was first measured, the held-out
part kept 1.00 of the hits in 5 passages, 0.95 of the first passages and 0.92 of the MRR; what it
showed to be wrong was then mended.) A line names the library (`starter` or a folder beside the
set), the questions before, the follow-up, the full question, and the source and quote that answer
it. The answers in the history are those that Refdesk gives when it is asked. Each is retrieved in
four ways: by the full question, by the condensed one, by the last question put before the
follow-up, and by the follow-up alone. `held` is the share of the full question's figure.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index import Index, open_index, rebuild
from qa import answer
from qa.desk import open_desk
from qa.retrieve.evidence import gather
from qa.settings import read_settings, starter_library

HERE = Path(__file__).parent / "followups"
WAYS = ("full", "condensed", "question before", "alone")
# Ranks count passages (as `search` gives them) or sentences (as an extractive answer takes them).
MEASURES = ("passage 1st", "passages 3", "passages 5", "sentence 1st", "sentences 3", "MRR")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--show", action="store_true", help="print every condensed question")
    parser.add_argument("--model", help="a language model that restates the follow-ups")
    arguments = parser.parse_args()
    files = arguments.files or [HERE / "build.jsonl", HERE / "held_out.jsonl"]
    with tempfile.TemporaryDirectory() as folder:
        libraries: dict[Path, Index] = {}
        all_results: list[dict[str, list[float]]] = []
        for file in files:
            results = list(
                _measured(file, libraries, Path(folder), arguments.show, arguments.model)
            )
            _print(file.name, results)
            all_results += results
        if len(files) > 1:
            _print("all", all_results)


def _measured(
    file: Path, libraries: dict[Path, Index], folder: Path, show: bool, model: str | None
) -> Iterator[dict[str, list[float]]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        name = item["library"]
        library = starter_library() if name == "starter" else file.parent / name
        if library not in libraries:
            rebuild(library, index=folder / str(len(libraries)))
            libraries[library] = open_index(folder / str(len(libraries)))
        opened = libraries[library]
        assert item["quote"] in opened.source(item["source"]).text, item["quote"]
        history = _asked(item["history"], opened)
        desk = open_desk(read_settings(), index=opened, model=model)
        follow_up = item["follow_up"]
        asked = dict(
            zip(
                WAYS,
                (
                    item["full"],
                    desk.retrieve(follow_up, history).question,
                    f"{item['history'][-1]} {follow_up}",
                    follow_up,
                ),
                strict=True,
            )
        )
        found = {way: _figures(question, item, opened) for way, question in asked.items()}
        if show:
            worse = "-" if found["condensed"] < found["full"] else " "
            print(f"{worse} {item['kind']:<10} {' / '.join(item['history'])} / {follow_up}")
            print(f"             {asked['condensed']}")
        yield found


def _asked(questions: Sequence[str], opened: Index) -> list[tuple[str, str]]:
    """The turns as they would have been."""
    history: list[tuple[str, str]] = []
    for question in questions:
        found = answer(question, history=history, index=opened)
        history += [("user", question), ("assistant", found.text)]
    return history


def _figures(question: str, item: dict[str, Any], opened: Index) -> list[float]:
    source = opened.source(item["source"])
    start = source.text.index(item["quote"])
    end = start + len(item["quote"])

    def holds(source_id: str, first: int, last: int) -> bool:
        return source_id == source.id and first < end and start < last

    hits = [hit.chunk for hit in opened.search(question, k=5)]
    passage = next((n for n, c in enumerate(hits) if holds(c.source_id, c.start, c.end)), 99)
    evidence = gather(opened.generation, question)
    units = [evidence.generation.unit(row) for row in evidence.rows]
    sentence = next((n for n, (s, a, b) in enumerate(units) if holds(s.id, a, b)), 99)
    return [
        *(float(passage < k) for k in (1, 3, 5)),
        *(float(sentence < k) for k in (1, 3)),
        1 / (sentence + 1) if sentence < 99 else 0.0,
    ]


def _print(name: str, results: list[dict[str, list[float]]]) -> None:
    print(f"\n{name}: {len(results)} follow-ups")
    print(f"{'':<17}" + "".join(f"{measure:>20}" for measure in MEASURES))
    means = {way: [_mean(found[way][m] for found in results) for m in range(6)] for way in WAYS}
    for way, values in means.items():
        cells = (
            f"{value:>10.3f} held {value / full:.2f}"
            for value, full in zip(values, means["full"], strict=True)
        )
        print(f"{way:<17}" + "".join(cells))


def _mean(values: Iterator[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


if __name__ == "__main__":
    main()
