"""The desk that answers: an index and what reads it, made once at each door from the settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.generation import Manifest, current_generation
from index.opened import Index, open_index
from index.search import Generation, Hit
from index.tokens import terms
from qa.assemble import abstention, checked, reply
from qa.check.gate import SAID_AGAIN, LeftOut
from qa.compose.extract import extract
from qa.compose.generate import NotInSources
from qa.compose.sections import is_named
from qa.compose.timeline import is_of_all
from qa.condense.readings import points_back, readings
from qa.condense.rewrite import rewrite
from qa.condense.small_talk import small_talk
from qa.condense.turns import as_turns
from qa.conflicts.outweighed import outweighed
from qa.gap_log import GapLog
from qa.models.chat import ChatModelSettings, describe_failure, load_chat_model, model_name
from qa.models.cross_encoder import Reranker, load_reranker
from qa.models.entailment import Entailment, load_judge
from qa.models.reader import Reader, has_reader, load_reader
from qa.result import CHECKS, Answer, CheckedBy
from qa.retrieve.calibration import calibrated, calibration_note
from qa.retrieve.evidence import Evidence, gather
from qa.retrieve.premise import with_premise
from qa.retrieve.reread import reread
from qa.settings import Settings
from qa.traces import span, spanned, start_traces
from qa.writing import why_extracts, with_tokens, written

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

# What a reading of a follow-up must have in confidence over a likelier one to be taken.
_LATER = 0.1
# Of the sentences found for a question with a topic of the turns before it, those that must hold
# half of its own words.
_LIKELIEST = 3
_WRITING = "These are extracts from the sources; the language model is still writing."

_load_model = lru_cache(maxsize=4)(load_chat_model)


class Served(Protocol):
    """What has a current generation, as an open Index has."""

    @property
    def generation(self) -> Generation:
        """The generation that is served now."""


@dataclass(frozen=True, slots=True)
class Only:
    """One generation, whatever the index serves, as `Desk.index`."""

    generation: Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that an answer is made with; whoever answers, retrieves and composes through one.

    `chat_model` is None for extracts, `timeout` what it may take in seconds. The `reranker` orders
    the sentences found, the `reader` the stretches made of them, the `judge` lets sentences of a
    chat model through that no rule does, and `gap_log` takes what is not answered; each is None
    where there is none. `check` is the last of the ways of checking that may let a sentence
    through. The calibration is the one that stands beside the index when a question is asked:
    fitting one is felt at once, and each generation has that of its own embedding model.
    """

    index: Served
    chat_model: BaseChatModel | None = None
    timeout: float = 60.0
    reranker: Reranker | None = None
    reader: Reader | None = None
    judge: Entailment | None = None
    check: CheckedBy = CHECKS[-1]
    gap_log: GapLog | None = None

    @span("retrieve")
    def retrieve(
        self, question: str, history: Iterable[Any] = (), scope: Iterable[str] | None = None
    ) -> Evidence:
        """The first half: what the library holds on the question as it stands after the history.

        `history` holds the earlier turns as `as_turns` takes them, `scope` globs of source ids. The
        evidence says how sure it is, by the calibration in force. Raises QuestionError,
        IndexingError.
        """
        history = as_turns(history)
        generation = self.index.generation
        sources = None if scope is None else tuple(scope)
        talk = small_talk(question, after_answer=bool(history))
        if talk is not None:
            return replace(gather(generation, question, sources), small_talk=talk)
        meant = readings(question, history)
        found = [gather(generation, reading, sources, reranker=self.reranker) for reading in meant]
        if question.strip() in meant and not points_back(question):  # a change of subject?
            found = [one for one in found if _about(one, question)]
        # A follow-up that can be read in several ways is meant as the library can answer it.
        _, best = max(enumerate(found), key=lambda item: item[1].confidence - _LATER * item[0])
        best = reread(best, self.reader) if self.reader else best
        evidence = replace(calibrated(best), asked=question, history=tuple(history))
        # The confidence is that one passage answers. What a section is named after, and what came
        # to pass in a time, no one passage answers: these are as sure as what is just answered.
        if not evidence.answerable and (is_named(evidence) or is_of_all(evidence)):
            evidence = replace(evidence, confidence=evidence.least)
        return with_premise(evidence)

    def search(self, query: str, k: int, scope: Iterable[str] | None = None) -> list[Hit]:
        """The `k` passages that answer a query, the best first. Raises IndexingError."""
        found = gather(self.index.generation, query, scope, self.reranker)
        return (reread(found, self.reader) if self.reader else found).hits(k)

    def compose(self, evidence: Evidence) -> Iterator[Answer]:
        """The second half: answers made of the evidence, each longer than the last; or an
        abstention, which is noted in the log of gaps; or a reply to small talk, which is not.

        A chat model is not waited for: extracts are there at once, marked as a draft, until what it
        writes has passed the gate. Where it fails, or nothing that it writes passes, they stay,
        with a notice.
        """
        yield from spanned("compose", self._composed(evidence))

    def _composed(self, evidence: Evidence) -> Iterator[Answer]:
        if evidence.small_talk:
            yield reply(evidence, evidence.small_talk)
            return
        if self.chat_model is not None:
            yield from with_tokens(self._written(evidence, self.chat_model))
            return
        last = None
        for last in self._extracts(evidence):
            yield last
        if last is None:
            yield self._abstain(evidence, None)

    def _extracts(self, evidence: Evidence) -> Iterator[Answer]:
        return checked(evidence, extract(outweighed(evidence))) if evidence.answerable else iter(())

    def _written(self, evidence: Evidence, model: BaseChatModel) -> Iterator[Answer]:
        extracts = [*self._extracts(evidence)]
        if extracts:
            yield replace(extracts[-1], draft=True, notice=_WRITING)
        restated = self._restated(evidence, model)
        if restated is not evidence:
            evidence, extracts = restated, [*self._extracts(restated)]
        name = model_name(model)
        if not evidence.answerable:
            yield self._abstain(evidence, name)
            return
        left_out = LeftOut()
        last = notice = None
        try:
            for last in written(
                evidence,
                model,
                self.timeout,
                name=name,
                judge=self.judge,
                check=self.check,
                left_out=left_out,
            ):
                yield last
        except NotInSources:
            if last is None:
                yield self._abstain(
                    evidence, name, "The language model found no answer in the passages."
                )
                return
        except Exception as error:  # a server's fault of any kind must not cost the answer
            # its text may hold anything, a key too
            kind = type(error).__name__
            if last is not None:
                broken = f"The language model broke off ({kind}); more may be to be said."
                last = replace(last, notice=broken)
                yield last
            why = describe_failure(error, self.timeout)
            notice = f"The language model {why}; these are extracts from the sources."
        if last is not None:
            if left_out:
                yield _told(last, left_out)
        elif extracts:
            notice = notice or why_extracts(left_out)
            yield _told(replace(extracts[-1], notice=notice), left_out)
        else:
            yield self._abstain(evidence, name)

    def _restated(self, evidence: Evidence, model: BaseChatModel) -> Evidence:
        """The evidence for a follow-up as the model puts it, where not as the rules do."""
        if not evidence.history:
            return evidence
        question = rewrite(evidence.asked, evidence.history, model, self.timeout)
        if question is None or question == evidence.question:
            return evidence
        found = self.retrieve(question, (), evidence.sources)
        return replace(found, asked=evidence.asked)

    def _abstain(self, evidence: Evidence, model: str | None, notice: str | None = None) -> Answer:
        if self.gap_log:
            self.gap_log.note(evidence.question, evidence.sources, evidence.generation.name)
        if evidence.unmet:
            notice = f"What was found does not speak of {' or '.join(evidence.unmet)}."
        return abstention(evidence, model, notice)


