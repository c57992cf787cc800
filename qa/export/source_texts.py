"""The texts that citations are checked against: those of an index generation or of a library."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from index.errors import IndexDamagedError
from index.file_check import hash_file
from index.generation import Manifest, current_generation, generations_folder
from index.source_table import SourceTable
from sources import Source, load_sources


class Texts(Mapping[str, Source]):
    """Sources by id. Of an index only its table of sources is opened: no vectors, no model."""

    def __init__(
        self,
        read: Mapping[str, Source],
        name: str,
        manifest: Manifest | None = None,
        index: Path | None = None,
    ) -> None:
        self._read = read
        self.name = name
        self.manifest = manifest
        self.index = index

    @classmethod
    def of_library(cls, library: Path) -> Texts:
        """The texts as the files of a folder have them now. Raises SourceError."""
        loaded = {source.id: source for source in load_sources(library, on_skip=lambda *_: None)}
        return cls(loaded, str(library))

    @classmethod
    def of_index(cls, index: Path, generation: str | None = None) -> Texts:
        """The texts of the generation that is served, or of another that is still there.

        Raises IndexNotFoundError, IndexDamagedError.
        """
        folder = current_generation(index)
        if generation is not None and Path(generation).name == generation:
            kept = generations_folder(index) / generation
            folder = kept if (kept / "manifest.json").is_file() else folder
        manifest = Manifest.read(folder)
        name = f"{index}, generation {folder.name}"
        return cls(_Table(folder, manifest), name, manifest, index)

    def __getitem__(self, source_id: str) -> Source:
        return self._read[source_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


class _Table(Mapping[str, Source]):
    """The sources of a generation, each read when it is looked up."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        path = folder / "sources.db"
        if not path.is_file() or hash_file(path) != manifest.files["sources.db"]:
            raise IndexDamagedError(
                f"{path} has changed since it was built; run `refdesk rollback` or "
                f"`refdesk rebuild`"
            )
        table = SourceTable(path)
        weakref.finalize(self, table.close)
        self._rows = {source_id: row for row, source_id in enumerate(manifest.sources)}
        self._lookup = lru_cache(maxsize=64)(table.read)

    def __getitem__(self, source_id: str) -> Source:
        return self._lookup(self._rows[source_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
