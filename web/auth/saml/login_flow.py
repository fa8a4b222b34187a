"""The flow of a SAML login: started, accepted, completed.

The steps when a provider posts a message (`accept_message`):

1. The form has one message and at most one RelayState.
2. The RelayState is the handle of a login that was started for this implementation. If the implementation allows
   unsolicited messages, such a message is checked, but only starts a new login, which the provider must answer.
3. The work limit (`web/auth/saml_work_limit.py`) allows the check; a message refused by that limit does not count as an
   attempt. The login has had at most `MOST_TRIES` attempts; the next one uses it up.
4. The guard accepts the message: signed by this provider, for us, in answer to exactly that request, never seen before.
5. The started login is used up; a second answer to it is refused.
6. The message names the person by a stable key.
7. The person is stored under a new one-time handle. No one is logged in yet, because no cookie comes with the post.

The steps when the browser follows the redirect (`complete`):

8. The handle is one of ours, for this implementation.
9. The browser has the cookie with which the login was started. Another browser is refused, and uses up nothing.
10. The handle is used up; a second use is refused. Then `web.auth.login_steps.admission` decides.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from flask import Request

from records import Implementation, OpenedSaml, SecretNotOpened, SpKeys
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.logins import LoginOrigin
from web.auth.login_steps.admission import Journey, NotAdmitted
from web.auth.login_steps.login_states import LOGIN_S, AwaitedLogin, LoginBrowser, LoginStates, ProvedLogin
from web.auth.saml import assertion_to_person
from web.auth.saml.protocol.messages import outgoing_messages
from web.auth.saml.protocol.messages.response_guard import FirstTime, verify_response
from web.auth.saml.protocol.values import Idp, Rejected, SamlAssertion, SamlPolicy, Sp
from web.auth.services import AuthServices
from web.problem_details import NO_IMPLEMENTATION, HttpProblem

log = logging.getLogger(__name__)

#: Most seconds since the person authenticated at the provider, if a fresh login was requested.
FRESH_S = 120

#: Most messages for one started login. A genuine one comes once, and again if the page is reloaded.
MOST_TRIES = 10

#: Most fields of a posted form; a provider sends two.
MOST_FIELDS = 20


class LoginFailed(Exception):
    """The login failed. `code` and `detail` are for the log; the journey is for trying again.

    `user` is the person's key, if an accepted message has named it.
    """

    def __init__(self, code: str, detail: str = "", journey: Journey | None = None, user: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.journey = journey
        self.user = user


@dataclass(frozen=True)
class PostedMessage:
    """The form that a provider's page posted."""

    message: str = field(repr=False)
    relay_state: str = field(repr=False)


@dataclass(frozen=True)
class SamlParties:
    """The service provider and the identity provider of an implementation, and how their messages are read."""

    implementation: str
    sp: Sp
    idp: Idp
    policy: SamlPolicy
    attribute_map: Mapping[str, list[str]]
    subject_attribute: str

    def first_time(self, services: AuthServices) -> FirstTime:
        """Return the replay check for this provider. It raises `StoreAway`, so that no message is accepted without it."""
        return lambda key, life_s: services.store.replays.first_time("saml", key, life_s=life_s)


def service_provider(services: AuthServices, implementation: str) -> Sp:
    """Return our service provider for an implementation, even before its identity provider is known."""
    try:
        with services.database.reading() as db:
            found = _implementation(implementations.find(db, implementation))
            keys = saml.sp_keys_if_made(db, services.box, found)
        if keys is None:
            with services.database.session() as db:
                keys = saml.sp_keys(db, services.box, _implementation(implementations.find(db, implementation)))
    except SecretNotOpened as error:
        raise LoginFailed("own-key", str(error)) from None
    return _sp(services, implementation, keys)


def saml_parties(services: AuthServices, implementation: str, *, fresh: bool = False) -> SamlParties | None:
    """Return both parties; None if no identity provider is known. `fresh`: for a step-up."""
    with services.database.reading() as db:
        found = _implementation(implementations.find(db, implementation))
        try:
            opened = saml.opened(db, services.box, found)
        except SecretNotOpened as error:
            raise LoginFailed("own-key", str(error)) from None
    if opened and opened.development and services.config.production:
        raise LoginFailed("development-only")  # the development provider lets anyone log in as any person
    return _parties(services, opened, fresh=fresh) if opened else None


def begin(services: AuthServices, parties: SamlParties, journey: Journey, *, browser: str, origin: LoginOrigin) -> str:
    """Store a login of this browser (the hash of its cookie); return the address at the provider."""
    handle = services.store.one_time_states.new_handle()
    ask = journey.fresh or journey.switch
    address, request_id = outgoing_messages.login_request(parties.sp, parties.idp, relay_state=handle, force_authn=ask)
    LoginStates(services.store).put_awaited_login(
        AwaitedLogin(parties.implementation, browser, request_id, journey), handle, origin
    )
    return address


