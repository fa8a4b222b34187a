"""`session-status sessions`: the agenda of an implementation, from a file of the organizer's spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from records import ImportPlan
from records.agenda import agenda_imports as agenda
from records.agenda import dates
from records.agenda.file_faults import as_lines
from records.agenda.headings import LABELS
from records.changes import agenda as changes
from records.people import actors
from records.plurals import counted
from web.cli.common.audit_context import audit_context
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import person_words
from web.time_format import TimeFormatter

#: Most sessions of each kind that a preview lists.
MOST_NAMED = 10
COUNTED = "{added} added, {changed} changed, {unchanged} unchanged, {retired} retired"
REASON = click.option("--reason", default="", help="The reason, for the audit entry.")


@click.group(
    "sessions",
    epilog=examples(
        "session-status sessions import aha26 agenda.xlsx --preview",
        "session-status sessions import aha26 agenda.xlsx",
        "session-status sessions undo aha26",
    ),
)
def sessions_group() -> None:
    """Import the agenda, and undo an import."""


@sessions_group.command("import")
@click.argument("implementation", type=ImplementationId())
@click.argument("file")
@click.option("--preview", is_flag=True, help="Only show how the file is read and what would change.")
@click.option(
    "--dates",
    "order",
    type=click.Choice(dates.CHOICES),
    default=dates.AUTO,
    show_default=True,
    help="How dates are written in the file. With auto, the unambiguous dates of the file decide.",
)
@click.option("--retire-missing", is_flag=True, help="Retire sessions that are not in the file.")
@REASON
def import_file(  # noqa: PLR0913 - one for each option
    implementation: str, file: str, order: str, reason: str, *, preview: bool, retire_missing: bool
) -> None:
    """Import sessions from an Excel workbook (.xlsx) or a CSV file (comma, semicolon or tab).

    Columns: ID, Title, Start Time, End Time, Location, Parent ID, Credits; any other column becomes an attribute of the
    session, which the script reads as session.attributes["…"]. Times without an offset are in the time zone of the
    implementation. Sessions that are not in the file stay, unless --retire-missing is given. A retired session is not
    served; it comes back when a later file contains it. Importing the same file again changes nothing.

    If there is any fault, nothing is imported: the faults are printed with row, column and value, and the exit status is 1.
    A date such as 03/04/2026 is ambiguous: if no other date in the file shows the order, choose it with --dates.
    """
    data = read_file(file)
    with open_context() as context:
        with context.database.reading() as db:
            zone = find_implementation(db, implementation).time_zone
        said = agenda.read(data, zone, order)
        if preview:
            with context.database.reading() as db:
                plan = agenda.plan(db, find_implementation(db, implementation), said, retire=retire_missing)
                say_columns(plan)
                say_understood(file, plan)
                say_planned(plan, TimeFormatter(zone))
            return
        by = audit_context(reason)
        plan = context.commit(
            lambda db: changes.import_file(
                db, find_implementation(db, implementation), said, by, retire=retire_missing, file_name=file
            )
        ).value
        say_understood(file, plan)
        if plan.dates.order != dates.ISO:
            click.echo(dates_read(plan), err=True)
    click.echo(COUNTED.format(**plan.counts))


@sessions_group.command("undo", epilog=examples("session-status sessions undo aha26 --preview"))
@click.argument("implementation", type=ImplementationId())
@click.option("--preview", is_flag=True, help="Only show which import would be undone.")
@REASON
def undo(implementation: str, reason: str, *, preview: bool) -> None:
    """Undo the last import that changed the agenda: the sessions that it changed are restored.

    Sessions that it added are retired. Only the last import can be undone, and only once.
    """
    with open_context() as context:
        if preview:
            with context.database.reading() as db:
                found = find_implementation(db, implementation)
                last = agenda.last_import(db, found)
                if last is None:
                    raise CommandFailed("There is no import to undo.")
                who = person_words(last.imported_by, actors.by_keys(db, [last.imported_by]).get(last.imported_by))
                when = f"{TimeFormatter.of(found).exact(last.imported_at)} by {who}"
                click.echo(f"Last import: {last.file_name}, {when}: {COUNTED.format(**last.counts)}")
            return
        by = audit_context(reason)
        counts = context.commit(lambda db: changes.undo(db, find_implementation(db, implementation), by)).value
    put_back, retired = (counted(counts[name], "session") for name in ("put_back", "retired"))
    click.echo(f"{put_back} restored, {retired} retired (added by the import)")


def say_columns(plan: ImportPlan) -> None:
    """Print how the headings were read."""
    if plan.columns:
        click.echo(f"Columns: {', '.join(plan.columns)}.")
    if plan.attributes:
        click.echo(f"Attributes: {', '.join(plan.attributes)}.")


def say_understood(file: str, plan: ImportPlan) -> None:
    """Print notes about the file. If there are faults, print them and exit with status 1."""
    for note in plan.notes:
        click.echo(f"{file}: {note}", err=True)
    for line in as_lines(plan.faults):
        click.echo(f"{file}: {line}", err=True)
    if plan.faults:
        faults = counted(len(plan.faults), "fault")
        click.echo(f"Nothing was imported: {faults}. Correct the file and import it again.", err=True)
        if plan.dates.open or plan.dates.against:
            click.echo(f"Or choose with --dates {dates.MONTH_FIRST} or --dates {dates.DAY_FIRST}.", err=True)
        raise SystemExit(ANSWER_IS_NO)


def dates_read(plan: ImportPlan) -> str:
    """Return how the dates were read, and which row shows it."""
    because = f", as row {plan.dates.because.row} shows" if plan.dates.because else ""
    return f"Dates: {dates.ORDER_WORDS[plan.dates.order]}{because}."


def say_planned(plan: ImportPlan, clock: TimeFormatter) -> None:
    """Print what an import would do, with months as words, so that a wrong order of day and month is noticed."""
    click.echo(f"{f'{dates_read(plan)} ' if plan.sessions else ''}Times in {clock.zone}.")
    added = [one for one in plan.sessions if one.added]
    changed = [one for one in plan.sessions if one.before and not one.added]
    _say("added", (f"{_when(one.values, clock)}  {_name(one.values)}{_more(one.values)}" for one in added))
    _say("changed", (f"{_when(one.values, clock)}  {_name(one.values)}: {', '.join(one.before)}" for one in changed))
    what = "retired" if plan.retire else "not in the file; they stay"
    _say(what, (f"{_when(vars(one), clock)}  {_name(vars(one))}" for one in plan.gone))
    click.echo(f"Preview: {COUNTED.format(**plan.counts)}. Nothing was imported.")


def _say(what: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if lines:
        click.echo(f"{len(lines)} {what}:")
    for line in lines[:MOST_NAMED]:
        click.echo(f"  {line}")
    if len(lines) > MOST_NAMED:
        click.echo(f"  … and {len(lines) - MOST_NAMED} more")


def _when(values: Mapping[str, Any], clock: TimeFormatter) -> str:
    starts, ends = (clock.words(values[name], weekday=True) for name in ("starts_at", "ends_at"))
    day, comma, time = ends.rpartition(", ")
    return f"{starts} to {time if starts.startswith(day + comma) else ends}"


def _name(values: Mapping[str, Any]) -> str:
    return f"{values['session_id']} {values['title']}"


def _more(values: Mapping[str, Any]) -> str:
    """Return the other values of a session, with the names of their columns."""
    optional = [name for name in ("location", "parent_id", "credits") if values.get(name) not in (None, "")]
    named = ", ".join(f"{LABELS[name]}: {values[name]}" for name in optional)
    return f" ({named})" if named else ""


def read_file(file: str) -> bytes:
    """Return the bytes of the file. The importer limits its size."""
    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        raise CommandFailed(f"{file}: there is no such file.") from None
    except IsADirectoryError:
        raise CommandFailed(f"{file}: this is a folder; it must be an Excel workbook or a CSV file.") from None
    except OSError as error:
        raise CommandFailed(f"{file}: this file cannot be read: {error.strerror}.") from None
