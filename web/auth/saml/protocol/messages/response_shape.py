"""Which elements a response may contain, from its root to the statements of its assertion.

Signature wrapping places the signed assertion where the verifier looks, and a forged one where the reader looks. So an
assertion has only one possible place, and an element that is not named here is refused.

1. The root is a Response of version 2.0.
2. It contains only the elements in `RESPONSE`, and exactly one assertion, plain or encrypted; there is no other one.
3. There is exactly one status, it is success, and it has no second-level code.
4. Each element of the assertion contains only the elements in `INSIDE`: no Advice, no unknown conditions or statements.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from web.auth.saml.protocol.values import Rejected
from web.auth.saml.protocol.vocabulary import SUCCESS, a, d, p
from web.auth.saml.protocol.xml.parsing import Element

RESPONSE = {a("Issuer"), d("Signature"), p("Status"), a("Assertion"), a("EncryptedAssertion")}

#: Element -> the elements that it may contain. Any other element contains only text, or is checked elsewhere.
INSIDE: dict[str, set[str]] = {
    a("Assertion"): {
        a("Issuer"),
        d("Signature"),
        a("Subject"),
        a("Conditions"),
        a("AuthnStatement"),
        a("AttributeStatement"),
    },
    a("Issuer"): set(),
    a("Subject"): {a("NameID"), a("SubjectConfirmation")},
    a("SubjectConfirmation"): {a("SubjectConfirmationData"), a("NameID")},
    a("Conditions"): {a("AudienceRestriction"), a("OneTimeUse"), a("ProxyRestriction")},
    a("AudienceRestriction"): {a("Audience")},
    a("OneTimeUse"): set(),
    a("ProxyRestriction"): {a("Audience")},
    a("AuthnStatement"): {a("SubjectLocality"), a("AuthnContext")},
    a("AuthnContext"): {a("AuthnContextClassRef"), a("AuthnContextDeclRef"), a("AuthenticatingAuthority")},
    a("AttributeStatement"): {a("Attribute")},
    a("Attribute"): {a("AttributeValue")},
    p("Status"): {p("StatusCode"), p("StatusMessage")},
}

#: Second-level status codes that may appear in the log.
_REASONS = {
    "AuthnFailed",
    "InvalidAttrNameOrValue",
    "InvalidNameIDPolicy",
    "NoAuthnContext",
    "NoAvailableIDP",
    "NoPassive",
    "NoSupportedIDP",
    "PartialLogout",
    "ProxyCountExceeded",
    "RequestDenied",
    "RequestUnsupported",
    "Requester",
    "Responder",
    "UnknownPrincipal",
    "UnsupportedBinding",
    "VersionMismatch",
}


@dataclass(frozen=True)
class ResponseParts:
    """The one assertion of a response: plain, or still encrypted."""

    plain: Element | None
    encrypted: Element | None


def check_response(root: Element) -> ResponseParts:
    """Check the structure of a response. The module's docstring numbers the steps."""
    if root.tag != p("Response"):  # 1
        raise Rejected("not-a-response")
    if root.get("Version") != "2.0":
        raise Rejected("version")
    check_status(root)  # 3, early: a provider's refusal has no assertion, and its reason is useful
    plain, encrypted = root.findall(a("Assertion")), root.findall(a("EncryptedAssertion"))  # 2
    everywhere = [*root.iter(a("Assertion")), *root.iter(a("EncryptedAssertion")), *root.iter(p("Response"))]
    if len(plain) + len(encrypted) != 1 or len(everywhere) != 2:  # the assertion and the root
        raise Rejected("assertion-count")
    check_holds(root, RESPONSE)
    for assertion in plain:
        check_assertion(assertion)  # 4
    return ResponseParts(plain[0] if plain else None, encrypted[0] if encrypted else None)


def check_status(root: Element) -> None:
    """Require the status success. The reason of a failure is logged only if the standard defines it."""
    status = root.findall(p("Status"))
    codes = status[0].findall(p("StatusCode")) if len(status) == 1 else []
    if len(codes) != 1:
        raise Rejected("status-missing")
    if codes[0].get("Value") != SUCCESS:
        said = [str(code.get("Value")).rsplit(":", 1)[-1] for code in codes[0].iter(p("StatusCode"))]
        raise Rejected("status", " ".join(reason for reason in said if reason in _REASONS))
    if len(codes[0]):
        raise Rejected("status")
    check_holds(status[0], INSIDE[p("Status")])


def check_assertion(assertion: Element) -> None:
    """Require that an assertion contains only the named elements: step 4."""
    if assertion.get("Version") != "2.0":
        raise Rejected("version")
    for node in assertion.iter():
        if node.tag in INSIDE:
            check_holds(node, INSIDE[node.tag])


def check_holds(element: Element, named: set[str]) -> None:
    """Require that an element contains only the named elements."""
    if any(child.tag not in named for child in element):
        raise Rejected("unexpected-element", f"in {etree.QName(element).localname}")
