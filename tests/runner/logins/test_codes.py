"""A one-time code: bound to implementation, redirect address, challenge and login; one attempt, in a minute."""

import threading
from contextlib import suppress

import pytest

from runner.logins import TokenRefused
from runner.logins.app_token_formats import challenge_of
from runner.logins.app_tokens import ACCESS_S, CODE_S, LOGIN_S
from tests.support.people import visitor

VERIFIER = "v" * 43
REDIRECT = "https://app.example.org/login"


@pytest.fixture
def ada(clock):
    return visitor(since=clock.now)


@pytest.fixture
def code(tokens, ada):
    return tokens.code(ada, redirect_uri=REDIRECT, challenge=challenge_of(VERIFIER))


def redeem(tokens, code, implementation="demo", *, redirect_uri=REDIRECT, verifier=VERIFIER):
    return tokens.redeem(implementation, code, redirect_uri=redirect_uri, verifier=verifier)


def owner(tokens, access):
    return tokens._holder_now(access)


def test_a_code_with_its_verifier_gives_tokens_of_the_login(tokens, code, ada):
    pair = redeem(tokens, code)
    assert owner(tokens, pair.access) == ada
    assert pair.expires_in == ACCESS_S
    assert tokens.refresh("demo", pair.refresh)[0] == ada


@pytest.mark.parametrize(
    "wrong",
    [
        {"verifier": "w" * 43},
        {"verifier": ""},
        {"verifier": "v" * 42},
        {"verifier": "v" * 129},
        {"verifier": "v" * 44},
        {"verifier": challenge_of(VERIFIER)},
        {"verifier": "v" * 42 + "ü"},
        {"verifier": VERIFIER + "\n"},
        {"redirect_uri": ""},
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": REDIRECT.upper()},
        {"redirect_uri": REDIRECT[:-1]},
        {"redirect_uri": REDIRECT + "\ud800"},
        {"implementation": "other"},
        {"implementation": "DEMO"},
    ],
)
def test_a_wrong_attempt_uses_the_code_up(tokens, code, ended, ada, wrong):
    with pytest.raises(TokenRefused, match="refused code"):
        redeem(tokens, code, **wrong)
    with pytest.raises(TokenRefused, match="used again"):
        redeem(tokens, code)
    assert ended.is_ended("demo", "ada", ada.login, ada.since)


def test_a_code_that_comes_again_ends_what_it_had_produced(tokens, code, ended, ada):
    pair = redeem(tokens, code)
    with pytest.raises(TokenRefused) as refused:
        redeem(tokens, code)
    assert refused.value.login == ada.login
    assert ended.is_ended("demo", "ada", ada.login, ada.since)
    with pytest.raises(TokenRefused, match="unknown login"):
        tokens.refresh("demo", pair.refresh)


def test_a_code_that_comes_again_much_later_still_ends_what_it_had_produced(tokens, code, clock):
    pair = redeem(tokens, code)
    clock.now += CODE_S * 10
    with pytest.raises(TokenRefused, match="used again"):
        redeem(tokens, code)
    with pytest.raises(TokenRefused):
        tokens.refresh("demo", pair.refresh)


def test_a_code_is_good_for_a_minute(tokens, code, clock, redis):
    key = next(key for key in redis.keys("*code*"))
    assert 0 < redis.ttl(key) <= CODE_S
    clock.now += CODE_S
    with pytest.raises(TokenRefused):
        redeem(tokens, code)


def test_of_many_who_redeem_at_once_at_most_one_gets_tokens_and_then_nobody_has_any(tokens, code, ada, ended):
    given, together = [], threading.Barrier(8)

    def attempt():
        together.wait()
        with suppress(TokenRefused):
            given.append(redeem(tokens, code))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 1
    assert ended.is_ended("demo", "ada", ada.login, ada.since)
    with pytest.raises(TokenRefused):
        tokens.refresh("demo", given[0].refresh)


@pytest.mark.parametrize("end", ["one", "all"])
def test_a_login_that_was_ended_before_its_code_is_redeemed_gives_nothing(tokens, code, ended, ada, end):
    if end == "one":
        ended.end(ada.login)
    else:
        ended.end_all("demo", "ada")
    with pytest.raises(TokenRefused, match="refused code"):
        redeem(tokens, code)


@pytest.mark.parametrize("spelled", ["{}=", "{} ", " {}", "{}\n", "{}%", "CAC_{}", "", "cac_", "\ud800", "x" * 5000])
def test_another_spelling_of_a_code_is_no_code_and_burns_nothing(tokens, code, spelled):
    with pytest.raises(TokenRefused, match=r"no code|unknown code"):
        redeem(tokens, spelled.format(code))
    assert redeem(tokens, code)


def test_the_unread_bits_of_the_last_letter_make_another_code(tokens, code):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bytes = code[:-1] + alphabet[alphabet.index(code[-1]) ^ 1]
    with pytest.raises(TokenRefused, match="unknown code"):
        redeem(tokens, same_bytes)
    assert redeem(tokens, code)


def test_tokens_never_outlive_what_the_provider_or_we_allow(tokens, clock):
    short = visitor(until=clock.now + 100)
    assert tokens.issue(short).expires_in == 100
    old = visitor(since=clock.now - LOGIN_S + 60)
    pair = tokens.issue(old)
    assert pair.expires_in == 60
    clock.now += 30
    _, pair = tokens.refresh("demo", pair.refresh)
    assert pair.expires_in == 30
    clock.now += 30
    with pytest.raises(TokenRefused):
        tokens.refresh("demo", pair.refresh)


def test_what_lies_in_the_store_lets_nobody_in(tokens, code, redis):
    pair = redeem(tokens, code)
    again = tokens.refresh("demo", pair.refresh)[1]
    found = []
    for key in redis.keys("*"):
        kind = redis.type(key).decode()
        found += [key, *(redis.hgetall(key).values() if kind == "hash" else [redis.get(key)])]
    lying = b" ".join(found).decode()
    for secret in (code, pair.access, pair.refresh, again.access, again.refresh):
        assert secret not in lying
        assert secret[-43:] not in lying
    assert VERIFIER not in lying


def test_no_token_shows_in_a_representation(tokens, ada):
    pair = tokens.issue(ada)
    assert pair.access not in repr(pair)
    assert pair.refresh not in repr(pair)
