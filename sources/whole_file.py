"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_DEVICES = Path("/dev")


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file beside `path`, then put it in its place, so that nobody ever reads a half of it.

    Text is written in UTF-8, its line ends as they are. `private` is for its owner alone to read.
    Where there is a device or a pipe, as /dev/stdout, that is written to. Raises OSError, and
    `path` is as it was.
    """
    told = content.encode("utf-8") if isinstance(content, str) else content
    # What is no file is not replaced, nor a link to the standard output; a folder refuses by itself
    if path.exists() and (not path.is_file() or path.parent == _DEVICES):
        with path.open("wb", buffering=0) as there:
            while told:
                told = told[there.write(told) :]
        return
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(new, flags, 0o600 if private else 0o666), "wb") as file:
            file.write(told)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
