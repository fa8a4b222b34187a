"""Certificates for tests: made quickly, of any key, ending whenever a test wants."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from records.identity import certificates

#: More than a test makes.
READY_KEYS = 12


def certificate(name: str, *, key: Any = None, ends: datetime | None = None) -> str:
    """Make a self-signed certificate as PEM; each has a key of its own."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    ends = ends or datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(ends - timedelta(days=730)).not_valid_after(ends)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


@contextmanager
def ready_keys() -> Iterator[None]:
    """Give our SAML services keys of 2048 bits, made beforehand, because RSA keys are slow to make. They come round again."""
    ready = SimpleNamespace(generate_private_key=lambda **_: next(_keys()), RSAPublicKey=rsa.RSAPublicKey)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "OWN_RSA_BITS", 2048)
        patch.setattr(certificates, "rsa", ready)
        yield


@functools.cache
def _keys() -> Iterator[rsa.RSAPrivateKey]:
    return itertools.cycle([rsa.generate_private_key(65537, 2048) for _ in range(READY_KEYS)])
