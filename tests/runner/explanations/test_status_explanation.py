"""Why a user sees what they see: what is displayed and the newest runs, also where failures hide behind a good message."""

import json
import logging
import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from records import RunRecord, support_references
from records.people import grants, users
from records.scripts import deployments, runs, versions
from records.tenants import implementations
from runner.explanations import status_explanation as explaining
from runner.explanations.status_explanation import version_health
from runner.health.noted_errors import MOST
from runner.logins import LoginStore, NotedError, NotedErrors, StoreAway, Visitor
from runner.queues.status_jobs import StatusQueue
from runner.status.service import StatusRequest, StatusService
from runner.status.snapshots import UnknownSession
from runner.store.clients import connect
from tests.runner.explanations.support import ANN, command, explained, run_again, why
from tests.support.application import make_app
from web.cli.operate import statuses

pytestmark = pytest.mark.slow

#: Works until the user has an attribute that the script trips over.
TRIPS = """
def status(user, session, api):
    if user.attributes.get("trips"):
        return message(user.attributes["no such key"])
    return message("Claim 1.0 CE credit")
"""
HIDES = TRIPS.replace('message("Claim 1.0 CE credit")', "hidden()")


@pytest.fixture
def failing(house, work_off):
    """A good run of ann's, then three that failed."""

    def make(source=TRIPS, **fields):
        house.add(source=source, **fields)
        run_again(house, work_off)
        house.know(trips=True)
        for _ in range(3):
            run_again(house, work_off)
        return house

    return make


def test_looking_starts_no_run_and_changes_nothing(house):
    house.add()
    before = house.redis.dbsize()
    assert (explained(house).displayed.state, explained(house).newest) == ("nothing", ())
    assert house.redis.dbsize() == before
    with pytest.raises(UnknownSession):
        house.service.look(StatusRequest("acme", "ann", "s9"))


def test_failures_behind_a_good_message_are_told_with_the_newest_error(failing):
    house = failing()
    found = explained(house)
    assert (found.displayed.state, found.displayed.message.text) == ("ready", "Claim 1.0 CE credit")
    assert (found.failing, [run.outcome for run in found.newest]) == (3, ["raised"] * 3 + ["returned"])
    assert found.shown.id == found.newest[3].id
    assert found.newest[0].error["type"] == "KeyError"
    newest = found.newest[0].reference
    assert why(house).startswith(f"The newest run ({newest}) failed, so the last good answer is shown")


def test_failures_behind_an_answer_that_hides_the_message_are_told(failing):
    house = failing(HIDES)
    found = explained(house)
    assert (found.displayed.state, found.failing) == ("hidden", 3)
    assert why(house).startswith("The newest run (")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fallback_text": "Ask at the desk"}, "so the fallback text is shown"),
        ({}, "neither a last good message nor a fallback text, so nothing is shown"),
    ],
    ids=["fallback", "nothing"],
)
def test_what_stands_in_for_a_message_that_there_never_was_is_named(house, work_off, fields, words):
    house.add(source=TRIPS, **fields)
    house.know(trips=True)
    run_again(house, work_off)
    assert words in why(house)


def test_each_state_without_a_failure_has_its_reason(house, work_off):
    house.add(show_when="always")
    run_again(house, work_off)
    assert why(house) == "The script said so, and the answer is still fresh."
    house.redis.hset(house.service._resolve(ANN).key, mapping={"fresh": 0})
    assert why(house).endswith("no longer fresh: the next look starts a newer run.")
    house.service.ask(ANN)
    assert why(house).endswith("no longer fresh: a newer run waits for a worker.")
    house.service.returned(ANN)
    assert "is being checked again (0 of 3 re-checks made)" in why(house)
    house.change("acme", user_types=["staff"])
    assert "messages are shown only to these user types: staff" in why(house)
    with house.database.session() as db:
        deployments.suspend(db, deployments.active_version(db, implementations.find(db, "acme")), "test", "test")
    house.service.changed("acme")
    assert why(house) == "No version is active, so nothing is shown."


