"""Usernames and keys that only look like somebody's: a role by username is of exactly that name, whatever its case."""

import pytest

from records import grants, implementations, users
from tests.auth.stage import is_refused

ADMIN = "root@ativ.example"


@pytest.fixture
def roles(app, browser):
    """The roles of somebody whom the staff's provider describes so."""

    def act(**said):
        assert browser.log_in("staff", nameid="_p1", **said).status_code == 303
        entrance, visitor = app.extensions["entrance"], browser.visitor()
        with entrance.database.reading() as db:
            staff = implementations.staff(db)
            return grants.roles_of(db, staff, users.find(db, staff, visitor.subject), visitor.source)

    return act


def test_the_name_itself_is_the_administrators(roles):
    assert "administrator" in roles(attributes={"mail": [ADMIN.upper()]})


@pytest.mark.parametrize(
    "name",
    [
        *(f"{sign}{ADMIN}" for sign in (" ", "\u00a0", "\u202e", "\ufeff")),
        *(f"{ADMIN}{sign}" for sign in (" ", "\u3000", "\u2028", "\u200b", "\u0301")),
        *("\uff52oot@ativ.example", "root@at\u0130v.example", "r\u043eot@ativ.example"),
    ],
    ids=ascii,
)
def test_a_name_that_only_looks_like_it_is_nobodys(roles, name):
    assert roles(attributes={"mail": [name]}) == {"attendee"}


def test_the_kelvin_sign_is_no_k(app, roles, database):
    with database.session() as db:
        staff = implementations.staff(db)
        grants.add(db, staff, kind="username", value="kate@ativ.example", role="administrator", by="tests")
    assert "administrator" in roles(attributes={"mail": ["Kate@ativ.example"]})
    assert roles(attributes={"mail": ["\u212aate@ativ.example"]}) == {"attendee"}


def test_a_friendly_name_does_not_stand_in_for_an_attribute_that_is_there_and_empty(roles):
    friendly = {"attributes": {"username": [" "], "urn:self-chosen": [ADMIN]}}
    assert roles(**friendly, friendly_names={"urn:self-chosen": "username"}) == {"attendee"}


@pytest.mark.parametrize("name", [" ada", "ada ", "\u00a0ada", "ada\u3000", "\nada\n"], ids=ascii)
def test_a_key_is_not_trimmed_to_somebody_elses(browser, name):
    assert is_refused(browser.log_in("demo", nameid=name))
