"""Certificates are read as people have them, and those whose keys are too weak are refused in plain words."""

from __future__ import annotations

import base64
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from records.identity import certificates
from tests.support import ROOT
from tests.support.certificates import certificate


def test_certificate_is_read_with_its_fingerprint_subject_and_end():
    end = datetime(2027, 5, 4, 9, 0, tzinfo=UTC)
    pem = certificate("idp.example.org", ends=end)
    read = certificates.read(pem)
    assert (read.pem, read.subject, read.not_after) == (pem, "CN=idp.example.org", end)
    assert read.sha256 == x509.load_pem_x509_certificate(pem.encode()).fingerprint(SHA256()).hex()


def test_all_spellings_of_a_certificate_are_the_same_certificate():
    pem = certificate("idp")
    bare = "".join(pem.splitlines()[1:-1])
    spaced = "\n   ".join(bare[n : n + 64] for n in range(0, len(bare), 64))
    for spelling in (pem, pem.replace("\n", "\r\n"), f"  \n{pem}\n\n", f"Subject: x\n{pem}", bare, f"\n  {spaced}\n"):
        assert certificates.read(spelling).pem == pem


def test_expired_certificate_is_read_because_providers_go_on_with_them():
    assert certificates.read(certificate("idp", ends=datetime(2020, 1, 1, tzinfo=UTC))).not_after.year == 2020


def test_elliptic_curves_are_accepted():
    for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        assert certificates.read(certificate("idp", key=ec.generate_private_key(curve)))


WEAK = {
    "an RSA key of 1024 bits": (lambda: rsa.generate_private_key(65537, 1024), "RSA key of 1024 bits"),
    "a small curve": (lambda: ec.generate_private_key(ec.SECP192R1()), "curve secp192r1"),
    "another curve": (lambda: ec.generate_private_key(ec.SECP256K1()), "curve secp256k1"),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate, "neither RSA nor"),
    "DSA": (lambda: dsa.generate_private_key(1024), "neither RSA nor"),
}


@pytest.mark.parametrize("what", WEAK)
def test_weak_or_unusable_key_is_refused(what: str):
    make, reason = WEAK[what]
    with pytest.raises(ValueError, match=reason):
        certificates.read(certificate("idp", key=make()))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be a certificate"),
        ("   ", "must be a certificate"),
        ("x" * 20_000, "at most"),
        (None, "must be a certificate"),
        ("not a certificate", "cannot be read"),
        ("ü", "cannot be read"),
        ("\ud800", "cannot be read"),
        (base64.b64encode(b"no certificate").decode(), "cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "cannot be read"),
        ("-----BEGIN CERTIFICATE-----", "cannot be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "cannot be read"),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA", "contains a private key"),
    ],
)
def test_what_is_no_certificate_is_refused_in_plain_words(text: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        certificates.read(text)


def test_several_certificates_in_one_text_are_refused():
    with pytest.raises(ValueError, match="several"):
        certificates.read(certificate("a") + certificate("b"))


def test_subject_that_would_steer_a_terminal_or_turn_a_line_is_marked():
    read = certificates.read(certificate("a\x1b[31m\u202eb"))
    assert "\x1b" not in read.subject
    assert "\u202e" not in read.subject


def test_own_certificate_fits_its_key_and_lasts_for_years():
    key, own = certificates.make("x" * 100)
    private = load_pem_private_key(key.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == certificates.OWN_RSA_BITS
    read = x509.load_pem_x509_certificate(own.pem.encode())
    assert read.public_key() == private.public_key()
    assert own.not_after - datetime.now(UTC) > timedelta(days=3600)
    assert own.not_before <= datetime.now(UTC)
    assert read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "x" * 64
    assert read.public_bytes(Encoding.PEM).decode() == own.pem


def test_own_keys_have_3072_bits():
    """Asked in an interpreter of its own: in this one other tests make smaller keys, for they need many."""
    asked = (sys.executable, "-P", "-c", "from records.identity import certificates; print(certificates.OWN_RSA_BITS)")
    assert subprocess.run(asked, check=True, capture_output=True, text=True, cwd=ROOT).stdout == "3072\n"
