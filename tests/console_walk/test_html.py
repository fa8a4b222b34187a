"""A maintained checker of HTML finds nothing on the pages of the console, of logins, of the widget, and of errors."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.console_walk.stage import EXTERNAL
from tests.web.stub_desk import PUBLIC_URL

CHECKER = Path(__file__).parent / "html_check"

#: Rules of the checker that are off, or changed, with the reason.
RULES = {
    # Questions of style, on which the standard leaves a choice: both ways mean the same.
    "doctype-style": "off",
    "no-implicit-close": "off",
    "no-implicit-button-type": "off",
    "no-implicit-input-type": "off",
    "no-trailing-whitespace": "off",
    "long-title": "off",  # a title names an implementation, whose name people choose
    "require-sri": ["error", {"target": "crossorigin"}],  # all our files are our own
    "form-dup-name": ["error", {"shared": ["radio", "checkbox", "button", "submit"]}],  # ticks of one question
}


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
    return {name: answer.page.text for name, answer in found.items() if answer.page}


def shape(page):
    """What a page is made of, whatever its words: two of the same shape are checked once."""
    return frozenset((one.tag, *sorted(one.keys()), one.get("type"), one.get("name")) for one in page.tree.iter("*"))


def faults(pages):
    """What the checker says of pages by name, a line each."""
    command = [shutil.which("node"), "check.js", json.dumps(RULES)]
    done = subprocess.run(command, input=json.dumps(pages), capture_output=True, text=True, cwd=CHECKER, check=True)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def checker():
    if (CHECKER / "node_modules").exists() and shutil.which("node"):
        return faults
    if os.environ.get("CI") == "true":
        pytest.fail("the HTML checker is not installed: make test does it")
    pytest.skip("the HTML checker needs Node: apt-get install npm, then make test")


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
