"""A large index is built while people write, and is whole in the end, whatever interrupted its building."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from records import Database
from records.storage.large_indexes import LARGE_INDEXES, build_large_indexes
from records.tenants import implementations
from tests.support.eventually import eventually

pytestmark = pytest.mark.postgres

NAME = "ix_runs_watched"
RUN = text(
    'INSERT INTO runs (id, implementation_id, "user", session, version, started_at, outcome, alarm, shown_as, warnings,'
    " calls, log, usage, given, because)"
    " VALUES (:id, :owner, 'u', 's', 'v', now(), 'returned', false, 'fresh', '[]', '[]', '[]', '{}', '{}', '')"
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url, wait_s=2)
    yield database
    database.dispose()


@pytest.fixture
def owner(database: Database) -> int:
    with database.session() as db:
        return implementations.create(db, "demo", "Demo").id


def state(database: Database) -> bool | None:
    with database.engine.connect() as connection:
        found = connection.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": NAME}
        )
        return None if found is None else bool(found)


def drop(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP INDEX {NAME}")


def write(connection: Connection, owner: int, run: str) -> None:
    connection.execute(RUN, {"id": run, "owner": owner})


def test_runs_are_stored_while_the_index_is_built(database: Database, owner: int):
    drop(database)
    with ThreadPoolExecutor(1) as pool:
        with database.engine.begin() as unfinished:
            write(unfinished, owner, "r1")  # the build has to wait for this transaction
            build = pool.submit(build_large_indexes, database.engine)
            assert eventually(lambda: state(database) is False)
            with database.engine.begin() as other:  # with a lock on the table, this would fail after two seconds
                write(other, owner, "r2")
            assert not build.done()
        build.result(timeout=30)
    assert state(database) is True
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 2


def test_an_index_whose_build_was_interrupted_is_built_anew_by_the_next_upgrade(database: Database):
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(:name)"), {"name": NAME}
        )
    assert state(database) is False
    database.upgrade()
    assert state(database) is True


def test_two_processes_that_upgrade_at_once_build_one_index(database: Database):
    drop(database)
    with ThreadPoolExecutor(2) as pool:
        for build in [pool.submit(build_large_indexes, database.engine) for _ in range(2)]:
            build.result(timeout=30)
    assert state(database) is True


def test_the_next_user_of_the_connection_waits_for_locks_no_longer_than_before(database: Database):
    database.upgrade()
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "2s"
    assert NAME in LARGE_INDEXES
