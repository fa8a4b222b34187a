"""Attacks on who is who in the console: names of others in the audit, the one-time link, numbers, cookies of others."""

import csv
import io
import time

import pytest

from records import Database, UserProfile, audit
from records.people import administrators, grants, users
from records.tenants import implementations
from runner.logins import LoginStore, StoreAway, Visitor
from runner.store.clients import connect
from tests.support.application import make_app
from tests.web.console.conftest import Desk, person
from web.auth.login_steps.admission import AuthenticatedPerson, admit

DEMO = "/console/implementations/demo"


@pytest.fixture
def namesake(browser_for, database):
    """An organizer whose provider gave them the administrator's own subject."""
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.remember(db, demo, "administrator", UserProfile("mallory@example.org"), provider="https://idp.example")
        grants.add(db, demo, kind="username", value="mallory@example.org", role="organizer", by="tests")
    now = int(time.time())
    return browser_for().sign_in(Visitor("demo", "administrator", "login-of-mallory", now, "saml", now))


def test_a_conference_provider_puts_nobody_of_the_house_into_the_audit(namesake, browser_for, database):
    for browser, name in ((browser_for("administrator"), "bob@example.org"), (namesake, "carol@example.org")):
        given = {"role": "scanner", "kind": "username", "values": name}
        assert browser.send(f"{DEMO}/roles/scanners", **given).status_code == 303
    with database.reading() as db:
        actors = [entry.actor for entry in audit.recent(db, implementation="demo")]
        by = {grant.created_by for grant in grants.every(db, implementations.find(db, "demo"))} - {"tests"}
    assert actors == ["demo/administrator", "staff/administrator"]
    assert by == {"staff/administrator", "demo/administrator"}


def test_a_login_entry_names_whose_person_it_is(app, database):
    profile = UserProfile("organizer@example.org", "member", "Organizer")
    with app.test_request_context():
        admit(AuthenticatedPerson("demo", "saml", "https://idp.example", "organizer", profile))
    with database.reading() as db:
        assert [entry.actor for entry in audit.recent(db, implementation="demo")] == ["demo/organizer"]


def test_the_longest_subject_still_leaves_its_trace(browser_for, database):
    longest = "x" * 255
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.remember(db, demo, longest, UserProfile("long@example.org"))
        grants.add(db, demo, kind="username", value="long@example.org", role="organizer", by="tests")
    now = int(time.time())
    browser = browser_for().sign_in(Visitor("demo", longest, "login-of-x", now, "saml", now))
    given = {"role": "scanner", "kind": "username", "values": "bob@example.org"}
    assert browser.send(f"{DEMO}/roles/scanners", **given).status_code == 303
    with database.reading() as db:
        assert audit.recent(db, implementation="demo")[0].actor.startswith("demo/xxx")


@pytest.mark.parametrize("taken", ["locked out", "by a provider"])
def test_a_link_for_a_first_administrator_who_may_not_come_in_ends_with_words(browser_for, database, taken):
    with database.session() as db:
        first = users.find(db, implementations.staff(db), "first administrator")
        if taken == "locked out":
            users.disable(db, first, "no longer needed")
        else:
            first.provider = "https://ativ.example/idp"
        link = administrators.new_link(db)
    browser = browser_for()
    answer = browser.send(f"/console/first/{link}")
    assert answer.status_code == 403
    assert "session-status role grant" in answer.text
    assert browser.get("/console/").status_code == 303  # nobody is signed in


def test_numbers_of_thousands_of_digits_are_no_error_of_ours(browser_for):
    digits = "9" * 5000
    assert browser_for("organizer").get(f"{DEMO}/people?page={digits}").status_code == 200
    assert browser_for("administrator").get(f"/console/?page={digits}").status_code == 200
    assert browser_for("administrator").get(f"/console/audit?before={digits}").status_code == 200
    for page in (f"{DEMO}/people/{digits}", f"{DEMO}/roles/{digits}/remove"):
        assert browser_for("organizer").get(page).status_code == 404
        assert browser_for().get(page).status_code in (303, 404)


