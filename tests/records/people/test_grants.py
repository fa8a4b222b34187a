"""Roles are computed from grants and from what the provider last said, and are never more than somebody may give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from records import Conflict, Database, Grant, Implementation, RuleViolation, User, UserProfile, roles
from records.people import grants, users
from records.tenants import implementations

IDP = "https://idp.example.org"


def person(db: Session, implementation: Implementation, username: str = "kim", **known: Any) -> User:
    return users.remember(db, implementation, f"subject:{username}", UserProfile(username, **known), provider=IDP)


def granted(  # noqa: PLR0913 - six, the most our style allows
    db: Session, implementation: Implementation, kind: str, value: str, role: str, *, name: str = ""
) -> Grant:
    return grants.add(db, implementation, kind=kind, value=value, role=role, name=name, by="me")


def test_who_has_no_grant_is_an_attendee(db: Session, demo: Implementation):
    assert grants.roles_of(db, demo, person(db, demo), "saml") == {"attendee"}


def test_each_kind_of_grant_gives_its_role(db: Session, demo: Implementation):
    db.add(demo)
    implementations.update(db, demo, mapped_roles=["scanner", "author"])
    granted(db, demo, "username", "kim", "organizer")
    granted(db, demo, "user type", "Staff", "scanner")
    granted(db, demo, "attribute", "writers", "author", name="groups")
    kim = person(db, demo, user_type="Staff", attributes={"groups": ["readers", "writers"]})
    assert grants.roles_of(db, demo, kim, "saml") == {"attendee", "organizer", "scanner", "author"}
    kim = person(db, demo, attributes={"groups": "writers"})
    assert grants.roles_of(db, demo, kim, "saml") == {"attendee", "organizer", "author"}


def test_role_goes_with_the_attribute_at_once(db: Session, demo: Implementation):
    granted(db, demo, "attribute", "desk", "scanner", name="groups")
    assert "scanner" in grants.roles_of(db, demo, person(db, demo, attributes={"groups": ["desk"]}), "saml")
    assert "scanner" not in grants.roles_of(db, demo, person(db, demo, attributes={"groups": []}), "saml")


def test_role_goes_with_the_grant_at_once(db: Session, demo: Implementation):
    grant = granted(db, demo, "username", "kim", "organizer")
    kim = person(db, demo)
    assert "organizer" in grants.roles_of(db, demo, kim, "saml")
    grants.remove(db, demo, grant.id)
    assert grants.roles_of(db, demo, kim, "saml") == {"attendee"}
    with pytest.raises(RuleViolation, match="does not exist any more"):
        grants.remove(db, demo, grant.id)


@pytest.mark.parametrize(
    ("entered", "sent", "same"),
    [
        ("Kim@Example.org", "kim@example.ORG", True),
        ("andré", "ANDRE\u0301", True),
        ("  kim ", "kim", True),
        ("ÅSA", "\u212bsa", True),
        ("straße", "strasse", False),
        ("staff", "\u017ftaff", False),
        ("kim", "\uff4b\uff49\uff4d", False),
        ("kim", "kim\u200b", False),
        ("kim", "k\u0131m", False),
        ("kim", "kim2", False),
    ],
)
def test_username_is_compared_without_case_and_composed_but_lookalikes_are_others(
    db: Session, demo: Implementation, *, entered: str, sent: str, same: bool
):
    granted(db, demo, "username", entered, "organizer")
    assert ("organizer" in grants.roles_of(db, demo, person(db, demo, sent), "saml")) is same


@pytest.mark.parametrize(
    "attributes",
    [
        {"groups": "DESK"},
        {"groups": "desk2"},
        {"groups": [["desk"]]},
        {"groups": {"desk": True}},
        {"Groups": "desk"},
        {"groups": None},
        {"groups": True},
        {"other": "desk"},
        {},
    ],
)
def test_attribute_has_to_be_exactly_what_the_grant_says(db: Session, demo: Implementation, attributes: dict[str, Any]):
    granted(db, demo, "attribute", "desk", "scanner", name="groups")
    assert grants.roles_of(db, demo, person(db, demo, attributes=attributes), "saml") == {"attendee"}


def test_user_type_that_differs_in_case_gives_nothing(db: Session, demo: Implementation):
    granted(db, demo, "user type", "Staff", "scanner")
    assert grants.roles_of(db, demo, person(db, demo, user_type="staff"), "saml") == {"attendee"}


def test_empty_username_and_user_type_match_nothing(db: Session, demo: Implementation):
    for kind in ("username", "user type"):
        with pytest.raises(RuleViolation, match="value: is missing"):
            granted(db, demo, kind, " ", "scanner")
    assert grants.roles_of(db, demo, person(db, demo, ""), "saml") == {"attendee"}


@pytest.mark.parametrize("source", ["jwt", "introspection", "password", "", "SAML", "saml "])
def test_other_ways_in_than_saml_carry_scanner_at_most(db: Session, demo: Implementation, source: str):
    for role in ("scanner", "organizer", "author"):
        granted(db, demo, "username", "kim", role)
    assert grants.roles_of(db, demo, person(db, demo), source) == {"attendee", "scanner"}


def test_who_is_locked_out_has_no_role_by_any_source(db: Session, demo: Implementation):
    granted(db, demo, "username", "kim", "organizer")
    kim = person(db, demo)
    users.disable(db, kim, "left the company")
    assert [grants.roles_of(db, demo, kim, source) for source in ("saml", "first administrator")] == [frozenset()] * 2
    users.enable(db, kim)
    assert "organizer" in grants.roles_of(db, demo, kim, "saml")


def test_grants_of_one_implementation_give_nothing_in_another(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    granted(db, other, "username", "kim", "organizer")
    assert grants.roles_of(db, demo, person(db, demo), "saml") == {"attendee"}
    assert grants.roles_of(db, other, person(db, demo), "saml") == frozenset()
    assert grants.roles_of(db, demo, person(db, other), "saml") == frozenset()


def test_reviewers_and_administrators_of_staff_count_everywhere_and_their_other_roles_do_not(
    db: Session, demo: Implementation
):
    staff = implementations.staff(db)
    for role in ("administrator", "reviewer", "organizer"):
        granted(db, staff, "username", "kim", role)
    kim = person(db, staff)
    assert grants.roles_of(db, staff, kim, "saml") == {"attendee", "organizer", "reviewer", "administrator"}
    assert grants.roles_of(db, demo, kim, "saml") == {"reviewer", "administrator"}
    assert grants.roles_of(db, demo, kim, "password") == frozenset()
    users.disable(db, kim, "x")
    assert grants.roles_of(db, demo, kim, "saml") == frozenset()


def test_one_time_link_makes_its_login_administrator_of_staff_and_nothing_elsewhere(db: Session, demo: Implementation):
    staff = implementations.staff(db)
    first = users.remember(db, staff, "first", UserProfile(), provider="first administrator")
    assert grants.roles_of(db, staff, first, "first administrator") == {"attendee", "administrator"}
    assert grants.roles_of(db, demo, first, "first administrator") == {"administrator"}
    assert grants.roles_of(db, staff, first, "saml") == {"attendee"}
    assert grants.roles_of(db, demo, person(db, demo), "first administrator") == {"attendee"}


@pytest.mark.parametrize(
    ("grant", "field", "reason"),
    [
        ({"role": "attendee"}, "role", "must not be attendee"),
        ({"role": "root"}, "role", "must be one of"),
        ({"role": "administrator"}, "role", "staff implementation only"),
        ({"role": "reviewer"}, "role", "staff implementation only"),
        ({"kind": "badge"}, "kind", "must be one of"),
        (
            {"kind": "user type", "role": "organizer"},
            "role",
            "organizer is more than a user type may give here, which is scanner",
        ),
        ({"kind": "attribute", "name": "", "role": "scanner"}, "name", "is missing"),
        ({"name": "groups"}, "name", "must be empty for"),
        ({"value": ""}, "value", "is missing"),
        ({"value": "a\x1b"}, "value", "U+001B"),
        ({"by": ""}, "by", "is missing"),
    ],
)
def test_bad_grant_is_refused_with_its_field_and_reason(
    db: Session, demo: Implementation, grant: dict[str, str], field: str, reason: str
):
    with pytest.raises(RuleViolation) as caught:
        grants.add(db, demo, **{"kind": "username", "value": "kim", "role": "scanner", "by": "me", **grant})
    assert [fault.field for fault in caught.value.faults] == [field]
    assert reason in caught.value.reason


def test_same_grant_again_is_the_one_that_was_there(db: Session, demo: Implementation):
    first = granted(db, demo, "username", "Kim", "scanner")
    assert granted(db, demo, "username", "KIM", "scanner").id == first.id
    assert granted(db, demo, "username", "KIM", "author").id != first.id
    assert [one.value for one in grants.every(db, demo)] == ["Kim", "KIM"][::-1]


@pytest.mark.parametrize(
    "change",
    ["role = 'root'", "role = 'attendee'", "kind = 'badge'", "name = 'x'", "compared = ''", "kind = 'attribute'"],
)
def test_database_itself_refuses_a_grant_that_does_not_come_by_the_rules(
    database: Database, demo: Implementation, change: str
):
    with database.session() as db:
        granted(db, demo, "username", "kim", "scanner")
    with pytest.raises(Conflict), database.session() as db:
        db.execute(text(f"UPDATE grants SET {change}"))


def test_bound_that_was_lowered_later_holds_for_grants_that_were_there(db: Session, demo: Implementation):
    demo = db.merge(demo)
    implementations.update(db, demo, mapped_roles=["organizer", "scanner"])
    granted(db, demo, "user type", "Staff", "organizer")
    kim = person(db, demo, user_type="Staff")
    assert "organizer" in grants.roles_of(db, demo, kim, "saml")
    implementations.update(db, demo, mapped_roles=[])
    assert grants.roles_of(db, demo, kim, "saml") == {"attendee"}


def test_staffs_row_planted_in_another_implementation_gives_nothing(db: Session, demo: Implementation):
    db.execute(
        text(
            "INSERT INTO grants (id, implementation_id, kind, name, value, compared, role, created_by, created_at)"
            f" VALUES (1, {demo.id}, 'username', '', 'kim', 'kim', 'administrator', '', '2026-01-01 00:00:00+00:00')"
        )
    )
    assert grants.roles_of(db, demo, person(db, demo), "saml") == {"attendee"}


VALUES = st.sampled_from(["a", "b", "Kim"])
ANY_GRANT = st.tuples(
    st.sampled_from(grants.KINDS), VALUES, st.sampled_from(roles.GRANTED), st.sampled_from(["groups", "x"])
)
MAPPED = st.sets(st.sampled_from(roles.GRANTED))


CASES = st.fixed_dictionaries(
    {
        "rows": st.lists(ANY_GRANT, max_size=8, unique=True),
        "bound": MAPPED,
        "attributes": st.dictionaries(st.sampled_from(["groups", "x"]), VALUES | st.lists(VALUES, max_size=3)),
        "user_type": VALUES,
        "source": st.sampled_from(["saml", "jwt", "introspection", "password", ""]),
        "of_staff": st.booleans(),
    }
)


@given(case=CASES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_more_than_the_bound(database: Database, demo: Implementation, case: dict[str, Any]):
    rows, bound, source, of_staff = (case[name] for name in ("rows", "bound", "source", "of_staff"))
    with database.session() as db:
        home = implementations.staff(db) if of_staff else db.merge(demo)
        home.mapped_roles = sorted(bound)  # behind the rules' back, as are the grants: the bound holds all the same
        db.execute(delete(Grant))
        for kind, value, role, name in rows:
            kept = {"kind": kind, "value": value, "role": role, "name": name if kind == "attribute" else ""}
            compared = grants.matched(kind, value)
            if not db.query(Grant).filter_by(implementation_id=home.id, compared=compared, **kept).count():
                db.add(Grant(implementation_id=home.id, compared=compared, created_by="me", **kept))
            db.flush()
        kim = person(db, home, "kim", user_type=case["user_type"], attributes=case["attributes"])
        had = grants.roles_of(db, home, kim, source)
        elsewhere = grants.roles_of(db, db.merge(demo), kim, source) if of_staff else frozenset()
        db.rollback()
    by_name = {role for kind, value, role, _ in rows if kind == "username" and value.lower() == "kim"}
    most = {"attendee"} | bound | by_name
    if not of_staff:
        most -= set(roles.STAFF_ROLES)
    if source != "saml":
        most &= {"attendee", "scanner"}
    assert had <= most
    assert by_name & most <= had
    assert elsewhere <= set(roles.STAFF_ROLES) & had
