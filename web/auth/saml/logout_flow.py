"""The end of a SAML login, in both directions, by redirect.

When somebody logs out here (`begin`, `answered`): our login has ended already; the provider is asked to end the rest.
The state of it is kept once, so that only an answer which somebody waits for is listened to.

When the provider logs somebody out (`told`):

1. The request is signed by this provider, for this address, in time, never seen before: `logout.verify_logout_request`.
2. The logins which came by the NameID and the session indexes it names are ended, each with its app's tokens.
3. It is answered with a signed response, also when there was nothing to end: the provider goes on to its next service.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from web.auth.login_steps.login_states import AwaitedLogout, LoginStates
from web.auth.logins import Visitor
from web.auth.saml.login_flow import LoginFailed, SamlParties, saml_parties
from web.auth.saml.protocol.messages import logout_guard, outgoing_messages
from web.auth.saml.protocol.values import Rejected
from web.auth.services import AuthServices

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProviderLogout:
    """What a provider's logout came to: the logins which it ended, and where the browser takes our answer."""

    logins: frozenset[str]
    address: str


def begin(entrance: AuthServices, visitor: Visitor, onward: str) -> str | None:
    """Return the provider's address for a logout of this login; None when it came another way or that cannot be."""
    if visitor.source != "saml":
        return None
    named = entrance.store.saml_sessions.named(visitor.login)
    try:
        sides = saml_parties(entrance, visitor.implementation)
    except LoginFailed as failed:
        log.warning("saml: the provider is not told of a logout code=%s detail=%r", failed.code, failed.detail)
        return None
    if named is None or sides is None or not sides.idp.slo_url or named["provider"] != sides.idp.entity_id:
        return None
    handle = entrance.store.once.new_handle()
    address, request_id = outgoing_messages.logout_request(
        sides.sp,
        sides.idp,
        nameid=named["nameid"],
        nameid_format=named["nameid_format"],
        session_index=named["index"],
        relay_state=handle,
    )
    LoginStates(entrance.store).put_leaving(AwaitedLogout(visitor.implementation, request_id, onward), handle)
    return address


def answered(entrance: AuthServices, implementation: str, query: str, relay_state: str) -> str:
    """Take the provider's answer to our logout; return where to go on. Raises `Rejected` for one nobody waits for."""
    sides = _sides(entrance, implementation)
    leaving = LoginStates(entrance.store).take_leaving(implementation, relay_state) if relay_state else None
    if leaving is None:
        raise Rejected("nothing-pending", "an answer to a logout that was not begun here")
    response = logout_guard.verify_logout_response(query, sp=sides.sp, idp=sides.idp, request_id=leaving.request_id)
    if not response.success:
        log.info("saml: the provider did not end all of its logins implementation=%s", implementation)
    return leaving.next


def told(entrance: AuthServices, implementation: str, query: str) -> ProviderLogout:
    """Do what a provider's logout request says. Raises `Rejected`."""
    sides = _sides(entrance, implementation)
    # 1.
    wanted = logout_guard.verify_logout_request(
        query, sp=sides.sp, idp=sides.idp, first_time=sides.first_time(entrance)
    )
    # 2.
    found = entrance.store.saml_sessions.find(implementation, sides.idp.entity_id, wanted.nameid, wanted.indexes)
    for login, _ in found:
        entrance.store.ended.end(login)
    log.info("saml: the provider ended logins implementation=%s count=%d", implementation, len(found))
    # 3.
    address = ""
    if sides.idp.slo_url:
        address = outgoing_messages.logout_response(
            sides.sp, sides.idp, in_response_to=wanted.id, relay_state=wanted.relay_state
        )
    return ProviderLogout(frozenset(login for login, _ in found), address)


def _sides(entrance: AuthServices, implementation: str) -> SamlParties:
    sides = saml_parties(entrance, implementation)
    if sides is None:
        raise Rejected("nothing-pending", "no provider is known")
    return sides
