"""The rehearsal of a version as a background job: what is kept, how far it is, cancelled, cut short, and refused."""

from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, UserProfile
from records.audit import AuditContext
from records.changes.scripts import submissions as changes
from records.changes.scripts.checked_scripts import CheckedScript
from records.people import users
from records.scripts import versions
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.tenants.script_needs import ScriptNeeds
from records.trials import rehearsals
from runner.background import version_rehearsal
from runner.background.job_child import run_order
from runner.queues.job_arguments import MOST_REHEARSED, OrderRefused
from runner.queues.job_orders import REHEARSAL, JobOrder
from tests.support.script_authors import add_author

START = datetime(2026, 5, 4, 13, tzinfo=UTC)
SOURCE = """
def status(user, session, api):
    if api.now() < session.starts_at:
        return message("Opens soon")
    credit = api.get("ethos", "/credits", params={"user": user.id}).json()
    return message("Hello " + user.first_name + ", claim " + credit["credits"])
"""
ANSWERS = [{"connection": "ethos", "method": "GET", "path": "/credits", "json": {"credits": "1.0"}}]
USUAL = {"moments": ["before", "after"], "minutes": 10, "runs": 100}


@pytest.fixture
def ordered(house):
    """A submission with a scenario, four people, and two sessions; returns the order of its rehearsal."""
    house.add(source=None)

    def go(source=SOURCE, people=4, **changed):
        code = house.sandbox.check(source).code
        scenarios = (
            {"name": "bad", "input": {}, "answers": "no", "expected": {}},
            {"name": "good", "input": {}, "answers": ANSWERS, "expected": {}},
        )
        with house.database.session() as db:
            owner = implementations.find(db, "acme")
            by = AuditContext(add_author(db, "acme/ann"), "test")
            script = CheckedScript(source, 1, (), ScriptNeeds(), house.sandbox.report.runtime, code)
            made = changes.submit(db, owner, script, SubmissionDraft("", scenarios), by).value
            for number in range(people):
                users.remember(db, owner, f"p{number}", UserProfile("", first_name=f"Name{number}"))
            for number in range(2):
                db.add(
                    AgendaSession(
                        implementation_id=owner.id, session_id=f"e{number}", title="T", location="",
                        starts_at=START, ends_at=START + timedelta(hours=1), attributes={},
                    )
                )  # fmt: skip
        arguments = USUAL | {"version": made.version.sha256} | changed
        return JobOrder("0" * 32, REHEARSAL, "acme", "acme/ann", 0, arguments)

    return go


@pytest.fixture
def rehearsed(house, job_jail):
    def go(order, is_cancelled=lambda: False):
        said = []
        end = run_order(house.settings, order, lambda *step: said.append(step), is_cancelled)
        with house.database.reading() as db:
            owner = implementations.find(db, "acme")
            kept = rehearsals.find(db, owner, 1)
            return end, kept and kept[0].report, kept and rehearsals.examples(db, kept[0]), said

    return go


def test_everybody_is_rehearsed_with_the_answers_of_scenarios_and_the_report_is_kept(ordered, rehearsed, own_jail):
    end, report, examples, said = rehearsed(ordered())
    assert (end.state, end.result["rehearsal"]) == ("done", 1), end
    people, sessions = report["people"], report["sessions"]
    assert (report["runs"], report["situations"]) == (2 * people * sessions, 2 * people * sessions)
    texts = {one["text"] for one in report["messages"]}
    assert {"Opens soon", "Hello {first_name}, claim 1.0"} <= texts
    assert (report["failed"], report["not_answered"], report["cut_short"]) == ([], 0, False)
    assert any(one.text.startswith("Hello Name") for one, _ in examples.values())
    assert [step[0] for step in said] == sorted(step[0] for step in said)
    assert any("runs made." in step[2] for step in said)


def test_a_cancelled_rehearsal_keeps_nothing(ordered, rehearsed):
    order, seen = ordered(), []

    def cancelled():
        seen.append(1)
        return len(seen) > 1

    end, report, _, _ = rehearsed(order, cancelled)
    assert (end.state, report) == ("cancelled", None)


def test_when_the_time_is_up_what_was_counted_is_kept_and_said(ordered, rehearsed, monkeypatch):
    monkeypatch.setattr(version_rehearsal, "RUNS_S", 0.0)
    end, report, _, _ = rehearsed(ordered())
    assert (end.state, report["runs"], report["cut_short"]) == ("done", 1, True)


def test_a_version_that_is_gone_and_an_event_without_people_are_refused_with_the_reason(ordered, rehearsed, house):
    order = ordered(people=0)
    with house.database.session() as db:
        for user in users.every(db, implementations.find(db, "acme"), limit=50):
            db.delete(user)
    end, report, _, _ = rehearsed(order)
    assert (end.state, end.said, report) == ("refused", "Nothing was rehearsed: there is no person yet.", None)
    with house.database.session() as db:
        version = versions.find_version(db, implementations.find(db, "acme"), order.arguments["version"])
        version.suspended_at, version.suspended_reason = START, "alarm"
    assert rehearsed(order)[0].said == "Nothing was rehearsed: the version is suspended."
    gone = JobOrder(**(vars(order) | {"arguments": order.arguments | {"version": "0" * 64}}))
    assert "not there any more" in rehearsed(gone)[0].said


def test_a_version_that_leaves_the_language_is_suspended_and_everybody_hears_of_it(
    ordered, rehearsed, house, monkeypatch
):
    order, whole = ordered(), version_rehearsal.rehearse

    def alarming(*given):
        done = whole(*given)
        done.alarm = True
        return done

    monkeypatch.setattr(version_rehearsal, "rehearse", alarming)  # no script is known that does this
    end, report, _, _ = rehearsed(order)
    assert (end.state, end.changed, report) == ("refused", ("acme",), None)
    with house.database.reading() as db:
        version = versions.find_version(db, implementations.find(db, "acme"), order.arguments["version"])
        assert "security alarm" in version.suspended_reason


@pytest.mark.parametrize(
    "change",
    [
        {"runs": 0},
        {"runs": MOST_REHEARSED + 1},
        {"runs": True},
        {"minutes": 0},
        {"minutes": 1441},
        {"minutes": "10"},
        {"moments": []},
        {"moments": ["after", "before"]},
        {"moments": ["before", "before"]},
        {"moments": "before"},
        {"moments": ["never"]},
        {"version": "x"},
        {"x": 1},
    ],
)
def test_an_order_that_we_never_write_is_refused(change):
    with pytest.raises(OrderRefused):
        JobOrder("0" * 32, REHEARSAL, "acme", "acme/ann", 0, USUAL | {"version": "a" * 64} | change)
