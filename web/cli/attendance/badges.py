"""`session-status badges`: how the codes of an event's badges are read, set up from examples."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from records import DbSession, Implementation
from records.attendance import badge_setup
from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import as_json, from_json
from records.attendance.badge_setup import ReadExample
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit
from records.changes.attendance import badge_formats as changes
from records.plurals import counted
from web.cli.common.audit_context import audit_context
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.console.settings.badges.format_words import format_words, shown_code

REASON = click.option("--reason", default="", help="The reason, for the audit entry.")
OWNER = click.argument("implementation", type=ImplementationId())


@click.group(
    "badges",
    epilog=examples(
        "session-status badges add aha26 '10482|Chen|Alice' '20771|Roy|Eva' '30993|Berg|Tom'",
        "session-status badges choose aha26",
        "session-status badges confirm aha26 1 2",
        "session-status badges activate aha26",
    ),
)
def badges_group() -> None:
    """Set up how the codes of badges are read."""


@badges_group.command("show")
@OWNER
@click.option("--json", "as_json_text", is_flag=True, help="Print the format in use as JSON; null if there is none.")
def show(implementation: str, *, as_json_text: bool) -> None:
    """Show the format in use, the draft, and how it reads the examples."""
    with open_context() as context, context.database.reading() as db:
        owner = find_implementation(db, implementation)
        setup = badge_setup.setup_of(db, owner)
        if as_json_text:
            click.echo(json.dumps(setup.active, indent=2, ensure_ascii=False))
            return
        read = badge_setup.read_examples(setup, badge_setup.examples(db, owner))
        in_use = format_words(from_json(setup.active)) if setup.active else "none; scanners cannot read badges yet."
        click.echo(f"In use: {in_use}")
        if setup.draft:
            click.echo(f"Draft: {format_words(from_json(setup.draft))}")
        for each in read:
            click.echo(f"{each.example.id}: {shown_code(each.example.payload)}{_as_read(each)}")
        for line in badge_setup.missing(read) if setup.draft else ():
            click.echo(line)


@badges_group.command("add")
@OWNER
@click.argument("codes", nargs=-1, required=True)
@REASON
def add(implementation: str, codes: tuple[str, ...], reason: str) -> None:
    """Add the codes of badges as examples, as a scanner app shows them."""
    payloads = [(each.encode("utf-8", "surrogateescape"), "") for each in codes]
    added = _change(implementation, reason, lambda db, owner, by: changes.add_examples(db, owner, payloads, by)).value
    click.echo(f"{counted(added, 'example')} added.")


@badges_group.command("remove")
@OWNER
@click.argument("number", type=int)
@REASON
def remove(implementation: str, number: int, reason: str) -> None:
    """Remove an example."""
    _change(implementation, reason, lambda db, owner, by: changes.remove_example(db, owner, number, by))
    click.echo("The example is removed.")


@badges_group.command("choose")
@OWNER
@click.option(
    "--file", "path", type=click.Path(path_type=Path), help="The format as JSON, instead of the first proposal."
)
@REASON
def choose(implementation: str, path: Path | None, reason: str) -> None:
    """Choose a format as the draft: the one that is proposed for the examples, or one from a file."""
    given = _from_file(path) if path else None

    def change(db: DbSession, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
        return changes.choose_format(db, owner, given if path else _proposed(db, owner), by)

    after = _change(implementation, reason, change)
    click.echo("Look at what is read with `badges show`, and confirm it." if after.made else "Nothing was changed.")


@badges_group.command("confirm")
@OWNER
@click.argument("numbers", type=int, nargs=-1, required=True)
@REASON
def confirm(implementation: str, numbers: tuple[int, ...], reason: str) -> None:
    """Confirm that the badge ID and the names of these examples are read right."""
    for number in numbers:
        _change(implementation, reason, partial(_confirm, number))
    click.echo(f"{counted(len(numbers), 'example')} confirmed.")


@badges_group.command("activate")
@OWNER
@REASON
def activate(implementation: str, reason: str) -> None:
    """Let scanners use the draft, and delete the examples."""
    _change(implementation, reason, lambda db, owner, by: changes.activate_format(db, owner, _draft(db, owner), by))
    click.echo("Scanners use the format from now on. The examples are deleted.")


def _change(
    implementation: str, reason: str, change: Callable[[DbSession, Implementation, AuditContext], AfterCommit[Any]]
) -> AfterCommit[Any]:
    with open_context() as context:
        by = audit_context(reason)
        return context.commit(lambda db: change(db, find_implementation(db, implementation), by))


def _confirm(number: int, db: DbSession, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    return changes.confirm_example(db, owner, number, _draft(db, owner), by)


def _draft(db: DbSession, owner: Implementation) -> str:
    return badge_setup.digest_of(badge_setup.setup_of(db, owner).draft)


def _proposed(db: DbSession, owner: Implementation) -> Any:
    proposals = propose([each.payload for each in badge_setup.examples(db, owner)])
    if not proposals:
        raise CommandFailed(
            "Nothing is proposed: the examples have nothing in common that could be read, or there are none."
        )
    return as_json(proposals[0].format)


def _from_file(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as fault:
        raise CommandFailed(f"{path} cannot be read as JSON: {fault}") from None


def _as_read(read: ReadExample) -> str:
    if read.badge is None:
        return f" (not read: {read.fault})" if read.fault else ""
    names = f"{read.badge.last_name or '-'}, {read.badge.first_name or '-'}"
    return f" = {read.badge.badge_id}: {names}{' (confirmed)' if read.is_confirmed else ''}"
