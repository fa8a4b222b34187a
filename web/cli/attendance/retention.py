"""`session-status scans retention`: what goes by the settings of an implementation, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from records.attendance.retention import keeping
from records.attendance.retention.keeping import KeepingTerms
from records.plurals import counted
from web.cli.common.context import find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_table
from web.time_format import TimeFormatter


@click.command("retention", epilog=examples("session-status scans retention demo"))
@click.argument("implementation", type=ImplementationId())
def retention(implementation: str) -> None:
    """Show what IMPLEMENTATION keeps of attendance, what goes now, and when the next goes. Nothing is deleted by this.

    A worker deletes what is due, every hour. For how long it is kept: `implementation set` with keep_names_days and others.
    """
    with open_context() as here, here.database.reading() as db:
        found = find_implementation(db, implementation)
        clock = TimeFormatter.of(found)
        rows = [
            (
                each.what,
                str(each.there),
                counted(each.days, "day") if each.days else "ever",
                str(each.now),
                str(each.held),
                clock.words(each.goes_at) if each.goes_at and each.there else "",
            )
            for each in keeping.preview(db, found, KeepingTerms.of(found), datetime.now(UTC))
        ]
    print_table(("WHAT", "THERE ARE", "KEPT FOR", "GO NOW", "DISPUTED", f"NEXT ({clock.zone})"), rows, empty="")
