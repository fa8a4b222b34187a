"""The organizer's published keys: fetched rarely, trusted for a while, and chosen by the configuration."""

import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.jwt_signing import EC, ED, OTHER_EC, RSA, header, jwk, number, token
from tests.support.vendors import reply
from web.auth.external import ExternalLoginRefused, by_assertion, public_keys


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jwks_cache(outbound, clock):
    return public_keys.JwksCache(outbound, clock=clock)


def published(*found):
    return reply({"keys": list(found)})


def test_keys_are_fetched_once_and_used_again(app_context, signed, start_vendor):
    organizer = start_vendor(published(jwk(EC)))
    signed(keys={}, jwks_url=organizer.url + "/jwks.json")
    for _ in range(3):
        assert by_assertion("demo", token()).subject == "member-17"
    assert len(organizer.requests) == 1


def test_a_new_key_is_found_and_invented_names_do_not_knock_each_time(jwks_cache, clock, start_vendor):
    organizer = start_vendor([published(jwk(EC, "old")), published(jwk(EC, "old"), jwk(OTHER_EC, "new"))])
    assert jwks_cache.find(organizer.url, "ES256", "old")
    clock.now += public_keys.UNKNOWN_S
    assert jwks_cache.find(organizer.url, "ES256", "new")
    for count in range(50):
        clock.now += 1
        assert jwks_cache.find(organizer.url, "ES256", f"invented-{count}") is None
    assert len(organizer.requests) == 2
    clock.now += public_keys.UNKNOWN_S
    assert jwks_cache.find(organizer.url, "ES256", "invented") is None
    assert len(organizer.requests) == 3


def test_a_key_that_is_taken_back_is_believed_no_longer_than_it_is_kept(jwks_cache, clock, start_vendor):
    organizer = start_vendor([published(jwk(EC, "stolen")), published(jwk(OTHER_EC, "new"))])
    assert jwks_cache.find(organizer.url, "ES256", "stolen")
    clock.now += public_keys.LIFE_S + 1
    assert jwks_cache.find(organizer.url, "ES256", "stolen") is None


def test_while_the_organizer_is_away_the_old_keys_serve_for_a_while(jwks_cache, clock, start_vendor):
    organizer = start_vendor([published(jwk(EC)), reply(status=500)])
    assert jwks_cache.find(organizer.url, "ES256", "k1")
    clock.now += public_keys.LIFE_S + 1
    assert jwks_cache.find(organizer.url, "ES256", "k1")
    clock.now += public_keys.STALE_S
    with pytest.raises(public_keys.KeysUnavailable):
        jwks_cache.find(organizer.url, "ES256", "k1")


def hang_up(_):
    """No answer at all."""


