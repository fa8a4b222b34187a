"""Files that are larger than a page: whole, announced with their length, and no thread waits for those who read them slowly."""

from __future__ import annotations

import http.client
from contextlib import closing

import pytest

from records import Database
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.attendance.report.report_rows import ReportDigest
from records.audit import AuditContext
from records.changes.attendance import reports
from records.changes.attendance.reports import ReportDraft
from records.people import grants
from records.tenants import implementations
from runner.logins import LoginStore
from tests.records.attendance.ledger_rows import draft
from tests.support.people import visitor
from tests.support.real_server import KEY, closing_engine, running
from tests.support.valkey import redis, valkey_url  # noqa: F401 - fixtures
from web.auth.logins import Logins
from web.server.response_body import IN_MEMORY

pytestmark = pytest.mark.slow

REPORT = "/console/implementations/demo/attendance/reports"


def furnish(url, scans=9000):
    """Scans with long names, somebody who may see them, and a report; returns its number and how many bytes it has at least."""
    database = Database(url)
    with closing_engine(database), database.session() as db:
        demo = implementations.find(db, "demo")
        grants.add(db, demo, kind="username", value="ada", role="organizer", by="tests")
        rows = [(draft(number, session_id="CE-1"), BadgeNames("N" * 100, "V" * 100)) for number in range(scans)]
        chain.append(db, chain.lock(db, demo), rows)
        begun = reports.begin_report(db, demo, ReportDraft())
        digest = ReportDigest(begun.terms.headings)
        size = sum(len(",".join(cells)) for cells in digest.passing(row.cells for row in begun.rows(db, demo)))
        return reports.note_report(db, demo, begun, digest, AuditContext("demo/ada")).value.number, size


def test_a_large_report_arrives_whole_and_whoever_stops_reading_holds_no_thread(tmp_path, redis, valkey_url):  # noqa: F811 - a fixture, imported from beside
    with running(tmp_path, valkey_url, web_threads="4", web_waiting="2") as server:
        number, size = furnish(f"sqlite:///{tmp_path / 'records.db'}")
        logins = Logins(secret_keys=(KEY,), secure=False, store=LoginStore(redis))
        headers = {"Cookie": f"{logins.cookie}={logins.sign(visitor())}"}
        address = f"{REPORT}/{number}/report.csv"
        fields = [f"{name}: {value}" for name, value in headers.items()]
        # Twice as many as there are threads; each reads the beginning and nothing more.
        idle = [server.connect(server.head(f"GET {address} HTTP/1.1", *fields)) for _ in range(8)]
        assert all(client.recv(100).startswith(b"HTTP/1.1 200 OK") for client in idle)
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        for client in idle:
            client.close()
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=attendance-demo-scans-")
        assert int(answer.headers["Content-Length"]) == len(body) > max(size, IN_MEMORY)
        assert body.startswith(b"\xef\xbb\xbfSession ID,Badge ID,Last Name,First Name\r\n")
        assert body.count(b"\r\n") == 9001
