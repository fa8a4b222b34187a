"""`session-status web`, `worker` and `db upgrade`, which an operator or a supervisor starts."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from records import RecordsError, WrongEnvironment, roles
from records.people import grants
from records.tenants import implementations
from runner.health.start_checks import NotStarted, check_start, secret_faults, wrong_database
from runner.logs.process_log import start_log
from runner.settings.operator_settings import Settings
from runner.store.worker_heartbeat import BACKGROUND, STATUS
from web.cli.common.context import environment, open_database, read_settings, read_settings_of_data, sentence
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.missing_data import data_folder
from web.server.granian_server import AddressTakenError, serve
from web.server.open_files import TooFewFilesError

from .data_folder_check import remedy

log = logging.getLogger(__name__)


@click.command(epilog=examples("SESSION_STATUS_WEB_BIND=0.0.0.0:8000 session-status web"))
def web() -> None:
    """Run the web server, behind a proxy that handles TLS.

    All settings come from the environment; docs/settings.md lists them. On SIGTERM, it finishes the requests in progress and
    stops.
    """
    settings = settled(worker=False)
    start_log(settings)
    if not has_administrator(settings):
        # The link itself is not logged: reading the log must not make anyone an administrator.
        log.warning("There is no administrator yet. Make a one-time link: session-status administrator link")
    log_unopenable_secrets(settings)
    try:
        serve(settings)
    except (AddressTakenError, TooFewFilesError) as error:
        raise CommandFailed(str(error)) from error


@click.command(
    epilog=examples("SESSION_STATUS_WORKER_RUNS=64 session-status worker", "session-status worker --queue background")
)
@click.option(
    "--queue",
    type=click.Choice((STATUS, BACKGROUND)),
    default=STATUS,
    show_default=True,
    help="The work to take: runs for statuses, or checks of scripts and background jobs such as imports of large agenda files.",
)
def worker(queue: str) -> None:
    """Run a worker, which takes runs from the queue and runs scripts in the jail. Start about one for each processor.

    With --queue background, it takes background jobs instead, and checks the scripts that authors write, in a jail of its own. One such
    worker is enough.

    On SIGTERM, it finishes runs in progress; background jobs in progress are rolled back and returned to the queue for the
    next worker. Exit status 3 if the jail is not secure on this machine; a background worker then goes on without checks.
    """
    settled(worker=True)
    # A new interpreter: the jail must be started in a process that has done nothing else yet.
    os.execve(sys.executable, [sys.executable, "-P", "-m", "worker", queue], environment())  # noqa: S606 - no shell wanted


@click.group("db")
def db_group() -> None:
    """Bring the database up to date."""


@db_group.command(epilog=examples("session-status db upgrade"))
def upgrade() -> None:
    """Create the tables, or update them to the schema of this release. Run it before starting a new release."""
    was_there = data_folder(environment()).exists()
    settings = read_settings(make=True)
    database = open_database(settings)
    try:
        if settings.data_folder_is_used:
            make_folder(settings.data_folder, was_there=was_there)
        before = database.version()
        database.upgrade(own=settings.database_is_own)
        after = database.version()
    except WrongEnvironment as error:
        raise CommandFailed(wrong_database(error)) from error
    except RecordsError as error:
        raise CommandFailed(sentence(str(error))) from error
    finally:
        database.dispose()
    click.echo(
        f"The database is already up to date (schema {after})."
        if before == after
        else f"Schema {before or 'none'} -> {after}."
    )


def make_folder(folder: Path, *, was_there: bool) -> None:
    """Create the data folder if it does not exist. Raises CommandFailed, which says who must own it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = error.strerror or error
        raise CommandFailed(f"The data folder {folder} cannot be used: {reason}. {sentence(remedy(folder))}") from error
    if not was_there:
        click.echo(f"Created the data folder {folder}.", err=True)


def has_administrator(settings: Settings) -> bool:
    """Say whether the role of administrator was granted to anyone."""
    database = open_database(settings)
    try:
        with database.reading() as db:
            staff = implementations.find(db, implementations.STAFF)
            return staff is not None and any(one.role == roles.ADMINISTRATOR for one in grants.every(db, staff))
    finally:
        database.dispose()


def settled(*, worker: bool) -> Settings:
    """Return the settings of a server that can start with its store and database. Raises CommandFailed with all faults."""
    settings = read_settings_of_data()
    try:
        check_start(settings, worker=worker)
    except NotStarted as error:
        raise CommandFailed(str(error)) from error
    return settings


def log_unopenable_secrets(settings: Settings) -> None:
    """Log each secret that no key can decrypt: its logins or calls fail until someone acts."""
    database = open_database(settings)
    try:
        for fault in secret_faults(settings, database):
            log.error("%s", fault)
    finally:
        database.dispose()
