"""The certificates of an identity provider (waiting, active or retired), and our own keys.

A certificate that only the metadata brought is not trusted until someone has accepted it here.
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

#: The decisions about a certificate, each with the notice that confirms it.
DECISIONS = {
    "accept": "The certificate is accepted and trusted from now on.",
    "refuse": "The certificate is refused and will not be offered again.",
    "retire": "The certificate is retired: nothing signed with it is accepted any more.",
}


@blueprint.post("/provider/certificates/<fingerprint>/<decision>")
@needs(Permission.CHANGE_TRUST, fresh=True)
def decide_certificate(implementation: str, fingerprint: str, decision: str) -> Response:
    """Accept, refuse or retire a certificate."""
    if decision not in DECISIONS:
        raise NotFound
    notice = DECISIONS[decision]
    return _act(implementation, lambda db, found: changes.decide(db, found, fingerprint, decision, by_page()), notice)


@blueprint.post("/provider/refresh")
@needs(Permission.CHANGE_TRUST, fresh=True)
def refresh_provider(implementation: str) -> Response:
    """Fetch the metadata again and compare. New certificates wait; other differences are only reported."""
    services = AuthServices.here()
    try:
        fetched = metadata_import.fetch_again(services.database, services.outbound, implementation)
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
    """Replace our present keys by the next ones."""
    box = AuthServices.here().box
    return _act(
        implementation,
        lambda db, found: changes.switch_keys(db, box, found, by_page()),
        "The new keys are in use. Try the login now.",
    )


def _act(implementation: str, act: Callable[[DbSession, Implementation], AfterCommit[None]], notice: str) -> Response:
    """Change the connected provider; the reason of a refused change is shown on the provider's page."""

    def act_if_connected(db: DbSession, found: Implementation) -> AfterCommit[None]:
        connected(db, found)
        return act(db, found)

    try:
        commit_to(implementation, act_if_connected)
    except RuleViolation as refused:
        flash(f"Nothing was changed: the {refused.field.replace('_', ' ')} {refused.reason}.", "bad")
        return done("", "provider", implementation)
    return done(notice, "provider", implementation)


def connected(db: DbSession, implementation: Implementation) -> SamlProvider:
    """Return the provider. Raises `HttpProblem` (404) if none is connected."""
    found = saml.find(db, implementation)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_PROVIDER)
    return found
