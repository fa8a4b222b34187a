"""The table of runs when it is large: how long its lists take, how fast runs are stored and deleted, and how large one is."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from records import Database, RunFilter, RunRecord
from records.scripts import runs
from records.tenants import implementations
from tests.support.postgres import installed, prepare, serving

ROWS = 1_000_000
NOW = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
PEOPLE, SESSIONS, DAYS = 20_000, 400, 30
VERSIONS = tuple(letter * 64 for letter in "abcd")
STEP, STORED, BATCH = 50_000, 8000, 100
SLUGS = ("large", "small")
MOST_MS = 50
CALL = {"connection": "ethosce", "method": "GET", "path": "/course_credit_awarded.json", "status": 200, "ms": 181.2}
MESSAGE = {
    "text": "Claim 1.0 CE credit",
    "color": "#006109",
    "action": {"kind": "link", "url": "https://cme.example.org/claim"},
}
USAGE = {"wall_ms": 190.1, "cpu_ms": 2.5, "memory_kib": 1200, "calls": 1, "bytes_read": 300, "log_lines": 0}
GIVEN = {
    "user": {
        "id": "",
        "username": "mei.chen@example.org",
        "user_type": "Physician",
        "first_name": "Mei",
        "attributes": {},
    },
    "session": {"id": "", "title": "New ways to treat an old illness", "starts_at": "2026-07-15T10:00:00+00:00"},
    "settings": {"credits": "1.0"},
}


#: One run of number n in the SQL of each database: its id, and when it started.
SQL = {
    "sqlite": (
        "printf('%012x-%012x', n, n * 2654435761 % 281474976710656)",
        "strftime('%Y-%m-%d %H:%M:%f000', '2026-07-15 12:00:00', '-' || ((:rows - n) * 2592000.0 / :rows) || ' seconds')",
        "(WITH RECURSIVE c(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM c WHERE n < :last - 1) SELECT n FROM c)",
    ),
    "postgresql": (
        "lpad(to_hex(n), 12, '0') || '-' || lpad(to_hex(n * 2654435761 % 281474976710656), 12, '0')",
        "timestamptz '2026-07-15 12:00:00+00' - (:rows - n) * 2592000.0 / :rows * interval '1 second'",
        "generate_series(:first\\:\\:bigint, :last - 1) AS n",
    ),
}
INSERT = """
INSERT INTO runs (id, implementation_id, "user", session, version, started_at, outcome, alarm, shown_as, message, warnings, calls,
  log, usage, given, reference, because, waited_ms)
SELECT id, CASE WHEN n % 20 = 7 THEN :small ELSE :large END, 'u' || (n * 7919 % {people}), 'S' || (n * 104729 % {sessions}),
  CASE n * 4 / :rows WHEN 0 THEN '{a}' WHEN 1 THEN '{b}' WHEN 2 THEN '{c}' ELSE '{d}' END, at,
  CASE WHEN n % 5000 = 0 THEN 'crashed' WHEN n % 50 = 0 THEN 'timed out' ELSE 'returned' END,
  false, 'fresh', :message, '[]', :calls, '[]', :usage, :given, substr(id, 18, 8), 'first', 1
