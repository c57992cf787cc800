"""An answer as JSON evidence, to check when the index is gone.

It holds question, answer, quotes with offsets and surroundings, the hash of each source, and the
settings. `refdesk check` reads it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from qa.export.cited import cited
from qa.result import Answer, Citation, Passage
from qa.version import refdesk_version

if TYPE_CHECKING:
    from qa.export.source_texts import Texts
    from sources import Source

EVIDENCE = "refdesk-evidence"
SCHEMA = 1
# Characters kept on each side of a quote: they tell it from the same words elsewhere in a source.
CONTEXT = 64


def evidence(answer: Answer, texts: Texts) -> str:
    """All that is needed to check the answer, as JSON that `refdesk check` reads."""
    from qa.retrieve.calibration import in_force, weights_digest

    fields = answer.to_dict()
    del fields["left_out"]  # it is no part of the answer
    beside = [one for part in fields["related"] for one in part["citations"]]
    for passage in (*fields["citations"], *beside, *fields["nearest"]):
        passage |= _context(passage, texts)
    same = texts.manifest and texts.manifest.generation == answer.generation
    manifest = texts.manifest if same else None
    calibration = in_force(texts.index, manifest) if texts.index and manifest else None
    found = {
        "format": EVIDENCE,
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "answer": fields,
        "sources": [_described(passage, texts) for passage in cited(answer)],
        "settings": {
            "refdesk": refdesk_version(),
            "generation": answer.generation,
            "built": manifest and manifest.created,
            "model": answer.model,
            "embedding_model": manifest and manifest.embedding_model,
            "language": manifest and manifest.language,
            "weights": weights_digest(read=False),
            "calibration": calibration and calibration.created,
        },
    }
    found["sha256"] = digest(found)
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def digest(evidence: dict[str, Any]) -> str:
    """The sha256 of evidence, whatever its layout: of its keys in order, without its own hash."""
    rest = {name: value for name, value in evidence.items() if name != "sha256"}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _unchanged(passage: Passage, texts: Texts) -> Source | None:
    """The source of a passage, where its text is still what was cited."""
    source = texts.get(passage.source_id)
    return source if source and source.sha256 == passage.sha256 else None


def _context(passage: dict[str, Any], texts: Texts) -> dict[str, str | None]:
    """What stands around a quote; None where the text has changed since."""
    source = texts.get(passage["source_id"])
    if source is None or source.sha256 != passage["sha256"]:
        return {"prefix": None, "suffix": None}
    start, end = passage["start"], passage["end"]
    return {
        "prefix": source.text[max(0, start - CONTEXT) : start],
        "suffix": source.text[end : end + CONTEXT],
    }


def _described(passage: Citation, texts: Texts) -> dict[str, Any]:
    """What is known of a cited source; all but the text, of which the hash is kept."""
    known = {
        name: getattr(passage, name)
        for name in ("title", "url", "publisher", "published", "standing", "sha256")
    }
    source = _unchanged(passage, texts)
    if source:
        for name in ("path", "format", "author", "accessed", "license", "language"):
            known[name] = getattr(source, name)
        known["topics"] = list(source.topics)
        known["references"] = [asdict(reference) for reference in source.references]
        known["characters"] = len(source.text)
    return {"id": passage.source_id} | known
