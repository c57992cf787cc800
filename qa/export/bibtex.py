"""The sources of an answer as BibTeX, to cite."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.english.numbers import MONTHS
from qa.export.cited import citation_key, cited, quotes_of
from qa.plain_text import visible
from qa.result import Answer, Citation
from sources.metadata_fields import check_url

if TYPE_CHECKING:
    from qa.export.source_texts import Texts

# BibTeX counts braces also where they are escaped, so these are spelled out.
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        **{char: f"\\{char}" for char in "$&#%_"},
    }
)


def bibtex(answer: Answer, texts: Texts) -> str:
    """The cited sources as BibTeX, an entry each."""
    used: set[str] = set()
    return "\n".join(_entry(answer, passage, texts, used) for passage in cited(answer))


def _entry(answer: Answer, passage: Citation, texts: Texts, used: set[str]) -> str:
    source = texts.get(passage.source_id)
    year, month, day = _date(passage.published)
    # Double braces: a name is one name, whatever it holds, and a title keeps its capitals.
    fields = {
        "title": f"{{{_latex(passage.title)}}}",
        "author": f"{{{_latex(source.author)}}}" if source and source.author else None,
        "publisher": f"{{{_latex(passage.publisher)}}}" if passage.publisher else None,
        "year": year,
        "month": month,
        "day": day,
        "url": _latex_url(passage.url),
        "urldate": source.accessed if source else None,
        "note": _latex(f"Standing: {passage.standing}"),
        "annote": _latex(quotes_of(answer, passage.source_id)),
    }
    lines = [
        f"  {name} = {value if name == 'month' else f'{{{value}}}'}"
        for name, value in fields.items()
        if value
    ]
    return f"@misc{{{citation_key(passage, used)},\n" + ",\n".join(lines) + "\n}\n"


def _date(published: str | None) -> tuple[str | None, str | None, str | None]:
    """Year, BibTeX month and day of a date that may lack the latter two."""
    year, month, day = (*(published or "").split("-"), "", "", "")[:3]
    name = MONTHS[int(month) - 1][:3].lower() if month else None
    return year or None, name, str(int(day)) if day else None


def _latex(text: str) -> str:
    return visible(text).translate(_LATEX)


def _latex_url(url: str | None) -> str | None:
    """An address as it stands; what would end the field early is percent-encoded."""
    if not url or not check_url(url):
        return None
    return re.sub(r"[{}\\]", lambda match: f"%{ord(match.group()):02X}", url)
