"""The child that reads untrusted files: asked on stdin, answering on stdout; see `apart`."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import astuple
from typing import Any

from sources.errors import UnreadableError
from sources.formats import read
from sources.source import pack_blocks

# What no parser of documents needs, and a hostile document might want
_FORBIDDEN = frozenset(
    "socket.connect socket.bind socket.getaddrinfo subprocess.Popen os.system os.exec os.fork "
    "os.posix_spawn os.remove os.rename os.rmdir os.mkdir os.chmod os.symlink os.link "
    "shutil.rmtree".split()
)

_IDLE_SECONDS = 30
_WRITING = frozenset("wax+")


def main(seconds: int, memory: int, most: int, ocr: int) -> None:
    """Answer until stdin ends: the text of a file, also by `ocr`, or why it has none."""
    asked = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a parser prints is no answer
    for library in (
        () if ocr else ("numpy", "pandas")
    ):  # parsers try them, and they take time and memory
        sys.modules[library] = None  # type: ignore[assignment]
    _limit(memory)
    sys.addaudithook(_forbid)
    while line := asked.readline():
        head = json.loads(line)
        data = asked.read(head["size"])
        _alarm(seconds + 5)
        answer = _answer(data, head, most, bool(ocr))
        answers.write(b"%d\n" % len(answer) + answer)
        answers.flush()
        _alarm(_IDLE_SECONDS)


def _answer(data: bytes, head: dict[str, Any], most: int, ocr: bool) -> bytes:
    try:
        extract = read(data, head["format"], head["name"], ocr=ocr)
        if len(extract.text) > most:
            raise UnreadableError(f"holds more than {most:,} characters: split it")
        values = {
            "text": extract.text,
            "blocks": pack_blocks(extract.blocks),
            "pages": extract.pages,
            "hints": extract.hints,
            "invisible": extract.invisible,
            "unread": extract.unread,
            "scans": extract.scans,
            "ocr": [astuple(span) for span in extract.ocr],
        }
        return json.dumps(values).encode()
    except UnreadableError as error:
        # Where memory is short, a parser that is not there yet cannot be loaded
        return _refusal(str(error), isinstance(error.__cause__, MemoryError | ImportError))
    except MemoryError:
        return _refusal("needs more memory than a file may take: split it", True)


def _refusal(reason: str, spent: bool) -> bytes:
    return json.dumps({"error": reason, "spent": spent}).encode()


def _limit(memory: int) -> None:
    """Bound the memory, and forbid writing files; Windows knows no such limits."""
    try:
        import resource
    except ImportError:
        return
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(limit, (most, most))
        except (OSError, ValueError):  # macOS does not bound the memory
            continue


def _alarm(seconds: int) -> None:
    """End this process when its parent, which should have done so, has not."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        _, mode, flags = arguments
        writes = _WRITING & set(mode or "") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
    else:
        writes = False
    if writes or event in _FORBIDDEN:
        raise PermissionError(f"a document may not call {event}")
