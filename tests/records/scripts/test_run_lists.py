"""Each list of runs is read from an index, in its order: it takes as long as what it shows, however large the table is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from records import Database, Implementation, RunFilter
from records.scripts import crashes, runs
from records.storage.large_indexes import LARGE_INDEXES

ROWS, USERS, SESSIONS = 40_000, 1000, 20
NEWEST = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
#: Run n is n seconds older than the newest; every 50th timed out, every 5000th of these crashed.
SPREAD = """
INSERT INTO runs (id, implementation_id, "user", session, version, started_at, outcome, alarm, shown_as, warnings, calls, log,
  usage, given, reference, because)
SELECT 'run-' || (1000000 - n), :owner, 'u' || (n * 7 % {users}), 'S' || (n * 3 % {sessions}), 'version ' || (n / 20000),
  {at}, CASE WHEN n % 5000 = 0 THEN 'crashed' WHEN n % 50 = 0 THEN 'timed out' ELSE 'returned' END,
  false, 'fresh', '[]', '[]', '[]', '{{}}', '{{}}', 'r' || n, ''
FROM {numbers}
"""
CRASH = '{"signal": "SIGSEGV", "text": "died"}'
NUMBERS = {
    "sqlite": (
        f"(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS - 1}) SELECT n FROM c)",
        "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-07-15 12:00:00', '-' || n || ' seconds')",
    ),
    "postgresql": (
        f"generate_series(0, {ROWS - 1}) AS n",
        "timestamptz '2026-07-15 12:00:00+00' - n * interval '1 second'",
    ),
}
ALL, OF_USER, FAILED = "ix_runs_implementation_id_started_at", "ix_runs_of_user", "ix_runs_failed"
REFERENCE = "ix_runs_reference"
#: What these find is so little that it may be sorted.
FEW = {OF_USER, REFERENCE}
OF_SESSION, OF_VERSION = "ix_runs_implementation_id_session_started_at", "ix_runs_watched"
Ask = Callable[[Session, Implementation], object]


def listed(**wanted: Any) -> Ask:
    return lambda db, owner: runs.recent(db, owner, RunFilter(**wanted))


LISTS: dict[str, tuple[Ask, str]] = {
    "all": (listed(), ALL),
    "a page further on": (listed(before="run-980000"), ALL),
    "a time": (listed(since=NEWEST - timedelta(hours=5), until=NEWEST - timedelta(hours=4)), ALL),
    "a user": (listed(user="u7"), OF_USER),
    "a user at a session": (listed(user="u7", session="S3"), OF_USER),
    "a session": (listed(session="S3"), OF_SESSION),
    "a session, further on": (listed(session="S3", before="run-980000"), OF_SESSION),
    "failed": (listed(failed=True), FAILED),
    "failed, further on": (listed(failed=True, before="run-980000"), FAILED),
    "an outcome": (listed(outcome="timed out"), FAILED),
    "a rare outcome": (listed(outcome="crashed"), FAILED),
    "an old version": (listed(version="version 1"), OF_VERSION),
    "the failed runs of a user": (listed(user="u50", failed=True), OF_USER),
    "an outcome of a user": (listed(user="u50", outcome="timed out"), OF_USER),
    "the failed runs of a session": (listed(session="S10", failed=True), OF_SESSION),
    "the failed runs of a version": (listed(version="version 1", failed=True), OF_VERSION),
    "a reference": (lambda db, _: runs.by_reference(db, "r7"), REFERENCE),
    "crashes": (lambda db, owner: crashes.between(db, owner, NEWEST - timedelta(days=9), NEWEST), FAILED),
}


@pytest.fixture
def large(database: Database, demo: Implementation) -> Database:
    """Fill the table, with statistics where the server makes them by itself."""
    numbers, at = NUMBERS[database.engine.dialect.name]
    fill = SPREAD.format(users=USERS, sessions=SESSIONS, numbers=numbers, at=at)
    with database.engine.begin() as connection:
        connection.execute(text(fill), {"owner": demo.id})
        connection.execute(text("UPDATE runs SET error = :error WHERE outcome = 'crashed'"), {"error": CRASH})
    if database.engine.dialect.name == "postgresql":
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE runs")
    return database


def plans(database: Database, demo: Implementation, ask: Ask) -> Iterator[str]:
    """Ask, and give the plan of the last statement that read runs."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        with database.session() as db:
            found = ask(db, demo)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert found, "a list that is empty would prove nothing"
    statement, parameters = [each for each in asked if "FROM runs" in each[0] or "JOIN runs" in each[0]][-1]
    explain = "EXPLAIN QUERY PLAN" if database.engine.dialect.name == "sqlite" else "EXPLAIN"
    with database.engine.connect() as connection:
        for row in connection.exec_driver_sql(f"{explain} {statement}", parameters):
            yield str(row[-1])


def test_every_list_reads_the_newest_rows_of_one_index(large: Database, demo: Implementation):
    for name, (ask, index) in LISTS.items():
        plan = "\n".join(plans(large, demo, ask))
        assert index in plan, (name, plan)
        assert "SCAN runs" not in plan, (name, plan)
        assert "Seq Scan on runs" not in plan, (name, plan)
        if index not in FEW:
            assert "B-TREE FOR ORDER BY" not in plan, (name, plan)
            assert " Sort  " not in plan.replace("Incremental Sort", ""), (name, plan)


def test_no_index_of_a_table_with_very_many_rows_is_there_without_a_list_that_needs_it(database: Database):
    needed = {index for _, index in LISTS.values()}
    with database.engine.connect() as connection:
        sqlite = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'runs' AND sql IS NOT NULL"
        postgres = "SELECT indexname FROM pg_indexes WHERE tablename = 'runs' AND indexname LIKE 'ix%%'"
        found = connection.exec_driver_sql(sqlite if database.engine.dialect.name == "sqlite" else postgres)
        assert {row[0] for row in found} == needed
    assert set(LARGE_INDEXES) <= needed