def test_a_sub_session_is_explained_by_the_runs_of_its_parent(house, work_off):
    house.add(sessions=("s1", "s2"), parent="s1", inherit_from_parent=True)
    run_again(house, work_off)
    found = explained(house, replace(ANN, session="s2"))
    assert (found.displayed.session, found.displayed.message.text) == ("s1", "Claim 1.0 CE credit")
    assert [run.session for run in found.newest] == ["s1"]


def test_the_log_line_of_a_run_has_user_session_and_reference_and_no_name(house, work_off, caplog):
    caplog.set_level(logging.INFO)
    house.add(source="def status(user, session, api):\n    return message('For ' + user.username)\n")
    run_again(house, work_off)
    (run,) = house.runs()
    (line,) = [line for line in caplog.messages if line.startswith("run ended")]
    assert (
        f"id={run.id} ref={run.reference} implementation=acme user='ann' session='s1' because='first look' waited="
        in line
    )
    assert run.reference == support_references.of_run(run.id)
    assert "For ann" not in caplog.text


def test_a_status_that_nobody_answers_has_a_reference_in_the_log_and_for_support(house, caplog):
    house.add()
    house.service.ask(ANN)
    past = {"asked": 1, "seen": 10**15}  # somebody has waited for long
    house.redis.hset(house.service._resolve(ANN).key, mapping=past)
    found, again = house.service.ask(ANN), house.service.ask(ANN)
    assert (found.state, found.reference) == ("unavailable", again.reference)
    assert f"ref={found.reference} implementation=acme user='ann' session='s1'" in caplog.text
    told = command(house, "runs", "find", found.reference)
    assert told.exit_code == 0
    assert re.match(
        r"The status could not be shown, 20\S+ [\d:]{8} to 20\S+ [\d:]{8} UTC: no run finished \(is a worker running\?\)",
        told.stdout,
    )
    assert "Error 200" not in told.stdout
    assert f"{'implementation':<15} acme\n" in told.stdout
    assert "session-status status get acme s1 --user ann" in told.stdout


def test_errors_of_strangers_push_out_none_of_people_who_are_logged_in(house):
    errors = NotedErrors(house.redis)
    errors.note(NotedError("aaaaaaaa", 404, "status.show", "acme", "ann", "s1"))
    for number in range(MOST + 5):
        errors.note(NotedError(f"{number:08x}", 404, "no view", "x" * 5000))
    assert [error.user for _, error in errors.find("aaaaaaaa")] == ["ann"]
    assert errors.find("00000000") == []
    assert len(errors.find(f"{MOST + 4:08x}")[0][1].implementation) < 300
    assert house.redis.zcard("errors:{strangers}") == MOST


def test_status_get_shows_what_is_displayed_and_the_newest_run_with_its_error(failing):
    house = failing(fresh_seconds=3600, stale_seconds=7200)
    found = command(house, "status", "get", "acme", "s1", "--user", "ann")
    newest, *_, good = house.runs()
    assert found.exit_code == 0, found.stderr
    assert "Claim 1.0 CE credit" in found.stdout
    assert "the last 3 runs failed" in found.stdout
    assert f"newest   {newest.id} (reference {newest.reference}): raised, shown as last good" in found.stdout
    assert re.search(r"error +line 4: KeyError", found.stdout)
    told = json.loads(command(house, "status", "get", "acme", "s1", "--user", "ann", "--json").stdout)
    assert (told["trace"]["id"], told["newest"]["id"], told["failing"]) == (good.id, newest.id, 3)


