"""The conversation as HTML: questions, cited sentences, abstentions and errors."""

from __future__ import annotations

from collections.abc import Sequence

from qa.export.answers import FORMATS
from qa.result import Answer, AnswerSentence
from qa.retrieve.asked import asks_for_list
from qa.web.chat.conversation import Turn
from qa.web.shared.render import render

# From the least confidence on: what a calibrated share of right answers is called.
_CONFIDENCE = ((0.9, "High confidence"), (0.75, "Good confidence"), (0.5, "Moderate confidence"))


def transcript(turns: Sequence[Turn], talk: str | None = None, problem: str = "") -> str:
    """All turns, oldest first; `talk` is the id that the conversation is kept under, `problem` what
    is to be said of it as a whole."""
    return render(
        "transcript.html",
        turns=turns,
        talk=talk,
        problem=problem,
        formats=FORMATS,
        asks_for_list=asks_for_list,
        confidence_words=confidence_words,
        in_hundred=_in_hundred,
        plain=_plain,
    )


def examples(questions: Sequence[str], size: int) -> str:
    """What stands there before the first question; `size` counts the sources."""
    return render("welcome.html", questions=questions, size=size)


def told(words: str) -> str:
    """What is said above the box of what was typed or chosen there."""
    return render("message.html", words=words, kind="problem", role="alert")


def confidence_words(confidence: float) -> str:
    """A calibrated confidence (0 to 1) in words."""
    return next((words for least, words in _CONFIDENCE if confidence >= least), "Low confidence")


def _in_hundred(confidence: float) -> int:
    """Out of a hundred such answers; never none and never all, which nobody can promise."""
    return min(99, max(1, round(confidence * 100)))


def _plain(answer: Answer) -> str:
    """The answer as plain text with its sources listed below."""
    sentences = " ".join(
        _said(sentence, answer) + " " + "".join(f"[{number}]" for number in sentence.citations)
        for sentence in answer.sentences
    )
    listed = "\n".join(
        f"[{citation.number}] "
        + ". ".join(
            part
            for part in (citation.title, citation.publisher, citation.published, citation.url)
            if part
        )
        for citation in answer.citations
    )
    return f"{answer.question}\n\n{sentences}\n\n{listed}\n"


def _said(sentence: AnswerSentence, answer: Answer) -> str:
    voice = answer.voice(sentence)
    return f"{sentence.text} ({voice})" if voice else sentence.text
