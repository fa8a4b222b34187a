"""Whose tokens are in memory, and for how many of them there is room."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.logins import TokenRefused
from tests.support.people import visitor
from web.auth.remembered_tokens import RememberedTokens


@pytest.fixture
def read():
    """Reads holders, and counts how often."""

    def holder(fingerprint):
        holder.read += 1
        if fingerprint == "unknown":
            raise TokenRefused("unknown access token")
        return visitor(subject=fingerprint), 9

    holder.read = 0
    return holder


def test_a_holder_is_read_once_and_then_known_without_reading(read):
    tokens = RememberedTokens(read, most=2)
    assert tokens.remembered("a") is None
    assert tokens.holder("a") is tokens.holder("a") is tokens.remembered("a")
    assert read.read == 1


def test_a_refusal_is_not_remembered(read):
    tokens = RememberedTokens(read, most=2)
    for _ in range(2):
        with pytest.raises(TokenRefused):
            tokens.holder("unknown")
    assert (read.read, tokens.remembered("unknown")) == (2, None)


def test_the_oldest_goes_when_there_is_no_room(read):
    tokens = RememberedTokens(read, most=2)
    for each in "abc":
        tokens.holder(each)
    assert [bool(tokens.remembered(each)) for each in "abc"] == [False, True, True]


def test_threads_that_learn_tokens_at_once_neither_break_nor_go_over_the_bound(read):
    """The attack: new logins from all sides, so that somebody's request fails and the memory grows without end."""
    tokens, broken = RememberedTokens(read, most=50), []

    def learn(number):
        try:
            for turn in range(10_000):
                tokens.holder(f"{number} {turn}")
        except RuntimeError as error:
            broken.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(learn, range(6)))
    finally:
        sys.setswitchinterval(interval)
    assert broken == []
    assert len(tokens._holders) == 50
