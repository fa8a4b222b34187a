"""Metadata: what we publish about our service provider, and how a provider's metadata is read.

A provider's metadata decides whose signatures are trusted, so it is read with the same care as a message. Reading it
changes nothing: the caller decides what is stored, or proposed to an administrator.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from records.host_names import is_host
from records.ip_addresses import is_loopback
from records.plurals import counted
from web.auth.saml.protocol.codes import CODES
from web.auth.saml.protocol.values import Rejected, Sp
from web.auth.saml.protocol.vocabulary import (
    ENCRYPTION,
    ENCRYPTION_11,
    METADATA,
    POST,
    PROTOCOL,
    REDIRECT,
    SIGNATURE,
    d,
    m,
)
from web.auth.saml.protocol.xml import library
from web.auth.saml.protocol.xml.own_thread import in_own_thread
from web.auth.saml.protocol.xml.parsing import Element, bytes_of, read_xml
from web.auth.saml.protocol.xml.screening import XmlLimits
from web.auth.saml.protocol.xml.signatures import check_signatures, check_signers

from .assertion_content import time_of

#: Limits for metadata. Federations publish many providers in one document, and metadata may contain comments.
#: Extensions of the standard are ignored. An administrator provides the document, and 400 unknown names are far more than
#: the extensions of all federations together use (mdui, mdrpi, shibmd, alg, idpdisc and others: 150).
DOCUMENT = XmlLimits(
    size=2 * 1024 * 1024,
    nodes=80_000,
    depth=40,
    namespaces=20_000,
    in_scope=100,
    prefixes=100,
    blanks=1000,
    unknown=400,
    lenient=True,
)
#: Most entity IDs that an error lists.
_LISTED = 10
_LONGEST = 1024


class BadMetadata(Exception):
    """The document is not usable metadata. The text says why, for an administrator."""


@dataclass(frozen=True)
class IdpMetadata:
    """The metadata of a provider. The certificates are PEM, for signing only."""

    entity_id: str
    sso_url: str
    slo_url: str  #: "" if it offers no logout by HTTP-Redirect
    certificates: tuple[str, ...]
    valid_until: datetime | None


def sp_metadata(sp: Sp) -> bytes:
    """Return our metadata for one implementation.

    While our keys are being changed, it lists both signing keys, because we may use either, but only the next encryption
    key: we can decrypt with both, and the provider is then ready for the time when the current key is gone.
    """
    signing = "".join(_key(cert, "signing") for cert in (sp.cert_pem, sp.next_cert_pem) if cert)
    keys = signing + _key(sp.next_encryption_cert_pem or sp.encryption_cert_pem, "encryption")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{METADATA}" xmlns:ds="{SIGNATURE}" entityID={quoteattr(sp.entity_id)}>'
        '<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" '
        f'protocolSupportEnumeration="{PROTOCOL}">{keys}'
        f'<md:SingleLogoutService Binding="{REDIRECT}" Location={quoteattr(sp.slo_url)}/>'
        f'<md:AssertionConsumerService Binding="{POST}" Location={quoteattr(sp.acs_url)} index="0" isDefault="true"/>'
        "</md:SPSSODescriptor></md:EntityDescriptor>\n"
    ).encode()


@in_own_thread
def read_idp_metadata(
    xml: bytes, entity_id: str | None = None, *, signed_by: Sequence[str] = (), now: datetime | None = None
) -> IdpMetadata:
    """Return what a provider's metadata says. Raises BadMetadata.

    `entity_id` selects one of several providers. `signed_by` are pinned certificates (PEM): one of them must have signed
    the whole document; without them, signatures are ignored. The steps:

    1. It is read like a message, with higher limits, for federations.
    2. If a signature is required, it has the accepted form and is from a pinned certificate.
    3. There is one provider, or `entity_id` selects one.
    4. Neither the provider's entry nor the elements around it have expired.
    5. It accepts requests by HTTP-Redirect, at an https address, and has at least one readable signing certificate.
    """
    try:
        root = read_xml(xml, DOCUMENT)  # 1
        _check_signed(root, signed_by)  # 2
        entity, role = _chosen(root, entity_id)  # 3
        valid_until = _check_valid(role, now or datetime.now(UTC))  # 4
        return IdpMetadata(  # 5
            entity_id=entity.get("entityID"),
            sso_url=_sso(role),
            slo_url=_location(role, "SingleLogoutService") or "",
            certificates=_certificates(role),
            valid_until=valid_until,
        )
    except Rejected as fault:
        raise BadMetadata(f"This metadata cannot be read safely: {CODES[fault.code]}") from None


def _key(certificate: str, use: str) -> str:
    body = "".join(line.strip() for line in certificate.splitlines() if "-----" not in line)
    methods = ""
    if use == "encryption":
        names = (ENCRYPTION_11 + "aes256-gcm", ENCRYPTION_11 + "aes128-gcm", ENCRYPTION + "rsa-oaep-mgf1p")
        methods = "".join(f'<md:EncryptionMethod Algorithm="{name}"/>' for name in names)
    return (
        f'<md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body}'
        f"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
    )


def _check_signed(root: Element, signed_by: Sequence[str]) -> None:
    if not signed_by:
        return
    signable = [*root.iter(m("EntityDescriptor")), *root.iter(m("EntitiesDescriptor"))]
    if root not in check_signatures(root, signable):
        raise BadMetadata("The metadata is not signed, or not as a whole.")
    try:
        signers = check_signers([root], signed_by)
    except Rejected:
        signers = ()
    if not signers or not library.is_metadata_signed_by(root, signers):
        raise BadMetadata("The metadata is not signed with the certificate that was given for it.")


def _chosen(root: Element, entity_id: str | None) -> tuple[Element, Element]:
    if root.tag not in (m("EntityDescriptor"), m("EntitiesDescriptor")):
        raise BadMetadata("This is XML, but not SAML metadata.")
    found = [
        (entity, role)
        for entity in root.iter(m("EntityDescriptor"))
        for role in entity.findall(m("IDPSSODescriptor"))
        if PROTOCOL in (role.get("protocolSupportEnumeration") or "").split()
    ]
    if not found:
        raise BadMetadata(
            "There is no SAML 2.0 identity provider in this metadata. Is it the metadata of a service provider?"
        )
    names = [entity.get("entityID") or "" for entity, _ in found]
    if any(not 0 < len(name) <= _LONGEST or not name.isprintable() for name in names):
        raise BadMetadata("A provider in this metadata has no usable entity ID.")
    listed = ", ".join(names[:_LISTED]) + (" …" if len(names) > _LISTED else "")
    if entity_id is None and len(found) > 1:
        raise BadMetadata(f"There are several identity providers in this metadata. Name one of them: {listed}")
    chosen = [pair for pair, name in zip(found, names, strict=True) if entity_id in (None, name)]
    if len(chosen) != 1:
        problem = "is not in this metadata" if not chosen else "is in this metadata more than once"
        raise BadMetadata(f"The provider {entity_id} {problem}. There are: {listed}")
    return chosen[0]


def _check_valid(role: Element, now: datetime) -> datetime | None:
    times = [time_of(element, "validUntil") for element in (role, *role.iterancestors())]
    known = [moment for moment in times if moment is not None]
    if known and min(known) <= now:
        days = (now - min(known)).days
        ago = counted(days, "day") if days else "less than a day"
        raise BadMetadata(f"This metadata expired {ago} ago. Fetch it again.")
    return min(known) if known else None


def _sso(role: Element) -> str:
    found = _location(role, "SingleSignOnService")
    if found:
        return found
    offered = [str(service.get("Binding")).rsplit(":", 1)[-1] for service in role.findall(m("SingleSignOnService"))]
    if "HTTP-POST" in offered:
        raise BadMetadata(
            "The provider offers login by HTTP-POST only. Enable HTTP-Redirect there, and fetch its metadata again."
        )
    raise BadMetadata("The provider offers no login by HTTP-Redirect.")


def _location(role: Element, name: str) -> str | None:
    for service in role.findall(m(name)):
        if service.get("Binding") == REDIRECT:
            return _checked(service.get("Location") or "")
    return None


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    plain = address.isascii() and address.isprintable() and not any(sign in address for sign in " \"'<>\\^`{|}")
    if not is_host(host) or not plain or len(address) > _LONGEST:
        raise BadMetadata("An address in this metadata cannot be used.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise BadMetadata("An address in this metadata does not start with https://")
    if "@" in parts.netloc or parts.fragment:
        raise BadMetadata("An address in this metadata contains a user name or a fragment.")
    return address


def _certificates(role: Element) -> tuple[str, ...]:
    found = [
        _pem(bytes_of(certificate))
        for key in role.findall(m("KeyDescriptor"))
        if key.get("use") in (None, "signing")
        for certificate in key.iterfind(f"{d('KeyInfo')}/{d('X509Data')}/{d('X509Certificate')}")
    ]
    if not found:
        raise BadMetadata("There is no certificate for signing in this metadata.")
    return tuple(dict.fromkeys(found))


def _pem(der: bytes) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ssl.SSLError, ValueError):
        raise BadMetadata("A certificate in this metadata cannot be read.") from None
    return ssl.DER_cert_to_PEM_cert(der)
