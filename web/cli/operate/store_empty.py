"""`session-status store empty`: for use after a restore of the database, or to end all logins of the app.

After a restore, tokens in an old store could belong to people who are not in the restored database. The command lists what it
deletes and asks for confirmation, refuses to run while workers are running, and leaves an audit entry.
"""

from __future__ import annotations

import click

from records import RecordsError
from records.changes import operations
from records.plurals import counted
from runner.settings.operator_settings import Settings
from runner.store.flush import HOLDS, NotEmptied, StoreContent, empty, look_into
from runner.store.worker_heartbeat import LIFE_S
from web.cli.common.audit_context import audit_context
from web.cli.common.context import open_database, read_settings_of_data, require_current, sentence
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples


@click.command("empty", epilog=examples("session-status store empty", "session-status store empty --yes"))
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--force", is_flag=True, help="Run although workers are running: runs and jobs in progress are lost.")
def store_empty(*, yes: bool, force: bool) -> None:
    """Delete everything in the store except its mark: cached messages, waiting work, ended logins, the app's tokens.

    The store is that of REDIS_URL (server, database number and password), and must be for this environment. Stop workers and
    web servers first; the command refuses to run while a worker is running. It leaves an audit entry. People who are logged in
    with a browser stay logged in.
    """
    settings = read_settings_of_data()
    if not settings.redis_url:
        raise CommandFailed("REDIS_URL is not set, so there is no store to empty.")
    try:
        found = look_into(settings)
        require_no_workers(found, force=force)
        if not yes:
            click.confirm(question(settings, found), abort=True)
        empty_and_note(settings, found)
    except (RecordsError, NotEmptied) as error:
        raise CommandFailed(sentence(str(error))) from error
    click.echo(f"Deleted {counted(found.keys, 'key')}. The store is still for {settings.environment}.")


def require_no_workers(found: StoreContent, *, force: bool) -> None:
    """Raise CommandFailed while workers are running, unless forced."""
    if found.workers and not force:
        raise CommandFailed(
            f"Workers are running: {', '.join(found.workers)}. Stop them first (a killed one disappears after {LIFE_S} seconds), or "
            "use --force: then runs and jobs in progress are lost."
        )


def question(settings: Settings, found: StoreContent) -> str:
    """Return the question, with what will be deleted."""
    what = "\n".join(f"  - {one}" for one in HOLDS)
    return f"The store for {settings.environment} contains {counted(found.keys, 'key')}. This will be deleted:\n{what}\nEmpty the store?"


def empty_and_note(settings: Settings, found: StoreContent) -> None:
    """Empty the store, with an audit entry in the same transaction."""
    database = open_database(settings)
    try:
        require_current(database)
        with database.session() as db:
            counts = {"keys": found.keys, "workers": len(found.workers)}
            operations.store_emptied(db, settings.environment, audit_context(), **counts)
            empty(settings)
    finally:
        database.dispose()
