"""The conversation as HTML: questions, cited sentences, abstentions and errors."""

from __future__ import annotations

from collections.abc import Sequence

from qa.export.answers import FORMATS
from qa.parts import Part, parts
from qa.result import Answer, AnswerSentence
from qa.retrieve.asked import asks_for_list
from qa.web.chat.conversation import Turn
from qa.web.chat.pins import pin_id
from qa.web.chat.reports import FORMS, report_parts
from qa.web.shared.render import render


def transcript(turns: Sequence[Turn], talk: str | None = None, problem: str = "") -> str:
    """All turns, oldest first; `talk` is the id that the conversation is kept under, `problem` what
    is to be said of it as a whole."""
    return render(
        "transcript.html",
        turns=turns,
        talk=talk,
        problem=problem,
        formats=FORMATS,
        report_forms=FORMS,
        report_parts=report_parts,
        asks_for_list=asks_for_list,
        plain=_plain,
        key=key(turns),
        pin_id=pin_id,
    )


def examples(questions: Sequence[str], size: int) -> str:
    """What stands there before the first question; `size` counts the sources."""
    return render("welcome.html", questions=questions, size=size)


def first_questions(questions: Sequence[str]) -> str:
    """What can be asked first."""
    return render("first.html", questions=questions)


def key(turns: Sequence[Turn]) -> str:
    """What the last turn is known by in the page."""
    return f"{len(turns)} {turns[-1].question}" if turns else ""


def next_questions(
    turns: Sequence[Turn], questions: Sequence[str], *, wider: bool = False, add: bool = False
) -> str:
    """What can be asked after the last turn; `wider` offers it to the whole library, `add` the way
    to a source that answers it."""
    return render(
        "next.html",
        key=key(turns),
        answered=turns[-1].outcome == "answered",
        questions=questions,
        wider=turns[-1].question if wider else "",
        add=add,
    )


def told(words: str) -> str:
    """What is said above the box of what was typed or chosen there."""
    return render("message.html", words=words, kind="problem", role="alert")


def _plain(answer: Answer) -> str:
    """The answer as plain text with its sources listed below."""
    told = "\n\n".join(_part(part, answer) for part in parts(answer))
    listed = "\n".join(
        f"[{citation.number}] "
        + ". ".join(
            part
            for part in (citation.title, citation.publisher, citation.published, citation.url)
            if part
        )
        for citation in answer.citations
    )
    return f"{answer.question}\n\n{told}\n\n{listed}\n"


def _part(part: Part, answer: Answer) -> str:
    said = " ".join(
        _said(sentence, answer) + " " + "".join(f"[{number}]" for number in sentence.citations)
        for sentence in part.sentences
    )
    return f"{part.label}\n{said}" if part.label else said


def _said(sentence: AnswerSentence, answer: Answer) -> str:
    voice = answer.voice(sentence)
    return f"{sentence.text} ({voice})" if voice else sentence.text
