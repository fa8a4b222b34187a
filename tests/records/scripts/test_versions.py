"""Versions never change, and are known by their text."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from records import Conflict, Database, Implementation, RuleViolation, Script, Version
from records.scripts import versions

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
