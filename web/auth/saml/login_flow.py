"""The way of a SAML login through our addresses: begun, believed, completed.

The steps when a provider's message is posted to us (`believe`):

1. The form has one message and at most one RelayState.
2. The RelayState is the handle of a login that was begun for this implementation. A message that nobody asked for is
   at most a hint, if the implementation allows that: it is judged, and then a login is begun which has to be answered.
3. The process has work left for it (`web/auth/saml_work_limit.py`); what is not judged for lack of that was no try. That login was
   not tried more than `MOST_TRIES` times; with the next it is burned.
4. The guard believes it: signed by this provider, for us, in answer to exactly that request, never seen before.
5. The begun login is burned; whoever comes second with the same is refused.
6. It says who the person is, by a key that stays the same.
7. The person waits under a new one-time handle. Nobody is logged in yet: no cookie comes with a post from elsewhere.

And when the browser follows to the completion (`complete`):

8. The handle is one of ours, for this implementation.
9. The browser carries the cookie of the one that began the login. Others are refused, and burn nothing.
10. The arrival is burned; whoever comes second is refused. Then `web.auth.login_steps.admission` decides.
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
from web.auth.login_steps.login_states import ASKED_S, AwaitedLogin, LoginBrowser, LoginStates, ProvedLogin
from web.auth.saml import assertion_to_person
from web.auth.saml.protocol.messages import outgoing_messages
from web.auth.saml.protocol.messages.response_guard import FirstTime, verify_response
from web.auth.saml.protocol.values import Idp, Rejected, SamlAssertion, SamlPolicy, Sp
from web.auth.services import AuthServices
from web.problem_details import NO_IMPLEMENTATION, HttpProblem

log = logging.getLogger(__name__)

#: Seconds since the provider asked for proof, when we wanted a fresh login.
FRESH_S = 120

#: Messages that may come for one begun login. An honest one comes once, and again when somebody reloads.
MOST_TRIES = 10

#: Fields of a posted form; a provider sends two.
MOST_FIELDS = 20


class LoginFailed(Exception):
    """A login came to nothing. `code` and `detail` are for the log; the journey is where to try again from.

    `user` is the person's key, once a message that was believed has named it.
    """

    def __init__(self, code: str, detail: str = "", journey: Journey | None = None, user: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.journey = journey
        self.user = user


@dataclass(frozen=True)
class PostedMessage:
    """What a provider's page posted."""

    message: str = field(repr=False)
    relay_state: str = field(repr=False)


@dataclass(frozen=True)
class SamlParties:
    """Both sides of an implementation's SAML, and how messages between them are read."""

    implementation: str
    sp: Sp
    idp: Idp
    policy: SamlPolicy
    attribute_map: Mapping[str, list[str]]
    subject_attribute: str

    def first_time(self, entrance: AuthServices) -> FirstTime:
        """Return what remembers messages of this provider; it raises `StoreAway`, so that nothing is let in unseen."""
        return lambda key, life_s: entrance.store.seen.first_time("saml", key, life_s=life_s)


def service_provider(entrance: AuthServices, implementation: str) -> Sp:
    """Return our side of an implementation, whether a provider is known or not: it wants to read about us first."""
    try:
        with entrance.database.reading() as db:
            found = _implementation(implementations.find(db, implementation))
            keys = saml.sp_keys_if_made(db, entrance.box, found)
        if keys is None:
            with entrance.database.session() as db:
                keys = saml.sp_keys(db, entrance.box, _implementation(implementations.find(db, implementation)))
    except SecretNotOpened as error:
        raise LoginFailed("own-key", str(error)) from None
    return _sp(entrance, implementation, keys)


def saml_parties(entrance: AuthServices, implementation: str, *, fresh: bool = False) -> SamlParties | None:
    """Return both sides; None when no provider is known. `fresh`: for a step-up."""
    with entrance.database.reading() as db:
        found = _implementation(implementations.find(db, implementation))
        try:
            opened = saml.opened(db, entrance.box, found)
        except SecretNotOpened as error:
            raise LoginFailed("own-key", str(error)) from None
    if opened and opened.development and entrance.config.production:
        raise LoginFailed("development-only")  # at a stand-in of development anybody can be anybody
    return _sides(entrance, opened, fresh=fresh) if opened else None


def begin(entrance: AuthServices, sides: SamlParties, journey: Journey, *, browser: str, origin: LoginOrigin) -> str:
    """Remember a login of this browser (the hash of its cookie); return the address at the provider."""
    handle = entrance.store.once.new_handle()
    ask = journey.fresh or journey.switch
    address, request_id = outgoing_messages.login_request(sides.sp, sides.idp, relay_state=handle, force_authn=ask)
    LoginStates(entrance.store).put_asked(
        AwaitedLogin(sides.implementation, browser, request_id, journey), handle, origin
    )
    return address


