"""A real PostgreSQL for tests: the one named by TEST_DATABASE_URL, else a private server of this test run.

The private server listens on a unix socket in a folder of its own only, keeps nothing safe (`fsync` off: it lives for
minutes) and ends with the test run. Each test gets a database of its own, copied from a template, by `postgres_url`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
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


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `url` leads to a database from which others can be made."""

    url: URL

    def run(self, statement: str, name: str) -> None:
        """Run a statement about the database `name`."""
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield PostgresServer(make_url(given).set(drivername="postgresql+psycopg"))
        return
    binaries = _binaries()
    if binaries is None:
        reason = "no PostgreSQL here: set TEST_DATABASE_URL, or install it (Debian: apt install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not in pytest's folder: the path of a socket is short, and an unprivileged user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        yield from _private_server(binaries, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """Name a database that holds the newest schema and nothing else."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    postgres_server.run("CREATE DATABASE {}", name)
    database = Database(postgres_server.url.set(database=name).render_as_string(hide_password=False))
    database.upgrade()
    database.dispose()
    yield name
    postgres_server.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Make an empty database for one test."""
    yield from _one_database(postgres_server, "CREATE DATABASE {}")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """Make a database with the newest schema for one test."""
    yield from _one_database(postgres_server, f"CREATE DATABASE {{}} TEMPLATE {postgres_template}")


def _one_database(server: PostgresServer, statement: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.run(statement, name)
    yield server.url.set(database=name).render_as_string(hide_password=False)
    server.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _binaries() -> Path | None:
    """Find the newest installed server."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _private_server(binaries: Path, folder: Path) -> Iterator[PostgresServer]:
    user = _unprivileged_user()
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    _initdb(binaries, data, user)
    settings = {**_SETTINGS, "unix_socket_directories": str(folder), "unix_socket_permissions": "0700"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(binaries / "postgres"), "-D", str(data), *options]
    with (folder / "log").open("wb") as log:
        # Of a session of its own: Ctrl-C ends the tests first, and their end stops the server.
        server = subprocess.Popen(
            command,
            cwd="/",
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=user,
            group=_group(user),
            extra_groups=_no_groups(user),
        )
    try:
        url = URL.create("postgresql+psycopg", username="tests", database="postgres", query={"host": str(folder)})
        _await_start(server, PostgresServer(url), folder / "log")
        yield PostgresServer(url)
    finally:
        server.send_signal(signal.SIGINT)  # the fast shutdown: connections are ended, not awaited
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)  # at once; it takes its children with it, which SIGKILL would not
            server.wait(20)


def _initdb(binaries: Path, data: Path, user: str | None) -> None:
    command = [
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "tests",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    done = subprocess.run(
        command,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=_group(user),
        extra_groups=_no_groups(user),
    )
    if done.returncode:
        pytest.fail(f"initdb failed:\n{done.stdout}\n{done.stderr}")


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; name the user who runs it instead."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def _no_groups(user: str | None) -> list[int] | None:
    return None if user is None else []


def _await_start(server: subprocess.Popen[bytes], postgres: PostgresServer, log: Path) -> None:
    deadline = time.monotonic() + START_S
    plain = postgres.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            psycopg.connect(plain, connect_timeout=5).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        else:
            return
