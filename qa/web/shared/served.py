"""A library that a server serves: its sources, and where all is that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedLibrary:
    """The `folder` of a library, its index, and the file of the conversations with it; without one
    they end with the process. The `name` is part of its address, and empty where it is served
    alone."""

    folder: Path
    index: Path
    conversations: Path | None = None
    name: str = ""
