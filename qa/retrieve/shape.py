"""The shape that an answer takes by what the question asks: English only, others are facts."""

from __future__ import annotations

import re
from typing import Literal

from qa.retrieve.asked import asks_for_list

Shape = Literal["overview", "timeline", "compare", "why", "howto", "list", "definition", "fact"]

_SHAPES: tuple[tuple[Shape, str], ...] = (
    (
        "overview",
        r"^\W*(?:please\s+|can you\s+|could you\s+)*(?:summari[sz]e|tell me (?:more )?about|outline"
        r"|describe|explain|give me (?:an? )?(?:overview|summary|idea))\b|\bin a nutshell\b"
        r"|\bin (?:short|brief|general|plain (?:words|english|terms))\b|\bbriefly\b|\bbroadly\b"
        r"|\boverview\b|\bsummar(?:y|i[sz]e)\b|\btl;?dr\b|\bthe gist\b|\bmain points\b"
        r"|\b(?:short|quick) version\b|\bbig picture\b|\bat a glance\b|\bthe deal with\b"
        r"|\bwhat(?:'s|s| is| are)\b.*\b(?:all )?about\b",
    ),
    (
        "timeline",
        r"^\W*what(?:'s| has| have| had)? (?:changed|happened|followed)"
        r" (?:since|after|before|between|from)\b"
        r"|\btime ?line\b|\bhistory of\b|\bin order\b|\bchronolog|\bover (?:the years|time)",
    ),
    (
        "compare",
        r"\bdiffer(?:s|ence|ences|ent)?\b|\bvs\b|\bversus\b|\bcompared?\b|\bcontrast\b"
        r"|\bsimilarit|\bbetter than\b|\brather than\b",
    ),
    ("why", r"\bwhy\b|\bhow come\b|\breasons?\b|\bwhat(?:'s| is) the point\b|\bwhat for\b"),
    (
        "howto",
        r"\bhow (?:do|can|could|should|would|must) (?:i|we|you|one|people|someone)\b|\bhow to\b"
        r"|\bsteps\b|\bhow is .* done\b|\bway to\b",
    ),
    (
        "list",
        r"\b(?:kinds|types|sorts|examples|ways|options|symptoms|parts|benefits) (?:of|to|for|does)?"
        r"|\bwhat all\b|\bname (?:all|the|some)\b|\blist\b|\bwhat are\b",
    ),
    (
        "definition",
        r"\bmeans?\b|\bdefin|\bmeaning\b|^\W*what(?:'s|s| is| are) (?:an? )?[\w'’ -]+\?*$",
    ),
)
_PATTERNS = tuple((shape, re.compile(pattern, re.IGNORECASE)) for shape, pattern in _SHAPES)


def asked_shape(question: str) -> Shape:
    """The shape of what `question` asks for; a fact where nothing tells."""
    for shape, pattern in _PATTERNS:
        if pattern.search(question):
            return shape
    return "list" if asks_for_list(question) else "fact"
