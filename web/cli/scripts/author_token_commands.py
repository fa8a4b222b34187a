"""`session-status script token make`, `list` and `revoke`: an author's command line sends one instead of a login."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import click

from records import DbSession, Implementation
from records.changes.scripts import author_tokens as changes
from records.people import actors
from records.roles import Permission
from records.scripts import author_tokens
from records.scripts.author_tokens import LONGEST, AuthorToken, AuthorTokenDraft
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import person_words
from web.cli.common.tables import print_table
from web.time_format import TimeFormatter

#: What a token can be given, by the words of the option.
ALLOWED: Final = {
    "submit": Permission.SUBMIT_SCRIPTS,
    "scripts": Permission.SEE_SCRIPTS,
    "runs": Permission.SEE_RUNS,
}


@click.group("token")
def token_group() -> None:
    """Make, list and revoke author tokens: an author's command line sends one instead of a login."""


@token_group.command(
    "make", epilog=examples("session-status script token make demo ci --for demo/olga --days 90 --may submit,scripts")
)
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@click.option(
    "--for",
    "person",
    metavar="IMPLEMENTATION/USER",
    required=True,
    help="Who answers for what it submits, by their user ID, such as demo/olga or staff/kim: a person who may submit scripts "
    "for IMPLEMENTATION. `session-status users list` shows the IDs.",
)
@click.option(
    "--days", type=click.IntRange(1, LONGEST.days), default=90, show_default=True, help="Days after which it ends."
)
@click.option(
    "--may",
    metavar="WHAT,...",
    default="submit,scripts",
    show_default=True,
    help="What it allows: submit (hand in scripts), scripts (see scripts and submissions), runs (see runs, with people's data, which the role author does not include).",
)
def make(implementation: str, name: str, person: str, days: int, may: str) -> None:
    """Make an author token for IMPLEMENTATION, called NAME in audit entries. It is shown once, and only its hash is stored.

    It allows nothing that its person may not do when it is used, and they cannot approve what it submitted.
    """
    draft = AuthorTokenDraft(name, permissions_of(may), datetime.now(UTC) + timedelta(days=days))
    with open_context() as here:
        after = here.commit(
            lambda db: changes.make(db, find_implementation(db, implementation), draft, audit_context(), person=person)
        )
    click.echo(after.value.text)
    click.echo(
        f"This token is not shown again. It ends in {days} days. Authors set it as SESSION_STATUS_TOKEN.", err=True
    )


def permissions_of(listed: str) -> frozenset[Permission]:
    """Read what a token shall allow. Raises click.BadParameter."""
    words = [word.strip() for word in listed.split(",") if word.strip()]
    unknown = [word for word in words if word not in ALLOWED]
    if unknown:
        raise click.BadParameter(f"must be some of {', '.join(ALLOWED)}, and {unknown[0]!r} is not", param_hint="--may")
    return frozenset(ALLOWED[word] for word in words)


@token_group.command("list", epilog=examples("session-status script token list demo"))
@click.argument("implementation", type=ImplementationId())
def list_tokens(implementation: str) -> None:
    """List the author tokens of IMPLEMENTATION; none of them can be shown again."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock, found = TimeFormatter.of(owner), author_tokens.every(db, owner)
        states = {token.id: state_of(db, owner, token, datetime.now(UTC)) for token in found}
        names = actors.by_keys(db, {token.made_by for token in found})
    rows = [
        (
            *(
                token.name,
                states[token.id],
                written(token),
                person_words(token.made_by, names.get(token.made_by)),
                clock.words(token.ends_at),
            ),
            clock.words(token.last_used_at) if token.last_used_at else "never",
        )
        for token in found
    ]
    heads = ("NAME", "STATE", "MAY", "PERSON", f"ENDS ({clock.zone})", "LAST USED")
    print_table(
        heads, rows, empty=f"{implementation} has no author token. `session-status script token make` makes one."
    )


def state_of(db: DbSession, owner: Implementation, token: AuthorToken, now: datetime) -> str:
    """Whether it counts now, or why not."""
    if token.revoked_at is not None:
        return "revoked"
    if now >= token.ends_at:
        return "ended"
    return "counts" if token.given & author_tokens.held_by(db, owner, token.made_by) else "person may not"


def written(token: AuthorToken) -> str:
    """What it allows, in the words of the option."""
    return ",".join(word for word, permission in ALLOWED.items() if permission in token.given)


@token_group.command("revoke", epilog=examples("session-status script token revoke demo ci"))
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@click.option("--reason", default="", help="Why; the audit entry keeps it.")
def revoke(implementation: str, name: str, reason: str) -> None:
    """Revoke the author token NAME of IMPLEMENTATION, for ever. It is refused from the next request on."""
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: changes.revoke(db, find_implementation(db, implementation), name, by))
    click.echo(f"Revoked {name}." if after.made else UNCHANGED)
