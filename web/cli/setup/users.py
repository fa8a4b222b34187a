"""`session-status users`: sample users, for trying things out before a real login."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from records import UserProfile
from records.changes import people
from records.people import user_fields, users
from web.cli.common.audit_context import audit_context
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_table


def text_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each text in a profile."""
    for one in reversed(user_fields.TABLE):
        help_ = f"{one.meaning} At most {one.longest} characters."
        command = click.option(f"--{one.name.replace('_', '-')}", default="", help=help_)(command)
    return command


@click.group("users")
def users_group() -> None:
    """Add and list sample users, and try the app's endpoints as one. Real users are added when they log in."""


@users_group.command("list")
@click.argument("implementation", type=ImplementationId())
def list_all(implementation: str) -> None:
    """List the users who logged in last, at most 100."""
    with open_context() as context, context.database.reading() as db:
        found = users.every(db, find_implementation(db, implementation))
    rows = [(one.subject, f"{one.first_name} {one.last_name}".strip(), one.username, one.user_type) for one in found]
    print_table(("subject", "name", "username", "type"), rows, empty=f"{implementation} has no users yet.")


@users_group.command(
    "add",
    epilog=examples(
        "session-status users add aha26 165 --first-name Mei --last-name Chen --user-type attendee",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("subject")
@text_options
@click.option("--attributes", default="{}", metavar="JSON", help="Further attributes of the login, as a JSON object.")
def add(implementation: str, subject: str, attributes: str, **texts: str) -> None:
    """Add or update a user. SUBJECT is what scripts see as user.id."""
    profile = UserProfile(attributes=an_object(attributes), **texts)
    with open_context() as context:
        context.commit(
            lambda db: people.describe(db, find_implementation(db, implementation), subject, profile, audit_context())
        )
    click.echo(f"Saved the user {subject} of {implementation}.")


def an_object(text: str) -> dict[str, Any]:
    """Return the JSON object in a text. Raises CommandFailed."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"--attributes is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise CommandFailed('--attributes must be a JSON object, for example {"member_number": "M-5512"}.')
    return found