def test_a_return_is_waited_for_until_the_last_recheck(house, worker_services, work_off, monkeypatch):
    """With the pauses of the product it would take 22 s; so they are shorter on both sides here, and so is the rest."""
    assert statuses.patience(5.0, returned=True) >= sum(statuses.STEPS_S) + 4 * 5.0
    steps = (0.5, 1.0, 1.5)
    monkeypatch.setattr(statuses, "STEPS_S", steps)
    monkeypatch.setattr(statuses, "QUEUED_S", 1.0)
    worker_services.cache._steps = tuple(int(step * 1000) for step in steps)
    house.add(limits={"wall_s": 0.5})
    run_again(house, work_off)
    over = threading.Event()

    def worker():
        while not over.wait(0.1):
            work_off()

    thread = threading.Thread(target=worker)
    thread.start()
    try:
        found = command(house, "status", "get", "acme", "s1", "--user", "ann", "--returned")
    finally:
        over.set()
        thread.join()
    assert (found.exit_code, found.stderr) == (0, "")
    assert "ready" in found.stdout.splitlines()[0]
    assert len(house.runs()) == 5  # the first, the one of the return, and one for each re-check


def record(house, **changes):
    run = RunRecord(
        id="",
        implementation="acme",
        user="ann",
        session="s1",
        version="a" * 64,
        started_at=datetime.now(UTC),
        outcome="returned",
        shown_as="fresh",
    )
    with house.database.session() as db:
        runs.record_many(db, [replace(run, **changes)])


def test_runs_of_the_past_are_listed_by_user_session_outcome_and_time(house):
    house.add(time_zone="America/New_York")
    for number, (user, session, outcome) in enumerate(
        [("ann", "s1", "returned"), ("ann", "s2", "raised"), ("bob", "s1", "timed out")]
    ):
        at = datetime(2026, 5, 4, 16 + number, 30, tzinfo=UTC)
        record(house, id=f"{number}", user=user, session=session, outcome=outcome, started_at=at)

    def ids(*options):
        return [run["id"] for run in json.loads(command(house, "runs", "list", "acme", *options, "--json").stdout)]

    assert ids() == ["2", "1", "0"]
    assert ids("--user", "ann") == ["1", "0"]
    assert ids("--session", "s1", "--user", "bob") == ["2"]
    assert ids("--outcome", "timed out") == ["2"]
    assert ids("--failed") == ["2", "1"]
    assert ids("--since", "2026-05-04T13:00", "--until", "2026-05-04T14:00") == ["1"]  # in New York
    assert ids("--since", "2026-05-04T18:00Z") == ["2"]
    assert ids("--since", "30m") == []
    assert "must be a time such as" in command(house, "runs", "list", "acme", "--since", "noon").stderr


def test_a_run_is_shown_by_its_id_and_by_its_reference(failing):
    house = failing()
    newest = house.runs()[0]
    for name in (newest.id, newest.reference):
        told = command(house, "runs", "show", name)
        assert f"Run {newest.id} (reference {newest.reference}) of acme" in told.stdout
        assert "KeyError" in told.stdout
    assert f"Run {newest.id}" in command(house, "runs", "find", f"{newest.reference[:4]} {newest.reference[4:]}").stdout
    gone = command(house, "runs", "find", "00000000")
    assert (gone.exit_code, "ref=00000000" in gone.stderr) == (1, True)
    assert command(house, "runs", "find", "hello").exit_code == 2
    assert command(house, "runs", "show", "hello").exit_code == 1


def test_an_error_is_found_by_its_reference_in_the_zone_of_its_conference_and_not_after_another_took_its_slug(house):
    house.add()
    NotedErrors(house.redis).note(NotedError("3f9ca71e", 404, "widget.show", "acme", "ann", "s1"))
    with house.database.session() as db:
        zone = implementations.find(db, "acme").time_zone
    told = command(house, "runs", "find", "3f9ca71e").stdout
    assert f" {zone} (reference 3f9ca71e)" in told
    assert re.search(r"where +The widget\n", told)
    assert re.search(r"view +widget.show\n", told)
    with house.database.session() as db:
        implementations.find(db, "acme").created_at += timedelta(minutes=1)
    gone = command(house, "runs", "find", "3f9ca71e")
    assert (gone.exit_code, "The reference 3f9ca71e was not found" in gone.stderr) == (1, True)


