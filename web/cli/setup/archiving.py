"""`session-status implementation archive`, `restore` and `remove`.

`records.changes.retirement` has the rules.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from records import DbSession, Implementation
from records.changes import retirement
from records.changes.after_commit import AfterCommit
from web.cli.common.audit_context import audit_context
from web.cli.common.context import find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId

REASON = click.option("--reason", default="", help="The reason, for the audit entry.")


@click.command("archive", epilog=examples('session-status implementation archive aha25 --reason "The event is over"'))
@click.argument("slug", type=ImplementationId())
@REASON
def archive(slug: str, reason: str) -> None:
    """Take an implementation out of use. Everything is kept, and `restore` brings it back.

    Its app and login pages answer as if it did not exist (404), its logins end, and no script runs for it.
    """
    act(slug, lambda db, found, _: retirement.archive(db, found, audit_context(reason)))
    click.echo(f"Archived {slug}: it is no longer served. To undo: session-status implementation restore {slug}")


@click.command("restore", epilog=examples("session-status implementation restore aha25"))
@click.argument("slug", type=ImplementationId())
@REASON
def restore(slug: str, reason: str) -> None:
    """Serve an archived implementation again, unchanged. People must log in again.

    In production, this is refused if it contains settings for development, because no process would start with them.
    """
    act(slug, lambda db, found, where: retirement.restore(db, found, audit_context(reason), environment=where))
    click.echo(f"Restored {slug}: it is served again.")


@click.command(
    "remove",
    epilog=examples(
        "session-status implementation archive aha25",
        "session-status implementation remove aha25 --preview",
        "session-status implementation remove aha25",
    ),
)
@click.argument("slug", type=ImplementationId())
@click.option("--preview", is_flag=True, help="Only show what would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@REASON
def remove(slug: str, reason: str, *, preview: bool, yes: bool) -> None:
    """Delete an archived implementation permanently, with everything that belongs to it. Its audit entries stay.

    The command shows what will be deleted, and asks for the slug as confirmation. Only a backup of the database can restore
    it.
    """
    with open_context() as context:
        with context.database.reading() as db:
            counts = retirement.preview(db, find_implementation(db, slug))
        click.echo(f"Deleted with {slug}:" if counts else f"Only the settings of {slug} will be deleted.")
        for words, count in counts.items():
            click.echo(f"  {count:>8}  {words}")
        click.echo("Its audit entries stay.")
        if preview:
            return
        typed = (
            slug
            if yes
            else click.prompt(f"Type {slug} to delete all of this permanently", default="", show_default=False)
        )
        context.commit(
            lambda db: retirement.remove(db, find_implementation(db, slug), audit_context(reason), typed=typed)
        )
    click.echo(f"Removed {slug}.")


def act(slug: str, rule: Callable[[DbSession, Implementation, str], AfterCommit[None]]) -> None:
    """Apply a rule to the implementation in this environment."""
    with open_context() as context:
        context.commit(lambda db: rule(db, find_implementation(db, slug), context.settings.environment))
