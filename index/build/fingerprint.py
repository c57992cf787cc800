"""Whether anything has changed: a hash of all that a library's index is made of."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import sources
from sources import Source
from sources.converter import converter_version
from sources.readers.ocr import ocr_version
from sources.walk import passed_over

# Of a file that is larger than a source may be, the size and the time stand for the content.
_LARGEST = 100 * 1024 * 1024
# They decide what rows there are and which words they have, or how vectors are kept.
_PACKAGES = ("chromadb", "PyStemmer", "sentencex")


def library_fingerprint(library: Path) -> str:
    """Changes with every file in the library, and with the code that makes an index of it.

    Reading every file is cheap beside parsing it, and safe where times are not kept. What cannot
    be read counts by its name.
    """
    root = library if library.is_dir() else library.parent
    files = ((os.fsencode(str(path.relative_to(root))), path) for path in _files(library))
    return _digest([*files, *_code()], ocr_version(), converter_version())


@cache
def code_fingerprint() -> str:
    """Changes with the code that makes an index of sources, ours and that of packages."""
    versions = [f"{name} {version(name)}" for name in _PACKAGES]
    return _digest(_code(), *versions, unicodedata.unidata_version)


def files_fingerprint(root: Path, files: Iterable[Path], *more: str) -> str:
    """Changes with the name below `root` or the content of any of the files, and with `more`."""
    named = ((path.relative_to(root).as_posix().encode(), path) for path in sorted(files))
    return _digest(named, *more)


def source_hash(source: Source) -> str:
    """Changes with the text and with the metadata."""
    fields = [str(getattr(source, name)) for name in sorted(Source.__dataclass_fields__)]
    return blake2b("\0".join(fields).encode(), digest_size=16).hexdigest()


def _digest(files: Iterable[tuple[bytes, Path]], *more: str) -> str:
    digest = blake2b(digest_size=16)
    for name, path in files:
        for part in (name, _content(path)):
            digest.update(len(part).to_bytes(8) + part)
    digest.update("\0".join(more).encode())
    return digest.hexdigest()


def _files(library: Path) -> Iterable[Path]:
    if not library.is_dir():
        return [library, library.with_name(library.name + ".yaml")]
    found: list[Path] = []
    for folder, folders, names in os.walk(library):
        folders[:] = [name for name in folders if not passed_over(name)]
        found += [Path(folder, name) for name in names if not passed_over(name)]
        found += [Path(folder, name) for name in folders if Path(folder, name).is_symlink()]
    return sorted(found)


def _code() -> list[tuple[bytes, Path]]:
    root = Path(__file__).parents[2]
    folders = (Path(sources.__file__).parent, root / "index")
    return [
        (path.relative_to(folder.parent).as_posix().encode(), path)
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
    ]


def _content(path: Path) -> bytes:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return b"not a file"
        if about.st_size > _LARGEST:
            return f"{about.st_size} {about.st_mtime_ns}".encode()
        return blake2b(path.read_bytes()).digest()
    except OSError as error:
        return str(error.errno).encode()
