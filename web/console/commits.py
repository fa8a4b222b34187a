"""Makes the changes of pages: one transaction, and after its commit everything that follows from the change.

A view parses its form, passes a change of `records.changes` to `commit_to`, and renders the result. So no view can
forget to tell the other processes or to end logins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import flash, request

from records import DbSession, Implementation
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit
from records.changes.entries import lock
from records.storage.environment_mark import DEVELOPMENT, PRODUCTION
from runner.status.commit_effects import CommitEffects
from web.auth.services import AuthServices
from web.console.layout.page_frame import implementation_named, signed_in
from web.status.services import StatusEndpointServices

T = TypeVar("T")

AWAY = "The store did not answer, so earlier logins may still be open. They end by themselves within 12 hours."
#: Digits of a number that every database can store.
_DIGITS = 15


def commit_to(slug: str, change: Callable[[DbSession, Implementation], AfterCommit[T]]) -> AfterCommit[T]:
    """Change an implementation; other changes of it wait. Raises `HttpProblem` (404) if there is none."""

    def locked(db: DbSession) -> AfterCommit[T]:
        found = implementation_named(db, slug)
        lock(db, found)
        return change(db, found)

    return commit(locked)


def commit(change: Callable[[DbSession], AfterCommit[T]]) -> AfterCommit[T]:
    """Make a change in one transaction; after the commit, tell all processes and end logins, as the change says."""
    services = AuthServices.here()
    outdate = StatusEndpointServices.here().status_service.outdate
    effects = CommitEffects(services.store.redis, services.store.ended_logins, services.changed, outdate)
    with services.database.session() as db:
        after = change(db)
        effects.before_commit(after)
    if not effects.after_commit(after) and (after.subjects or after.retired):
        flash(AWAY, "note")
    return after


def by_page(reason: str = "") -> AuditContext:
    """Return who makes the change, and up to which audit entry their page was current."""
    as_of = request.form.get("as_of", "")
    is_number = as_of.isascii() and as_of.isdigit() and len(as_of) <= _DIGITS
    return AuditContext(signed_in().actor, reason, as_of=int(as_of) if is_number else None)


def environment() -> str:
    """Return the environment of this service."""
    return PRODUCTION if AuthServices.here().config.production else DEVELOPMENT
