"""The whole path: condense, retrieve, decide, compose, check. Every door goes through here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.opened import Index, open_index
from qa.check.gate import Gate
from qa.compose.extract import Draft, extract
from qa.compose.generate import MOST_SENTENCES, NotInSources, generate
from qa.condense.readings import Turn, readings
from qa.condense.rewrite import rewrite
from qa.conflicts.contradictions import Contradictions
from qa.gaps import note_gap
from qa.models.chat import ChatModelSettings, load_chat_model
from qa.models.cross_encoder import load_reranker
from qa.models.entailment import EntailmentModel, load_entailment_model
from qa.plain_text import escape
from qa.result import Answer, AnswerSentence, Citation, state_voice
from qa.retrieve.asked import asks_for_list
from qa.retrieve.calibration import calibrated
from qa.retrieve.evidence import Evidence, gather
from qa.settings import read_settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ABSTENTION = "The sources do not answer this."
NEAREST = 3
# What a reading of a follow-up must have in confidence over a likelier one to be taken.
_LATER = 0.1


def answer(
    question: str,
    *,
    history: Sequence[Turn] = (),
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Answer:
    """Answer `question` from the index: every sentence cited, every citation checked; or abstain.

    `history` holds the earlier turns as (role, text) with roles "user" and "assistant". `sources`
    limits the search to the sources whose ids match any of the globs. `index` is a folder or an
    open Index, by default the user's. `model` is a name as "ollama:llama3.2", or a LangChain chat
    model; by default what REFDESK_MODEL says, and "" for an extractive answer in any case.
    Raises RefdeskError, IndexingError.
    """
    *_, last = stream_answer(question, history=history, sources=sources, index=index, model=model)
    return last


def stream_answer(
    question: str,
    *,
    history: Sequence[Turn] = (),
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Iterator[Answer]:
    """As `answer`, but an Answer after each sentence that passed the gate; the last is complete."""
    evidence = retrieve(question, history=history, sources=sources, index=index, model=model)
    yield from compose(question, evidence, model=model)


def retrieve(
    question: str,
    *,
    history: Sequence[Turn] = (),
    sources: Iterable[str] | None = None,
    index: str | Path | Index | None = None,
    model: str | BaseChatModel | None = None,
) -> Evidence:
    """The first half: what the library holds on the question as it stands after the history."""
    meant = readings(question, history)
    chat_model = _resolve_model(model) if history else None
    if chat_model is not None:
        rewritten = rewrite(question, history, chat_model, read_settings().model_timeout)
        meant = [rewritten] if rewritten else meant
    generation = resolve_index(index).generation
    named = read_settings().reranker
    reranker = load_reranker(named) if named else None
    found = [gather(generation, reading, sources, reranker=reranker) for reading in meant]
    # A follow-up that can be read in several ways is meant as the library can answer it.
    _, best = max(enumerate(found), key=lambda item: item[1].confidence - _LATER * item[0])
    return replace(calibrated(best), follow_up=best.question != question.strip())


def compose(
    question: str,
    evidence: Evidence,
    *,
    model: str | BaseChatModel | None = None,
    log_gaps: bool = True,
) -> Iterator[Answer]:
    """The second half: answers made of the evidence, each longer than the last; or an abstention.

    Where a language model fails, or nothing that it writes passes the gate, extracts stand in for
    it, with a notice. An abstention is noted for `refdesk gaps`, unless that is off by `log_gaps`
    or by setting. Raises ChatModelError, SettingError.
    """
    log_gaps = log_gaps and read_settings().gaps
    chat_model = _resolve_model(model)
    named = read_settings().support_model if chat_model is not None else None
    judge = load_entailment_model(named) if named else None
    notice = None
    last = None
    if chat_model is not None and evidence.answerable:
        notice = (
            "Nothing that the language model wrote was supported by the sources; "
            "these are extracts from them."
        )
        try:
            drafts = generate(evidence, chat_model, read_settings().model_timeout)
            for last in _checked(question, evidence, drafts, _name(chat_model), judge=judge):
                yield last
        except NotInSources:
            if last is None:
                notice = "The language model found no answer in the passages."
                yield _abstain(question, evidence, _name(chat_model), notice, log_gaps=log_gaps)
                return
        except Exception as error:  # a server's fault of any kind must not cost the answer
            kind = type(error).__name__  # its text may hold anything, a key too
            if last is not None:
                notice = f"The language model broke off ({kind}); more may be to be said."
                yield replace(last, notice=notice)
            notice = (
                f"The language model did not answer ({kind}); these are extracts from the sources."
            )
        if last is not None:
            return
    if evidence.answerable:
        for last in _checked(question, evidence, extract(evidence), None, notice):
            yield last
    if last is None:
        yield _abstain(question, evidence, _name(chat_model), log_gaps=log_gaps)


def resolve_index(index: str | Path | Index | None) -> Index:
    """The index itself, or that in a folder, opened once for the process; default: the user's."""
    if isinstance(index, Index):
        return index
    return _open(Path(index if index is not None else read_settings().index).absolute())