FROM (SELECT n, {id} AS id, {at} AS at FROM {numbers}) AS made
"""


def record(number: int, rows: int) -> RunRecord:
    """Return one of `rows` runs, which are spread over the days; the last one is the newest. `fill` makes the same in the database."""
    user, session = f"u{number * 7919 % PEOPLE}", f"S{number * 104729 % SESSIONS}"
    outcome = "crashed" if number % 5000 == 0 else "timed out" if number % 50 == 0 else "returned"
    return RunRecord(
        id=f"{number:012x}-{number * 2654435761 % 281474976710656:012x}",
        implementation=SLUGS[number % 20 == 7],
        user=user,
        session=session,
        version=VERSIONS[min(number * len(VERSIONS) // rows, len(VERSIONS) - 1)],
        started_at=NOW - timedelta(seconds=(rows - number) * DAYS * 86_400 / rows),
        outcome=outcome,
        shown_as="fresh",
        message=MESSAGE,
        calls=[CALL | {"query": {"uid": user, "nid": session}}],
        usage=USAGE,
        given=GIVEN,
        because="first",
        waited_ms=1,
    )


def fill(database: Database, rows: int, owners: dict[str, int]) -> None:
    """Make the runs in the database itself, which is quicker."""
    made, at, numbers = SQL[database.engine.dialect.name]
    versions = dict(zip("abcd", VERSIONS, strict=True))
    statement = INSERT.format(people=PEOPLE, sessions=SESSIONS, id=made, at=at, numbers=numbers, **versions)
    calls = [CALL | {"query": {"uid": "u12345", "nid": "S123"}}]
    values = {"message": MESSAGE, "calls": calls, "usage": USAGE, "given": GIVEN}
    texts = {name: json.dumps(value) for name, value in values.items()}
    for first in range(0, rows, STEP):
        with database.engine.begin() as connection:
            bounds = {"rows": rows, "first": first, "last": min(first + STEP, rows)}
            connection.execute(text(statement), texts | bounds | owners)


def store(database: Database, first: int, last: int, *, batch: int, rows: int) -> float:
    """Store some of the runs; return how many a second."""
    made = [record(number, rows) for number in range(first, last)]
    start = time.perf_counter()
    for begin in range(0, len(made), batch):
        with database.session() as db:
            runs.record_many(db, made[begin : begin + batch])
    return (last - first) / (time.perf_counter() - start)


def lists(rows: int) -> dict[str, RunFilter]:
    """Return the lists that people open."""
    one = record(rows // 2, rows)
    return {
        "all": RunFilter(),
        "a user": RunFilter(user=one.user),
        "a user without runs": RunFilter(user="unknown"),
        "a user at a session": RunFilter(user=one.user, session=one.session),
        "a session": RunFilter(session=one.session),
        "the failed runs of a session": RunFilter(session=one.session, failed=True),
        "the failed runs of a user": RunFilter(user=one.user, failed=True),
        "an outcome": RunFilter(outcome="timed out"),
        "a rare outcome": RunFilter(outcome="crashed"),
        "an outcome that never was": RunFilter(outcome="too much output"),
        "an old version": RunFilter(version=VERSIONS[0]),
        "failed": RunFilter(failed=True),
        "the failed runs of a version": RunFilter(version=VERSIONS[1], failed=True),
        "a page in the middle": RunFilter(before=one.id),
        "a day in the middle": RunFilter(since=one.started_at - timedelta(days=1), until=one.started_at),
    }


def look(database: Database, rows: int) -> dict[str, float]:
    """Return how many ms each list takes: the median of some looks, each with other statements before it."""
    taken: dict[str, list[float]] = {}
    wanted: dict[str, Callable[[Any, Any], object]] = {
        name: lambda db, owner, one=one: runs.recent(db, owner, one) for name, one in lists(rows).items()
    }
    wanted["a reference"] = lambda db, _: runs.by_reference(db, "3f9ca71e")
    for _ in range(5):
        for name, ask in wanted.items():
            with database.reading() as db:
                owner = implementations.find(db, SLUGS[0])
                start = time.perf_counter()
                ask(db, owner)
                taken.setdefault(name, []).append((time.perf_counter() - start) * 1000)
    return {name: round(statistics.median(times), 2) for name, times in taken.items()}


def delete(database: Database, days: int) -> dict[str, float]:
    """Delete what is older; return how many a second, and the ms of the longest step, for which others wait."""
    steps, gone, start = [], 0, time.perf_counter()
    while True:
        begun = time.perf_counter()
        with database.session() as db:
            found = runs.purge(db, NOW + timedelta(days=days))
        if not found:
            return {"a second": gone / (time.perf_counter() - start), "longest step, ms": max(steps) * 1000}
        steps.append(time.perf_counter() - begun)
        gone += found


def size(database: Database) -> float:
    """Return the bytes of the table with its indexes."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            return float(pages * connection.exec_driver_sql("PRAGMA page_size").scalar())
        return float(connection.scalar(text("SELECT pg_total_relation_size('runs')")))


def measured(url: str, rows: int) -> dict[str, Any]:
    database = Database(url)
    database.upgrade()
    with database.session() as db:
        owners = {slug: implementations.create(db, slug, slug, keep_runs_days=DAYS).id for slug in SLUGS}
    fill(database, rows, owners)
    bytes_each = size(database) / rows
    if not url.startswith("sqlite"):
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    stored = store(database, rows, rows + STORED, batch=BATCH, rows=rows)
    found = {"ms": look(database, rows), "stored a second": round(stored), "bytes each": round(bytes_each)}
    found["deleted"] = {name: round(value) for name, value in delete(database, 3).items()}
    database.dispose()
    print(json.dumps(found, indent=1), file=sys.stderr, flush=True)
    return found


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    binaries = installed()
    assert binaries, "this needs PostgreSQL"
    with tempfile.TemporaryDirectory(prefix="pg-") as place:
        prepare(binaries, Path(place))
        with serving(binaries, Path(place)) as server, server.database() as url:
            address = url.render_as_string(hide_password=False)
            yield {"SQLite": f"sqlite:///{folder}/runs.db", "PostgreSQL": address}


def measure(folder: Path, *, rows: int = ROWS) -> dict[str, Any]:
    with databases(folder) as urls:
        found = {name: measured(url, rows) for name, url in urls.items()}
    targets = {}
    for name, one in found.items():
        slowest = max(one["ms"].values())
        targets[f"{name}: the slowest list of {rows:,} runs, ms (less than {MOST_MS})"] = [slowest, slowest < MOST_MS]
        ratio = round(one["deleted"]["a second"] / (1_000_000 / 86_400))
        targets[f"{name}: runs deleted, times a million a day (at least 10)"] = [ratio, ratio >= 10]
    return {"all": found, "targets": targets}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as here:
        print(json.dumps(measure(Path(here), rows=int((sys.argv[1:] or [str(ROWS)])[0])), indent=2))
