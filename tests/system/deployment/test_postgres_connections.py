"""How many connections to PostgreSQL each process may hold: docs/operations.md counts with these numbers."""

import secrets
import threading
import time
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from records import Database
from records.storage.database import POOL_SIZE
from runner.store.embedded import EmbeddedStore
from tests.support import warm_start
from tests.support.real_server import free_port
from tests.system.deployment.page import Shell, commands
from tests.system.deployment.servers import STATUS, Process, ask, bearer, environment

pytestmark = pytest.mark.slow

#: Connections of ours; those of this test have no name.
HELD = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'session-status'"
)
WAITING = f"{HELD} AND wait_event_type = 'Lock'"
START_S = 60


@pytest.fixture
def settings(postgres_server, furnished, tmp_path):
    """The settings of production on a database of one test."""
    with postgres_server.database(furnished) as url, EmbeddedStore() as store:
        address = url.render_as_string(hide_password=False)
        yield {
            "SESSION_STATUS_PUBLIC_URL": "https://status.example.org",
            "SESSION_STATUS_SECRET_KEY": secrets.token_urlsafe(32),
            "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "data"),
            "SESSION_STATUS_WEB_PROCESSES": "1",
            "DATABASE_URL": address,
            "REDIS_URL": store.url,
        }


@pytest.fixture
def look(settings):
    """Ask the database from outside."""
    with connected(settings) as connection:
        yield connection


@contextmanager
def connected(settings):
    url = make_url(settings["DATABASE_URL"]).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        yield connection


@contextmanager
def locked(settings, *tables):
    """Let every transaction that looks into the tables wait, and hold its connection."""
    with connected(settings) as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {', '.join(tables)}")
        yield


def number(look, question):
    return look.execute(question).fetchone()[0]


def reached(look, question, wanted):
    """Wait until so many are counted; return how many there are then."""
    end = time.monotonic() + START_S
    while (found := number(look, question)) < wanted:
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def test_a_web_process_holds_16_however_many_ask(settings, look, tmp_path):
    port = free_port()
    web = Process(("web",), environment(**settings, SESSION_STATUS_WEB_BIND=f"127.0.0.1:{port}"), tmp_path / "web.out")
    answers = []

    def ask_about(one):  # each about another implementation: what was looked up for one is remembered
        answers.append(ask(port, STATUS.replace("demo", f"other-{one}"))[0])

    asking = [threading.Thread(target=ask_about, args=(one,)) for one in range(40)]
    try:
        web.start().await_answer(port)
        with locked(settings, "implementations"):
            for one in asking:
                one.start()
            assert reached(look, WAITING, POOL_SIZE) == POOL_SIZE == 16
            assert number(look, HELD) == POOL_SIZE
        for one in asking:
            one.join()
        assert answers == [404] * 40
        assert number(look, HELD) <= POOL_SIZE
    finally:
        web.stop()


def test_a_worker_holds_no_more_than_16_with_all_its_runs_in_flight(settings, look, tmp_path):
    port = free_port()
    web = Process(("web",), environment(**settings, SESSION_STATUS_WEB_BIND=f"127.0.0.1:{port}"), tmp_path / "web.out")
    work = Process(("worker",), environment(**settings), tmp_path / "worker.out")
    try:
        web.start().await_answer(port)
        work.start()
        logins = [bearer(settings["REDIS_URL"], f"user-{one}") for one in range(60)]
        highest = 0
        for login in logins:
            assert ask(port, STATUS, headers=login)[0] in (200, 202)
            highest = max(highest, number(look, HELD))
        reached(look, "SELECT count(*) FROM runs", 60)
        assert 0 < max(highest, number(look, HELD)) <= 2 * POOL_SIZE
    finally:
        work.stop()
        web.stop()


@pytest.mark.parametrize("words", [("implementation", "list"), ("doctor",), ("audit", "verify")])
def test_a_command_holds_one(settings, look, words, tmp_path):
    output = (tmp_path / "output").open("w+")
    with output, locked(settings, "implementations", "audit_entries", "alembic_version"):
        command = warm_start.start("web.cli", *words, env=environment(**settings), output=output)
        try:
            reached(look, WAITING, 1)
            held = number(look, HELD)
        except AssertionError:
            command.kill()
            raise
    assert command.wait(60) in (0, 1), (tmp_path / "output").read_text()
    assert held == 1


def test_the_page_s_query_names_each_unit_by_what_systemd_calls_it(settings, tmp_path, monkeypatch):
    for name in ("session-status-web@8001", "session-status-worker@1"):
        monkeypatch.setenv("PGAPPNAME", name)
        database = Database(settings["DATABASE_URL"], environment="production")
        with database.reading() as db:
            db.execute(text("SELECT 1"))
        monkeypatch.delenv("PGAPPNAME")
        with closing(database.engine.raw_connection()):
            (line,) = commands("connections")
            plain = (
                make_url(settings["DATABASE_URL"]).set(drivername="postgresql").render_as_string(hide_password=False)
            )
            shell = Shell(tmp_path, environment(DATABASE_URL=plain))
            assert name in shell.must(line)
        database.dispose()
