"""A process remembers the logins of all attendees of a large event, in a bounded amount of memory."""

from __future__ import annotations

import time
import tracemalloc
from types import SimpleNamespace

from runner.logins import Visitor
from web.auth.logins import REMEMBERED, Logins

ATTENDEES = 50_000


def visitor(number: int) -> Visitor:
    name = f"{number:08}-4242-4a4a-9b9b-0123456789ab"
    return Visitor("annual-meeting", name, f"login{number:017}", int(time.time()), "saml", int(time.time()))


class Tokens:
    """The tokens of the store, which counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def holder(self, _fingerprint):
        self.asked += 1
        return visitor(self.asked), int(time.time()) + 900


def test_the_store_is_asked_once_for_each_of_50000_tokens():
    tokens = Tokens()
    logins = Logins(secret_keys=("k" * 40,), secure=True, store=SimpleNamespace(tokens=tokens))
    values = [f"cat_{number:043}" for number in range(ATTENDEES)]
    for value in values * 2:
        assert logins.bearer(value)
    assert tokens.asked == ATTENDEES


def test_a_remembered_cookie_takes_less_than_a_kilobyte():
    logins = Logins(secret_keys=("k" * 40,), secure=True, store=SimpleNamespace(tokens=Tokens()))
    values = [logins.sign(visitor(number)).encode() for number in range(500)]
    tracemalloc.start()
    try:
        assert all(logins.read(value.decode()) for value in values)
        assert tracemalloc.get_traced_memory()[0] < 1000 * len(values)
    finally:
        tracemalloc.stop()
    assert REMEMBERED >= ATTENDEES
