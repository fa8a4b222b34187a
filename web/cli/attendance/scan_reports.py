"""`session-status report scans`, `sessions` and `verify`: reports of attendance as files, and whether a file is what the ledger gives."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from records.attendance.report import report_check, report_files
from records.attendance.report.made_reports import BegunReport
from records.attendance.report.report_rows import ReportDigest
from records.attendance.report.report_terms import KINDS, SCANS, SESSIONS
from records.changes.attendance import reports as changes
from records.changes.attendance.reports import ReportDraft
from records.plurals import counted
from web.cli.attendance.scan_corrections import read_moment
from web.cli.common.audit_context import audit_context
from web.cli.common.context import CommandContext, find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId

Command = TypeVar("Command", bound=Callable[..., Any])


def _of_every_report(kind: str) -> Callable[[Command], Command]:
    """Give a command the argument and the options that every kind of report has."""
    columns = KINDS[kind]
    options = (
        click.argument("implementation", type=ImplementationId()),
        click.option(
            "--columns",
            metavar="NAME,...",
            default=",".join(columns.usual),
            show_default=True,
            help=f"Some of {', '.join(columns.columns)}.",
        ),
        click.option(
            "--format", "file_format", type=click.Choice(sorted(report_files.WRITERS)), default="csv", show_default=True
        ),
        click.option(
            "--as-of", metavar="MOMENT", help="As it was known then, such as 2026-05-06T18:00+02:00. Without it: now."
        ),
        click.option(
            "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write."
        ),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group("report")
def report_group() -> None:
    """Make reports of attendance, and check a report that was made."""


@report_group.command(
    "scans",
    epilog=examples(
        "session-status report scans demo --out scans.csv",
        "session-status report scans demo --session CE-1 --columns badge,time,minutes,attended --format xlsx --out ce-1.xlsx",
        "session-status report scans demo --badge 10482 --out chen.csv",
        "session-status report scans demo --as-of 2026-05-06T18:00+02:00 --out scans.csv",
    ),
)
@_of_every_report(SCANS)
@click.option("--session", metavar="ID", default="", help="Only scans at this session. Without it: of the whole event.")
@click.option("--badge", metavar="BADGE", default="", help="Only scans of this badge.")
def scans(implementation: str, session: str, badge: str, **asked: Any) -> None:
    """Write the scans of IMPLEMENTATION to a file, one row for each that counts, ordered by session, time and id.

    Voided and refused scans and test badges are left out. The same options with the printed --as-of give the same rows again,
    unless people were erased meanwhile. The digest is kept in an audit entry; `report verify` compares. Minutes and attendance
    follow from the agenda and the rules of now, which are kept with the report.
    """
    _make(implementation, {"kind": SCANS, "session": session, "badge": badge}, "scan", asked)


@report_group.command("sessions", epilog=examples("session-status report sessions demo --out sessions.csv"))
@_of_every_report(SESSIONS)
def sessions(implementation: str, **asked: Any) -> None:
    """Write the sessions of IMPLEMENTATION to a file, with scans, people and minutes, also those without scans.

    The capacity of a room is known if the agenda's file has a column Capacity or Seats. For --as-of and the digest, the same
    holds as for `report scans`.
    """
    _make(implementation, {"kind": SESSIONS}, "session", asked)


def _make(implementation: str, what: dict[str, str], noun: str, asked: dict[str, Any]) -> None:
    """Write a report to a file, and keep its digest."""
    moment = read_moment(asked["as_of"], "--as-of") if asked["as_of"] else None
    named = [each.strip() for each in asked["columns"].split(",") if each.strip()]
    if not named:
        raise click.BadParameter("must name a column", param_hint="--columns")
    draft = ReportDraft(**what, columns=named, as_of=moment)
    with open_context() as here:
        with here.database.reading() as db:
            begun = changes.begin_report(db, find_implementation(db, implementation), draft)
        digest = _write(here, implementation, begun, asked["file_format"], asked["out"])
        here.commit(
            lambda db: changes.note_report(db, find_implementation(db, implementation), begun, digest, audit_context())
        )
    click.echo(
        f"{counted(digest.rows, noun)} in {asked['out']}.\nas of   {begun.terms.as_of.isoformat()}\ndigest  {digest}"
    )


def _write(here: CommandContext, slug: str, begun: BegunReport, file_format: str, out: Path) -> ReportDigest:
    digest = ReportDigest(begun.terms.headings)
    with here.database.reading() as db, out.open("wb") as file:
        rows = begun.rows(db, find_implementation(db, slug))
        report_files.WRITERS[file_format](file, begun.terms.headings, digest.passing(row.cells for row in rows))
    return digest


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
    elif found.gone:
        click.echo(
            f"It is a report that was made here as of {found.made.as_of.isoformat()}, and was not changed. Its scans are not kept "
            "any more, so they cannot be compared."
        )
    elif found.erased:
        people = "one erased person" if found.erased == 1 else f"{found.erased} erased people"
        click.echo(f"It differs only by {people} from what the ledger gives as of {found.made.as_of.isoformat()}.")
    else:
        click.echo(f"It is what the ledger gives as of {found.made.as_of.isoformat()}.")
    if not found.ok:
        sys.exit(ANSWER_IS_NO)