def open_desk(
    settings: Settings,
    *,
    index: str | Path | Index | Only | None = None,
    model: str | BaseChatModel | None = None,
    embedding_model: Embeddings | None = None,
    log_gaps: bool = True,
) -> Desk:
    """The desk that the settings ask for; the models that they name are loaded here.

    `index` is a folder, which is opened once for the process, or what is open; None is the index of
    the settings. So with `model`; "" is none, whatever the settings say. `embedding_model` is what
    the index in a folder was built with, where that was handed over then. `log_gaps` False keeps
    questions out of the log, whatever the settings say. Raises SettingError, ChatModelError,
    IndexNotFoundError, IndexDamagedError.
    """
    if settings.traces:
        start_traces()
    chat_model = _resolve(settings, model)
    if index is None or isinstance(index, str | Path):
        folder = Path(settings.index if index is None else index).absolute()
        own = embedding_model
        index = _open(folder) if own is None else open_index(folder, embedding_model=own)
    log = GapLog(index.folder) if isinstance(index, Index) else None
    return Desk(
        index=index,
        chat_model=chat_model,
        timeout=settings.model_timeout,
        reranker=load_reranker(settings.reranker) if settings.reranker else None,
        reader=load_reader() if settings.reader else None,
        judge=load_judge(settings.support_model) if chat_model is not None else None,
        check=settings.check,
        gap_log=log if log_gaps and settings.gaps else None,
    )


def confidence_note(index: Path, settings: Settings) -> str | None:
    """What to tell of the confidence that answers from the index in `index` have, by the settings;
    None where it is calibrated. Raises IndexNotFoundError, IndexDamagedError."""
    read = settings.reader and has_reader()
    return calibration_note(index, Manifest.read(current_generation(index)), read)


def _told(answer: Answer, left_out: LeftOut) -> Answer:
    """The answer with what of a language model was left out: how many by the reason, and which the
    sources do not say."""
    reasons = Counter[str]()
    for (why, _), count in left_out.items():
        reasons[why] += count
    rejected = tuple((text, why) for why, text in left_out if why != SAID_AGAIN)
    return replace(answer, left_out=tuple(reasons.items()), rejected=rejected)


def _about(evidence: Evidence, question: str) -> bool:
    """Whether what was found speaks of what `question` says itself, when it stands alone or with a
    topic of the turns before: the topic alone must not answer in its place."""
    if evidence.question == question.strip():
        return True
    own = set(terms(question))
    said = " ".join(evidence.generation.unit_text(row) for row in evidence.rows[:_LIKELIEST])
    return 2 * len(own.intersection(terms(said))) >= len(own)


def _resolve(settings: Settings, model: str | BaseChatModel | None) -> BaseChatModel | None:
    name = settings.model if model is None else model
    if not isinstance(name, str):
        return name
    if not name:
        return None
    reached = ChatModelSettings(url=settings.model_url, timeout=settings.model_timeout)
    return _load_model(name, reached)


@lru_cache(maxsize=8)
def _open(folder: Path) -> Index:
    return open_index(folder)
