"""A real PostgreSQL for tests: the one named by TEST_DATABASE_URL, else a private server of this test run.

The private server listens on a unix socket in a folder of its own only, keeps nothing safe (`fsync` off: it lives for
minutes) and ends with the test run. Each test gets a database with the newest schema and no rows by `postgres_url`;
it is the same one for all tests of a run, emptied before each, because making one takes a fifth of a second.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url

from records import Database

#: Seconds a private server may take until it answers.
START_S = 60
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "autovacuum": "off",
    "timezone": "America/New_York",  # not UTC, so that a time which is read as it comes shows up in a test
}

#: Audit entries stay for ever, and the database sees to it; who owns the tables can still switch that off.
_FORGET_AUDIT = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM audit_entries) OR EXISTS (SELECT FROM audit_head WHERE entries > 0) THEN
    ALTER TABLE audit_entries DISABLE TRIGGER USER;
    ALTER TABLE audit_head DISABLE TRIGGER USER;
    DELETE FROM audit_entries;
    UPDATE audit_head SET entries = 0, hash = repeat('0', 64);
    ALTER TABLE audit_entries ENABLE TRIGGER USER;
    ALTER TABLE audit_head ENABLE TRIGGER USER;
  END IF;
END $$
"""

#: Closes the connections that an earlier test left open.
_CLOSE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL(%s)
"""
#: Deletes all rows.
_EMPTY = (
    "DELETE FROM implementations",  # everything belongs to one and goes with it, but this:
    "UPDATE environment_mark SET environment = 'production'",
    _FORGET_AUDIT,
    "UPDATE notice_cursor SET entries = 0",
)

#: Starts a server that ends when our end of its input is closed, by whatever death we die. SIGINT is its fast shutdown.
_ENDS_WITH_US = """
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(cat <&3 >/dev/null; kill -INT $server) &
wait $server
"""


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `url` leads to a database from which others can be made."""

    url: URL

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[URL]:
        """Make a database, and drop it at the end: a copy of another one, to which nobody is connected, or an empty one."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with _connected(self.url) as connection:
            connection.execute(made)
        yield self.url.set(database=name)
        with _connected(self.url) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield PostgresServer(make_url(given).set(drivername="postgresql+psycopg"))
        return
    binaries = installed()
    if binaries is None:
        reason = "no PostgreSQL here: set TEST_DATABASE_URL, or install it (Debian: apt install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not in pytest's folder: the path of a socket is short, and an unprivileged user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        prepare(binaries, folder)
        with serving(binaries, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[URL]:
    """Make the database which the tests use one after the other."""
    with postgres_server.database() as url:
        database = Database(url.render_as_string(hide_password=False))
        database.upgrade()
        database.dispose()
        yield url


class Emptying:
    """Empties the database over one connection, in which PostgreSQL has planned the deletions: to plan them takes longer than most tests.

    `shared` is for tests that do no more than work with rows: its connections stay open from one test to the next, because a
    new one reads the catalogue first, which takes longer than most tests, too.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection = _connected(url)
        self.shared = Database(url.render_as_string(hide_password=False))
        self._shared_pids: set[int] = set()
        event.listen(self.shared.engine, "connect", lambda driver, _: self._shared_pids.add(driver.info.backend_pid))

    def __call__(self) -> None:
        if self.shared.engine.pool.checkedout():  # a test has not given it back
            self.shared.dispose()
            self._shared_pids.clear()
        try:
            self._connection.execute(_CLOSE, [[*self._shared_pids]])
        except psycopg.OperationalError:  # a test has ended all connections
            self._connection = _connected(self._url)
            self._connection.execute(_CLOSE, [[*self._shared_pids]])
        for statement in _EMPTY:
            self._connection.execute(statement)

    def close(self) -> None:
        self.shared.dispose()
        self._connection.close()


@pytest.fixture(scope="session")
def empty_postgres_database(postgres_database: URL) -> Iterator[Emptying]:
    with closing(Emptying(postgres_database)) as emptying:
        yield emptying


@pytest.fixture
def postgres_url(postgres_database: URL, empty_postgres_database: Emptying) -> str:
    """Name a database with the newest schema and no rows; what an earlier test left open there is closed."""
    empty_postgres_database()
    return postgres_database.render_as_string(hide_password=False)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Make a database without any table for one test."""
    with postgres_server.database() as url:
        yield url.render_as_string(hide_password=False)


def _connected(url: URL) -> psycopg.Connection[tuple[object, ...]]:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, connect_timeout=5)


def installed() -> Path | None:
    """Find the newest installed server."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def prepare(binaries: Path, folder: Path) -> None:
    """Make the files of a private server."""
    user = _unprivileged_user()
    if user is not None:
        shutil.chown(folder, user)
    _initdb(binaries, folder / "data", user)


@contextmanager
def serving(binaries: Path, folder: Path) -> Iterator[PostgresServer]:
    """Run the private server of a folder, which may have run before."""
    user, data = _unprivileged_user(), folder / "data"
    settings = {**_SETTINGS, "unix_socket_directories": str(folder), "unix_socket_permissions": "0700"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = ["/bin/sh", "-c", _ENDS_WITH_US, "sh", str(binaries / "postgres"), "-D", str(data), *options]
    with (folder / "log").open("wb") as log:
        # Of a session of its own: Ctrl-C ends the tests first, and their end stops the server.
        output: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": log, "stderr": log, "start_new_session": True}
        server = subprocess.Popen(command, cwd="/", **output, **_as_user(user))
    try:
        url = URL.create("postgresql+psycopg", username="tests", database="postgres", query={"host": str(folder)})
        _await_start(server, url, folder / "log")
        yield PostgresServer(url)
    finally:
        server.communicate(timeout=30)  # closes its input


def _initdb(binaries: Path, data: Path, user: str | None) -> None:
    options = ["-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    command = [str(binaries / "initdb"), "-D", str(data), *options]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **_as_user(user))
    if done.returncode:
        pytest.fail(f"initdb failed:\n{done.stdout}\n{done.stderr}")


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; name the user who runs it instead."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _as_user(user: str | None) -> dict[str, Any]:
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _await_start(server: subprocess.Popen[bytes], postgres: URL, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            _connected(postgres).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        else:
            return
