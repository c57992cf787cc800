"""Subtitles (SRT and WebVTT): what is said, with the time at which it begins."""

from __future__ import annotations

import html
import re

from sources.errors import UnreadableError
from sources.readers.extract import Extract
from sources.readers.text_builder import TextBuilder

_TIME = r"(?:(\d{1,3}):)?(\d{2}):(\d{2})[.,](\d{1,3})"
_CUE = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}.*")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^<>]+)>")
_TAG = re.compile(r"<[^<>\n]*>|\{\\[^{}\n]*\}")
_END = re.compile(r"""[.!?…。！？]["'”’»)\]♪]*$""")
_BEGINS = re.compile(r"[-–] |[A-Z][\w .]{0,30}:\s|\[|\(")
_PAUSE = 2.0  # seconds
_LONGEST = 400  # characters


def read_subtitles(text: str) -> Extract:
    """The sentences, each behind its time as "[1:02:03]"; parts of one sentence are joined."""
    builder = TextBuilder()
    said: list[str] = []
    began = ended = 0.0

    def close() -> None:
        if said:
            hours, rest = divmod(int(began), 3600)
            builder.add("paragraph", f"[{hours}:{rest // 60:02}:{rest % 60:02}] {' '.join(said)}")
            said.clear()

    found = False
    for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = part.strip("\n").split("\n")
        at = next((at for at, line in enumerate(lines[:3]) if _CUE.fullmatch(line)), None)
        if at is None:
            continue
        found = True
        cue = _CUE.fullmatch(lines[at])
        assert cue
        start, end = _seconds(*cue.groups()[:4]), _seconds(*cue.groups()[4:])
        words = " ".join(map(_plain, lines[at + 1 :])).strip()
        if not words or (said and words == said[-1]):
            continue
        long = sum(map(len, said)) > _LONGEST
        if said and (
            _END.search(said[-1]) or _BEGINS.match(words) or start - ended > _PAUSE or long
        ):
            close()
        began = began if said else start
        ended = end
        said.append(words)
    close()
    if not found:
        raise UnreadableError("no subtitles in it (no line of times): save it as SRT or WebVTT")
    return builder.extract()


def _seconds(hours: str | None, minutes: str, seconds: str, part: str) -> float:
    return 3600 * int(hours or 0) + 60 * int(minutes) + float(f"{seconds}.{part}")


def _plain(line: str) -> str:
    return html.unescape(_TAG.sub("", _VOICE.sub(r"\1: ", line))).strip()
