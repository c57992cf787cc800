"""The conversation as HTML: questions, cited sentences, abstentions and errors."""

from __future__ import annotations

from collections.abc import Sequence

from qa.export.answers import FORMATS
from qa.result import Answer, AnswerSentence, Citation, Conflict, Passage, state_voice
from qa.retrieve.asked import asks_for_list
from qa.web.chat.conversation import Turn
from qa.web.chat.panel import byline, card_id, standing_badge
from qa.web.chat.scope import count
from qa.web.markup import isolated, shortened, text

_LONGEST_SHOWN = 300
_LONGEST_FAILED = 120
_LONGEST_TIP = 320
_ABOUT = {"number": " on a number", "date": " on a date", "denial": " on whether it is so"}
# From the least confidence on: what a calibrated share of right answers is called.
_CONFIDENCE = ((0.9, "High confidence"), (0.75, "Good confidence"), (0.5, "Moderate confidence"))


def transcript(turns: Sequence[Turn], talk: str | None = None) -> str:
    """All turns, oldest first; `talk` is the id that the conversation is kept under."""
    return f'<div class="talk-id" data-talk="{text(talk or "")}"></div>' + "".join(
        _turn(turn, number) for number, turn in enumerate(turns, start=1)
    )


def examples(questions: Sequence[str], size: int) -> str:
    """What stands there before the first question; `size` counts the sources."""
    buttons = "".join(
        f'<li><button type="button" class="example" dir="auto">{text(question)}</button></li>'
        for question in questions
    )
    return (
        '<section class="welcome"><h2>What would you like to know?</h2>'
        f"<p>Refdesk answers from {count(size, 'curated source')} and from nothing else. Every "
        "sentence carries the number of the passage that says so, and each passage was checked "
        "against its source before you see it. What the sources do not hold, Refdesk does not "
        f'answer.</p><ul id="examples" aria-label="Example questions">{buttons}</ul></section>'
    )


def _turn(turn: Turn, number: int) -> str:
    parts = [f'<article class="turn" id="turn-{number}" aria-label="Question {number}">']
    if turn.question:
        # What went wrong must be in sight below the question, however long that is.
        shown = shortened(turn.question, _LONGEST_SHOWN if turn.error is None else _LONGEST_FAILED)
        parts.append(f'<h2 class="question" dir="auto">{text(shown)}</h2>')
        parts.append(_aside(turn, shown == turn.question))
    if turn.answer is not None:
        if turn.outdated:
            parts.append(
                f'<p class="notice" role="note">{count(len(turn.outdated), "source")} of this '
                "answer changed or went since it was given; ask again for an answer of now.</p>"
            )
        if turn.answer_abstained:
            parts.append(_abstention(turn, number))
        else:
            parts.append(_answer(turn.answer, number))
    if turn.error is not None:
        parts.append(f'<p class="problem" role="alert">{isolated(turn.error)}</p>')
    if turn.running:
        word = "Searching the sources" if turn.answer is None else "Reading on"
        parts.append(f'<p class="working"><span class="pulse"></span>{word} …</p>')
    elif turn.stopped:
        parts.append('<p class="stopped">Stopped before the answer was complete.</p>')
    if turn.answer is not None and not turn.running:
        parts.append(_colophon(turn, turn.answer, number))
    parts.append("</article>")
    return "".join(parts)


def _aside(turn: Turn, whole: bool) -> str:
    """What was understood and where it was looked for, below the question."""
    parts = []
    answer = turn.answer
    if answer is not None and _differs(answer.condensed, answer.question):
        parts.append(
            f'<span class="understood">Understood as: '
            f"<b>{isolated(shortened(answer.condensed, _LONGEST_SHOWN))}</b></span>"
        )
    if turn.scope:
        parts.append(f'<span class="searched">Searched: {isolated(turn.scope)}</span>')
    if whole and not turn.running:
        parts.append('<button type="button" class="quiet edit">Edit question</button>')
    return f'<p class="aside">{"".join(parts)}</p>' if parts else ""


