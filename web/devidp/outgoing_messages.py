"""Writes the identity provider's metadata, its responses to login requests, and its logout messages.

Every message is signed. Both the assertion and the response around it are signed (profiles 4.1.4.5), because service
providers require one or the other.
"""

from __future__ import annotations

import secrets
import zlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from .identity import ENTITY_ID, Identity
from .incoming_messages import PERSISTENT, SUCCESS, ReceivedLoginRequest, ReceivedLogoutRequest
from .sample_people import SamplePerson
from .service_providers import ServiceProvider
from .signing import sign_element, signed_query

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
#: There is no password and no key, so a login here proves nothing.
UNSPECIFIED_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"

#: How long an answer can be used, and how long a login lasts here.
ANSWER_LASTS = timedelta(minutes=5)
LOGIN_LASTS = timedelta(hours=12)

saml = ElementMaker(namespace=ASSERTION, nsmap={"saml": ASSERTION})
samlp = ElementMaker(namespace=PROTOCOL, nsmap={"samlp": PROTOCOL, "saml": ASSERTION})
md = ElementMaker(namespace=METADATA, nsmap={"md": METADATA, "ds": XMLDSIG})
ds = ElementMaker(namespace=XMLDSIG)


@dataclass(frozen=True)
class LoginFacts:
    """What an assertion says: who logged in here, and when; `index` identifies this login for a later logout."""

    person: SamplePerson
    since: datetime
    index: str


def metadata(identity: Identity) -> bytes:
    """Return the metadata of the identity provider (metadata 2.4.3), signed."""
    certificate = "".join(identity.certificate_pem.split("-----")[2].split())
    key = md.KeyDescriptor(
        ds.KeyInfo(ds.X509Data(ds.X509Certificate(certificate))),
        use="signing",
    )
    root = md.EntityDescriptor(
        md.IDPSSODescriptor(
            key,
            md.SingleLogoutService(Binding=REDIRECT, Location=identity.slo_url),
            md.NameIDFormat(PERSISTENT),
            md.SingleSignOnService(Binding=REDIRECT, Location=identity.sso_url),
            protocolSupportEnumeration=PROTOCOL,
            WantAuthnRequestsSigned="true",
        ),
        entityID=ENTITY_ID,
        ID=new_id(),
    )
    sign_element(root, identity, at=0)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def login_response(identity: Identity, request: ReceivedLoginRequest, facts: LoginFacts) -> str:
    """Return the answer to a login request, as the base64 that a form carries."""
    now = datetime.now(UTC)
    root = response(request, now, samlp.StatusCode(Value=SUCCESS))
    statement = assertion(identity, request, facts, now)
    root.append(statement)
    sign_element(statement, identity)
    sign_element(root, identity)
    return encoded(root)


def login_failure(identity: Identity, request: ReceivedLoginRequest, code: str) -> str:
    """Return an answer that says that the login failed; `code` is a second-level status code (core 3.2.2.2)."""
    status = samlp.StatusCode(samlp.StatusCode(Value=STATUS + code), Value=STATUS + "Responder")
    root = response(request, datetime.now(UTC), status)
    sign_element(root, identity)
    return encoded(root)


def response(request: ReceivedLoginRequest, now: datetime, code: Any) -> Any:
    """An answer to a login request, without assertion and signature."""
    return samlp.Response(
        saml.Issuer(ENTITY_ID),
        samlp.Status(code),
        ID=new_id(),
        Version="2.0",
        IssueInstant=stamp(now),
        Destination=request.provider.acs_url,
        InResponseTo=request.request_id,
    )


def assertion(identity: Identity, request: ReceivedLoginRequest, facts: LoginFacts, now: datetime) -> Any:
    """The assertion: name, attributes and time of a login, for one service provider and one request."""
    until = stamp(now + ANSWER_LASTS)
    confirmation = saml.SubjectConfirmationData(
        NotOnOrAfter=until, Recipient=request.provider.acs_url, InResponseTo=request.request_id
    )
    return saml.Assertion(
        saml.Issuer(ENTITY_ID),
        saml.Subject(
            name_of(identity, facts.person, request.provider),
            saml.SubjectConfirmation(confirmation, Method=BEARER),
        ),
        saml.Conditions(
            saml.AudienceRestriction(saml.Audience(request.provider.entity_id)),
            NotBefore=stamp(now - timedelta(seconds=30)),
            NotOnOrAfter=until,
        ),
        saml.AuthnStatement(
            saml.AuthnContext(saml.AuthnContextClassRef(UNSPECIFIED_CONTEXT)),
            AuthnInstant=stamp(facts.since),
            SessionIndex=facts.index,
            SessionNotOnOrAfter=stamp(facts.since + LOGIN_LASTS),
        ),
        saml.AttributeStatement(
            *(
                saml.Attribute(saml.AttributeValue(value), Name=name, NameFormat=BASIC)
                for name, value in facts.person.attributes().items()
            )
        ),
        ID=new_id(),
        Version="2.0",
        IssueInstant=stamp(now),
    )


def logout_request(
    identity: Identity, provider: ServiceProvider, person: SamplePerson, index: str, relay_state: str
) -> tuple[str, str]:
    """Return the address that tells a service provider to end a login, and the ID of this request."""
    now = datetime.now(UTC)
    request_id = new_id()
    root = samlp.LogoutRequest(
        saml.Issuer(ENTITY_ID),
        name_of(identity, person, provider),
        samlp.SessionIndex(index),
        ID=request_id,
        Version="2.0",
        IssueInstant=stamp(now),
        Destination=provider.slo_url,
        NotOnOrAfter=stamp(now + ANSWER_LASTS),
    )
    return redirect(identity, provider, "SAMLRequest", root, relay_state), request_id


def logout_response(identity: Identity, request: ReceivedLogoutRequest, *, is_partial: bool) -> str:
    """Return the address that answers a service provider's logout request; partial: another one did not end its login."""
    code = samlp.StatusCode(Value=SUCCESS)
    if is_partial:
        code.append(samlp.StatusCode(Value=STATUS + "PartialLogout"))
    root = samlp.LogoutResponse(
        saml.Issuer(ENTITY_ID),
        samlp.Status(code),
        ID=new_id(),
        Version="2.0",
        IssueInstant=stamp(datetime.now(UTC)),
        Destination=request.provider.slo_url,
        InResponseTo=request.request_id,
    )
    return redirect(identity, request.provider, "SAMLResponse", root, request.relay_state)


def redirect(identity: Identity, provider: ServiceProvider, field: str, root: Any, relay_state: str) -> str:
    """The signed address that carries a message to a service provider."""
    compressor = zlib.compressobj(wbits=-15)
    deflated = compressor.compress(etree.tostring(root)) + compressor.flush()
    fields = [(field, b64encode(deflated).decode())] + ([("RelayState", relay_state)] if relay_state else [])
    return f"{provider.slo_url}?{signed_query(fields, identity)}"


def name_of(identity: Identity, person: SamplePerson, provider: ServiceProvider) -> Any:
    """A person's persistent name for a service provider."""
    value = identity.name_id(person.username, provider.entity_id)
    return saml.NameID(value, Format=PERSISTENT, NameQualifier=ENTITY_ID, SPNameQualifier=provider.entity_id)


def encoded(root: Any) -> str:
    """A message as the base64 that a form carries (bindings 3.5.4)."""
    return b64encode(etree.tostring(root)).decode()


def new_id() -> str:
    """A new random ID."""
    return "_" + secrets.token_hex(20)


def stamp(moment: datetime) -> str:
    """A time as SAML writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
