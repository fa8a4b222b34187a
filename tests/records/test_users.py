"""Users are remembered as the identity provider last described them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from records import Database, Implementation, Profile, Refused, implementations, users

ANNA = Profile("anna", "Attendee", "Anna", "O'Neil", "B-17", {"workshops": ["W1"], "member": True})


def test_first_visit_makes_the_user_and_the_next_replaces_what_was_known(database: Database, demo: Implementation):
    with database.session() as db:
        first = users.seen(db, demo, "anna@idp", ANNA, at=datetime(2026, 1, 1, tzinfo=UTC))
    with database.session() as db:
        users.seen(db, demo, "anna@idp", Profile("anna", "Staff"), at=datetime(2026, 1, 2, tzinfo=UTC))
    with database.reading() as db:
        (user,) = users.every(db, demo)
    assert user.id == first.id
    assert (user.user_type, user.first_name, user.badge_id, user.attributes) == ("Staff", "", "", {})
    assert user.last_seen_at.day == 2


def test_same_subject_of_two_implementations_is_two_people(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    users.seen(db, demo, "1", ANNA)
    assert users.find(db, other, "1") is None
    users.seen(db, other, "1", Profile("berta"))
    mine = users.find(db, demo, "1")
    assert mine is not None
    assert mine.username == "anna"


def test_first_visits_at_the_same_moment_make_one_user(database: Database, demo: Implementation):
    def visit(_: int) -> int:
        with database.session() as db:
            return users.seen(db, demo, "anna@idp", ANNA).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(visit, range(16)))) == 1


def test_bad_description_is_refused_with_every_fault(db: Session, demo: Implementation):
    with pytest.raises(Refused) as caught:
        users.seen(db, demo, "", Profile(last_name="x" * 201, badge_id="\x1b[31m", attributes={"a": float("inf")}))
    assert [fault.field for fault in caught.value.faults] == ["subject", "last_name", "badge_id", "attributes"]


def test_representation_names_nobody(db: Session, demo: Implementation):
    user = users.seen(db, demo, "anna@idp", ANNA)
    assert "anna" not in repr(user).lower()
