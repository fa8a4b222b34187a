"""Facts that the script prepares: what became of the last runs of `prepare`, and the button that orders one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.facts import prepared_runs
from records.facts.prepared_runs import PreparedRun
from records.scripts import deployments
from runner.queues.background_jobs import QueueFull
from runner.queues.prepare_orders import order_by_hand
from web.auth.services import AuthServices
from web.console.settings.facts.forms import PrepareForm
from web.console.settings.views_base import actor, blueprint, done, looking
from web.permissions import Permission, needs


@dataclass(frozen=True)
class Preparations:
    """What the page of facts shows of preparations. `prepares`: the active version has a function prepare."""

    prepares: bool
    runs: list[PreparedRun]


def preparations(db: DbSession, found: Implementation) -> Preparations:
    """Read what the page shows."""
    active = deployments.active_version(db, found)
    return Preparations(active is not None and bool(active.prepares), prepared_runs.newest(db, found))


@blueprint.post("/settings/facts/prepare")
@needs(Permission.CHANGE_SETTINGS)
def prepare_facts(implementation: str) -> Response:
    """Order that facts are prepared for a session now."""
    form = PrepareForm()
    try:
        with looking(implementation) as (db, found):
            order_by_hand(AuthServices.here().jobs, db, found, form.session.value or "", actor())
    except RuleViolation as refused:
        return done(f"Nothing was prepared: the {refused.field} {refused.reason}.", "facts", implementation)
    except QueueFull as full:
        return done(f"Nothing was prepared: {full}.", "facts", implementation)
    return done("Facts are being prepared. Load this page again in a moment.", "facts", implementation)
