"""`session-status up`: everything on one machine, with a demo in it, for looking around and for development.

What a server has from its operator (a store, a database, keys, a supervisor) is stood in for here; in production it
refuses. The order is that of the comments in `up`; it ends in the opposite one.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import click

from records import Database, RecordsError, SecretBox, scripts
from runner.announcing import announce
from runner.settings import Settings, SettingsError
from runner.store import EmbeddedStore, StoreError
from runner.submission import submit
from web.demo.agenda import IMPLEMENTATION, STORY
from web.demo.keys import vendor_keys
from web.demo.seed import seed

from .complaints import Complaint
from .examples import examples
from .scripts import open_bench
from .supervisor import Program, StartError, Stop, Supervisor, stop_on_signals
from .surroundings import ENV, NOTE, find_implementation, sentence

HOST = "127.0.0.1"
DEMO_SCRIPT = Path(__file__).parents[2] / "scripts" / "examples" / "annual_meeting" / "script.py"
PROBE_S = 2.0
OK = 200


@click.command(
    epilog=examples("session-status up", "session-status up --port 9000 --demo-port 9001 --data-folder /tmp/demo")
)
@click.option("--port", default=8000, show_default=True, help="Where the service answers.")
@click.option("--demo-port", default=8001, show_default=True, help="Where the demo's app and its vendors answer.")
@click.option("--data-folder", type=click.Path(path_type=Path), help="What is kept. [default: ./data]")
@click.option("--allow-weak", is_flag=True, help="Go on although the jail of this machine is not tight (macOS).")
def up(port: int, demo_port: int, data_folder: Path | None, *, allow_weak: bool) -> None:
    """Start everything on this machine, with a demo: store, database, worker, web server and a demo vendor.

    Needs nothing installed and no setting. Prints where to look first. Ctrl-C ends everything; the data stays, and the
    next start goes on with it. For development only: it refuses in production.
    """
    with stop_on_signals() as stop:
        # 1. Settings, of which the environment may decide any but what this command is for.
        given = environment(port, demo_port, data_folder, allow_weak=allow_weak)
        settings = development_settings(given)
        # 2. The data folder is ours alone, and the ports are free.
        with only_one(settings.data_folder):
            require_free(port, "--port")
            require_free(demo_port, "--demo-port", taken=port)
            # 3. The store, unless there is one.
            with store(settings) as redis_url:
                given["REDIS_URL"] = redis_url
                settings = development_settings(given)
                # 4. Database and demo.
                prepare(settings, f"http://{HOST}:{demo_port}", allow_weak=allow_weak)
                # 5. The processes.
                note = settings.data_folder / NOTE
                note.write_text(json.dumps(noted(given, settings)))
                try:
                    supervise(given, settings, demo_port, stop)
                finally:
                    note.unlink(missing_ok=True)


def environment(port: int, demo_port: int, data_folder: Path | None, *, allow_weak: bool) -> dict[str, str]:
    """The environment of all processes: what is set already wins, but for what the options say."""
    own = {
        ENV: "development",
        "SESSION_STATUS_PUBLIC_URL": f"http://{HOST}:{port}",
        "SESSION_STATUS_WEB_BIND": f"{HOST}:{port}",
        "SESSION_STATUS_WEB_PROCESSES": "1",
        "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS": "yes",
        "SESSION_STATUS_WIDGET_FRAMES": f"http://{HOST}:{demo_port},http://localhost:{demo_port}",
        **os.environ,
        "PYTHONUNBUFFERED": "1",
    }
    if data_folder:
        own["SESSION_STATUS_DATA_FOLDER"] = str(data_folder)
    if allow_weak:
        own["SESSION_STATUS_SANDBOX_ALLOW_WEAK"] = "yes"
    return own


def development_settings(given: Mapping[str, str]) -> Settings:
    """The settings. Raises Complaint in production, before anything else is asked of it, and for faults."""
    if (given[ENV].strip() or "production") == "production":  # which is what nothing stands for
        raise Complaint(
            f"`up` is for development, and {ENV} says production. There, start `session-status web` and "
            "`session-status worker` under your supervisor; docs/operations.md says how."
        )
    try:
        return Settings.from_environment(given)
    except SettingsError as error:
        raise Complaint(str(error)) from None
    except OSError as error:
        raise Complaint(
            f"The data folder cannot be used: {error.filename}: {error.strerror}. Choose another: --data-folder."
        ) from None


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder, so that two `up` do not share it. The lock ends with the process, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "logs").mkdir(exist_ok=True)
        (folder / "demo").mkdir(exist_ok=True)
        file = (folder / "up.lock").open("a+")
    except OSError as error:
        raise Complaint(
            f"The data folder {folder} cannot be used: {error.strerror}. Choose another: --data-folder."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Complaint(
                f"Another `session-status up` uses {folder}. Stop it (Ctrl-C in its terminal), or choose another folder: "
                "--data-folder, with --port and --demo-port."
            ) from None
        yield


def require_free(port: int, option: str, *, taken: int | None = None) -> None:
    """Raise Complaint when something answers on a port already, or will: `taken` is promised to another part."""
    if port == taken:
        raise Complaint(f"Port {port} cannot serve both: choose another port with {option}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            if isinstance(error, OverflowError):
                raise Complaint(f"There is no port {port}: choose one from 1024 to 65535 with {option}.") from None
            raise Complaint(
                f"Port {port} cannot be used: {error.strerror or error}. Stop the program that uses it, or choose "
                f"another port with {option}."
            ) from None


@contextmanager
def store(settings: Settings) -> Iterator[str]:
    """The store's address: the operator's, or that of our own server while the block lasts."""
    if settings.redis_url:
        yield settings.redis_url
        return
    own = EmbeddedStore(settings.data_folder / "store")
    try:
        address = own.start()
    except StoreError as error:
        raise Complaint(str(error)) from None
    try:
        yield address
    finally:
        own.stop()


def prepare(settings: Settings, vendor_url: str, *, allow_weak: bool) -> None:
    """Bring the tables and the demo up to date; a script is put in service only where there is none."""
    database = Database(settings.database_url)
    keys = vendor_keys(settings.data_folder / "demo")
    try:
        database.upgrade()
        with database.session() as db:
            demo = seed(db, SecretBox(settings.keys), keys, vendor_url=vendor_url, now=datetime.now(UTC))
            missing = scripts.active(db, demo) is None
        if missing:
            activate_demo(database, settings, allow_weak=allow_weak)
    except RecordsError as error:
        raise Complaint(sentence(str(error))) from error
    finally:
        database.dispose()
    announce(settings.redis_url, IMPLEMENTATION)


def activate_demo(database: Database, settings: Settings, *, allow_weak: bool) -> None:
    """Put the demo's script in service, after the same check as every other."""
    source = DEMO_SCRIPT.read_text()
    with open_bench(allow_weak=allow_weak or settings.sandbox_allow_weak) as bench:
        review = bench.review(source)
    with database.session() as db:
        submit(db, find_implementation(db, IMPLEMENTATION), source, review, by="session-status up")


