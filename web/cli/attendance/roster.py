"""`session-status roster`: the list of attendees, from a file of the organizer's registration system."""

from __future__ import annotations

from collections.abc import Iterable

import click

from records.agenda.file_faults import as_lines
from records.attendance.roster import roster_imports, roster_search
from records.attendance.roster.roster_imports import RosterPlan
from records.changes.attendance import rosters as changes
from records.plurals import counted
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json, print_table
from web.cli.common.terminal_text import plain
from web.cli.setup.agenda import REASON, read_file

#: Most people of each kind that a preview lists.
MOST_NAMED = 10
COUNTED = "{added} added, {changed} changed, {unchanged} unchanged, {removed} removed"


@click.group(
    "roster",
    epilog=examples(
        "session-status roster import aha26 attendees.csv --preview",
        "session-status roster import aha26 attendees.csv",
        'session-status roster list aha26 --search "chen"',
    ),
)
def roster_group() -> None:
    """Import, list and delete the list of attendees, which names badges that show an ID only."""


@roster_group.command("import")
@click.argument("implementation", type=ImplementationId())
@click.argument("file")
@click.option("--preview", is_flag=True, help="Only show how the file is read and what would change.")
@click.option("--remove-missing", is_flag=True, help="Remove people who are not in the file.")
@REASON
def import_file(implementation: str, file: str, reason: str, *, preview: bool, remove_missing: bool) -> None:
    """Import attendees from an Excel workbook (.xlsx) or a CSV file (comma, semicolon or tab).

    Columns: Badge ID, Last Name, First Name, Email, Registration Type; only Badge ID is required, and usual headings of
    registration systems are understood. Other columns are left out. People who are not in the file stay, unless
    --remove-missing is given. People whose names were erased are left out. Importing the same file again changes nothing.

    If there is any fault, nothing is imported: the faults are printed with row, column and value, and the exit status is 1.
    """
    read = roster_imports.read(read_file(file))
    with open_context() as here:
        if preview:
            with here.database.reading() as db:
                owner = find_implementation(db, implementation)
                plan = roster_imports.plan(db, owner, read, remove=remove_missing)
                _say_understood(file, plan)
                _say_planned(plan)
            return
        by = audit_context(reason)
        plan = here.commit(
            lambda db: changes.import_file(
                db, find_implementation(db, implementation), read, by, remove=remove_missing, file_name=file
            )
        ).value
        _say_understood(file, plan)
    click.echo(COUNTED.format(**plan.counts))


@roster_group.command("list", epilog=examples('session-status roster list demo --search "mei chen"'))
@click.argument("implementation", type=ImplementationId())
@click.option("--search", "text", metavar="TEXT", default="", help="Words of a name, or a badge ID.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_people(implementation: str, text: str, limit: int, *, as_json: bool) -> None:
    """List the people on the list of IMPLEMENTATION, by name."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        rows = [
            (each.badge_id, each.last_name, each.first_name, each.email, each.registration_type)
            for each in roster_search.listed(db, owner, text, limit=limit)
        ]
        total = roster_search.count(db, owner)
    if as_json:
        names = ("badge_id", "last_name", "first_name", "email", "registration_type")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    heads = ("BADGE ID", "LAST NAME", "FIRST NAME", "EMAIL", "REGISTRATION TYPE")
    empty = "No one on the list is called so." if total else f"{implementation} has no list of attendees."
    print_table(heads, [tuple(map(plain, row)) for row in rows], empty=empty)


@roster_group.command("clear", epilog=examples("session-status roster clear demo --reason 'the event is over'"))
@click.argument("implementation", type=ImplementationId())
@REASON
def clear(implementation: str, reason: str) -> None:
    """Delete the whole list of IMPLEMENTATION. Scans keep the names that they have."""
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: changes.clear(db, find_implementation(db, implementation), by))
    click.echo(f"Deleted the list: {counted(after.value, 'person')}." if after.made else UNCHANGED)


def _say_understood(file: str, plan: RosterPlan) -> None:
    """Print how the file was read. If there are faults, print them and exit with status 1."""
    if plan.columns:
        click.echo(f"Columns: {', '.join(map(plain, plan.columns))}.", err=True)
    for line in (*plan.notes, *as_lines(plan.faults)):
        click.echo(f"{file}: {plain(line)}", err=True)
    if plan.faults:
        faults = counted(len(plan.faults), "fault")
        click.echo(f"Nothing was imported: {faults}. Correct the file and import it again.", err=True)
        raise SystemExit(ANSWER_IS_NO)


def _say_planned(plan: RosterPlan) -> None:
    """Print what an import would do."""
    _say("added", (_person(each.values) for each in plan.added))
    _say("changed", (f"{_person(each.values)}: {', '.join(each.before)}" for each in plan.changed))
    gone = ({name: getattr(each, name) for name in ("badge_id", "last_name", "first_name")} for each in plan.gone)
    _say("removed" if plan.remove else "not in the file; they stay", map(_person, gone))
    click.echo(f"Preview: {COUNTED.format(**plan.counts)}. Nothing was imported.")


def _person(values: dict[str, str]) -> str:
    return plain(" ".join(filter(None, (values.get(name, "") for name in ("badge_id", "first_name", "last_name")))))


def _say(what: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        click.echo(f"{len(found)} {what}:")
    for line in found[:MOST_NAMED]:
        click.echo(f"  {line}")
    if len(found) > MOST_NAMED:
        click.echo(f"  … and {len(found) - MOST_NAMED} more")
