"""Logging in on a page: over HTTP, and in Chromium. HTTP Basic goes on working beside it."""

from __future__ import annotations

import http.client
import os
from contextlib import contextmanager
from urllib.parse import quote, urlencode, urlsplit

import pytest
from browser import BOX, MARKS, SIGNING, WAIT, ask, build, expect, serious, write_port_library

from qa.passwords import CURATOR, Users, remove_user, set_password
from qa.web import build_app
from qa.web.server.login_page import page_after
from qa.web.server.serve import serving
from qa.web.server.sessions import COOKIE, LASTS, Sessions
from qa.web.shared.access import Access

BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curated") / "library"
    return write_port_library(folder, "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    return build(library, tmp_path_factory.mktemp("index"))


@pytest.fixture
def users(tmp_path):
    file = tmp_path / "users.txt"
    set_password(file, "ada", "correct horse")
    set_password(file, "cura", "battery staple", CURATOR)
    return file


@pytest.fixture
def address(index, library, users):
    access = Access(users=Users(users))
    with serving(build_app(index=index, library=library, access=access), access=access) as address:
        yield address


@contextmanager
def sent(address, path, *, form=None, method=None, **headers):
    there = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    body = None
    if form is not None:
        body = urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    there.request(method or ("POST" if body else "GET"), path, body, headers)
    yield there.getresponse()
    there.close()


def status(address, path, **more):
    with sent(address, path, **more) as response:
        return response.status


def log_in(address, name="ada", password="correct horse", **more):
    """The response's status, where it leads, and the cookie as a browser would send it back."""
    form = {"name": name, "password": password, **more}
    with sent(address, "/login", form=form) as response:
        cookie = response.getheader("Set-Cookie") or ""
        return response.status, response.getheader("Location"), cookie


def test_a_person_is_led_to_the_page_and_a_program_is_asked_for_a_password(address):
    with sent(address, "/library?q=a", **BROWSER) as response:
        assert response.status == 303
        assert response.getheader("Location") == f"/login?then={quote('/library?q=a', safe='')}"
    with sent(address, "/") as response:
        assert response.status == 401 and "Basic" in response.getheader("WWW-Authenticate")
    # What a page fetches must not make the browser open its own dialog.
    with sent(address, "/gradio_api/info", **{"Sec-Fetch-Mode": "cors"}) as response:
        assert response.status == 401 and response.getheader("WWW-Authenticate") is None
    with sent(address, "/login", **BROWSER) as response:
        body = response.read().decode()
        assert response.status == 200 and 'type="password"' in body
        assert "default-src 'none'" in response.getheader("Content-Security-Policy")
        assert response.getheader("Cache-Control") == "no-store"


def test_a_right_password_opens_a_session_that_scripts_and_other_sites_do_not_get(address):
    code, place, cookie = log_in(address, then="/library?q=a")
    assert (code, place) == (303, "/library?q=a")
    assert cookie.startswith(f"{COOKIE}=") and f"Max-Age={LASTS}" in cookie
    for flag in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert flag in cookie
    assert "Secure" not in cookie
    form = {"name": "ada", "password": "correct horse"}
    proxied = {"form": form, "X-Forwarded-Proto": "https"}
    with sent(address, "/login", **proxied) as response:
        assert "Secure" in response.getheader("Set-Cookie")
    session = cookie.split(";")[0]
    assert status(address, "/", Cookie=session) == 200
    assert status(address, "/gradio_api/info", Cookie=session) == 200
    assert status(address, "/", Cookie=session[:-1]) == 401
    assert status(address, "/", Cookie=f"{COOKIE}=") == 401


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong"), ("nobody", "correct horse"), ("", ""), ("ada", "x" * 5000)],
)
def test_a_wrong_password_opens_none(address, name, password):
    code, place, cookie = log_in(address, name, password)
    assert (code, place, cookie) == (403, None, "")


def test_a_session_ends_on_logging_out(address):
    session = log_in(address)[2].split(";")[0]
    other = log_in(address)[2].split(";")[0]
    with sent(address, "/logout", method="POST", Cookie=session) as response:
        assert response.status == 303 and "Max-Age=0" in response.getheader("Set-Cookie")
    assert status(address, "/", Cookie=session) == 401
    assert status(address, "/", Cookie=other) == 200
    assert status(address, "/logout", Cookie=other) == 404  # a link cannot log anybody out


def test_a_session_ends_with_the_password_and_with_the_user(address, users):
    ada = log_in(address)[2].split(";")[0]
    cura = log_in(address, "cura", "battery staple")[2].split(";")[0]
    set_password(users, "ada", "another horse")
    assert status(address, "/", Cookie=ada) == 401
    assert status(address, "/", Cookie=cura) == 200
    remove_user(users, "cura")
    assert status(address, "/", Cookie=cura) == 401


def test_a_session_ends_in_time(users, monkeypatch):
    sessions = Sessions(Users(users))
    secret = sessions.start("ada")
    assert sessions.user(secret) == "ada"
    now = __import__("time").time()
    monkeypatch.setattr("qa.web.server.sessions.time.time", lambda: now + LASTS + 1)
    assert sessions.user(secret) is None


def test_a_session_outlives_the_server_in_a_file_that_opens_none(users, tmp_path):
    file = tmp_path / "sessions"
    secret = Sessions(Users(users), file).start("ada")
    assert secret not in file.read_text() and file.stat().st_mode & 0o077 == 0
    again = Sessions(Users(users), file)
    assert again.user(secret) == "ada"
    assert again.user(file.read_text().split('"')[1]) is None
    again.end(secret)
    assert Sessions(Users(users), file).user(secret) is None
    secret = Sessions(Users(users), file).start("ada")
    set_password(users, "ada", "another horse")
    assert Sessions(Users(users), file).user(secret) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_file_of_sessions_that_others_may_write_is_not_believed(users, tmp_path):
    file = tmp_path / "sessions"
    secret = Sessions(Users(users), file).start("ada")
    file.chmod(0o622)
    assert Sessions(Users(users), file).user(secret) is None
    file.chmod(0o600)
    assert Sessions(Users(users), file).user(secret) == "ada"
    (tmp_path / "link").symlink_to(file)
    assert Sessions(Users(users), tmp_path / "link").user(secret) is None
    held = file.read_text()
    for text in ("", "[]", '{"a": 1}', '{"a": ["ada", "v"]}', held.replace("[", "[[", 1), "\0"):
        file.write_text(text)
        assert Sessions(Users(users), file).user(secret) is None


def test_another_site_cannot_log_in(address):
    form = {"name": "ada", "password": "correct horse"}
    assert status(address, "/login", form=form, Origin="https://evil.example") == 403


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/login", "/x", "/\r\nX: y", ""],
)
def test_nobody_is_led_elsewhere(wanted):
    assert page_after(wanted) == "/"


@MARKS[0]
@MARKS[1]
@MARKS[2]
@MARKS[3]
def test_a_person_logs_in_asks_and_logs_out(chromium, address):
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{address}library")
    expect(page.get_by_label("Name")).to_be_focused()
    assert serious(page) == []
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("is wrong")
    assert serious(page) == []
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#shelf-summary")).to_contain_text("3 sources", timeout=WAIT)
    expect(page.locator("#shelf-note")).to_contain_text("Only a curator")
    page.get_by_role("link", name="Chat").click()
    expect(page.locator(BOX)).to_be_visible(timeout=WAIT)
    turn = ask(page, SIGNING)
    expect(turn.locator(".answer")).to_contain_text("Ilse Brandt")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.goto(address)
    expect(page.get_by_label("Name")).to_be_visible()
    context.close()
