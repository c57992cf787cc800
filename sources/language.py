"""The language of a source that states none, by a model that is part of a package."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

_SAMPLE_CHARS = 4000
_LEAST_LETTERS = 12
_LEAST_SURE = 0.6
# Those that the model knows and that many documents are written in; the others are mostly guessed
# for short texts of these.
_LANGUAGES = (
    "ar bg bn ca cs da de el en es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka ko lt lv mk "
    "ms nl no pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh"
).split()
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset("the of and to in is a that for it with on as are be by was from you".split())
_SURELY_ENGLISH = frozenset("the of and".split())
_ENGLISH_SHARE = 0.15


def detect_language(text: str) -> str | None:
    """The ISO 639 code of the language that text is written in; None where that is not sure.

    The little words of English decide it without the model, which takes a second to load.
    """
    sample = text[:_SAMPLE_CHARS]
    words = [word.lower() for word in _WORD.findall(sample)]
    little = [word for word in words if word in _ENGLISH]
    if len(little) > _ENGLISH_SHARE * len(words) and _SURELY_ENGLISH & {*little}:
        return "en"
    if sum(map(len, words)) < _LEAST_LETTERS:
        return None
    language, sure = _identifier().classify(sample)
    return str(language) if sure >= _LEAST_SURE else None


@cache
def _identifier() -> Any:
    import py3langid
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    path = Path(py3langid.__file__).parent / MODEL_FILE
    identifier = LanguageIdentifier.from_modelpath(path, norm_probs=True)
    identifier.set_languages(_LANGUAGES)
    return identifier
