"""A large report of attendance as a background job: its digest is kept, it says how far it is, and can be cancelled."""

import pytest

from records import AgendaSession, Database
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.report import made_reports
from records.tenants import implementations
from runner.background import attendance_report
from runner.background.job_child import run_order
from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import ATTENDANCE_REPORT, JobOrder
from runner.settings.operator_settings import Settings
from tests.records.attendance.ledger_rows import START, add_scans
from tests.support.records import new_records

USUAL = {"kind": "scans", "session": "", "badge": "", "columns": ["session", "minutes"], "as_of": None}


@pytest.fixture
def event(tmp_path):
    url = f"sqlite:///{tmp_path / 'records.db'}"
    database = new_records(url, environment="development")
    with database.session() as db:
        acme = implementations.create(db, "acme", "Acme")
        db.add(AgendaSession(implementation_id=acme.id, session_id="s1", title="T", starts_at=START, ends_at=START))
        db.flush()
        add_scans(db, acme, 25)
    given = {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path), "DATABASE_URL": url}
    yield database, Settings.from_environment(given | {"SESSION_STATUS_SECRET_KEY": "k" * 40})
    database.dispose()


def run(event, *, is_cancelled=lambda: False, **changed):
    said = []
    order = JobOrder("0" * 32, ATTENDANCE_REPORT, "acme", "acme/ann", 0, USUAL | changed)
    return run_order(event[1], order, lambda *step: said.append(step), is_cancelled), said


def reports(database: Database):
    with database.reading() as db:
        return made_reports.every(db, implementations.find(db, "acme"))


def test_the_digest_is_kept_in_the_name_of_the_person_and_each_step_is_told(event, monkeypatch):
    monkeypatch.setattr(attendance_report, "TOLD_ROWS", 10)
    end, said = run(event)
    (made,) = reports(event[0])
    assert (end.state, end.result) == ("done", {"report": made.number})
    assert (made.rows, made.by, made.terms.columns) == (25, "acme/ann", ("session", "minutes"))
    assert [words for _, _, words in said] == [
        "Reading the agenda and the rules.",
        "Reading the scans.",
        "Reading the scans: 10 rows so far.",
        "Reading the scans: 20 rows so far.",
        "Saving.",
    ]


def test_a_cancelled_report_leaves_nothing(event, monkeypatch):
    monkeypatch.setattr(attendance_report, "TOLD_ROWS", 10)
    asked = iter((False, False, False, True))
    end, _ = run(event, is_cancelled=lambda: next(asked))
    assert end.state == "cancelled"
    assert reports(event[0]) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"session": "none"}, "is not a session of the agenda"),
        ({"as_of": 2**33 - 1}, "must not be in the future"),
    ],
)
def test_what_a_rule_refuses_is_said(event, changed, said):
    end, _ = run(event, **changed)
    assert (end.state, said in end.said) == ("refused", True)


def test_a_removed_implementation_is_said(event):
    with event[0].session() as db:
        db.query(LedgerEntry)
        db.delete(implementations.find(db, "acme"))
    assert run(event)[0].state == "refused"


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "people"},
        {"columns": []},
        {"columns": ["minutes", "session"]},
        {"columns": ["email"]},
        {"columns": "session"},
        {"session": None},
        {"badge": "b" * 300},
        {"as_of": "now"},
        {"as_of": True},
        {"as_of": 2**33},
        {"limit": 5},
    ],
)
def test_an_order_that_we_never_write_is_refused(changed):
    with pytest.raises(OrderRefused):
        JobOrder("0" * 32, ATTENDANCE_REPORT, "acme", "acme/ann", 0, USUAL | changed)
