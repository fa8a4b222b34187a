"""Versions never change, one is in service, a suspended one is not."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import Conflict, Database, Implementation, RuleViolation, Script, Version
from records.scripts import versions
from records.tenants import implementations

ONE, TWO = (
    "def status(user, session, api):\n    return hidden()\n",
    "def status(user, session, api):\n    return 1 # ä\n",
)


def add(db: Session, demo: Implementation, source: str = ONE) -> Version:
    return versions.add_version(db, demo, source, by="vendor", findings=[{"rule": "r", "line": 1}])


def test_versions_are_numbered_and_known_by_their_text(db: Session, demo: Implementation):
    one, two, again = add(db, demo), add(db, demo, TWO), add(db, demo)
    assert [one.number, two.number] == [1, 2]
    assert again is one
    assert two.sha256 == hashlib.sha256(TWO.encode()).hexdigest()
    assert versions.find_version(db, demo, two.sha256) is two
    assert [version.number for version in versions.versions(db, demo)] == [2, 1]
    assert one.findings == [{"rule": "r", "line": 1}]


def test_versions_added_at_once_get_different_numbers(database: Database, demo: Implementation):
    def submit(n: int) -> int:
        with database.session() as db:
            return add(db, demo, f"{ONE}# {n}").number

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(submit, range(12))) == list(range(1, 13))


@pytest.mark.parametrize("field", ["source", "sha256", "number", "created_by"])
def test_stored_version_cannot_be_changed(db: Session, demo: Implementation, field: str):
    version = add(db, demo)
    with pytest.raises(TypeError, match="never changes"):
        setattr(version, field, "x")


@pytest.mark.parametrize("source", ["", "  \n", "x\0y", "\ud800", "# " + "x" * 262_144, None])
def test_text_that_cannot_be_a_script_is_refused(db: Session, demo: Implementation, source: str):
    with pytest.raises(RuleViolation, match="source"):
        add(db, demo, source)


def test_activation_takes_the_place_of_the_one_before(database: Database, demo: Implementation):
    with database.session() as db:
        assert versions.active(db, demo) is None
        one, two = add(db, demo), add(db, demo, TWO)
        versions.activate(db, demo, one, "reviewer")
        assert versions.active(db, demo) is one
        activation = versions.activate(db, demo, two, "reviewer")
        assert activation.activated_by == "reviewer"
    with database.reading() as db:
        active = versions.active(db, demo)
        assert active is not None
        assert active.sha256 == two.sha256


def test_version_of_another_implementation_cannot_be_activated(database: Database, demo: Implementation):
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
        theirs, mine = add(db, other), add(db, demo)
        with pytest.raises(RuleViolation, match="another implementation"):
            versions.activate(db, demo, theirs, "reviewer")
        versions.activate(db, demo, mine, "reviewer")
    with pytest.raises(Conflict), database.session() as db:  # the constraint says it too
        db.execute(text("UPDATE activations SET version_id = :theirs"), {"theirs": theirs.id})


def test_second_version_in_service_is_impossible_in_the_database(database: Database, demo: Implementation):
    with database.session() as db:
        one, two = add(db, demo), add(db, demo, TWO)
        versions.activate(db, demo, one, "reviewer")
    copy = (
        "INSERT INTO activations (script_id, version_id, implementation_id, activated_at, activated_by)"
        " SELECT script_id, :two, implementation_id, activated_at, activated_by FROM activations"
    )
    with pytest.raises(Conflict), database.session() as db:
        db.execute(text(copy), {"two": two.id})


def test_suspended_version_is_out_of_service_until_somebody_reinstates_it(db: Session, demo: Implementation):
    one = add(db, demo)
    versions.activate(db, demo, one, "reviewer")
    versions.suspend(db, one, "a forbidden system call in run 17")
    assert versions.active(db, demo) is None
    assert one.suspended_at is not None
    with pytest.raises(RuleViolation, match="suspended: a forbidden system call"):
        versions.activate(db, demo, one, "reviewer")
    assert add(db, demo).suspended_at is not None  # sending the same text again does not help
    versions.reinstate(db, one)
    versions.activate(db, demo, one, "reviewer")
    assert versions.active(db, demo) is one


def test_suspending_one_version_leaves_another_in_service(db: Session, demo: Implementation):
    one, two = add(db, demo), add(db, demo, TWO)
    versions.activate(db, demo, two, "reviewer")
    versions.suspend(db, one, "alarm")
    assert versions.active(db, demo) is two


def test_code_is_kept_for_each_runtime_and_never_replaced(db: Session, demo: Implementation):
    version = add(db, demo)
    assert versions.code_for(db, version, "policy 1, Python 3.11") is None
    versions.keep_code(db, version, "policy 1, Python 3.11", b"\0code")
    versions.keep_code(db, version, "policy 1, Python 3.11", b"other")
    assert versions.code_for(db, version, "policy 1, Python 3.11") == b"\0code"
    assert versions.code_for(db, version, "policy 1, Python 3.12") is None


def test_each_implementation_has_one_script(database: Database, demo: Implementation):
    with database.session() as db:
        add(db, demo)
    with pytest.raises(Conflict), database.session() as db:
        db.add(Script(implementation_id=demo.id, name="A second one"))
