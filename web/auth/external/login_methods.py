"""The three ways in, each from what was handed in to a `AuthenticatedPerson`, or to a `ExternalLoginRefused`.

Settings are read anew each time: what an administrator changes or takes away counts at once.
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
from web.auth.login_steps.refusals import Refusal, keep
from web.auth.services import AuthServices

from . import assertions, introspection, password_relay, profiles
from .password_limits import PasswordLimits
from .public_keys import JwksCache, KeysUnavailable, choose
from .refusals import ExternalLoginRefused, away, broken, not_offered

log = logging.getLogger(__name__)

Spent = TypeVar("Spent")

#: A wrong password is answered no sooner than this, in seconds, plus a little that varies: a vendor that looks up
#: unknown badges quicker than wrong names tells so less.
LEAST_S: Final = 0.4
SPREAD_S: Final = 0.1
#: Seconds for which an assertion is remembered: longer than any can be good.
REMEMBERED_S: Final = assertions.LIFE_S + 2 * assertions.SKEW_S + 60


@dataclass(frozen=True)
class ExternalAuthServices:
    """What the ways in share beside the entrance."""

    rings: JwksCache
    limits: PasswordLimits

    @classmethod
    def here(cls) -> ExternalAuthServices:
        """Return the desk of the running application."""
        desk = current_app.extensions["external"]
        assert isinstance(desk, cls)
        return desk


def install(app: App) -> None:
    """Give the application what the ways in share. Its entrance must be there before."""
    entrance: AuthServices = app.extensions["entrance"]
    config = entrance.config
    limits = PasswordLimits(entrance.store, key=config.secret_keys[-1], venues=config.venue_networks)
    app.extensions["external"] = ExternalAuthServices(JwksCache(entrance.outreach), limits)


def by_assertion(implementation: str, token: str) -> AuthenticatedPerson:
    """Log in by an assertion which the organizer signed; raises `ExternalLoginRefused` and `StoreAway`.

    It must have no nonce: one that was made for a browser is no app's to use.
    """

    def without_nonce(nonce: str | None) -> None:
        if nonce is not None:
            raise ExternalLoginRefused("nonce")

    with _noted(implementation):
        opened = settings_of(implementation, "jwt")
    person, _ = by_page(opened, token, without_nonce)
    return person


def by_page(
    opened: OpenedExternalAuth, token: str, spend: Callable[[str | None], Spent]
) -> tuple[AuthenticatedPerson, Spent]:
    """Log in by an assertion with a nonce, which `spend` uses up or refuses; raises `ExternalLoginRefused` and `StoreAway`.

    1. The assertion is good in itself (`assertions`).
    2. Its nonce is what was asked for.
    3. It comes for the first time. Last, so that only a good one is used up.
    """
    implementation, trust = opened.implementation, trust_of(opened)
    with _noted(implementation):
        asserted = assertions.verify(token, trust)  # 1.
        spent = spend(asserted.nonce)  # 2.
        seen = AuthServices.here().store.seen
        if not seen.first_time("jwt", implementation, trust.issuer, asserted.jti, life_s=REMEMBERED_S):  # 3.
            raise ExternalLoginRefused("seen before")
    profile = profiles.from_claims(asserted.claims)
    return AuthenticatedPerson(implementation, "jwt", f"jwt:{trust.issuer}", asserted.subject, profile), spent


def by_introspection(implementation: str, token: str) -> AuthenticatedPerson:
    """Log in by a token of the organizer's, whom we ask about it; raises `ExternalLoginRefused`."""
    with _noted(implementation):
        opened = settings_of(implementation, "introspection")
        fields = opened.fields
        asked = introspection.IntrospectionEndpoint(
            implementation, fields["url"], fields["client_id"], opened.secret, fields["audience"]
        )
        told = introspection.ask(asked, token, AuthServices.here().outreach)
    provider = f"introspection:{_host(fields['url'])}"
    profile = profiles.from_claims(told.claims)
    return AuthenticatedPerson(implementation, "introspection", provider, told.subject, profile, told.expires_at)


def by_password(implementation: str, username: str, password: str, ip: str) -> AuthenticatedPerson:
    """Log in by what the registration vendor says about a badge and a name; raises `ExternalLoginRefused` and `StoreAway`.

    `ip`: the address that asks, as the trusted proxies tell it.
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
    """Ask the vendor, and let the limits know what its answer says about the attempt."""
    soonest = time.monotonic() + LEAST_S + random.uniform(0, SPREAD_S)  # noqa: S311 - blurs a time, guards nothing
    try:
        return password_relay.ask(relay_of(opened), username, password, AuthServices.here().outreach)
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
    """Return the External Authentication of an implementation, of this kind if one is named; raises `ExternalLoginRefused` (404).

    Staff have none, and what leads to this machine itself is for development.
    """
    entrance = AuthServices.here()
    if implementation == implementations.STAFF:
        raise not_offered("staff")
    with entrance.database.reading() as db:
        found = implementations.find(db, implementation)
        try:
            opened = external.opened(db, entrance.box, found) if found else None
        except SecretNotOpened as error:
            log.error("the secret of an external login does not open implementation=%s error=%s", implementation, error)  # noqa: TRY400 - the text says all
            raise broken("secret does not open") from None
    if opened is None or (kind is not None and opened.kind != kind):
        raise not_offered("no such way in")
    if opened.development and entrance.config.production:
        raise not_offered("for development only")
    return opened


def trust_of(opened: OpenedExternalAuth) -> assertions.JwtTrust:
    """Return what this implementation believes of assertions."""
    fields = opened.fields
    algorithm: str = fields["algorithm"]

    def find_key(kid: str | None) -> dict[str, Any] | None:
        if not fields["jwks_url"]:
            return choose(fields["keys"], algorithm, kid)
        try:
            return ExternalAuthServices.here().rings.find(fields["jwks_url"], algorithm, kid)
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


def refusal_to_keep(implementation: str, refused: ExternalLoginRefused) -> Refusal:
    """Return a refusal as it is kept. Its precise code is told to nobody outside."""
    return Refusal(
        implementation, refused.code, refused.status, refused.text, refused.user, reference=refused.reference
    )


@contextmanager
def _noted(implementation: str) -> Iterator[None]:
    """Write a refusal down once, with its precise code."""
    try:
        yield
    except ExternalLoginRefused as refused:
        keep(refusal_to_keep(implementation, refused))
        raise
