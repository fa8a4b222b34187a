"""Usernames and keys that look like another person's: a role by username is for exactly that name, in any case."""

import pytest

from records.people import grants, users
from records.tenants import implementations
from tests.support.saml_browser import IDP, connect, is_refused, sp_of

ADMIN = "root@ativ.example"


@pytest.fixture
def roles(app, browser):
    """The roles of a person with this profile from the staff's provider."""

    def act(**said):
        assert browser.log_in("staff", nameid="_p1", **said).status_code == 303
        services, visitor = app.extensions["auth services"], browser.visitor()
        with services.database.reading() as db:
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


BROKEN = (
    [f"e-7{sign}" for sign in ("\n", "\r\n", "&#13;", "\n  ", "\t\n")]
    + [f"{sign}e-7" for sign in ("\n", "\n\t")]
    + ["\ne-7\n"]
)


@pytest.fixture
def by_number(database, box):
    """The provider's people are known by a number."""
    with database.session() as db:
        connect(db, box, "demo", IDP, subject_attribute="employeeNumber")


def told(browser, value):
    """Log in with this text in the message, as it stands."""
    started = browser.begin()
    marked = {"attributes": {"employeeNumber": ["mark"]}, "friendly_names": {"employeeNumber": "number"}}
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id, **marked, before=_written(value))
    return browser.answer(message, started.relay_state)


def _written(value):
    def edit(root):
        found = next(each for each in root.iter("{*}AttributeValue") if each.text == "mark")
        found.text = value.replace("&#13;", "\r")

    return edit


@pytest.mark.parametrize("value", BROKEN, ids=ascii)
def test_a_key_between_line_breaks_is_not_that_without_them(browser, by_number, caplog, value):
    assert is_refused(told(browser, value))
    assert "code=subject-unusable" in caplog.text


@pytest.mark.parametrize("value", BROKEN, ids=ascii)
def test_a_key_by_a_friendly_name_between_line_breaks_is_not_that_without_them(browser, database, box, value):
    with database.session() as db:
        connect(db, box, "demo", IDP, subject_attribute="number")
    assert is_refused(told(browser, value))


def test_the_key_itself_is_theirs(browser, by_number):
    assert browser.http.get(told(browser, "e-7").location).status_code == 303
    assert browser.visitor().subject == "e-7"


@pytest.mark.parametrize("name", [f"{ADMIN}\n", f"\n{ADMIN}", f"\n    {ADMIN}\n  ", f"{ADMIN}\r\n"], ids=ascii)
def test_a_username_between_line_breaks_is_nobodys(roles, name):
    assert roles(attributes={"mail": [name]}) == {"attendee"}


def test_a_name_that_is_only_shown_may_stand_between_line_breaks(browser, database):
    browser.log_in(attributes={"givenName": ["\n  Ada\n"], "sn": ["Lovelace\n"]})
    with database.reading() as db:
        found = users.find(db, implementations.find(db, "demo"), browser.visitor().subject)
    assert (found.first_name, found.last_name) == ("Ada", "Lovelace")
