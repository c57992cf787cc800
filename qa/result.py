"""What a question gets: cited sentences; what the sources say beside it; or neither."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from qa.confidence_words import confidence_told, not_calibrated
from qa.token_counts import Tokens

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.messages import AIMessage

PartKind = Literal["sentence", "paragraph", "list", "table", "code"]
Outcome = Literal["answered", "related", "none"]
CheckedBy = Literal["verbatim", "rules", "model"]
# The ways in which a sentence is found to be what the sources say, the strictest first.
CHECKS: tuple[CheckedBy, ...] = ("verbatim", "rules", "model")

_SAID = re.compile(
    r"\bstate(?:-(?:run|owned|controlled))? (?:media|news|press|television|tv|radio|broadcaster)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A span of a source with what a reader needs to judge it.

    `start` and `end` are offsets into the text of the source, `quote` is exactly what stands
    between them, `sha256` that of the whole text in UTF-8. A higher `score` is better. `ocr_sure`
    is how sure (0 to 1) the OCR is that read the quote from an image; None where none did.
    """

    source_id: str
    title: str
    publisher: str | None
    url: str | None
    published: str | None
    standing: str
    page: int | None
    heading: str | None
    start: int
    end: int
    quote: str
    sha256: str
    score: float
    ocr_sure: float | None = None

    @property
    def ocr_told(self) -> str | None:
        """That the quote was read by OCR, and how sure that is; None where it was not."""
        return None if self.ocr_sure is None else f"read by OCR, {self.ocr_sure:.0%} sure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation(Passage):
    """A passage that an answer cites by `number`, counted from 1 in the order of first use."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSentence:
    """A sentence of an answer, the numbers of what it cites, and how far (0 to 1) they support it.

    `text` is plain text: whatever a source or a model wrote, nothing in it is markup. `kind` says
    what it is in its source: a list, table or code has a line for each item, row or line, an item
    with its marker. The first `lead` lines lead in to the others: a sentence, the names of columns.
    Of a long list the last `more` lines are not in `Answer.text`, and a page shows them when it is
    asked to.
    `checked_by` says how it was found to be what the sources say: "verbatim" (word for word),
    "rules", or "model:NAME"; nothing in answers that are older than this field.
    """

    text: str
    citations: tuple[int, ...]
    support: float
    kind: PartKind = "sentence"
    checked_by: str = ""
    more: int = 0
    lead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A stretch on the topic of a question that it does not answer, with what is quoted of it.

    Fields as those of `AnswerSentence`; `citations` are numbered through all that is related.
    """

    text: str
    citations: tuple[Citation, ...]
    support: float
    kind: PartKind = "sentence"
    more: int = 0
    lead: int = 0


