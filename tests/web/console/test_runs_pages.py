"""What staff see of runs: why somebody sees a message, the runs of the past, and warnings on the overview."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from records import AgendaSession, RunRecord, audit, support_references
from records.agenda import sessions
from records.audit import AuditContext
from records.changes import retirement
from records.changes.scripts.deployments import stop
from records.people import users
from records.scripts import deployments, runs, versions
from records.tenants import implementations
from records.tenants.script_needs import ScriptNeeds
from runner.explanations.run_terms import RUN_WORDS
from runner.logins import NotedError
from runner.queues import run_causes
from runner.runs.outcome_to_status import ACTIVE_VERSION
from runner.status.displayed_status import DisplayedStatus
from runner.status.no_run_answer import NOTED
from runner.status.status_body import body_of
from runner.status.visibility import HidingRule
from sandbox import OutcomeKind
from tests.support import ROOT
from tests.support.stub_status_service import CLAIM
from tests.web.console.conftest import HOSTILE

DEMO = "/console/implementations/demo"
NOW = datetime.now(UTC).replace(microsecond=0)
GOOD = RunRecord(
    id="019af1d2c3b4-5e6f00000001",
    implementation="demo",
    user="attendee",
    session="CE-1",
    version="a" * 64,
    started_at=NOW - timedelta(minutes=9),
    outcome="returned",
    shown_as="fresh",
    message={"text": "Claim 1.0 CE credit", "color": None, "action": {"kind": "link", "url": "https://a.example/"}},
    calls=[{"connection": "ethosce", "method": "GET", "path": "/credits", "status": 200}],
    usage={"wall_ms": 3.5},
    given={"user": {"id": "attendee"}},
)
BAD = replace(
    GOOD,
    id="019af1d2c3b4-5e6f00000002",
    started_at=NOW,
    outcome="raised",
    shown_as="last good",
    error={"type": "KeyError", "line": 4, "text": "'claim_url'"},
)


@pytest.fixture
def past(database, app):
    """An agenda, a good run and one that failed; gives what is displayed."""
    with database.session() as db:
        demo = implementations.find(db, "demo")
        for session, title in (("CE-1", "Sepsis in 2026"), ("CE-2", "Sepsis, part two")):
            times = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=1)}
            db.add(AgendaSession(implementation_id=demo.id, session_id=session, title=title, **times))
        runs.record_many(db, [GOOD, BAD, replace(GOOD, id="of another", implementation="other")])
    displayed = DisplayedStatus("CE-1", "ready", body_of(CLAIM, as_of=GOOD.started_at, run=GOOD.id), failed=True)
    app.extensions["status services"].status_service.look = lambda _: displayed
    return displayed


def activate(database, source="x", *names):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        version = versions.add_version(db, demo, source, by="tests")
        versions.keep_needs(db, version, ScriptNeeds(settings=names))
        deployments.activate(db, demo, version, by="tests")
        return version.sha256


def test_the_page_shows_what_is_displayed_and_that_every_run_since_has_failed(past, database, browser_for):
    activate(database)
    page = browser_for("organizer").get(f"{DEMO}/why?user=attendee&session=CE-1").text
    assert "Claim 1.0 CE credit" in page
    assert "The newest run failed, so the last good answer is shown" in page
    assert re.search(r"line 4: KeyError: &#39;claim_url&#39;", page)
    for run in (GOOD, BAD):
        assert f'href="{DEMO}/runs/{run.id}"' in page


def test_what_people_say_on_the_phone_leads_to_the_person_and_the_session(past, browser_for):
    page = browser_for("reviewer").get(f"{DEMO}/why?user=example.org&session=sepsis").text
    assert "Which person?" in page
    assert "Which session?" in page
    assert f'href="{DEMO}/why?user=example.org&amp;session=CE-2"' in page
    assert f'href="{DEMO}/why?user=attendee&amp;session=sepsis"' in page
    assert "What is shown now" in browser_for("reviewer").get(f"{DEMO}/why?user=attendee@&session=part+two").text
    nobody = browser_for("reviewer").get(f"{DEMO}/why?user=%3Cb%3E&session=%3Cb%3E").text
    assert nobody.count("<bdi>&lt;b&gt;</bdi>") == 2


def test_a_person_alone_is_shown_with_their_newest_runs(past, browser_for):
    page = browser_for("administrator").get(f"{DEMO}/why?user=attendee").text
    assert "Newest runs of" in page
    assert f"{DEMO}/runs/{BAD.id}" in page


def test_an_archived_implementation_shows_its_runs_and_asks_no_desk(past, database, browser_for, app):
    with database.session() as db:
        implementations.find(db, "demo").archived_at = NOW
    app.extensions["status services"].status_service.look = None
    assert f"{DEMO}/runs/{BAD.id}" in browser_for("administrator").get(f"{DEMO}/why?user=attendee&session=CE-1").text


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("", {GOOD.id, BAD.id}),
        ("?user=attendee&session=CE-1&outcome=failed", {BAD.id}),
        ("?outcome=returned", {GOOD.id}),
        ("?user=bob", set()),
        (f"?before={BAD.id}", {GOOD.id}),
        ("?since=A_MINUTE_AGO", {BAD.id}),
        ("?until=A_MINUTE_AGO", {GOOD.id}),
        ("?since=noon&until=999999d&outcome=x&before=gone", {GOOD.id, BAD.id}),
    ],
)
def test_runs_are_listed_as_the_address_asks(past, browser_for, asked, listed):
    asked = asked.replace("A_MINUTE_AGO", f"{NOW - timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    page = browser_for("organizer").get(f"{DEMO}/runs{asked}")
    assert page.status_code == 200
    assert set(re.findall(rf"{DEMO}/runs/([^\"]+)\"", page.text)) == listed


def test_one_run_is_shown_whole_and_that_of_another_conference_is_not_there(past, browser_for):
    page = browser_for("organizer").get(f"{DEMO}/runs/{BAD.id}").text
    for part in ("KeyError", "in line 4", "ethosce", "/credits", "last good", BAD.id, "raised"):
        assert part in page
    assert browser_for("organizer").get(f"{DEMO}/runs/of another").status_code == 404
    assert browser_for("organizer").get(f"{DEMO}/runs/%00").status_code == 404


def test_texts_of_scripts_and_vendors_are_escaped_wherever_a_run_is_shown(past, database, browser_for):
    evil = '<script>alert(1)</script>"\u202e'
    call = {"connection": evil, "method": evil, "path": evil, "fault": evil}
    error = {"type": evil, "line": 1, "text": evil}
    told = {"message": {"text": evil, "color": evil, "action": {"kind": "link", "url": evil}}, "log": [evil]}
    run = replace(GOOD, id="evil", user=evil, session=evil, calls=[call], error=error, warnings=[evil], **told)
    with database.session() as db:
        runs.record_many(db, [replace(run, given={"user": {evil: evil}})])
    for address in ("runs", "runs/evil"):
        assert "<script>alert" not in browser_for("organizer").get(f"{DEMO}/{address}").text


def test_a_reference_leads_to_its_run_or_says_which_error_was_shown(past, browser_for, app, caplog):
    answer = browser_for("organizer").get(f"{DEMO}/runs?reference=0000 0002")
    assert answer.headers["Location"] == f"{DEMO}/runs/{BAD.id}"
    caplog.set_level("INFO")
    failed = browser_for("organizer").get(f"{DEMO}/runs/gone")
    reference = re.search(r"<code>([0-9a-f]{8})</code>", failed.text)[1]
    assert f"error shown ref={reference} status=404 view=console_runs.one implementation='demo' user=''" in (
        caplog.text
    )
    page = browser_for("organizer").get(f"{DEMO}/runs?reference={reference}").text
    assert "An error was shown" in page
    assert "console_runs.one" in page
    elsewhere = browser_for("administrator").get(f"/console/implementations/other/runs?reference={reference}").text
    assert "An error was shown" not in elsewhere
    unknown = browser_for("organizer").get(f"{DEMO}/runs?reference=x").text
    assert "“<bdi>x</bdi>” does not belong to this implementation, or is no longer known" in unknown


@pytest.mark.parametrize("who", ["author", "attendee", "scanner", None])
def test_people_without_the_permission_see_no_run(past, browser_for, who):
    for address in ("why?user=attendee&session=CE-1", "runs", f"runs/{BAD.id}"):
        answer = browser_for(who).get(f"{DEMO}/{address}")
        assert answer.status_code in {302, 303, 403, 404}
        assert "Claim" not in answer.text


def test_the_overview_warns_when_the_active_script_fails(past, database, browser_for):
    sha256 = activate(database)
    assert "Version 1 is active" in browser_for("organizer").get(f"{DEMO}/").text
    with database.session() as db:
        runs.record_many(db, [replace(GOOD, id="1", version=sha256), replace(BAD, id="2", version=sha256)])
    page = browser_for("organizer").get(f"{DEMO}/").text
    assert (
        "1 of the last 2 runs failed within a day. The newest failure (raised: KeyError in line 4):</bdi> <time" in page
    )
    assert f'href="{DEMO}/runs">Script</a>' in page
    with database.session() as db:
        runs.record_many(db, [replace(GOOD, id=f"{n}", version=sha256, started_at=NOW) for n in range(3, 30)])
    assert "Version 1 is active" in browser_for("organizer").get(f"{DEMO}/").text


def test_the_overview_warns_when_the_script_reads_a_setting_that_is_not_there(database, browser_for):
    activate(database, "x", "claim_url", "color")
    with database.session() as db:
        implementations.update(db, implementations.find(db, "demo"), script_settings={"color": "#006109"})
    assert "Version 1 reads settings that are not set here: claim_url." in browser_for("author").get(f"{DEMO}/").text
    with database.session() as db:
        implementations.update(db, implementations.find(db, "demo"), script_settings={"color": "", "claim_url": None})
    assert "Version 1 is active" in browser_for("author").get(f"{DEMO}/").text


def test_the_overview_says_what_is_staged_and_that_scripts_are_stopped(database, browser_for):
    activate(database)
    with database.session() as db:
        demo = implementations.find(db, "demo")
        deployments.stage(db, demo, versions.add_version(db, demo, "y", by="tests"), share=10, by="tests")
    page = browser_for("organizer").get(f"{DEMO}/").text
    assert "Version 1 is active; version 2 is staged for 10 % of the users" in page
    with database.session() as db:
        stop(db, implementations.find(db, "demo"), AuditContext("staff/root", "wrong credits"))
    page = browser_for("organizer").get(f"{DEMO}/").text
    assert "All scripts are stopped, so only the fallback text is shown: wrong credits. Stopped</bdi> <time" in page


def test_pages_about_people_with_hostile_names_stay_whole(past, browser_for):
    for subject, *_ in HOSTILE:
        page = browser_for("organizer").get(f"{DEMO}/why?user={subject}&session=CE-1")
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_the_reference_of_an_outage_is_found_by_the_staff_of_every_implementation(browser_for, store):
    store.errors.note(NotedError("3f9ca71e", 503, "outage: the store did not answer from 14:03:11 to 14:04:14 UTC"))
    for slug, who in (("demo", "organizer"), ("other", "administrator")):
        page = browser_for(who).get(f"/console/implementations/{slug}/runs?reference=3f9ca71e").text
        assert "outage: the store did not answer from 14:03:11 to 14:04:14 UTC" in page


def test_the_reference_of_a_run_is_read_off_its_id():
    assert support_references.of_run(BAD.id) == "00000002"


def test_what_an_earlier_implementation_with_the_same_slug_left_is_not_shown_as_that_of_the_new_one(
    past, database, browser_for, store
):
    reference = "3f9ca71e"
    store.errors.note(NotedError(reference, 404, "widget.show", "demo", "attendee", "CE-1"))
    store.refused_logins.note("demo", "audience", "0123abcd")
    administrator = browser_for("administrator")
    pages = {"runs": f"{DEMO}/runs?reference={reference}", "logins": f"{DEMO}/provider/check"}
    assert "An error was shown" in administrator.get(pages["runs"]).text
    assert "0123abcd" in administrator.get(pages["logins"]).text
    with database.session() as db:
        old = implementations.find(db, "demo")
        by = AuditContext("tests")
        retirement.archive(db, old, by)
        retirement.remove(db, old, by, typed="demo")
    with database.session() as db:
        made = implementations.create(db, "demo", "Demo Congress, again", "Europe/Berlin")
        made.created_at = datetime.now(UTC) + timedelta(minutes=1)
    assert "does not belong to this implementation, or is no longer known" in administrator.get(pages["runs"]).text
    assert "0123abcd" not in administrator.get(pages["logins"]).text
    assert "No runs yet" in administrator.get(f"{DEMO}/runs").text
    assert administrator.get(f"{DEMO}/runs/{GOOD.id}").status_code == 404


LATER = replace(
    BAD, id="019af1d2c3b4-5e6f00000003", started_at=NOW + timedelta(seconds=1), because="refresh", waited_ms=36_200
)
CALL = {"connection": "ethosce", "method": "GET", "path": "/credits", "query": "uid=7&key=[redacted]", "status": 200}


def test_a_run_tells_of_each_call_the_query_size_and_time_and_whether_the_answer_was_that_of_the_run_before(
    past, database, browser_for
):
    first = {**CALL, "bytes": 42, "ms": 17.4, "digest": "d1"}
    with database.session() as db:
        earlier = replace(LATER, id="019af1d2c3b4-5e6f00000004", calls=[first, {**first, "path": "/b"}])
        later = replace(
            LATER, started_at=NOW + timedelta(seconds=2), calls=[first, {**first, "path": "/b", "digest": "d2"}]
        )
        runs.record_many(db, [earlier, later])
    page = browser_for("organizer").get(f"{DEMO}/runs/{LATER.id}").text
    assert "/credits?uid=7&amp;key=[redacted]</code>" in page
    assert "42 bytes" in page
    assert "17 ms" in page
    assert page.count("same answer as in the run before") == 1


def test_pages_about_runs_and_the_audit_show_seconds_and_the_list_reference_version_and_cause(
    past, database, browser_for
):
    sha256 = activate(database)
    with database.session() as db:
        runs.record_many(db, [replace(LATER, version=sha256)])
        audit.append(db, actor="command line", action="settings.changed", implementation="demo")
    zone = ZoneInfo("UTC")
    listed = browser_for("organizer").get(f"{DEMO}/runs").text
    assert f"{LATER.started_at.astimezone(zone):%d %b %Y, %H:%M:%S}</time>" in listed
    assert f"<code>{support_references.of_run(LATER.id)}</code> v1" in listed
    assert "refresh, <strong>waited 36 s for a worker</strong>" in listed
    for address in (f"runs/{LATER.id}", "why?user=attendee&session=CE-1", "audit"):
        assert re.search(r"\d{2}:\d{2}:\d{2}</time>", browser_for("organizer").get(f"{DEMO}/{address}").text), address
    with database.session() as db:
        runs.record_many(db, [replace(LATER, id="back", because="return", waited_ms=1, returned_at=NOW)])
    assert "return, came back <time" in browser_for("organizer").get(f"{DEMO}/runs").text
    assert "refresh; waited 36 s for a worker" in browser_for("organizer").get(f"{DEMO}/runs/{LATER.id}").text


def test_no_moment_of_a_page_about_runs_is_left_as_programs_write_it(past, browser_for):
    for address in ("runs", f"runs/{BAD.id}", "why?user=attendee&session=CE-1"):
        page = re.sub(r'datetime="[^"]*"', "", browser_for("organizer").get(f"{DEMO}/{address}").text)
        assert not re.search(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}\.\d", page), address


def test_each_word_of_the_legend_stands_in_the_glossary_with_the_same_meaning(past, browser_for):
    page = browser_for("organizer").get(f"{DEMO}/runs").text
    assert "What these words mean" in page
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    for word, words in RUN_WORDS:
        assert f"| {word} | {words} |" in glossary, word
    known = {word for word, _ in RUN_WORDS}
    assert known >= {kind.value for kind in OutcomeKind} | {
        "fresh",
        "last good",
        "fallback",
        "hidden",
        ACTIVE_VERSION,
        run_causes.INSTEAD,
    } | run_causes.ORDERED - {""}


def test_a_filter_by_name_finds_the_person_offers_those_that_fit_and_says_who_is_not_known(past, browser_for):
    organizer = browser_for("organizer")
    assert f"{DEMO}/runs/{BAD.id}" in organizer.get(f"{DEMO}/runs?user=Attendee&session=sepsis+in").text
    several = organizer.get(f"{DEMO}/runs?user=example.org").text
    assert "Which person?" in several
    assert f'href="{DEMO}/runs?user=organizer"' in several
    nobody = organizer.get(f"{DEMO}/runs?user=%3Cb%3E").text
    assert "No person “<bdi>&lt;b&gt;</bdi>” is known in <bdi>demo</bdi>" in nobody
    assert f"{DEMO}/runs/{BAD.id}" not in several + nobody


def test_where_no_run_fits_the_page_lists_the_changes_of_that_time(past, database, browser_for):
    with database.session() as db:
        audit.append(db, actor="command line", action="script.activated", target="version 3", implementation="demo")
        audit.append(db, actor="command line", action="grant.added", target="x", implementation="demo")
    page = browser_for("organizer").get(f"{DEMO}/runs?user=attendee&outcome=timed+out").text
    assert "No run matches." in page
    assert "A rule may decide without a run" in page
    assert f'href="{DEMO}/why?user=attendee"' in page
    changes = page[page.index("Changes in that time") :]
    assert "script.activated" in changes
    assert "grant.added" not in changes


def test_a_locked_out_person_a_retired_session_and_an_archived_implementation_are_named_first(
    past, database, browser_for, app
):
    app.extensions["status services"].status_service.look = None  # nothing is even looked up
    reviewer, address = browser_for("reviewer"), f"{DEMO}/why?user=attendee&session=CE-1"
    with database.session() as db:
        sessions.find(db, implementations.find(db, "demo"), "CE-1").retired_at = NOW
    assert "no longer contains the session CE-1: it has been retired since" in reviewer.get(address).text
    with database.session() as db:
        users.disable(db, users.find(db, implementations.find(db, "demo"), "attendee"), "<b>lost</b>")
    page = reviewer.get(address).text
    assert re.search(
        r"What is shown now</h2>\s*<div class=\"notice bad\" role=\"status\"><p><strong>Locked out since <time", page
    )
    assert "(&lt;b&gt;lost&lt;/b&gt;)" in page
    with database.session() as db:
        implementations.find(db, "demo").archived_at = NOW
    assert "Archived since <time" in reviewer.get(address).text


def test_a_status_that_could_not_be_shown_is_told_with_its_first_and_last_time(past, browser_for, store):
    error = NotedError("3f9ca71e", 200, NOTED, "demo", "attendee", "CE-1")
    store.errors.note(error)
    store.errors.note(error)
    page = browser_for("organizer").get(f"{DEMO}/runs?reference=3f9ca71e").text
    assert "The status could not be shown: no run ended in time (is a worker running?)" in page
    told = page.partition("<dt>When</dt>")[2].partition("</dd>")[0]
    assert told.count("<time") == 2


STATES = {
    "nothing": ({}, "<strong>Checking…</strong>", "If that run fails, nothing is shown"),
    "checking": ({"running": True}, "<strong>Checking…</strong>", "0 of 3 re-checks made"),
    "late": ({"waiting_since": NOW}, "The status cannot be shown right now</strong>", "No run has ended since <time"),
    "not shown": ({"hidden_by": HidingRule.OVER}, "no message", "and it ended at <time"),
    "unavailable": ({}, "no message", "The store does not answer"),
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_without_an_answer_says_what_the_user_sees_and_why(past, browser_for, app, state):
    more, sees, why = STATES[state]
    app.extensions["status services"].status_service.look = lambda _: DisplayedStatus("CE-1", state, **more)
    page = browser_for("organizer").get(f"{DEMO}/why?user=attendee&session=CE-1").text
    shown, reason = page.index("<dt>Shown</dt>"), page.index("<dt>Why</dt>")
    assert sees in page[shown:reason]
    assert why in page[reason:]


def test_support_asks_what_was_shown_at_an_earlier_time(browser_for, past):
    page = browser_for("organizer").get(f"{DEMO}/why?user=attendee&session=CE-1&at=5m").text
    assert "“Claim 1.0 CE credit” was shown since" in page
    assert "the script said so" in page
    now = browser_for("organizer").get(f"{DEMO}/why?user=attendee&session=CE-1&at=0m").text
    assert "The last good message stayed, because the run failed: KeyError in line 4" in now


def test_a_time_that_is_none_is_said_at_its_field_and_the_page_answers_for_now(browser_for, past):
    page = browser_for("organizer").get(f"{DEMO}/why?user=attendee&session=CE-1&at=yesterday").text
    assert "Must be a time such as 14:00" in page
    assert "What is shown now" in page
