"""An organizer which signs assertions, right and wrong: by hand, with cryptography only, not with the verifying library."""

import base64
import hashlib
import hmac
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EC = ec.generate_private_key(ec.SECP256R1())
OTHER_EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65537, 2048)
SHARED = "a shared key of more than thirty-two bytes"
ISSUER = "https://members.example.org"
AUDIENCE = "https://status.example.org/ext/demo"


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(key, kid="k1", **more):
    """The public key as the organizer publishes it."""
    public = key.public_key()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = public.public_numbers()
        members = {"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}
    elif isinstance(key, rsa.RSAPrivateKey):
        numbers = public.public_numbers()
        members = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    else:
        members = {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes(Encoding.Raw, PublicFormat.Raw))}
    return members | ({"kid": kid} if kid else {}) | more


def signature(key, data):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return hmac.digest(key if isinstance(key, bytes) else key.encode(), data, hashlib.sha256)


def claims(**changes):
    """Good claims; a change to None leaves one out."""
    now = int(time.time())
    good = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "member-17", "iat": now, "exp": now + 60,
        "jti": secrets.token_urlsafe(16), "given_name": "Ada", "family_name": "Lovelace",
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not None}


def header(**changes):
    return {
        name: value
        for name, value in ({"alg": "ES256", "kid": "k1", "typ": "JWT"} | changes).items()
        if value is not None
    }


def token(head=None, body=None, key=EC):
    """A signed token; header and body are objects, or text as it stands."""
    head = header() if head is None else head
    body = claims() if body is None else body
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
    signed = ".".join(map(b64, parts))
    return f"{signed}.{b64(signature(key, signed.encode()))}"
