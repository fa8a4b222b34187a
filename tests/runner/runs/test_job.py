"""What a run leads to: the message, or the softest thing that is still true."""

import dataclasses
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from records import ConnectionDraft, DatabaseUnavailable, Implementation, SecretBox
from records.agenda import sessions
from records.scripts import deployments, versions
from records.tenants import connections, implementations
from runner.logins import LoginStore
from runner.queues.status_jobs import RunOrder
from runner.runs.draining.wanted_runs import perform_run
from runner.runs.version_bundle import fallback_of
from runner.status.service import StatusRequest
from sandbox import CheckResult, Finding, Outcome, OutcomeKind
from tests.support.eventually import eventually
from web.widget.rendering import draw

ANN = StatusRequest("acme", "ann", "s1")
FAILS_ON_DEMAND = """
def status(user, session, api):
    if user.attributes.get("fail"):
        return message("A" * 500)
    return message("Claim", color="#006109", link="https://cme.example.org/claim")
"""
MISBEHAVIOURS = {
    OutcomeKind.RAISED: "def status(user, session, api):\n    return message(1 / 0)\n",
    OutcomeKind.TIMED_OUT: "def status(user, session, api):\n    n = 0\n    while True:\n        n = n + 1\n",
    OutcomeKind.CALL_REFUSED: "def status(user, session, api):\n    return message(api.get('nobody', '/').text)\n",
}


@pytest.fixture
def ask(house, work_off):
    """Ask, let a run be made, and ask again."""

    def ask(asker=ANN):
        house.service.ask(asker)
        work_off()
        return house.service.ask(asker)

    return ask


def last_run(house):
    eventually(house.runs)
    return house.runs()[0]


def expire(house):
    (key,) = house.redis.keys("st:{acme:*")
    house.redis.hset(key, "fresh", 1)


@pytest.mark.parametrize("kind", MISBEHAVIOURS)
def test_a_script_that_fails_is_hidden_and_its_run_says_why(house, ask, kind):
    house.add(source=MISBEHAVIOURS[kind], limits={"wall_s": 0.5, "cpu_s": 0.3})
    status = ask()
    assert (status.state, status.message) == ("hidden", None)
    assert status.refresh_after <= 6
    run = last_run(house)
    assert (run.outcome, run.shown_as, run.message) == (kind.value, "hidden", None)
    assert run.error["text"]


def test_a_fallback_text_from_before_the_contract_keeps_it_too():
    old = Implementation(slug="demo", fallback_text="Ask\u00ad us", fallback_link="")
    assert fallback_of(old).text == "Ask us"
    old.fallback_text = "Ask\u202e us"
    assert fallback_of(old) is None


def test_a_soft_hyphen_in_a_title_of_the_agenda_does_not_fail_the_message(house, ask):
    title = "Echo\u00adcardio\u200egraphy"
    house.add(source="def status(user, session, api):\n    return message(session.title)\n")
    with house.database.session() as db:
        sessions.find(db, implementations.find(db, "acme"), "s1").title = title
    assert ask().message.text == "Echocardiography"
    run = last_run(house)
    assert run.shown_as == "fresh"
    assert "U+00AD U+200E" in run.warnings[0]


def test_a_failed_run_shows_the_fallback_of_its_implementation(house, ask):
    house.add(source=MISBEHAVIOURS[OutcomeKind.RAISED], fallback_text="See the registration desk")
    status = ask()
    assert (status.state, status.message.text, status.stale) == ("ready", "See the registration desk", False)
    assert last_run(house).shown_as == "fallback"
    assert status.as_of is None  # nothing was found out, so nothing was "checked just now"
    expire(house)
    stale = house.service.ask(ANN)
    assert (stale.stale, draw(stale, "/login", datetime.now(UTC)).note) == (True, None)


def test_a_failed_run_shows_the_last_good_message_with_its_time(house, ask):
    house.add(source=FAILS_ON_DEMAND, link_hosts=["cme.example.org"])
    good = ask()
    assert good.message.action.url == "https://cme.example.org/claim"
    house.know(fail=True)
    expire(house)
    failed = ask()
    assert (failed.state, failed.stale, failed.message) == ("ready", True, good.message)
    assert failed.as_of == good.as_of
    assert eventually(lambda: len(house.runs()) == 2)
    run = last_run(house)
    assert (run.outcome, run.error["type"], run.shown_as) == ("raised", "MessageRefused", "last good")


def test_a_last_good_message_that_is_too_old_is_not_shown(house, ask):
    house.add(source=FAILS_ON_DEMAND, last_good_minutes=1)
    ask()
    house.know(fail=True)
    expire(house)
    (key,) = house.redis.keys("st:{acme:*")
    house.redis.hincrby(key, "good_at", -61_000)
    assert ask().state == "hidden"


