"""`session-status implementation`: the tenants, one for each client's app, and their settings.

The records check the values; this module only reads them from the command line and shows them.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from records import DbSession, Implementation
from records.changes import implementations as changes
from records.changes.after_commit import AfterCommit
from records.changes.implementations import ImplementationDraft, SettingsTerms
from records.scripts import versions
from records.tenants import implementations
from records.tenants.implementation_settings import CHOICE, LINES, SETTINGS, TEXT, TICKS
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, CommandContext, find_implementation, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json, print_pairs, print_table
from web.time_format import TimeFormatter

from .archiving import archive, remove, restore

#: The fields that can be changed, in the order of `show`, with their labels on pages.
FIELDS = {each.name: each.label for each in SETTINGS}

LISTS = frozenset(each.name for each in SETTINGS if each.kind in (LINES, TICKS))
TEXTS = frozenset(each.name for each in SETTINGS if each.kind in (TEXT, CHOICE))


@click.group(
    "implementation",
    epilog=examples(
        'session-status implementation add aha26 --name "AHA Meeting 2026" --time-zone America/Chicago',
        "session-status implementation set aha26 link_hosts=cme.example.org fresh_seconds=30",
        "session-status implementation show aha26",
    ),
)
def implementation() -> None:
    """Add, show, change, archive and remove implementations: one for each client's app."""


for below in (archive, restore, remove):
    implementation.add_command(below)


@implementation.command(
    "add",
    epilog=examples(
        'session-status implementation add aha26 --name "AHA Meeting 2026" link_hosts=cme.example.org',
    ),
)
@click.argument("slug")
@click.option("--name", required=True, help="Name of the event.")
@click.option(
    "--time-zone", default="UTC", show_default=True, help="Time zone of the event, for example America/Chicago."
)
@click.argument("arguments", nargs=-1, metavar="[FIELD=VALUE]...")
def add(slug: str, name: str, time_zone: str, arguments: tuple[str, ...]) -> None:
    """Add an implementation. SLUG is its id in addresses, and cannot be changed later."""
    with open_context() as context:
        draft = ImplementationDraft(slug, name, time_zone, assignments(arguments))
        context.commit(lambda db: changes.add(db, draft, audit_context(), terms=terms_of(context)))
    click.echo(f"Added {slug}. Next: its agenda (`sessions import`), its connections, its script (`script activate`).")


@implementation.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_all(*, as_json: bool) -> None:
    """List all implementations."""
    with open_context() as context, context.database.reading() as db:
        found = implementations.every(db)
    if as_json:
        names = ("slug", "name", "time_zone")
        print_json([{name: getattr(one, name) for name in names} | {"archived_at": since(one)} for one in found])
        return
    clock = TimeFormatter()
    archived = [clock.digits(one.archived_at) if one.archived_at else "" for one in found]
    rows = [(one.slug, one.name, one.time_zone, at) for one, at in zip(found, archived, strict=True)]
    heads = ("slug", "name", "time zone", f"archived ({clock.zone})")
    print_table(heads, rows, empty="There is no implementation yet. Add one: session-status implementation add")


@implementation.command()
@click.argument("slug", type=ImplementationId())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def show(slug: str, *, as_json: bool) -> None:
    """Show all fields of an implementation."""
    with open_context() as context, context.database.reading() as db:
        found = find_implementation(db, slug)
        values = {"slug": found.slug, "archived_at": since(found)} | {field: getattr(found, field) for field in FIELDS}
        values["script"] = in_service(db, found)
    if as_json:
        print_json(values)
        return
    if found.archived_at:
        values["archived_at"] = TimeFormatter.of(found).exact(found.archived_at)
    print_pairs(values, FIELDS)


def since(found: Implementation) -> str:
    """Return when it was archived, in UTC; "" if it is served."""
    return found.archived_at.isoformat(timespec="seconds") if found.archived_at else ""


def in_service(db: DbSession, found: Implementation) -> str:
    """Describe the active version and the suspended ones."""
    active = versions.active(db, found)
    barred = [
        f"version {one.number} is suspended: {one.suspended_reason}"
        for one in versions.versions(db, found)
        if one.suspended_at
    ]
    return "; ".join([f"version {active.number} is active" if active else "no version is active", *barred])


@implementation.command(
    "set",
    epilog=examples(
        'session-status implementation set demo fallback_text="Ask at the CE desk"',
        "session-status implementation set demo link_hosts=cme.example.org,events.example.com",
        'session-status implementation set demo script_settings=\'{"claim_url": "https://cme.example.org/claim"}\'',
    ),
)
@click.argument("slug", type=ImplementationId())
@click.argument("arguments", nargs=-1, required=True, metavar="FIELD=VALUE...")
def change(slug: str, arguments: tuple[str, ...]) -> None:
    """Change fields of an implementation. The change takes effect at once.

    Separate list items by commas or write the list as JSON; write objects as JSON. `show` lists the fields.
    """
    wanted = assignments(arguments)
    with open_context() as context:
        made = context.commit(lambda db: changed(db, context, slug, wanted)).made
    click.echo(f"Changed {', '.join(wanted)} of {slug}." if made else UNCHANGED)


def changed(db: DbSession, context: CommandContext, slug: str, wanted: dict[str, Any]) -> AfterCommit[None]:
    """Change fields of an implementation. Raises CommandFailed if it does not exist."""
    return changes.change(db, find_implementation(db, slug), wanted, audit_context(), terms=terms_of(context))


def terms_of(context: CommandContext) -> SettingsTerms:
    """Return the limits for settings: the operator's budgets."""
    return SettingsTerms(asdict(context.settings.most))


def assignments(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Convert FIELD=VALUE arguments to values. Raises CommandFailed for an unknown field."""
    return dict(assignment(one) for one in arguments)


def assignment(text: str) -> tuple[str, Any]:
    """Convert one FIELD=VALUE argument."""
    field, equals, value = text.partition("=")
    if not equals:
        raise CommandFailed(f"{text!r} is not FIELD=VALUE, for example fresh_seconds=30.")
    if field not in FIELDS:
        raise CommandFailed(f"There is no field {field!r}. The fields are: {', '.join(FIELDS)}.")
    return field, value_of(field, value)


def value_of(field: str, value: str) -> Any:
    """Convert a value to the kind of the field: a text, a list, or JSON."""
    if field in LISTS and not value.startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]
    if field in TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise CommandFailed(f"{field} ({FIELDS[field]}): {value!r} is not JSON ({error}).") from None
