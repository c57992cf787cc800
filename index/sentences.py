"""Sentences of text in its language, with what the rules of the library miss."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_WIDE_END = re.compile(r"[。！？](?![。！？”’」』）〉》)\"'\]]|$)")
# Japanese goes on after a quotation with one of its particles
_QUOTED = re.compile(r"[」』]\s*$")
_PARTICLE = re.compile(r"[とはがをにのもで]")
_GERMAN_ORDINAL = re.compile(
    r"\b(?:de[rnms]|die|das|a[mb]|im|vom|zu[mr]|beim?|bis|seit|und|oder|jede\w*|sein\w*|ihr\w*|"
    r"unser\w*|diese\w*|ein\w*|nach|vor|Art|Abs|Nr|Kap|§) \d{1,3}\.\s*$",
    re.IGNORECASE,
)
_GERMAN_OPENING = re.compile(
    r"(?:De[rnms]|Die|Das|Es|Er|Sie|Wir|Ich|Im?|Am|An|Auf|Aus|Bei|Mit|Nach|Vor|Von|Zu|Für|Dann|Da|"
    r"Dort|Hier|Und|Aber|Doch|Ein\w*|Seit|Bis|Wenn|Als|Wer|Was|Wie|Wo)\b"
)
_FRENCH_TITLE = re.compile(r"(?:^|[\s(])(?:M|MM|Mme|Mlle|Mgr|Me|Dr|Pr)\.\s*$")
# A unit or year at the end of a sentence: the next word opens one
_RUSSIAN_END = re.compile(
    r"(?:\d\s?(?:км|см|мм|м|кг|г|гг|га|л|ч|мин|с|т|руб|коп|чел|шт)|и т\. ?[дп]|и др|и пр)\.\s+"
    r"(?=(?P<next>[А-ЯЁ][а-яё]*))"
)
_ALWAYS_ENDS = ("и т", "и др", "и пр")
_RUSSIAN_OPENING = frozenset(
    "В Во На По За С Со К Ко У О Об И А Но Из От До При После Перед Для Без Над Под Он Она Оно Они "
    "Его Её Ее Их Это Этот Эта Эти Там Тут Здесь Тогда Затем Потом Когда Если Что Как Мы Вы Я Все "
    "Всё Также Однако Сейчас Теперь Позже Ныне".split()
)

Span = tuple[int, int]


def sentence_spans(text: str, language: str | None) -> Iterator[Span]:
    """The offsets of the sentences of `text`; a language that is not known is told by the script.

    They are in order and cover the text but for white space.
    """
    code = (language or _by_script(text)).split("-")[0].lower()
    spans = [
        (one["start_index"], one["end_index"])
        for one in sentencex.get_sentence_boundaries(code, text)
    ]
    held: Span | None = None
    for start, end in (part for span in spans for part in _parts(text, *span, code)):
        if held and (
            _within_code(text, held, start)
            or _goes_on(text[held[0] : held[1]], text[start:end], code)
        ):
            held = (held[0], end)
            continue
        if held:
            yield held
        held = (start, end)
    if held:
        yield held


def _by_script(text: str) -> str:
    """The language by whose rules a text that states none is split. By the English ones a Russian
    sentence ends at each initial."""
    cyrillic = 0 if text.isascii() else sum(1 for _ in _CYRILLIC.finditer(text))
    return "ru" if cyrillic * 2 > sum(map(str.isalpha, text)) else "en"


def _parts(text: str, start: int, end: int, code: str) -> Iterator[Span]:
    """The sentences in what the library takes for one."""
    if not text.isascii():
        pattern = _RUSSIAN_END if code in ("ru", "uk", "be") else _WIDE_END
        for match in pattern.finditer(text, start, end):
            if pattern is _RUSSIAN_END and not (
                match[0].startswith(_ALWAYS_ENDS) or match["next"] in _RUSSIAN_OPENING
            ):
                continue
            if match.end() < end:
                yield start, match.end()
                start = match.end()
    yield start, end


def _within_code(text: str, before: Span, start: int) -> bool:
    """Whether `start` is in a piece of code or a file's name: `settings.$FORMAT`, `a. b`."""
    line = text.rfind("\n", before[0], before[1]) + 1 or before[0]
    if text.count("`", line, start) % 2:
        closed = text.find("`", start)
        return closed >= 0 and "\n" not in text[start:closed]
    return before[1] == start and text[start - 1] in ".?!" and text[start] in "$%<{/\\="


def _goes_on(before: str, after: str, code: str) -> bool:
    """Whether what the library takes for the end of a sentence is none."""
    match code:
        case "de":
            ordinal = _GERMAN_ORDINAL.search(before, max(0, len(before) - 40))
            return bool(ordinal) and not _GERMAN_OPENING.match(after)
        case "fr":
            return bool(_FRENCH_TITLE.search(before, max(0, len(before) - 8)))
        case "ja":
            return bool(_QUOTED.search(before, max(0, len(before) - 8)) and _PARTICLE.match(after))
    return False
