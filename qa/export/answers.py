"""An answer as a file: Markdown to read, BibTeX and CSL-JSON to cite, JSON evidence to check.

The evidence holds all that is needed to check the answer when the index is gone: question, answer,
quotes with offsets and surroundings, the hash of each source, and the settings. `refdesk check`
reads it.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import SettingError
from qa.plain_text import escape, visible
from qa.result import Answer, Citation, Passage
from sources.metadata import check_url

if TYPE_CHECKING:
    from index.opened import Index
    from qa.export.source_texts import Texts
    from sources import Source

EVIDENCE = "refdesk-evidence"
SCHEMA = 1
# Characters kept on each side of a quote: they tell it from the same words elsewhere in a source.
CONTEXT = 64

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
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


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which an answer is exported; `write` takes the answer and the texts it cites."""

    label: str
    suffix: str
    media_type: str
    write: Callable[[Answer, Texts], str]


def export_answer(answer: Answer, format: str, *, index: str | Path | Index | None = None) -> str:
    """The text of the file that `answer` is exported to; `format` is a key of `FORMATS`.

    `index` is what the answer was made from, by default the user's; where it has been rebuilt
    since, what it no longer holds of the sources is left out. Raises SettingError, IndexingError.
    """
    from qa.export.source_texts import Texts

    if format not in FORMATS:
        raise SettingError(f"there is no export as {format!r}; name one of {', '.join(FORMATS)}")
    return FORMATS[format].write(answer, Texts.of_index(index_folder(index), answer.generation))


def write_export(path: Path, answer: Answer, *, index: str | Path | Index | None = None) -> None:
    """Write `answer` to a file in the format that its name says. Raises SettingError."""
    text = export_answer(answer, format_of(path), index=index)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise SettingError(
            f"{path} cannot be written ({error.strerror}); name another file with --export"
        ) from error


def format_of(path: Path) -> str:
    """The format that the name of a file says. Raises SettingError."""
    by_length = sorted(FORMATS, key=lambda name: -len(FORMATS[name].suffix))
    for name in by_length:
        if path.name.lower().endswith(FORMATS[name].suffix):
            return name
    suffixes = ", ".join(format.suffix for format in FORMATS.values())
    raise SettingError(f"{path} does not say what to export as; end its name in one of {suffixes}")


def file_name(answer: Answer, format: str) -> str:
    """A name for the exported file, from the question."""
    return _slug(answer.question)[:60].strip("-") + FORMATS[format].suffix


def _evidence(answer: Answer, texts: Texts) -> str:
    from qa.retrieve.calibration import in_force, weights_digest

    fields = answer.to_dict()
    for passage in (*fields["citations"], *fields["nearest"]):
        passage |= _context(passage, texts)
    same = texts.manifest and texts.manifest.generation == answer.generation
    manifest = texts.manifest if same else None
    calibration = in_force(texts.index, manifest) if texts.index and manifest else None
    evidence = {
        "format": EVIDENCE,
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "answer": fields,
        "sources": [_described(passage, texts) for passage in _cited(answer)],
        "settings": {
            "refdesk": refdesk_version(),
            "generation": answer.generation,
            "built": manifest and manifest.created,
            "model": answer.model,
            "embedding_model": manifest and manifest.embedding_model,
            "language": manifest and manifest.language,
            "weights": weights_digest(),
            "calibration": calibration and calibration.created,
        },
    }
    evidence["sha256"] = digest(evidence)
    return json.dumps(evidence, ensure_ascii=False, indent=1) + "\n"


def digest(evidence: dict[str, Any]) -> str:
    """The sha256 of evidence, whatever its layout: of its keys in order, without its own hash."""
    rest = {name: value for name, value in evidence.items() if name != "sha256"}
    return sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _markdown(answer: Answer, texts: Texts) -> str:
    parts = [f"# {escape(answer.question)}"]
    if answer.condensed != answer.question.strip():
        parts.append(f"*Understood as: {escape(answer.condensed)}*")
    if answer.notice:
        parts.append(f"*{escape(answer.notice)}*")
    parts += [answer.text, f"Confidence: {answer.confidence:.2f}"]
    passages: Sequence[Passage] = answer.nearest if answer.abstained else answer.citations
    if passages:
        parts.append("## Nearest passages" if answer.abstained else "## Sources")
    for passage in passages:
        label = f"[{passage.number}]" if isinstance(passage, Citation) else "-"
        about = (passage.publisher, passage.published, passage.standing, _page(passage))
        line = f"{label} **{escape(passage.title)}**"
        line += "".join(f" · {escape(part)}" for part in about if part)
        if passage.url and check_url(passage.url):
            line += f" · <{passage.url}>"
        place = f"{passage.source_id}, characters {passage.start} to {passage.end}"
        parts += [
            line,
            f"> {escape(passage.quote)}",
            f"{escape(place)}; sha256 of the text {passage.sha256}",
        ]
    how = f"written by {answer.model}" if answer.model else "sentences of the sources"
    parts.append(
        escape(
            f"Refdesk {refdesk_version()}, {how}, index generation {answer.generation}, {_today()}"
        )
    )
    return "\n\n".join(parts) + "\n"


