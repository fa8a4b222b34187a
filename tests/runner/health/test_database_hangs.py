"""A PostgreSQL that says nothing: the first requests notice it in seconds, and the others do not wait."""

import logging
import shutil
import tempfile
import threading

import pytest
from sqlalchemy import text

from records import Database, DatabaseUnavailable, DatabaseUnresponsive
from records.storage import postgres_connection
from runner.health.outages import OutageLog
from runner.settings.operator_settings import Settings
from tests.support.eventually import eventually
from tests.support.hanging_postgres import Relay

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture
def relay(postgres_url, postgres_database):
    folder = tempfile.mkdtemp(prefix="pg-")  # the path of a socket is short
    relay = Relay(folder, postgres_database.query["host"])
    relay.url = postgres_database.set(query={"host": folder}).render_as_string(hide_password=False)
    yield relay
    relay.close()
    shutil.rmtree(folder)


@pytest.fixture
def outages(relay, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(postgres_connection, "SILENCE_S", 0.2)
    outages = OutageLog.open(Settings(environment="production", redis_url="", database_url=relay.url))
    outages._look_s = 0.05
    yield outages
    outages.close()


@pytest.fixture
def database(relay, outages):
    database = Database(relay.url, environment="production", watch=outages)
    yield database
    database.dispose()


def read(database, *, before=lambda: None):
    """Read twice in one transaction; `before` is called before the second time."""
    with database.reading() as db:
        db.execute(text("SELECT 1"))
        before()
        return db.scalar(text("SELECT 1"))


def hang_and_read(relay, database):
    relay.hang()
    read(database)


@pytest.mark.parametrize("inside", [False, True], ids=["a connection of the pool", "in the middle of a transaction"])
def test_the_first_request_ends_the_others_do_not_wait_and_the_log_has_two_lines(
    relay, database, outages, caplog, inside
):
    assert read(database) == 1
    with pytest.raises(DatabaseUnavailable):
        read(database, before=relay.hang) if inside else hang_and_read(relay, database)
    assert outages.database_is_away()
    before = relay.accepted
    for _ in range(1000):
        with pytest.raises(DatabaseUnavailable, match="did not answer just now"):
            read(database)
    assert relay.accepted <= before + 1, "only the thread that probes the database connects"
    relay.move()
    assert eventually(lambda: "answers again" in caplog.text)
    assert read(database) == 1
    assert caplog.text.count("the database does not answer ref=") == 1


def test_a_new_connection_to_a_server_that_hangs_counts_as_well(relay, outages):
    relay.hang()
    database = Database(relay.url.replace("?", "?connect_timeout=2&"), environment="production", watch=outages)
    with pytest.raises(DatabaseUnresponsive):
        read(database)
    assert outages.database_is_away()
    database.dispose()


def test_a_slow_statement_is_waited_for_as_long_as_the_server_takes_connections(relay, database, outages):
    with database.reading() as db:
        assert db.scalar(text("SELECT 7 FROM pg_sleep(0.9)")) == 7
    assert relay.accepted >= 2, "it was asked whether it is there"
    assert not outages.database_is_away()


def test_several_who_wait_are_all_let_go(relay, database):
    found, begun = [], threading.Barrier(5)

    def wait():
        try:
            read(database, before=lambda: (begun.wait(), begun.wait()))
        except DatabaseUnavailable as error:
            found.append(error)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for one in threads:
        one.start()
    begun.wait()
    relay.hang()
    begun.wait()
    for one in threads:
        one.join()
    assert len(found) == 4
