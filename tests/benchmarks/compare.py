"""Refdesk beside LangChain's retrieval tutorial: time to index, and time of a warm question.

    pip install --no-deps langchain-huggingface langchain-chroma langchain-text-splitters
    python tests/benchmarks/compare.py LIBRARY QUESTIONS.jsonl [--limit N]

The tutorial as documented: RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings of the
same model, langchain-chroma, k=4. Both run in this process, one after the other, on the same texts
and questions; read the ratios, since the times are those of the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from index import open_index, rebuild
from index.embedding import _bundled_path, load_embedder
from qa import answer
from sources import load_sources


def timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--limit", type=int, default=200)
    arguments = parser.parse_args()

    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    lines = arguments.questions.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    questions = questions[:: max(1, len(questions) // arguments.limit)][: arguments.limit]
    texts = [source.text for source in load_sources(arguments.library)]
    embeddings = HuggingFaceEmbeddings(model_name=str(_bundled_path()))
    embeddings.embed_query("warm")
    load_embedder().embed_query("warm")
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    with tempfile.TemporaryDirectory() as folder:
        chunks = splitter.create_documents(texts)
        started = time.perf_counter()
        splitter.create_documents(texts)
        store = Chroma.from_documents(chunks, embeddings, persist_directory=f"{folder}/tutorial")
        tutorial_build = time.perf_counter() - started
        report = rebuild(arguments.library, index=f"{folder}/refdesk")
        opened = open_index(f"{folder}/refdesk")
        texts_embedded = opened.generation.manifest.units + report.chunks

        retriever = store.as_retriever(search_kwargs={"k": 4})
        doors = {
            "tutorial: retrieval alone": lambda q: retriever.invoke(q),
            "refdesk: search": lambda q: opened.search(q),
            "refdesk: answer": lambda q: answer(q, index=opened),
        }
        for ask in doors.values():
            for question in questions[:10]:
                ask(question)
        times: dict[str, list[float]] = {name: [] for name in doors}
        for question in questions:  # in turn, so that a slow spell of the machine hits all alike
            for name, ask in doors.items():
                times[name].append(timed(lambda ask=ask, question=question: ask(question)))

    characters = sum(map(len, texts))
    rate = texts_embedded / report.seconds
    tutorial_rate = len(chunks) / tutorial_build
    print(f"{'index build':<28}{'chunks':>8}{'seconds':>9}{'chunks/s':>10}{'chars/s':>10}")
    print(
        f"{'tutorial':<28}{len(chunks):>8}{tutorial_build:>9.1f}{tutorial_rate:>10.1f}"
        f"{characters / tutorial_build:>10.0f}"
    )
    print(
        f"{'refdesk (with verification)':<28}{texts_embedded:>8}{report.seconds:>9.1f}{rate:>10.1f}"
        f"{characters / report.seconds:>10.0f}"
    )
    print(f"ratio of chunks per second, refdesk to tutorial: {rate / tutorial_rate:.2f}")
    baseline = statistics.median(times["tutorial: retrieval alone"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<28} median {median * 1000:6.1f} ms, ratio {median / baseline:.2f}")


if __name__ == "__main__":
    main()
