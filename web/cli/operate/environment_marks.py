"""`session-status db mark` and `store mark`: change the environment that a database or a store is for.

The mark keeps settings for development out of production. So a change requires the environment twice (as the argument and in
SESSION_STATUS_ENV), shows the content first, and always leaves an audit entry.
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
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def db_mark(environment: str, *, yes: bool) -> None:
    """Set what the database is for, for example if a copy of production becomes a test system.

    ENVIRONMENT must be the value of SESSION_STATUS_ENV. The change takes effect when processes start, and leaves an audit
    entry. A database of an earlier release is brought up to date first.
    """
    settings = agreed(environment)
    try:
        found = database_inspection.look(settings.database_url, own=settings.database_is_own)
        if found.version is None:
            raise CommandFailed(
                "The database has no tables yet. `session-status db upgrade` creates them for this environment."
            )
        if found.mark == environment:
            click.echo(f"The database is already for {environment}.")
            return
        holds = f"It was made for {found.counts_as} and contains {listed(found.implementations)}."
        if not yes:
            click.confirm(f"{holds} Mark it for {environment}?", abort=True)
        mark_database(settings, environment)
    except RecordsError as error:
        raise CommandFailed(sentence(str(error))) from error
    click.echo(f"The database is now for {environment}. Restart all processes that use it.")


def mark_database(settings: Settings, environment: str) -> None:
    """Bring the tables up to date and change the mark, with its audit entry."""
    database = Database(settings.database_url, environment=None)  # any mark, because it is about to be changed
    try:
        database.upgrade()
        with database.session() as db:
            operations.mark_database(db, environment, audit_context())
    finally:
        database.dispose()


@click.group("store")
def store_group() -> None:
    """Manage the store (Valkey or Redis)."""


@store_group.command(
    "mark",
    epilog=examples("SESSION_STATUS_ENV=development session-status store mark development"),
)
@click.argument("environment", type=ENVIRONMENT)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def store_mark(environment: str, *, yes: bool) -> None:
    """Set what the store is for.

    ENVIRONMENT must be the value of SESSION_STATUS_ENV, and the database must already be for it, because it receives the audit
    entry. The change takes effect at the next connection of each process.
    """
    settings = agreed(environment)
    if not settings.redis_url:
        raise CommandFailed("REDIS_URL is not set, so there is no store to mark.")
    found = mark_of(settings.redis_url)
    if found.fault:
        raise CommandFailed(f"The store cannot be marked: {found.fault}.")
    if found.environment == environment:
        click.echo(f"The store is already for {environment}.")
        return
    holds = "is empty" if found.empty else "contains data"
    if not yes:
        click.confirm(
            f"The store {holds} and {f'was made for {found.environment}' if found.environment else 'has no mark'}. "
            f"Mark it for {environment}?",
            abort=True,
        )
    database = open_database(settings)
    try:
        require_current(database)
        with database.session() as db:
            operations.store_marked(db, environment, audit_context(), was=found.environment)
            replace_mark(settings.redis_url, environment)  # inside the transaction: no change without an audit entry
    except (RecordsError, NotMarked) as error:
        raise CommandFailed(sentence(str(error))) from error
    finally:
        database.dispose()
    click.echo(f"The store is now for {environment}. Restart all processes that use it.")


def agreed(environment: str) -> Settings:
    """Return the settings. Raises CommandFailed unless they are for the given environment."""
    settings = read_settings_of_data()
    if settings.environment != environment:
        raise CommandFailed(
            f"{ENV} is {settings.environment}, but the argument is {environment}. To change a mark, both must be the same: "
            f"{ENV}={environment} session-status … mark {environment}."
        )
    return settings
