"""One version is active, one may be staged for a share of the users, and what has ended stays ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import Conflict, Database, Implementation, RuleViolation, Version
from records.scripts import deployments, versions
from records.tenants import implementations

ONE, TWO, THREE = (f"def status(user, session, api):\n    return message('{text}')\n" for text in ("1", "2", "3"))


def add(db: Session, demo: Implementation, source: str = ONE) -> Version:
    return versions.add_version(db, demo, source, by="vendor")


def test_a_new_active_version_supersedes_the_one_before(database: Database, demo: Implementation):
    with database.session() as db:
        assert deployments.active_version(db, demo) is None
        one, two = add(db, demo), add(db, demo, TWO)
        deployments.activate(db, demo, one, "olga")
        deployment = deployments.activate(db, demo, two, "kim", reason="credits")
        assert (deployment.started_by, deployment.share, deployment.reason) == ("kim", 100, "credits")
    with database.reading() as db:
        assert deployments.active_version(db, demo).sha256 == two.sha256
        (new, _), (old, version) = deployments.history(db, demo)
        assert (new.state, new.ended_at, old.state, version.number) == ("active", None, "superseded", 1)
        assert (old.ended_by, old.end_reason, old.ended_at) == ("kim", "credits", new.started_at)


def test_version_of_another_implementation_cannot_be_deployed(database: Database, demo: Implementation):
    with database.session() as db:
        theirs, mine = add(db, implementations.create(db, "other", "Other")), add(db, demo)
        with pytest.raises(RuleViolation, match="another implementation"):
            deployments.activate(db, demo, theirs, "olga")
        deployments.activate(db, demo, mine, "olga")
        with pytest.raises(RuleViolation, match="another implementation"):
            deployments.stage(db, demo, theirs, share=10, by="olga")
    with pytest.raises(Conflict), database.session() as db:  # the constraint says it too
        db.execute(text("UPDATE deployments SET version_id = :theirs"), {"theirs": theirs.id})


@pytest.mark.parametrize("state", ["active", "staged"])
def test_second_active_or_staged_version_is_impossible_in_the_database(
    database: Database, demo: Implementation, state: str
):
    with database.session() as db:
        one, two, three = add(db, demo), add(db, demo, TWO), add(db, demo, THREE)
        deployments.activate(db, demo, one, "olga")
        deployments.stage(db, demo, two, share=10, by="olga")
    copy = (
        "INSERT INTO deployments (id, implementation_id, version_id, state, share, salt, started_at, started_by, reason,"
        " active_since, looks, ended_by, end_reason) SELECT id + 100, implementation_id, :three, state, share, salt,"
        " started_at, started_by, reason, active_since, looks, '', '' FROM deployments WHERE state = :state"
    )
    with pytest.raises(Conflict), database.session() as db:
        db.execute(text(copy), {"three": three.id, "state": state})


def test_people_who_activate_at_once_leave_one_active_version(database: Database, demo: Implementation):
    with database.session() as db:
        numbers = [add(db, demo, f"{ONE}# {number}").id for number in range(6)]

    def activate(version_id: int) -> None:
        with database.session() as db:
            deployments.activate(db, db.merge(demo), db.get_one(Version, version_id), "olga")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(activate, numbers))
    with database.reading() as db:
        states = [deployment.state for deployment, _ in deployments.history(db, demo)]
    assert sorted(states) == ["active", *["superseded"] * 5]


def test_suspended_version_is_out_of_service_until_somebody_reinstates_it(db: Session, demo: Implementation):
    one = add(db, demo)
    deployments.activate(db, demo, one, "olga")
    deployments.suspend(db, one, "a forbidden system call in run 17", "the service")
    assert deployments.active_version(db, demo) is None
    assert deployments.history(db, demo)[0][0].state == "suspended"
    with pytest.raises(RuleViolation, match="suspended: a forbidden system call"):
        deployments.activate(db, demo, one, "olga")
    assert add(db, demo).suspended_at is not None  # sending the same text again does not help
    versions.reinstate(db, one)
    assert deployments.active_version(db, demo) is None
    deployments.activate(db, demo, one, "olga")
    assert deployments.active_version(db, demo) is one
    with pytest.raises(RuleViolation, match="not suspended"):
        versions.reinstate(db, one)


def test_suspending_the_staged_version_leaves_the_active_one_and_the_other_way_round(db: Session, demo: Implementation):
    one, two = add(db, demo), add(db, demo, TWO)
    deployments.activate(db, demo, one, "olga")
    deployments.stage(db, demo, two, share=10, by="olga")
    deployments.suspend(db, two, "alarm", "the service")
    found = deployments.live(db, demo)
    assert (found.active[1], found.staged) == (one, None)
    versions.reinstate(db, two)
    deployments.stage(db, demo, two, share=10, by="olga")
    deployments.suspend(db, one, "alarm", "the service")
    found = deployments.live(db, demo)
    assert (found.active, found.staged[1]) == (None, two)


def test_a_staged_version_becomes_active_by_the_same_deployment(db: Session, demo: Implementation):
    one, two = add(db, demo), add(db, demo, TWO)
    deployments.activate(db, demo, one, "olga")
    staged = deployments.stage(db, demo, two, share=10, by="olga")
    deployments.widen(db, staged, 50)
    assert deployments.activate(db, demo, two, "olga") is staged
    assert (staged.state, staged.share, staged.active_since is not None) == ("active", 100, True)
    assert [deployment.state for deployment, _ in deployments.history(db, demo)] == ["active", "superseded"]


def test_another_version_that_is_staged_or_activated_supersedes_the_staged_one(db: Session, demo: Implementation):
    one, two, three = add(db, demo), add(db, demo, TWO), add(db, demo, THREE)
    deployments.activate(db, demo, one, "olga")
    first = deployments.stage(db, demo, two, share=10, by="olga")
    second = deployments.stage(db, demo, three, share=20, by="olga")
    assert (first.state, second.state) == ("superseded", "staged")
    deployments.activate(db, demo, two, "olga")
    assert second.state == "superseded"


@pytest.mark.parametrize("share", [0, 91, 100, -1, 5.0, True, None])
def test_a_share_that_leaves_nobody_to_compare_with_or_is_no_percentage_is_refused(
    db: Session, demo: Implementation, share: int
):
    one, two = add(db, demo), add(db, demo, TWO)
    deployments.activate(db, demo, one, "olga")
    with pytest.raises(RuleViolation, match="share"):
        deployments.stage(db, demo, two, share=share, by="olga")


def test_what_cannot_be_staged_says_why(db: Session, demo: Implementation):
    one, two = add(db, demo), add(db, demo, TWO)
    with pytest.raises(RuleViolation, match="no version is active"):
        deployments.stage(db, demo, one, share=10, by="olga")
    deployments.activate(db, demo, one, "olga")
    with pytest.raises(RuleViolation, match="is active already"):
        deployments.stage(db, demo, one, share=10, by="olga")
    staged = deployments.stage(db, demo, two, share=10, by="olga")
    with pytest.raises(RuleViolation, match="staged already, for 10 %"):
        deployments.stage(db, demo, two, share=20, by="olga")
    with pytest.raises(RuleViolation, match="more than the present 10 %"):
        deployments.widen(db, staged, 10)
    deployments.revert(db, staged, "olga", "errors")
    for change in (lambda: deployments.widen(db, staged, 20), lambda: deployments.revert(db, staged, "olga", "again")):
        with pytest.raises(RuleViolation, match="is reverted"):
            change()


def test_the_version_that_was_active_before_is_neither_the_present_nor_a_suspended_nor_a_merely_staged_one(
    db: Session, demo: Implementation
):
    one, two, three = add(db, demo), add(db, demo, TWO), add(db, demo, THREE)
    assert deployments.active_before(db, demo) is None
    deployments.activate(db, demo, one, "olga")
    assert deployments.active_before(db, demo) is None
    deployments.activate(db, demo, two, "olga")
    deployments.stage(db, demo, three, share=10, by="olga")
    assert deployments.active_before(db, demo) is one
    assert [deployments.was_active(db, version) for version in (one, two, three)] == [True, True, False]
    deployments.suspend(db, one, "alarm", "the service")
    assert deployments.active_before(db, demo) is None


def test_a_user_stays_in_a_share_when_it_is_widened_and_shares_are_of_the_size_they_say():
    salt, users = "5a17", [f"user-{number}" for number in range(5000)]
    before: set[str] = set()
    for share in (1, 5, 10, 50, 90, 100):
        within = {user for user in users if deployments.sees(salt, share, user)}
        assert before <= within
        assert abs(len(within) / len(users) - share / 100) < 0.03
        before = within
    assert before == set(users)
    other = {user for user in users if deployments.sees("another", 10, user)}
    assert len(other & {user for user in users if deployments.sees(salt, 10, user)}) < len(users) * 0.03


def test_a_subject_with_half_a_character_is_in_a_share_or_not():
    assert deployments.sees("salt", 100, "\ud800")
