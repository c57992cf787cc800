"""Are there known vulnerabilities in what requirements.lock installs?

    python tests/benchmarks/audit.py [ADVISORIES]

ADVISORIES is an export of advisories in the OSV format, as osv.dev has one for PyPI: a ZIP of JSON
files, or a folder of them; by default build/advisories.zip. Nothing is fetched: where there is no
export, that is said, and nothing is checked. The exit status is 1 where a vulnerability is found.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parent.parent.parent
LOCK = ROOT / "requirements.lock"
ADVISORIES = ROOT / "build" / "advisories.zip"
_PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, set[str]]:
    """The versions of each package that a lock file may install, by normalized name."""
    found: dict[str, set[str]] = {}
    for name, version in _PINNED.findall(lock):
        found.setdefault(_normalized(name), set()).add(version)
    return found


def advisories(export: Path) -> Iterator[dict[str, Any]]:
    """The records of an export that were not withdrawn."""
    if export.is_dir():
        texts = (path.read_bytes() for path in sorted(export.rglob("*.json")))
        yield from (one for one in map(json.loads, texts) if "withdrawn" not in one)
        return
    with zipfile.ZipFile(export) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                record = json.loads(archive.read(name))
                if "withdrawn" not in record:
                    yield record


def findings(packages: dict[str, set[str]], export: Path) -> list[str]:
    """A line for each vulnerability of a version that is pinned."""
    found = []
    for record in advisories(export):
        for affected in record.get("affected", ()):
            package = affected.get("package", {})
            name = _normalized(package.get("name", ""))
            if package.get("ecosystem") != "PyPI":
                continue
            found += [
                f"{name} {version}: {record['id']} {record.get('summary', '')}".strip()
                for version in sorted(packages.get(name, ()))
                if _is_affected(version, affected)
            ]
    return sorted(set(found))


def _is_affected(version: str, affected: dict[str, Any]) -> bool:
    if version in affected.get("versions", ()):
        return True
    kinds = (one for one in affected.get("ranges", ()) if one.get("type") == "ECOSYSTEM")
    return any(_lies_in(version, one.get("events", ())) for one in kinds)


def _lies_in(version: str, events: list[dict[str, str]]) -> bool:
    """Whether a version lies between "introduced" and "fixed", or "last_affected"."""
    ours = Version(version)
    inside = False
    for event in events:
        for kind, at in event.items():
            try:
                border = Version("0") if at == "0" else Version(at)
            except InvalidVersion:
                continue
            if kind == "introduced" and ours >= border:
                inside = True
            elif (kind == "fixed" and ours >= border) or (
                kind == "last_affected" and ours > border
            ):
                inside = False
    return inside


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> int:
    """Check, print, and say whether nothing was found, as an exit status."""
    export = Path(arguments[0]) if arguments else ADVISORIES
    if not export.exists():
        print(f"No advisories at {export}: not checked for known vulnerabilities.")
        return 0
    packages = pinned(LOCK.read_text(encoding="utf-8"))
    found = findings(packages, export)
    print("\n".join(found) or f"No known vulnerability in {len(packages)} packages.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
