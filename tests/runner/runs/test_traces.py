import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from records import DatabaseUnavailable, RunRecord
from records.scripts import runs
from runner.runs.traces import TraceWriter
from tests.support.eventually import eventually


def record(number, *, age_days=0):
    at = datetime.now(UTC) - timedelta(days=age_days)
    return RunRecord(f"run-{number:05}", "acme", "ann", "s1", "v", at, "returned", "fresh")


class Away:
    """A database which does not answer until it is let."""

    def __init__(self, database):
        self.database = database
        self.away = True
        self.asked = threading.Event()

    @contextmanager
    def session(self):
        self.asked.set()
        if self.away:
            raise DatabaseUnavailable("gone fishing")
        with self.database.session() as db:
            yield db


def test_nothing_is_lost_on_a_graceful_stop(house):
    house.add()
    writer = TraceWriter(house.database)
    writer.start()
    for number in range(1000):
        writer.add(record(number))
    writer.close()
    assert len(house.runs()) == 1000


def test_traces_survive_a_database_that_is_away_for_a_while(house):
    house.add()
    database = Away(house.database)
    writer = TraceWriter(database)
    writer.start()
    writer.add(record(1))
    assert database.asked.wait(5)
    database.away = False
    assert eventually(lambda: len(house.runs()) == 1)
    writer.close()


def test_on_a_full_queue_the_oldest_are_dropped_and_counted_and_nobody_waits(house, caplog):
    house.add()
    writer = TraceWriter(house.database, most=10)
    for number in range(25):
        writer.add(record(number))
    assert writer.dropped == 15
    assert "traces dropped" in caplog.text
    writer.start()
    writer.close()
    assert sorted(run.id for run in house.runs()) == [f"run-{number:05}" for number in range(15, 25)]


def test_old_runs_are_deleted_and_young_ones_kept(house):
    house.add(keep_runs_days=30)
    writer = TraceWriter(house.database)
    writer.start()
    writer.add(record(1, age_days=31))
    writer.add(record(2, age_days=29))
    assert eventually(lambda: len(house.runs()) == 2)
    assert writer.purge()
    assert [run.id for run in house.runs()] == ["run-00002"]
    assert not writer.purge()
    writer.close()


def test_many_old_runs_are_deleted_step_by_step_and_traces_are_written_meanwhile(house, monkeypatch):
    house.add(keep_runs_days=30)
    with house.database.session() as db:
        runs.record_many(db, [record(number, age_days=31) for number in range(runs.PURGE_STEP + 1)])
    monkeypatch.setattr("runner.runs.traces.FIRST_PURGE_S", 0)
    steps = []
    writer = TraceWriter(house.database, on_stored=lambda _: steps.append(len(house.runs())))
    purge = writer.purge
    monkeypatch.setattr(writer, "purge", lambda: steps.append("purge") or writer.add(record(9000)) or purge())
    writer.start()
    assert eventually(lambda: [run.id for run in house.runs()] == ["run-09000"])
    writer.close()
    assert steps.count("purge") >= 2
    assert any(isinstance(step, int) for step in steps[steps.index("purge") :])
