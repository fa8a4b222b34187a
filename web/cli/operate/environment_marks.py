"""`session-status db mark` and `store mark`: what a database or a store is for, changed on purpose.

A mark keeps the stand-ins of development away from production, so it is changed by somebody who says the same thing
twice (the argument, and SESSION_STATUS_ENV), who has seen what is in it, and never without an audit entry.
"""

from __future__ import annotations

import click

from records import Database, RecordsError
from records.changes import operations
from records.maintenance import database_inspection
from records.storage import environment_mark
from runner.settings.operator_settings import Settings
from runner.store.mark_administration import NotMarked, mark_of, replace_mark
from web.cli.common.audit_context import audit_context
from web.cli.common.context import ENV, open_database, read_settings_of_data, require_current, sentence
from web.cli.common.errors import CommandFailed, listed
from web.cli.common.help_examples import examples

ENVIRONMENT = click.Choice(environment_mark.ENVIRONMENTS)


@click.command(
    "mark",
    epilog=examples("SESSION_STATUS_ENV=development session-status db mark development"),
)
@click.argument("environment", type=ENVIRONMENT)
@click.option("--yes", is_flag=True, help="Do not ask.")
def db_mark(environment: str, *, yes: bool) -> None:
    """Say what the database is for from now on: a copy of production that becomes a test system, for example.

    ENVIRONMENT must be what SESSION_STATUS_ENV says, too. It takes effect when processes start; an audit entry notes it.
    A database of an earlier release is brought up to date on the way.
    """
    settings = agreed(environment)
    try:
        found = database_inspection.look(settings.database_url, own=settings.database_is_own)
        if found.version is None:
            raise CommandFailed(
                "The database has no tables yet: `session-status db upgrade` makes them for this environment."
            )
        if found.mark == environment:
            click.echo(f"The database is for {environment} already.")
            return
        holds = f"It was made for {found.counts_as} and holds {listed(found.implementations)}."
        if not yes:
            click.confirm(f"{holds} Is it for {environment} from now on?", abort=True)
        mark_database(settings, environment)
    except RecordsError as error:
        raise CommandFailed(sentence(str(error))) from error
    click.echo(f"The database is for {environment} now. Restart what runs on it.")


def mark_database(settings: Settings, environment: str) -> None:
    """Bring the tables up to date and change the mark, with its audit entry."""
    database = Database(settings.database_url, environment=None)  # whatever it is for: that is what changes
    try:
        database.upgrade()
        with database.session() as db:
            operations.mark_database(db, environment, audit_context())
    finally:
        database.dispose()


@click.group("store")
def store_group() -> None:
    """Look after the store (Valkey or Redis)."""


@store_group.command(
    "mark",
    epilog=examples("SESSION_STATUS_ENV=development session-status store mark development"),
)
@click.argument("environment", type=ENVIRONMENT)
@click.option("--yes", is_flag=True, help="Do not ask.")
def store_mark(environment: str, *, yes: bool) -> None:
    """Say what the store is for from now on.

    ENVIRONMENT must be what SESSION_STATUS_ENV says, too, and the database must be for it already: the audit entry goes
    there. It takes effect at the next connection of each process.
    """
    settings = agreed(environment)
    if not settings.redis_url:
        raise CommandFailed("REDIS_URL is not set, so there is no store to mark.")
    found = mark_of(settings.redis_url)
    if found.fault:
        raise CommandFailed(f"The store cannot be marked: {found.fault}.")
    if found.environment == environment:
        click.echo(f"The store is for {environment} already.")
        return
    holds = "is empty" if found.empty else "holds data"
    if not yes:
        click.confirm(
            f"The store {holds} and was made for {found.environment or 'nobody knows what'}. "
            f"Is it for {environment} from now on?",
            abort=True,
        )
    database = open_database(settings)
    try:
        require_current(database)
        with database.session() as db:
            operations.store_marked(db, environment, audit_context(), was=found.environment)
            replace_mark(settings.redis_url, environment)  # within: what cannot be noted is not done
    except (RecordsError, NotMarked) as error:
        raise CommandFailed(sentence(str(error))) from error
    finally:
        database.dispose()
    click.echo(f"The store is for {environment} now. Restart what runs on it.")


def agreed(environment: str) -> Settings:
    """The settings. Raises CommandFailed unless they are of the environment that was named."""
    settings = read_settings_of_data()
    if settings.environment != environment:
        raise CommandFailed(
            f"{ENV} says {settings.environment}, and you say {environment}. Whoever changes a mark says the same twice: "
            f"{ENV}={environment} session-status … mark {environment}."
        )
    return settings
