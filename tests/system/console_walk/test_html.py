"""A maintained checker of HTML finds nothing on the pages of the console, of logins, of the widget, and of errors."""

from datetime import timedelta

import pytest

from records.tenants import implementations
from tests.support.stub_status_service import PUBLIC_URL
from tests.system.console_walk.implementations import EXTERNAL
from tests.system.console_walk.walk import HOST

#: Somebody who can be locked out: a form that asks for a fresh login, on a page that does not.
PERSON = f"{PUBLIC_URL}/console/implementations/demo/people/4"


@pytest.fixture(scope="module")
def others(stage):
    """Pages outside the console: logins and logouts, the widget, refusals and errors."""
    stage.rewind()
    with stage.database.session() as db:  # logins of two hours ago count only where the implementation is older
        for each in implementations.every(db):
            each.created_at -= timedelta(days=1)
    stranger, ada = stage.walker(), stage.walker("attendee")
    found = {}
    for browser, name in ((stranger, "stranger"), (ada, "attendee")):
        for slug in (*EXTERNAL, "assertions", "empty", "closed"):
            for path in (f"/login/{slug}", f"/ext/{slug}/login", f"/login/{slug}/out", f"/m/{slug}/done"):
                found[f"{name} {path}"] = browser.get(PUBLIC_URL + path)
        for path in ("/console/", "/widget/demo/sessions/CE-1", "/widget/demo/sessions/none", "/r/none"):
            found[f"{name} {path}"] = browser.get(PUBLIC_URL + path)
    old = in_use(stage, "first administrator")
    found["a new link is needed"] = old.get(f"{PUBLIC_URL}/console/implementations/demo/settings/link-hosts")
    assert "A new link is needed" in found["a new link is needed"].page.text
    found |= {"log in again to send": sent_again(stage), "sign in to send": sent_again(stage, signed_out=True)}
    return {name: answer.page.text for name, answer in found.items() if answer.page}


def in_use(stage, name):
    """The browser of somebody who logged in two hours ago and has been at it since."""
    stage.app.extensions["auth services"].store.idle_timeouts.begin(f"login of {name}")
    return stage.walker(name, age_s=2 * 3600)


def sent_again(stage, *, signed_out=False):
    """The page that keeps what was typed, because the login is too old for the form, or has gone meanwhile."""
    browser = in_use(stage, "administrator")
    (form,) = [one for one in browser.get(PERSON).page.forms if one.action.endswith("/disable")]
    if signed_out:
        browser.http.delete_cookie(stage.app.extensions["auth services"].logins.cookie, domain=HOST)
    answer = browser.send(form, {"reason": "<lost> phone"})
    assert answer.status == 403
    assert "send it again" in answer.page.text
    assert "&lt;lost&gt; phone" in answer.page.text
    return answer


def shape(page):
    """What a page is made of, whatever its words: two of the same shape are checked once."""
    return frozenset((one.tag, *sorted(one.keys()), one.get("type"), one.get("name")) for one in page.tree.iter("*"))


def test_the_checker_finds_what_is_wrong(checker):
    wrong = '<!doctype html><html lang="en"><title>x</title><form><input name="a"><input name="a"></form><p id="a"><p id="a">'
    found = "\n".join(checker({"wrong": wrong}))
    assert "form-dup-name" in found
    assert "no-dup-id" in found


def test_no_page_of_the_console_has_a_fault_in_its_html(checker, walked):
    shapes = {}
    for role, one in walked.items():
        for address, answer in one.answers.items():
            if answer.page:
                shapes.setdefault(shape(answer.page), (f"{role}: {address}", answer.page.text))
    assert len(shapes) > 40
    assert checker(dict(shapes.values())) == []


def test_no_page_of_logins_widget_and_errors_has_a_fault_in_its_html(checker, others):
    assert len(others) > 20
    assert checker(others) == []
