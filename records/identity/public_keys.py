"""The public keys of an organizer who signs assertions: a JWK set (RFC 7517) with one kind of key, and no private keys.

Each algorithm has one kind of key, so that a key is never used with an algorithm that it was not made for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from .certificates import LEAST_RSA_BITS

#: Algorithm -> members of its key, with the values that they must have.
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
    """Check a JWK set; return only what a verifier needs of each key. Raises ValueError with a reason for people."""
    keys = value.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise ValueError(f'must be a JWK set with 1 to {MOST_KEYS} keys: {{"keys": [ … ]}}')
    good = [_key(key, algorithm) for key in keys]
    names = [key.get("kid") for key in good]
    if len(good) > 1 and (None in names or len(set(names)) < len(names)):
        raise ValueError("contains several keys, so each must have a different kid")
    return {"keys": good}


def _key(key: Any, algorithm: str) -> dict[str, str]:
    if not isinstance(key, Mapping):
        raise ValueError("contains something that is not a key")  # noqa: TRY004 - every check raises ValueError
    if _PRIVATE & set(key):
        raise ValueError("contains a private or shared key: enter the public part only, and make a new key pair")
    required = ALGORITHMS[algorithm]
    if any(key.get(name) != value for name, value in required.items()):
        raise ValueError(f"contains a key that is not for {algorithm}: it must have {' '.join(required.values())}")
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        raise ValueError(f"contains a key that is not meant for signing with {algorithm}")
    _load(algorithm, {name: _octets(key.get(name)) for name in _MEMBERS[algorithm]})
    public = {name: key[name] for name in (*required, *_MEMBERS[algorithm])}
    if "kid" in key:
        public["kid"] = _kid(key["kid"])
    return public


def _load(algorithm: str, parts: dict[str, bytes]) -> None:
    """Load the key, which refuses a point that is not on the curve. Raises ValueError."""
    if algorithm == "RS256":
        n, e = (int.from_bytes(parts[name], "big") for name in ("n", "e"))
        if not LEAST_RSA_BITS <= n.bit_length() <= _MOST_RSA_BITS:
            bounds = f"{LEAST_RSA_BITS} to {_MOST_RSA_BITS}"
            raise ValueError(f"contains an RSA key of {n.bit_length()} bits: it must have {bounds}")
        if e not in (3, 65537):
            raise ValueError("contains an RSA key with an unusual exponent: it must be 65537 or 3")
        rsa.RSAPublicNumbers(e, n).public_key()
        return
    if any(len(part) != _COORDINATE for part in parts.values()):
        raise ValueError(f"contains a key whose members do not have {_COORDINATE} bytes")
    if algorithm == "EdDSA":
        ed25519.Ed25519PublicKey.from_public_bytes(parts["x"])
        return
    x, y = (int.from_bytes(parts[name], "big") for name in ("x", "y"))
    try:
        ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        raise ValueError("contains a key that is not a point on its curve") from None


def _octets(value: Any) -> bytes:
    """Read base64url without padding (RFC 7515, 2)."""
    text = value if isinstance(value, str) and value.isascii() else "!"
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("contains a key with a member that is not base64url") from None


def _kid(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable():  # far more than any kid has
        raise ValueError("contains a kid that is not 1 to 255 printable characters")
    return value
