"""`session-status implementation archive`, `restore` and `remove`: how an implementation leaves, and what goes with it.

The rule is the records' (`records.changes.retirement`); here it is asked for.
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

REASON = click.option("--reason", default="", help="Why; the audit entry keeps it.")


@click.command("archive", epilog=examples('session-status implementation archive aha25 --reason "The event is over"'))
@click.argument("slug", type=ImplementationId())
@REASON
def archive(slug: str, reason: str) -> None:
    """Take an implementation out of use; everything is kept, and `restore` brings it back.

    Its app and its login pages get an answer as if there were none (404), its logins end, no script runs for it.
    """
    act(slug, lambda db, found, _: retirement.archive(db, found, audit_context(reason)))
    click.echo(f"Archived {slug}: it is not served any more. Undo: session-status implementation restore {slug}")


@click.command("restore", epilog=examples("session-status implementation restore aha25"))
@click.argument("slug", type=ImplementationId())
@REASON
def restore(slug: str, reason: str) -> None:
    """Serve an archived implementation again, as it was. People have to log in again.

    In production it is refused while it holds stand-ins of development, which a process would not start with.
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
@click.option("--preview", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Do not ask for the slug again.")
@REASON
def remove(slug: str, reason: str, *, preview: bool, yes: bool) -> None:
    """Remove an archived implementation for ever, with everything that belongs to it; its audit entries stay.

    It says what goes, and asks for the slug in full. There is no way back but a backup of the database.
    """
    with open_context() as here:
        with here.database.reading() as db:
            counts = retirement.preview(db, find_implementation(db, slug))
        click.echo(f"With {slug} {'go' if counts else 'goes nothing but its settings'}{':' if counts else '.'}")
        for words, count in counts.items():
            click.echo(f"  {count:>8}  {words}")
        click.echo("Its audit entries stay.")
        if preview:
            return
        typed = (
            slug if yes else click.prompt(f"Type {slug} to remove all of this for ever", default="", show_default=False)
        )
        here.commit(lambda db: retirement.remove(db, find_implementation(db, slug), audit_context(reason), typed=typed))
    click.echo(f"Removed {slug}.")


def act(slug: str, rule: Callable[[DbSession, Implementation, str], AfterCommit[None]]) -> None:
    """Let a rule change the implementation in this environment."""
    with open_context() as here:
        here.commit(lambda db: rule(db, find_implementation(db, slug), here.settings.environment))
