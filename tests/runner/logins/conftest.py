"""A login store on a real server, with a clock that tests move."""

import time

import pytest

from runner.logins import EndedLogins, LoginStore
from runner.logins.app_tokens import AppTokens


class Clock:
    def __init__(self):
        self.now = int(time.time())

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(redis):
    return LoginStore(redis)


@pytest.fixture
def ended(redis, clock):
    return EndedLogins(redis, clock=clock)


@pytest.fixture
def tokens(redis, ended, clock):
    return AppTokens(redis, ended, clock=clock)
