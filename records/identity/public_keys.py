"""The public keys of an organizer who signs assertions: a JWK set (RFC 7517) of one kind of key, and nothing private.

One kind for each algorithm: a key is never tried with an algorithm that it was not made for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from .certificates import LEAST_RSA_BITS

#: Algorithm -> the members which make its key, and what they have to say.
ALGORITHMS: dict[str, dict[str, str]] = {
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
    "RS256": {"kty": "RSA"},
}
MOST_KEYS = 10
_MEMBERS = {"ES256": ("x", "y"), "EdDSA": ("x",), "RS256": ("n", "e")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MOST_RSA_BITS = 8192
_COORDINATE = 32  # bytes


def key_set(value: Mapping[str, Any], algorithm: str) -> dict[str, Any]:
    """Check a JWK set; give back only what a verifier needs of each key. Raises ValueError in plain words."""
    keys = value.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise ValueError(f'is a JWK set with 1 to {MOST_KEYS} keys: {{"keys": [ … ]}}')
    good = [_key(key, algorithm) for key in keys]
    names = [key.get("kid") for key in good]
    if len(good) > 1 and (None in names or len(set(names)) < len(names)):
        raise ValueError("holds several keys, so each needs a kid of its own")
    return {"keys": good}


def _key(key: Any, algorithm: str) -> dict[str, str]:
    if not isinstance(key, Mapping):
        raise ValueError("holds something that is no key")  # noqa: TRY004 - every check raises ValueError
    if _PRIVATE & set(key):
        raise ValueError("holds a private or shared key: enter the public part only, and make a new key pair")
    wanted = ALGORITHMS[algorithm]
    if any(key.get(name) != said for name, said in wanted.items()):
        raise ValueError(f"holds a key that is not for {algorithm}: it needs {' '.join(wanted.values())}")
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        raise ValueError(f"holds a key that says it is not for signing by {algorithm}")
    _open(algorithm, {name: _octets(key.get(name)) for name in _MEMBERS[algorithm]})
    kept = {name: key[name] for name in (*wanted, *_MEMBERS[algorithm])}
    if "kid" in key:
        kept["kid"] = _kid(key["kid"])
    return kept


def _open(algorithm: str, parts: dict[str, bytes]) -> None:
    """Make the key, which refuses a point that is not on the curve. Raises ValueError."""
    if algorithm == "RS256":
        n, e = (int.from_bytes(parts[name], "big") for name in ("n", "e"))
        if not LEAST_RSA_BITS <= n.bit_length() <= _MOST_RSA_BITS:
            raise ValueError(f"holds an RSA key of {n.bit_length()} bits: {LEAST_RSA_BITS} are the least that is safe")
        if e not in (3, 65537):
            raise ValueError("holds an RSA key with an unusual exponent: 65537 is the one to use")
        rsa.RSAPublicNumbers(e, n).public_key()
        return
    if any(len(part) != _COORDINATE for part in parts.values()):
        raise ValueError(f"holds a key whose members do not have {_COORDINATE} bytes")
    if algorithm == "EdDSA":
        ed25519.Ed25519PublicKey.from_public_bytes(parts["x"])
        return
    x, y = (int.from_bytes(parts[name], "big") for name in ("x", "y"))
    try:
        ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise ValueError("holds a key which is no point of its curve") from None


def _octets(value: Any) -> bytes:
    """Read base64url without padding (RFC 7515, 2)."""
    text = value if isinstance(value, str) and value.isascii() else "!"
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("holds a key with a member that is not base64url") from None


def _kid(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable():  # far more than any kid has
        raise ValueError("holds a kid which is not 1 to 255 printable characters")
    return value
