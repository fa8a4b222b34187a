"""An author's commands over HTTP: against a real server with a real jail, and against servers that are none of ours."""

import itertools
import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask, Response, redirect, request

from records.audit import AuditContext
from records.changes.scripts import submissions
from records.scripts import runs
from records.scripts.reviews import CommentDraft, ReviewDecision
from runner.logins import LoginStore
from runner.store.clients import connect
from tests.support.application import make_app, make_settings
from tests.support.author_house import ANOTHER, BROKEN, GOOD, author_house
from tests.support.browser import serving
from tests.support.stub_status_service import StubStatusService
from tests.web.authors.recorded_runs import START, record_runs
from web.cli.service import run_commands
from web.cli.service.service_client import ServiceClient

INPUT = {"user": {"id": "165"}, "session": {"id": "CE-1"}, "now": "2026-05-04T14:10:00Z"}
EXPECTED = {"outcome": "returned", "message": {"text": "Claim CE-1"}}


@pytest.fixture(scope="module")
def address(database, valkey_url, check_worker):
    store = LoginStore(connect(valkey_url))

    def make(public_url):
        settings = make_settings(public_url)
        return make_app(database, store, settings, status_service=StubStatusService())

    with check_worker.present(), serving(make) as (found, _):
        yield found
    store.close()


@pytest.fixture
def house(database):
    return author_house(database)


@pytest.fixture
def author(cli, house, address):
    """The command line of an author, with a token in the environment."""
    env = {"SESSION_STATUS_TOKEN": house.token(), "SESSION_STATUS_SERVICE": address}

    def run(*arguments, **changes):
        result = cli(*arguments, env=env | changes)
        assert env["SESSION_STATUS_TOKEN"] not in result.output
        return result

    return run


@pytest.fixture
def folder(tmp_path):
    """A folder with a script and its case."""

    def make(source=GOOD, expected=EXPECTED):
        (tmp_path / "script.py").write_text(source)
        (tmp_path / "input.json").write_text(json.dumps(INPUT))
        (tmp_path / "expected.json").write_text(json.dumps(expected))
        return tmp_path

    return make


def test_an_author_hands_in_and_reads_the_decision(author, house, folder):
    assert author("script", "status", house.slug).output == f"{house.slug} has no submission.\n"
    done = author("script", "submit", house.slug, folder(), "--note", "First")
    assert (done.exit_code, done.output) == (0, "Submission 1 (version 1) waits for a review.\n")
    changed = folder(ANOTHER, EXPECTED | {"message": {"text": "Please claim CE-1"}})
    assert "takes the place of submission 1" in author("script", "submit", house.slug, changed).output
    with house.database.session() as db:
        owner, by = house.owner(db), AuditContext("staff/rita")
        submissions.comment(db, owner, 2, CommentDraft("Which session?", line=5), by)
        row = submissions.submissions.find(db, owner, 2)
        sha256 = db.get_one(submissions.Version, row.version_id).sha256
        submissions.decide(db, owner, 2, ReviewDecision("changes_requested", sha256, public_note="Nearly."), by)
    shown = author("script", "status", house.slug).output
    assert "Submission 2 (version 2): changes requested" in shown
    assert "line 5     Which session?" in shown
    assert "Nearly." in shown
    assert json.loads(author("script", "status", house.slug, 1, "--json").output)["state"] == "superseded"
    assert author("script", "versions", house.slug).output.splitlines()[1].startswith("2        not approved")
    told = author("script", "diff", house.slug, 1, 2).output
    assert '+    return message("Please claim " + session.id)' in told
    assert "The two texts are the same." in author("script", "diff", house.slug, 1, 1).output
    assert f"of {house.slug}/ann, until" in author("script", "token", house.slug).output


def test_the_cases_are_handed_in_with_the_script(author, house, folder):
    author("script", "submit", house.slug, folder())
    with house.database.reading() as db:
        (scenario,) = submissions.submissions.find(db, house.owner(db), 1).scenarios
    assert scenario == {"name": ".", "input": INPUT, "answers": [], "expected": EXPECTED}