def _bibtex(answer: Answer, texts: Texts) -> str:
    used: set[str] = set()
    return "\n".join(_entry(answer, passage, texts, used) for passage in _cited(answer))


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
        "annote": _latex(_quotes(answer, passage.source_id)),
    }
    lines = [
        f"  {name} = {value if name == 'month' else f'{{{value}}}'}"
        for name, value in fields.items()
        if value
    ]
    return f"@misc{{{_key(passage, used)},\n" + ",\n".join(lines) + "\n}\n"


def _csl(answer: Answer, texts: Texts) -> str:
    used: set[str] = set()
    items = []
    for passage in _cited(answer):
        source = texts.get(passage.source_id)
        item = {
            "id": _key(passage, used),
            "type": "webpage" if passage.url else "document",
            "title": visible(passage.title),
            "author": [{"literal": visible(source.author)}] if source and source.author else None,
            "publisher": visible(passage.publisher) if passage.publisher else None,
            "issued": _date_parts(passage.published),
            "accessed": _date_parts(source.accessed) if source else None,
            "URL": passage.url if passage.url and check_url(passage.url) else None,
            "language": source.language if source else None,
            "note": f"Standing: {passage.standing}",
            "annote": _quotes(answer, passage.source_id),
        }
        items.append({name: value for name, value in item.items() if value})
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


FORMATS = {
    "markdown": Format("Markdown", ".md", "text/markdown", _markdown),
    "evidence": Format("JSON evidence", ".json", "application/json", _evidence),
    "bibtex": Format("BibTeX", ".bib", "application/x-bibtex", _bibtex),
    "csl": Format("CSL-JSON", ".csl.json", "application/vnd.citationstyles.csl+json", _csl),
}


def index_folder(index: str | Path | Index | None) -> Path:
    """The folder of an index as callers name it; for None that of the user's."""
    from qa.settings import read_settings

    if index is None:
        return read_settings().index
    return Path(index) if isinstance(index, str | Path) else index.folder


def _cited(answer: Answer) -> list[Citation]:
    """The first citation of each cited source."""
    first: dict[str, Citation] = {}
    for citation in answer.citations:
        first.setdefault(citation.source_id, citation)
    return list(first.values())


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


def _quotes(answer: Answer, source_id: str) -> str:
    return " ".join(
        f"[{one.number}] “{visible(one.quote)}” (characters {one.start} to {one.end}"
        + (f", {_page(one)}" if one.page else "")
        + ")"
        for one in answer.citations
        if one.source_id == source_id
    )


def _page(passage: Passage) -> str | None:
    return f"page {passage.page}" if passage.page else None


def _date(published: str | None) -> tuple[str | None, str | None, str | None]:
    """Year, BibTeX month and day of a date that may lack the latter two."""
    year, month, day = (*(published or "").split("-"), "", "", "")[:3]
    name = _MONTHS[int(month) - 1] if month else None
    return year or None, name, str(int(day)) if day else None


def _date_parts(published: str | None) -> dict[str, list[list[int]]] | None:
    return {"date-parts": [[int(part) for part in published.split("-")]]} if published else None


def _key(passage: Passage, used: set[str]) -> str:
    """A citation key of ASCII letters, digits and hyphens that none before has."""
    year = (passage.published or "")[:4]
    base = key = "-".join(part for part in (_slug(passage.source_id), year) if part)
    count = 1
    while key in used:
        count += 1
        key = f"{base}-{count}"
    used.add(key)
    return key


def _slug(text: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_.lower()).strip("-") or "refdesk"


def _latex(text: str) -> str:
    return visible(text).translate(_LATEX)


def _latex_url(url: str | None) -> str | None:
    """An address as it stands; what would end the field early is percent-encoded."""
    if not url or not check_url(url):
        return None
    return re.sub(r"[{}\\]", lambda match: f"%{ord(match.group()):02X}", url)


def refdesk_version() -> str:
    """The version of Refdesk that runs."""
    try:
        return version("refdesk")
    except PackageNotFoundError:  # run from a clone that was not installed
        return "unknown"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
