"""`session-status script recheck`: whether a new runtime would refuse an active or staged version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from records import Database
from records.scripts import deployments
from records.tenants import implementations
from runner.trials.script_review import finding_json
from runner.trials.trial import TrialSandbox
from web.cli.authors.trial_sandboxes import allow_weak_option, json_option, open_sandbox, side_by_side
from web.cli.common.context import open_context
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.render import draw_findings
from web.cli.common.tables import print_compact


@dataclass(frozen=True)
class LiveScript:
    """A version that users see. `state` is active or staged."""

    implementation: str
    version: int
    state: str
    source: str

    @property
    def name(self) -> str:
        """What a line calls it."""
        return f"{self.implementation} version {self.version} ({self.state})"


@click.command(epilog=examples("session-status script recheck", "session-status script recheck --json"))
@json_option
@allow_weak_option
def recheck(*, as_json: bool, allow_weak: bool) -> None:
    """Check all active and staged versions against this installation: its Python, its libraries, its rules for scripts.

    Run it with a new installation, before its workers serve anybody: a version that it refuses would show the fallback
    text to its users. Nothing is changed. Exit status: 0 when none is refused, 1 when one is.
    """
    with open_context() as here, open_sandbox(allow_weak=allow_weak) as sandbox:
        found = live_scripts(here.database)
        told = list(side_by_side(lambda one: rechecked(sandbox, one), found))
    for one, live in zip(told, found, strict=True):
        if as_json:
            print_compact(one)
        elif one["ok"]:
            click.echo(f"{live.name}: accepted")
        else:
            click.echo(f"{live.name}: would be refused\n{draw_findings(live.name, one['findings'])}")
    if not told and not as_json:
        click.echo("No version is active.")
    if not all(one["ok"] for one in told):
        raise SystemExit(ANSWER_IS_NO)


def live_scripts(database: Database) -> list[LiveScript]:
    """The active and staged versions of all implementations that are served."""
    with database.reading() as db:
        found = []
        for owner in implementations.every(db):
            live = deployments.live(db, owner)
            for deployed in filter(None, (live.active, live.staged)) if owner.archived_at is None else ():
                deployment, version = deployed
                found.append(LiveScript(owner.slug, version.number, deployment.state, version.source))
        return found


def rechecked(sandbox: TrialSandbox, live: LiveScript) -> dict[str, Any]:
    """What this installation says of one version: only what refuses it."""
    review = sandbox.review(live.source, None)
    findings = [finding_json(one) for one in review.findings]
    runs = review.checked.ok
    return {
        "implementation": live.implementation,
        "version": live.version,
        "state": live.state,
        "ok": runs,
        "findings": [] if runs else findings,
    }
