"""`session-status up`: everything on one machine, with a demo, for looking around and for development.

It provides what an operator provides on a server: a store, a database, keys and a supervisor. It refuses to run in production
and with a database or store that is not its own (`store_ownership`). The comments in `up` number the steps; it stops in
reverse order.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from records import Database, RecordsError, SecretBox
from records.audit import AuditContext
from records.changes.scripts import deployments as changes
from records.maintenance.development_stand_ins import UP
from records.scripts import deployments
from records.tenants.implementations import STAFF
from runner.settings.operator_settings import Settings, SettingsError
from runner.status.change_events import publish_change
from runner.store.clients import connect
from runner.trials.submission import checked_script
from web.cli.authors.trial_sandboxes import open_sandbox
from web.cli.common.context import ENV, find_implementation, sentence
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.running_note import NOTE
from web.demo import identity_setup
from web.demo.agenda import IMPLEMENTATION
from web.demo.facts import facts_secret
from web.demo.seed import seed
from web.demo.vendor_keys import vendor_keys
from web.devidp.identity import FOLDER, identity
from web.loopback_server import HOST

from .local_setup import only_one, require_free, require_real, store
from .programs import DEFAULT_PORT, DEMO_SCRIPT, Ports, page, programs
from .start_command import StartCommand
from .store_ownership import require_own_stores
from .supervisor import StartError, StopRequest, SupervisedProgram, Supervisor, stop_on_signals


@click.command(
    epilog=examples(
        "session-status up",
        "session-status up --port 9000 --data-folder /tmp/demo",
    )
)
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port of the service.")
@click.option("--demo-port", type=int, help="Port of the demo's app and its vendors. [default: --port + 1]")
@click.option("--idp-port", type=int, help="Port of the development identity provider. [default: --port + 2]")
@click.option("--data-folder", type=click.Path(path_type=Path), help="Folder for all data. [default: ./data]")
@click.option("--allow-weak", is_flag=True, help="Continue although the jail is not secure on this machine (macOS).")
@click.option("--by-make", is_flag=True, hidden=True, help="Started by `make run`: messages suggest make commands.")
def up(  # noqa: PLR0913 - one for each option
    port: int, demo_port: int | None, idp_port: int | None, data_folder: Path | None, *, allow_weak: bool, by_make: bool
) -> None:
    """Start everything on this machine, with a demo: store, database, worker, web server, demo vendor, identity provider.

    It needs no other software and no settings. It prints where to look first, and which person to log in as. Ctrl-C stops
    everything; the data stays, and the next start continues with it. For development only: it does not run in production, or
    with a database or store outside the data folder that was not marked for development when it was made.
    """
    ports, command = Ports.of(port, demo_port, idp_port), StartCommand(by_make, data_folder)
    require_real(ports.by_option(), command)
    with stop_on_signals() as stop:
        # 1. Settings, from the environment and the options.
        env = environment(ports, data_folder, allow_weak=allow_weak)
        settings = development_settings(env, make=False)
        # 2. The database and the store must be for development. Nothing is written before this check.
        require_own_stores(settings)
        # 3. The data folder must not be in use, and the ports must be free.
        with only_one(settings.data_folder, command):
            require_free(ports.by_option(), command)
            # 4. The store.
            with store(settings) as redis_url:
                env["REDIS_URL"] = redis_url
                settings = development_settings(env)
                # 5. The database and the demo.
                prepare(settings, ports, datetime.now(UTC), allow_weak=allow_weak)
                # 6. The processes.
                running = settings.data_folder / NOTE
                running.write_text(json.dumps(note_values(env, settings)))
                try:
                    supervise(programs(env, settings, ports), page(settings, ports, by_make=by_make), stop)
                finally:
                    running.unlink(missing_ok=True)
    click.echo(f"Stopped. The data is in {settings.data_folder}.")


def environment(ports: Ports, data_folder: Path | None, *, allow_weak: bool) -> dict[str, str]:
    """Return the environment of all processes: defaults, then the current environment, then the options."""
    own = {
        ENV: "development",
        "SESSION_STATUS_PUBLIC_URL": f"http://{HOST}:{ports.service}",
        "SESSION_STATUS_WEB_BIND": f"{HOST}:{ports.service}",
        "SESSION_STATUS_WEB_PROCESSES": "1",
        "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS": "yes",
        "SESSION_STATUS_WIDGET_FRAMES": f"{ports.demo_url},http://localhost:{ports.demo}",
        **os.environ,
        "PYTHONUNBUFFERED": "1",
    }
    if data_folder:
        own["SESSION_STATUS_DATA_FOLDER"] = str(data_folder)
    if allow_weak:
        own["SESSION_STATUS_SANDBOX_ALLOW_WEAK"] = "yes"
    return own


def development_settings(env: Mapping[str, str], *, make: bool = True) -> Settings:
    """Return the settings. Raises CommandFailed in production, which is checked first, and for faults.

    `make` is as in `Settings.from_environment`.
    """
    if (env[ENV].strip() or "production") == "production":  # an empty value means production
        raise CommandFailed(
            f"`up` is for development, and {ENV} is production. In production, run `session-status web` and "
            "`session-status worker` under your supervisor, as described in docs/operations.md."
        )
    try:
        return Settings.from_environment(env, make=make)
    except SettingsError as error:
        raise CommandFailed(str(error)) from None
    except OSError as error:
        raise CommandFailed(
            f"The data folder cannot be used: {error.filename}: {error.strerror}. Choose another: --data-folder."
        ) from None


def prepare(settings: Settings, ports: Ports, now: datetime, *, allow_weak: bool) -> None:
    """Bring the tables and the demo up to date; its agenda is around `now`. A script is activated only if none is active."""
    database = Database(settings.database_url, environment=settings.environment)
    keys, box = vendor_keys(settings.data_folder / "demo"), SecretBox(settings.keys)
    provider = identity(settings.data_folder / FOLDER, ports.idp_url)
    try:
        database.upgrade(own=settings.database_is_own)
        with database.session() as db:
            demo = seed(db, box, keys, vendor_url=ports.demo_url, now=now)
            identity_setup.connect_all(db, box, demo, provider)
            missing = deployments.active_version(db, demo) is None
            secret = facts_secret.missing(db, box, demo, settings.data_folder / "demo")
        facts_secret.write(settings.data_folder / "demo", secret)
        if missing:
            activate_demo(database, settings, allow_weak=allow_weak)
    except RecordsError as error:
        raise CommandFailed(sentence(str(error))) from error
    finally:
        database.dispose()
    with closing(connect(settings.redis_url, environment=settings.environment)) as redis:
        for slug in (IMPLEMENTATION, STAFF):
            publish_change(redis, slug)


def activate_demo(database: Database, settings: Settings, *, allow_weak: bool) -> None:
    """Activate the demo's script, after the same check as for any other."""
    source = DEMO_SCRIPT.read_text()
    with open_sandbox(allow_weak=allow_weak or settings.sandbox_allow_weak) as sandbox:
        review = sandbox.review(source)
    with database.session() as db:
        demo = find_implementation(db, IMPLEMENTATION)
        changes.activate_text(db, demo, checked_script(source, review), AuditContext(UP), author=UP)


def note_values(env: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return what a command in another terminal needs to find this run. It contains no secret: the key is in the data folder."""
    names = (ENV, "SESSION_STATUS_PUBLIC_URL", "SESSION_STATUS_WEB_BIND", "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS")
    known = {name: env[name] for name in names}
    return known | {"SESSION_STATUS_DATA_FOLDER": str(settings.data_folder), "REDIS_URL": settings.redis_url}


def supervise(parts: Sequence[SupervisedProgram], text: str, stop: StopRequest) -> None:
    """Start the processes, print the text when all are ready, and keep them running until a signal comes."""
    supervisor = Supervisor(parts, say=lambda text: click.echo(text, err=True), stop=stop)
    click.echo("Starting: store, database, worker, web server, demo vendor, identity provider …")
    try:
        if supervisor.start():
            click.echo(text)
            supervisor.watch()
        click.echo("\nStopping …")
    except StartError as error:
        raise CommandFailed(str(error)) from None
    finally:
        supervisor.stop()
