"""Our keys are changed while logins go on: what a provider sees which reads our metadata once, and one that does not."""

import ssl
from base64 import b64decode
from contextlib import suppress
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from records.identity import saml_providers as saml
from records.tenants import implementations
from tests.support.saml_browser import IDP, sp_of


def published(browser, use):
    """The certificates which our metadata names for a use, as a provider reads them."""
    document = etree.fromstring(browser.http.get("/saml/demo/metadata").data)
    path = f"//*[local-name()='KeyDescriptor'][@use='{use}']//*[local-name()='X509Certificate']/text()"
    return [b64decode(text) for text in document.xpath(path)]


def is_signed_by(address, known):
    """Whether a request is ours to a provider which has read these certificates."""
    query, signature = urlsplit(address).query.split("&Signature=")
    for key in (x509.load_der_x509_certificate(der).public_key() for der in known):
        with suppress(InvalidSignature):
            key.verify(b64decode(unquote(signature)), query.encode(), PKCS1v15(), SHA256())
            return True
    return False


@pytest.fixture
def lets_in(browser):
    """Say whether a person can log in by a provider that has read these certificates."""

    def try_it(signing, encryption):
        started = browser.begin()
        if not is_signed_by(started.address, signing):
            return False
        sp = replace(sp_of(browser.app, "demo"), encryption_cert_pem=ssl.DER_cert_to_PEM_cert(encryption))
        message = IDP.response(sp, started.request_id, encrypt="aes256-gcm")
        response = browser.answer(message, started.relay_state)
        return response.status_code == 303 and browser.http.get(response.location).status_code == 303

    return try_it


def test_who_reads_our_metadata_once_meanwhile_can_log_people_in_before_and_after(browser, database, box, lets_in):
    old_signing, [old] = published(browser, "signing"), published(browser, "encryption")
    with database.session() as db:
        saml.roll_sp_key(db, box, saml.find(db, implementations.find(db, "demo")))
    signing, [new] = published(browser, "signing"), published(browser, "encryption")
    assert (len(signing), new == old) == (2, False)
    assert lets_in(old_signing, old)
    assert lets_in(signing, new)
    with database.session() as db:
        saml.switch_sp_key(db, box, saml.find(db, implementations.find(db, "demo")))
    assert lets_in(signing, new)
    assert not lets_in(signing, old)
    assert not lets_in(old_signing, new)
    assert published(browser, "signing") == [one for one in signing if one not in old_signing]
    assert published(browser, "encryption") == [new]
