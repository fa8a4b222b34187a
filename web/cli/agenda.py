"""`session-status sessions`: the agenda of an implementation, from the file which the organizer's spreadsheet makes."""

from __future__ import annotations

from pathlib import Path

import click

from records import sessions

from .complaints import ANSWER_IS_NO, Complaint
from .examples import examples
from .surroundings import find_implementation, place


@click.group(
    "sessions",
    epilog=examples(
        "session-status sessions import aha26 agenda.csv",
    ),
)
def sessions_group() -> None:
    """Import the agenda."""


@sessions_group.command("import")
@click.argument("implementation")
@click.argument("file")
def import_file(implementation: str, file: str) -> None:
    """Import sessions from a CSV file (UTF-8; comma, semicolon or tab).

    Columns: ID, Title, Start Time, End Time, Location, Parent ID, Credits; every other column becomes an attribute of
    the session, which the script reads as session.attributes["…"]. Times are those of the implementation's time zone
    unless they name an offset. Sessions which the file does not name stay. Importing the same file again changes
    nothing.

    All or nothing: if there is any fault, each is printed with its row and column, nothing is imported, and the exit
    status is 1.
    """
    data = read_file(file)
    with place() as here:
        with here.database.session() as db:
            report = sessions.import_csv(db, find_implementation(db, implementation), data)
        here.changed(implementation)
    for fault in report.faults:
        click.echo(f"{file}: {fault}", err=True)
    if report.faults:
        click.echo(
            f"Nothing was imported: {len(report.faults)} faults. Correct the file and import it again.", err=True
        )
        raise SystemExit(ANSWER_IS_NO)
    click.echo(f"{report.added} added, {report.changed} changed, {report.unchanged} unchanged")


def read_file(file: str) -> bytes:
    """The bytes of the file; how large it may be is the importer's business."""
    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        raise Complaint(f"{file}: there is no such file.") from None
    except IsADirectoryError:
        raise Complaint(f"{file}: this is a folder; the agenda is a CSV file.") from None
    except OSError as error:
        raise Complaint(f"{file}: it cannot be read: {error.strerror}.") from None
