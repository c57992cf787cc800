"""Reading untrusted files in a child process, with limits on time, memory and output.

A parser of binary data may loop, fill the memory or crash the process. The child holds no secret of
ours (its environment is empty), and what it sends back is JSON, whose every value is checked. Its
messages are a line of JSON that tells the size of what follows, then that many bytes.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from threading import Timer
from types import TracebackType
from typing import Any, Self, get_args

from sources.cache import ExtractCache
from sources.confined import bare_environment
from sources.converter import convert, converter_version
from sources.errors import UnreadableError
from sources.formats import CONVERTED
from sources.readers.extract import Extract
from sources.source import Format, Kind, OcrSpan, unpack_blocks

_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); import sources.child as child; \
child.main(*map(int, sys.argv[2:]))"
_MOST_TOLD = 300
_KINDS = frozenset(get_args(Kind))
_OCR = tuple(field.name for field in fields(OcrSpan))
_DEEPEST = 1000  # levels of lists in lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may take: `seconds`, `memory` in bytes, and `text` in characters.

    The memory is all that the reading process may address; Windows does not limit it.
    """

    seconds: int = 120
    memory: int = 1 << 30
    text: int = 20_000_000

    def for_ocr(self) -> Limits:
        """What a file may take that is read by OCR."""
        return replace(self, seconds=30 * self.seconds, memory=3 * self.memory)


DEFAULT_LIMITS = Limits()

_idle: dict[tuple[int, Limits, bool], subprocess.Popen[bytes]] = {}
"""Children that wait for a next reader, by process and limits; they end after a while."""


class _DiedError(Exception):
    """The child ended before it answered."""


class ApartReader:
    """Reads files in one child, which starts with the first file and is replaced when it fails.

    Starting a parser takes longer than most files: when all are read, the child waits for the next
    reader of the same limits. What `cache` has is not read again.
    """

    def __init__(
        self, limits: Limits, cache: ExtractCache | None = None, *, ocr: bool = False
    ) -> None:
        self._limits = limits
        self._cache = cache
        self._ocr = ocr
        self._key = (os.getpid(), limits, ocr)
        self._child: subprocess.Popen[bytes] | None = None
        self._fresh = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, where: TracebackType | None
    ) -> None:
        if self._child and _idle.setdefault(self._key, self._child) is self._child:
            self._child = None
        self._end()

    def read(self, data: bytes, format_: Format, name: str) -> Extract:
        """As `formats.read`, but apart. Raises UnreadableError."""
        suffix = PurePosixPath(name).suffix.lower()  # it tells lines of JSON from one value
        if not self._cache:
            return _checked(self._answer(data, format_, name, suffix), format_)
        about = f"{format_} {suffix} {self._limits.text} {self._ocr}"
        about += f" {converter_version()}" if format_ in CONVERTED else ""
        key = self._cache.key(about.encode(), data)
        if kept := self._cache.get(key):
            return _checked(json.loads(kept), format_)
        answer = self._answer(data, format_, name, suffix)
        extract = _checked(answer, format_)
        self._cache.put(key, json.dumps(answer).encode())
        return extract

    def _answer(self, data: bytes, format_: Format, name: str, suffix: str) -> dict[str, Any]:
        """What the child says, if need be one that is new. Raises UnreadableError."""
        if made := CONVERTED.get(format_):
            limits = self._limits
            data = convert(data, suffix, made, seconds=limits.seconds, memory=limits.memory)
            format_ = made
        try:
            answer = self._ask(data, format_, name)
            if self._spent(answer) and not self._fresh:
                raise _DiedError  # what earlier files left behind is not the fault of this one
        except _DiedError:
            if self._fresh:
                raise self._crashed(format_) from None
            self._end()
            try:
                answer = self._ask(data, format_, name)
            except _DiedError:
                raise self._crashed(format_) from None
        if self._spent(answer):
            self._end()
        else:
            self._fresh = False
        return answer

    def _ask(self, data: bytes, format_: Format, name: str) -> dict[str, Any]:
        """What the child says of a file. Raises _DiedError, and UnreadableError for a limit."""
        child = self._child or self._waiting() or self._start()
        assert child.stdin and child.stdout
        head = {"size": len(data), "format": format_, "name": name}
        late = False

        def end() -> None:
            nonlocal late
            late = True
            child.kill()

        watch = Timer(self._limits.seconds, end)
        watch.daemon = True
        watch.start()
        try:
            child.stdin.write(json.dumps(head).encode() + b"\n")
            child.stdin.write(data)
            child.stdin.flush()
            size = int(child.stdout.readline(20) or 0)
            # A character takes at most 12 bytes of JSON, and blocks as much as text
            answer = child.stdout.read(size) if 0 < size <= 24 * self._limits.text + 4096 else b""
            if len(answer) != size or not size:
                raise _DiedError
            return dict(json.loads(answer))
        except (OSError, ValueError, TypeError, RecursionError, _DiedError):
            child.kill()
            if late:
                self._end()
                raise UnreadableError(
                    f"takes longer than {self._limits.seconds} s to read: split it, or save it "
                    f"again in another format"
                ) from None
            raise _DiedError from None
        except BaseException:
            self._end()
            raise
        finally:
            watch.cancel()

    def _waiting(self) -> subprocess.Popen[bytes] | None:
        """A child that another reader has left."""
        self._child, self._fresh = _idle.pop(self._key, None), False
        return self._child

    def _start(self) -> subprocess.Popen[bytes]:
        ours = str(Path(__file__).absolute().parent.parent)
        path = [ours, *filter(None, sys.path)]
        limits = (self._limits.seconds, self._limits.memory, self._limits.text, int(self._ocr))
        self._fresh = True
        self._child = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-I", "-B", "-c", _START, json.dumps(path), *map(str, limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bare_environment(),
        )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child:
            _end(child)

    def _crashed(self, format_: Format) -> UnreadableError:
        self._end()
        return UnreadableError(
            f"cannot be read as {format_} (its reader crashed): open it, and save it again"
        )

    @staticmethod
    def _spent(answer: Mapping[str, Any]) -> bool:
        """Whether the child ran out of memory."""
        return bool(answer.get("spent"))


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError):
            pipe.close() if pipe else None
    child.wait()