def test_a_download_computes_nothing_wherever_a_spreadsheet_splits_its_lines(browser_for, database):
    hostile = ("=1+1", "+1", "-1", "@SUM(A1)", "x;=1+1", "x;@SUM(A1);+2", "'=1")
    with database.session() as db:
        for text in hostile:
            audit.append(db, actor=text, action="grant.added", target=text, implementation="demo", reason=text)
    text = browser_for("organizer").get(f"{DEMO}/audit.csv").text
    for delimiter in ",;":
        cells = [cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))], delimiter


@pytest.mark.parametrize("planted", ["\u2000{}", "\u00a0{}", "={}", "\x85{}", "\x1f{}", "$Version=1; {}x"])
def test_a_cookie_whose_name_only_looks_like_ours_is_nobodys_login(app, logins, planted):
    """As a sibling domain could plant it, past the rules for __Host- cookies."""
    good = f"{logins.cookie}={logins.sign(person('administrator'))}"
    browser = app.test_client(use_cookies=False)

    def asked(cookie):
        header = {"Cookie": cookie.encode().decode("latin-1")}
        return browser.get("/console/", headers=header, base_url="https://status.example.org").status_code

    assert asked(good) == 200
    assert asked(planted.format(good)) == 303


@pytest.mark.parametrize("gone", ["store", "records"])
def test_without_store_or_records_nobody_is_signed_in_and_the_page_says_so(database, store, gone, tmp_path):
    """The page that says so has the console's frame, which would ask who is signed in."""
    away = {
        "store": (database, LoginStore(connect(f"unix://{tmp_path}/nothing"))),
        "records": (Database(f"sqlite:///{tmp_path}/nowhere/records.db"), store),
    }[gone]
    app = make_app(*away)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.test_client_class = Desk
    browser = app.test_client().sign_in(person("administrator"))
    for page in ("/console/", f"{DEMO}/people", "/console/audit"):
        answer = browser.get(page)
        assert answer.status_code == 503, page
        assert "Wait a minute, then try again" in answer.text
        assert "Administrator" not in answer.text


@pytest.mark.postgres
def test_a_nul_in_an_address_or_a_name_is_refused_and_not_asked_of_postgresql(postgres_url, store):
    database = Database(postgres_url)
    with database.session() as db:
        staff = implementations.staff(db)
        implementations.create(db, "demo", "Demo")
        users.remember(db, staff, "administrator", UserProfile("administrator@example.org"))
        grants.add(db, staff, kind="username", value="administrator@example.org", role="administrator", by="tests")
    app = make_app(database, store)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.test_client_class = Desk
    browser, nobody = app.test_client().sign_in(person("administrator")), app.test_client()
    for page in ("people?q=%00", "audit?target=x%00"):
        assert browser.get(f"{DEMO}/{page}").status_code == 400, page
    for page in (f"{DEMO}/connections/%00", "/console/implementations/%00/"):
        assert browser.get(page).status_code == 404, page
    assert browser.send(f"{DEMO}/connections/new", name="a\0b").status_code == 422
    token = "/api/v1/implementations/%00/auth/token"
    assert nobody.post(token, data={"grant_type": "refresh_token", "refresh_token": "x"}).status_code == 404
    database.dispose()


def test_nobody_is_called_locked_out_whose_logins_could_not_be_ended(
    browser_for, database, store, number_of, monkeypatch
):
    def away(*_):
        raise StoreAway("ConnectionError")

    browser, page = browser_for("administrator"), f"{DEMO}/people/{number_of('organizer')}"
    with monkeypatch.context() as patch:
        patch.setattr(type(store.ended_logins), "end_everybody", away)
        assert browser.send(f"{page}/disable", reason="left").status_code == 503
    with database.reading() as db:
        assert users.find(db, implementations.find(db, "demo"), "organizer").disabled_at is None
        assert audit.recent(db, implementation="demo") == []
    assert browser.send(f"{page}/disable", reason="left").status_code == 303
    assert browser_for("organizer").get(f"{DEMO}/").status_code == 303
