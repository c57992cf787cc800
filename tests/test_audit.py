"""The lock file is whole and names no place; the check for vulnerabilities finds what it must."""

import json
import re
import tomllib
import zipfile

import pytest
from benchmarks.audit import LOCK, ROOT, findings, main, pinned
from packaging.requirements import Requirement

OURS = {
    "id": "OSV-1",
    "summary": "Reads too far",
    "affected": [{
        "package": {"ecosystem": "PyPI", "name": "Some_Package"},
        "ranges": [{"type": "ECOSYSTEM", "events": [
            {"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"last_affected": "2.3"},
        ]}],
        "versions": ["3.1rc1"],
    }],
}  # fmt: skip


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("OSV-1.json", json.dumps(OURS))
        archive.writestr("OSV-2.json", json.dumps(OURS | {"id": "OSV-2", "withdrawn": "2025"}))
        other = OURS | {"id": "OSV-3"}
        other["affected"] = [OURS["affected"][0] | {"package": {"ecosystem": "npm", "name": "x"}}]
        archive.writestr("OSV-3.json", json.dumps(other))
    return path


@pytest.mark.parametrize(
    ("version", "affected"),
    [("1.1.9", True), ("1.2", False), ("2.0", True), ("2.3", True), ("2.3.1", False),
     ("3.1rc1", True), ("3.1", False)],
)  # fmt: skip
def test_a_pinned_version_that_is_affected_is_found(export, version, affected):
    found = findings(pinned(f"some-package=={version} \\\n    --hash=sha256:00\n"), export)
    assert found == ([f"some-package {version}: OSV-1 Reads too far"] if affected else [])


def test_a_folder_is_read_too_and_without_advisories_that_is_said(export, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    zipfile.ZipFile(export).extractall(tmp_path / "out")
    assert findings({"some-package": {"1.0"}}, tmp_path / "out")
    assert main([str(tmp_path / "nowhere.zip")]) == 0
    assert "not checked for known vulnerabilities" in capsys.readouterr().out
    assert main([str(export)]) == 0
    assert "No known vulnerability" in capsys.readouterr().out


def test_the_lock_pins_all_that_is_depended_on_with_hashes_and_names_no_place():
    lock = LOCK.read_text(encoding="utf-8")
    packages = pinned(lock)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    for wanted in map(Requirement, sum(extras, project["dependencies"])):
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        assert all(wanted.specifier.contains(version) for version in packages[name]), wanted
    for entry in re.split(r"\n(?=\w)", lock.split("\n\n", 1)[-1]):
        assert "--hash=sha256:" in entry, entry
    assert not re.search(r"://|^\s*-(?!-hash=)|^/| @ |file:", lock, re.MULTILINE)


def test_the_constraints_are_the_versions_of_the_lock():
    def lines(path):
        return [
            line.rstrip(" \\")
            for line in path.read_text(encoding="utf-8").splitlines()
            if line and line[0] not in " #"
        ]

    assert lines(ROOT / "constraints.txt") == lines(LOCK)
