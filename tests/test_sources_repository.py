"""Adding the files of a git repository at a commit, of which nothing is run or asked."""

import os
import shutil
import subprocess

import pytest

from sources import SnapshotError, load_sources
from sources.collect import Left, add_collection, refresh

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path):
    """A repository of two commits, with a link, a hook and a file that is too hidden to be read."""
    folder = tmp_path / "handbook"
    (folder / "docs").mkdir(parents=True)

    def git(*arguments):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        done = subprocess.run(["git", *who, *arguments], cwd=folder, env=env, check=True,
                              capture_output=True, text=True)  # fmt: skip
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    (folder / "docs" / "lock.md").write_text("---\nauthor: Ada Lund\n---\nBuilt in 1911.")
    (folder / "docs" / "away.txt").symlink_to("/etc/passwd")
    (folder / "docs" / ".secret.md").write_text("Secret.")
    (folder / "other.txt").write_text("The weir is old.")
    git("add", ".")
    git("commit", "-qm", "one")
    first = git("rev-parse", "HEAD")
    (folder / "docs" / "lock.md").write_text("Built in 1912.")
    git("commit", "-qam", "two")
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    return folder, first


def add(item, library, commit, **options):
    outcomes = list(add_collection(str(item), library, commit=commit, **options))
    left = [one for one in outcomes if isinstance(one, Left)]
    return [one.id for one in outcomes if not isinstance(one, Left)], left


def test_the_files_of_a_commit_are_added_with_its_hash(repository, tmp_path):
    folder, first = repository
    library = tmp_path / "library"
    assert add(folder, library, first, within="docs") == (["handbook/lock"], [])
    (source,) = load_sources(library)
    assert "1911" in source.text and source.author == "Ada Lund"
    extra = dict(source.extra)
    assert extra["commit"] == first and len(extra["sha256"]) == 64 and source.accessed
    assert add(folder, library, "main", name="new")[0] == ["new/docs/lock", "new/other"]
    assert "1912" in (library / "new" / "docs" / "lock.md").read_text()
    assert not (tmp_path / "hooked").exists()
    assert list(refresh(library)) == []


def test_settings_and_variables_of_the_user_are_not_used(repository, tmp_path, monkeypatch):
    folder, first = repository
    (tmp_path / ".gitconfig").write_text("[protocol]\n\tallow = never\n[core]\n\tbare = nonsense\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch hooked")
    assert add(folder, tmp_path / "library", first, within="/docs/")[0] == ["handbook/lock"]


@pytest.mark.parametrize(
    ("item", "commit", "reason"),
    [
        ("ssh://example.org/a.git", "main", "as https://"),
        ("http://example.org/a.git", "main", "as https://"),
        ("ext::sh -c 'touch hooked'", "main", "is no repository"),
        ("https://user:word@example.org/a.git", "main", "as https://"),
        ("https://127.0.0.1:1/a.git", "main", "private network"),
        ("https://example.org:99999/a.git", "main", "as https://"),
        ("https://[/a.git", "main", "as https://"),
        ("{folder}", "", "names no commit"),
        ("{folder}", "--upload-pack=touch hooked", "names no commit"),
        ("{folder}", "nothere", "git says: fatal"),
    ],
)
def test_what_is_no_commit_of_a_repository_is_refused(repository, tmp_path, item, commit, reason):
    with pytest.raises(SnapshotError, match=reason):
        add(item.replace("{folder}", str(repository[0])), tmp_path / "library", commit)
    assert not (tmp_path / "hooked").exists()


def test_a_folder_that_is_not_there_is_told(repository, tmp_path):
    with pytest.raises(SnapshotError, match="git says"):
        add(repository[0], tmp_path / "library", "main", within="nowhere")


def test_a_tree_that_no_folder_can_hold_is_refused_in_words(repository, tmp_path):
    folder, _ = repository

    def made(kind, content):
        command = ["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
        done = subprocess.run(command, cwd=folder, input=content, check=True, capture_output=True)
        return done.stdout.decode().strip()

    blob = made("blob", b"Text.")
    inner = made("tree", b"100644 b.md\0" + bytes.fromhex(blob))
    both = b"100644 a.md\0" + bytes.fromhex(blob) + b"40000 a.md\0" + bytes.fromhex(inner)
    who = b"Ada <ada@example.org> 1 +0000"
    commit = b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (made("tree", both).encode(), who, who)
    (folder / ".git" / "refs" / "heads" / "odd").write_text(made("commit", commit))
    with pytest.raises(SnapshotError, match=r"'a.md.*' cannot be written"):
        add(folder, tmp_path / "library", "odd")
