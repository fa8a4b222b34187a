"""Whose tokens are in memory, and for how many of them there is room."""

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