def posted(asked: Request) -> PostedMessage:
    """Read a provider's form. Raises `LoginFailed` for one that says something twice."""
    # 1.
    asked.max_form_parts = MOST_FIELDS
    if asked.mimetype != "application/x-www-form-urlencoded":
        raise LoginFailed("form", "not the type of a form")
    fields = asked.form.to_dict(flat=False)
    if len(fields) > MOST_FIELDS or any(len(values) > 1 for values in fields.values()) or "SAMLResponse" not in fields:
        raise LoginFailed("form", "a field is missing or came twice")
    return PostedMessage(fields["SAMLResponse"][0], fields.get("RelayState", [""])[0])


def believe(entrance: AuthServices, implementation: str, given: PostedMessage) -> str:
    """Judge a provider's message; return the local address to go on to. Raises `LoginFailed` and `TooMuchWork`."""
    states = LoginStates(entrance.store)
    # 2.
    asked = states.look_asked(implementation, given.relay_state) if given.relay_state else None
    journey = asked.journey if asked else Journey()
    sides = saml_parties(entrance, implementation, fresh=journey.fresh)
    if sides is None:
        raise LoginFailed("no-provider")
    if asked is None and not sides.policy.allow_unsolicited:
        raise LoginFailed("nothing-pending")
    try:
        with entrance.saml_work.judging() as work:
            if asked:
                _check_tries(entrance, states, given.relay_state, journey)  # 3.
            assertion = _believed(entrance, sides, given.message, asked)  # 4.
            work.believed = True
        if asked is None:
            log.info("saml: a login that nobody asked for begins one implementation=%s", implementation)
            return f"/saml/{implementation}/login"
        if not states.take_asked(given.relay_state):  # 5.
            raise LoginFailed("nothing-pending", "the same login was answered twice at once")
        person = assertion_to_person.person_of(  # 6.
            assertion, implementation, attribute_map=sides.attribute_map, subject_attribute=sides.subject_attribute
        )
    except Rejected as rejected:
        raise LoginFailed(rejected.code, rejected.detail, journey) from None
    except NotAdmitted as refused:
        raise LoginFailed(refused.code, refused.detail, journey) from None
    handle = states.put_arrived(ProvedLogin(person, asked.browser, journey))  # 7.
    return f"/saml/{implementation}/complete?o={handle}"


def complete(entrance: AuthServices, implementation: str, handle: str, browser: LoginBrowser) -> ProvedLogin:
    """Return who has arrived with this browser. Raises `LoginFailed`."""
    states = LoginStates(entrance.store)
    # 8.
    arrived = states.look_arrived(implementation, handle)
    if arrived is None:
        raise LoginFailed("no-arrival")
    # 9.
    if not browser.is_the_one(arrived.browser):
        raise LoginFailed("another-browser", user=arrived.person.subject)
    # 10.
    if not states.take_arrived(handle):
        raise LoginFailed("no-arrival", "completed twice at once", user=arrived.person.subject)
    return arrived


def _check_tries(entrance: AuthServices, states: LoginStates, handle: str, journey: Journey) -> None:
    if not entrance.store.attempts.hit("saml tries", handle, limit=MOST_TRIES, window_s=ASKED_S).ok:
        states.take_asked(handle)
        raise LoginFailed("nothing-pending", "the same login was tried too often", journey)


def _believed(entrance: AuthServices, sides: SamlParties, message: str, asked: AwaitedLogin | None) -> SamlAssertion:
    assertion = verify_response(
        message,
        sp=sides.sp,
        idp=sides.idp,
        policy=sides.policy,
        request_id=asked.request_id if asked else None,
        first_time=sides.first_time(entrance),
    )
    # Who it is about stays out of the log; by these the provider's people find their side of it.
    log.info("saml: believed issuer=%s assertion=%s", assertion.issuer, assertion.assertion_id)
    return assertion


def _sides(entrance: AuthServices, opened: OpenedSaml, *, fresh: bool) -> SamlParties:
    return SamlParties(
        implementation=opened.implementation,
        sp=_sp(entrance, opened.implementation, opened.keys),
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


def _sp(entrance: AuthServices, implementation: str, keys: SpKeys) -> Sp:
    next_signing, next_encryption = keys.next_signing, keys.next_encryption
    base = entrance.config.absolute(f"/saml/{implementation}")
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
