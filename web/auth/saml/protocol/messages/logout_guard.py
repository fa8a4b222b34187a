"""Whether a provider's LogoutRequest or LogoutResponse is accepted.

A forged one would end people's logins, so an unsigned one is never accepted. The steps:

1. The signature over the raw query is the provider's, and the message is plain XML (`redirect_binding.py`).
2. It is the expected message, and contains only the named elements.
3. It was sent to exactly our address, by exactly this provider, and was issued recently.
4. A request names a person, for us, and was never seen before. A response answers the pending request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from web.auth.saml.protocol.values import Idp, LogoutRequest, LogoutResponse, Rejected, SamlPolicy, Sp
from web.auth.saml.protocol.vocabulary import SUCCESS, a, p
from web.auth.saml.protocol.xml.own_thread import in_own_thread
from web.auth.saml.protocol.xml.parsing import Element, text_of

from . import assertion_content, redirect_binding
from .response_guard import FirstTime, replay_key
from .response_shape import check_holds

_REQUEST = {a("Issuer"), a("NameID"), p("SessionIndex"), p("Extensions")}
_RESPONSE = {a("Issuer"), p("Status"), p("Extensions")}
#: Most logins that one request names, and most characters of an index.
MOST_INDEXES = 100
LONGEST_INDEX = 512
_RULES = SamlPolicy()


@in_own_thread
def verify_logout_request(
    query_string: str, *, sp: Sp, idp: Idp, first_time: FirstTime, now: datetime | None = None
) -> LogoutRequest:
    """Return which logins to end. `query_string`: as received, not decoded. Raises Rejected."""
    now = now or datetime.now(UTC)
    received = redirect_binding.read(query_string, "SAMLRequest", idp)  # 1
    root = received.root
    _check_form(root, p("LogoutRequest"), _REQUEST)  # 2
    _check_delivery(root, sp, idp, now)  # 3
    names = root.findall(a("NameID"))  # 4
    if len(names) != 1:
        raise Rejected("nameid")
    assertion_content.check_qualifier(names[0], sp)
    nameid, _ = assertion_content.read_nameid(names[0])
    indexes = [text_of(index).strip() for index in root.findall(p("SessionIndex"))]
    if len(indexes) > MOST_INDEXES or any(not 0 < len(index) <= LONGEST_INDEX for index in indexes):
        raise Rejected("session-index")
    if not first_time(replay_key("logout", idp, root.get("ID")), _RULES.max_age_s + 2 * _RULES.skew_s + 60):
        raise Rejected("replay")
    return LogoutRequest(root.get("ID"), nameid, tuple(indexes), received.relay_state)


@in_own_thread
def verify_logout_response(
    query_string: str, *, sp: Sp, idp: Idp, request_id: str, now: datetime | None = None
) -> LogoutResponse:
    """Return the result of our logout. `request_id`: of the pending LogoutRequest, which the caller has used up. Raises Rejected."""
    received = redirect_binding.read(query_string, "SAMLResponse", idp)  # 1
    root = received.root
    _check_form(root, p("LogoutResponse"), _RESPONSE)  # 2
    _check_delivery(root, sp, idp, now or datetime.now(UTC))  # 3
    if not request_id or root.get("InResponseTo") != request_id:  # 4
        raise Rejected("in-response-to")
    return LogoutResponse(root.get("ID"), request_id, _is_success(root), received.relay_state)


def _check_form(root: Element, tag: str, named: set[str]) -> None:
    if root.tag != tag:
        raise Rejected("not-a-logout")
    if root.get("Version") != "2.0":
        raise Rejected("version")
    if not root.get("ID"):
        raise Rejected("bad-id")
    check_holds(root, named)


def _check_delivery(root: Element, sp: Sp, idp: Idp, now: datetime) -> None:
    if root.get("Destination") != sp.slo_url:
        raise Rejected("destination")
    assertion_content.check_issuer(root, idp, "issuer")
    assertion_content.check_age(root, now, _RULES.skew_s, _RULES.max_age_s)
    until = assertion_content.time_of(root, "NotOnOrAfter")
    if until is not None and until <= now - timedelta(seconds=_RULES.skew_s):
        raise Rejected("expired")


def _is_success(root: Element) -> bool:
    codes = [code for status in root.findall(p("Status")) for code in status.findall(p("StatusCode"))]
    if len(codes) != 1:
        raise Rejected("status-missing")
    return codes[0].get("Value") == SUCCESS and not len(codes[0])
