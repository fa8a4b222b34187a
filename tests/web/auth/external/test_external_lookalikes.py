"""Names that only look like another's, and what strangers can spoil for all others at the badge form."""

import ipaddress

import pytest

from records.people import grants, users
from records.tenants import implementations
from runner.logins.attempt_limits import FREE
from tests.support.jwt_signing import claims, token
from tests.support.vendors import reply
from tests.web.auth.external.registrants import FIELDS, PASSWORD, PERSON
from tests.web.auth.external.test_external_pages import FORM, SAME_ORIGIN, field
from web.auth.external import login_methods
from web.auth.external.password_limits import IN_IMPLEMENTATION, PasswordLimits
from web.auth.external.refusals import ExternalLoginRefused
from web.auth.login_steps import rate_limits

TOKEN = "/api/v1/implementations/demo/auth/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
VENUE = ipaddress.ip_network("198.18.0.0/15")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(login_methods, "LEAST_S", 0.0)
    monkeypatch.setattr(login_methods, "SPREAD_S", 0.0)


@pytest.fixture
def answering(save_external, start_vendor):
    def act(answer):
        vendor = start_vendor(reply(answer))
        save_external("password", {"url": vendor.url} | FIELDS)
        return vendor

    return act


@pytest.fixture
def type_in(browser):
    """Type a badge and a name, each time from another address."""
    tried = []

    def act(username, **changes):
        tried.append(username)
        page = browser.get(FORM)
        fields = {name: field(page, name) for name in ("csrf_token", "state")}
        data = fields | {"username": username, "password": PASSWORD} | changes
        where = {"REMOTE_ADDR": f"198.51.100.{len(tried)}"}
        return browser.post(FORM, data=data, headers=SAME_ORIGIN, environ_overrides=where)

    return act


# -- roles by username ------------------------------------------------------------------------------------------------


def roles_with(app, database, **said):
    """The roles of a person about whom an organizer says this."""
    assertion = token(body=claims(sub="m1", **said))
    done = app.test_client().post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": assertion})
    assert done.status_code == 200
    with database.reading() as db:
        demo = implementations.find(db, "demo")
        return grants.roles_of(db, demo, users.find(db, demo, "m1"), "jwt")


@pytest.fixture
def scanner(signed, database):
    signed()
    with database.session() as db:
        demo = implementations.find(db, "demo")
        for each in grants.every(db, demo):
            grants.remove(db, demo, each.id)
        grants.add(db, demo, kind="username", value="kate@example.org", role="scanner", by="tests")


@pytest.mark.parametrize("claim", ["username", "preferred_username", "email"])
@pytest.mark.parametrize(
    "name",
    [
        "kate@example.org ",
        "\u00a0kate@example.org",
        "kate@example.org\u200b",
        "\ufeffkate@example.org",
        "kate@example.org\n",
        "\u212aate@example.org",  # the Kelvin sign, whose small letter is a plain k
        "kate@example.org" + " " * 300 + "x",
    ],
    ids=ascii,
)
def test_a_name_which_has_to_be_cleaned_to_be_anothers_has_not_their_role(app, database, scanner, name, claim):
    assert roles_with(app, database, **{claim: name}) == {"attendee"}


@pytest.mark.parametrize("name", ["kate@example.org", "KATE@example.org"])
def test_the_name_itself_has_its_role(app, database, scanner, name):
    assert roles_with(app, database, username=name) == {"attendee", "scanner"}


# -- guessing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spellings",
    [
        ["A-4711", "\u00c1-4711", "a4711", "A\u20104711", "\uff21-4711", "A-4711\u034f"],  # accents, hyphens, widths
        ["4711", "04711", "004711", "+4711", " 4711 ", "0004711"],
    ],
)
def test_spellings_which_a_vendor_may_take_for_one_badge_share_its_attempts(answering, type_in, spellings):
    vendor = answering({"result": "NO"})
    assert [type_in(each).status_code for each in spellings] == [401] * FREE + [429]
    assert len(vendor.requests) == FREE


def test_different_badges_have_attempts_of_their_own(answering, type_in):
    answering({"result": "NO"})
    assert {type_in(name).status_code for name in ("1", "10", "0", "---", "+++", "B1", "\u4e00")} == {401}


def test_a_botnet_outside_does_not_lock_out_the_people_at_the_venue(store):
    limits = PasswordLimits(store, key="k" * 40, venues=[VENUE])
    for number in range(IN_IMPLEMENTATION):
        limits.begin("demo", f"U{number}", f"192.0.{number // 250}.{number % 250}")
    with pytest.raises(ExternalLoginRefused, match="in this implementation"):
        limits.begin("demo", "somebody", "203.0.113.1")
    limits.begin("demo", "somebody", "198.18.0.1")


def test_posts_without_a_login_under_way_do_not_fill_the_store(answering, browser, monkeypatch):
    """Each is answered with a form whose state waits in the store, so they are paced as the form itself is."""
    answering(PERSON)
    form_token = field(browser.get(FORM), "csrf_token")
    data = {"csrf_token": form_token, "state": "none", "username": "B-4711", "password": PASSWORD}
    assert browser.post(FORM, data=data, headers=SAME_ORIGIN).status_code == 400
    monkeypatch.setattr(rate_limits, "FROM_ADDRESS", 0)
    assert browser.post(FORM, data=data, headers=SAME_ORIGIN).status_code == 429


# -- who is kept out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [["Exhibitor"], ["Attendee", "press"], "EXHIBITOR"])
def test_an_excluded_type_is_kept_out_also_when_the_vendor_names_several(answering, type_in, kinds):
    answering({"result": "OK", "registrant": PERSON["registrant"] | {"type": kinds}})
    assert type_in("B-4711").status_code == 403


def test_who_has_several_types_and_none_is_excluded_comes_in(answering, type_in):
    answering({"result": "OK", "registrant": PERSON["registrant"] | {"type": ["Attendee", "Speaker"]}})
    assert type_in("B-4711").status_code == 303
