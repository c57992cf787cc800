"""Refdesk beside LangChain's tutorial, LlamaIndex, Haystack and txtai: time, memory and quality.

    python tests/benchmarks/compare.py LIBRARY QUESTIONS.jsonl [--limit N] [--env NAME=PYTHON ...]

Each runs in a process of its own, by default with this Python, and with another where --env names
one, so that each can have its own environment:

    langchain   langchain-chroma langchain-huggingface langchain-text-splitters, as the tutorial has
                it: RecursiveCharacterTextSplitter(1000, 200), Chroma, k=4
    llamaindex  llama-index-core llama-index-embeddings-huggingface: SentenceSplitter(), in memory
    haystack    haystack-ai sentence-transformers-haystack:
                DocumentSplitter(split_by="word", split_length=200), in memory
    txtai       txtai: paragraphs, Embeddings(content=True)

All have the bundled model, the same texts and questions, and their documented defaults; what is
missing is left out and said. Quality is as `refdesk eval` has it: recall and precision of what
fills a budget of 3,750 characters, where the questions have spans, and how often one of the 5 best
passages, from the right source, holds a gold answer. Times are seconds of one core, child processes
included, so that what else the machine does counts little; `embedding.py` compares the embedding
alone, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from index.embedding import _bundled_path
from sources import load_sources

BUDGET = 3750
SEARCHED = 20

Passage = tuple[str, str]  # the id of the source, and the text
Search = Callable[[str, int], list[Passage]]
Build = Callable[[dict[str, str], Path], tuple[int, Search]]


def refdesk(library: Path, folder: Path) -> tuple[int, Search]:
    from index import open_index, rebuild

    report = rebuild(library, index=folder / "index")
    opened = open_index(folder / "index")

    def search(query: str, k: int) -> list[Passage]:
        hits = opened.search(query, k) if k else opened.search(query, max_chars=BUDGET)
        return [(hit.chunk.source_id, hit.text) for hit in hits]

    return opened.generation.manifest.units + report.chunks, search


def langchain(texts: dict[str, str], folder: Path) -> tuple[int, Search]:
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents(
        [Document(text, metadata={"source": name}) for name, text in texts.items()]
    )
    embeddings = HuggingFaceEmbeddings(model_name=str(_bundled_path()))
    store = Chroma.from_documents(chunks, embeddings, persist_directory=str(folder / "chroma"))

    def search(query: str, k: int) -> list[Passage]:
        found = store.similarity_search(query, k=k)
        return [(document.metadata["source"], document.page_content) for document in found]

    return len(chunks), search


def llamaindex(texts: dict[str, str], folder: Path) -> tuple[int, Search]:
    from llama_index.core import Document, Settings, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    Settings.embed_model = HuggingFaceEmbedding(model_name=str(_bundled_path()), device="cpu")
    documents = [Document(text=text, metadata={"source": name}) for name, text in texts.items()]
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    index = VectorStoreIndex(nodes)
    retrievers = {k: index.as_retriever(similarity_top_k=k) for k in (2, 5, SEARCHED)}

    def search(query: str, k: int) -> list[Passage]:
        found = retrievers[k].retrieve(query)
        return [(one.node.metadata["source"], one.node.text) for one in found]

    return len(nodes), search


def haystack(texts: dict[str, str], folder: Path) -> tuple[int, Search]:
    from haystack import Document
    from haystack.components.preprocessors import DocumentSplitter
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack.utils import ComponentDevice
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    splitter = DocumentSplitter(split_by="word", split_length=200)
    embed = SentenceTransformersDocumentEmbedder(
        model=str(_bundled_path()), device=ComponentDevice.from_str("cpu"), progress_bar=False
    )
    ask = SentenceTransformersTextEmbedder(
        model=str(_bundled_path()), device=ComponentDevice.from_str("cpu"), progress_bar=False
    )
    for part in (splitter, embed, ask):
        part.warm_up()
    documents = [Document(content=text, meta={"source": name}) for name, text in texts.items()]
    chunks = splitter.run(documents=documents)["documents"]
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(embed.run(documents=chunks)["documents"])
    retriever = InMemoryEmbeddingRetriever(store)

    def search(query: str, k: int) -> list[Passage]:
        vector = ask.run(text=query)["embedding"]
        found = retriever.run(query_embedding=vector, top_k=k)["documents"]
        return [(document.meta["source"], document.content) for document in found]

    return len(chunks), search


def txtai(texts: dict[str, str], folder: Path) -> tuple[int, Search]:
    from txtai import Embeddings

    chunks = [
        (name, part)
        for name, text in texts.items()
        for part in text.split("\n\n")
        if part.strip()
    ]  # fmt: skip
    embeddings = Embeddings(path=str(_bundled_path()), content=True)
    embeddings.index((number, part, None) for number, (_, part) in enumerate(chunks))

    def search(query: str, k: int) -> list[Passage]:
        return [chunks[int(found["id"])] for found in embeddings.search(query, k)]

    return len(chunks), search


# Of each also how many passages it gives by default, and the distribution whose version is told.
SYSTEMS: dict[str, tuple[Any, int, str]] = {
    "refdesk": (refdesk, 5, "refdesk"),
    "langchain": (langchain, 4, "langchain"),
    "llamaindex": (llamaindex, 2, "llama-index-core"),
    "haystack": (haystack, 10, "haystack-ai"),
    "txtai": (txtai, 3, "txtai"),
}


def covered(spans: Sequence[Sequence[int]], found: Sequence[Sequence[int]]) -> int:
    wanted = {place for start, end in spans for place in range(start, end)}
    return len(wanted & {place for start, end in found for place in range(start, end)})


def fill(passages: Sequence[Passage]) -> list[Passage]:
    """The passages that fit into the budget, the last one cut."""
    kept, left = [], BUDGET
    for name, text in passages:
        if left > 0:
            kept.append((name, text[:left]))
            left -= len(text)
    return kept


def processor() -> float:
    """Seconds of the processor that this process and its children that ended have taken."""
    return sum(os.times()[:4])


def run_one(name: str, library: Path, questions: list[dict[str, Any]]) -> dict[str, Any]:
    """Build and ask, in this process."""
    texts = {source.id: source.text for source in load_sources(library)}
    build, k, distribution = SYSTEMS[name]
    with tempfile.TemporaryDirectory() as folder:
        # The model is loaded and warmed before the clock starts, where the system allows it.
        few = {one: texts[one][:300] for one in list(texts)[:1]}
        if name == "refdesk":
            from index.embedding import load_embedder

            load_embedder().embed(["warm"] * 500)  # so many load torch, too
        else:
            (Path(folder) / "warm").mkdir()
            build(few, Path(folder) / "warm")
        started = processor()
        chunks, search = build(library if name == "refdesk" else texts, Path(folder))
        seconds = processor() - started
        for question in questions[:10]:
            search(question["question"], k)
        times, hits, recall, precision = [], [], [], []
        for question in questions:
            started = time.process_time()
            search(question["question"], k)
            times.append(time.process_time() - started)
            if question.get("answers"):
                best = search(question["question"], 5)
                gold = [" ".join(answer.split()) for answer in question["answers"]]
                hits.append(
                    any(
                        source == question["source"] and answer in " ".join(text.split())
                        for source, text in best
                        for answer in gold
                    )
                )
            if question.get("spans"):
                filled = fill(search(question["question"], 0 if name == "refdesk" else SEARCHED))
                source = question["source"]
                starts = [(texts[one].find(text), text) for one, text in filled if one == source]
                found = [(start, start + len(text)) for start, text in starts if start >= 0]
                both = covered(question["spans"], found)
                recall.append(both / covered(question["spans"], question["spans"]))
                precision.append(both / max(1, sum(len(text) for _, text in filled)))
        answering = []
        if name == "refdesk":
            from qa import answer

            for question in questions:
                started = time.process_time()
                answer(question["question"], index=Path(folder) / "index")
                answering.append(time.process_time() - started)
    return {
        "version": version(distribution),
        "chunks": chunks,
        "seconds": seconds,
        "answer_ms": statistics.median(answering) * 1000 if answering else None,
        "p50_ms": statistics.median(times) * 1000,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "hits": statistics.mean(hits) if hits else None,
        "recall": statistics.mean(recall) if recall else None,
        "precision": statistics.mean(precision) if precision else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--env", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--only", choices=SYSTEMS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    lines = arguments.questions.read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines if line.strip()]
    questions = questions[:: max(1, len(questions) // arguments.limit)][: arguments.limit]
    if arguments.only:
        print("\n" + json.dumps(run_one(arguments.only, arguments.library, questions)))
        return
    pythons = dict(one.split("=", 1) for one in arguments.env)
    found: dict[str, dict[str, Any]] = {}
    for name in SYSTEMS:
        command = [pythons.get(name, sys.executable), __file__, "--only", name]
        command += ["--limit", str(arguments.limit)]
        command += [str(arguments.library), str(arguments.questions)]
        one_core = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=one_core)
        if done.returncode:
            print(f"{name} is left out: {done.stderr.strip().splitlines()[-1][:150]}", flush=True)
        else:
            found[name] = json.loads(done.stdout.splitlines()[-1])
    base = found.get("langchain", found["refdesk"])
    print(
        "| system | chunks | index | chunks/s | query | peak memory | hits | recall | precision |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, one in found.items():
        rate = one["chunks"] / one["seconds"]
        more = rate / (base["chunks"] / base["seconds"])
        shares = [f"{one[key]:.3f}" if one[key] is not None else "" for key in
                  ("hits", "recall", "precision")]  # fmt: skip
        cells = [
            f"{name} {one['version']}",
            f"{one['chunks']:,}",
            f"{one['seconds']:.1f} s",
            f"{rate:.1f} ({more:.1f}x)",
        ]
        cells += [f"{one['p50_ms']:.1f} ms", f"{one['peak_mb']:,.0f} MB", *shares]
        print("| " + " | ".join(cells) + " |")
    whole = found["refdesk"]["answer_ms"]
    print(
        f"\na whole answer of refdesk, checked: {whole:.1f} ms, {whole / base['p50_ms']:.2f} times "
        f"the retrieval alone of the baseline"
    )


if __name__ == "__main__":
    main()
