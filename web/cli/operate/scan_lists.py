"""`session-status scans list`, `refused` and `verify`: what the ledger has, what it refused, and whether it is as it was written."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click

from records.attendance import refused_scans, scan_queries
from records.attendance.ledger import verification
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.scan_parsing import REFUSAL_WORDS, ScanRefusal
from records.people import badge_id
from records.plurals import counted, form
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json, print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

LIMIT = click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")


@click.command(
    "list",
    epilog=examples("session-status scans list demo --session CE-1", "session-status scans list demo --badge B-7"),
)
@click.argument("implementation", type=ImplementationId())
@click.option("--session", metavar="ID", help="Only scans at this session.")
@click.option("--badge", metavar="ID", help="Only scans of this badge.")
@LIMIT
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_scans(implementation: str, session: str | None, badge: str | None, limit: int, *, as_json: bool) -> None:
    """List the newest scans of IMPLEMENTATION that count, with their ids: without voided ones and test badges."""
    wanted = [LedgerEntry.session_id == session] if session else []
    wanted += [LedgerEntry.badge_id == badge_id.normalised(badge)] if badge else []
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock = TimeFormatter.of(owner)
        query = scan_queries.counted(owner, *wanted).order_by(LedgerEntry.number.desc()).limit(limit)
        rows = [scan_queries.CountedScan(*row) for row in db.execute(query)]
    if as_json:
        print_json([each._asdict() | {"corrected_at": each.corrected_at.isoformat()} for each in rows])
        return
    cells = [
        (each.scan_id, clock.words(each.corrected_at), each.session_id, plain(each.badge_id), each.direction)
        for each in rows
    ]
    heads = ("SCAN", f"AT ({clock.zone})", "SESSION", "BADGE", "DIRECTION")
    print_table(heads, cells, empty=f"{implementation} has no such scan.")


@click.command("refused", epilog=examples("session-status scans refused demo"))
@click.argument("implementation", type=ImplementationId())
@LIMIT
def list_refused(implementation: str, limit: int) -> None:
    """List the newest scans that were refused, with the reasons. They are kept, and count nowhere."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock = TimeFormatter.of(owner)
        rows = [
            (clock.words(each.received_at), plain(each.session), plain(each.badge_id), plain(each.device or each.actor),
             REFUSAL_WORDS[ScanRefusal(each.reason)])
            for each in refused_scans.recent(db, owner, limit=limit)
        ]  # fmt: skip
    heads = (f"RECEIVED ({clock.zone})", "SESSION", "BADGE", "FROM", "WHY")
    print_table(heads, rows, empty=f"No scan of {implementation} was refused.")


@click.command("verify", epilog=examples("session-status scans verify demo", "session-status scans verify demo --json"))
@click.argument("implementation", type=ImplementationId())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def verify(implementation: str, *, as_json: bool) -> None:
    """Verify every scan and correction of IMPLEMENTATION, with its names, and report the first one that was altered.

    Where the ledger ends is noted daily in an audit entry, so also run `session-status audit verify`, with a head that was
    printed earlier.

    Exit status: 0 nothing was altered; 1 a row was altered.
    """
    with open_context() as here, here.database.reading() as db:
        found = verification.verify(db, find_implementation(db, implementation))
    if as_json:
        print_json(_verification_json(found))
    elif found.ok:
        rows = f"{counted(found.entries, 'row')} {form(found.entries, 'is')}"
        click.echo(f"Nothing was altered: {rows} as written.\nhead  {found.head}")
    else:
        click.echo(f"Row {found.broken_at} of the ledger is not as it was written: {found.reason}.", err=True)
    if not found.ok:
        sys.exit(ANSWER_IS_NO)


def _verification_json(found: verification.LedgerVerification) -> dict[str, Any]:
    return asdict(found) | {"head": str(found.head)}