@lru_cache(maxsize=8)
def _open(folder: Path) -> Index:
    return open_index(folder)


def _resolve_model(model: str | BaseChatModel | None) -> BaseChatModel | None:
    settings = read_settings()
    name = settings.model if model is None else model
    if not isinstance(name, str):
        return name
    if not name:  # no model, whatever the setting says
        return None
    return _load_model(name, settings.model_url, settings.model_timeout)


@lru_cache(maxsize=4)
def _load_model(name: str, url: str | None, timeout: float) -> BaseChatModel:
    return load_chat_model(name, ChatModelSettings(url=url, timeout=timeout))


def _checked(
    question: str,
    evidence: Evidence,
    drafts: Iterable[Draft],
    model: str | None,
    notice: str | None = None,
    judge: EntailmentModel | None = None,
) -> Iterator[Answer]:
    """An answer after each sentence that passes the gate."""
    gate = Gate(evidence, judge)
    contradictions = Contradictions(evidence)
    sentences: list[AnswerSentence] = []
    for draft in drafts:
        sentence = gate.check(draft)
        if sentence is None:
            continue
        sentences.append(sentence)
        yield Answer(
            question=question,
            text=_markdown(sentences, gate.citations, asks_for_list(evidence.question)),
            sentences=tuple(sentences),
            citations=tuple(gate.citations),
            confidence=evidence.confidence,
            abstained=False,
            nearest=(),
            model=model,
            generation=evidence.generation.name,
            condensed=evidence.question,
            notice=notice,
            sources=evidence.sources,
            conflicts=contradictions.of(gate.citations),
        )
        if len(sentences) == MOST_SENTENCES:
            return


def _abstain(
    question: str,
    evidence: Evidence,
    model: str | None,
    notice: str | None = None,
    *,
    log_gaps: bool,
) -> Answer:
    if log_gaps:
        note_gap(evidence)
    return Answer(
        question=question,
        text=ABSTENTION,
        sentences=(),
        citations=(),
        confidence=evidence.confidence,
        abstained=True,
        nearest=evidence.passages(NEAREST),
        model=model,
        generation=evidence.generation.name,
        condensed=evidence.question,
        notice=notice,
        sources=evidence.sources,
    )


def _markdown(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], listed: bool
) -> str:
    lines = []
    for sentence in sentences:
        voice = state_voice(sentence, [citations[number - 1] for number in sentence.citations])
        said = sentence.text + (f" ({voice})" if voice else "")
        lines.append(escape(said) + " " + "".join(f"[{number}]" for number in sentence.citations))
    return "\n".join(f"- {line}" for line in lines) if listed and lines[1:] else " ".join(lines)


def _name(model: BaseChatModel | None) -> str | None:
    if model is None:
        return None
    for field in ("model_name", "model"):
        name = getattr(model, field, None)
        if isinstance(name, str):
            return name
    return type(model).__name__
