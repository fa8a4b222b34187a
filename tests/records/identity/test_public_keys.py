"""Public keys of an organizer: one kind for each algorithm, nothing private, nothing that is no key."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from records.identity.public_keys import key_set


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def whole(number: int, size: int = 0) -> str:
    return b64(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def ec_key(curve: Any = None, name: str = "P-256") -> dict[str, Any]:
    point = ec.generate_private_key(curve or ec.SECP256R1()).public_key().public_numbers()
    return {"kty": "EC", "crv": name, "x": whole(point.x, 32), "y": whole(point.y, 32)}


def rsa_key(bits: int = 2048) -> dict[str, Any]:
    public = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    return {"kty": "RSA", "n": whole(public.n), "e": whole(public.e)}


def ed_key() -> dict[str, Any]:
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}


EC, RSA, ED = ec_key(), rsa_key(), ed_key()


@pytest.mark.parametrize(("algorithm", "key"), [("ES256", EC), ("RS256", RSA), ("EdDSA", ED)])
def test_public_key_is_kept_without_what_nobody_needs(algorithm: str, key: dict[str, Any]):
    given = {**key, "kid": "2026", "use": "sig", "alg": algorithm, "x5c": ["…"], "key_ops": ["verify"]}
    assert key_set({"keys": [given], "more": 1}, algorithm) == {"keys": [{**key, "kid": "2026"}]}


def test_two_keys_for_a_change_each_have_a_name():
    keys = [{**ec_key(), "kid": "old"}, {**ec_key(), "kid": "new"}]
    assert key_set({"keys": keys}, "ES256") == {"keys": keys}
    for names in ((None, "new"), ("same", "same")):
        doubtful = [{**key, "kid": name} if name else EC for key, name in zip(keys, names, strict=True)]
        with pytest.raises(ValueError, match="must have a different kid"):
            key_set({"keys": doubtful}, "ES256")


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_private_or_shared_key_is_refused(member: str):
    with pytest.raises(ValueError, match="private or shared"):
        key_set({"keys": [{**EC, member: "AAAA"}]}, "ES256")


@pytest.mark.parametrize(
    ("algorithm", "key", "reason"),
    [
        ("ES256", RSA, "not for ES256"),
        ("RS256", EC, "not for RS256"),
        ("EdDSA", EC, "not for EdDSA"),
        ("ES256", {**EC, "crv": "P-384"}, "not for ES256"),
        ("EdDSA", {**ED, "crv": "X25519"}, "not for EdDSA"),
        ("RS256", {"kty": "oct", "n": "AAAA"}, "not for RS256"),
        ("ES256", {**EC, "use": "enc"}, "not meant for signing"),
        ("ES256", {**EC, "alg": "HS256"}, "not meant for signing"),
        ("ES256", {**EC, "x": EC["y"]}, "not a point on its curve"),
        ("ES256", {**EC, "x": b64(b"\0" * 32), "y": b64(b"\0" * 32)}, "not a point on its curve"),
        ("ES256", {**EC, "x": "AAAA"}, "32 bytes"),
        ("EdDSA", {**ED, "x": b64(b"\1" * 31)}, "32 bytes"),
        ("ES256", {**EC, "x": "***"}, "not base64url"),
        ("ES256", {**EC, "x": 5}, "not base64url"),
        ("ES256", {key: value for key, value in EC.items() if key != "y"}, "not base64url"),
        ("RS256", rsa_key(1024), "1024 bits"),
        ("RS256", {**RSA, "n": b64(b"\xff" * 2048)}, "bits"),
        ("RS256", {**RSA, "e": whole(1)}, "unusual exponent"),
        ("RS256", {**RSA, "e": whole(2**40 + 1)}, "unusual exponent"),
        ("ES256", {**EC, "kid": ""}, "kid"),
        ("ES256", {**EC, "kid": "a\n"}, "kid"),
        ("ES256", {**EC, "kid": 1}, "kid"),
        ("ES256", "key", "not a key"),
    ],
)
def test_key_that_does_not_fit_is_refused_in_plain_words(algorithm: str, key: Any, reason: str):
    with pytest.raises(ValueError, match=reason):
        key_set({"keys": [key]}, algorithm)


@pytest.mark.parametrize("given", [{}, {"keys": []}, {"keys": {}}, {"keys": [EC] * 11}, EC])
def test_what_is_no_key_set_is_refused(given: dict[str, Any]):
    with pytest.raises(ValueError, match="JWK set with 1 to 10 keys"):
        key_set(given, "ES256")
