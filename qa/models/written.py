"""What language models write around an answer: thoughts, tags, fences, JSON.

Models think aloud in tags of many kinds, and some wrap it all in JSON. What is said is read out of
that here, as it streams in; what is cited, in `qa.models.marks`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

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

# JSON without a fence, and what may yet become some; a whole fence that may hold some; and where
# one opens that is not closed yet, or may.
_BARE = re.compile(r"\s*(?:\{|\[\s*[{\"])")
_MAY_BE_BARE = re.compile(r"\s*(?:\[\s*)?")
_FENCED = re.compile(r"```(?:json)?\s*([{\[].*?)\s*```", re.DOTALL | re.IGNORECASE)
_FENCE_OPENS = re.compile(r"`{1,3}\Z|```(?:j(?:s(?:on?)?)?)?\s*(?:\Z|(?=[{\[]))", re.IGNORECASE)
# The fields that models put an answer under, and what it rests on.
_ANSWERS: tuple[str, ...] = (
    "answer",
    "final_answer",
    "sentences",
    "claims",
    "statements",
    "facts",
    "text",
)
_ANSWERS += ("sentence", "claim", "statement", "fact", "response", "content", "output", "result")
_CITED: tuple[str, ...] = (
    "citations",
    "citation",
    "sources",
    "passages",
    "passage",
    "numbers",
    "source",
)
_CITED += ("evidence", "references", "refs", "cites")
# The texts under such fields in JSON that was broken off.
_FIELD = re.compile(rf'"(?:{"|".join(_ANSWERS)})"\s*:\s*"((?:[^"\\]|\\.)*)', re.IGNORECASE)
# What models put around all they say, and the tokens of their templates; a line that is a fence.
_WRAPPING = re.compile(
    r"<\|(?:im_start|start|start_header_id)\|>\s*assistant|<\|[a-z_]{1,30}\|>|</?s>"
    r"|<(?:start|end)_of_turn>(?:model|assistant)?|</?(?:final_?)?(?:answer|response|output|result)>"
    r"|^[ \t]*(?:```|~~~)[\w-]*[ \t]*$|^[ \t]*\[\^[\w-]+\]:[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)


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


def without_wrapping(text: str) -> str:
    """A text without what models put around an answer, its fences, and its list of footnotes."""
    return _WRAPPING.sub("", text)


def unwrapped(pieces: Iterable[str | None], longest: int) -> Iterator[str | None]:
    """The pieces; of what in them is JSON, in a fence or not, what stands under its fields.

    Each text of it is a line, with the numbers beside it as a marker. At most about `longest`
    characters are held back for the end of JSON.
    """
    held, begun = "", False
    for piece in pieces:
        if piece is None:
            held, begun = "", False
            yield None
            continue
        held += piece
        bare = not begun and (_BARE.match(held) or _MAY_BE_BARE.fullmatch(held))
        if bare and len(held) <= longest:
            continue
        begun = True
        while fence := _FENCED.search(held):
            yield held[: fence.start()] + _opened(fence[1], fence.group())
            held = held[fence.end() :]
        opens = _FENCE_OPENS.search(held)
        cut = opens.start() if opens and len(held) - opens.start() <= longest else len(held)
        if held[:cut]:
            yield held[:cut]
        held = held[cut:]
    if held:
        yield _opened(_FENCE_OPENS.sub("", held).rstrip("`\n "), held)


def _opened(written: str, otherwise: str) -> str:
    """What is said in JSON, also where it was broken off; `otherwise` where it is none."""
    try:
        return "".join(f"{text}\n" for text in _texts(json.loads(written)))
    except (ValueError, RecursionError):
        found = _FIELD.findall(written) if written.lstrip().startswith(("{", "[")) else []
    try:
        return "\n".join(json.loads(f'"{text}"', strict=False) for text in found) or otherwise
    except ValueError:
        return otherwise


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
