"""Certificates for tests: made quickly, of any key, ending whenever a test wants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


def certificate(name: str, *, key: Any = None, ends: datetime | None = None) -> str:
    """Make a self-signed certificate as PEM; each has a key of its own."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    ends = ends or datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(ends - timedelta(days=730)).not_valid_after(ends)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()
