"""How an index grows: build, search, memory, disk, and the cost of a change, at several sizes.

    pip install matplotlib
    python tests/benchmarks/scale.py OUT [--real 1000 10000 ...] [--synthetic 10000 1000000 ...]

A size counts rows, sentences and passages together, as each has a vector and a place in the words.
Real text is what the installed Python packages say of themselves in docstrings, embedded with the
bundled model. Synthetic text has words of a Zipf distribution, and vectors around random centres:
there, what is measured is everything but the model. A change is one more sentence in one source.
Beside seconds by the clock stand those of the processor, with the process that verifies. Memory is
that of a fresh process that opens the index and searches, over one that does so with the smallest.
OUT gets scale.json, .md and .png.
"""

from __future__ import annotations

import argparse
import ast
import json
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from index import rebuild
from index.embedding import Embedder
from index.generation import Manifest, current_generation
from index.opened import Index
from index.token_vectors import TOKEN_DIMENSION, Bytes, Floats, QueryTokens, unit_length

DIMENSION = 384
QUERIES = 200


class Synthetic(Embedder):
    """Vectors around 2,000 centres: which, is drawn by the length of a text and where it stands."""

    def __init__(self) -> None:
        self.name = "synthetic"
        self._random = np.random.default_rng(1)
        self._centres = self._random.normal(size=(2000, DIMENSION)).astype(np.float32)

    def embed_each(
        self,
        lengths: NDArray[np.int64],
        text_of: Callable[[int], str],
        lead_of: Callable[[int], str] | None = None,
        axes: Floats | None = None,
    ) -> Iterator[tuple[NDArray[np.int64], Floats, list[Bytes]]]:
        for start in range(0, len(lengths), 5000):
            places = np.arange(start, min(start + 5000, len(lengths)))
            tokens: list[Bytes] = []
            if axes is not None:
                shape = (len(places), 20, TOKEN_DIMENSION)
                tokens = list(self._random.integers(-127, 128, size=shape, dtype=np.int8))
            yield places, self._around(len(places)), tokens

    def embed_query_with_tokens(self, text: str, axes: Floats) -> tuple[Floats, QueryTokens]:
        tokens = self._random.normal(size=(8, TOKEN_DIMENSION)).astype(np.float32)
        content = np.ones(len(tokens), dtype=bool)
        return self._around(1)[0], QueryTokens(unit_length(tokens), content, ~content)

    @property
    def token_axes(self) -> Floats:  # type: ignore[override]
        return np.eye(DIMENSION, TOKEN_DIMENSION, dtype=np.float32)

    @property
    def dimension(self) -> int:
        return DIMENSION

    @property
    def probe(self) -> NDArray[np.float32]:  # type: ignore[override]
        return np.full(DIMENSION, DIMENSION**-0.5, dtype=np.float32)

    def _around(self, count: int) -> NDArray[np.float32]:
        centres = self._centres[self._random.integers(len(self._centres), size=count)]
        found = centres + self._random.normal(size=centres.shape).astype(np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def words(count: int) -> list[str]:
    """Made-up words, all different."""
    parts = ["ka", "lo", "mi", "ren", "tu", "vas", "el", "shi", "por", "dan", "ek", "fu"]
    size = len(parts)
    return [
        "".join(parts[number // size**place % size] for place in range(5))
        for number in range(count)
    ]


def write_synthetic(library: Path, rows: int) -> None:
    """Sources of 60 sentences, of about 15 words each, which make about `rows` rows."""
    library.mkdir(parents=True)
    random = np.random.default_rng(2)
    vocabulary = words(50_000)
    rank = np.arange(1, len(vocabulary) + 1)
    chance = (1 / (rank + 10)) / (1 / (rank + 10)).sum()
    for number in range(max(1, round(rows / 78))):  # 60 sentences come with about 18 passages
        drawn = random.choice(len(vocabulary), size=900, p=chance)
        sentences = [
            " ".join(vocabulary[word] for word in drawn[start : start + 15]).capitalize() + "."
            for start in range(0, 900, 15)
        ]
        (library / f"s{number:06d}.txt").write_text(" ".join(sentences), encoding="ascii")


def docstrings(least: int) -> Iterator[str]:
    """What modules say of themselves, longer than `least` characters a module."""
    for path in sorted(Path(sysconfig.get_path("purelib")).rglob("*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, SyntaxError):
            continue
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, kinds)]
        text = "\n\n".join(one for one in found if one)
        if len(text) > least:
            yield text


def write_real(library: Path, rows: int) -> None:
    """A library of about `rows` rows; a row stands for about 75 characters of such text."""
    library.mkdir(parents=True)
    size = 0
    for number, text in enumerate(docstrings(2000)):
        if size > rows * 75:
            return
        (library / f"module {number}.txt").write_text(text[:40_000], encoding="utf-8")
        size += min(len(text), 40_000)


def ask(folder: Path, synthetic: bool) -> None:
    """In a process of its own: the time of searches, and the memory after them, as JSON."""
    opened = Index(folder, embedder=Synthetic() if synthetic else None)
    random = np.random.default_rng(3)
    vocabulary = words(50_000)
    queries = []
    for _ in range(QUERIES):
        if synthetic:  # rare and common words
            drawn = (random.random(6) ** 3 * len(vocabulary)).astype(int)
            queries.append(" ".join(vocabulary[word] for word in drawn))
        else:
            source = opened.source(opened.sources[random.integers(len(opened.sources))].id)
            start = int(random.integers(max(1, len(source.text) - 60)))
            queries.append(source.text[start : start + 60].strip() or "returns")
    for query in queries[:20]:
        opened.search(query)
    times = []
    for query in queries:
        started, spent = time.perf_counter(), time.process_time()
        opened.search(query)
        times.append((time.perf_counter() - started, time.process_time() - spent))
    status = Path("/proc/self/status").read_text()
    anonymous, whole = (
        int(status.split(f"{name}:")[1].split()[0]) * 1024 for name in ("RssAnon", "VmRSS")
    )
    (p50, p50_cpu), (p95, p95_cpu) = np.quantile(times, [0.5, 0.95], axis=0) * 1000
    found = {"p50_ms": p50, "p95_ms": p95, "p50_cpu_ms": p50_cpu, "p95_cpu_ms": p95_cpu}
    print(json.dumps(found | {"anonymous": anonymous, "resident": whole}))


def asked(folder: Path, synthetic: bool) -> dict[str, float]:
    command = [sys.executable, __file__, str(folder), "--ask"]
    command += ["--as-synthetic"] if synthetic else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, also of processes that were waited for."""

    def spent() -> float:
        usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    started, before = time.perf_counter(), spent()
    run()
    return time.perf_counter() - started, spent() - before


def build(library: Path, index: Path, model: str | None) -> dict[str, float]:
    def change() -> None:
        path = sorted(library.iterdir())[0]
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}\n\nOne more sentence stands here.", encoding="utf-8")

    found: dict[str, float] = {}
    for name, before in (("build", None), ("no_change", None), ("one_change", change)):
        if before:
            before()
        clock, processor = timed(lambda: rebuild(library, index=index, embedding_model=model))
        found |= {f"{name}_s": clock, f"{name}_cpu_s": processor}
    return found


def measure(size: int, synthetic: bool) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="refdesk-scale-"))
    try:
        index, library = folder / "index", folder / "library"
        (write_synthetic if synthetic else write_real)(library, size)
        with (
            mock.patch("index.build.rebuild.load_embedder", lambda _: Synthetic())
            if synthetic
            else nullcontext()
        ):
            times = build(library, index, "synthetic" if synthetic else None)
        manifest = Manifest.read(current_generation(index))
        rows = manifest.units + manifest.windows
        current = current_generation(index)
        disk = sum(path.stat().st_size for path in current.rglob("*") if path.is_file())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        text = "synthetic" if synthetic else "real"
        found = {"text": text, "rows": rows, "sources": len(manifest.sources), "build_peak": peak}
        return found | times | {"disk": disk} | asked(index, synthetic)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def table(found: list[dict[str, Any]]) -> str:
    base = {
        text: min((one for one in found if one["text"] == text), key=lambda one: one["rows"])
        for text in {one["text"] for one in found}
    }
    lines = [
        "| text | rows | build (processor) | one change | no change | search p50 | p95 "
        "| memory a row | disk a row |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        first = base[one["text"]]
        more = one["rows"] - first["rows"]
        memory = f"{(one['anonymous'] - first['anonymous']) / more:,.0f} B" if more else ""
        cells = [one["text"], f"{one['rows']:,}"]
        for name in ("build", "one_change", "no_change"):
            digits = 0 if name == "build" else 1
            clock, processor = one[f"{name}_s"], one[f"{name}_cpu_s"]
            cells.append(f"{clock:,.{digits}f} s ({processor:,.{digits}f} s)")
        for name in ("p50", "p95"):
            cells.append(f"{one[f'{name}_ms']:.0f} ms ({one[f'{name}_cpu_ms']:.0f} ms)")
        cells.append(memory)
        cells.append(f"{one['disk'] / one['rows']:,.0f} B")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def plot(found: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(10, 3), layout="constrained")
    shown = (
        ("build_cpu_s", "build, s of the processor", 1),
        ("one_change_cpu_s", "one change, s of the processor", 1),
        ("p95_cpu_ms", "search p95, ms of the processor", 1),
    )
    for axis, (name, label, unit) in zip(axes, shown, strict=True):
        for text in ("real", "synthetic"):
            points = [(one["rows"], one[name] / unit) for one in found if one["text"] == text]
            if points:
                axis.plot(*zip(*points, strict=True), marker="o", label=text)
        height = {"ylim": (0, None)} if name == "p95_cpu_ms" else {"yscale": "log"}
        axis.set(xscale="log", xlabel="rows", title=label, **height)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(path, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--real", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--synthetic", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--as-synthetic", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ask:
        ask(arguments.out, arguments.as_synthetic)
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    for synthetic, sizes in ((True, arguments.synthetic), (False, arguments.real)):
        for size in sizes:
            found.append(measure(size, synthetic))
            print(json.dumps(found[-1]), flush=True)
            (arguments.out / "scale.json").write_text(json.dumps(found, indent=1))
            (arguments.out / "scale.md").write_text(table(found))
    plot(found, arguments.out / "scale.png")
    print(table(found))


if __name__ == "__main__":
    main()
