"""`session-status report scans` and `verify`: the report of all scans as a file, and whether a file is what the ledger gives."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from records.attendance.report import report_check, report_files, scan_report
from records.attendance.report.report_check import MadeReport
from records.attendance.report.scan_report import COLUMNS, USUAL, ReportDigest
from records.changes.attendance import scans as changes
from records.plurals import counted
from web.cli.attendance.scan_corrections import read_moment
from web.cli.common.audit_context import audit_context
from web.cli.common.context import CommandContext, find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId


@click.group("report")
def report_group() -> None:
    """Make the report of all scans, and check a report that was made."""


@report_group.command(
    "scans",
    epilog=examples(
        "session-status report scans demo --out scans.csv",
        "session-status report scans demo --session CE-1 --columns session,badge,time --format xlsx --out ce-1.xlsx",
        "session-status report scans demo --as-of 2026-05-06T18:00+02:00 --out scans.csv",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.option("--session", metavar="ID", default="", help="Only scans at this session. Without it: of the whole event.")
@click.option(
    "--columns", metavar="NAME,...", default=",".join(USUAL), show_default=True, help=f"Some of {', '.join(COLUMNS)}."
)
@click.option("--format", "kind", type=click.Choice(sorted(report_files.WRITERS)), default="csv", show_default=True)
@click.option(
    "--as-of", metavar="MOMENT", help="As it was known then, such as 2026-05-06T18:00+02:00. Without it: now."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
def scans(implementation: str, session: str, columns: str, kind: str, as_of: str | None, out: Path) -> None:  # noqa: PLR0913, PLR0917 - the options
    """Write the scans of IMPLEMENTATION to a file, one row for each that counts, ordered by session, time and id.

    Voided and refused scans and test badges are left out. The same options with the printed --as-of give the same rows again,
    unless people were erased meanwhile. The digest is kept in an audit entry; `report verify` compares.
    """
    moment = read_moment(as_of, "--as-of") if as_of else None
    named = [each.strip() for each in columns.split(",") if each.strip()]
    with open_context() as here:
        with here.database.reading() as db:
            begun = changes.begin_report(db, find_implementation(db, implementation), moment, session, named)
        made, count = _write(here, implementation, begun, kind, out)
        here.commit(
            lambda db: changes.note_report(db, find_implementation(db, implementation), made, count, audit_context())
        )
    click.echo(f"{counted(count, 'scan')} in {out}.\nas of   {made.as_of.isoformat()}\ndigest  {made.digest}")


def _write(here: CommandContext, slug: str, begun: MadeReport, kind: str, out: Path) -> tuple[MadeReport, int]:
    digest = ReportDigest(begun.terms.headings)
    with here.database.reading() as db, out.open("wb") as file:
        rows = scan_report.rows(db, find_implementation(db, slug), begun.terms)
        report_files.WRITERS[kind](file, begun.terms.headings, digest.passing(row.cells for row in rows))
    return replace(begun, digest=str(digest)), digest.rows


@report_group.command("verify", epilog=examples("session-status report verify demo scans.csv"))
@click.argument("implementation", type=ImplementationId())
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(implementation: str, file: Path) -> None:
    """Say whether FILE is a report of IMPLEMENTATION as it was made, and whether the ledger still gives its rows.

    Exit status: 0 it is, perhaps but for people whose names were erased since; 1 it is not.
    """
    with open_context() as here, here.database.reading() as db:
        found = report_check.check(db, find_implementation(db, implementation), file)
    if found.made is None:
        click.echo(
            f"No report with this content was made: {file} was changed, or is of another implementation.", err=True
        )
    elif found.differs_at is not None:
        click.echo(f"The ledger gives something else from row {found.differs_at} on: run `scans verify`.", err=True)
    elif found.erased:
        people = "one erased person" if found.erased == 1 else f"{found.erased} erased people"
        click.echo(f"It differs only by {people} from what the ledger gives as of {found.made.as_of.isoformat()}.")
    else:
        click.echo(f"It is what the ledger gives as of {found.made.as_of.isoformat()}.")
    if not found.ok:
        sys.exit(ANSWER_IS_NO)