BAD_ANSWERS = {
    "an error": reply(status=500),
    "nothing there": reply(status=404),
    "a redirect": reply(status=302, headers={"Location": "https://evil.example/jwks.json"}),
    "no JSON": reply(b"<html>"),
    "a list": reply([jwk(EC)]),
    "keys twice": reply(b'{"keys": [], "keys": []}'),
    "too large": reply(b" " * (public_keys.MAX_BYTES + 1) + b'{"keys": []}'),
    "nested deeply": reply(b"[" * 50_000),
    "nothing": hang_up,
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_without_keys_nothing_is_believed_and_a_failure_is_not_tried_again_at_once(jwks_cache, start_vendor, answer):
    organizer = start_vendor(answer)
    for _ in range(3):
        with pytest.raises(public_keys.KeysUnavailable):
            jwks_cache.find(organizer.url, "ES256", "k1")
    assert len(organizer.requests) <= 1


def test_an_organizer_without_keys_is_away_and_nobodys_assertion_is_wrong(app_context, signed, start_vendor):
    signed(keys={}, jwks_url=start_vendor(reply(status=500)).url)
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_assertion("demo", token())
    assert (outcome.value.status, outcome.value.code) == (503, "keys away")
    assert outcome.value.retry_after


def test_nonsense_does_not_hold_all_threads_while_an_organizer_is_slow(outbound, start_vendor):
    answering, waiting = threading.Event(), threading.Event()

    def slow(_):
        waiting.set()
        answering.wait(10)
        return published(jwk(EC))

    organizer, jwks_cache, outcomes = start_vendor(slow), public_keys.JwksCache(outbound), []

    def ask():
        try:
            outcomes.append(jwks_cache.find(organizer.url, "ES256", "k1") is not None)
        except public_keys.KeysUnavailable:
            outcomes.append("away")

    first = threading.Thread(target=ask)
    first.start()
    assert waiting.wait(10)
    others = [threading.Thread(target=ask) for _ in range(public_keys.MAX_WAITING + 6)]
    for thread in others:
        thread.start()
    while len(outcomes) < 6:  # those who do not wait are told at once, while the organizer still thinks
        time.sleep(0.005)
    assert outcomes == ["away"] * 6
    answering.set()
    for thread in (first, *others):
        thread.join()
    assert sorted(map(str, outcomes)) == ["True"] * (public_keys.MAX_WAITING + 1) + ["away"] * 6
    assert len(organizer.requests) == 1


SMALL = rsa.generate_private_key(65537, 1024)
UNUSABLE = {
    "another type": ("ES256", jwk(RSA)),
    "another curve": ("ES256", jwk(EC, crv="P-521")),
    "a shared key": ("ES256", {"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}),
    "a private key": ("ES256", jwk(EC, d=number(EC.private_numbers().private_value, 32))),
    "for encryption": ("ES256", jwk(EC, use="enc")),
    "for another algorithm": ("ES256", jwk(EC, alg="ES384")),
    "not for verifying": ("ES256", jwk(EC, key_ops=["encrypt"])),
    "operations that are no list": ("ES256", jwk(EC, key_ops="verify")),
    "coordinates that are no text": ("ES256", jwk(EC, x=1)),
    "no coordinates": ("ES256", {"kty": "EC", "crv": "P-256", "kid": "k1"}),
    "RSA of 1024 bits": ("RS256", jwk(SMALL)),
    "RSA with exponent 1": ("RS256", jwk(RSA, e="AQ")),
    "RSA that is no number": ("RS256", jwk(RSA, n="*")),
    "Ed448": ("EdDSA", jwk(ED, crv="Ed448")),
    "no object": ("ES256", "k1"),
}


@pytest.mark.parametrize(("algorithm", "key"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_for_something_else_is_not_chosen(algorithm, key):
    assert public_keys.choose({"keys": [key]}, algorithm, "k1") is None


def test_two_keys_of_one_name_are_none_and_a_missing_name_needs_one_key():
    assert public_keys.choose({"keys": [jwk(EC), jwk(OTHER_EC)]}, "ES256", "k1") is None
    assert public_keys.choose({"keys": [jwk(EC, "a"), jwk(OTHER_EC, "b")]}, "ES256", None) is None
    assert public_keys.choose({"keys": [jwk(EC, "a"), jwk(RSA, "a")]}, "ES256", "a")  # names may be shared among kinds
    assert public_keys.choose({"keys": [jwk(EC, "a")]}, "ES256", None)


def test_of_a_key_only_its_public_numbers_are_taken():
    chosen = public_keys.choose(
        {"keys": [jwk(EC, x5u="https://evil.example", x5c=["MIIB"], alg="ES256", use="sig")]}, "ES256", "k1"
    )
    assert set(chosen) == {"kty", "crv", "x", "y"}


def test_a_point_off_the_curve_verifies_nothing(app_context, signed, start_vendor):
    organizer = start_vendor(published(jwk(EC, y=number(5, 32))))
    signed(keys={}, jwks_url=organizer.url)
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_assertion("demo", token())
    assert outcome.value.code == "signature"


def test_keys_of_a_private_address_are_not_fetched_in_production(
    app_context, signed, outbound, start_vendor, monkeypatch
):
    organizer = start_vendor(published(jwk(EC)))
    signed(keys={}, jwks_url=organizer.url)
    monkeypatch.setattr(outbound, "_allow_loopback", False)
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_assertion("demo", token(header()))
    assert outcome.value.code == "keys away"
    assert organizer.requests == []
