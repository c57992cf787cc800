"""What programs send and get, as OpenAPI tells it: the fields of answers are those of Python."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from qa.check.claims import ClaimCheck
from qa.export.recheck import AnswerCheck
from qa.result import Answer, Outcome, Passage

# Characters; the body as a whole has a limit of its own.
Text = Annotated[str, Field(min_length=1, max_length=10_000)]
_Turn = Annotated[str, Field(max_length=50_000)]
Scope = Annotated[
    list[Annotated[str, Field(max_length=1000)]] | None,
    Field(max_length=1000, description="Globs of the ids of the sources to look in; none: all."),
]


class Asked(BaseModel):
    """What a program sends; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


class Said(Asked):
    """A turn of the conversation before a question."""

    role: Literal["user", "assistant"]
    content: _Turn


class Question(Asked):
    """A question to the library."""

    question: Text
    history: list[Said] = Field(default=[], max_length=200, description="Earlier turns.")
    sources: Scope = None
    stream: bool = Field(default=False, description="Server-sent events, as the answer grows.")


class Query(Asked):
    """What to look for."""

    query: Text
    k: int = Field(default=5, ge=1, le=50, description="How many passages.")
    max_chars: int | None = Field(
        default=None, ge=1, le=200_000, description="Fill so many characters instead of k."
    )
    sources: Scope = None


class Sentence(Asked):
    """A sentence to check, and the quotes that are to support it."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    quotes: list[Annotated[str, Field(min_length=1, max_length=5000)]] = Field(
        default=[], max_length=5
    )


class ToCheck(Asked):
    """One of three: sentences with quotes, the text of an answer, or an exported answer."""

    sentences: list[Sentence] | None = Field(default=None, min_length=1, max_length=50)
    text: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    answer: dict[str, Any] | None = Field(
        default=None, description="What `/v1/ask`, `ask --json` or `ask --export` gave."
    )
    sources: Scope = None


class SourceOut(BaseModel):
    """A source of the library."""

    id: str
    title: str
    publisher: str | None
    author: str | None
    published: str | None
    standing: str
    topics: list[str]
    url: str | None


# Fields that `to_dict` leaves out.
_NOT_TOLD = ("rejected",)


def _as_model(of: type, **derived: Any) -> type[BaseModel]:
    """The fields of a result as a model, with those that `to_dict` adds."""
    hints = get_type_hints(of)
    own = (field.name for field in fields(of) if field.name not in _NOT_TOLD)
    told = {name: hints[name] for name in own} | derived
    named: dict[str, Any] = {name: (hint, ...) for name, hint in told.items()}
    made: type[BaseModel] = create_model(of.__name__, __doc__=of.__doc__, **named)
    return made


AnswerOut = _as_model(
    Answer,
    outcome=Outcome,
    confidence_told=str,
    standings=dict[str, int],
    oldest=str | None,
    newest=str | None,
    withheld_note=str | None,
    checked_told=str | None,
)
PassageOut = _as_model(Passage)
AnswerCheckOut = _as_model(AnswerCheck, holds=bool)
ClaimCheckOut = _as_model(ClaimCheck)


class Checked(BaseModel):
    """Whether all holds; `sentences` or `answer` tell it of each, by what was sent."""

    holds: bool
    sentences: list[ClaimCheckOut] | None = None  # type: ignore[valid-type]
    answer: AnswerCheckOut | None = None  # type: ignore[valid-type]


class Problem(BaseModel):
    """What went wrong, in one line that says what to do."""

    message: str
    type: str
    code: int


class Refused(BaseModel):
    """What is answered in place of a result, in the form that clients of OpenAI know."""

    error: Problem
