"""The examples for vendors in docs/facts.md are run as they stand, against a real service."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore
from tests.support import ROOT
from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.web.hooks.test_push_facts import REFERENCE

PAGE = (ROOT / "docs" / "facts.md").read_text()


@pytest.fixture
def service(database, redis, secret):
    """The environment of an example: the address of a service, and a secret."""
    with database.session() as db:
        users.remember(db, implementations.find(db, "demo"), "165", users.UserProfile("mei"))
    with serving(lambda address: make_app(database, LoginStore(redis), make_settings(address))) as (address, _):
        yield {"SERVICE": address, "SECRET": secret, "PATH": os.environ["PATH"]}


def example(heading, language):
    """The first block of a language below a heading, about a session that the test's records have."""
    below = PAGE.split(f"### {heading}\n", 1)[1]
    return re.search(rf"```{language}\n(.*?)```", below, re.DOTALL)[1].replace("CE-101", "CE-1")


def run(command, service, **more):
    done = subprocess.run(command, env=service, capture_output=True, text=True, timeout=60, check=False, **more)
    return done.stdout + done.stderr


def test_the_example_with_curl_pushes(service, known):
    if not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("needs curl and openssl")
    assert '"taken":1' in run(["/bin/sh", "-euc", example("With curl", "sh")], service)
    assert known("165") == {"CE-1": {"claimed": True}}


def test_the_example_with_python_pushes(service, known):
    assert '"taken":1' in run([sys.executable, "-c", example("With Python", "python")], service)
    assert known("165") == {"CE-1": {"claimed": True}}


def test_the_example_with_javascript_pushes(service, known):
    if not ((REFERENCE / "node_modules").exists() and shutil.which("node")):
        pytest.skip("needs the reference library for JavaScript: make test installs it")
    command = [shutil.which("node"), "--input-type=module", "--eval", example("With JavaScript", "js")]
    assert '"taken":1' in run(command, service, cwd=REFERENCE)
    assert known("165") == {"CE-1": {"claimed": True}}
