"""The life of a script at the command line: stored, staged, active, rolled back, stopped; and tokens for authors."""

import json

import pytest

from records import Database, UserProfile, audit
from records.audit import AuditContext
from records.changes.scripts import deployments as changes
from records.changes.scripts import submissions
from records.changes.scripts.readiness import Without
from records.people import users
from records.scripts import author_tokens, versions
from records.scripts.reviews import ReviewDecision
from records.tenants import implementations
from runner.trials.submission import checked_script
from runner.trials.trial import TrialSandbox
from tests.support.script_authors import add_author

SCRIPT = "def status(user, session, api):\n    return message('{}')\n"


@pytest.fixture
def event(cli, records, write_file):
    """An implementation `aha26` with version 1 active and version 2 stored."""
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=records).exit_code == 0
    assert cli("script", "activate", "aha26", write_file("1.py", SCRIPT.format("One")), env=records).exit_code == 0
    assert cli("script", "store", "aha26", write_file("2.py", SCRIPT.format("Two")), env=records).exit_code == 0
    return records


@pytest.fixture
def open_records(event):
    database = Database(f"sqlite:///{event['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    yield database
    database.dispose()


def shown(cli, event):
    return json.loads(cli("implementation", "show", "aha26", "--json", env=event).stdout)["script"]


def entries(database):
    with database.reading() as db:
        found = audit.recent(db, implementation="aha26")[::-1]
        return [(one.actor, one.action, one.target, one.reason, one.detail) for one in found]


def test_a_version_is_staged_widened_activated_and_rolled_back(cli, event, open_records):
    stage = ("script", "stage", "aha26", "2", "--share", "10")
    refused = cli(*stage, env=event)
    assert refused.exit_code == 2
    assert "2 is not approved" in refused.stderr
    assert cli(*stage, "--without-review", env=event).stdout == "Version 2 is staged for 10 % of the users of aha26.\n"
    assert shown(cli, event) == "version 1 is active; version 2 is staged for 10 % of the users"
    told = cli("script", "deployments", "aha26", env=event).stdout
    assert "Version 2 is not compared with the active version yet: 0 users had runs of it (10 are needed)" in told
    [staged, _] = json.loads(cli("script", "deployments", "aha26", "--json", env=event).stdout)
    assert (staged["watch"]["staged_users"], staged["watch"]["comparisons"]) == (0, 0)
    assert staged["watch"]["lacking"] in told
    assert cli("script", "widen", "aha26", "2", "--share", "5", env=event).exit_code == 2
    assert "2 is staged by now, and not 1" in cli("script", "widen", "aha26", "1", "--share", "50", env=event).stderr
    widened = cli("script", "widen", "aha26", "2", "--share", "50", env=event)
    assert widened.stdout == "Version 2 is staged for 50 % of the users of aha26.\n"
    activate = ("script", "activate-version", "aha26", "2", "--without-review")
    assert cli(*activate, env=event).stdout == "Version 2 is active for aha26.\n"
    assert cli(*activate, env=event).stdout == "Nothing was changed.\n"
    assert "Missing option '--reason'" in cli("script", "roll-back", "aha26", "2", env=event).stderr
    for seen in ((), ("1",)):
        refused = cli("script", "roll-back", "aha26", *seen, "--reason", "wrong credits", env=event)
        assert (refused.exit_code, "2 is active by now" in refused.stderr) == (2, True)
    back = cli("script", "roll-back", "aha26", "2", "--reason", "wrong credits", env=event)
    assert back.stdout == "Version 1 is active for aha26 again.\n"
    told = cli("script", "deployments", "aha26", env=event).stdout.splitlines()
    assert [line.split()[:2] for line in told[1:]] == [["1", "active"], ["2", "reverted"], ["1", "superseded"]]
    assert "wrong credits" in told[2]
    listed = json.loads(cli("script", "deployments", "aha26", "--json", env=event).stdout)
    assert [(one["version"], one["state"], one["share"]) for one in listed] == [
        (1, "active", 100),
        (2, "reverted", 100),
        (1, "superseded", 100),
    ]
    assert [entry[1] for entry in entries(open_records)[1:]] == [
        *("script.activated", "script.stored", "script.staged", "script.widened", "script.activated"),
        "script.rolled_back",
    ]
    actor, _, target, reason, detail = entries(open_records)[3]
    assert (actor, target, reason, detail["review"], detail["share"]) == ("command line", "version 2", "", "none", 10)


def test_a_file_that_is_activated_at_once_is_noted_as_without_review(open_records):
    _, action, _, _, detail = entries(open_records)[1]
    assert (action, detail["review"]) == ("script.activated", "none")


def test_a_staged_version_is_reverted_and_a_suspended_one_reinstated(cli, event):
    assert cli("script", "stage", "aha26", "2", "--share", "10", "--without-review", env=event).exit_code == 0
    assert cli("script", "revert", "aha26", "2", "--reason", "too long", env=event).exit_code == 0
    assert "no version of aha26 is staged" in cli("script", "revert", "aha26", "2", "--reason", "x", env=event).stderr
    suspend = ("script", "suspend", "aha26", "1", "--reason", "leaks")
    assert cli(*suspend, env=event).stdout == "Version 1 of aha26 is suspended.\n"
    assert cli(*suspend, env=event).stdout == "Nothing was changed.\n"
    assert shown(cli, event) == "no version is active; version 1 is suspended: leaks"
    assert (
        "is suspended: leaks" in cli("script", "activate-version", "aha26", "1", "--without-review", env=event).stderr
    )
    assert cli("script", "reinstate", "aha26", "1", "--reason", "a fault of Python", env=event).exit_code == 0
    assert cli("script", "activate-version", "aha26", "1", "--without-review", env=event).exit_code == 0
    states = {
        one["version"]: one["state"]
        for one in json.loads(cli("script", "versions", "aha26", "--json", env=event).stdout)
    }
    assert states == {1: "active", 2: "never submitted"}


NEEDY = """def status(user, session, api):
    api.post("ethosce", "/claims", json={})
    return message(api.settings["greeting"], link="https://cme.example.org/" + session.id)
"""


def test_a_version_that_needs_what_is_lacking_is_shown_only_with_anyway(cli, event, write_file, open_records):
    file = write_file("3.py", NEEDY)
    assert cli("script", "store", "aha26", file, env=event).exit_code == 0
    for command in (
        ("script", "activate", "aha26", file),
        ("script", "stage", "aha26", "3", "--share", "10", "--without-review"),
        ("script", "activate-version", "aha26", "3", "--without-review"),
    ):
        refused = cli(*command, env=event)
        assert refused.exit_code == 2
        for said in (
            "There is no setting named greeting. A run that reads it fails.",
            "session-status implementation set aha26 script_settings=",
            "There is no connection named ethosce.",
            "session-status connection add aha26 ethosce",
            "Set it first, or add --anyway.",
        ):
            assert said in refused.stderr
    assert shown(cli, event) == "version 1 is active"
    assert cli(*command, "--anyway", env=event).stdout == "Version 3 is active for aha26.\n"
    assert entries(open_records)[-1][-1]["lacks"] == [
        "There is no setting named greeting.",
        "There is no connection named ethosce.",
    ]


def test_the_lists_name_the_people_behind_the_keys(cli, event, open_records):
    with open_records.session() as db:
        owner = implementations.find(db, "aha26")
        users.remember(db, owner, "9f8a7b", UserProfile("g@example.org", "", "Grace", "Okonkwo"))
        made = versions.add_version(db, owner, SCRIPT.format("Five"), by="aha26/9f8a7b")
        changes.activate(db, owner, made.number, AuditContext("aha26/9f8a7b"), without=Without.REVIEW)
    for command in ("versions", "deployments"):
        assert "Grace Okonkwo (aha26/9f8a7b)" in cli("script", command, "aha26", env=event).stdout


def test_scripts_are_stopped_which_show_and_doctor_say_and_go_on(cli, event):
    assert cli("script", "stop", "aha26", "--reason", "wrong credits", env=event).exit_code == 0
    assert shown(cli, event) == "all scripts are stopped: wrong credits; version 1 is active"
    assert "all scripts of aha26 are stopped: wrong credits" in cli("doctor", env=event).stdout
    assert cli("script", "stop", "aha26", "--reason", "again", env=event).stdout == "Nothing was changed.\n"
    assert cli("script", "go-on", "aha26", env=event).stdout == "Scripts of aha26 run again.\n"
    assert shown(cli, event) == "version 1 is active"


def test_submissions_are_listed_with_what_waits_for_a_decision(cli, event, open_records):
    assert cli("script", "submissions", env=event).stdout == "No submission waits for a decision.\n"
    with TrialSandbox(allow_weak=True) as sandbox, open_records.session() as db:
        owner = implementations.find(db, "aha26")
        for name in ("three", "four"):
            source = SCRIPT.format(name)
            checked = checked_script(source, sandbox.review(source, None))
            made = submissions.submit(
                db, owner, checked, submissions.SubmissionDraft(), AuditContext(f"aha26/{name}")
            ).value
        decision = ReviewDecision("approved", made.version.sha256, untried_reason="tests try nothing")
        submissions.decide(db, owner, made.submission.number, decision, AuditContext("staff/rita"))
    [waiting] = json.loads(cli("script", "submissions", "--json", env=event).stdout)
    assert (waiting["implementation"], waiting["number"], waiting["version"]) == ("aha26", 1, 3)
    told = cli("script", "submissions", "aha26", env=event).stdout
    assert "staff/rita" in told
    assert "approved" in told
    assert cli("script", "stage", "aha26", "4", "--share", "10", env=event).exit_code == 0
    assert "staged, 10 %" in cli("script", "versions", "aha26", env=event).stdout


def test_a_recheck_names_the_live_versions_that_this_installation_would_refuse(cli, event, open_records):
    assert cli("script", "recheck", env=event).stdout == "aha26 version 1 (active): accepted\n"
    with open_records.session() as db:
        owner = implementations.find(db, "aha26")
        old = versions.add_version(
            db, owner, "import os\n\ndef status(user, session, api):\n    return hidden()\n", by="me"
        )
        number = old.number
    stage = ("script", "stage", "aha26", str(number), "--share", "10", "--without-review")
    assert cli(*stage, env=event).exit_code == 0
    told = cli("script", "recheck", env=event)
    assert told.exit_code == 1
    assert "aha26 version 1 (active): accepted" in told.stdout
    assert f"aha26 version {number} (staged): would be refused" in told.stdout
    lines = [json.loads(line) for line in cli("script", "recheck", "--json", env=event).stdout.splitlines()]
    assert [(one["version"], one["ok"]) for one in lines] == [(1, True), (number, False)]
    assert "os" in str(lines[1]["findings"])
    assert cli("implementation", "archive", "aha26", env=event).exit_code == 0
    assert cli("script", "recheck", env=event).stdout == "No version is active.\n"


def test_a_token_is_shown_once_listed_without_it_and_revoked(cli, event, open_records):
    make = ("script", "token", "make", "aha26")
    assert "Missing option '--for'" in cli(*make, "ci", env=event).stderr
    for nobody in ("olga", "aha26/olga", "command line"):
        assert "person" in cli(*make, "ci", "--for", nobody, env=event).stderr.lower()
    with open_records.session() as db:
        add_author(db, "aha26/olga")
    made = cli(*make, "ci", "--for", "aha26/olga", "--days", "30", "--may", "submit", env=event)
    text = made.stdout.strip()
    assert text.startswith("sst_")
    assert "not shown again" in made.stderr
    with open_records.reading() as db:
        token = author_tokens.by_name(db, implementations.find(db, "aha26"), "ci")
        assert author_tokens.find_usable(db, implementations.find(db, "aha26"), text, token.made_at).token is token
    listed = cli("script", "token", "list", "aha26", env=event).stdout
    assert text not in listed
    assert "ci    counts  submit  olga (aha26/olga)" in listed
    assert cli(*make, "ci", "--for", "aha26/olga", env=event).exit_code == 2
    assert "must be some of submit" in cli(*make, "x", "--for", "aha26/olga", "--may", "deploy", env=event).stderr
    assert cli(*make, "x", "--for", "aha26/olga", "--days", "366", env=event).exit_code == 2
    with open_records.session() as db:
        owner = implementations.find(db, "aha26")
        users.disable(db, users.find(db, owner, "olga"), "left")
    assert "ci    person may not  submit" in cli("script", "token", "list", "aha26", env=event).stdout
    assert cli("script", "token", "revoke", "aha26", "ci", env=event).stdout == "Revoked ci.\n"
    assert cli("script", "token", "revoke", "aha26", "ci", env=event).stdout == "Nothing was changed.\n"
    assert "revoked" in cli("script", "token", "list", "aha26", env=event).stdout
    assert text not in str(entries(open_records))


def test_a_text_with_an_error_is_not_stored(cli, event, write_file):
    bad = cli("script", "store", "aha26", write_file("bad.py", "import os\n"), env=event)
    assert bad.exit_code == 1
    assert "os" in bad.stderr
    again = cli("script", "store", "aha26", write_file("2.py", SCRIPT.format("Two")), env=event)
    assert again.stdout == "Version 2 is stored for aha26. No user sees it yet.\n"
