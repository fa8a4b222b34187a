"""Secrets that were pasted into scripts and cases are found, what only looks like one is not, and no text costs much."""

import json

import pytest

from runner.powers.answers.secret_forms import find_secrets
from runner.trials.pasted_secrets import secret_findings
from tests.support import ROOT

#: Lines with a secret.
SECRETS = {
    "a private key": "-----BEGIN RSA PRIVATE KEY-----",
    "an author token": "TOKEN = 'sst_" + "aB3_" * 11 + "'",
    "a key of AWS": "key AKIAIOSFODNN7EXAMPLE in a comment",
    "a token of GitHub": "# ghp_" + "a1B2" * 9,
    "a token of Slack": "xoxb-123456789012-abcdef",
    "a key of Stripe": 'x = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"',
    "a signed token (JWT)": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "a password in an address": 'api = "https://ann:hunter2@cme.example.org/"',
    "a credential": 'headers={"Authorization": "Basic YW5uOmh1bnRlcjJodW50ZXIy"}',
}
NAMED = (
    'password = "hunter2hunter2"',
    "api.get('cme', '/x', headers={'X-Api-Key': 'a1b2c3d4e5f6a7b8'})",
    '"client_secret": "Zm9vYmFyMTIz"',
    "token='8f14e45fceea167a5a36'",
    *(
        json.dumps({"text": json.dumps({"password": "hunter22abc"})}),
        r'x = "{\\\"api_key\\\": \\\"a1b2c3d4e5f6a7b8\\\"}"',
    ),
)
#: Lines without one.
HARMLESS = (
    'password = api.settings["password"]',
    'params={"token": user.id}',
    '"token_url": "https://cme.example.org/oauth2/token"',
    'if token == "attendee2026":',
    'secret = "your-secret-here-1"',
    'api_key = "[redacted] 123"',
    'message("Bearer of a badge", link="https://cme.example.org/claim")',
    'access_key = "see the settings"',
    '# the token is in the connection "ethosce"',
    "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_of_a_known_form_is_found_anywhere(kind):
    (found,) = find_secrets(f"first line\n{SECRETS[kind]}\n")
    assert (found.kind, found.line) == (kind, 2)


@pytest.mark.parametrize("line", NAMED)
def test_a_value_beside_a_telling_name_is_found(line):
    (found,) = find_secrets(line)
    assert line[found.column - 1] not in "'\""
    assert line[found.column - 2] in "'\""


@pytest.mark.parametrize("line", HARMLESS)
def test_what_only_looks_like_a_secret_is_none(line):
    assert find_secrets(line) == []


def test_a_finding_does_not_repeat_the_secret():
    line = SECRETS["a key of Stripe"]
    assert "4eC39" not in json.dumps([vars(one) for one in secret_findings(line)], default=str)


def test_no_example_and_no_case_of_one_has_a_secret():
    files = [path for path in (ROOT / "scripts" / "examples").rglob("*") if path.is_file()]
    assert files
    assert {path: find_secrets(path.read_text()) for path in files if find_secrets(path.read_text())} == {}


@pytest.mark.parametrize(
    "piece",
    ["-eyJ", "eyJaaaaaaaa.eyJ-", "http://a:", "-----BEGIN A ", "Bearer aaaa", "token=", "glpat-", "password='a", "_"],
)
def test_a_hostile_text_of_the_largest_size_is_searched_through(piece):
    find_secrets(piece * (256 * 1024 // len(piece)))
