"""Transactions, locks, threads and forks: what the other rooms may rely on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from records import Conflict, Database, DatabaseUnavailable, Implementation, RuleViolation, RunRecord
from records.people import users
from records.people.users import User, UserProfile
from records.scripts import runs
from records.tenants import implementations
from tests.support import ROOT


def test_transaction_commits_at_the_end(database: Database):
    with database.session() as db:
        implementations.create(db, "demo", "Demo")
    with database.reading() as db:
        assert implementations.find(db, "demo") is not None


def test_exception_rolls_everything_back(database: Database):
    with pytest.raises(RuleViolation), database.session() as db:
        implementations.update(db, implementations.create(db, "demo", "Demo"), name="")
    with database.reading() as db:
        assert implementations.find(db, "demo") is None


def test_values_can_be_read_after_the_transaction(database: Database):
    with database.session() as db:
        made = implementations.create(db, "demo", "Demo")
    assert made.name == "Demo"


def test_reading_cannot_write(database: Database, demo: Implementation):
    assert demo.id
    with pytest.raises(DBAPIError), database.reading() as db:
        db.execute(text("UPDATE implementations SET name = 'x'"))
    with database.session() as db:  # the same pooled connection can write again
        db.execute(text("UPDATE implementations SET name = 'x'"))


def test_reader_is_not_held_up_by_a_writer(database: Database, demo: Implementation):
    with database.session() as db:
        db.execute(text("UPDATE implementations SET name = 'x'"))
        started = time.monotonic()
        with database.reading() as other:
            found = implementations.find(other, "demo")
            assert found is not None
            assert found.name == demo.name
        assert time.monotonic() - started < 1


def test_threads_that_read_and_then_write_the_same_row_lose_no_update(database: Database, demo: Implementation):
    def count_up(_: int) -> None:
        with database.session() as db:
            implementations.lock(db, demo)
            mine = db.scalars(select(Implementation)).one()
            mine.last_good_minutes += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(40)))
    with database.reading() as db:
        assert db.scalars(select(Implementation.last_good_minutes)).one() == 100


def test_writer_that_waits_too_long_is_told_so(database_url: str, database: Database, demo: Implementation):
    hasty = Database(database_url, wait_s=0.1)
    with database.session() as db:
        db.execute(text("UPDATE implementations SET name = 'x'"))
        with pytest.raises(DatabaseUnavailable, match="lock"), hasty.session() as other:
            implementations.lock(other, demo)
    hasty.dispose()


def test_pool_is_bounded_and_says_when_it_is_used_up(database_url: str):
    small = Database(database_url, pool_size=1, wait_s=0.1)
    with small.reading() as db:
        db.execute(text("SELECT 1"))
        with pytest.raises(DatabaseUnavailable, match="in use"), small.reading() as other:
            other.execute(text("SELECT 1"))
    small.dispose()


def test_database_that_is_away_is_unavailable_and_shows_no_password(tmp_path: Path):
    away = Database(f"postgresql+psycopg://me:pa55@/x?host={tmp_path}")
    with pytest.raises(DatabaseUnavailable) as caught, away.reading() as db:
        db.execute(text("SELECT 1"))
    assert "pa55" not in str(caught.value) + repr(away)
    nowhere = Database(f"sqlite:///{tmp_path}/no/such/folder.db")
    with pytest.raises(DatabaseUnavailable), nowhere.reading() as db:
        db.execute(text("SELECT 1"))


def test_sqlite_file_that_is_moved_away_is_noticed_and_taken_again_when_one_is_put_in_its_place(tmp_path: Path):
    file, told = tmp_path / "x.db", []
    for name in ("x.db", "backup.db"):
        made = Database(f"sqlite:///{tmp_path / name}")
        made.upgrade()
        with made.session() as db:
            implementations.create(db, name.partition(".")[0], "A name")
        made.dispose()
    database = Database(
        f"sqlite:///{file}", watch=SimpleNamespace(database_lost=told.append, database_is_away=lambda: False)
    )
    with database.reading() as db:
        assert implementations.find(db, "x")
    file.rename(tmp_path / "moved.db")
    for begin in (database.reading, database.session):
        with pytest.raises(DatabaseUnavailable, match="there is no file"), begin():
            pass
    assert (len(told), file.exists()) == (2, False), "no empty one is made in its place"
    (tmp_path / "backup.db").rename(file)
    with database.session() as db:
        assert implementations.find(db, "backup")
        implementations.create(db, "new", "Written to the file that is there")
    database.dispose()
    again = Database(f"sqlite:///{file}")
    with again.reading() as db:
        assert implementations.find(db, "new")
    again.dispose()


def test_database_tells_of_each_time_that_it_is_away_and_of_no_fault_of_ours(tmp_path: Path, database: Database):
    told = []
    away = Database(
        f"postgresql+psycopg://me@/x?host={tmp_path}",
        watch=SimpleNamespace(database_lost=told.append, database_is_away=lambda: False),
    )
    with pytest.raises(DatabaseUnavailable) as caught, away.reading() as db:
        db.execute(text("SELECT 1"))
    assert told == [caught.value]


def test_bug_in_a_statement_is_not_called_an_outage(database: Database):
    with pytest.raises(DBAPIError), database.session() as db:
        db.execute(text("SELECT * FROM no_such_table"))


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_address_that_cannot_be_used_is_refused(url: str):
    with pytest.raises(RuleViolation, match="DATABASE_URL"):
        Database(url)


def test_plain_postgresql_address_means_our_driver():
    assert Database("postgresql://h/x").engine.url.drivername == "postgresql+psycopg"


def test_sqlite_keeps_its_promises_on_every_connection(tmp_path: Path):
    (tmp_path / "x.db").touch()
    database = Database(f"sqlite:///{tmp_path}/x.db")
    # Below the sessions, in which the tests write nothing to the disk.
    with closing(database.engine.raw_connection()) as one, closing(database.engine.raw_connection()) as two:
        for connection in (one.driver_connection, two.driver_connection):
            names = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
            assert found == ["wal", 1, 1, 10_000]
    database.dispose()


def test_forked_child_uses_connections_of_its_own(database: Database, demo: Implementation):
    with database.reading() as db:
        assert implementations.find(db, "demo")
    assert database.engine.pool.checkedin() == 1  # a connection which the child must not touch
    child = os.fork()
    if child == 0:
        status = 1
        try:
            inherited = database.engine.pool.checkedin()
            with database.session() as db:
                implementations.update(db, db.merge(demo), name="From the child")
            status = inherited
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    with database.session() as db:  # the parent's connections still work
        mine = implementations.find(db, "demo")
        assert mine is not None
        assert mine.name == "From the child"


@pytest.mark.slow
def test_killed_writer_leaves_nothing_half_done_and_no_lock(
    database_url: str, database: Database, demo: Implementation
):
    program = (
        "import sys, time; from sqlalchemy import text; from records import Database\n"
        f"with Database({database_url!r}).session() as db:\n"
        "    db.execute(text(\"UPDATE implementations SET name = 'half'\")); print('in', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"in\n"
    child.kill()
    child.communicate()
    with database.session() as db:
        mine = implementations.find(db, "demo")
        assert mine is not None
        assert mine.name == demo.name
        implementations.update(db, mine, name="whole")


def test_naive_time_is_refused(database: Database, demo: Implementation):
    with pytest.raises(StatementError, match="without a time zone"), database.session() as db:
        users.remember(db, demo, "u1", UserProfile(), at=datetime(2026, 1, 1))  # noqa: DTZ001 - on purpose


def test_time_comes_back_as_the_same_moment_in_utc(database: Database, demo: Implementation):
    moment = datetime(2026, 7, 15, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    with database.session() as db:
        users.remember(db, demo, "u1", UserProfile(), at=moment)
    with database.reading() as db:
        seen = db.scalars(select(User.last_seen_at).where(User.last_seen_at == moment)).one()
    assert seen == moment
    assert seen.tzinfo is UTC


def test_error_does_not_carry_what_people_entered(database: Database, demo: Implementation):
    with pytest.raises(Conflict) as caught, database.session() as db:
        db.add_all([User(implementation_id=demo.id, subject="s", last_name="Secretname") for _ in range(2)])
    assert "Secretname" not in str(caught.value) + str(caught.value.__cause__).partition("DETAIL")[0]


def test_import_has_no_effect_and_opens_nothing(tmp_path: Path):
    program = "import records, threading, os; print(threading.active_count(), len(os.listdir('/proc/self/fd')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    threads, files = map(int, done.stdout.split())
    assert threads == 1
    assert files <= 5
    assert not list(tmp_path.iterdir())


def test_many_threads_record_runs_while_others_read(database: Database, demo: Implementation):
    faults: list[BaseException] = []

    def write(worker: int) -> None:
        for n in range(10):
            record = RunRecord(
                f"{worker}-{n}", demo.slug, "u", "s", "0" * 64, datetime.now(UTC), "returned", "fresh", given={"n": n}
            )
            with database.session() as db:
                runs.record_many(db, [record])

    def read(_: int) -> None:
        for _ in range(20):
            with database.reading() as db:
                runs.recent(db, demo)

    def guarded(work, worker):
        try:
            work(worker)
        except BaseException as fault:  # noqa: BLE001 - shown below
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(work, n)) for work in (write, read) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with database.reading() as db:
        assert len(runs.recent(db, demo, limit=100)) == 50