def test_cases_of_another_script_further_inside_are_not_handed_in(author, house, folder):
    place = folder()
    (place / "draft").mkdir()
    (place / "draft" / "script.py").write_text(BROKEN)
    (place / "draft" / "expected.json").write_text("{}")
    assert author("script", "submit", house.slug, place).exit_code == 0
    with house.database.reading() as db:
        assert len(submissions.submissions.find(db, house.owner(db), 1).scenarios) == 1


def test_nothing_is_sent_if_the_check_or_a_case_fails(author, house, folder):
    refused = author("script", "submit", house.slug, folder(BROKEN))
    assert (refused.exit_code, "nothing was sent" in refused.output) == (1, True)
    failed = author("script", "submit", house.slug, folder(expected={"outcome": "raised"}))
    assert (failed.exit_code, "FAILED" in failed.output, "nothing was sent" in failed.output) == (1, True, True)
    with house.database.reading() as db:
        assert submissions.submissions.every(db, house.owner(db)) == []


def test_a_script_without_cases_needs_a_word(author, house, folder):
    place = folder()
    (place / "expected.json").unlink()
    (place / "input.json").unlink()
    assert author("script", "submit", house.slug, place).exit_code == 2
    assert author("script", "submit", house.slug, place, "--without-cases").exit_code == 0


def test_findings_of_the_service_are_shown_with_their_lines(author, house, folder, tmp_path):
    with house.database.session() as db:
        house.owner(db).link_hosts = ["events.example.org"]
    source = GOOD.replace("session.id)", 'session.id, link="https://cme.example.org/")')
    expected = {"message": {"text": "Claim CE-1", "link": "https://cme.example.org/"}}
    told = author("script", "submit", house.slug, folder(source, expected)).output
    assert "warning" in told
    assert "cme.example.org" in told


def test_runs_are_listed_and_shown_as_the_server_has_them(author, house):
    record_runs(house, 1)
    (failed,) = record_runs(
        house, 2, outcome="raised", error={"type": "KeyError", "line": 3, "text": "list", "chain": []}
    )
    rows = author("runs", "list", house.slug).output.splitlines()
    assert len(rows) == 3
    assert "2026-05-04 14:00:02" in rows[1]
    assert "KeyError: list" in rows[1]
    assert "Ann Author (ann)" in rows[1]
    assert len(author("runs", "list", house.slug, "--failed", "--since", "2026-05-04T12:00").output.splitlines()) == 2
    assert "line 3: KeyError: list" in author("runs", "show", house.slug, failed).output
    assert json.loads(author("runs", "show", house.slug, failed, "--json").output)[0]["id"] == failed
    assert author("runs", "show", house.slug, "nothing").exit_code == 1
    assert author("runs", "show", house.slug, "../x").exit_code == 2
    assert author("runs", "list", house.slug, "--since", "once").exit_code == 2


def test_tail_shows_each_new_run_once_the_oldest_first(house, address, monkeypatch):
    began = (datetime.now(UTC) - START) // timedelta(seconds=1)
    record_runs(house, 1)
    recorded = []

    def record_two(_):
        late, new = began + 2 * len(recorded), began + 2 * len(recorded) + 1
        recorded.extend(record_runs(house, late, new))

    monkeypatch.setattr(run_commands, "time", SimpleNamespace(sleep=record_two, monotonic=time.monotonic))
    client = ServiceClient(address, house.slug, house.token())
    shown = [run["id"] for run, _ in itertools.islice(run_commands.new_runs(client, None), 6)]
    assert shown == recorded


