"""A fresh login by a person other than the one who is signed in: both are named, and neither replaces the other unasked."""

import re

import pytest

from records.people import users
from records.tenants import implementations
from tests.support.saml_browser import SAME_ORIGIN, Browser

ROOT = {"nameid": "root", "attributes": {"mail": ["root@ativ.example"], "givenName": ["Rita"], "sn": ["Root"]}}
EVE = {"nameid": "eve", "attributes": {"mail": ["eve@ativ.example"], "givenName": ["Eve"], "sn": ["<i>Other</i>"]}}
NEXT = "next=/console/implementations/demo/roles"


@pytest.fixture
def root(app):
    """The browser of an administrator who is signed in."""
    browser = Browser(app)
    assert browser.log_in("staff", **ROOT).status_code == 303
    return browser


def go_on_as_the_other(browser, page):
    form = {name: re.search(rf'name="{name}" value="([^"]+)"', page.text)[1] for name in ("csrf_token", "o")}
    return browser.http.post("/saml/staff/complete", data=form, headers=SAME_ORIGIN)


def test_a_fresh_login_as_somebody_else_names_both_and_lets_nobody_in(root, database):
    before = root.visitor()
    page = root.log_in("staff", f"fresh=1&{NEXT}", **EVE)
    assert page.status_code == 200
    assert "Rita Root (root@ativ.example)" in page.text
    assert "Eve &lt;i&gt;Other&lt;/i&gt; (eve@ativ.example)" in page.text
    assert root.visitor() == before
    assert root.is_logged_in("staff")
    with database.reading() as db:
        assert users.find(db, implementations.find(db, "staff"), "eve") is None
    again = re.search(r'href="(/saml/staff/login[^"]*)"', page.text)[1].replace("&amp;", "&")
    assert "fresh=1" in again
    assert root.log_in("staff", again.partition("?")[2], **ROOT).location == "/console/implementations/demo/roles"
    assert root.visitor().subject == "root"


def test_going_on_as_the_other_ends_the_first_login_and_leads_to_the_first_page(root, store):
    before = root.visitor()
    page = root.log_in("staff", f"fresh=1&{NEXT}", **EVE)
    answer = go_on_as_the_other(root, page)
    assert (answer.status_code, answer.location) == (303, "/console/")
    assert root.visitor().subject == "eve"
    assert store.ended_logins.is_ended("staff", before.subject, before.login, before.since)
    assert go_on_as_the_other(root, page).status_code == 400  # the handle is good once


def test_the_choice_is_made_in_the_browser_that_logged_in_and_by_our_own_form(root, app):
    page = root.log_in("staff", f"fresh=1&{NEXT}", **EVE)
    handle = re.search(r'name="o" value="([^"]+)"', page.text)[1]
    assert root.http.post("/saml/staff/complete", data={"o": handle}, headers=SAME_ORIGIN).status_code == 403
    stranger = Browser(app)
    token = stranger.form_token("staff") if stranger.log_in("staff", **EVE).status_code == 303 else ""
    form = {"o": handle, "csrf_token": token}
    assert stranger.http.post("/saml/staff/complete", data=form, headers=SAME_ORIGIN).status_code == 400
    assert go_on_as_the_other(root, page).status_code == 303


def test_a_fresh_login_of_the_same_person_and_a_wanted_switch_ask_nothing(root):
    assert root.log_in("staff", f"fresh=1&{NEXT}", **ROOT).location == "/console/implementations/demo/roles"
    assert root.log_in("staff", f"switch=1&{NEXT}", **EVE).status_code == 303
    assert root.visitor().subject == "eve"
