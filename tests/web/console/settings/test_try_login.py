"""A test login: seen by whom it was begun by, in the browser in which it was begun, and by nobody else."""

import logging
import re

from records.people import users
from records.tenants import implementations
from runner.logins.refused_logins import MOST
from tests.support.saml_browser import Browser, sp_of
from tests.support.saml_forge import ForgedIdp
from tests.web.console.settings.conftest import IDP
from tests.web.console.settings.staff_people import DEMO, Person, typed

ATTRIBUTES = {"mail": ["tess@example.org"], "sn": ["<b>Test</b>"], "memberNumber": ["4711"]}


def go_to_provider(app, person):
    """Press the button, and get as far as the provider's page."""
    answer = person.get("/provider/try")
    assert answer.status_code == 303
    browser = Browser(app)
    browser.http = person.http
    return browser, browser.begin(query=answer.location.partition("?")[2])


def come_back(app, browser, started, *, idp=IDP, **changes):
    changes = {"nameid": "tess", "attributes": ATTRIBUTES} | changes
    message = idp.response(sp_of(app, "demo"), started.request_id, **changes)
    answer = browser.answer(message, started.relay_state)
    return browser.http.get(answer.location) if answer.status_code == 303 else answer


def test_a_test_login_shows_what_was_understood_and_leaves_the_person_signed_in(app, administrator, caplog):
    caplog.set_level(logging.DEBUG)
    answer = come_back(app, *go_to_provider(app, administrator))
    assert answer.location.endswith(f"{DEMO}/provider/check")
    text = administrator.get("/provider/check").text
    assert "It works: this is what was understood" in text
    for words in ("tess", "tess@example.org", "&lt;b&gt;Test&lt;/b&gt;", "memberNumber", "4711"):
        assert words in text
    assert administrator.get("/settings/link-hosts").status_code == 200  # still who they were, and fresh
    assert "tess@example.org" not in caplog.text


def test_a_test_login_stores_nobody_and_changes_nobody(app, administrator, database):
    def stored():
        with database.reading() as db:
            found = users.every(db, implementations.find(db, "demo"))
            return {(one.subject, one.username, one.last_seen_at) for one in found}

    before = stored()
    come_back(app, *go_to_provider(app, administrator), nameid="ada")  # who is known, with other attributes
    assert "tess@example.org" in administrator.get("/provider/check").text
    browser, started = go_to_provider(app, administrator)
    come_back(app, browser, started)
    assert stored() == before


def test_a_test_login_of_somebody_locked_out_is_refused_as_theirs_would_be(app, administrator, database):
    with database.session() as db:
        users.disable(db, users.find(db, implementations.find(db, "demo"), "ada"), "for the test")
    assert come_back(app, *go_to_provider(app, administrator), nameid="ada").status_code == 403
    assert "<code>locked-out</code>" in administrator.get("/provider/check").text


def test_nobody_else_sees_the_result(app, administrator):
    come_back(app, *go_to_provider(app, administrator))
    assert "It works" not in Person(app, "administrator").get("/provider/check").text


def test_a_test_login_begun_by_somebody_else_shows_them_nothing(app, administrator):
    """A link to a test login, sent to an attendee, must not show the attendee's attributes to the sender."""
    handle = administrator.get("/provider/try").location.partition("?")[2]
    victim = Browser(app)
    started = victim.begin(query=handle)
    assert come_back(app, victim, started).status_code == 303
    assert victim.visitor() is None
    assert "tess" not in administrator.get("/provider/check").text


def test_a_login_ended_meanwhile_gets_no_result(app, administrator, store):
    browser, started = go_to_provider(app, administrator)
    store.ended_logins.end(administrator.visitor.login)
    come_back(app, browser, started)
    assert administrator.get("/provider/check").status_code == 303  # to the sign-in


def test_the_handle_of_a_test_login_works_once(app, administrator):
    query = administrator.get("/provider/try").location.partition("?")[2]
    browser = Browser(app)
    browser.http = administrator.http
    come_back(app, browser, browser.begin(query=query))
    again = browser.begin(query=query)
    assert come_back(app, browser, again, nameid="second").status_code >= 400
    assert "second" not in administrator.get("/provider/check").text


def test_an_organizer_cannot_look_at_others_by_it(organizer):
    assert organizer.get("/provider/try").status_code == 403
    assert organizer.get("/provider/check").status_code == 403


def test_a_refused_login_stands_there_with_its_code_and_what_it_means(app, administrator):
    answer = come_back(app, *go_to_provider(app, administrator), audience=[["https://other.example/metadata"]])
    assert answer.status_code == 400
    text = administrator.get("/provider/check").text
    assert "<code>audience</code>" in text
    assert "The assertion is for another service" in text
    assert "tess" not in text


def test_refused_logins_are_bounded_and_made_up_implementations_keep_none(app, administrator, store):
    for number in range(MOST + 1):
        store.refused_logins.note("demo", "audience", f"{number:08x}")
    assert len(store.refused_logins.recent("demo")) == MOST
    assert store.refused_logins.recent("demo")[0]["reference"] == f"{MOST:08x}"
    stranger = Browser(app)
    stranger.answer("rubbish", "none", "nosuch")
    assert store.refused_logins.recent("nosuch") == []


def test_a_certificate_that_waits_lets_nobody_in_until_it_is_accepted(app, administrator):
    rolled = ForgedIdp(IDP.entity_id, name="rolled")
    preview = administrator.post("/provider/metadata", {"xml": rolled.metadata().decode()})
    administrator.post("/provider/data", typed(preview.text))
    assert come_back(app, *go_to_provider(app, administrator), idp=rolled).status_code == 400
    waiting = re.search(r"/certificates/([0-9a-f]{64})/accept", administrator.get("/provider").text)[1]
    administrator.post(f"/provider/certificates/{waiting}/accept")
    assert come_back(app, *go_to_provider(app, administrator), idp=rolled).status_code == 303
    assert "tess@example.org" in administrator.get("/provider/check").text
