"""A maintained checker of HTML finds nothing on the pages of the console, of logins, of the widget, and of errors."""

import pytest

from tests.console_walk.stage import EXTERNAL
from tests.console_walk.walk import HOST
from tests.web.stub_desk import PUBLIC_URL

#: Somebody who can be locked out: a form that asks for a fresh login, on a page that does not.
PERSON = f"{PUBLIC_URL}/console/implementations/demo/people/4"


@pytest.fixture(scope="module")
def others(stage):
    """Pages outside the console: logins and logouts, the widget, refusals and errors."""
    stage.rewind()
    stranger, ada = stage.walker(), stage.walker("attendee")
    found = {}
    for browser, name in ((stranger, "stranger"), (ada, "attendee")):
        for slug in (*EXTERNAL, "assertions", "empty", "closed"):
            for path in (f"/login/{slug}", f"/ext/{slug}/login", f"/login/{slug}/out", f"/m/{slug}/done"):
                found[f"{name} {path}"] = browser.get(PUBLIC_URL + path)
        for path in ("/console/", "/widget/demo/sessions/CE-1", "/widget/demo/sessions/none", "/r/none"):
            found[f"{name} {path}"] = browser.get(PUBLIC_URL + path)
    old = stage.walker("first administrator", age_s=2 * 3600)
    found["a new link is needed"] = old.get(f"{PUBLIC_URL}/console/implementations/demo/settings/link-hosts")
    found |= {"log in again to send": sent_again(stage, age_s=2 * 3600), "sign in to send": sent_again(stage, age_s=0)}
    return {name: answer.page.text for name, answer in found.items() if answer.page}


def sent_again(stage, age_s):
    """A form that is kept because the login is too old for it, or (with age 0) gone: what was typed is on the page."""
    browser = stage.walker("administrator", age_s=age_s)
    (form,) = [one for one in browser.get(PERSON).page.forms if one.action.endswith("/disable")]
    if not age_s:
        browser.http.delete_cookie(stage.app.extensions["entrance"].logins.cookie, domain=HOST)
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
