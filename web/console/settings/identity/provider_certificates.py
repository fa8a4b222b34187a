"""What is believed of an identity provider: certificates that wait, are active or retired; and our own keys.

A certificate which only the metadata brought counts for nothing until somebody has accepted it here.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, flash
from werkzeug.exceptions import NotFound

from records import DbSession, Implementation, RuleViolation, SamlProvider
from records.identity import saml_providers as saml
from web.auth.saml import metadata_import
from web.auth.services import AuthServices
from web.console.settings.views_base import SettingsChange, actor, blueprint, changing, done
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

NO_PROVIDER = "No identity provider is connected. It may have been removed."

#: What can be decided about a certificate: the rule, the word for the audit, and what is said when it is done.
DECISIONS: dict[str, tuple[Callable[..., object], str, str]] = {
    "accept": (saml.accept, "saml.certificate.accepted", "The certificate is accepted and believed from now on."),
    "refuse": (saml.refuse, "saml.certificate.refused", "The certificate is refused and will not be offered again."),
    "retire": (
        saml.retire,
        "saml.certificate.retired",
        "The certificate is retired: nothing signed with it counts any more.",
    ),
}


@blueprint.post("/provider/certificates/<fingerprint>/<decision>")
@needs(Permission.CHANGE_TRUST, fresh=True)
def decide_certificate(implementation: str, fingerprint: str, decision: str) -> Response:
    """Accept, refuse or retire a certificate."""
    if decision not in DECISIONS:
        raise NotFound
    rule, action, said = DECISIONS[decision]

    def act(change: SettingsChange, provider: SamlProvider) -> None:
        change.target = fingerprint[:64]
        rule(change.db, provider, fingerprint, actor())

    return _act(implementation, action, act, said)


@blueprint.post("/provider/refresh")
@needs(Permission.CHANGE_TRUST, fresh=True)
def refresh_provider(implementation: str) -> Response:
    """Fetch the metadata again and compare. New certificates wait; everything else is only told."""
    entrance = AuthServices.here()
    try:
        upkeep = metadata_import.refresh(entrance.database, entrance.outreach, implementation, by=actor())
    except metadata_import.MetadataRefused as refused:
        flash(str(refused), "bad")
        return done("", "provider", implementation)
    if upkeep.changed:
        entrance.changed(implementation)
    return done(" ".join(upkeep.words), "provider", implementation)


@blueprint.post("/provider/keys/next")
@needs(Permission.CHANGE_TRUST, fresh=True)
def next_key(implementation: str) -> Response:
    """Make our next keys and publish their certificates."""

    def act(change: SettingsChange, provider: SamlProvider) -> None:
        saml.roll_sp_key(change.db, AuthServices.here().box, provider)

    return _act(
        implementation,
        "saml.key.published",
        act,
        "The next keys are published. Let the provider read our metadata, then switch.",
    )


@blueprint.post("/provider/keys/switch")
@needs(Permission.CHANGE_TRUST, fresh=True)
def switch_key(implementation: str) -> Response:
    """Put our next keys in the present ones' place."""

    def act(change: SettingsChange, provider: SamlProvider) -> None:
        saml.switch_sp_key(change.db, AuthServices.here().box, provider)

    return _act(implementation, "saml.key.switched", act, "The new keys are in use. Try the login now.")


def _act(implementation: str, action: str, act: Callable[[SettingsChange, SamlProvider], None], said: str) -> Response:
    """Do one thing to the provider that is there; what a rule refuses is said on the provider's page."""
    try:
        with changing(implementation, action) as change:
            act(change, connected(change.db, change.implementation))
    except RuleViolation as refused:
        flash(f"Nothing was changed: the {refused.field.replace('_', ' ')} {refused.reason}.", "bad")
        return done("", "provider", implementation)
    return done(said, "provider", implementation)


def connected(db: DbSession, implementation: Implementation) -> SamlProvider:
    """Return the provider. Raises `HttpProblem` (404) without one: there is nothing to do here."""
    found = saml.find(db, implementation)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_PROVIDER)
    return found
