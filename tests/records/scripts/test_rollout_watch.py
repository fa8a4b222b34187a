"""The watch reverts a staged version that fails for clearly more users, and says what it counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text, update

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
        assert not rollout_watch.is_due(db, "demo")
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
    ran(database, active, range(100, 200))
    ran(database, new, range(40), failed=range(40))
    with database.session() as db:
        assert rollout_watch.is_due(db, "demo")
        assert rollout_watch.state_of(db, demo).looks == 0
        deployments.suspend(db, versions.find_version(db, demo, active), "alarm", "the service")
        assert not rollout_watch.is_due(db, "demo")
    assert look(database) is None
    with database.session() as db:
        deployments.suspend(db, versions.find_version(db, demo, new), "alarm", "the service")
        assert rollout_watch.unclaimed(db, NOW) == []
        assert rollout_watch.state_of(db, demo) is None
    assert look(database) is None
    with database.session() as db:
        assert rollout_watch.look(db, "another") is None
        assert not rollout_watch.is_due(db, "another")
        assert not rollout_watch.claim(db, "another", NOW)


def test_after_a_wider_share_everybody_is_counted_anew(database, demo, staged):
    """Users who change to the staged version had their runs of the active one, so the groups from before differ."""
    active, new = staged
    ran(database, active, range(100, 200))
    ran(database, new, range(20), failed=range(1))
    assert look(database) is None
    with database.session() as db:
        deployments.widen(db, deployments.live(db, demo).staged[0], 50)
        begun = deployments.live(db, demo).staged[0].share_since
    with database.reading() as db:
        state = rollout_watch.state_of(db, demo)
        assert (state.staged.users, state.active.users, state.looks) == (0, 0, 1)
    later = {"at": begun + timedelta(seconds=1), "id": "later"}
    ran(database, active, range(100, 200), **later)
    ran(database, new, range(9), failed=range(9), **later)
    assert look(database) is None
    ran(
        database, new, range(9, 10), failed=range(9, 10), **later
    )  # as many as for the first look, and not half as many again
    assert look(database) is not None


def test_no_look_is_made_while_hardly_anybody_sees_the_active_version_and_it_says_so(database, demo, staged):
    active, new = staged
    ran(database, active, range(100, 104))
    ran(database, new, range(40), failed=range(40))
    assert look(database) is None
    with database.reading() as db:
        state = rollout_watch.state_of(db, demo)
        assert (state.looks, live(database, demo).staged[0].looks) == (0, 0)
        assert state.lacking == (
            "Version 2 is not compared with the active version yet: 40 users had runs of it (10 are needed),"
            " and 4 users of the active version (5 are needed)."
        )
    ran(database, active, range(104, 105))
    assert look(database) is not None


def test_one_worker_at_a_time_watches_a_stage_and_another_takes_over_when_it_dies(database, demo, staged):
    def claimed(now):
        with database.session() as db:
            return rollout_watch.claim(db, "demo", now) if rollout_watch.unclaimed(db, now) else None

    assert claimed(NOW)
    with database.session() as db:
        assert not rollout_watch.claim(db, "demo", NOW + timedelta(seconds=5))
    assert claimed(NOW + timedelta(seconds=5)) is None
    assert claimed(NOW + timedelta(seconds=10))
    with database.session() as db:
        db.execute(update(Deployment).values(next_look_at=NOW + timedelta(days=1)))  # by a clock that is ahead
    assert claimed(NOW + timedelta(seconds=11))
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: claimed(NOW + timedelta(minutes=1)) is True, range(4))) == 1


def test_counting_reads_one_index_and_no_trace(database, demo, staged):
    active, new = staged
    ran(database, active, range(1500))
    ran(database, new, range(30))
    postgres = database.engine.dialect.name == "postgresql"
    with database.session() as db:
        db.execute(text("ANALYZE"))
    with database.reading() as db:
        version = versions.find_version(db, demo, new)
        query = rollout_watch.count_query(demo, version, NOW - timedelta(hours=1))
        words = query.compile(dialect=database.engine.dialect, compile_kwargs={"literal_binds": True})
        if postgres:
            for way in ("enable_seqscan", "enable_bitmapscan"):  # by which a table of a few pages is read otherwise
                db.execute(text(f"SET LOCAL {way} = off"))
        plan = str(db.execute(text(f"EXPLAIN {'' if postgres else 'QUERY PLAN'} {words}")).all())
    search = "Index Only Scan using ix_runs_watched" if postgres else "USING COVERING INDEX ix_runs_watched"
    assert search in plan, plan
