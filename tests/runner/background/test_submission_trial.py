"""The trial of a submission: explored and replayed in a real jail, and kept for the reviewer."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from records import RuleViolation, RunRecord
from records.audit import AuditContext
from records.changes.scripts import submissions as changes
from records.changes.scripts.checked_scripts import CheckedScript
from records.scripts import runs, submissions, versions
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.tenants.script_needs import ScriptNeeds
from records.trials import replayed_runs
from runner.background import submission_trial
from runner.background.job_child import run_order
from runner.queues.job_arguments import MOST_RUNS, OrderRefused
from runner.queues.job_orders import SUBMISSION_TRIAL, JobOrder
from tests.support.script_authors import add_author

SOURCE = """
def status(user, session, api):
    if session.title == "Golden goose":
        return message("Found the goose")
    if user.attributes.get("fails"):
        raise ValueError("planted")
    return message("Hello " + user.id)
"""


@pytest.fixture
def submitted(house, monkeypatch):
    """A submission of a text; returns the order of its trial."""
    monkeypatch.setattr(submission_trial, "EXPLORE_RUNS", 300)
    house.add(source=None, keep_answers_days=3)

    def go(source=SOURCE, scenarios=()):
        checked = house.sandbox.check(source)
        with house.database.session() as db:
            owner = implementations.find(db, "acme")
            by = AuditContext(add_author(db, "acme/ann"), "test")
            script = CheckedScript(source, 1, (), ScriptNeeds(), house.sandbox.report.runtime, checked.code)
            made = changes.submit(db, owner, script, SubmissionDraft("", scenarios), by).value
        arguments = {"submission": made.submission.number, "version": made.version.sha256, "runs": 50}
        return JobOrder("0" * 32, SUBMISSION_TRIAL, "acme", "acme/rita", 0, arguments)

    return go


@pytest.fixture
def tried(house, job_jail):
    def go(order, is_cancelled=lambda: False):
        said = []
        end = run_order(house.settings, order, lambda *step: said.append(step), is_cancelled)
        with house.database.reading() as db:
            owner = implementations.find(db, "acme")
            return end, submissions.find(db, owner, 1).results, said

    return go


def record_runs(house, *texts):
    given = {"user": {"id": "7"}, "session": {"id": "s1", "title": "x"}, "settings": {}, "now": "2026-05-04T14:10:00Z"}
    with house.database.session() as db:
        runs.record_many(
            db,
            [
                RunRecord(
                    id=f"r{number}", implementation="acme", user="7", session="s1", version="v", outcome="returned",
                    started_at=datetime(2026, 5, 4, 10, number, tzinfo=UTC), shown_as="fresh", given=given,
                    message={"text": text, "color": "#005d8a", "action": None},
                )
                for number, text in enumerate(texts)
            ],
        )  # fmt: skip


def test_a_reviewer_gets_every_message_every_failure_and_what_would_change(house, submitted, tried, own_jail):
    record_runs(house, "Hello 7", "Hi 7")
    end, results, said = tried(submitted())
    assert end.state == "done", end
    texts = {row["text"] for row in results["explore"]["messages"]}
    assert any(text.startswith("Hello") for text in texts)
    assert "Found the goose" in texts
    assert [row["type"] for row in results["explore"]["raised"]] == ["ValueError"]
    assert (results["replay"]["runs"], results["replay"]["same"]) == (2, 1)
    assert results["replay"]["counts"]["changed"] == 1
    with house.database.reading() as db:
        kept = submissions.find(db, implementations.find(db, "acme"), 1)
        ((row, run),) = replayed_runs.page(db, kept, limit=9)
    shown = [one["message"]["text"] for one in (row.before, row.after)]
    assert (row.kind, run.id, *shown) == ("changed", "r1", "Hi 7", "Hello 7")
    assert end.result == {
        "messages": 2, "raised": 1, "lines_unreached": 0, "runs": 2, "changed": 1, "begins_to_fail": 0,
    }  # fmt: skip
    assert [step[0] for step in said] == sorted(step[0] for step in said)
    assert {step[1] for step in said} == {4}


def test_scenarios_of_the_author_are_where_the_search_starts_and_a_bad_one_is_passed_over(submitted, tried):
    rare = SOURCE.replace('session.title == "Golden goose"', "hash_of(session.title) == 4242").replace(
        "def status", "def hash_of(text):\n    return sum(n * ord(c) for n, c in enumerate(text))\n\ndef status"
    )
    title = "".join(chr(97 + n) for n in range(8))
    value = sum(n * ord(c) for n, c in enumerate(title))
    rare = rare.replace("4242", str(value))
    good = {"name": "goose", "input": {"user": {"id": "1"}, "session": {"id": "2", "title": title}}, "answers": []}
    bad = {"name": "bad", "input": {"user": 5}, "answers": "no"}
    scenarios = tuple(one | {"expected": {}} for one in (bad, good))
    _, results, _ = tried(submitted(rare, scenarios))
    assert "Found the goose" in {row["text"] for row in results["explore"]["messages"]}


LOCAL = """
def status(user, session, api):
    return message("Claim", link=api.settings["claim_url"] + "?s=1")