def state_voice(text: str, cited: Sequence[Citation]) -> str | None:
    """What to say of a sentence that state media alone are cited for, as "state media: Xinhua".

    `cited` is what the sentence cites. None where another source says it too, or where the
    sentence itself names the publisher or says that these are state media.
    """
    others = [one for one in cited if one.standing != "state-media"]
    if others or not cited or _SAID.search(text):
        return None
    names = dict.fromkeys(one.publisher for one in cited if one.publisher)
    said = text.casefold()
    if names and all(name.casefold() in said for name in names):
        return None
    return f"state media: {', '.join(names)}" if names else "state media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Another source that contradicts what is cited: on a "number", a "date", by a "denial", or
    with another "name", "place", "title" or "cause" as the answer.

    `cited` is the number of the citation, `other` the passage that says otherwise. `values` are
    what each of the two says, in this order, in its own words; "yes" and "no" for a denial.
    """

    kind: str
    cited: int
    other: Passage
    values: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer whose every citation was checked, or an abstention.

    `outcome` tells the two kinds of abstention apart: "related" where the sources cover the topic
    and do not say what is asked, "none" where they do not cover it. `related` then holds what they
    do say, at most three stretches, cited and checked as an answer is, and is none.

    `text` is Markdown in which each sentence ends in its markers, as [1] or [1][3]; what a source
    or a model wrote is escaped in it. Before the markers stands what `state_voice` says.
    `confidence` (0 to 1) is calibrated: the share of such answers that are right. An abstention has
    no sentences and no citations; `nearest` then holds the closest passages. `condensed` is the
    question as it was understood after the turns before it, `notice` something that a reader should
    know of how the answer came about. `conflicts` are other sources that contradict what is cited.
    `withheld` counts the passages near the question of which something was left out, since it gives
    orders to a model. `small_talk` names the kind of talk that was no question to the sources, as
    "thanks" or "help"; `text` then is a reply of Refdesk itself, and `nearest` empty. `left_out`
    counts the sentences of a language model that the gate did not let through, by the reason;
    `rejected` are those that the sources do not say, each with the reason, and in no export.
    `draft` says that these are extracts shown while a language model writes: another answer takes
    their place, or the same without it.
    `calibrated` is False where no confidence was fitted to the embedding model: `confidence` is
    then no share of anything. `tokens` are those of all calls of models
    for it; None where none told.
    """

    question: str
    text: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    confidence: float
    abstained: bool
    nearest: tuple[Passage, ...]
    model: str | None
    generation: str
    condensed: str
    notice: str | None = None
    sources: tuple[str, ...] | None = field(default=None)
    conflicts: tuple[Conflict, ...] = ()
    withheld: int = 0
    small_talk: str | None = None
    related: tuple[Related, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    calibrated: bool = True
    draft: bool = False
    tokens: Tokens | None = None

    @property
    def outcome(self) -> Outcome:
        """Whether it is answered; if not, whether there is something on the topic."""
        if not self.abstained:
            return "answered"
        return "related" if self.related else "none"

    @property
    def quoted(self) -> tuple[Citation, ...]:
        """All that is quoted: the citations of the answer, or of what is related."""
        return self.citations or tuple(one for part in self.related for one in part.citations)

    @property
    def confidence_told(self) -> str:
        """How sure it is, in one sentence; "" for small talk."""
        if self.small_talk:
            return ""
        if not self.calibrated:
            said = not_calibrated()
            return f"{said[:1].upper()}{said[1:]}."
        return confidence_told(self.confidence, answered=not self.abstained)

    @property
    def withheld_note(self) -> str | None:
        """What to say of the passages that were left out; None where there are none."""
        if not self.withheld:
            return None
        if self.withheld == 1:
            return "A passage that gives orders to a model was left out."
        return f"{self.withheld} passages that give orders to a model were left out."

    @property
    def checked_told(self) -> str | None:
        """How many sentences are in other words than the sources, and what checked them; None where
        all are word for word, or nothing is known of how they were checked."""
        loose = [one.checked_by for one in self.sentences if one.checked_by not in ("", "verbatim")]
        if not loose:
            return None
        by = [
            "rules" if name == "rules" else f"the model {name.removeprefix('model:')}"
            for name in dict.fromkeys(loose)
        ]
        return f"{len(loose)} of {len(self.sentences)} in other words, checked by {', '.join(by)}"

    def voice(self, said: AnswerSentence | Related) -> str | None:
        """What `state_voice` says of one of the sentences, or of something related."""
        return state_voice(said.text, self.cited_by(said))

    def cited_by(self, said: AnswerSentence | Related) -> tuple[Citation, ...]:
        """What one of the sentences, or something related, cites."""
        if isinstance(said, Related):
            return said.citations
        return tuple(self.citations[number - 1] for number in said.citations)

    @property
    def standings(self) -> dict[str, int]:
        """How many of the cited sources have each standing, the most frequent first."""
        of = {citation.source_id: citation.standing for citation in self.citations}
        return dict(Counter(of.values()).most_common())

    @property
    def oldest(self) -> str | None:
        """When the oldest of the cited sources was published, as far as it is known."""
        return min(self._published, default=None)

    @property
    def newest(self) -> str | None:
        """When the newest of the cited sources was published, as far as it is known."""
        return max(self._published, default=None)

    @property
    def _published(self) -> list[str]:
        return [citation.published for citation in self.citations if citation.published]

    def to_documents(self) -> list[Document]:
        """What is quoted, as documents of LangChain: the quote is the content, the rest of the
        citation the metadata, as `Index.as_retriever` has them, with the `number`."""
        from langchain_core.documents import Document

        documents = []
        for one in self.quoted:
            metadata = asdict(one)
            name = metadata["source"] = metadata.pop("source_id")
            content = metadata.pop("quote")
            place = f"{name}:{one.start}-{one.end}"
            documents.append(Document(id=place, page_content=content, metadata=metadata))
        return documents

    def to_message(self) -> AIMessage:
        """The answer as LangChain's message: one text, annotated with what it cites.

        `message.text` is the text, `message.response_metadata` says whether it is an answer.
        """
        from langchain_core.messages import AIMessage
        from langchain_core.messages.content import create_citation

        about = [asdict(one) for one in self.quoted]
        notes = [create_citation(cited_text=one.pop("quote"), **one) for one in about]
        told = {"outcome": self.outcome, "confidence": self.confidence, "notice": self.notice}
        told |= {"model_name": self.model} if self.model else {}
        text: dict[str, Any] = {"type": "text", "text": self.text, "annotations": notes}
        return AIMessage(content=[text], response_metadata=told)

    def to_dict(self) -> dict[str, Any]:
        """The answer ready for JSON, without what a model wrote and the sources do not say."""
        derived = {
            "outcome": self.outcome,
            "confidence_told": self.confidence_told,
            "standings": self.standings,
            "oldest": self.oldest,
            "newest": self.newest,
            "withheld_note": self.withheld_note,
            "checked_told": self.checked_told,
        }
        told = asdict(self) | derived
        del told["rejected"]
        return told
