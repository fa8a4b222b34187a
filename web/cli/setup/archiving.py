"""`session-status implementation archive`, `restore` and `remove`: how an implementation leaves, and what goes with it.

The rule is the records' (`records.maintenance.archiving`); here it is asked for, and what it leaves to the store is done.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from records import DbSession, Implementation
from records.maintenance import archiving
from records.maintenance.archiving import AfterCommit, AuditContext
from runner.status.implementation_retirement import retire
from web.cli.common.audit_notes import whoami
from web.cli.common.context import ACTOR, CommandContext, find_implementation, open_context
from web.cli.common.errors import CommandFailed
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
    act(slug, lambda db, found, _: archiving.archive(db, found, decided(reason)))
    click.echo(f"Archived {slug}: it is not served any more. Undo: session-status implementation restore {slug}")


@click.command("restore", epilog=examples("session-status implementation restore aha25"))
@click.argument("slug", type=ImplementationId())
@REASON
def restore(slug: str, reason: str) -> None:
    """Serve an archived implementation again, as it was. People have to log in again.

    In production it is refused while it holds stand-ins of development, which a process would not start with.
    """
    act(slug, lambda db, found, where: archiving.restore(db, found, decided(reason), environment=where))
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
            counts = archiving.preview(db, find_implementation(db, slug))
        click.echo(f"With {slug} {'go' if counts else 'goes nothing but its settings'}{':' if counts else '.'}")
        for words, count in counts.items():
            click.echo(f"  {count:>8}  {words}")
        click.echo("Its audit entries stay.")
        if preview:
            return
        typed = (
            slug if yes else click.prompt(f"Type {slug} to remove all of this for ever", default="", show_default=False)
        )
        with here.database.session() as db:
            found = find_implementation(db, slug)
            retired = archiving.remove(db, found, decided(reason), typed=typed)
        follow(here, retired)
    click.echo(f"Removed {slug}.")


def act(slug: str, rule: Callable[[DbSession, Implementation, str], AfterCommit]) -> None:
    """Let a rule change the implementation in this environment, then do what it leaves to the store."""
    with open_context() as here:
        with here.database.session() as db:
            retired = rule(db, find_implementation(db, slug), here.settings.environment)
        follow(here, retired)


def follow(here: CommandContext, retired: AfterCommit) -> None:
    """End logins and drop what is cached. Without a store there are none."""
    if here.settings.redis_url and not retire(here.settings, retired):
        raise CommandFailed(
            f"It is done in the database, but the store does not answer: logins of {retired.slug} may still be there. "
            "Nothing is served to them, and an implementation that is made later under this slug does not take them."
        )


def decided(reason: str) -> AuditContext:
    """Who decided: this command, and which user of this machine gave it."""
    return AuditContext(ACTOR, reason, {"system_user": whoami()})
