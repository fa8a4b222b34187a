"""`session-status scans void`, `add` and `erase`: corrections, and what a person asks to be forgotten. Each needs a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from records.attendance.corrections import AddedScan
from records.attendance.scan_parsing import DIRECTIONS
from records.changes.attendance import scans as changes
from records.plurals import counted
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId

REASON = click.option("--reason", required=True, help="Why; the ledger and the audit entry keep it.")


@click.command("void", epilog=examples('session-status scans void demo 0f8fad5b-… --reason "wrong badge"'))
@click.argument("implementation", type=ImplementationId())
@click.argument("scan")
@REASON
def void(implementation: str, scan: str, reason: str) -> None:
    """Void the scan with the id SCAN: it counts no more, and stays in the ledger. `scans list` shows the ids.

    A void cannot be undone. Add the scan again with `scans add --replaces`.
    """
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: changes.void_scan(db, find_implementation(db, implementation), scan, by))
    click.echo(f"Voided {scan}." if after.made else UNCHANGED)


@click.command(
    "add",
    epilog=examples(
        'session-status scans add demo --session CE-1 --badge B-7 --at 2026-05-04T09:00+02:00 --reason "came without a badge"'
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.option("--session", required=True, metavar="ID", help="The session's ID.")
@click.option("--badge", required=True, metavar="ID", help="The badge ID.")
@click.option("--at", required=True, metavar="MOMENT", help="When it was, such as 2026-05-04T09:00+02:00.")
@click.option("--direction", type=click.Choice(DIRECTIONS), help="Where people are scanned in and out.")
@click.option("--last-name", default="", help="Without names, those of the user with this badge.")
@click.option("--first-name", default="", help="As above.")
@click.option("--replaces", default="", metavar="SCAN", help="The id of the voided scan that it stands for.")
@REASON
def add(implementation: str, at: str, reason: str, **given: str | None) -> None:
    """Add a scan that was not made, and print its id. It counts as any other, at the time that you give."""
    added = AddedScan(
        session=given["session"] or "",
        badge_id=given["badge"] or "",
        at=read_moment(at, "--at"),
        direction=given["direction"] or "",
        last_name=given["last_name"] or "",
        first_name=given["first_name"] or "",
        replaces=given["replaces"] or "",
    )
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: changes.add_scan(db, find_implementation(db, implementation), added, by))
    click.echo(after.value)


@click.command("erase", epilog=examples('session-status scans erase demo B-7 --reason "asked by the person"'))
@click.argument("implementation", type=ImplementationId())
@click.argument("badge")
@REASON
def erase(implementation: str, badge: str, reason: str) -> None:
    """Erase the names of BADGE from all its scans, for ever. Scans and badge ID stay, and the ledger can still be verified."""
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: changes.erase_names(db, find_implementation(db, implementation), badge, by))
    click.echo(f"The names of {counted(after.value, 'scan')} were erased.")


def read_moment(text: str, option: str) -> datetime:
    """Read a time with its offset. Raises click.BadParameter."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise click.BadParameter("must be a time with its offset, such as 2026-05-04T08:00+02:00", param_hint=option)
