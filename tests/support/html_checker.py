"""The HTML checker (html-validate, on Node) for the pages of all our applications."""

import json
import os
import shutil
import subprocess

import pytest

from tests.support import ROOT

CHECKER = ROOT / "tests" / "system" / "console_walk" / "html_check"

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


def faults(pages):
    """What the checker says of pages by name, a line each."""
    command = [shutil.which("node"), "check.js", json.dumps(RULES)]
    done = subprocess.run(command, input=json.dumps(pages), capture_output=True, text=True, cwd=CHECKER, check=True)
    return done.stdout.splitlines()


@pytest.fixture(scope="session")
def checker():
    """Say what is wrong with pages by name."""
    if (CHECKER / "node_modules").exists() and shutil.which("node"):
        return faults
    if os.environ.get("CI") == "true":
        pytest.fail("the HTML checker is not installed: make test does it")
    pytest.skip("the HTML checker needs Node: apt-get install npm, then make test")
