"""`script record`: a real vendor answers, and what is written can be handed to anybody and replayed."""

import json

import pytest

from runner.trials.author_vendors import AuthorConnectionsError, SecretRequest, read_connections
from tests.support.vendors import Vendor, reply
from web.cli.authors import record_command

SCRIPT = '''"""Pages through claims.

Connection  cme  a vendor
"""


def status(user, session, api):
    params = {"user": user.id}
    for _ in range(3):
        page = api.get("cme", "/claims", params=params).json()
        for row in page["rows"]:
            if row["person"]["id"] == user.id:
                return message("Claimed " + row["credit"])
        if not page["next_token"]:
            return message("Claim")
        params["token"] = page["next_token"]
    return hidden()
'''
INPUT = {"user": {"id": "165", "first_name": "Mei"}, "session": {"id": "CE-1"}, "now": "2026-05-04T14:10:00Z"}
PAGES = {
    "": {
        "rows": [{"person": {"id": "7", "name": "Olga O.", "email": "olga@cme-vendor.com"}}],
        "next_token": "olga-page-2",
    },
    "olga-page-2": {"rows": [{"person": {"id": "165", "name": "Mei"}, "credit": "1.0"}], "next_token": None},
}


def answer(request):
    if request.headers.get("authorization") != "Bearer a-secret-of-the-vendor":
        return reply({"error": "who are you?"}, status=401)
    token = request.target.partition("token=")[2]
    return reply(
        PAGES[token],
        headers={
            "X-Request-Of": "olga@cme-vendor.com",
            "Link": "</claims?token=olga-page-2>; rel=next",
            "Set-Cookie": "s=secret",
        },
    )


@pytest.fixture
def vendor():
    started = Vendor(answer)
    yield started
    started.close()


@pytest.fixture
def case(tmp_path, vendor):
    """A script with a case that has no answers yet, and where the vendor's test system is."""
    connection = {"base_url": vendor.url, "auth_kind": "bearer", "secret_env": "CME_TOKEN"}
    for name, value in {"input.json": INPUT, "connections.json": {"cme": connection}}.items():
        (tmp_path / name).write_text(json.dumps(value))
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "claimed").mkdir()
    return tmp_path / "claimed"


ENV = {"CME_TOKEN": "a-secret-of-the-vendor"}
ALLOWED = ("--allow-env", "CME_TOKEN")


def test_what_is_recorded_replays_and_names_nobody(cli, case, vendor):
    told = cli("script", "record", case, *ALLOWED, env=ENV)
    assert told.exit_code == 0, told.output
    assert "Claimed 1.0" in told.output
    assert "Saved 2 answers" in told.output
    assert "1 e-mail address" in told.output
    written = (case / "answers.json").read_text()
    for personal in ("Olga", "olga", "cme-vendor", "a-secret", "Set-Cookie", "s=secret"):
        assert personal not in written, personal
    assert len(vendor.requests) == 2
    replayed = cli("script", "test", case)
    assert (replayed.exit_code, "1 of 1 case passed" in replayed.output) == (0, True)
    assert json.loads((case / "expected.json").read_text())["message"]["text"] == "Claimed 1.0"
    assert len(vendor.requests) == 2


def test_nothing_is_overwritten_without_a_word(cli, case):
    cli("script", "record", case, *ALLOWED, env=ENV)
    before = (case / "answers.json").read_text()
    again = cli("script", "record", case, *ALLOWED, env=ENV)
    assert (again.exit_code, "--overwrite" in again.output) == (2, True)
    assert (case / "answers.json").read_text() == before
    assert cli("script", "record", case, "--overwrite", *ALLOWED, env=ENV).exit_code == 0


def test_a_refused_login_is_recorded_as_it_is(cli, case):
    told = cli("script", "record", case, *ALLOWED, env={"CME_TOKEN": "a-wrong-secret"})
    assert told.exit_code == 0
    (entry,) = json.loads((case / "answers.json").read_text())
    assert entry["status"] == 401
    assert json.loads((case / "expected.json").read_text())["outcome"] == "raised"


def test_a_vendor_that_is_away_is_recorded_as_a_failed_call(cli, case, vendor):
    vendor.close()
    told = cli("script", "record", case, *ALLOWED, env=ENV)
    assert told.exit_code == 0, told.output
    assert json.loads((case / "answers.json").read_text())[0]["error"] in ("connection", "timeout")


def test_a_personal_path_is_not_written(cli, case, vendor):
    (case.parent / "script.py").write_text(SCRIPT.replace('"/claims"', '"/claims/of/olga@cme-vendor.com"'))
    told = cli("script", "record", case, *ALLOWED, env=ENV)
    assert (told.exit_code, "Nothing was written" in told.output) == (2, True)
    assert not (case / "answers.json").exists()


def test_redaction_that_changes_what_is_shown_is_told(cli, case):
    source = 'def status(user, session, api):\n    page = api.get("cme", "/claims").json()\n    if page["rows"][0]["person"]["name"] == "Olga O.":\n        return message("Olga")\n    return hidden()\n'
    (case.parent / "script.py").write_text(source)
    told = cli("script", "record", case, *ALLOWED, env=ENV)
    assert (told.exit_code, "does something else" in told.output) == (1, True)


