"""`session-status store empty`: after a restore, or to end the app's logins.

A store that outlived a restore serves people whom the restored database has never seen, by their old tokens. It asks,
names what goes, refuses while workers are there, and leaves an audit entry.
"""

from __future__ import annotations

import click

from records import RecordsError
from records.changes import operations
from runner.settings.operator_settings import Settings
from runner.store.flush import HOLDS, NotEmptied, StoreContent, empty, look_into
from runner.store.worker_heartbeat import LIFE_S
from web.cli.common.audit_context import audit_context
from web.cli.common.context import open_database, read_settings_of_data, require_current, sentence
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples


@click.command("empty", epilog=examples("session-status store empty", "session-status store empty --yes"))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Empty it although workers are there: runs and jobs in flight are lost.")
def store_empty(*, yes: bool, force: bool) -> None:
    """Take everything out of the store but its mark: cached messages, waiting work, ended logins, the app's tokens.

    It works on the server, database number and password of REDIS_URL, and only on a store of this environment. Stop
    workers and web servers before; while a worker is there, it refuses. An audit entry notes it. Somebody who is logged in
    in a browser stays logged in.
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
    click.echo(f"The store is empty ({found.keys} keys were in it), and still made for {settings.environment}.")


def require_no_workers(found: StoreContent, *, force: bool) -> None:
    """Raise CommandFailed while workers are there, unless that is wanted."""
    if found.workers and not force:
        raise CommandFailed(
            f"Workers are there: {', '.join(found.workers)}. Stop them first (one that was killed is gone after {LIFE_S} seconds), "
            "or say --force: then the runs and jobs in flight are lost."
        )


def question(settings: Settings, found: StoreContent) -> str:
    """What goes, before it goes."""
    what = "\n".join(f"  - {one}" for one in HOLDS)
    return f"The store for {settings.environment} holds {found.keys} keys. These go:\n{what}\nEmpty it?"


def empty_and_note(settings: Settings, found: StoreContent) -> None:
    """Empty it, with an audit entry; what cannot be noted is not done."""
    database = open_database(settings)
    try:
        require_current(database)
        with database.session() as db:
            counts = {"keys": found.keys, "workers": len(found.workers)}
            operations.store_emptied(db, settings.environment, audit_context(), **counts)
            empty(settings)
    finally:
        database.dispose()
