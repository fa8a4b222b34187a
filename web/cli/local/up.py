"""`session-status up`: everything on one machine, with a demo in it, for looking around and for development.

What a server has from its operator (a store, a database, keys, a supervisor) is stood in for here; in production, and in
front of stores that are not its own (`own_stores`), it refuses. The order is that of the comments in `up`; it ends in the opposite one.
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
from records.maintenance.development_stand_ins import UP
from records.scripts import deployments
from records.tenants.implementations import STAFF
from runner.settings.operator_settings import Settings, SettingsError
from runner.status.change_events import publish_change
from runner.store.clients import connect
from runner.trials.submission import activate
from web.cli.common.context import ENV, find_implementation, sentence
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.running_note import NOTE
from web.cli.scripts.script_commands import open_bench
from web.demo import identity_setup
from web.demo.agenda import IMPLEMENTATION
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
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Where the service answers.")
@click.option("--demo-port", type=int, help="Where the demo's app and its vendors answer. [default: --port + 1]")
@click.option("--idp-port", type=int, help="Where the development identity provider answers. [default: --port + 2]")
@click.option("--data-folder", type=click.Path(path_type=Path), help="What is kept. [default: ./data]")
@click.option("--allow-weak", is_flag=True, help="Go on although the jail of this machine is not tight (macOS).")
@click.option("--by-make", is_flag=True, hidden=True, help="`make run` starts it: texts name the commands of make.")
def up(  # noqa: PLR0913 - six, the most our style allows
    port: int, demo_port: int | None, idp_port: int | None, data_folder: Path | None, *, allow_weak: bool, by_make: bool
) -> None:
    """Start everything on this machine, with a demo: store, database, worker, web server, demo vendor, identity provider.

    Needs nothing installed and no setting. Prints where to look first, and who to log in as. Ctrl-C ends everything; the
    data stays, and the next start goes on with it. For development only: it refuses in production, and any database or
    store that is not its own (in the data folder) or was not marked as development when it was made.
    """
    ports, command = Ports.of(port, demo_port, idp_port), StartCommand(by_make, data_folder)
    require_real(ports.by_option(), command)
    with stop_on_signals() as stop:
        # 1. Settings, of which the environment may decide any but what this command is for.
        given = environment(ports, data_folder, allow_weak=allow_weak)
        settings = development_settings(given, make=False)
        # 2. Whatever the settings name, it is for development. Until here nothing is written.
        require_own_stores(settings)
        # 3. The data folder is ours alone, and the ports are free.
        with only_one(settings.data_folder, command):
            require_free(ports.by_option(), command)
            # 4. The store, unless there is one.
            with store(settings) as redis_url:
                given["REDIS_URL"] = redis_url
                settings = development_settings(given)
                # 5. Database and demo.
                prepare(settings, ports, allow_weak=allow_weak)
                # 6. The processes.
                running = settings.data_folder / NOTE
                running.write_text(json.dumps(noted(given, settings)))
                try:
                    supervise(programs(given, settings, ports), page(settings, ports, by_make=by_make), stop)
                finally:
                    running.unlink(missing_ok=True)
    click.echo(f"Stopped. The data is in {settings.data_folder}.")


def environment(ports: Ports, data_folder: Path | None, *, allow_weak: bool) -> dict[str, str]:
    """The environment of all processes: what is set already wins, but for what the options say."""
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


def development_settings(given: Mapping[str, str], *, make: bool = True) -> Settings:
    """The settings. Raises CommandFailed in production, before anything else is asked of it, and for faults.

    `make` is as in `Settings.from_environment`.
    """
    if (given[ENV].strip() or "production") == "production":  # which is what nothing stands for
        raise CommandFailed(
            f"`up` is for development, and {ENV} says production. There, start `session-status web` and "
            "`session-status worker` under your supervisor; docs/operations.md says how."
        )
    try:
        return Settings.from_environment(given, make=make)
    except SettingsError as error:
        raise CommandFailed(str(error)) from None
    except OSError as error:
        raise CommandFailed(
            f"The data folder cannot be used: {error.filename}: {error.strerror}. Choose another: --data-folder."
        ) from None


def prepare(settings: Settings, ports: Ports, *, allow_weak: bool) -> None:
    """Bring the tables and the demo up to date; a script is put in service only where there is none."""
    database = Database(settings.database_url, environment=settings.environment)
    keys, box = vendor_keys(settings.data_folder / "demo"), SecretBox(settings.keys)
    provider = identity(settings.data_folder / FOLDER, ports.idp_url)
    try:
        database.upgrade(own=settings.database_is_own)
        with database.session() as db:
            demo = seed(db, box, keys, vendor_url=ports.demo_url, now=datetime.now(UTC))
            identity_setup.connect_all(db, box, demo, provider)
            missing = deployments.active_version(db, demo) is None
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
    """Put the demo's script in service, after the same check as every other."""
    source = DEMO_SCRIPT.read_text()
    with open_bench(allow_weak=allow_weak or settings.sandbox_allow_weak) as bench:
        review = bench.review(source)
    with database.session() as db:
        demo = find_implementation(db, IMPLEMENTATION)
        activate(db, demo, source, review, AuditContext(UP), author=UP)


def noted(given: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What a command in another terminal needs to find this run. Nothing secret: the key lies in the data folder."""
    names = (ENV, "SESSION_STATUS_PUBLIC_URL", "SESSION_STATUS_WEB_BIND", "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS")
    known = {name: given[name] for name in names}
    return known | {"SESSION_STATUS_DATA_FOLDER": str(settings.data_folder), "REDIS_URL": settings.redis_url}


def supervise(parts: Sequence[SupervisedProgram], told: str, stop: StopRequest) -> None:
    """Start the processes, say where to look when all are ready, and keep them alive until a signal comes."""
    supervisor = Supervisor(parts, say=lambda text: click.echo(text, err=True), stop=stop)
    click.echo("Starting: store, database, worker, web server, demo vendor, identity provider …")
    try:
        if supervisor.start():
            click.echo(told)
            supervisor.watch()
        click.echo("\nStopping …")
    except StartError as error:
        raise CommandFailed(str(error)) from None
    finally:
        supervisor.stop()
