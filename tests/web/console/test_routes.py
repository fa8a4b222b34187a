"""Every route has a named permission, and every role gets through exactly the doors which the table says."""

import re

import pytest
from flask import Response

from records import roles
from tests.web.console.conftest import CROWD, Desk, person
from tests.web.console.route_table import KEPT, lines, routes

#: What each role may do, written once more: a slip in the application's own table shows here.
MAY = {
    "attendee": "",
    "scanner": "",
    "author": "SEE_CONSOLE SEE_SETTINGS SEE_SCRIPTS SUBMIT_SCRIPTS MAKE_TOKENS",
    "organizer": "SEE_CONSOLE SEE_SETTINGS CHANGE_SETTINGS SEE_PEOPLE GRANT_SCANNING SEE_ATTENDANCE CORRECT_ATTENDANCE "
    "SEE_RUNS SEE_AUDIT",
    "reviewer": "SEE_CONSOLE SEE_SETTINGS SEE_PEOPLE SEE_ATTENDANCE SEE_RUNS SEE_AUDIT SEE_ALL_AUDIT SEE_SCRIPTS REVIEW_SCRIPTS "
    "DEPLOY_SCRIPTS",
    "administrator": "SEE_CONSOLE SEE_SETTINGS CHANGE_SETTINGS CHANGE_TRUST SEE_PEOPLE GRANT_SCANNING GRANT_ROLES "
    "SEE_ATTENDANCE CORRECT_ATTENDANCE SEE_RUNS SEE_AUDIT ADD_IMPLEMENTATIONS RETIRE_IMPLEMENTATIONS SEE_ALL_AUDIT SEE_SCRIPTS SUBMIT_SCRIPTS MAKE_TOKENS "
    "REVIEW_SCRIPTS DEPLOY_SCRIPTS MANAGE_MAILS",
    "first administrator": "SEE_CONSOLE SEE_SETTINGS CHANGE_SETTINGS CHANGE_TRUST SEE_PEOPLE GRANT_SCANNING "
    "GRANT_ROLES SEE_ATTENDANCE CORRECT_ATTENDANCE SEE_RUNS SEE_AUDIT ADD_IMPLEMENTATIONS RETIRE_IMPLEMENTATIONS SEE_ALL_AUDIT SEE_SCRIPTS "
    "SUBMIT_SCRIPTS MAKE_TOKENS REVIEW_SCRIPTS DEPLOY_SCRIPTS MANAGE_MAILS",
}
#: Whose permissions hold in every implementation.
EVERYWHERE = (*roles.STAFF_ROLES, "first administrator")

#: Whose login does not count at all: how it is made.
NOBODY = {
    "nobody": None,
    "disabled": person("disabled"),
    "ended": person("organizer", login="ended"),
    "idle": person("administrator", age_s=31 * 60),
    "by a registration vendor": person("administrator", source="password"),
    "by an app's token": person("administrator", source="jwt"),
    "first administrator of yesterday": person("first administrator", age_s=9 * 3600),
    "unknown": person("administrator", subject="who"),
    "of another house": person("administrator", implementation="other"),
}

ARGUMENT = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


@pytest.fixture
def entered(app, store):
    """The application with a last step before every view that says who got that far. No view runs."""
    store.ended_logins.end("ended")
    app.test_client_class = Desk

    @app.before_request
    def last_step():
        return Response("entered", 299)

    return app


def filled(rule, implementation):
    """An address for a rule."""
    return ARGUMENT.sub(lambda found: implementation if found[2] == "implementation" else "1", rule)


def ask(browser, method, address):
    return browser.get(address) if method == "GET" else browser.send(address)


def outcome(answer):
    """What the door said."""
    if answer.status_code == 299:
        return "enters"
    where = answer.headers.get("Location", "")
    if where.startswith("/console/in?next=") or (answer.status_code == 403 and "Sign in first" in answer.text):
        return "signs in first"
    if "fresh=1" in where or (answer.status_code == 403 and "Confirm that it is you" in answer.text):
        return "proves again"
    if answer.status_code == 404 and "There is no such implementation" in answer.text:
        return "is not there"
    if answer.status_code == 403 and "Your roles do not allow you" in answer.text:
        return "may not"
    return f"{answer.status_code} {answer.text[:100]}"


def expected(role, rule, permission, implementation):
    """What the door should say to a standing, fresh login."""
    if permission == "ANYONE":
        return "enters"
    home = "staff" if role in EVERYWHERE else CROWD[role][0]
    may = MAY[role].split() if role in EVERYWHERE or "<implementation>" not in rule or home == implementation else []
    if "<implementation>" in rule and "SEE_CONSOLE" not in may:
        return "is not there"
    return "enters" if permission in may else "may not"


def walk(app, browser, implementations):
    """Ask for every route, but those which the short way answers before Flask."""
    for method, rule, permission, fresh in routes(app):
        if rule.endswith("/status") and method == "GET":
            continue
        judged = permission != "ANYONE" and "<implementation>" in rule
        for implementation in implementations if judged else implementations[:1]:
            answer = ask(browser, method, filled(rule, implementation))
            yield method, rule, permission, fresh, implementation, outcome(answer)


def test_every_route_says_what_it_needs_and_stands_in_the_table(app):
    now = lines(app)
    kept = [line for line in KEPT.read_text().splitlines() if line and not line.startswith("#")]
    assert not [line for line in now if "NOTHING SAID" in line]
    missing, gone = sorted(set(now) - set(kept)), sorted(set(kept) - set(now))
    words = ["Judge each, then correct tests/web/console/routes.txt.", "Add:", *missing, "Take out:", *gone]
    assert not missing + gone, "\n".join(words)


def test_every_role_is_judged():
    assert set(MAY) == {*roles.NAMES, "first administrator"}, "say in MAY what each role may do"


@pytest.mark.parametrize("role", MAY)
def test_a_role_gets_through_the_doors_of_the_table_and_no_other(entered, role):
    browser = entered.test_client().sign_in(person(role))
    for method, rule, permission, _, implementation, said in walk(entered, browser, ("demo", "other", "staff", "none")):
        assert said == expected(role, rule, permission, implementation), f"{role}: {method} {rule} in {implementation}"


@pytest.mark.parametrize("who", NOBODY)
def test_whose_login_does_not_count_enters_only_what_is_for_everybody(entered, who):
    browser = entered.test_client()
    if NOBODY[who]:
        browser.sign_in(NOBODY[who])
    for method, rule, permission, _, implementation, said in walk(entered, browser, ("demo",)):
        should = "enters" if permission == "ANYONE" else "signs in first"
        assert said == should, f"{who}: {method} {rule} in {implementation}"


def test_what_needs_a_fresh_login_asks_again_after_ten_minutes(entered, store):
    visitor = person("administrator", age_s=11 * 60)
    store.idle_timeouts.begin(visitor.login)
    browser = entered.test_client().sign_in(visitor)
    for method, rule, permission, fresh, _, said in walk(entered, browser, ("demo",)):
        assert said == ("proves again" if fresh else "enters"), f"{method} {rule} {permission}"


def test_a_view_which_says_nothing_is_refused_even_to_an_administrator(app, caplog):
    app.test_client_class = Desk
    app.add_url_rule("/console/new", "new", lambda: "here")
    answer = app.test_client().sign_in(person("administrator")).get("/console/new")
    assert answer.status_code == 403
    assert "here" not in answer.text
    assert "does not declare what it requires" in caplog.text
