"""Signs elements and addresses, and checks signed addresses: the only place that calls xmlsec.

It signs by RSA with SHA-256 and exclusive canonicalization. A service provider's message is checked with its known
certificates, never with one from the message.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

import xmlsec
from xmlsec import constants

from .identity import Identity

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

#: Signature algorithms that a service provider may use in an address (bindings 3.4.4.1).
ACCEPTED: dict[str, Any] = {
    RSA_SHA256: constants.TransformRsaSha256,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": constants.TransformRsaSha384,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": constants.TransformRsaSha512,
}


def sign_element(element: Any, identity: Identity, *, at: int = 1) -> None:
    """Put an enveloped signature into an element: `at` 1 is after its Issuer (core 5.4), 0 is first (metadata 3.1)."""
    signature = xmlsec.template.create(element, constants.TransformExclC14N, constants.TransformRsaSha256, ns="ds")
    element.insert(at, signature)
    reference = xmlsec.template.add_reference(signature, constants.TransformSha256, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    about_key = xmlsec.template.ensure_key_info(signature)
    xmlsec.template.x509_data_add_certificate(xmlsec.template.add_x509_data(about_key))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(identity.key_pem, constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(identity.certificate_pem, constants.KeyDataFormatCertPem)
    context.register_id(element, "ID")
    context.sign(signature)


def signed_query(fields: Sequence[tuple[str, str]], identity: Identity) -> str:
    """Return the fields as a query with its signature (bindings 3.4.4.1); their order is the specification's."""
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in (*fields, ("SigAlg", RSA_SHA256)))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(identity.key_pem, constants.KeyDataFormatPem)
    signature = b64encode(context.sign_binary(query.encode(), constants.TransformRsaSha256)).decode()
    return f"{query}&Signature={quote_plus(signature)}"


def is_signed_by(certificates: Sequence[str], signed: bytes, signature: bytes, algorithm: str) -> bool:
    """Say whether the key of one of the certificates (PEM) has signed these bytes."""
    transform = ACCEPTED.get(algorithm)
    return transform is not None and any(_verifies(one, signed, signature, transform) for one in certificates)


def _verifies(certificate: str, signed: bytes, signature: bytes, transform: Any) -> bool:
    context = xmlsec.SignatureContext()
    try:
        context.key = xmlsec.Key.from_memory(certificate, constants.KeyDataFormatCertPem)
        context.verify_binary(signed, transform, signature)
    except xmlsec.Error:
        return False
    return True
