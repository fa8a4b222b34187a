"""A refused login is found by support: whose it was where that is certain, why, and the words that the person read."""

import ast
import re

import pytest

from records import audit
from records.people import users
from records.tenants import implementations
from tests.support import ROOT
from tests.support.saml_browser import IDP, STRANGER, connect, sp_of
from web.auth.login_choice.refusal_codes import meaning_of

ADA = "ada@example.org"
NAME = {"attributes": {"sn": ["Lovelace"]}}


def locked_out(browser, other_browser, box):
    browser.log_in()
    with browser.app.extensions["auth services"].database.session() as db:
        users.disable(db, users.find(db, implementations.find(db, "demo"), ADA), "left the company")
    return browser.log_in()


def other_provider(browser, other_browser, box):
    browser.log_in()
    with browser.app.extensions["auth services"].database.session() as db:
        connect(db, box, "demo", STRANGER)
    started = browser.begin()
    message = STRANGER.response(sp_of(browser.app, "demo"), started.request_id)
    return browser.http.get(browser.answer(message, started.relay_state).location)


def another_browser(browser, other_browser, box):
    started = browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    return other_browser.http.get(browser.answer(message, started.relay_state).location)


BELIEVED = {"locked-out": locked_out, "other-provider": other_provider, "another-browser": another_browser}


def forged(browser, **changes):
    started = browser.begin()
    changes = {"issuer": IDP.entity_id, "response_issuer": IDP.entity_id} | changes
    return browser.answer(
        STRANGER.response(sp_of(browser.app, "demo"), started.request_id, **changes), started.relay_state
    )


def found(store, answer):
    """The newest refused login of demo, and the error by the reference that the page shows."""
    reference = re.search(r"<b>([0-9a-f]{8})</b>", answer.text)[1]
    newest = store.refused_logins.recent("demo")[0]
    assert newest["reference"] == reference
    ((_, error),) = store.errors.find(reference)
    return newest, error


@pytest.mark.parametrize("code", BELIEVED)
def test_after_the_message_was_believed_the_key_of_the_person_is_noted(code, browser, other_browser, box, caplog):
    store = browser.app.extensions["auth services"].store
    answer = BELIEVED[code](browser, other_browser, box)
    newest, error = found(store, answer)
    assert (newest["code"], newest["user"]) == (code, ADA)
    assert (error.code, error.user, error.status) == (code, ADA, answer.status_code)
    assert f"code={code} detail='' user='{ADA}'" in caplog.text
    assert ADA not in answer.text


def test_a_message_that_was_not_believed_names_nobody(browser, store, caplog):
    newest, error = found(store, forged(browser, nameid=ADA))
    assert (newest["code"], newest["user"], error.user) == ("signature", "", "")
    assert ADA not in caplog.text


def test_without_a_key_of_the_person_nobody_is_named(browser, database, box, store, caplog):
    with database.session() as db:
        connect(db, box, "demo", IDP, subject_attribute="memberNumber")
    started = browser.begin()
    answer = browser.answer(IDP.response(sp_of(browser.app, "demo"), started.request_id, **NAME), started.relay_state)
    newest, error = found(store, answer)
    assert (newest["code"], newest["user"], error.user) == ("subject-missing", "", "")
    assert "Lovelace" not in caplog.text


def test_the_page_says_it_once_and_calls_the_number_a_reference(browser, store):
    answer = forged(browser)
    assert answer.text.count("That login did not work") == 2  # the title and the heading
    assert "tell the organizer of the event what you tried to do, and give this reference" in answer.text
    _, error = found(store, answer)
    assert error.said == "That login did not work. Please try again."


def test_the_audit_says_whom_of_the_staff_a_refused_login_was_of(browser, database):
    root = {"nameid": "root@ativ.example"}
    browser.log_in("staff", **root)
    with database.session() as db:
        users.disable(db, users.find(db, implementations.staff(db), root["nameid"]), "left")
    browser.log_in("staff", **root)
    with database.reading() as db:
        newest = audit.recent(db, implementation="staff", limit=1)[0]
    assert (newest.action, newest.target, newest.detail["code"]) == ("login.refused", root["nameid"], "locked-out")


#: What refuses a login, and the place of the code among its arguments.
REFUSING = {"Refusal": 1, "NotAdmitted": 0, "LoginFailed": 0}


def codes_of(path):
    """The codes with which a file refuses logins, as far as they are written where the login is refused."""
    for node in ast.walk(ast.parse(path.read_text())):
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        code = node.args[REFUSING[name]] if name in REFUSING and len(node.args) > REFUSING[name] else None
        if isinstance(code, ast.Constant):
            yield code.value


def test_every_code_of_every_way_in_is_explained_to_operators():
    folders = sorted(path for path in (ROOT / "web" / "auth").iterdir() if path.is_dir())
    found = {(folder.name, code) for folder in folders for path in folder.rglob("*.py") for code in codes_of(path)}
    assert len(found) > 15
    # A view is named after the folder of its way in.
    assert not [(folder, code) for folder, code in sorted(found) if not meaning_of(code, f"{folder}.login")]
