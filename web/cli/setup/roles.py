"""`session-status role`: grants, which give roles to people by username, user type or attribute."""

from __future__ import annotations

from typing import Any

import click

from records import DbSession, Grant, Implementation, roles
from records.changes import grants as grant_changes
from records.changes.after_commit import AfterCommit
from records.changes.grants import GrantDraft, whom
from records.identity import ineffective_grants
from records.people import actors, grants
from records.people.actors import Actor
from records.tenants import implementations
from web.cli.common.audit_context import audit_context
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import person_words
from web.cli.common.tables import print_json, print_table
from web.time_format import TimeFormatter


@click.group(
    "role",
    help=(
        f"Grant and revoke roles.\n\n{roles.in_words(roles.existing_in(staff=False))} apply to one implementation; "
        f"{roles.in_words(roles.STAFF_ROLES)} are granted in the implementation `{implementations.STAFF}` and apply to all."
    ),
    epilog=examples(
        "session-status role grant staff administrator --username kim@ativ.example",
        "session-status role grant aha26 scanner --user-type Staff",
        "session-status role list aha26",
    ),
)
def role_group() -> None:
    """Grant and revoke roles."""


@role_group.command(
    "grant",
    epilog=examples(
        "session-status role grant aha26 organizer --username sam@aha.example",
        "session-status role grant aha26 scanner --attribute groups=badge-desk",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("role", type=click.Choice(roles.GRANTED))
@click.option("--username", metavar="NAME", help="People with this username (case-insensitive).")
@click.option("--user-type", metavar="TYPE", help="People with this user type, exactly as the provider writes it.")
@click.option("--attribute", metavar="NAME=VALUE", help="People with exactly this value of an attribute.")
def grant(implementation: str, role: str, **options: str | None) -> None:
    """Grant a role. It takes effect at once, also for existing logins.

    User types and attributes come from the provider, and can give only the roles in `mapped_roles` of the implementation.
    Roles above scanner apply only to people who logged in by SAML.
    """
    draft = GrantDraft(role, **what_to_match(options))
    with open_context() as context:
        (made,) = context.commit(
            lambda db: grant_changes.add(db, owner_of_role(db, implementation), [draft], audit_context())
        ).value
        with context.database.reading() as db:
            methods = ineffective_grants.login_methods_of(db, find_implementation(db, implementation))
    in_vain = methods.why_ineffective(made.kind, role)
    click.echo(f"Grant {made.id} gives {whom(made)} of {implementation} the role {role}.")
    if in_vain:
        click.echo(f"It does not apply to anyone yet. {in_vain}", err=True)


@role_group.command("revoke", epilog=examples("session-status role revoke aha26 17"))
@click.argument("implementation", type=ImplementationId())
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
def revoke(implementation: str, number: int) -> None:
    """Revoke a grant, with effect at once. NUMBER is the number in `role list`.

    If the grant is for a username, all logins of that person end.
    """
    with open_context() as context:
        gone = context.commit(lambda db: revoked(db, implementation, number)).value
    click.echo(f"Revoked grant {number}: it gave {whom(gone)} of {implementation} the role {gone.role}.")


def revoked(db: DbSession, implementation: str, number: int) -> AfterCommit[Grant]:
    """Revoke a grant. Raises CommandFailed if there is no grant with this number."""
    owner = owner_of_role(db, implementation)
    if grants.find(db, owner, number) is None:
        raise CommandFailed(f"{implementation} has no grant {number}. See `session-status role list {implementation}`.")
    return grant_changes.remove(db, owner, number, audit_context())


@role_group.command("list")
@click.argument("implementation", type=ImplementationId())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_all(implementation: str, *, as_json: bool) -> None:
    """List the grants of an implementation."""
    with open_context() as context, context.database.reading() as db:
        owner = find_implementation(db, implementation)
        found = grants.every(db, owner)
        people = actors.by_keys(db, {one.created_by for one in found})
    if as_json:
        print_json([shown(one, people.get(one.created_by)) for one in found])
        return
    clock = TimeFormatter.of(owner)
    rows = [
        (
            str(one.id),
            one.role,
            whom(one),
            person_words(one.created_by, people.get(one.created_by)),
            clock.digits(one.created_at),
        )
        for one in found
    ]
    empty = f"{implementation} has no grant yet: session-status role grant {implementation} ROLE --username NAME"
    print_table(("number", "role", "who has it", "given by", f"since ({clock.zone})"), rows, empty=empty)


def what_to_match(options: dict[str, str | None]) -> dict[str, str]:
    """Return the kind, name and value of a grant. Raises CommandFailed unless exactly one option was given."""
    ways = {name: value for name, value in options.items() if value is not None}
    if len(ways) != 1:
        raise CommandFailed("Give exactly one of --username, --user-type and --attribute.")
    (way, value), *_ = ways.items()
    if way != "attribute":
        return {"kind": way.replace("_", " "), "value": value}
    name, equals, value = value.partition("=")
    if not equals:
        raise CommandFailed(f"--attribute {name!r} is not NAME=VALUE, for example groups=badge-desk.")
    return {"kind": "attribute", "name": name, "value": value}


def owner_of_role(db: DbSession, slug: str) -> Implementation:
    """Return the implementation with this id; that of staff is made when it is first needed."""
    return implementations.staff(db) if slug == implementations.STAFF else find_implementation(db, slug)


def shown(found: Grant, by: Actor | None) -> dict[str, Any]:
    """Return a grant as JSON values. `by` is the name of the person who granted it, or its key; `by_key` never changes."""
    names = ("id", "role", "kind", "name", "value")
    return {name: getattr(found, name) for name in names} | {
        "by": by.name if by else found.created_by,
        "by_key": found.created_by,
        "created_at": found.created_at.isoformat(),
    }