def test_a_refused_login_is_found_with_what_the_person_read_and_what_its_code_means(house):
    house.add()
    said = "That login did not work. Please try again."
    refused = NotedError("3f9ca71e", 403, "saml.complete", "acme", "ann", code="locked-out", said=said)
    NotedErrors(house.redis).note(refused)
    told = command(house, "runs", "find", "3f9ca71e").stdout
    assert re.search(r"where +Login at the identity provider: back in the browser\n", told)
    assert re.search(rf"read +{said}\n", told)
    assert re.search(r"why +locked-out: An administrator has locked this person out.\n", told)
    assert re.search(r"user +ann\n", told)


def test_the_health_of_a_version_counts_its_own_runs_of_a_day(house):
    house.add()
    now = datetime.now(UTC)
    with house.database.reading() as db:
        version = deployments.active_version(db, implementations.find(db, "acme"))

    def judged():
        with house.database.reading() as db:
            return version_health(db, implementations.find(db, "acme"), version, now + timedelta(seconds=5))

    assert not judged().worrying
    old = now - explaining.WITHIN - timedelta(hours=1)
    record(house, id="old", version=version.sha256, outcome="raised", started_at=old)
    record(house, id="other", outcome="raised")
    assert judged().newest is None
    record(house, id="0", version=version.sha256, outcome="raised", started_at=now - timedelta(minutes=60))
    for number in range(1, 20):
        at = now - timedelta(minutes=60 - number)
        record(house, id=f"{number}", version=version.sha256, started_at=at)
    assert (judged().failed, judged().runs, judged().worrying) == (1, 20, False)
    record(house, id="last", version=version.sha256, outcome="timed out")
    assert (judged().failing, judged().newest.id, judged().worrying) == (1, "last", True)


def test_a_version_checked_before_names_were_kept_gets_them_with_its_next_run(house, work_off):
    source = "def status(user, session, api):\n    return message(api.settings['claim_url'])\n"
    house.add(source=source)
    with house.database.session() as db:
        acme = implementations.find(db, "acme")
        version = deployments.active_version(db, acme)
        assert versions.settings_missing(acme, version) == ["claim_url"]
        version.settings_read = None
        db.query(versions.VersionCode).delete()
    run_again(house, work_off)
    with house.database.reading() as db:
        acme = implementations.find(db, "acme")
        assert versions.settings_missing(acme, deployments.active_version(db, acme)) == ["claim_url"]


def test_without_the_store_there_is_no_status_and_looking_says_so(house):
    house.add()
    away = "redis://127.0.0.1:1"
    service = StatusService(
        settings=house.settings, database=house.database, redis=connect(away), queue=StatusQueue(connect(away))
    )
    try:
        with pytest.raises(StoreAway):
            service.ask(ANN)
        assert service.look(ANN).state == "unavailable"
    finally:
        service.close()


def test_the_page_for_staff_tells_what_the_real_cache_displays_and_starts_no_run(failing):
    house = failing(fresh_seconds=3600, stale_seconds=7200)
    with house.database.session() as db:
        acme = implementations.find(db, "acme")
        users.remember(db, acme, "olu", users.UserProfile("olu", "staff", "Olu"))
        grants.add(db, acme, kind="username", value="olu", role="organizer", by="test")
    store = LoginStore(house.redis)
    app = make_app(house.database, store, house.settings, status_service=house.service)
    logins, now = app.extensions["auth services"].logins, int(time.time())
    browser = app.test_client()
    held = logins.sign(Visitor("acme", "olu", "login-1", now, "saml", now))
    browser.set_cookie(logins.cookie, held, domain=urlsplit(house.settings.public_url).hostname)
    page = browser.get("/console/implementations/acme/why?user=ann&session=s1", base_url=house.settings.public_url)
    assert page.status_code == 200
    assert "The newest 3 runs failed" in page.text
    assert "failed, so the last good answer is shown" in page.text
    assert page.text.count(f"/console/implementations/acme/runs/{house.runs()[0].id}") == 2
    assert house.redis.llen("rq:queue:status") == 0
