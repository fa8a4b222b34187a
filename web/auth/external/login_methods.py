"""The three login methods: each turns a proof into an `AuthenticatedPerson`, or raises `ExternalLoginRefused`.

Settings are read for each login, so that a change by an administrator takes effect at once.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import current_app
from flask.sansio.app import App

from records import OpenedExternalAuth, SecretNotOpened
from records.identity import external_auth as external
from records.people import badge_id
from records.tenants import implementations
from runner.powers import auth_of
from web.auth.login_steps.admission import AuthenticatedPerson
from web.auth.login_steps.refusals import Refusal, record
from web.auth.services import AuthServices

from . import assertions, introspection, password_relay, profiles
from .password_limits import PasswordLimits
from .public_keys import JwksCache, KeysUnavailable, choose
from .refusals import ExternalLoginRefused, away, broken, not_offered

log = logging.getLogger(__name__)

NonceState = TypeVar("NonceState")

#: Least seconds until a wrong password is answered, plus a random part. Otherwise the time would reveal whether the
#: badge exists, because some vendors answer faster for unknown badges.
LEAST_S: Final = 0.4
SPREAD_S: Final = 0.1
#: Seconds for which an assertion is remembered: longer than any assertion can be valid.
REMEMBERED_S: Final = assertions.LIFE_S + 2 * assertions.SKEW_S + 60


@dataclass(frozen=True)
class ExternalAuthServices:
    """What the login methods share besides `AuthServices`."""

    jwks_cache: JwksCache
    limits: PasswordLimits

    @classmethod
    def here(cls) -> ExternalAuthServices:
        """Return the services of the running application."""
        services = current_app.extensions["external auth services"]
        assert isinstance(services, cls)
        return services


def install(app: App) -> None:
    """Set up the services of the login methods. `AuthServices` must be set up before."""
    services: AuthServices = app.extensions["auth services"]
    config = services.config
    limits = PasswordLimits(services.store, key=config.secret_keys[-1], venues=config.venue_networks)
    app.extensions["external auth services"] = ExternalAuthServices(JwksCache(services.outbound), limits)


def by_assertion(implementation: str, token: str) -> AuthenticatedPerson:
    """Authenticate by an assertion that the organizer signed. Raises `ExternalLoginRefused` and `StoreAway`.

    It must have no nonce: an assertion with a nonce was made for a browser, not for an app.
    """

    def without_nonce(nonce: str | None) -> None:
        if nonce is not None:
            raise ExternalLoginRefused("nonce")

    with _noted(implementation):
        opened = settings_of(implementation, "jwt")
    person, _ = by_page(opened, token, without_nonce)
    return person


def by_page(
    opened: OpenedExternalAuth, token: str, use_nonce: Callable[[str | None], NonceState]
) -> tuple[AuthenticatedPerson, NonceState]:
    """Authenticate by an assertion whose nonce `use_nonce` accepts or refuses. Raises `ExternalLoginRefused` and `StoreAway`.

    1. The assertion itself is valid (`assertions`).
    2. Its nonce is the one that was requested.
    3. It was not used before. This is checked last, so that only a valid assertion is used up.
    """
    implementation, trust = opened.implementation, trust_of(opened)
    with _noted(implementation):
        asserted = assertions.verify(token, trust)  # 1.
        nonce_state = use_nonce(asserted.nonce)  # 2.
        seen = AuthServices.here().store.replays
        if not seen.first_time("jwt", implementation, trust.issuer, asserted.jti, life_s=REMEMBERED_S):  # 3.
            raise ExternalLoginRefused("seen before")
    profile = profiles.from_claims(asserted.claims)
    return AuthenticatedPerson(implementation, "jwt", f"jwt:{trust.issuer}", asserted.subject, profile), nonce_state


def by_introspection(implementation: str, token: str) -> AuthenticatedPerson:
    """Authenticate by an access token of the organizer, who is asked about it. Raises `ExternalLoginRefused`."""
    with _noted(implementation):
        opened = settings_of(implementation, "introspection")
        fields = opened.fields
        endpoint = introspection.IntrospectionEndpoint(
            implementation, fields["url"], fields["client_id"], opened.secret, fields["audience"]
        )
        introspected = introspection.ask(endpoint, token, AuthServices.here().outbound)
    provider = f"introspection:{_host(fields['url'])}"
    profile = profiles.from_claims(introspected.claims)
    return AuthenticatedPerson(
        implementation, "introspection", provider, introspected.subject, profile, introspected.expires_at
    )


def by_password(implementation: str, username: str, password: str, ip: str) -> AuthenticatedPerson:
    """Authenticate by badge and name, which the registration vendor checks. Raises `ExternalLoginRefused` and `StoreAway`.

    `ip`: the address of the client, as reported by the trusted proxies.
    """
    limits = ExternalAuthServices.here().limits
    username, password = badge_id.normalised(username), password.strip()
    with _noted(implementation):
        opened = settings_of(implementation, "password")
        limits.begin(implementation, username, ip)
        registrant = _registrant(opened, username, password, limits)
    limits.right(implementation, username)
    provider = f"password:{_host(opened.fields['url'])}"
    profile = profiles.from_registrant(registrant.known)
    return AuthenticatedPerson(implementation, "password", provider, registrant.subject, profile)


def _registrant(
    opened: OpenedExternalAuth, username: str, password: str, limits: PasswordLimits
) -> password_relay.Registrant:
    """Ask the vendor, and count the attempt as its answer requires."""
    soonest = time.monotonic() + LEAST_S + random.uniform(0, SPREAD_S)  # noqa: S311 - varies a delay; not a secret
    try:
        return password_relay.ask(relay_of(opened), username, password, AuthServices.here().outbound)
    except password_relay.BadgeOrNameWrong:
        time.sleep(max(0.0, soonest - time.monotonic()))
        raise
    except password_relay.RegistrantBarred:
        limits.right(opened.implementation, username)
        raise
    except ExternalLoginRefused:
        limits.unknown(opened.implementation, username)
        raise


# -- settings -----------------------------------------------------------------------------------------------------


def settings_of(implementation: str, kind: str | None = None) -> OpenedExternalAuth:
    """Return the External Authentication of an implementation, of this kind if one is given. Raises `ExternalLoginRefused` (404).

    Staff have none, and settings for development are refused in production.
    """
    services = AuthServices.here()
    if implementation == implementations.STAFF:
        raise not_offered("staff")
    with services.database.reading() as db:
        found = implementations.find(db, implementation)
        try:
            opened = external.opened(db, services.box, found) if found else None
        except SecretNotOpened as error:
            log.error("stored secret unreadable implementation=%s error=%s", implementation, error)  # noqa: TRY400 - the message says it all
            raise broken("secret does not open") from None
    if opened is None or (kind is not None and opened.kind != kind):
        raise not_offered("no such way in")
    if opened.development and services.config.production:
        raise not_offered("for development only")
    return opened


def trust_of(opened: OpenedExternalAuth) -> assertions.JwtTrust:
    """Return what this implementation trusts."""
    fields = opened.fields
    algorithm: str = fields["algorithm"]

    def find_key(kid: str | None) -> dict[str, Any] | None:
        if not fields["jwks_url"]:
            return choose(fields["keys"], algorithm, kid)
        try:
            return ExternalAuthServices.here().jwks_cache.find(fields["jwks_url"], algorithm, kid)
        except KeysUnavailable:
            raise away("keys away") from None

    audience = AuthServices.here().config.absolute(f"/ext/{opened.implementation}")
    return assertions.JwtTrust(algorithm, fields["issuer"], audience, opened.secret, find_key)


def relay_of(opened: OpenedExternalAuth) -> password_relay.RegistrationVendor:
    """Return the registration vendor of this implementation."""
    fields = opened.fields
    return password_relay.RegistrationVendor(
        implementation=opened.implementation,
        url=fields["url"],
        auth=auth_of(fields["auth_kind"], fields["auth_fields"], opened.secret),
        template=fields["template"],
        result=fields["result"],
        accepted=_condition(fields["accepted"]),
        excluded_types=tuple(fields["excluded_types"]),
        excluded_text=fields["excluded_text"],
        opted_out=_condition(fields["opted_out"]),
        opted_out_text=fields["opted_out_text"],
        username_label=fields["username_label"],
        password_label=fields["password_label"],
    )


def _condition(given: dict[str, Any] | None) -> password_relay.Condition | None:
    return password_relay.Condition(given["path"], given["equals"]) if given else None


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def refusal_of(implementation: str, refused: ExternalLoginRefused) -> Refusal:
    """Return the refusal to record. Its precise code is never shown to the person."""
    return Refusal(
        implementation, refused.code, refused.status, refused.text, refused.user, reference=refused.reference
    )


@contextmanager
def _noted(implementation: str) -> Iterator[None]:
    """Record a refusal once, with its precise code."""
    try:
        yield
    except ExternalLoginRefused as refused:
        record(refusal_of(implementation, refused))
        raise