#: What connections.json must not be, and the words of the refusal.
WRONG = {
    "a list": ([], "must be an object"),
    "a secret in the file": ({"cme": {"base_url": "https://a.example", "secret": "x"}}, "environment variable"),
    "no address": ({"cme": {}}, "base_url is missing"),
    "plain http elsewhere": ({"cme": {"base_url": "ftp://a.example"}}, "cme: "),
    "a misspelt member": ({"cme": {"base_url": "https://a.example", "metods": []}}, "'metods' is not known"),
    "an unknown kind": (
        {"cme": {"base_url": "https://a.example", "auth_kind": "magic", "secret_env": "CME_TOKEN"}},
        "auth_kind must be one of",
    ),
    "no variable": ({"cme": {"base_url": "https://a.example", "auth_kind": "bearer"}}, "secret_env is missing"),
    "a variable that is not set": (
        {"cme": {"base_url": "https://a.example", "auth_kind": "bearer", "secret_env": "NOT_SET_HERE"}},
        "set the environment variable NOT_SET_HERE",
    ),
    "a method that scripts have not": (
        {"cme": {"base_url": "https://a.example", "methods": ["DELETE"]}},
        "GET and POST",
    ),
    "no user": (
        {"cme": {"base_url": "https://a.example", "auth_kind": "basic", "secret_env": "CME_TOKEN"}},
        "auth_fields.user",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_connections_that_cannot_be_used_are_refused_with_the_reason(cli, case, what):
    connections, words = WRONG[what]
    (case.parent / "connections.json").write_text(json.dumps(connections))
    told = cli("script", "record", case, *ALLOWED, env=ENV)
    assert (told.exit_code, words in told.output) == (2, True), told.output
    assert "a-secret" not in told.output


def test_a_case_without_its_files_says_which_is_missing(cli, case):
    (case.parent / "connections.json").unlink()
    assert "there is no connections.json" in cli("script", "record", case, *ALLOWED, env=ENV).output
    assert cli("script", "record", case / "nowhere").exit_code == 2


def test_a_refused_script_calls_nobody(cli, case, vendor):
    (case.parent / "script.py").write_text("import os\n")
    assert cli("script", "record", case, *ALLOWED, env=ENV).exit_code == 1
    assert vendor.requests == []
    assert not (case / "answers.json").exists()


def test_a_link_in_a_case_of_somebody_else_writes_nothing_outside(cli, case, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "profile"
    (case / "answers.json").symlink_to(outside)
    told = cli("script", "record", case, *ALLOWED, env=ENV)
    assert (told.exit_code, "a link leads from here" in told.output) == (2, True)
    assert not outside.exists()


def test_a_folder_of_somebody_else_does_not_send_an_author_token_to_its_vendor(cli, case, vendor):
    connections = case.parent / "connections.json"
    connections.write_text(connections.read_text().replace("CME_TOKEN", "SESSION_STATUS_TOKEN"))
    told = cli("script", "record", case, *ALLOWED, env={"SESSION_STATUS_TOKEN": "sst_mine"})
    assert (told.exit_code, "it is not for a vendor" in told.output) == (2, True)
    assert vendor.requests == []


@pytest.mark.parametrize("more", [(), ("--allow-env", "HOME"), ("--allow-env", "CME")])
def test_a_folder_of_somebody_else_gets_no_variable_that_its_author_did_not_allow(cli, case, vendor, more):
    told = cli("script", "record", case, *more, env=ENV)
    assert told.exit_code == 2
    host = vendor.url.removeprefix("http://")
    assert f"the value of CME_TOKEN would be sent to {host}. If that is right, add --allow-env CME_TOKEN" in told.output
    assert "a-secret" not in told.output
    assert vendor.requests == []


@pytest.mark.parametrize("typed", ["y", "n", ""])
def test_a_terminal_asks_before_a_variable_is_sent_and_names_the_hosts(cli, case, vendor, monkeypatch, typed):
    monkeypatch.setattr(record_command, "_has_terminal", lambda: True)
    told = cli("script", "record", case, env=ENV, stdin=f"{typed}\n")
    host = vendor.url.removeprefix("http://")
    assert f"connections.json wants to send the value of CME_TOKEN to {host}. Send it? [y/N]" in told.output
    assert bool(vendor.requests) == (case / "answers.json").exists() == (typed == "y")


def test_the_token_address_of_a_folder_of_somebody_else_is_named_too():
    fields = {"token_url": "https://collects.example.org/token", "client_id": "x"}
    given = {"base_url": "https://good.example.org", "auth_kind": "oauth2_client_credentials", "auth_fields": fields}
    uses = []
    with pytest.raises(AuthorConnectionsError, match=r"good\.example\.org and collects\.example\.org"):
        read_connections({"cme": {**given, "secret_env": "X"}}, {"X": "s"}, uses.append)
    assert uses == [SecretRequest("X", "cme", ("good.example.org", "collects.example.org"))]
