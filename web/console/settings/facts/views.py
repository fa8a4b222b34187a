"""The facts of an implementation: how many are known, the secrets with which vendors push them, and the last calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.agenda import sessions
from records.changes import facts as changes
from records.facts import fact_lists, hook_secrets
from records.facts.fact_tables import HookSecret
from records.tenants import implementations
from records.webhooks.webhook import OVERLAP
from runner.health.hook_calls import HookCall, HookCalls
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.settings.facts.forms import PrepareForm
from web.console.settings.facts.preparations import preparations
from web.console.settings.general.views import ABOVE
from web.console.settings.views_base import UNCHANGED, address, ask, blueprint, done, looking, page
from web.permissions import Permission, needs


@blueprint.get("/settings/facts", endpoint="facts")
@needs(Permission.SEE_SETTINGS)
def show_facts(implementation: str) -> Response:
    """Show how many facts are known, the secrets, and the last calls of vendors."""
    with looking(implementation) as (db, found):
        return _page(db, found)


@blueprint.post("/settings/facts/secrets")
@needs(Permission.CHANGE_TRUST, fresh=True)
def make_secret(implementation: str) -> Response:
    """Make a secret, and show it, this once."""
    box = AuthServices.here().box
    try:
        made = commit_to(implementation, lambda db, found: changes.make_secret(db, box, found, by_page())).value
    except RuleViolation as refused:
        return done(f"Nothing was made: the {refused.field} {refused.reason}.", "facts", implementation)
    with looking(implementation) as (db, found):
        return _page(db, found, secret=made.text)


@blueprint.get("/settings/facts/secrets/<int:number>/revoke")
@needs(Permission.CHANGE_TRUST)
def ask_revoke_secret(implementation: str, number: int) -> Response:
    """Ask whether a secret should be revoked, and say what that does."""
    with looking(implementation) as (_, found):
        effects = [
            "Calls that are signed with it are refused, from now on and for ever.",
            "What was pushed before stays.",
        ]
        back = address("facts", implementation)
        return ask(found, f"Revoke secret {number}", effects, verb=f"Revoke secret {number}", back=back)


@blueprint.post("/settings/facts/secrets/<int:number>/revoke")
@needs(Permission.CHANGE_TRUST, fresh=True)
def revoke_secret(implementation: str, number: int) -> Response:
    """Revoke a secret, for ever."""
    try:
        after = commit_to(implementation, lambda db, found: changes.revoke_secret(db, found, number, by_page()))
    except RuleViolation as refused:
        return done(f"Nothing was revoked: the {refused.field} {refused.reason}.", "facts", implementation)
    return done(f"Secret {number} is revoked." if after.made else UNCHANGED, "facts", implementation)


def _page(db: DbSession, found: Implementation, *, secret: str = "") -> Response:
    services, now = AuthServices.here(), datetime.now(UTC)
    rows, prepared = fact_lists.counts(db, found), preparations(db, found)
    unreadable = hook_secrets.unreadable(db, services.box, found, now)
    named = sessions.with_retired(db, found) if rows or prepared.runs else {}
    titles = {session_id: each.title for session_id, each in named.items()}
    return page(
        "facts.html",
        found,
        title="Facts",
        has_times=True,
        above=ABOVE,
        shown_secret=secret,
        push_address=f"{services.config.public_url}/hooks/{found.slug}/facts",
        rows=rows,
        prepared=prepared,
        form=PrepareForm(),
        titles=titles,
        secrets=[(each, _state(each, now, unreadable)) for each in hook_secrets.listed(db, found)],
        taken=_calls(found, taken=True),
        refused=_calls(found, taken=False),
        overlap_hours=int(OVERLAP.total_seconds()) // 3600,
    )


def _calls(found: Implementation, *, taken: bool) -> list[HookCall]:
    """Return the last calls, without those to a removed implementation with the same slug."""
    calls = HookCalls(AuthServices.here().store.redis).recent(found.slug, taken=taken)
    return [each for each in calls if implementations.existed_at(found, each.when)]


def _state(secret: HookSecret, now: datetime, unreadable: Sequence[int]) -> tuple[str, str]:
    """Return the state in words, and its colour."""
    if secret.revoked_at is not None:
        return "revoked", "bad"
    if not hook_secrets.is_valid(secret, now):
        return "ended", ""
    if secret.id in unreadable:
        return "cannot be used: no key opens it", "bad"
    return ("ends soon", "") if secret.ends_at else ("valid", "good")