def test_a_link_to_a_foreign_host_is_shown_without_the_button_and_warned_of(house, ask):
    house.add(source=FAILS_ON_DEMAND)
    status = ask()
    assert (status.message.text, status.message.action) == ("Claim", None)
    assert any("link" in warning for warning in last_run(house).warnings)


def test_a_script_is_told_about_the_user_and_the_session_in_the_time_of_the_place(house, ask):
    source = (
        "def status(user, session, api):\n"
        "    return message(f'{user.id} {user.username} {session.title} {session.starts_at:%H:%M} {api.settings[\"x\"]}')\n"
    )
    house.add(source=source, time_zone="America/Chicago", script_settings={"x": 7})
    assert ask().message.text == "ann ann Session s1 04:00 7"
    assert ask(StatusRequest("acme", "a stranger", "s1")).message.text == "a stranger  Session s1 04:00 7"


def test_the_trace_holds_what_was_given_but_no_return_address_and_no_secret(house, ask):
    source = (
        "def status(user, session, api):\n"
        "    api.log('seen')\n"
        "    try:\n"
        "        api.get('vendor', '/x', params={'token': 'tok-123'})\n"
        "    except ApiError as e:\n"
        "        pass\n"
        "    return message('Back', link=with_query('https://a.example.org/', to=api.return_url()))\n"
    )
    house.add(source=source, link_hosts=["a.example.org"])
    with house.database.session() as db:
        draft = ConnectionDraft(
            "vendor", "http://127.0.0.1:9", "bearer", secret="s3cr3t-bearer", development=True, timeout_s=0.5
        )
        connections.save(db, SecretBox(house.settings.keys), implementations.find(db, "acme"), draft)
    house.service.changed("acme")
    status = ask()
    token = status.message.action.url.rsplit("%2F", 1)[1]
    assert house.service.read_return_token(token) == ANN
    run = last_run(house)
    assert run.log == ["seen"]
    assert run.calls[0]["connection"] == "vendor"
    assert run.given["user"]["username"] == "ann"
    stored = repr({**vars(run), "message": None})
    assert "s3cr3t-bearer" not in stored
    assert "tok-123" not in stored
    assert token not in stored


def test_a_connection_of_development_is_left_out_when_loopback_is_not_allowed(house, worker_services):
    house.add()
    with house.database.session() as db:
        draft = ConnectionDraft("vendor", "http://127.0.0.1:9", development=True)
        connections.save(db, SecretBox(house.settings.keys), implementations.find(db, "acme"), draft)
        version = deployments.active_version(db, implementations.find(db, "acme")).sha256
    assert list(worker_services.bundles.get("acme", version).connections) == ["vendor"]
    worker_services.bundles.drop(None)
    worker_services.bundles._allow_loopback = False
    assert list(worker_services.bundles.get("acme", version).connections) == []


def claimed_order(house, worker_services, token="run-1"):
    with house.database.reading() as db:
        version = deployments.active_version(db, implementations.find(db, "acme")).sha256
    question = house.service._resolve(ANN)
    claimed = worker_services.cache.claim(question.key, token)
    assert claimed.mine
    return RunOrder("acme", "ann", "s1", version, question.edition, token, claimed.generation)


class Alarming:
    """A sandbox in which the kernel killed the child; what really does that is tested with the jail."""

    def __init__(self, report):
        self.report = report

    def run(self, *_, on_end, **__):
        outcome = Outcome(OutcomeKind.CRASHED, alarm=True)
        on_end(outcome)
        return outcome


class Broken(Alarming):
    def run(self, *_, **__):
        raise RuntimeError("our own bug")


def test_a_security_alarm_takes_the_version_out_of_service_at_once(house, worker_services, caplog):
    house.add()
    order = claimed_order(house, worker_services)
    perform_run(dataclasses.replace(worker_services, sandbox=Alarming(worker_services.sandbox.report)), order)
    with house.database.reading() as db:
        acme = implementations.find(db, "acme")
        assert deployments.active_version(db, acme) is None
        assert "run-1" in versions.find_version(db, acme, order.version).suspended_reason
    assert any(record.levelno == logging.CRITICAL for record in caplog.records)
    assert eventually(lambda: house.service.ask(ANN).state == "hidden", seconds=2)
    assert last_run(house).alarm
    assert eventually(lambda: worker_services.bundles.get("acme", order.version) is None, seconds=2)


class AlarmingCheck:
    """A newer runtime, in which the text makes its own check do what the kernel forbids."""

    def __init__(self, report):
        self.report = dataclasses.replace(report, runtime="newer")

    def check(self, source):
        return CheckResult(sha256="0" * 64, findings=(Finding("check-alarm", 1, 1, "attack", "", ""),), alarm=True)