"""


@pytest.mark.parametrize(("allowed", "link"), [(True, "http://127.0.0.1:8001/claim?s=1"), (False, None)])
def test_a_link_to_this_machine_is_shown_where_the_service_would_show_it_and_nowhere_else(
    house, submitted, tried, allowed, link
):
    with house.database.session() as db:
        owner = implementations.find(db, "acme")
        owner.script_settings = {"claim_url": "http://127.0.0.1:8001/claim"}
    house.settings = replace(house.settings, allow_loopback_vendors=allowed)
    _, results, _ = tried(submitted(LOCAL))
    assert {row["link"] for row in results["explore"]["messages"] if row["text"] == "Claim"} == {link}


#: INPUT of a case with which an author could keep a reviewer from seeing what the script can show.
HOSTILE_INPUT = {
    "a number beyond arithmetic": {"user": {"id": "1"}, "session": {"id": "2", "credits": "1e999999999"}},
    "a number of thousands of digits": {"user": {"id": "1", "attributes": {"n": 10**4000}}, "session": {"id": "2"}},
    "times at both ends": {
        "user": {"id": "1"},
        "session": {"id": "2", "starts_at": "0001-01-01T00:00:00+23:59", "ends_at": "9999-12-31T23:59:59-23:59"},
        "now": "9999-12-31T23:59:59-23:59",
    },
    "many attributes": {"user": {"id": "1", "attributes": dict.fromkeys(map(str, range(15_000)), "v")}, "session": {"id": "2"}},
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE_INPUT)
def test_no_case_keeps_a_reviewer_from_seeing_what_the_script_can_show(submitted, tried, monkeypatch, what):
    monkeypatch.setattr(submission_trial, "EXPLORE_RUNS", 30)
    case = {"name": "x", "input": HOSTILE_INPUT[what], "answers": [], "expected": {}}
    end, results, _ = tried(submitted(SOURCE, (case,)))
    assert (end.state, results["explore"]["counts"]["raised"]) == ("done", 1)


def test_a_case_that_is_nested_too_deeply_is_refused(submitted):
    deep = json.loads('{"a":' * 200 + "1" + "}" * 200)
    case = {"name": "x", "input": {"user": {"id": "1", "attributes": deep}}, "answers": [], "expected": {}}
    with pytest.raises(RuleViolation, match="nested"):
        submitted(SOURCE, (case,))


def test_a_cancelled_trial_keeps_nothing(submitted, tried):
    order, seen = submitted(), []

    def cancelled():
        seen.append(1)
        return len(seen) > 3

    end, results, _ = tried(order, cancelled)
    assert (end.state, results) == ("cancelled", None)


def test_another_text_than_the_one_that_was_ordered_is_not_tried(submitted, tried):
    order = submitted()
    other = JobOrder(**(vars(order) | {"arguments": order.arguments | {"version": "0" * 64}}))
    end, results, _ = tried(other)
    assert (end.state, results) == ("refused", None)


def test_a_script_that_never_ends_or_eats_memory_is_explored_within_the_time(monkeypatch, submitted, tried):
    monkeypatch.setattr(submission_trial, "EXPLORE_RUNS", 40)
    source = "def status(user, session, api):\n    if user.id == 'x':\n        return hidden()\n    a = [1]\n    while True:\n        a = a + a\n"
    end, results, _ = tried(submitted(source))
    assert end.state == "done"
    assert {row["type"] for row in results["explore"]["raised"]} <= {"out of memory", "timed out", "MemoryError"}


def test_a_version_that_leaves_the_language_is_suspended_and_everybody_hears_of_it(
    house, monkeypatch, submitted, tried
):
    order = submitted()
    whole = submission_trial.explore

    def alarming(*given):
        found = whole(*given)
        return type(found)(found.runs, alarm=True)

    monkeypatch.setattr(submission_trial, "explore", alarming)  # no script is known that does this
    end, results, _ = tried(order)
    assert (end.state, end.changed, results) == ("refused", ("acme",), None)
    with house.database.reading() as db:
        version = versions.find_version(db, implementations.find(db, "acme"), order.arguments["version"])
        assert "security alarm" in version.suspended_reason


@pytest.mark.parametrize(
    "change",
    [
        {"runs": MOST_RUNS + 1},
        {"runs": -1},
        {"runs": True},
        {"submission": 0},
        {"submission": "1"},
        {"version": "x"},
        {"x": 1},
    ],
)
def test_an_order_that_we_never_write_is_refused(change):
    arguments = {"submission": 1, "version": "a" * 64, "runs": 5} | change
    with pytest.raises(OrderRefused):
        JobOrder("0" * 32, SUBMISSION_TRIAL, "acme", "acme/rita", 0, arguments)