def read_form(http_request: Request) -> PostedMessage:
    """Read a provider's form. Raises `LoginFailed` if a field is missing or occurs twice."""
    # 1.
    http_request.max_form_parts = MOST_FIELDS
    if http_request.mimetype != "application/x-www-form-urlencoded":
        raise LoginFailed("form", "not a form")
    fields = http_request.form.to_dict(flat=False)
    if len(fields) > MOST_FIELDS or any(len(values) > 1 for values in fields.values()) or "SAMLResponse" not in fields:
        raise LoginFailed("form", "a field is missing or occurs twice")
    return PostedMessage(fields["SAMLResponse"][0], fields.get("RelayState", [""])[0])


def accept_message(services: AuthServices, implementation: str, posted: PostedMessage) -> str:
    """Check a provider's message; return the local address to redirect to. Raises `LoginFailed` and `TooMuchWork`."""
    states = LoginStates(services.store)
    # 2.
    awaited = states.find_awaited_login(implementation, posted.relay_state) if posted.relay_state else None
    journey = awaited.journey if awaited else Journey()
    parties = saml_parties(services, implementation, fresh=journey.fresh)
    if parties is None:
        raise LoginFailed("no-provider")
    if awaited is None and not parties.policy.allow_unsolicited:
        raise LoginFailed("nothing-pending")
    try:
        with services.saml_work.checking() as work:
            if awaited:
                _check_tries(services, states, posted.relay_state, journey)  # 3.
            assertion = _verified_assertion(services, parties, posted.message, awaited)  # 4.
            work.accepted = True
        if awaited is None:
            log.info("saml: an unsolicited message starts a login implementation=%s", implementation)
            return f"/saml/{implementation}/login"
        if not states.take_awaited_login(posted.relay_state):  # 5.
            raise LoginFailed("nothing-pending", "the same login was answered twice at the same time")
        person = assertion_to_person.person_of(  # 6.
            assertion, implementation, attribute_map=parties.attribute_map, subject_attribute=parties.subject_attribute
        )
    except Rejected as rejected:
        raise LoginFailed(rejected.code, rejected.detail, journey) from None
    except NotAdmitted as refused:
        raise LoginFailed(refused.code, refused.detail, journey) from None
    handle = states.put_proved_login(ProvedLogin(person, awaited.browser, journey))  # 7.
    return f"/saml/{implementation}/complete?o={handle}"


def complete(services: AuthServices, implementation: str, handle: str, browser: LoginBrowser) -> ProvedLogin:
    """Return the proved login of this browser. Raises `LoginFailed`."""
    states = LoginStates(services.store)
    # 8.
    proved = states.find_proved_login(implementation, handle)
    if proved is None:
        raise LoginFailed("no-arrival")
    # 9.
    if not browser.is_same_browser(proved.browser):
        raise LoginFailed("another-browser", user=proved.person.subject)
    # 10.
    if not states.take_proved_login(handle):
        raise LoginFailed("no-arrival", "completed twice at the same time", user=proved.person.subject)
    return proved


def _check_tries(services: AuthServices, states: LoginStates, handle: str, journey: Journey) -> None:
    if not services.store.attempts.hit("saml tries", handle, limit=MOST_TRIES, window_s=LOGIN_S).ok:
        states.take_awaited_login(handle)
        raise LoginFailed("nothing-pending", "too many messages for the same login", journey)


def _verified_assertion(
    services: AuthServices, parties: SamlParties, message: str, awaited: AwaitedLogin | None
) -> SamlAssertion:
    assertion = verify_response(
        message,
        sp=parties.sp,
        idp=parties.idp,
        policy=parties.policy,
        request_id=awaited.request_id if awaited else None,
        first_time=parties.first_time(services),
    )
    # The log does not name the person; with these values, the provider can find its own log entries.
    log.info("saml: accepted issuer=%s assertion=%s", assertion.issuer, assertion.assertion_id)
    return assertion


def _parties(services: AuthServices, opened: OpenedSaml, *, fresh: bool) -> SamlParties:
    return SamlParties(
        implementation=opened.implementation,
        sp=_sp(services, opened.implementation, opened.keys),
        idp=Idp(opened.entity_id, opened.sso_url, opened.slo_url, opened.certificates),
        policy=SamlPolicy(
            allow_unsolicited=opened.allow_unsolicited,
            accept_response_signature=opened.accept_response_signature,
            allow_cbc=opened.allow_cbc,
            max_authn_age_s=FRESH_S if fresh else None,
        ),
        attribute_map=opened.attribute_map,
        subject_attribute=opened.subject_attribute,
    )


def _sp(services: AuthServices, implementation: str, keys: SpKeys) -> Sp:
    next_signing, next_encryption = keys.next_signing, keys.next_encryption
    base = services.config.absolute(f"/saml/{implementation}")
    return Sp(
        entity_id=f"{base}/metadata",
        acs_url=f"{base}/acs",
        slo_url=f"{base}/slo",
        key_pem=keys.signing.key,
        cert_pem=keys.signing.certificate,
        decryption_key_pem=keys.encryption.key,
        encryption_cert_pem=keys.encryption.certificate,
        next_cert_pem=next_signing.certificate if next_signing else "",
        next_decryption_key_pem=next_encryption.key if next_encryption else "",
        next_encryption_cert_pem=next_encryption.certificate if next_encryption else "",
    )


def _implementation(found: Implementation | None) -> Implementation:
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    return found
