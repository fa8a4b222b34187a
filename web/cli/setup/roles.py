"""`session-status role`: the grants, which give roles to people by username, user type or attribute."""

from __future__ import annotations

from typing import Any

import click

from records import DbSession, Grant, Implementation, roles
from records.identity import ineffective_grants
from records.people import actors, grants
from records.people.actors import Actor
from records.tenants import implementations
from web.cli.common.audit_notes import note
from web.cli.common.context import ACTOR, find_implementation, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import person_words
from web.cli.common.tables import print_json, print_table
from web.time_format import TimeFormatter

#: who is meant by a grant of each kind
OF = {"username": "the user", "user type": "users of the type", "attribute": "users whose attribute"}


@click.group(
    "role",
    help=(
        f"Give and take roles.\n\n{roles.written(roles.existing_in(house=False))} hold for one implementation; "
        f"{roles.written(roles.HOUSE)} are given in the implementation `{implementations.STAFF}` and hold for all."
    ),
    epilog=examples(
        "session-status role grant staff administrator --username kim@ativ.example",
        "session-status role grant aha26 scanner --user-type Staff",
        "session-status role list aha26",
    ),
)
def role_group() -> None:
    """Give and take roles."""


@role_group.command(
    "grant",
    epilog=examples(
        "session-status role grant aha26 organizer --username sam@aha.example",
        "session-status role grant aha26 scanner --attribute groups=badge-desk",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("role", type=click.Choice(roles.GRANTED))
@click.option("--username", metavar="NAME", help="Who has this username; case does not matter.")
@click.option("--user-type", metavar="TYPE", help="Who is of this user type, exactly as the provider writes it.")
@click.option("--attribute", metavar="NAME=VALUE", help="Whose attribute has this value, exactly.")
def grant(implementation: str, role: str, **given: str | None) -> None:
    """Give a role. It counts at once, also for logins that are there.

    User types and attributes are the provider's word, and give at most the roles in `mapped_roles` of the
    implementation. Roles above scanner count only for people who logged in by SAML.
    """
    wanted = what_to_match(given)
    with open_context() as here, here.database.session() as db:
        owner = owner_of_role(db, implementation)
        made = grants.add(db, owner, role=role, by=ACTOR, **wanted)
        note(db, "grant.added", owner.slug, described(made), detail_of(made))
        in_vain = ineffective_grants.login_methods_of(db, owner).in_vain(made.kind, role)
    click.echo(f"Grant {made.id}: {described(made)} of {implementation} has the role {role}.")
    if in_vain:
        click.echo(f"It counts for nobody yet. {in_vain}", err=True)


@role_group.command("revoke", epilog=examples("session-status role revoke aha26 17"))
@click.argument("implementation", type=ImplementationId())
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
def revoke(implementation: str, number: int) -> None:
    """Take a grant away; it counts at once. NUMBER is what `role list` shows."""
    with open_context() as here, here.database.session() as db:
        owner = owner_of_role(db, implementation)
        found = grants.find(db, owner, number)
        if found is None:
            raise CommandFailed(
                f"{implementation} has no grant {number}. See `session-status role list {implementation}`."
            )
        grants.remove(db, owner, number)
        note(db, "grant.removed", owner.slug, described(found), detail_of(found))
    click.echo(f"Took away grant {number}: {described(found)} of {implementation} had the role {found.role}.")


@role_group.command("list")
@click.argument("implementation", type=ImplementationId())
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
def list_all(implementation: str, *, as_json: bool) -> None:
    """List the grants of an implementation."""
    with open_context() as here, here.database.reading() as db:
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
            described(one),
            person_words(one.created_by, people.get(one.created_by)),
            clock.digits(one.created_at),
        )
        for one in found
    ]
    empty = f"{implementation} has no grant yet: session-status role grant {implementation} ROLE --username NAME"
    print_table(("number", "role", "who has it", "given by", f"since ({clock.zone})"), rows, empty=empty)


def what_to_match(given: dict[str, str | None]) -> dict[str, str]:
    """The kind, name and value of a grant. Raises CommandFailed unless exactly one way was given."""
    ways = {name: value for name, value in given.items() if value is not None}
    if len(ways) != 1:
        raise CommandFailed("Who gets it? Give exactly one of --username, --user-type and --attribute.")
    (way, value), *_ = ways.items()
    if way != "attribute":
        return {"kind": way.replace("_", " "), "value": value}
    name, equals, value = value.partition("=")
    if not equals:
        raise CommandFailed(f"--attribute {name!r} is not NAME=VALUE, for example groups=badge-desk.")
    return {"kind": "attribute", "name": name, "value": value}


def owner_of_role(db: DbSession, slug: str) -> Implementation:
    """The implementation of this id; the staff's is made when it is first needed."""
    return implementations.staff(db) if slug == implementations.STAFF else find_implementation(db, slug)


def detail_of(found: Grant) -> dict[str, str]:
    """What an audit entry says of a grant."""
    return {name: value for name in ("role", "kind", "name", "value") if (value := getattr(found, name))}


def described(found: Grant) -> str:
    """Who has the role by this grant."""
    said = f"{found.name} is {found.value}" if found.kind == "attribute" else found.value
    return f"{OF[found.kind]} {said}"


def shown(found: Grant, by: Actor | None) -> dict[str, Any]:
    """A grant as JSON values. `by` is who gave it, by name if it is a person; `by_key` never changes."""
    names = ("id", "role", "kind", "name", "value")
    return {name: getattr(found, name) for name in names} | {
        "by": by.name if by else found.created_by,
        "by_key": found.created_by,
        "created_at": found.created_at.isoformat(),
    }