def _differs(condensed: str, question: str) -> bool:
    return condensed.strip().casefold() != question.strip().casefold()


def _answer(answer: Answer, turn: int) -> str:
    cited = {citation.number: citation for citation in answer.citations}
    listed = len(answer.sentences) > 1 and asks_for_list(answer.condensed)
    block, item = ("ul", "li") if listed else ("p", "span")
    sentences = " ".join(
        _sentence(sentence, [cited[n] for n in sentence.citations], turn, place, item)
        for place, sentence in enumerate(answer.sentences, start=1)
    )
    notice = f'<p class="notice" role="note">{isolated(answer.notice)}</p>' if answer.notice else ""
    said = f'{notice}<{block} class="answer" dir="auto">{sentences}</{block}>'
    return said + "".join(
        _conflict(conflict, cited[conflict.cited], turn, place)
        for place, conflict in enumerate(answer.conflicts, start=1)
    )


def _conflict(conflict: Conflict, cited: Citation, turn: int, place: int) -> str:
    """What another source says otherwise."""
    here, there = conflict.values
    other = conflict.other
    return (
        f'<section class="differ" aria-label="Sources differ"><h3>Sources differ'
        f"{_ABOUT.get(conflict.kind, '')}</h3>"
        f'<p><span class="said">{isolated(here)}</span><span class="by">'
        f"{isolated(cited.title)} {_chip(cited, turn, f'c{place}')}{_origin(cited)}</span></p>"
        f'<p><span class="said">{isolated(there)}</span><span class="by">'
        f'<button type="button" class="quiet read" data-turn="{turn}" data-conflict="{place}">'
        f"{isolated(other.title)}</button>{_origin(other)}</span></p></section>"
    )


def _origin(passage: Passage) -> str:
    return f'<span class="meta">{standing_badge(passage.standing)} {byline(passage)}</span>'


def _sentence(
    sentence: AnswerSentence, citations: Sequence[Citation], turn: int, place: int, item: str
) -> str:
    chips = "".join(_chip(citation, turn, place) for citation in citations)
    said = isolated(sentence.text)
    if voice := state_voice(sentence, citations):
        said += f' <span class="voice">({isolated(voice)})</span>'
    chips = f'<span class="chips">&NoBreak;{chips}</span>'
    return f'<{item} class="sentence">{said}{chips}</{item}>'


def _chip(citation: Citation, turn: int, sentence: int | str) -> str:
    """A number that leads to its card, with what the card says to hover over."""
    target = card_id(turn, citation.number)
    tip = f"tip-{turn}-{sentence}-{citation.number}"
    quote = shortened(" ".join(citation.quote.split()), _LONGEST_TIP)
    return (
        f'<span class="cite"><a class="chip" href="#{target}" aria-describedby="{tip}" '
        f'aria-label="Source {citation.number}: {text(citation.title)}">'
        f'<span class="unsaid">[</span>{citation.number}<span class="unsaid">]</span></a>'
        f'<span class="tip" role="tooltip" id="{tip}">'
        f'<span class="tip-quote">“{isolated(quote)}”</span>'
        f'<span class="tip-title">{isolated(citation.title)}</span>'
        f'<span class="tip-meta">{standing_badge(citation.standing)}<span>{byline(citation)}</span>'
        "</span>"
        f"</span></span>"
    )


def _abstention(turn: Turn, number: int) -> str:
    answer = turn.answer
    assert answer is not None
    nearest = ""
    if answer.nearest:
        nearest = (
            f'<p><a class="chip-like" href="#{card_id(number, 1)}">Show the '
            f"{count(len(answer.nearest), 'closest passage')}</a> — they are not an answer.</p>"
        )
    return (
        '<section class="abstention" aria-label="Not in the sources">'
        '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5 21 21M8 13l5-5"/></svg>'
        "<div><h3>Not in the sources</h3>"
        f"<p>Refdesk looked for “{isolated(shortened(answer.condensed, _LONGEST_SHOWN))}” in "
        f"{isolated(turn.scope)} and found no passage that answers it.</p>"
        f"{nearest}</div></section>"
    )


