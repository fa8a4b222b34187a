"""An archived implementation offers no login: every address answers as if it did not exist."""

import pytest

from records.audit import AuditContext
from records.changes import retirement
from records.tenants import implementations
from tests.support.saml_browser import PROVIDERS, sp_of

ADDRESSES = (
    "/login/{slug}",
    "/saml/{slug}/login",
    "/saml/{slug}/metadata",
    "/ext/{slug}/login",
    "/m/{slug}/start?response_type=code",
    "/api/v1/implementations/{slug}/auth/session",
)


@pytest.fixture
def archived(database):
    with database.session() as db:
        retirement.archive(db, implementations.find(db, "demo"), AuditContext("tests"))


def seen(browser, slug):
    """What each address answers; the slug in it is taken out, so that two can be compared."""
    answers = [browser.http.get(address.format(slug=slug)) for address in ADDRESSES]
    return [(one.status_code, one.text.replace(slug, "*")) for one in answers]


def test_the_ways_into_an_archived_implementation_are_those_of_one_that_does_not_exist(browser, archived):
    assert [status for status, _ in seen(browser, "other")] != [status for status, _ in seen(browser, "nope")]
    assert [status for status, _ in seen(browser, "demo")] == [status for status, _ in seen(browser, "nope")]


def test_a_login_that_was_under_way_when_it_was_archived_lets_nobody_in(browser, database):
    started = browser.begin()
    message = PROVIDERS["demo"].response(sp_of(browser.app, "demo"), started.request_id)
    with database.session() as db:
        retirement.archive(db, implementations.find(db, "demo"), AuditContext("tests"))
    answer = browser.answer(message, started.relay_state)
    assert (answer.status_code, browser.visitor()) == (404, None)
    with database.session() as db:
        retirement.restore(db, implementations.find_any(db, "demo"), AuditContext("tests"), environment="development")
    assert browser.log_in().status_code == 303
