"""Reports of attendance: the processor time and the memory of reports of 200,000 scans on PostgreSQL, each in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from records import AgendaSession, Database
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames, EntryDraft
from records.attendance.ledger.tables import EntryKind
from records.attendance.report import made_reports, report_files
from records.attendance.report.report_rows import ReportDigest
from records.attendance.report.report_terms import KINDS, SCANS, SESSIONS, ReportTerms
from records.tenants import implementations
from tests.support.postgres import installed, prepare, serving

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SCANS_MADE, HELD, BADGES, BATCH = 200_000, 20, 5000, 4000
#: What is measured: kind and columns.
ASKED = {
    "four columns": (SCANS, KINDS[SCANS].usual),
    "every column": (SCANS, tuple(KINDS[SCANS].columns)),
    "sessions": (SESSIONS, tuple(KINDS[SESSIONS].columns)),
}

#: Seconds of processor time that each may take. Fourteen columns are more than anybody needs at once.
MOST_SECONDS = {"four columns": 5, "every column": 10, "sessions": 5}


def fill(database: Database, scans: int) -> None:
    """Append scans to the ledger: each badge comes and goes at each session, some of them twice."""
    with database.session() as db:
        demo = implementations.create(db, "demo", "Demo", scan_mode="in and out", minutes_needed=30)
        times = {"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=1)}
        for number in range(HELD):
            db.add(AgendaSession(implementation_id=demo.id, session_id=f"s{number}", title="A session", **times))
    for first in range(0, scans, BATCH):
        with database.session() as db:
            owner = implementations.find(db, "demo")
            assert owner is not None
            rows = [(_draft(n), BadgeNames("Chen", "Mei")) for n in range(first, min(first + BATCH, scans))]
            chain.append(db, chain.lock(db, owner), rows)
        if first == 0:
            analyze(database)


def analyze(database: Database) -> None:
    """Let the planner know how large the tables are: autovacuum does it within a minute; this server has none."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _draft(number: int) -> EntryDraft:
    at = NOW - timedelta(seconds=3600 - number // HELD // BADGES * 1800 - number % 1700)
    return EntryDraft(
        kind=EntryKind.SCAN,
        scan_id=f"00000000-0000-4000-8000-{number:012}",
        session_id=f"s{number % HELD}",
        badge_id=f"B-{number // HELD % BADGES}",
        scanned_at=at,
        corrected_at=at,
        received_at=at,
        actor="demo/sam",
        direction="out" if number // HELD // BADGES % 2 else "in",
        entry="camera",
        device="Door 1",
    )


def report(url: str, name: str, file_format: str) -> dict[str, float]:
    """Write a report to a temporary file; returns seconds, seconds of this process's processor time, and MiB that it needed for the rows."""
    kind, columns = ASKED[name]
    report_files.WRITERS[file_format](io.BytesIO(), ["a"], [["1"]])  # what is loaded is no part of it
    with Database(url).reading() as db:
        owner = implementations.find(db, "demo")
        assert owner is not None
        begun = made_reports.begin(db, owner, ReportTerms(0, datetime.now(UTC), kind=kind, columns=columns))
        digest = ReportDigest(begun.terms.headings)
        before, started, used = _peak(), time.perf_counter(), time.process_time()
        with tempfile.TemporaryFile() as file:
            rows = digest.passing(row.cells for row in begun.rows(db, owner))
            report_files.WRITERS[file_format](file, begun.terms.headings, rows)
        return {
            "rows": digest.rows,
            "seconds": time.perf_counter() - started,
            "processor_seconds": time.process_time() - used,
            "mib": _peak() - before,
        }


def _peak() -> float:
    """Return the most memory that this process has had, in MiB. What `getrusage` says begins with that of the parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def apart(url: str, name: str, file_format: str) -> dict[str, float]:
    """The same in a process of its own, so that its memory is its own."""
    program = (
        f"import json; from benchmarks import reports; print(json.dumps(reports.report(*{(url, name, file_format)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    print(name, file_format, found, file=sys.stderr, flush=True)
    return found


def measure(_: Path, *, scans: int = SCANS_MADE) -> dict[str, Any]:
    binaries = installed()
    assert binaries, "this needs PostgreSQL"
    with tempfile.TemporaryDirectory(prefix="pg-") as place:
        prepare(binaries, Path(place))
        with serving(binaries, Path(place)) as server, server.database() as url:
            address = url.render_as_string(hide_password=False)
            database = Database(address)
            database.upgrade()
            fill(database, scans)
            analyze(database)
            database.dispose()
            found = {(name, kind): apart(address, name, kind) for name in ASKED for kind in ("csv", "json", "xlsx")}
    targets = {}
    for (name, kind), one in found.items():
        used, needed = round(one["processor_seconds"], 1), round(one["mib"])
        what = f"report of {scans:,} scans, {name}, {kind}"
        most = MOST_SECONDS[name]
        targets[f"{what}: processor seconds (less than {most})"] = [used, used < most]
        targets[f"{what}: MiB that memory grew by (at most 32)"] = [needed, needed <= 32]
    return {"all": {f"{name}, {kind}": one for (name, kind), one in found.items()}, "targets": targets}


if __name__ == "__main__":
    print(json.dumps(measure(Path()), indent=2))
