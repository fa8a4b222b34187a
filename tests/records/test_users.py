"""Users are remembered as the identity provider last described them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from records import Database, Implementation, OtherProvider, RuleViolation, UserProfile
from records.people import users
from records.tenants import implementations

ANNA = UserProfile("anna", "Attendee", "Anna", "O'Neil", "B-17", {"workshops": ["W1"], "member": True})


def test_first_visit_makes_the_user_and_the_next_replaces_what_was_known(database: Database, demo: Implementation):
    with database.session() as db:
        first = users.remember(db, demo, "anna@idp", ANNA, at=datetime(2026, 1, 1, tzinfo=UTC))
    with database.session() as db:
        users.remember(db, demo, "anna@idp", UserProfile("anna", "Staff"), at=datetime(2026, 1, 2, tzinfo=UTC))
    with database.reading() as db:
        (user,) = users.every(db, demo)
    assert user.id == first.id
    assert (user.user_type, user.first_name, user.badge_id, user.attributes) == ("Staff", "", "", {})
    assert user.last_seen_at.day == 2


def test_same_subject_of_two_implementations_is_two_people(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    users.remember(db, demo, "1", ANNA)
    assert users.find(db, other, "1") is None
    users.remember(db, other, "1", UserProfile("berta"))
    mine = users.find(db, demo, "1")
    assert mine is not None
    assert mine.username == "anna"


def test_first_visits_at_the_same_moment_make_one_user(database: Database, demo: Implementation):
    def visit(_: int) -> int:
        with database.session() as db:
            return users.remember(db, demo, "anna@idp", ANNA).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(visit, range(16)))) == 1


def test_bad_description_is_refused_with_every_fault(db: Session, demo: Implementation):
    with pytest.raises(RuleViolation) as caught:
        users.remember(db, demo, "", UserProfile(last_name="x" * 201, badge_id="B\t17", attributes={"a": float("inf")}))
    assert [fault.field for fault in caught.value.faults] == ["subject", "last_name", "badge_id", "attributes"]


def test_representation_names_nobody(db: Session, demo: Implementation):
    user = users.remember(db, demo, "anna@idp", ANNA)
    assert "anna" not in repr(user).lower()


IDP, OTHER = "https://idp.example.org", "https://other.example.org"


def test_person_belongs_to_the_first_provider_and_another_cannot_come_as_them(database: Database, demo: Implementation):
    with database.session() as db:
        users.remember(db, demo, "1", UserProfile("sample"))
        assert users.remember(db, demo, "1", ANNA, provider=IDP).provider == IDP
        assert users.remember(db, demo, "1", ANNA, provider=IDP).provider == IDP
    with database.session() as db, pytest.raises(OtherProvider) as caught:
        users.remember(db, demo, "1", UserProfile("eve", "Staff"), provider=OTHER)
    assert (caught.value.known, caught.value.given) == (IDP, OTHER)
    assert "anna" not in str(caught.value)
    with database.reading() as db:
        (user,) = users.every(db, demo)
        assert (user.username, user.user_type, user.provider) == ("anna", "Attendee", IDP)


def test_what_is_no_login_describes_a_person_and_leaves_them_their_provider(db: Session, demo: Implementation):
    users.remember(db, demo, "1", ANNA, provider=IDP)
    user = users.remember(db, demo, "1", UserProfile("sample"))
    assert (user.username, user.provider) == ("sample", IDP)


def test_two_providers_that_bring_the_same_subject_at_once_do_not_both_get_it(database: Database, demo: Implementation):
    def come(n: int) -> str:
        try:
            with database.session() as db:
                return users.remember(db, demo, "1", ANNA, provider=(IDP, OTHER)[n % 2]).provider
        except OtherProvider as refused:
            return refused.known

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(come, range(12)))) == 1


def test_people_are_handed_over_to_the_provider_which_replaces_theirs(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    for implementation, subject, provider in ((demo, "1", IDP), (demo, "2", IDP), (demo, "3", ""), (other, "1", IDP)):
        users.remember(db, implementation, subject, ANNA, provider=provider)
    assert users.hand_over(db, demo, IDP, OTHER) == 2
    db.expire_all()
    assert users.remember(db, demo, "1", ANNA, provider=OTHER).provider == OTHER
    with pytest.raises(OtherProvider):
        users.remember(db, demo, "2", ANNA, provider=IDP)
    assert users.remember(db, other, "1", ANNA, provider=IDP).provider == IDP


@pytest.mark.parametrize(("old", "new"), [("", OTHER), (IDP, ""), (IDP, IDP), (IDP, "a\x00")])
def test_handing_over_from_or_to_nobody_is_refused(db: Session, demo: Implementation, old: str, new: str):
    with pytest.raises(RuleViolation):
        users.hand_over(db, demo, old, new)


def test_lock_out_needs_a_reason_keeps_its_first_moment_and_outlasts_visits(db: Session, demo: Implementation):
    user = users.remember(db, demo, "1", ANNA, provider=IDP)
    with pytest.raises(RuleViolation, match="reason: is missing"):
        users.disable(db, user, " ")
    users.disable(db, user, "lost badge")
    since = user.disabled_at
    assert since is not None
    users.disable(db, user, "left")
    assert (user.disabled_at, user.disabled_reason) == (since, "left")
    assert users.remember(db, demo, "1", ANNA, provider=IDP).disabled_at == since
    users.enable(db, user)
    assert (user.disabled_at, user.disabled_reason) == (None, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["3", "2", "1"]),
        ("anna", ["1"]),
        ("ANNA o'n", ["1"]),
        ("o'neil anna", ["1"]),
        ("b-17", ["1"]),
        ("ÉMILE", ["2"]),
        ("e\u0301mile", ["2"]),
        ("3", ["3"]),
        ("50%", ["3"]),
        ("_", ["3"]),
        ("%", ["3"]),
        ("\\", []),
        ("anna émile", []),
        ("x " * 50, []),
    ],
)
def test_search_finds_every_word_without_case_and_takes_no_wildcards(
    db: Session, demo: Implementation, text: str, found: list[str]
):
    other = implementations.create(db, "other", "Other")
    people = [("1", ANNA), ("2", UserProfile("emile", first_name="Émile")), ("3", UserProfile("50%_off"))]
    for n, (subject, profile) in enumerate(people):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n)
        users.remember(db, demo, subject, profile, at=moment)
        users.remember(db, other, subject, profile, at=moment)
    assert [user.subject for user in users.search(db, demo, text)] == found


def test_search_comes_in_pages(db: Session, demo: Implementation):
    for n in range(7):
        users.remember(db, demo, str(n), UserProfile(f"user{n}"), at=datetime(2026, 1, 1, tzinfo=UTC))
    pages = [users.search(db, demo, "user", limit=3, offset=start) for start in (0, 3, 6, 9)]
    assert [[user.subject for user in page] for page in pages] == [["0", "1", "2"], ["3", "4", "5"], ["6"], []]


def test_search_finds_a_person_by_what_they_are_called_now(db: Session, demo: Implementation):
    users.remember(db, demo, "1", ANNA)
    users.remember(db, demo, "1", UserProfile("berta"))
    assert users.search(db, demo, "anna") == []
    assert len(users.search(db, demo, "berta")) == 1


@pytest.mark.parametrize("sign", ["\n", "\r\n", " ", "\t", "\u00a0", "\u2028"], ids=ascii)
def test_a_key_or_username_is_never_trimmed_to_somebody_elses(db: Session, demo: Implementation, sign: str):
    for key in (f"anna@idp{sign}", f"{sign}anna@idp"):
        with pytest.raises(RuleViolation, match="subject"):
            users.remember(db, demo, key, ANNA)
        with pytest.raises(RuleViolation, match="username"):
            users.remember(db, demo, "anna@idp", UserProfile(key))
