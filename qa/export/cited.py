"""What an answer quotes, source by source, and how each is called in an export."""

from __future__ import annotations

import re
import unicodedata

from qa.plain_text import visible
from qa.result import Answer, Citation, Passage


def cited(answer: Answer) -> list[Citation]:
    """The first citation of each source that is quoted, in the answer or as related."""
    first: dict[str, Citation] = {}
    for citation in answer.quoted:
        first.setdefault(citation.source_id, citation)
    return list(first.values())


def quotes_of(answer: Answer, source_id: str) -> str:
    """What an answer quotes of one source, each with its number and place, as one line.

    Where it is no answer but something related, that is said.
    """
    said = "Related, not an answer: " if answer.outcome == "related" else ""
    return said + " ".join(
        f"[{one.number}] “{visible(one.quote)}” (characters {one.start} to {one.end}"
        + "".join(f", {told}" for told in (page_of(one), one.ocr_told) if told)
        + ")"
        for one in answer.quoted
        if one.source_id == source_id
    )


def page_of(passage: Passage) -> str | None:
    """The page of a passage in words, where it has one."""
    return f"page {passage.page}" if passage.page else None


def citation_key(passage: Passage, used: set[str]) -> str:
    """A citation key of ASCII letters, digits and hyphens that none before has."""
    year = (passage.published or "")[:4]
    base = key = "-".join(part for part in (slug(passage.source_id), year) if part)
    count = 1
    while key in used:
        count += 1
        key = f"{base}-{count}"
    used.add(key)
    return key


def slug(text: str) -> str:
    """`text` as lower-case ASCII letters, digits and hyphens; never empty."""
    ascii_ = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_.lower()).strip("-") or "refdesk"
