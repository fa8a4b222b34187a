"""Our own certificates, for an identity provider's people who want them one by one.

They are public: our metadata contains them too. Private keys never reach a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import Response, request

from records import SecretNotOpened
from records.identity import certificates
from records.identity import saml_providers as saml
from web.auth.services import AuthServices
from web.console.layout import page_frame
from web.console.settings.views_base import blueprint, looking
from web.permissions import Permission, needs
from web.problem_details import HttpProblem


@dataclass(frozen=True)
class OwnCertificate:
    """One of our certificates as the page shows it."""

    use: str  #: "signing" or "encryption"
    following: bool  #: not in use yet
    sha256: str
    not_after: datetime


@blueprint.get("/provider/certificate.pem")
@needs(Permission.SEE_SETTINGS)
def our_certificate(implementation: str) -> Response:
    """Give the certificate of our signing key; with `which=next`, of the next one."""
    keys = _readable(implementation)
    following = keys.next_signing if request.args.get("which") == "next" else None
    return _file(f"{implementation}.pem", following or keys.signing)


@blueprint.get("/provider/encryption-certificate.pem")
@needs(Permission.SEE_SETTINGS)
def our_encryption_certificate(implementation: str) -> Response:
    """Give the certificate to encrypt for: while keys are being changed, the next one, as in our metadata."""
    keys = _readable(implementation)
    return _file(f"{implementation}-encryption.pem", keys.next_encryption or keys.encryption)


def keys_of(implementation: str) -> saml.SpKeys | None:
    """Return our keys, which are made when they are first needed; None if this server cannot decrypt them."""
    services = AuthServices.here()
    try:
        with looking(implementation) as (db, found):
            keys = saml.sp_keys_if_made(db, services.box, found)
        if keys is not None:
            return keys
        with services.database.session() as db:
            return saml.sp_keys(db, services.box, page_frame.implementation_named(db, implementation))
    except SecretNotOpened:
        return None


def listed(keys: saml.SpKeys) -> tuple[OwnCertificate, ...]:
    """Return our certificates for a page, those in use first."""
    pairs = (
        ("signing", False, keys.signing),
        ("encryption", False, keys.encryption),
        ("signing", True, keys.next_signing),
        ("encryption", True, keys.next_encryption),
    )
    read = [(use, following, certificates.read(pair.certificate)) for use, following, pair in pairs if pair]
    return tuple(OwnCertificate(use, following, one.sha256, one.not_after) for use, following, one in read)


def _readable(implementation: str) -> saml.SpKeys:
    keys = keys_of(implementation)
    if keys is None:
        raise HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, "Our keys cannot be decrypted with the keys of this server.")
    return keys


def _file(name: str, pair: saml.KeyPair) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(pair.certificate, mimetype="application/x-pem-file", headers=headers)
