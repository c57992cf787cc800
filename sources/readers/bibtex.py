"""The records of BibTeX, as JSON: what adding the files of a bibliography goes by."""

from __future__ import annotations

import json
import logging

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.middlewares.names import (
    parse_single_name_into_parts,
    split_multiple_persons_names,
)

from sources.readers.extract import Extract
from sources.source import Block

_KEY = 60  # characters of a record that cannot be read

logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what fails is told


def read_bibtex(text: str) -> Extract:
    """JSON of `entries`, each with its `key`, `fields` by name without TeX, and `files` as they are
    written; and the beginnings of those that `failed`."""
    library = parse_string(text)
    files = {}
    for entry in library.entries:
        fields = entry.fields_dict
        files[entry.key] = str(fields["file"].value) if "file" in fields else ""
        for name in ("author", "editor"):
            if name in fields:
                people = split_multiple_persons_names(str(fields[name].value))
                fields[name].value = ", ".join(
                    parse_single_name_into_parts(one, strict=False).merge_first_name_first
                    for one in people
                )
    library = LatexDecodingMiddleware().transform(library)
    entries = [
        {
            "key": entry.key,
            "fields": {name.lower(): str(one.value) for name, one in entry.fields_dict.items()},
            "files": files[entry.key],
        }
        for entry in library.entries
    ]
    failed = [" ".join(str(block.raw).split())[:_KEY] for block in library.failed_blocks]
    found = json.dumps({"entries": entries, "failed": failed})
    return Extract(text=found, blocks=(Block(start=0, end=len(found), kind="code"),))
