"""The sources of an answer as CSL-JSON, to cite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qa.export.cited import citation_key, cited, quotes_of
from qa.plain_text import visible
from qa.result import Answer
from sources.metadata_fields import check_url

if TYPE_CHECKING:
    from qa.export.source_texts import Texts


def csl(answer: Answer, texts: Texts) -> str:
    """The cited sources as CSL-JSON, an item each."""
    used: set[str] = set()
    items = []
    for passage in cited(answer):
        source = texts.get(passage.source_id)
        item = {
            "id": citation_key(passage, used),
            "type": "webpage" if passage.url else "document",
            "title": visible(passage.title),
            "author": [{"literal": visible(source.author)}] if source and source.author else None,
            "publisher": visible(passage.publisher) if passage.publisher else None,
            "issued": _date_parts(passage.published),
            "accessed": _date_parts(source.accessed) if source else None,
            "URL": passage.url if passage.url and check_url(passage.url) else None,
            "language": source.language if source else None,
            "note": f"Standing: {passage.standing}",
            "annote": quotes_of(answer, passage.source_id),
        }
        items.append({name: value for name, value in item.items() if value})
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def _date_parts(published: str | None) -> dict[str, list[list[int]]] | None:
    return {"date-parts": [[int(part) for part in published.split("-")]]} if published else None
