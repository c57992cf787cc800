"""Changing the files of a library: metadata, adding, removing and taking that back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from qa.errors import SettingError
from qa.templates import is_web_address, shortened
from qa.web.library.yaml_edit import amended
from sources import Source, load_sources
from sources.front_matter import as_yaml, split_front_matter
from sources.metadata import parse_metadata
from sources.snapshot import add_source
from sources.walk import QUESTIONS, SIDECAR, outside
from sources.whole_file import write_whole

# What the form of the page edits, in its order.
FIELDS = (
    "title", "publisher", "author", "published", "accessed", "url", "license", "standing",
    "topics", "language",
)  # fmt: skip
# What is removed is kept here, where nothing is read; names with a dot in front are not sources.
TRASH = ".removed"


class Curator:
    """The folder of a library that may be changed.

    `folder` is the library; where it is `starter`, which comes with the program, the first change
    is made in a copy of it, in the folder `own`.
    """

    def __init__(
        self, folder: Path, *, starter: Path | None = None, own: Path | None = None
    ) -> None:
        self._folder = folder
        self._starter = starter
        self._own = own
        self._added: dict[str, Source] = {}

    @property
    def folder(self) -> Path:
        """Where the sources are."""
        return self._folder.parent if self._folder.is_file() else self._folder

    @property
    def will_copy(self) -> Path | None:
        """Where the first change copies the library to; None where it is changed in its place."""
        if self._own and self._starter and self._folder.resolve() == self._starter.resolve():
            return self._own
        return None

    def edit(self, source: Source, values: Mapping[str, Any]) -> list[str]:
        """Write the metadata of a source; what does not hold up, in which case nothing is written.

        Raises SettingError.
        """
        file = self._file(source)
        told = {
            name: value
            for name in FIELDS
            # What is not changed may be read off the text, as its language is, and is not written.
            if (value := _plain(name, values.get(name))) != _plain(name, getattr(source, name))
        }
        text = ""
        if source.format == "markdown":
            text = _text(file)
            front, body = split_front_matter(text)
            target, rest = file, body
        else:
            target = file.with_name(file.name + SIDECAR)
            self._check_inside(target.relative_to(self.folder.resolve()).as_posix())
            front, rest = (_text(target) if target.is_file() else None), None
        try:
            written = amended(as_yaml(front or ""), told)
        except yaml.YAMLError as error:
            raise SettingError(
                f"the metadata of {source.path} is broken; mend the file first"
            ) from error
        problems = [each for each in parse_metadata(written)[1] if not each.unknown]
        if problems:
            return [problem.text for problem in problems]
        if rest is None:
            _write(target, written)
        elif front is None or front != as_yaml(front):  # TOML or JSON becomes YAML
            _write(target, f"---\n{written}---\n{rest}")
        else:  # the lines around the metadata stay as they are
            _write(target, text.replace(front, written, 1))
        if source.id in self._added:
            [read] = load_sources(file)
            self._added[source.id] = replace(read, id=source.id, path=source.path)
        return []

    def add(self, uploaded: Path, metadata: Mapping[str, Any] | None = None) -> Source:
        """Put a copy of a file into the library. Raises SourceError."""
        return self._add(str(uploaded), metadata)

    def fetch(self, url: str) -> Source:
        """Put a copy of what is at a public web address into the library. Raises SourceError,
        SettingError."""
        if not is_web_address(url):  # least of all a path of the server
            raise SettingError(
                f"{shortened(url, 80)!r} is no web address; give one as https://example.org/page"
            )
        return self._add(url)

    def fresh(self, served: Iterable[Source]) -> list[Source]:
        """What was added, is still there and is not `served` yet, the newest first."""
        known = {source.id for source in served}
        return [
            source
            for source in reversed(self._added.values())
            if source.id not in known and (self.folder / source.path).is_file()
        ]

    def _add(self, item: str, metadata: Mapping[str, Any] | None = None) -> Source:
        self._make_own()
        added = add_source(item, self.folder, metadata)
        self._added.pop(added.id, None)
        self._added[added.id] = added
        return added

    def remove(self, source: Source) -> str:
        """Take a source out of the library; a name to take it back by. Raises SettingError."""
        file = self._file(source)
        self._check_inside(TRASH)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        place = self.folder / TRASH / stamp / source.path
        try:
            place.parent.mkdir(parents=True)
            sidecar = file.with_name(file.name + SIDECAR)
            if sidecar.is_file():
                sidecar.replace(place.with_name(place.name + SIDECAR))
            file.replace(place)
        except OSError as error:
            raise SettingError(
                f"{source.path} cannot be removed ({error.strerror}); allow writing to the library"
            ) from error
        return stamp

    def restore(self, stamp: str) -> list[str]:
        """Put back what `remove` took; the paths. Raises SettingError."""
        kept = self.folder / TRASH / stamp
        if not stamp.isalnum():  # it is part of a path
            raise SettingError("there is nothing to put back")
        self._check_inside(f"{TRASH}/{stamp}")
        files = sorted(path for path in kept.rglob("*") if path.is_file()) if kept.is_dir() else []
        if not files:
            raise SettingError("there is nothing to put back; look into the folder .removed")
        targets = [self.folder / file.relative_to(kept) for file in files]
        if any(target.exists() for target in targets):
            raise SettingError("a file of that name is there again; rename it, then undo")
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
        shutil.rmtree(kept, ignore_errors=True)
        return [target.relative_to(self.folder).as_posix() for target in targets]

    def _file(self, source: Source) -> Path:
        """The file of a source, in a library that may be changed. Raises SettingError."""
        self._make_own()
        file = (self.folder / source.path).resolve()
        if not file.is_relative_to(self.folder.resolve()) or not file.is_file():
            raise SettingError(f"{source.path} is not in the library any more; rebuild the index")
        return file

    def _check_inside(self, path: str) -> None:
        """Raises SettingError where a path of the library is a link that leads out of it."""
        if reason := outside(self.folder, path):
            raise SettingError(f"{path}: {reason}")

    def _make_own(self) -> None:
        copy = self.will_copy
        if copy is None:
            return
        if not copy.exists():
            shutil.copytree(self._folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
            questions = self._folder.parent / QUESTIONS
            if questions.is_file():
                shutil.copy(questions, copy / QUESTIONS)
        self._folder = copy


def _plain(name: str, value: Any) -> Any:
    """A value of the form as YAML has it."""
    if name == "topics":
        parts = value.split(",") if isinstance(value, str) else value or []
        return [" ".join(str(part).split()) for part in parts if str(part).strip()]
    return " ".join(str(value or "").split())


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")  # bytes: its line ends stay as they are
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{file.name} cannot be read; mend the file first") from error


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        raise SettingError(
            f"{file.name} cannot be written ({error.strerror}); allow writing to the library"
        ) from error
