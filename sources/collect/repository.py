"""The files of a git repository at a commit, as they are kept there: nothing of it is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from shutil import which
from time import monotonic
from urllib.parse import urlsplit

from sources.confined import bare_environment, run_confined
from sources.errors import SnapshotError
from sources.fetch import addresses_of
from sources.walk import passed_over

_SECONDS = 600  # in all
_MOST_BYTES = 1 << 30  # to fetch, and of the files that may be documents
_MEMORY = 4 << 30
_MOST_FILES = 10_000
_TOO_LARGE = "File too large"  # EFBIG, where Python has the signal for it ignored
_FILES = (b"100644", b"100755")  # no links, and no other repositories
_OPTIONS = {
    "protocol.version": "2",  # any commit may be asked for
    "protocol.allow": "never",
    "http.followRedirects": "false",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",  # in one file, whose size is bounded
    "gc.auto": "0",
}


def check_out(
    item: str, commit: str, within: str, scratch: Path, *, allow_private: bool = False
) -> tuple[str, Path]:
    """Write the files of a commit, branch or tag below the folder `within` into the empty folder
    `scratch`; the whole name of the commit, and where they are.

    The repository is a path or an https address. Raises SnapshotError.
    """
    if not commit or commit.startswith("-") or not commit.isprintable() or " " in commit:
        raise SnapshotError(f"{commit!r} names no commit: give its whole hash, a branch or a tag")
    git = _Git(item, scratch, allow_private)
    git.run("init", "--quiet", "--bare", str(git.folder))
    git.fetch(
        "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-gc",
        "--", git.address, commit,
    )  # fmt: skip
    found = git.run("rev-parse", "--verify", "FETCH_HEAD^{commit}").decode().strip()
    files = scratch / "files"
    files.mkdir()
    left = _MOST_BYTES
    for blob, size, path in _listed(git, found, within.strip("/")):
        left -= size
        if left < 0:
            raise SnapshotError(f"{item} holds more than {_MOST_BYTES:,} bytes: name a folder")
        content = git.run("cat-file", "blob", blob)
        try:
            target = files / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:  # a tree may name what no folder can hold
            said = f"{item}: {str(path)[:100]!r} cannot be written ({error.strerror})"
            raise SnapshotError(f"{said}: name a folder with --within") from error
    return found, files


def _listed(git: _Git, commit: str, within: str) -> Iterator[tuple[str, int, PurePosixPath]]:
    """The blob, size and path below `within` of each file that may be a document."""
    tree = f"{commit}:{within}" if within else commit
    lines = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", tree).split(b"\0")[:-1]
    if len(lines) > _MOST_FILES:
        raise SnapshotError(f"{git.item} holds {len(lines):,} files: name a folder with --within")
    for line in lines:
        about, _, name = line.partition(b"\t")
        mode, _, blob, size = about.split()
        path = PurePosixPath(os.fsdecode(name))
        plain = not path.is_absolute() and ".." not in path.parts
        if mode in _FILES and plain and not any(map(passed_over, path.parts)):
            yield blob.decode(), int(size), path


class _Git:
    """Runs git in a new repository, with none of the user's settings, and no way to ask."""

    def __init__(self, item: str, scratch: Path, allow_private: bool) -> None:
        self.item = item
        self.folder = scratch / "repository"
        self._scratch = scratch
        self._until = monotonic() + _SECONDS
        self._program = which("git")
        if self._program is None:
            raise SnapshotError("git is not there: install it, or add the files as a folder")
        options = dict(_OPTIONS)
        if "://" in item:
            try:
                parts = urlsplit(item)
                port = parts.port or 443
            except ValueError:
                parts, port = urlsplit(""), 0
            if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
                raise SnapshotError(f"{item}: name a repository as https://..., or as a folder")
            address = addresses_of(parts.hostname, port, allow_private)[0]
            # What was checked is what is asked, whatever the name means a moment later
            shown = f"[{address}]" if ":" in address else address
            options["http.curloptResolve"] = f"{parts.hostname}:{port}:{shown}"
            options["protocol.https.allow"] = "always"
            self.address = item
        else:
            if not Path(item).is_dir():
                raise SnapshotError(f"{item} is no repository: name its folder, or https://...")
            options["protocol.file.allow"] = "always"
            self.address = f"file://{Path(item).resolve()}"
        self._options = [part for pair in options.items() for part in ("-c", "=".join(pair))]

    @property
    def _left(self) -> float:
        """The seconds that are left."""
        return max(0.0, self._until - monotonic())

    def _environment(self) -> dict[str, str]:
        return bare_environment() | {
            "HOME": str(self._scratch), "LC_ALL": "C",
            "GIT_DIR": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "",
            "GIT_NO_LAZY_FETCH": "1", "GIT_ATTR_NOSYSTEM": "1",
        }  # fmt: skip

    def run(self, *arguments: str) -> bytes:
        """What git writes. Raises SnapshotError."""
        try:
            done = subprocess.run(  # noqa: S603  no shell, and no option comes from the item
                [str(self._program), *self._options, *arguments],
                env=self._environment(), cwd=self._scratch, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=self._left, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._slow() from error
        if done.returncode:
            raise self._failed(done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def fetch(self, *arguments: str) -> None:
        """Have git fetch, within bounds on what comes. Raises SnapshotError."""
        try:
            status, said = run_confined(
                [str(self._program), *self._options, *arguments],
                self._scratch, self._environment(),
                seconds=self._left, memory=_MEMORY, output=_MOST_BYTES, network=True,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._slow() from error
        if status and _TOO_LARGE in said:
            raise SnapshotError(
                f"{self.item} has more than {_MOST_BYTES:,} bytes at that commit: clone it, and "
                "add its folder"
            )
        if status:
            raise self._failed(said)

    def _slow(self) -> SnapshotError:
        return SnapshotError(f"{self.item}: git takes longer than {_SECONDS} s, or does not start")

    def _failed(self, said: str) -> SnapshotError:
        return SnapshotError(f"{self.item}: git says: {' '.join(said.split())[:200]}")