def _colophon(turn: Turn, answer: Answer, number: int) -> str:
    """How sure the answer is and how it came about, what can be done with it, and what was said."""
    if answer.abstained:
        return (
            f'<div class="colophon"><p><span>Of 100 answers to such a question, about '
            f"{_in_hundred(answer.confidence)} would have been right.</span></p>"
            f'<div class="deeds">{_share(turn)}{_save(number)}{_verdict(turn, number)}</div></div>'
        )
    how = (
        "Sentences quoted from the sources"
        if answer.model is None or answer.notice
        else f"Written by {isolated(answer.model)}, each sentence checked against its source"
    )
    return (
        f'<div class="colophon"><p><span class="confidence">'
        f'<meter min="0" max="1" value="{answer.confidence:.2f}" aria-hidden="true"></meter>'
        f"<span><strong>{confidence_words(answer.confidence)}</strong>: of 100 such answers, about "
        f"{_in_hundred(answer.confidence)} are right.</span></span> "
        f'<span>{how}.</span></p><div class="deeds"><button type="button" class="quiet copy" '
        f'data-copy="{text(_plain(answer))}">Copy with sources</button>{_share(turn)}'
        f"{_save(number)}{_verdict(turn, number)}</div></div>"
    )


def _share(turn: Turn) -> str:
    """A button that copies a link to the question with its scope."""
    link = text(turn.choice.link(turn.question))
    return f'<button type="button" class="quiet copy" data-link="{link}">Copy link</button>'


def _save(number: int) -> str:
    """The forms in which an answer can be saved as a file, folded away."""
    forms = "".join(
        f'<button type="button" class="quiet talk" data-do="{name}" data-turn="{number}">'
        f"{form.label}</button>"
        for name, form in FORMATS.items()
    )
    return f'<details class="save"><summary>Save</summary><p>{forms}</p></details>'


def _verdict(turn: Turn, number: int) -> str:
    """What the person says of the answer: right or not, with a note."""
    asked = "Was it right to give no answer?" if turn.answer_abstained else "Is this answer right?"
    buttons = "".join(
        f'<button type="button" class="quiet rate" data-turn="{number}" data-right="{word}" '
        f'aria-pressed="{str(turn.right is right).lower()}">{_thumb(right)}{word}</button>'
        for word, right in (("Yes", True), ("No", False))
    )
    note = ""
    if turn.right is not None:
        note = (
            f'<label class="note">Note <input type="text" maxlength="500" data-turn="{number}" '
            f'value="{text(turn.note)}" placeholder="What was good or wrong?"></label>'
            f'<button type="button" class="quiet save-note" data-turn="{number}">Save note</button>'
        )
        note += '<span class="kept">Kept.</span>' if turn.note else ""
    return f'<p class="verdict"><span>{asked}</span> {buttons} {note}</p>'


def _thumb(up: bool) -> str:
    return (
        f'<svg class="thumb {"up" if up else "down"}" viewBox="0 0 24 24" aria-hidden="true" '
        'focusable="false"><path d="M7 10.5v9.5H3.5v-9.5zM7 10.5l4-7.5c1.6 0 2.4 1.1 2.2 2.5L12.5 '
        '9.5h6c1.5 0 2.3 1.2 2 2.5l-1.6 6.3c-.3 1-1 1.7-2.1 1.7H7"/></svg>'
    )


def _said(sentence: AnswerSentence, answer: Answer) -> str:
    voice = answer.voice(sentence)
    return f"{sentence.text} ({voice})" if voice else sentence.text


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
