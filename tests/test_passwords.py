"""The file of the users: a link to it stays a link, and what it leads to changes."""

from __future__ import annotations

import os

import pytest

from qa.passwords import CURATOR, remove_user, set_password


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_to_the_users_stays_and_what_it_leads_to_changes(tmp_path):
    (tmp_path / "safe").mkdir()
    file, link = tmp_path / "safe" / "users.txt", tmp_path / "users.txt"
    link.symlink_to(file)
    set_password(link, "ada", "correct horse")
    set_password(link, "cura", "battery staple", CURATOR)
    assert link.is_symlink() and file.is_file()
    assert [line.split(":")[0] for line in file.read_text().splitlines()] == ["ada", "cura"]
    assert file.stat().st_mode & 0o077 == 0
    remove_user(link, "ada")
    assert link.is_symlink() and file.read_text().startswith("cura:curator:")
    assert sorted(tmp_path.rglob("*")) == [file.parent, file, link]  # nothing is left behind
