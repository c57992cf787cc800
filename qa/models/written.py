"""What language models write around an answer: thoughts, marks of citations, JSON.

Models think aloud in tags of many kinds, cite as [1], 【1†source】 or (Source 1), and some wrap it
all in JSON. What is said and what is cited is read out of that here, as it streams in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_NUMBER = r"-?\d+"
_NUMBERS = rf"{_NUMBER}(?:\s{{0,3}}(?:[,;&\N{{EN DASH}}-]|and|to)\s{{0,3}}{_NUMBER})*"
_PASSAGES = r"(?:sources?|passages?|ref(?:erence)?s?|citations?)"
# What looks like a marker of ours: [7], [1, 2], [1-3], [^1], [Source 1], 【1†source】, (Source 1).
MARKER = re.compile(
    rf"\[\s{{0,3}}\^?(?:{_PASSAGES}:?\s{{0,3}})?{_NUMBERS}(?:†[^\]\n]{{0,60}})?\s{{0,3}}\]"
    rf"|【\s{{0,3}}{_NUMBERS}(?:†[^】\n]{{0,60}})?\s{{0,3}}】"
    rf"|\((?:see )?{_PASSAGES}:?\s{{0,3}}{_NUMBERS}\)",
    re.IGNORECASE,
)
# The same in words: "According to passage 1, ...", "Passage 2 says that ...".
_SPOKEN = re.compile(
    rf"(?:^|,?\s)(?:according to|as (?:stated|noted|said|described|shown) (?:in|by)) (?:the )?"
    rf"{_PASSAGES} {_NUMBERS}(?:,\s*|\b\s*(?=[.!?]|$))"
    rf"|^{_PASSAGES} {_NUMBERS} (?:says?|states?|notes?|mentions?|reports?) that ",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(?<!\d)(\d{1,2})\s*(?:[\N{EN DASH}-]|to)\s*(\d{1,2})(?!\d)")

_THOUGHT = r"(?:think|thinking|thought|reasoning|reflection|scratchpad|analysis)"
_OPENS = re.compile(
    rf"<{_THOUGHT}>|\[THINK\]|<\|begin_of_thought\|>|<\|channel\|>analysis<\|message\|>"
    "|\N{WHITE LEFT-POINTING TRIANGLE}think\N{WHITE RIGHT-POINTING TRIANGLE}",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    rf"</{_THOUGHT}>|\[/THINK\]|<\|end_of_thought\|>|<\|channel\|>final<\|message\|>"
    "|\N{WHITE LEFT-POINTING TRIANGLE}/think\N{WHITE RIGHT-POINTING TRIANGLE}",
    re.IGNORECASE,
)
_TAG_STARTS = re.compile("[<[\N{WHITE LEFT-POINTING TRIANGLE}]")
# No tag is longer, in characters.
_LONGEST_TAG = 40

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL | re.IGNORECASE)
# The fields that models put an answer under, and what it rests on.
_ANSWERS = ("answer", "sentences", "text", "sentence", "response", "content", "output", "result")
_CITED = ("citations", "citation", "sources", "passages", "passage", "numbers", "source")


def without_reasoning(pieces: Iterable[str]) -> Iterator[str | None]:
    """The pieces without what a model thinks aloud in tags; a thought may never end.

    None says that all before it was a thought, whose opening tag stood in the prompt.
    """
    waiting = ""
    thinking = tagged = False
    for piece in pieces:
        waiting += piece
        while True:
            if thinking:
                end = _CLOSES.search(waiting)
                waiting = waiting[end.end() :] if end else waiting[-_LONGEST_TAG:]
                if not end:
                    break
                thinking = False
                continue
            tags = [tag for tag in (_OPENS.search(waiting), _CLOSES.search(waiting)) if tag]
            tag = min(tags, key=lambda found: found.start(), default=None)
            if tag is None:
                # What may yet become a tag waits for the rest of it.
                starts = [
                    found.start()
                    for found in _TAG_STARTS.finditer(waiting)
                    if found.start() > len(waiting) - _LONGEST_TAG
                    and not re.search(r"[\]\n]|(?<!\|)>", waiting[found.start() :])
                ]
                cut = min(starts, default=len(waiting))
                if waiting[:cut]:
                    yield waiting[:cut]
                waiting = waiting[cut:]
                break
            thinking = bool(_OPENS.fullmatch(tag.group()))
            if thinking and waiting[: tag.start()]:
                yield waiting[: tag.start()]
            if not thinking and not tagged:
                yield None
            tagged = True
            waiting = waiting[tag.end() :]
    if waiting and not thinking:
        yield waiting


def unwrapped(pieces: Iterable[str | None], longest: int) -> Iterator[str | None]:
    """The pieces; of a text that is JSON, in a fence or not, what stands under its fields.

    Each text of it is a line, with the numbers beside it as a marker. At most about `longest`
    characters are held back to see whether it is JSON.
    """
    held = ""
    pieces = iter(pieces)
    for piece in pieces:
        if piece is None:
            held = ""
            yield None
            continue
        held += piece
        start = held.lstrip()[:3]
        if start and not (start.startswith("{") or "```".startswith(start)):
            yield held
            held = ""
            break
        if len(held) > longest:
            break
    if not held:
        yield from pieces
        return
    fence = _FENCE.match(held)
    try:
        found = json.loads(fence.group(1) if fence else held)
    except (ValueError, RecursionError):
        yield held
    else:
        yield "".join(f"{text}\n" for text in _texts(found))
    yield from pieces


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > 6:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, depth + 1)
    elif isinstance(value, dict):
        fields = {str(name).casefold(): one for name, one in value.items()}
        cited = re.findall(r"\d+", json.dumps([fields[name] for name in _CITED if name in fields]))
        marks = "".join(f"[{number}]" for number in cited[:20])
        for name in _ANSWERS:
            if name in fields:
                texts = list(_texts(fields[name], depth + 1))
                yield from (
                    f"{text} {marks}" if marks and len(texts) == 1 else text for text in texts
                )
                return


def in_brackets(text: str) -> str:
    """A text with marks as (Source 1) and 【1】 put as [1]: no sentence ends within one then."""

    def put(mark: re.Match[str]) -> str:
        if re.match(r"\[\s*-?\d", mark.group()) and "†" not in mark.group():
            return mark.group()
        _, numbers = cited_numbers(mark.group())
        return f"[{', '.join(map(str, numbers or (0,)))}]"

    return MARKER.sub(put, text)


def cited_numbers(sentence: str) -> tuple[str, tuple[int, ...] | None]:
    """A sentence without its marks, and the numbers in them; None where it has none."""
    marks = [*MARKER.findall(sentence), *(found.group() for found in _SPOKEN.finditer(sentence))]
    plain = MARKER.sub(" ", sentence)
    spoken = _SPOKEN.sub("", plain)
    if spoken != plain and spoken.strip():
        plain = spoken.lstrip()[0].upper() + spoken.lstrip()[1:]
    numbers: dict[int, None] = {}
    for mark in marks:
        mark = mark.split("†")[0]
        for first, last in _RANGE.findall(mark):
            numbers |= dict.fromkeys(range(int(first), min(int(last), int(first) + 20) + 1))
        # What is longer is no number of ours, and Python refuses to read thousands of digits.
        found = re.findall(_NUMBER, _RANGE.sub(" ", mark))
        numbers |= dict.fromkeys(int(number) for number in found if len(number) <= 2)
    return plain, tuple(numbers) if marks else None
