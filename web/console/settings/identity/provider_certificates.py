"""What is believed of an identity provider: certificates that wait, are active or retired; and our own keys.

A certificate which only the metadata brought counts for nothing until somebody has accepted it here.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, flash
from werkzeug.exceptions import NotFound

from records import DbSession, Implementation, RuleViolation, SamlProvider
from records.changes import saml as changes
from records.changes.after_commit import AfterCommit
from records.identity import saml_providers as saml
from web.auth.saml import metadata_import
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.settings.views_base import blueprint, done
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

NO_PROVIDER = "No identity provider is connected. It may have been removed."

#: What can be decided about a certificate, and what is said when it is done.
DECISIONS = {
    "accept": "The certificate is accepted and believed from now on.",
    "refuse": "The certificate is refused and will not be offered again.",
    "retire": "The certificate is retired: nothing signed with it counts any more.",
}


@blueprint.post("/provider/certificates/<fingerprint>/<decision>")
@needs(Permission.CHANGE_TRUST, fresh=True)
def decide_certificate(implementation: str, fingerprint: str, decision: str) -> Response:
    """Accept, refuse or retire a certificate."""
    if decision not in DECISIONS:
        raise NotFound
    said = DECISIONS[decision]
    return _act(implementation, lambda db, found: changes.decide(db, found, fingerprint, decision, by_page()), said)


@blueprint.post("/provider/refresh")
@needs(Permission.CHANGE_TRUST, fresh=True)
def refresh_provider(implementation: str) -> Response:
    """Fetch the metadata again and compare. New certificates wait; everything else is only told."""
    entrance = AuthServices.here()
    try:
        fetched = metadata_import.fetch_again(entrance.database, entrance.outbound, implementation)
        upkeep = commit_to(implementation, lambda db, _: metadata_import.refresh(db, fetched, by_page())).value
    except metadata_import.MetadataRefused as refused:
        flash(str(refused), "bad")
        return done("", "provider", implementation)
    return done(" ".join(upkeep.words), "provider", implementation)


@blueprint.post("/provider/keys/next")
@needs(Permission.CHANGE_TRUST, fresh=True)
def next_key(implementation: str) -> Response:
    """Make our next keys and publish their certificates."""
    box = AuthServices.here().box
    return _act(
        implementation,
        lambda db, found: changes.publish_keys(db, box, found, by_page()),
        "The next keys are published. Let the provider read our metadata, then switch.",
    )


@blueprint.post("/provider/keys/switch")
@needs(Permission.CHANGE_TRUST, fresh=True)
def switch_key(implementation: str) -> Response:
    """Put our next keys in the present ones' place."""
    box = AuthServices.here().box
    return _act(
        implementation,
        lambda db, found: changes.switch_keys(db, box, found, by_page()),
        "The new keys are in use. Try the login now.",
    )


def _act(implementation: str, act: Callable[[DbSession, Implementation], AfterCommit[None]], said: str) -> Response:
    """Do one thing to the provider that is there; what a rule refuses is said on the provider's page."""

    def act_if_connected(db: DbSession, found: Implementation) -> AfterCommit[None]:
        connected(db, found)
        return act(db, found)

    try:
        commit_to(implementation, act_if_connected)
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