def noted(given: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What a command in another terminal needs to find this run. Nothing secret: the key lies in the data folder."""
    names = (ENV, "SESSION_STATUS_PUBLIC_URL", "SESSION_STATUS_WEB_BIND", "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS")
    known = {name: given[name] for name in names}
    return known | {"SESSION_STATUS_DATA_FOLDER": str(settings.data_folder), "REDIS_URL": settings.redis_url}


def supervise(given: Mapping[str, str], settings: Settings, demo_port: int, stop: Stop) -> None:
    """Start the processes, say where to look when all are ready, and keep them alive until a signal comes."""
    supervisor = Supervisor(
        programs(given, settings, demo_port), say=lambda text: click.echo(text, err=True), stop=stop
    )
    click.echo("Starting: store, database, worker, web server, demo vendor …")
    try:
        if supervisor.start():
            click.echo(page(settings, demo_port))
            supervisor.watch()
        click.echo("\nStopping …")
    except StartError as error:
        raise Complaint(str(error)) from None
    finally:
        supervisor.stop()
    click.echo(f"Stopped. The data is in {settings.data_folder}.")


def programs(given: Mapping[str, str], settings: Settings, demo_port: int) -> list[Program]:
    """What runs, in the order of its start."""
    python = (sys.executable, "-P", "-m")
    logs = settings.data_folder / "logs"
    port = int(settings.web_bind.rpartition(":")[2])
    workers = [
        Program(f"worker {number}", (*python, "worker"), given, logs / f"worker-{number}.log", lambda: True)
        for number in range(1, settings.worker_processes + 1)
    ]
    return [
        Program(
            "demo vendor",
            (*python, "web.demo.vendor", str(demo_port)),
            given,
            logs / "vendor.log",
            answering(demo_port, "/live/healthz"),
        ),
        *workers,
        Program("web server", (*python, "web.cli", "web"), given, logs / "web.log", answering(port, "/readyz")),
    ]


def page(settings: Settings, demo_port: int) -> str:
    """What a newcomer reads first."""
    demo, service = f"http://{HOST}:{demo_port}", settings.public_url
    script = DEMO_SCRIPT.relative_to(Path.cwd()) if DEMO_SCRIPT.is_relative_to(Path.cwd()) else DEMO_SCRIPT
    return f"""
Session Status is running.

  {click.style(demo + "/", bold=True)}   start here: a conference app with the widget in it

  1. Open "Sepsis in the first hour". It has just ended.
  2. Tap "Log in for session status info" and continue as Mei Chen.
  3. Tap "Claim 1.0 CE credit", claim it at the vendor: you come back, and it says "Credit claimed".

  {demo}/control/   make the vendors slow, failing, stale, busy, or talk garbage
  {service}/api/openapi.json   what an app asks

In another terminal:
  session-status status get {IMPLEMENTATION} {STORY} --user 165      what is shown to somebody, and why
  session-status script run {script.parent}
  session-status script activate {IMPLEMENTATION} {script}     after you changed it

Logs: {settings.data_folder / "logs"}   Ctrl-C ends everything; the data stays.
"""


def answering(port: int, path: str) -> Callable[[], bool]:
    """A question whether a page answers with 200."""

    def ask() -> bool:
        connection = HTTPConnection(HOST, port, timeout=PROBE_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return ask
