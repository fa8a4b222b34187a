"""The watch reverts a staged version that fails for clearly more users, and says what it counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from records import RunRecord, audit
from records.columns import utc_now
from records.scripts import deployments, rollout_watch, runs, versions
from records.scripts.deployments import Deployment

NOW = utc_now()


@pytest.fixture
def staged(database, demo):
    """The hashes of the active and the staged version, the latter for 20 % of the users for an hour."""
    with database.session() as db:
        one, two = (versions.add_version(db, demo, text, by="me") for text in ("one", "two"))
        deployments.activate(db, demo, one, "olga")
        deployments.stage(db, demo, two, share=20, by="olga")
        db.execute(update(Deployment).values(started_at=NOW - timedelta(hours=1)))
        return one.sha256, two.sha256


def ran(database, version, users, *, failed=(), **values):
    records = [
        RunRecord(
            id=f"{version[:8]}-{user}-{values.get('because', '')}{values.get('id', '')}",
            implementation="demo",
            user=f"u{user}",
            session="S1",
            version=version,
            started_at=values.get("at", NOW),
            outcome=values.get("outcome", "raised") if user in failed else "returned",
            shown_as="fallback" if user in failed else "fresh",
            because=values.get("because", "look"),
        )
        for user in users
    ]
    with database.session() as db:
        runs.record_many(db, records)


def look(database):
    with database.session() as db:
        return rollout_watch.look(db, "demo")


def live(database, demo):
    with database.reading() as db:
        return deployments.live(db, demo)


def test_a_staged_version_that_fails_for_more_users_is_reverted_and_the_entry_says_why(database, demo, staged):
    active, new = staged
    ran(database, active, range(100, 200), failed=range(100, 102))
    ran(database, new, range(40), failed=range(12))
    found = look(database)
    assert (found.implementation, found.version, found.sha256) == ("demo", 2, new)
    with database.reading() as db:
        entry = audit.recent(db)[0]
        assert (entry.actor, entry.action, entry.target) == ("the service", "script.reverted", "version 2")
        assert entry.detail == {"sha256": new, "share": 20}
        assert (
            entry.reason
            == found.reason
            == (
                "runs failed for 12 of 40 users (30.0%) of the staged version, and for 2 of 100 users (2.0%) of the active version"
            )
        )
        deployment = deployments.history(db, demo)[0][0]
        assert (deployment.state, deployment.ended_by, deployment.end_reason) == (
            *("reverted", "the service"),
            entry.reason,
        )
    assert (live(database, demo).active[1].sha256, live(database, demo).staged) == (active, None)
    assert look(database) is None


def test_a_staged_version_that_fails_as_often_as_the_active_one_stays(database, demo, staged):
    active, new = staged
    ran(database, active, range(100, 300), failed=range(100, 160))  # the vendor is away, for both
    ran(database, new, range(40), failed=range(14))
    assert look(database) is None
    assert live(database, demo).staged[1].sha256 == new


def test_a_look_is_made_once_for_so_many_users_whatever_comes_later(database, demo, staged):
    active, new = staged
    ran(database, active, range(100, 200))
    ran(database, new, range(10))
    assert look(database) is None
    assert live(database, demo).staged[0].looks == 1
    ran(database, new, range(10), failed=range(10), id="later")
    with database.reading() as db:
        assert rollout_watch.due(db) == []
    assert look(database) is None  # until there are half as many users again
    ran(database, new, range(10, 15))
    assert look(database) is not None


def test_a_user_who_asks_again_and_again_counts_once(database, staged):
    active, new = staged
    ran(database, active, range(100, 200))
    ran(database, new, range(20), failed=[0])
    for number in range(30):
        ran(database, new, [0], failed=[0], id=str(number))
    assert look(database) is None


@pytest.mark.parametrize(
    "values",
    [
        {"at": NOW - timedelta(hours=2)},
        {"outcome": "service away"},
        {"because": "staged failed"},
    ],
    ids=["from before the stage", "our own outage", "shown instead of another"],
)
def test_runs_that_say_nothing_about_the_stage_do_not_count(database, staged, values):
    active, new = staged
    ran(database, active, range(100, 200))
    ran(database, new, range(40), failed=range(40), **values)
    assert look(database) is None


def test_without_a_staged_or_an_active_version_there_is_nothing_to_look_at(database, demo, staged):
    active, new = staged
    ran(database, new, range(40), failed=range(40))
    with database.session() as db:
        assert rollout_watch.due(db) == ["demo"]
        deployments.suspend(db, versions.find_version(db, demo, active), "alarm", "the service")
    assert look(database) is None
    with database.session() as db:
        deployments.suspend(db, versions.find_version(db, demo, new), "alarm", "the service")
        assert rollout_watch.due(db) == []
    assert look(database) is None
    with database.session() as db:
        assert rollout_watch.look(db, "another") is None
