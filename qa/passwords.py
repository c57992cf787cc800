"""Who may use the chat: a file of names, hashed passwords and hashed keys.

A line is `name:role:scrypt$salt$hash`, with the role `reader` or `curator`, or, of some libraries
alone, `curator=one,other`; or, for a key of a user, `name:key:label:scope:day:sha256$hash`, with
the scope `ask` or `curate`. "#" begins a comment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from qa.errors import SettingError
from sources.whole_file import write_whole

READER, CURATOR = "reader", "curator"
ASK, CURATE = "ask", "curate"
SHORTEST_PASSWORD = 8

# As OWASP's cheat sheet on password storage has it for scrypt: 16 MiB, about 50 ms.
_N, _R, _P = 2**14, 8, 5
_MOST_REMEMBERED = 256
_NAME = re.compile(r"[\w.@+-]{1,64}", re.ASCII)
_LINE = re.compile(
    r"([^:]+):(reader|curator)(?:=([\w,-]+))?:scrypt\$([\w+/=]+)\$([\w+/=]+)", re.ASCII
)
_KEY = re.compile(r"([^:]+):key:([\w.@+-]{1,64}):(ask|curate):([\d-]{10}):sha256\$([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class User:
    """A person who may use the chat; a curator may also change the library, or, of a server with
    several, those of `libraries`, where it names any."""

    name: str
    role: str
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """What a program of a user logs in with; with the scope `curate` it may do what its user may,
    with `ask` it may only ask. `day` is when it was made."""

    user: str
    label: str
    scope: str
    day: str


class _File(NamedTuple):
    """What a file holds: by name the user, the salt and the hash; by their hash the keys."""

    users: dict[str, tuple[User, bytes, bytes]]
    keys: dict[str, Key]


class Users:
    """The users in a file, which is read again when it changes. Any thread may use it."""

    def __init__(self, file: Path) -> None:
        """Read `file`. Raises SettingError."""
        self._file = file
        self._lock = Lock()
        # A browser sends the password with each request: what was right is not hashed again.
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, User] = OrderedDict()
        self._lines, self._stamp = _read(file), _stamp(file)
        if not self._lines.users:
            raise SettingError(f"{file} names no user; run `refdesk user NAME --auth {file}`")

    @property
    def file(self) -> Path:
        """The file that they are in."""
        return self._file

    def known(self, name: str, password: str) -> User | None:
        """The user, if the password was found to be theirs of late; fast."""
        with self._lock:
            self._reread()
            return self._right.get(self._mark(name, password))

    def check(self, name: str, password: str) -> User | None:
        """The user, if the password is theirs; takes 50 ms."""
        if known := self.known(name, password):
            return known
        mark = self._mark(name, password)
        with self._lock:
            line = self._lines.users.get(name)
        # One who is not there takes as long as one whose password is wrong.
        user, salt, wanted = line or (None, b"nobody", b"")
        if not hmac.compare_digest(_hash(password, salt), wanted) or user is None:
            return None
        with self._lock:
            self._right[mark] = user
            while len(self._right) > _MOST_REMEMBERED:
                self._right.popitem(last=False)
        return user

    def role(self, name: str) -> str | None:
        """The role of a user; None for a stranger."""
        with self._lock:
            self._reread()
            users = self._lines.users
            return users[name][0].role if name in users else None

    def may_curate(self, name: str, library: str = "") -> bool:
        """Whether a user may change a library; without a name it is the only one of a server."""
        with self._lock:
            self._reread()
            user = self._lines.users[name][0] if name in self._lines.users else None
        if user is None or user.role != CURATOR:
            return False
        return not user.libraries or library in user.libraries

    def key(self, secret: str) -> Key | None:
        """The key that `secret` is, if its user is still there."""
        with self._lock:
            self._reread()
            # It is as long as what it is kept as, and chance made it: there is nothing to guess.
            key = self._lines.keys.get(_digest(secret))
            return key if key and key.user in self._lines.users else None

    def version(self, name: str) -> str | None:
        """What is another whenever the password of a user is; None for a stranger."""
        with self._lock:
            self._reread()
            line = self._lines.users.get(name)
        return hashlib.sha256(line[1] + line[2]).hexdigest() if line else None

    def _mark(self, name: str, password: str) -> bytes:
        secret = f"{name}\0{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, secret, "sha256")

    def _reread(self) -> None:
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._right.clear()
            try:
                self._lines, self._stamp = _read(self._file), stamp
            except SettingError:  # a file that is being edited, or is gone, lets nobody in
                self._lines = _File({}, {})


def set_password(
    file: Path, name: str, password: str, role: str = READER, libraries: Sequence[str] = ()
) -> None:
    """Add a user to `file`, or change their password and role; a curator is one of `libraries`, or
    of all. Raises SettingError."""
    if not _NAME.fullmatch(name):
        raise SettingError(f"{name!r} is no name for a user; use letters, digits and . @ + - _")
    if len(password) < SHORTEST_PASSWORD:
        raise SettingError(f"the password is too short; take at least {SHORTEST_PASSWORD} letters")
    salt = secrets.token_bytes(16)
    of = f"={','.join(libraries)}" if libraries else ""
    line = f"{name}:{role}{of}:scrypt${_encode(salt)}${_encode(_hash(password, salt))}"
    _write(file, [*_without(file, rf"{re.escape(name)}:(?!key:)"), line])


def remove_user(file: Path, name: str) -> None:
    """Take a user out of `file`, with their keys. Raises SettingError."""
    _known(file, name)
    _write(file, _without(file, f"{re.escape(name)}:"))


def add_key(file: Path, name: str, label: str, scope: str = ASK) -> str:
    """A new key of a user, which `file` holds the hash of. Raises SettingError."""
    if any(key.label == label for key in keys_of(file, name)):
        raise SettingError(f"{name} has a key {label!r}; revoke it first, or name another")
    if not _NAME.fullmatch(label):
        raise SettingError(f"{label!r} is no name for a key; use letters, digits and . @ + - _")
    secret = f"refdesk-{secrets.token_urlsafe(32)}"
    line = f"{name}:key:{label}:{scope}:{datetime.now(UTC).date()}:sha256${_digest(secret)}"
    _write(file, [*_without(file), line])
    return secret


def keys_of(file: Path, name: str) -> list[Key]:
    """The keys of a user. Raises SettingError."""
    return [key for key in _known(file, name).keys.values() if key.user == name]


def revoke_key(file: Path, name: str, label: str) -> None:
    """End a key of a user. Raises SettingError."""
    found = keys_of(file, name)
    if all(key.label != label for key in found):
        named = ", ".join(key.label for key in found) or "none"
        raise SettingError(f"{name} has no key {label!r}; the keys of {name}: {named}")
    _write(file, _without(file, f"{re.escape(name)}:key:{re.escape(label)}:"))


def _known(file: Path, name: str) -> _File:
    """What `file` holds, which is of this user as well."""
    found = _read(file)
    if name not in found.users:
        raise SettingError(f"{file} names no user {name!r}; look into it")
    return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=_N,
        r=_R,
        p=_P,
        maxmem=64 * 1024 * 1024,
        dklen=32,
    )


def _read(file: Path) -> _File:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"the users in {file} cannot be read; run `refdesk user NAME --auth {file}`"
        ) from error
    found = _File({}, {})
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if key := _KEY.fullmatch(line.strip()):
            found.keys[key[5]] = Key(*key.group(1, 2, 3, 4))
            continue
        parts = _LINE.fullmatch(line.strip())
        try:
            if parts is None:
                raise ValueError
            salt, wanted = (base64.b64decode(part, validate=True) for part in parts.group(4, 5))
        except (ValueError, binascii.Error) as error:
            raise SettingError(
                f"line {number} of {file} is not name:role:scrypt$salt$hash; remove it, and run "
                f"`refdesk user NAME --auth {file}`"
            ) from error
        libraries = tuple(parts[3].split(",")) if parts[3] else ()
        found.users[parts[1]] = (User(parts[1], parts[2], libraries), salt, wanted)
    return found


def _without(file: Path, beginning: str | None = None) -> list[str]:
    """The lines of a file, but for those that begin with a pattern."""
    if not file.exists():
        return []
    _read(file)  # what is not understood is not written over
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if beginning is None or not re.match(beginning, line)]


def _write(file: Path, lines: list[str]) -> None:
    file = file.resolve()  # a link stays, and what it leads to changes
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, "".join(f"{line}\n" for line in lines), private=True)
    except OSError as error:
        raise SettingError(
            f"{file} cannot be written ({error.strerror}); name another file with --auth"
        ) from error


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
