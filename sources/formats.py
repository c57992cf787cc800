"""Which suffix is which format, and reading the bytes of a file by its format."""

from __future__ import annotations

import shlex
import stat
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sources.errors import UnreadableError
from sources.front_matter import split_front_matter
from sources.readers.extract import Extract
from sources.source import Format

FORMATS: dict[str, Format] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".qmd": "markdown",
    ".rmd": "markdown",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".odt": "odt",
    ".epub": "epub",
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".eml": "email",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".tif": "image",
    ".tiff": "image",
    ".webp": "image",
    ".bmp": "image",
    ".rst": "rst",
    ".ipynb": "notebook",
    ".srt": "subtitles",
    ".vtt": "subtitles",
    ".rtf": "rtf",
    ".org": "org",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".tex": "latex",
    ".wiki": "mediawiki",
    ".mediawiki": "mediawiki",
    **dict.fromkeys((".doc", ".docm", ".dot", ".dotx", ".fodt", ".ott", ".wpd"), "doc"),
    **dict.fromkeys((".ppt", ".pptm", ".pps", ".ppsx", ".odp", ".fodp"), "ppt"),
    **dict.fromkeys((".xls", ".xlsm", ".xlsb", ".ods", ".fods"), "xls"),
}
CONVERTED: dict[Format, Format] = {"doc": "docx", "ppt": "pptx", "xls": "xlsx"}
"""What LibreOffice, where it is installed, makes of formats that have no reader."""
SUFFIXES = " ".join(suffix for suffix, format_ in FORMATS.items() if format_ not in CONVERTED)
"""What a file may be saved as."""
PLAIN: frozenset[Format] = frozenset(("markdown", "text"))
"""The formats whose text is that of the file: no parser of binary data sees them."""

_ARCHIVES = frozenset(
    ".zip .tar .gz .tgz .bz2 .tbz2 .xz .txz .zst .lz4 .7z .rar .jar .cab .iso .dmg".split()
)
_BETTER = {
    ".pages": ".docx", ".key": ".pptx", ".numbers": ".xlsx", ".mobi": ".epub", ".azw3": ".epub",
    ".msg": ".eml", ".mht": ".html", ".mhtml": ".html",
}  # fmt: skip


def refusal(suffix: str) -> str | None:
    """Why a file with this suffix (lower case) is not read; None if it is."""
    if suffix in FORMATS:
        return None
    if suffix == ".bib":
        return "records, not a document: `refdesk add` of this file adds the files that they name"
    if suffix in _ARCHIVES:
        return "an archive: unpack it, and put the documents it holds into the library"
    if suffix in _BETTER:
        return f"unsupported suffix {suffix!r}: open it, and save it as {_BETTER[suffix]}"
    return f"unsupported suffix {suffix!r}: save it as one of {SUFFIXES}"


def read(data: bytes, format_: Format, name: str, *, ocr: bool = False) -> Extract:
    """The text of a file. Raises UnreadableError.

    Parsers load when they are needed. `name` is for what an error says. Pages that show text only
    in an image are told as `scans`, or read if `ocr`.
    """
    if not data.strip():
        raise UnreadableError("empty: write it, or remove it")
    try:
        extract = _read(data, format_, name, ocr)
    except UnreadableError:
        raise
    except MemoryError as error:
        raise UnreadableError("needs more memory than a file may take: split it") from error
    except RecursionError as error:
        raise UnreadableError("its parts are nested too deep: save it as text") from error
    except Exception as error:  # a hostile or broken file may make a parser raise anything
        said = " ".join(f"{type(error).__name__} {error}".split())[:120]
        raise UnreadableError(
            f"cannot be read as {format_} ({said}): open it, and save it again"
        ) from error
    if not extract.blocks and not extract.scans:
        raise UnreadableError("no text in it: write some, or remove it")
    return extract


def _read(data: bytes, format_: Format, name: str, ocr: bool) -> Extract:
    match format_:
        case "markdown":
            from sources.readers.markdown import read_markdown

            front_matter, body = split_front_matter(decode(data, name))
            return replace(read_markdown(body), front_matter=front_matter)
        case "text":
            from sources.readers.text import read_text

            return read_text(decode(data, name))
        case "html":
            from sources.readers.html import read_html

            return read_html(data)
        case "pdf":
            from sources.readers.pdf import read_pdf

            return read_pdf(data, ocr=ocr)
        case "image":
            from sources.readers.image import read_image

            return read_image(data) if ocr else Extract(text="", blocks=(), scans=(0,))
        case "docx":
            from sources.readers.docx import read_docx

            return read_docx(data)
        case "pptx":
            from sources.readers.pptx import read_pptx

            return read_pptx(data)
        case "odt":
            from sources.readers.odt import read_odt

            return read_odt(data)
        case "epub":
            from sources.readers.epub import read_epub

            return read_epub(data)
        case "csv":
            from sources.readers.csv import read_csv

            return read_csv(decode(data, name))
        case "xlsx":
            from sources.readers.xlsx import read_xlsx

            return read_xlsx(data)
        case "json":
            from sources.readers.json import read_json

            lines = not name.lower().endswith(".json")
            return read_json(decode(data, name), lines=lines)
        case "email":
            from sources.readers.email import read_email

            return read_email(data)
        case "rst":
            from sources.readers.rst import read_rst

            return read_rst(decode(data, name))
        case "notebook":
            from sources.readers.notebook import read_notebook

            return read_notebook(decode(data, name))
        case "subtitles":
            from sources.readers.subtitles import read_subtitles

            return read_subtitles(decode(data, name))
        case "rtf":
            from sources.readers.rtf import read_rtf

            return read_rtf(data)
        case "org":
            from sources.readers.org import read_org

            return read_org(decode(data, name))
        case "asciidoc":
            from sources.readers.asciidoc import read_asciidoc

            return read_asciidoc(decode(data, name))
        case "latex":
            from sources.readers.latex import read_latex

            return read_latex(decode(data, name))
        case "mediawiki":
            from sources.readers.mediawiki import read_mediawiki

            return read_mediawiki(decode(data, name))
        case "doc" | "ppt" | "xls":
            raise UnreadableError(f"has to be made into {CONVERTED[format_]} before it is read")
        case "bibtex":
            from sources.readers.bibtex import read_bibtex

            return read_bibtex(decode(data, name))
        case "links":
            from sources.readers.links import read_links

            return read_links(data)


def decode(data: bytes, name: str) -> str:
    """UTF-8 text, exactly, but for a leading byte order mark."""
    convert = f"-t UTF-8 {shlex.quote(name)} > utf8{PurePosixPath(name).suffix}`"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(f"UTF-16, not UTF-8: convert it, as `iconv -f UTF-16 {convert}")
    if (at := data.find(0)) >= 0:
        raise UnreadableError(f"binary (a NUL byte at byte {at}): save it as text, or remove it")
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        raise UnreadableError(
            f"not UTF-8 (0x{byte:02x} at byte {error.start}): "
            f"convert it, as `iconv -f WINDOWS-1252 {convert}"
        ) from error


def read_file(file: Path, limit: int) -> bytes:
    """The bytes of an ordinary file, of at most `limit`. Raises UnreadableError."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise UnreadableError("not an ordinary file: remove it")
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror}): allow reading it") from error
    if len(data) > limit:
        raise UnreadableError(f"larger than {limit:,} bytes: split it")
    return data
