"""Attacks by people whom a provider vouches for, or did: the first administrator's name, and a provider that was replaced."""

import pytest

from records import Database, SecretBox
from records.people import grants, users
from records.tenants import implementations
from tests.support.application import KEY
from tests.support.saml_browser import STRANGER, Browser, connect, is_refused


def grant(database: Database, slug, username, role):
    with database.session() as db:
        grants.add(db, implementations.find(db, slug), kind="username", value=username, role=role, by="tests")


def replaced(database, slug="demo", *, same_people=False):
    """An administrator has put another provider in the place of the one that was there."""
    with database.session() as db:
        found = implementations.find(db, slug)
        connect(db, SecretBox([KEY]), slug, STRANGER)
        if same_people:
            users.hand_over(db, found, "https://idp.example/metadata", STRANGER.entity_id)


def test_nobody_of_the_staff_provider_takes_the_first_administrators_name(app, database):
    browser = Browser(app)
    assert is_refused(browser.log_in("staff", nameid="first administrator"), 403)
    assert browser.visitor() is None
    with database.reading() as db:
        assert users.find(db, implementations.find(db, "staff"), "first administrator") is None
    assert Browser(app).log_in("demo", nameid="first administrator").status_code == 303  # means nothing there


@pytest.mark.parametrize("same_people", [False, True])
def test_people_of_a_replaced_provider_are_out_of_the_console_at_once_unless_they_were_handed_over(
    app, database, same_people
):
    grant(database, "demo", "olga@example.org", "organizer")
    browser = Browser(app)
    browser.log_in("demo", nameid="olga", attributes={"mail": ["olga@example.org"]})
    page = "/console/implementations/demo/"
    assert browser.http.get(page).status_code == 200
    replaced(database, same_people=same_people)
    assert browser.http.get(page).status_code == (200 if same_people else 303)
    assert browser.http.get("/console/").status_code == 303
