"""The page of facts on what the script prepares: the last runs, a button that orders one, and what it says if it cannot."""

from datetime import UTC, datetime, timedelta

import pytest

from records.facts import prepared_runs
from records.facts.prepared_runs import PreparedRunDraft
from records.scripts import deployments, versions
from records.tenants import implementations
from runner.queues.job_orders import FACTS_PREPARATION
from runner.queues.job_states import JobStates
from tests.web.console.settings.test_devices_page import words

PAGE, PREPARE = "/settings/facts", "/settings/facts/prepare"
AT = datetime(2026, 5, 4, 13, tzinfo=UTC)


@pytest.fixture
def active(database):
    def activate(*, prepares):
        source = f"def status(user, session, api):\n    return hidden()\n# {prepares}\n"
        with database.session() as db:
            owner = implementations.find(db, "demo")
            version = versions.add_version(db, owner, source, by="test")
            version.prepares = prepares
            deployments.activate(db, owner, version, by="test")
        return version.sha256

    return activate


@pytest.fixture
def ran(database):
    def record(**values):
        usual = {
            "session": "CE-1", "version": "a" * 64, "because": "many looks", "ordered_by": "the service",
            "started_at": AT, "ended_at": AT + timedelta(seconds=2), "outcome": "returned",
        }  # fmt: skip
        with database.session() as db:
            prepared_runs.record(db, implementations.find(db, "demo"), PreparedRunDraft(**usual | values))

    return record


def test_without_a_function_prepare_the_page_offers_nothing_and_nothing_is_ordered(administrator, active):
    assert "Preparation" not in words(administrator.get(PAGE))
    active(prepares=False)
    assert "Preparation" not in words(administrator.get(PAGE))
    administrator.post(PREPARE, {"session": "CE-1"})
    assert "Nothing was prepared: the version that is active has no function prepare" in words(administrator.get(PAGE))


def test_a_preparation_is_ordered_once_and_only_for_a_session_of_the_agenda(administrator, organizer, active, redis):
    active(prepares=True)
    administrator.post(PREPARE, {"session": "CE-9"})
    assert "the session is not in the agenda" in words(administrator.get(PAGE))
    administrator.post(PREPARE, {"session": "CE-1\0"})
    administrator.post(PREPARE, {"session": ""})
    states = JobStates(redis)
    assert states.open_ids() == []
    for person in (administrator, administrator, organizer):
        person.post(PREPARE, {"session": " CE-1 "})
    assert "Facts are being prepared." in words(administrator.get(PAGE))
    assert [states.find(job, "queued").kind for job in states.open_ids()] == [FACTS_PREPARATION]


def test_the_last_run_of_each_session_is_shown_with_why_it_failed(administrator, organizer, ran, active):
    active(prepares=True)
    assert "No facts were prepared yet" in words(administrator.get(PAGE))
    ran(entries=8, changed=7, answers={"taken": 7, "unknown user": 1}, calls=[{"path": "/list"}] * 3, log=["3 <pages>"])
    assert "many looks returned 3 <pages> 8, 1 unknown user 7 3" in words(administrator.get(PAGE))
    ran(outcome="raised", error={"type": "KeyError", "text": "'rows'", "line": 9, "chain": []}, because="before end")
    page = words(organizer.get(PAGE))
    assert "before end raised KeyError: 'rows' (line 9)" in page
    assert "many looks" not in page
    active(prepares=False)
    assert "so no facts are prepared" in words(administrator.get(PAGE))


def test_an_author_who_may_not_see_people_reads_none_of_them_in_the_log_of_their_prepare(author, organizer, ran):
    """A vendor's author writes `prepare`, which is given everybody; whoever may not see runs must not see people by it."""
    error = {"type": "ValueError", "text": "nobody like Grace Hopper", "line": 9, "chain": []}
    ran(outcome="raised", error=error, log=["Ada Lovelace, badge 4711"])
    page = words(author.get(PAGE))
    assert "raised ValueError (line 9)" in page
    assert not any(name in page for name in ("Lovelace", "4711", "Hopper"))
    assert "ValueError: nobody like Grace Hopper (line 9) Ada Lovelace, badge 4711" in words(organizer.get(PAGE))
