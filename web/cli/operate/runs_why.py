"""`session-status runs why`: what a person was shown at an earlier time."""

from __future__ import annotations

from typing import Any

import click

from records import support_references
from records.support import lookup
from runner.explanations.earlier_display import EarlierDisplay, displayed_at
from web.cli.common.context import find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

from .runs import moment_of, the_one


@click.command(
    "why",
    epilog=examples(
        'session-status runs why demo --user "Mei Chen" --session CE-101 --at 14:30',
        "session-status runs why demo --user 165 --session CE-101 --at 2026-05-04T14:30 --json",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.option("--user", metavar="PERSON", required=True, help="User ID, username, badge ID or name.")
@click.option("--session", metavar="SESSION", required=True, help="ID or title.")
@click.option(
    "--at",
    metavar="WHEN",
    required=True,
    help="A time in the time zone of the conference (04:30 is the most recent one), or how long ago: 30m, 2h, 3d.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def why(implementation: str, user: str, session: str, at: str, *, as_json: bool) -> None:
    """Say what a person was shown at a session at an earlier time, and why, as far as runs are kept."""
    with open_context() as here, here.database.reading() as db:
        found = find_implementation(db, implementation)
        moment = moment_of("--at", at, found.time_zone)
        assert moment is not None
        who = the_one(found, "user", user, lookup.user_of_runs(db, found, user))
        where = the_one(found, "session", session, lookup.session_of_runs(db, found, session))
        display = displayed_at(db, found, who, where, moment)
        clock = TimeFormatter.of(found)
        if as_json:
            print_json(_json(display, display.sentence(clock.digits)))
            return
        click.echo(plain(display.sentence(clock.digits)))
        for label, run in (("Found by run", display.found), ("Newest failed run", next(iter(display.failing), None))):
            if run is not None:
                click.echo(f"{label} {support_references.of_run(run.id)}, {clock.exact(run.started_at)}")


def _json(display: EarlierDisplay, sentence: str) -> dict[str, Any]:
    return {
        "at": display.at.isoformat(),
        "sentence": sentence,
        "message": display.message,
        "since": display.since.isoformat() if display.since else None,
        "shown_as": display.run.shown_as if display.run else None,
        "found_by": display.found.id if display.found else None,
        "failing": [run.id for run in display.failing],
    }