def test_an_alarm_while_a_version_is_checked_again_takes_it_out_of_service(house, worker_services, caplog, monkeypatch):
    house.add()
    version = claimed_order(house, worker_services).version
    monkeypatch.setattr(worker_services.bundles, "_sandbox", AlarmingCheck(worker_services.sandbox.report))
    worker_services.bundles.drop(None)
    assert worker_services.bundles.get("acme", version).code is None
    assert any(record.levelno == logging.CRITICAL for record in caplog.records)
    with house.database.reading() as db:
        acme = implementations.find(db, "acme")
        assert deployments.active_version(db, acme) is None
        assert "alarm" in versions.find_version(db, acme, version).suspended_reason
    worker_services.bundles.drop(None)
    assert worker_services.bundles.get("acme", version) is None


def test_a_bug_of_ours_still_answers_the_attendee_and_is_seen(house, worker_services):
    house.add(fallback_text="Later")
    order = claimed_order(house, worker_services)
    with pytest.raises(RuntimeError, match="our own bug"):
        perform_run(dataclasses.replace(worker_services, sandbox=Broken(worker_services.sandbox.report)), order)
    assert house.service.ask(ANN).message.text == "Later"
    run = last_run(house)
    assert (run.outcome, run.error["type"]) == ("crashed", "RuntimeError")


def test_a_run_that_meets_an_outage_is_not_called_crashed_and_answers_the_attendee(house, worker_services, caplog):
    house.add(fallback_text="Later")
    order = claimed_order(house, worker_services)
    assert worker_services.script_inputs.knows("acme", "s1")
    records = Path(house.settings.database_url.removeprefix("sqlite:///"))
    worker_services.bundles.get("acme", order.version)
    records.rename(records.with_suffix(".away"))
    caplog.set_level(logging.INFO)
    with pytest.raises(DatabaseUnavailable):
        perform_run(worker_services, order)
    worker_services.traces.purge()
    assert "outcome='service away' shown='fallback'" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]
    records.with_suffix(".away").rename(records)
    assert house.service.ask(ANN).message.text == "Later"
    run = last_run(house)
    assert (run.outcome, run.error["type"]) == ("service away", "DatabaseUnavailable")


def test_the_reference_in_a_workers_line_of_an_outage_is_found(redis, worker_services):
    error = DatabaseUnavailable("gone")
    worker_services.outages.database_lost(error)
    reference = worker_services.outages.reference("database", error)
    (found,) = eventually(lambda: LoginStore(redis).errors.find(reference))
    assert "the database " in found[1].what


def test_a_version_compiled_for_another_runtime_is_checked_again_once(house, worker_services):
    house.add()
    order = claimed_order(house, worker_services)
    with house.database.session() as db:
        version = versions.find_version(db, implementations.find(db, "acme"), order.version)
        db.delete(db.get(versions.VersionCode, (version.id, house.sandbox.report.runtime)))
    perform_run(worker_services, order)
    assert house.service.ask(ANN).state == "ready"
    with house.database.reading() as db:
        version = versions.find_version(db, implementations.find(db, "acme"), order.version)
        assert versions.code_for(db, version, house.sandbox.report.runtime)


def test_a_version_which_this_runtime_refuses_is_an_outcome_and_not_run(house, worker_services):
    house.add(source=None)
    with house.database.session() as db:
        acme = implementations.find(db, "acme")
        version = versions.add_version(db, acme, "import os\n\ndef status(user, session, api):\n    pass\n", by="test")
        deployments.activate(db, acme, version, by="test")
    house.service.changed("acme")
    order = claimed_order(house, worker_services)
    perform_run(worker_services, order)
    run = last_run(house)
    assert (run.outcome, run.error["line"]) == ("refused", 1)
    assert house.service.ask(ANN).state == "hidden"


def test_a_run_of_a_version_that_is_gone_gives_its_lock_back(house, worker_services):
    house.add()
    order = claimed_order(house, worker_services)
    perform_run(worker_services, dataclasses.replace(order, version="0" * 64))
    assert house.runs() == []


def test_a_run_which_is_not_wanted_any_more_does_nothing(house, worker_services):
    house.add()
    order = claimed_order(house, worker_services)
    perform_run(worker_services, order)
    perform_run(worker_services, dataclasses.replace(order, token="run-2"))
    assert last_run(house).id == "run-1"
    assert len(house.runs()) == 1


def test_an_operator_limit_caps_what_an_implementation_asks_for(house, worker_services):
    house.add(limits={"wall_s": 20, "calls": 5})
    order = claimed_order(house, worker_services)
    limits = worker_services.bundles.get("acme", order.version).limits
    assert (limits.wall_s, limits.calls) == (10.0, 5)


def test_the_freshness_is_the_one_of_the_implementation(house, ask):
    house.add(fresh_seconds=1000, stale_seconds=2000)
    assert 850 < ask().refresh_after < 1150


def test_the_time_of_a_run_is_now(house, ask):
    house.add()
    ask()
    assert abs(last_run(house).started_at - datetime.now(UTC)) < timedelta(seconds=10)
