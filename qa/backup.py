"""Index, conversations, users and settings in one archive that is checked; and back from it.

The archive is a ZIP of files and of `backup.json`, which has the size and SHA-256 of each. The
library itself is not in it: the index holds the text of its sources.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from index.build.lock import writing
from index.build.verify import verify_apart
from index.generation import POINTER, Manifest, current_generation, generations_folder
from qa.errors import SettingError
from qa.passwords import Users
from qa.version import refdesk_version

_FORMAT, _SCHEMA = "refdesk-backup", 1
_SUMS = "backup.json"
_MOST_SUMS = 20_000_000
_BESIDE = ("calibration.json", "audit.jsonl")
_GAPS, _CONVERSATIONS, _USERS = "index/gaps.db", "conversations.db", "users.txt"
_NAME = re.compile(r"(?!.*\.\.)(index/[\w./-]+|conversations\.db|users\.txt)", re.ASCII)
# Of when and where files were: another place has its own.
_LEFT_OUT = frozenset(("checked.json",))
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where what is backed up stands, or is restored to; None for what is left out."""

    index: Path
    conversations: Path | None = None
    users: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What an archive holds: names with bytes and SHA-256; the settings as they were."""

    created: str
    generation: str
    members: Mapping[str, tuple[int, str]]
    settings: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes of all that is in it."""
        return sum(size for size, _ in self.members.values())


def back_up(file: Path, places: Places, settings: Mapping[str, str]) -> Backup:
    """Write an archive, read it again and check it; then it takes the place of what `file` was.

    Raises SettingError, IndexingError.
    """
    folder = current_generation(places.index)
    manifest = Manifest.read(folder)
    if manifest.store:
        raise SettingError(
            f"the vectors of this index are on {manifest.store}, which has backups of its own; or "
            f"rebuild with REFDESK_STORE=files first"
        )
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}.new")
    members: dict[str, tuple[int, str]] = {}
    try:
        opened = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as written:
            with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for name, source in _files(places, folder):
                    with source.open("rb") as read, _member(archive, name) as into:
                        members[name] = _copied(read, into)
                told = {
                    "format": _FORMAT,
                    "schema": _SCHEMA,
                    "refdesk": refdesk_version(),
                    "created": datetime.now(UTC).isoformat(timespec="seconds"),
                    "generation": folder.name,
                    "members": members,
                    "settings": dict(settings),
                }
                archive.writestr(_SUMS, json.dumps(told, indent=1))
            written.flush()
            os.fsync(written.fileno())
        with _opened(new) as (archive, backup):
            for name in backup.members:
                _checked(archive, name, backup, None)
        new.replace(file)
        return backup
    except (OSError, sqlite3.Error) as error:
        raise SettingError(
            f"no backup was written to {file} ({error}); make room, or name another file"
        ) from error
    finally:
        new.unlink(missing_ok=True)


def restore(file: Path, places: Places) -> tuple[Backup, list[Path]]:
    """Put back what an archive holds; what it was, and where that which stood there is now.

    All is unpacked beside its place and verified before anything there is touched; where putting
    it in place breaks off, what stood there is put back. Raises SettingError, IndexingError.
    """
    aside = f".before-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    with _opened(file) as (archive, backup), _room(places, backup) as room:
        for name in backup.members:
            _checked(archive, name, backup, room)
        (room / "index" / POINTER).write_text(f"{backup.generation}\n", encoding="ascii")
        verify_apart(generations_folder(room / "index") / backup.generation)
        for database in (room / _GAPS, room / _CONVERSATIONS):
            _sound(database)
        if (room / _USERS).is_file():
            Users(room / _USERS)
        moves = [(room / "index", places.index)]
        for name, target in ((_CONVERSATIONS, places.conversations), (_USERS, places.users)):
            if target is not None and (room / name).is_file():
                moves.append((_beside(room / name, target), target))
        if places.index.is_dir():
            with writing(places.index):  # nobody else is at it
                pass
        return backup, _swapped(moves, aside)


