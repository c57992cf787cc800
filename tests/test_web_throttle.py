"""Who guesses passwords waits longer each time; the honest are told how long, and wait little."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from qa.passwords import User
from qa.web.server.login import Login
from qa.web.server.throttle import Throttle

HERE, THERE = "192.0.2.1", "192.0.2.2"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_name_at_an_address_waits_twice_as_long_each_time(clock):
    throttle = Throttle(clock)
    assert [throttle.begin("ada", HERE) for _ in range(5)] == [0] * 5
    waits = []
    for _ in range(12):
        waits.append(throttle.begin("ada", HERE))
        assert throttle.begin("ada", HERE) == waits[-1]  # to try while one waits counts for nothing
        clock.now += waits[-1]
        assert throttle.begin("ada", HERE) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_others_do_not_wait(clock):
    throttle = Throttle(clock)
    for _ in range(5):
        throttle.begin("ada", HERE)
    assert throttle.begin("ada", HERE) == 1
    assert throttle.begin("ada", THERE) == throttle.begin("bob", HERE) == 0


def test_many_names_from_one_address_wait_and_one_name_from_many_waits_little(clock):
    throttle = Throttle(clock)
    assert [throttle.begin(f"user{number}", HERE) for number in range(20)] == [0] * 20
    assert throttle.begin("ada", HERE) == 1 and throttle.begin("ada", THERE) == 0
    for number in range(200):
        clock.now += throttle.begin("bob", f"198.51.100.{number}")
        throttle.begin("bob", f"198.51.100.{number}")
    assert 0 < throttle.begin("bob", THERE) <= 60


def test_a_right_password_and_an_hour_make_good(clock):
    throttle = Throttle(clock)
    for _ in range(4):
        throttle.begin("ada", HERE)
    assert throttle.begin("ada", HERE) == 0
    throttle.right("ada", HERE)
    assert [throttle.begin("ada", HERE) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    clock.now += 3601
    assert [throttle.begin("ada", HERE) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_who_must_wait_is_told_in_one_line_and_no_password_is_hashed(clock, tmp_path):
    tried = []

    def check(name, password):
        tried.append(name)
        return User(name, "reader") if password == "right" else None

    users = SimpleNamespace(known=lambda *_: None, check=check, file=tmp_path / "users.txt")
    login = Login(users)
    login._throttle = Throttle(clock)
    request = SimpleNamespace(client=SimpleNamespace(host=HERE))

    async def tries():
        for _ in range(5):
            assert await login._checked(request, "ada", "wrong") is None
        refused = await login._checked(request, "ada", "right")
        assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
        assert refused.body == b"Too many tries: wait 1 s, then try again."
        assert len(tried) == 5
        clock.now += 1
        assert await login._checked(request, "ada", "right") == "ada"

    asyncio.run(tries())