def test_tail_goes_on_when_the_last_run_is_no_longer_kept(house, address, monkeypatch):
    (last,) = record_runs(house, 1)
    recorded = []

    def lose_it(_):
        with house.database.session() as db:
            db.delete(runs.find(db, house.owner(db), last))
        recorded.extend(record_runs(house, (datetime.now(UTC) - START) // timedelta(seconds=1) + 5))

    monkeypatch.setattr(run_commands, "time", SimpleNamespace(sleep=lose_it, monotonic=time.monotonic))
    client = ServiceClient(address, house.slug, house.token())
    assert next(iter(run_commands.new_runs(client, None)))[0]["id"] == recorded[0]


def test_tail_ends_when_it_was_told_to(author, house):
    assert author("runs", "tail", house.slug, "--for", "0").output == ""


#: Tokens that the command line does not send.
NO_TOKENS = {"none": "", "two lines": "sst_a\nX-Other: 1", "a space": "sst_a b", "not ASCII": "sst_\u00e4"}


@pytest.mark.parametrize("what", NO_TOKENS)
def test_without_a_usable_token_nothing_is_sent(cli, what):
    env = {"SESSION_STATUS_TOKEN": NO_TOKENS[what], "SESSION_STATUS_SERVICE": "http://127.0.0.1:9"}
    told = cli("runs", "list", "demo", env=env)
    assert told.exit_code == 2
    assert "SESSION_STATUS_TOKEN" in told.output
    assert "does not answer" not in told.output


def test_a_refused_token_is_an_error_that_says_what_to_do(cli, house, address):
    told = cli("--service", address, "runs", "list", house.slug, env={"SESSION_STATUS_TOKEN": "sst_wrong"})
    assert (told.exit_code, "is not valid here" in told.output) == (2, True)
    assert "sst_wrong" not in told.output


@pytest.mark.parametrize(
    "service",
    [
        "http://status.example.org",
        "ftp://a",
        "https://",
        "https://ann:x@a.example",
        "https://a.example?x",
        "a.example",
        "https://a:99999",
    ],
)
def test_an_address_to_which_a_token_must_not_go_is_refused(cli, service):
    told = cli("--service", service, "runs", "list", "demo", env={"SESSION_STATUS_TOKEN": "sst_x"})
    assert (told.exit_code, "Invalid value for '--service'" in told.output) == (2, True)


@pytest.fixture(scope="module")
def stranger():
    """A server that is none of ours, and keeps what it was sent."""
    app, seen = Flask("stranger"), []

    @app.route("/<path:path>")
    def answer(path):
        seen.append(request.headers.get("Authorization"))
        if path.startswith("away"):
            return redirect("/elsewhere")
        if path.startswith("page"):
            return Response("<html>\x1b[31m</html>", mimetype="text/html")
        return Response("no problem details", 500)

    with serving(lambda _: app) as (found, _):
        yield found, seen


@pytest.mark.parametrize(
    ("path", "words"), [("away", "does not get your token"), ("page", "not as Session Status"), ("odd", "answers 500")]
)
def test_a_server_that_is_none_of_ours_is_told_from_one_and_a_redirect_gets_no_token(cli, stranger, path, words):
    address, seen = stranger
    seen.clear()
    told = cli("--service", f"{address}/{path}", "runs", "list", "demo", env={"SESSION_STATUS_TOKEN": "sst_x"})
    assert (told.exit_code, words in told.output, "\x1b" in told.output) == (2, True, False)
    assert seen == ["Bearer sst_x"]


def test_a_proxy_of_the_environment_does_not_see_the_token_that_stays_on_this_machine(cli, stranger, house, address):
    proxy, seen = stranger
    seen.clear()
    env = {
        "SESSION_STATUS_TOKEN": house.token(),
        "http_proxy": proxy,
        "HTTP_PROXY": proxy,
        "no_proxy": "",
        "NO_PROXY": "",
    }
    assert cli("--service", address, "runs", "list", house.slug, env=env).exit_code == 0
    assert seen == []


def test_commands_of_the_database_say_that_they_are_not_for_a_service(cli):
    told = cli("--service", "https://a.example", "script", "activate", "demo", "x")
    assert (told.exit_code, "not over --service" in told.output) == (2, True)
    assert cli("script", "submit", "demo", "x").exit_code == 2


def test_the_variables_of_authors_do_not_stop_a_server(cli, records):
    env = records | {"SESSION_STATUS_TOKEN": "sst_x"}
    assert cli("implementation", "list", env=env).exit_code == 0
