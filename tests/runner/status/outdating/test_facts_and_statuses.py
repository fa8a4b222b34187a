"""A changed fact makes the statuses of its user new, at once and nowhere else; after a return nothing from before counts."""

from datetime import UTC, datetime, timedelta

import pytest

from records.facts import fact_storage
from records.facts.fact_storage import FactBatch, FactSource
from records.facts.fact_tables import WHOLE_EVENT
from records.people import users
from records.tenants import implementations
from runner.status.service import StatusRequest
from runner.trials.run_case import case_files
from tests.support.eventually import eventually

SCRIPT = """
def status(user, session, api):
    if "claimed" not in api.facts:
        return message("Asked the vendor")
    return message("Claimed" if api.facts["claimed"] else "Claim", link=None)
"""
ANN, BOB = (StatusRequest("acme", name, "s1") for name in ("ann", "bob"))
ANN_2 = StatusRequest("acme", "ann", "s2")


@pytest.fixture
def facts(house):
    house.add(source=SCRIPT, sessions=("s1", "s2"))
    with house.database.session() as db:
        users.remember(db, implementations.find(db, "acme"), "bob", users.UserProfile("bob"))

    def store(facts, session="s1", *, seconds=0):
        """Store facts that are so many seconds younger than now, and let statuses be found anew as an edge does."""
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        with house.database.session() as db:
            batch = FactBatch(session, at, FactSource.PUSHED, facts)
            changed = fact_storage.store(db, implementations.find(db, "acme"), batch).changed
        assert house.service.outdate("acme", [(user, session) for user in changed])

    return store


@pytest.fixture
def shown_runs():
    """The runs whose messages were shown."""
    return set()


@pytest.fixture
def look(house, work_off, shown_runs):
    def text(request):
        """Look as often as a run is due; return the message."""
        house.service.ask(request)
        work_off()
        status = house.service.ask(request)
        assert not status.stale
        shown_runs.add(status.run)
        return status.message.text

    return text


def test_a_changed_fact_makes_the_message_of_its_user_new_and_no_other(facts, look, shown_runs):
    assert (look(ANN), look(BOB), look(ANN_2)) == ("Asked the vendor",) * 3
    facts({"ann": {"claimed": True}})
    assert (look(ANN), look(BOB), look(ANN_2)) == ("Claimed", "Asked the vendor", "Asked the vendor")
    assert len(shown_runs) == 4


def test_an_unchanged_fact_costs_no_run(facts, look, shown_runs):
    facts({"ann": {"claimed": True}})
    look(ANN)
    facts({"ann": {"claimed": True}}, seconds=1)
    assert (look(ANN), len(shown_runs)) == ("Claimed", 1)


def test_a_fact_about_the_whole_event_makes_all_messages_of_its_user_new(facts, look, shown_runs):
    assert (look(ANN), look(ANN_2), look(BOB)) == ("Asked the vendor",) * 3
    facts({"ann": {"claimed": False}}, WHOLE_EVENT)
    assert (look(ANN), look(ANN_2), look(BOB)) == ("Claim", "Claim", "Asked the vendor")
    assert len(shown_runs) == 5


def test_a_run_that_read_old_facts_is_not_shown(house, facts, look, work_off):
    house.service.ask(ANN)  # its run is queued
    facts({"ann": {"claimed": True}})
    work_off()
    assert look(ANN) == "Claimed"


def test_after_a_return_no_earlier_fact_counts_until_the_source_has_told_more(house, facts, look, work_off):
    facts({"ann": {"claimed": False}})
    facts({"ann": {"claimed": False}}, WHOLE_EVENT)
    assert look(ANN) == "Claim"
    house.service.returned(ANN)
    work_off()
    assert house.service.ask(ANN).message.text == "Asked the vendor"
    house.service.outdate("acme", [("ann", "s1")])  # as when it is no longer fresh: a run that is none of the return
    assert look(ANN) == "Asked the vendor"
    facts({"ann": {"claimed": True}}, seconds=-30)  # late: it was true before the return
    assert look(ANN) == "Asked the vendor"
    facts({"ann": {"claimed": True}}, seconds=2)
    assert look(ANN) == "Claimed"


def test_the_facts_of_a_run_are_in_its_trace_and_in_the_case_that_is_made_of_it(house, facts, look):
    facts({"ann": {"claimed": True, "who": "ann"}})
    look(ANN)
    (run,) = eventually(house.runs)
    assert run.given["facts"] == {"claimed": True, "who": "ann"}
    assert datetime.fromisoformat(run.given["facts_at"]).tzinfo is not None
    with house.database.reading() as db:
        owner = implementations.find(db, "acme")
        case = case_files(run, owner, public_url="https://status.example.org", source=None)["input.json"]
    assert '"claimed": true' in case
    assert '"facts_at"' in case
    assert '"who": "ann"' not in case
