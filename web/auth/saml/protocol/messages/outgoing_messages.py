"""The messages that we send to a provider: login requests, logout requests and logout responses.

Every message is signed, and sent by HTTP-Redirect. A login request demands as little as possible, so that every provider
can answer it: no NameIDPolicy, and no authentication context (the usual one would exclude logins without a password).
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from web.auth.saml.protocol.values import Idp, Sp
from web.auth.saml.protocol.vocabulary import ASSERTION, POST, PROTOCOL, SUCCESS

from . import redirect_binding

_SPACES = f'xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}"'
_FAILED = "urn:oasis:names:tc:SAML:2.0:status:Responder"


def login_request(sp: Sp, idp: Idp, *, relay_state: str, force_authn: bool = False) -> tuple[str, str]:
    """Return the address to redirect the browser to, and the request's ID. `force_authn`: the person must authenticate again."""
    attributes = {"ProtocolBinding": POST, "AssertionConsumerServiceURL": sp.acs_url}
    if force_authn:
        attributes["ForceAuthn"] = "true"
    xml, request_id = _message("AuthnRequest", idp.sso_url, sp, attributes)
    return redirect_binding.address(idp.sso_url, "SAMLRequest", xml, relay_state, sp.key_pem), request_id


def logout_request(  # noqa: PLR0913 - the parts of one message, by keyword
    sp: Sp, idp: Idp, *, nameid: str, nameid_format: str = "", session_index: str = "", relay_state: str = ""
) -> tuple[str, str]:
    """Return the address that ends the person's logins at the provider, and the request's ID."""
    named = f" Format={quoteattr(nameid_format)}" if nameid_format else ""
    inside = f"<saml:NameID{named}>{escape(nameid)}</saml:NameID>"
    if session_index:
        inside += f"<samlp:SessionIndex>{escape(session_index)}</samlp:SessionIndex>"
    xml, request_id = _message("LogoutRequest", idp.slo_url, sp, {}, inside)
    return redirect_binding.address(idp.slo_url, "SAMLRequest", xml, relay_state, sp.key_pem), request_id


def logout_response(sp: Sp, idp: Idp, *, in_response_to: str, relay_state: str = "", success: bool = True) -> str:
    """Return the address that tells the provider that the logins it named have ended here."""
    status = SUCCESS if success else _FAILED
    inside = f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>'
    xml, _ = _message("LogoutResponse", idp.slo_url, sp, {"InResponseTo": in_response_to}, inside)
    return redirect_binding.address(idp.slo_url, "SAMLResponse", xml, relay_state, sp.key_pem)


def _message(name: str, to: str, sp: Sp, attributes: dict[str, str], inside: str = "") -> tuple[str, str]:
    """Return a message, and its new ID."""
    message_id = "_" + secrets.token_hex(20)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    every = {"ID": message_id, "Version": "2.0", "IssueInstant": now, "Destination": to, **attributes}
    written = " ".join(f"{key}={quoteattr(value)}" for key, value in every.items())
    issuer = f"<saml:Issuer>{escape(sp.entity_id)}</saml:Issuer>"
    return f"<samlp:{name} {_SPACES} {written}>{issuer}{inside}</samlp:{name}>", message_id
