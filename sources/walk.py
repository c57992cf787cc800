"""Walking the folder of a library: which of its files are documents, and why others are not."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from sources.errors import LibraryNotFoundError
from sources.formats import refusal
from sources.illustrations import illustrations

SIDECAR = ".yaml"
QUESTIONS = "questions.jsonl"
"""In the folder of a library: its golden questions, which are no source."""

OnSkip = Callable[[str, str], None]
"""Called with the path of a file in the library and the reason why it was skipped."""

_LEFT_BEHIND = frozenset(("__pycache__", "__macosx", "thumbs.db", "desktop.ini"))
_UNSAFE = ("Cc", "Cs", "Zl", "Zp")


def files_of(library: Path, skip: OnSkip) -> tuple[Path, list[str]]:
    """The folder that paths are relative to, and the documents in it; skips are told."""
    try:
        mode = library.stat().st_mode
    except (OSError, ValueError) as error:
        said = "is not there" if isinstance(error, FileNotFoundError) else "cannot be opened"
        raise LibraryNotFoundError(
            f"the library {os.fspath(library)!r} {said}: name a folder of sources, or a file"
        ) from error
    is_folder = stat.S_ISDIR(mode)
    root = library if is_folder else library.parent
    found = sorted(_walk(library, skip)) if is_folder else [library.name]
    present = set(found)
    files = []
    for path in found:
        if is_folder and path == QUESTIONS:
            continue
        if path.endswith(SIDECAR) and path.removesuffix(SIDECAR) in present:
            continue  # read with its document
        # A person who names one file may name a link
        reason = _refusal(root, path) or (outside(root, path) if is_folder else None)
        if reason:
            skip(printable(path), reason)
        else:
            files.append(path)
    shown = illustrations(root, files) if is_folder else {}
    for path, page in shown.items():
        sidecar = PurePosixPath(path).name + SIDECAR
        skip(path, f"a picture in {page!r}: put {sidecar!r} beside it to have it read")
    return root, [path for path in files if path not in shown]


def _walk(root: Path, skip: OnSkip) -> Iterator[str]:
    """The paths of all files that are not hidden, in no order."""

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename).relative_to(root).as_posix()
        skip(printable(folder), f"the folder cannot be read ({error.strerror}): allow reading it")

    for folder, folders, names in os.walk(root, onerror=unreadable):
        below = PurePosixPath(Path(folder).relative_to(root).as_posix())
        folders[:] = [name for name in folders if not passed_over(name)]
        for name in folders:
            if Path(folder, name).is_symlink():
                reason = "a link to a folder is not followed: copy the folder into the library"
                skip(printable(str(below / name)), reason)
        yield from (str(below / name) for name in names if not passed_over(name))


def passed_over(name: str) -> bool:
    """Whether a file or folder is nobody's document: hidden, or left by a program beside one."""
    return name.startswith((".", "~$")) or name.lower() in _LEFT_BEHIND


def _refusal(root: Path, path: str) -> str | None:
    """Why a file is not even opened."""
    if path != printable(path):
        return "its name is not readable text: rename it"
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == SIDECAR:
        document = PurePosixPath(path).stem
        return f"a sidecar without its document: add {document!r} beside it, or remove it"
    if suffix == ".yml" and (root / path).with_suffix("").is_file():
        return "a sidecar ends in .yaml: rename it"
    return refusal(suffix)


def outside(root: Path, path: str) -> str | None:
    """Why a link is not followed: it leads out of the library, or to nothing."""
    try:
        target = (root / path).resolve(strict=True)
    except (OSError, RuntimeError):
        return "cannot be opened: mend or remove the link" if (root / path).is_symlink() else None
    if target.is_relative_to(root.resolve()):
        return None
    return "a link that leads out of the library: copy the file into it"


def printable(path: str) -> str:
    """The path with control characters and bytes that are not UTF-8 escaped."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _UNSAFE else char
        for char in path
    )