@atexit.register
def _end_idle() -> None:
    for key in list(_idle):
        if key[0] == os.getpid():
            _end(_idle.pop(key))


def _checked(answer: Mapping[str, Any], format_: Format) -> Extract:
    """The extract in an answer; one that does not hold up is a file that cannot be read."""
    try:
        if "error" in answer:
            raise UnreadableError(_line(answer["error"]))
        text = answer["text"]
        text.encode()  # no lone surrogates
        blocks = unpack_blocks(answer["blocks"])
        pages = tuple(answer["pages"])
        at = 0
        for block in blocks:
            numbers = (block.start, block.end, block.level, block.group)
            words = (block.title, block.marker, block.language)
            if not (
                all(type(number) is int for number in numbers)
                and at <= block.start < block.end <= len(text)
                and block.kind in _KINDS
                and 0 <= block.level <= (6 if block.kind == "heading" else _DEEPEST)
                and block.group >= 0
                and all(type(word) is str for word in words)
            ):
                raise ValueError("a block does not fit the text")
            at = block.end
        ocr = tuple(OcrSpan(**dict(zip(_OCR, one, strict=True))) for one in answer.get("ocr", ()))
        if not all(_fits(span, len(text)) for span in ocr):
            raise ValueError("what was read by OCR does not fit the text")
        if not all(type(page) is int and 0 <= page <= len(text) for page in pages):
            raise ValueError("a page does not fit the text")
        return Extract(
            text=text,
            blocks=blocks,
            pages=pages,
            hints={str(key): str(value) for key, value in answer["hints"].items()},
            invisible=int(answer["invisible"]),
            unread=tuple((_line(name), _line(why)) for name, why in answer["unread"]),
            scans=tuple(map(int, answer.get("scans", ()))),
            ocr=ocr,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(
            f"cannot be read as {format_} (its reader gave nonsense): open it, and save it again"
        ) from error


def _fits(span: OcrSpan, size: int) -> bool:
    shares = (span.left, span.top, span.width, span.height, span.sure)
    return (
        type(span.start) is type(span.end) is int
        and 0 <= span.start < span.end <= size
        and all(type(one) in (int, float) and 0 <= one <= 1 for one in shares)
    )


def _line(text: object) -> str:
    """The text as one line that can be shown."""
    shown = "".join(char if char.isprintable() else " " for char in str(text))
    return " ".join(shown.split())[:_MOST_TOLD]
