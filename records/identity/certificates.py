"""Certificates: reading, checking and making them. What is trusted is the key in them, pinned by an administrator.

The expiry of a certificate is shown to people and not enforced: identity providers keep using expired ones. Trust ends when
an administrator retires the certificate.
"""

from __future__ import annotations

import base64
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

#: The least bits of an RSA key that is accepted.
LEAST_RSA_BITS = 2048
#: Bits of the keys that are made here.
OWN_RSA_BITS = 3072
OWN_LASTS = timedelta(days=3650)
#: How long before its expiry people are warned about a certificate.
NOTICE = timedelta(days=30)
_LONGEST = 16 * 1024
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True)
class Certificate:
    """A certificate that was read."""

    pem: str
    sha256: str  #: of its DER form, in hexadecimal
    subject: str
    not_before: datetime
    not_after: datetime


def read(text: str) -> Certificate:
    """Read one certificate, as PEM or as the bare base64 of metadata. Raises ValueError with a reason for people."""
    certificate = _parsed(text)
    _refuse_weak(certificate)
    return Certificate(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        sha256=certificate.fingerprint(SHA256()).hex(),
        subject=_subject(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def make(common_name: str) -> tuple[str, Certificate]:
    """Make an RSA key and a self-signed certificate for it. Returns the key as PEM, and the certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=OWN_RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + OWN_LASTS)
    pem = builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), read(pem)


def _parsed(text: str) -> x509.Certificate:
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise ValueError(
            f"must be a certificate of at most {_LONGEST} characters, beginning with -----BEGIN CERTIFICATE-----"
        )
    if "PRIVATE KEY" in text:
        raise ValueError(
            "contains a private key: only the certificate belongs here, and that key is not secret any more"
        )
    try:
        if "-----BEGIN" not in text:
            der = base64.b64decode("".join(text.split()), validate=True)
            text = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n".format(
                "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
            )
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise ValueError("cannot be read as a certificate (PEM, or the base64 of metadata)") from None
    if len(found) != 1:
        raise ValueError("contains several certificates: enter each separately")
    return found[0]


def _refuse_weak(certificate: x509.Certificate) -> None:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("contains a key that cannot be read") from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < LEAST_RSA_BITS:
            raise ValueError(f"contains an RSA key of {key.key_size} bits: it must have at least {LEAST_RSA_BITS}")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("contains a key that is neither RSA nor on an elliptic curve")  # noqa: TRY004 - a check raises ValueError
    elif key.curve.name not in _CURVES:
        raise ValueError(f"contains a key on the curve {key.curve.name}: P-256, P-384 and P-521 are accepted")


def _subject(certificate: x509.Certificate) -> str:
    """Return the subject for people to read. A subject that cannot be read is not a reason to refuse the key."""
    try:
        text = certificate.subject.rfc4514_string()
    except ValueError:
        return "unreadable"
    return "".join(c if c.isprintable() else "\ufffd" for c in text)[:500]


def fingerprint_text(sha256: str) -> str:
    """Return a hexadecimal fingerprint in the form in which people compare it: `A8:2B:…`."""
    return ":".join(sha256[at : at + 2] for at in range(0, len(sha256), 2)).upper()
