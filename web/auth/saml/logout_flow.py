"""Single logout by redirect, in both directions.

When a person logs out here (`begin`, `finish`): our login has already ended, and the provider is asked to end its own.
The state of the logout is stored for one use, so that only an expected answer is accepted.

When the provider logs a person out (`end_named_logins`):

1. The request is signed by this provider, for this address, in time, never seen before
   (`logout_guard.verify_logout_request`).
2. The logins that came by the named NameID and session indexes are ended, each with its app's tokens.
3. The answer is a signed response, even if there was nothing to end, because the provider then continues with its next
   service.
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
    """The result of a logout request: the logins that were ended, and the address for our answer."""

    logins: frozenset[str]
    address: str


def begin(services: AuthServices, visitor: Visitor, next_path: str) -> str | None:
    """Return the provider's address for ending this login; None if it is not a SAML login or the provider has no logout."""
    if visitor.source != "saml":
        return None
    named = services.store.saml_sessions.named(visitor.login)
    try:
        parties = saml_parties(services, visitor.implementation)
    except LoginFailed as failed:
        log.warning("saml: no logout at the provider code=%s detail=%r", failed.code, failed.detail)
        return None
    if named is None or parties is None or not parties.idp.slo_url or named["provider"] != parties.idp.entity_id:
        return None
    handle = services.store.one_time_states.new_handle()
    address, request_id = outgoing_messages.logout_request(
        parties.sp,
        parties.idp,
        nameid=named["nameid"],
        nameid_format=named["nameid_format"],
        session_index=named["index"],
        relay_state=handle,
    )
    LoginStates(services.store).put_awaited_logout(AwaitedLogout(visitor.implementation, request_id, next_path), handle)
    return address


def finish(services: AuthServices, implementation: str, query: str, relay_state: str) -> str:
    """Accept the provider's answer to our logout; return the local path to continue at. Raises `Rejected`."""
    parties = _parties(services, implementation)
    awaited = LoginStates(services.store).take_awaited_logout(implementation, relay_state) if relay_state else None
    if awaited is None:
        raise Rejected("nothing-pending", "an answer to a logout that was not started here")
    response = logout_guard.verify_logout_response(query, sp=parties.sp, idp=parties.idp, request_id=awaited.request_id)
    if not response.success:
        log.info("saml: the provider did not end all of its logins implementation=%s", implementation)
    return awaited.next


def end_named_logins(services: AuthServices, implementation: str, query: str) -> ProviderLogout:
    """End the logins that a provider's logout request names. Raises `Rejected`."""
    parties = _parties(services, implementation)
    # 1.
    wanted = logout_guard.verify_logout_request(
        query, sp=parties.sp, idp=parties.idp, first_time=parties.first_time(services)
    )
    # 2.
    found = services.store.saml_sessions.find(implementation, parties.idp.entity_id, wanted.nameid, wanted.indexes)
    for login, _ in found:
        services.store.ended_logins.end(login)
    log.info("saml: the provider ended logins implementation=%s count=%d", implementation, len(found))
    # 3.
    address = ""
    if parties.idp.slo_url:
        address = outgoing_messages.logout_response(
            parties.sp, parties.idp, in_response_to=wanted.id, relay_state=wanted.relay_state
        )
    return ProviderLogout(frozenset(login for login, _ in found), address)


def _parties(services: AuthServices, implementation: str) -> SamlParties:
    parties = saml_parties(services, implementation)
    if parties is None:
        raise Rejected("nothing-pending", "no provider is known")
    return parties
