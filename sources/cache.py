"""What was read of a file is kept, so that a file that has not changed is not parsed again."""

from __future__ import annotations

import os
import tempfile
import zlib
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PARSERS = (
    "docutils",
    "lxml",
    "openpyxl",
    "pypdf",
    "pypdfium2",
    "python-docx",
    "python-pptx",
    "rapidocr",
    "trafilatura",
)
_DIGEST_BYTES = 16


class ExtractCache:
    """Answers of the reading child in a folder, by the content of the file and the parsers.

    The folder is made with the first answer. One that is damaged is as good as none, and one that
    cannot be written is done without. A `fresh` cache gives none of what is there.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self._folder = folder
        self._fresh = fresh
        self._used: set[str] = set()

    @staticmethod
    def key(*parts: bytes) -> str:
        """Changes with the parts, with this package, and with the versions of the parsers."""
        digest = blake2b(_code(), digest_size=_DIGEST_BYTES)
        for part in parts:
            digest.update(len(part).to_bytes(8) + part)
        return digest.hexdigest()

    def get(self, key: str) -> bytes | None:
        """The answer that was put there, if it is whole."""
        self._used.add(key)
        if self._fresh:
            return None
        try:
            stored = (self._folder / key).read_bytes()
            answer = zlib.decompress(stored[_DIGEST_BYTES:])
        except (OSError, zlib.error):
            return None
        return answer if _digest(answer) == stored[:_DIGEST_BYTES] else None

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(answer) + zlib.compress(answer, 1))
                Path(name).replace(self._folder / key)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise

    def prune(self) -> None:
        """Remove all answers but those asked for since this cache was opened."""
        with suppress(OSError):
            for file in self._folder.iterdir():
                if file.name not in self._used:
                    file.unlink()


def _digest(answer: bytes) -> bytes:
    return blake2b(answer, digest_size=_DIGEST_BYTES).digest()


@cache
def _code() -> bytes:
    """A hash of how files are read."""
    digest = blake2b()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    for parser in _PARSERS:
        with suppress(PackageNotFoundError):
            digest.update(f"{parser} {version(parser)}\n".encode())
    return digest.digest()