def _files(places: Places, generation: Path) -> Iterator[tuple[str, Path]]:
    """The name in the archive, and the file, of all there is; databases as they are now."""
    for path in sorted(generation.rglob("*")):
        if path.is_file() and path.name not in _LEFT_OUT:
            inner = path.relative_to(generation).as_posix()
            yield f"index/generations/{generation.name}/{inner}", path
    for name in _BESIDE:
        if (places.index / name).is_file():
            yield f"index/{name}", places.index / name
    with tempfile.TemporaryDirectory() as folder:
        found = ((_GAPS, places.index / "gaps.db"), (_CONVERSATIONS, places.conversations))
        for name, database in found:
            if database is not None and database.is_file():
                copy = Path(folder) / database.name
                read_only = f"{database.absolute().as_uri()}?mode=ro"
                with (
                    closing(sqlite3.connect(read_only, uri=True)) as one,
                    closing(sqlite3.connect(copy)) as other,
                ):
                    one.backup(other)
                yield name, copy
    if places.users is not None:
        Users(places.users)  # what is none of users is better known now
        yield _USERS, places.users


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Backup]]:
    """An archive, and what it says it holds. Raises SettingError."""
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_SUMS).file_size > _MOST_SUMS:
                raise ValueError("too long a list")
            told = json.loads(archive.read(_SUMS))
            if (told["format"], told["schema"]) != (_FORMAT, _SCHEMA):
                raise ValueError("another kind of archive")
            backup = Backup(
                created=str(told["created"]),
                generation=str(told["generation"]),
                members={name: (int(of[0]), str(of[1])) for name, of in told["members"].items()},
                settings={str(name): str(value) for name, value in told["settings"].items()},
            )
            held = [one.filename for one in archive.infolist()]
            if sorted(held) != sorted([*backup.members, _SUMS]):
                raise ValueError("files that are not listed, or lacking")
            if not re.fullmatch(r"[\w-]+", backup.generation, re.ASCII):
                raise ValueError("no name of a generation")
            if not all(map(_NAME.fullmatch, backup.members)):
                raise ValueError("a name that no backup has")
            yield archive, backup
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingError(
            f"{file} is no whole backup ({why}); name what `refdesk backup` wrote"
        ) from error


def _checked(archive: zipfile.ZipFile, name: str, backup: Backup, room: Path | None) -> None:
    """Read a file of an archive, into `room` if there is one. Raises ValueError."""
    size, digest = backup.members[name]
    if archive.getinfo(name).file_size != size:
        raise ValueError(f"{name} has another length")
    target = Path(os.devnull)
    if room is not None:
        target = room / name
        target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as read, target.open("wb") as into:
        if _copied(read, into) != (size, digest):
            raise ValueError(f"{name} has changed")


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    return archive.open(zipfile.ZipInfo(name), "w", force_zip64=True)


def _copied(read: IO[bytes], into: IO[bytes]) -> tuple[int, str]:
    """Copy a file; its bytes and their SHA-256."""
    size, digest = 0, sha256()
    while block := read.read(_BLOCK):
        size += len(block)
        digest.update(block)
        into.write(block)
    return size, digest.hexdigest()


@contextmanager
def _room(places: Places, backup: Backup) -> Iterator[Path]:
    """A folder of our own beside the index, with room for all."""
    parent = places.index.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(parent).free < backup.size:
        raise SettingError(f"there is no room in {parent} for {backup.size:,} bytes; make some")
    room = Path(tempfile.mkdtemp(prefix=f".{places.index.name}-restore-", dir=parent))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _sound(database: Path) -> None:
    """Raises ValueError where a database is damaged."""
    if database.is_file():
        with closing(sqlite3.connect(database)) as opened:
            try:
                [[said]] = opened.execute("PRAGMA integrity_check(1)").fetchall()
            except sqlite3.Error as error:
                said = str(error)
        if said != "ok":
            raise ValueError(f"{database.name} is damaged: {said}")


def _beside(file: Path, target: Path) -> Path:
    """A copy of a file in the folder of its target, where a rename is enough."""
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    copy = target.with_name(f".{target.name}.{secrets.token_hex(8)}.new")
    shutil.copyfile(file, copy)
    copy.chmod(0o600)
    return copy


def _swapped(moves: list[tuple[Path, Path]], aside: str) -> list[Path]:
    """Put each in its place; where the old ones are now. What breaks off is undone."""
    done: list[tuple[Path, Path]] = []
    try:
        for new, target in moves:
            # A database that was not closed has two files beside it, which are of it alone.
            for end in ("", "-wal", "-shm"):
                old = target.with_name(target.name + end)
                if old.exists():
                    kept = old.with_name(target.name + aside + end)
                    old.rename(kept)
                    done.append((kept, old))
            new.rename(target)
            done.append((target, new))
    except OSError as error:
        for now, before in reversed(done):
            now.rename(before)
        raise SettingError(
            f"nothing was restored ({error.strerror}); allow writing to {moves[0][1].parent}"
        ) from error
    finally:
        for new, _ in moves[1:]:
            new.unlink(missing_ok=True)
    return [kept for kept, old in done if kept.name.startswith(old.name + aside)]
