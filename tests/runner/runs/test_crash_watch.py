"""Scripts that end the interpreter itself: what operators are told, and when the version is suspended."""

from __future__ import annotations

import dataclasses
import logging
from datetime import UTC, datetime, timedelta

import pytest

from records import DatabaseUnavailable, RunRecord, audit
from records.scripts import crashes, deployments, versions
from records.tenants import implementations
from runner.queues.status_jobs import RunOrder
from runner.runs.crash_watch import CrashWatch
from runner.runs.draining.wanted_runs import perform_run
from runner.runs.run_execution import BegunRun, RunExecution
from runner.runs.script_lines import lines_of, with_lines
from runner.status.cache import RunStart
from runner.status.service import StatusRequest
from sandbox import FATAL_SIGNALS, Outcome, OutcomeKind, ScriptError
from tests.support.eventually import eventually

ANN = StatusRequest("acme", "ann", "s1")


class Dying:
    """A sandbox in which the interpreter died; what really does that is tested with the jail."""

    def __init__(self, report, name="SIGSEGV"):
        self.report = report
        self.error = ScriptError(name, None, f"the interpreter died with {name} before its first call or log")

    def run(self, *_, on_end, **__):
        outcome = Outcome(OutcomeKind.CRASHED, error=self.error)
        on_end(outcome)
        return outcome


class Forging(Dying):
    def run(self, *_, on_end, **__):
        error = ScriptError("ForgedFrame", None, "the script's process sent what no script can send: garbage")
        outcome = Outcome(OutcomeKind.CRASHED, error=error, alarm=True)
        on_end(outcome)
        return outcome


def crash(house, worker_services, token, sandbox=None):
    """One run, which dies."""
    sandbox = sandbox or Dying(worker_services.sandbox.report)
    order = order_for(house, worker_services, token)
    perform_run(dataclasses.replace(worker_services, sandbox=sandbox), order)
    assert eventually(lambda: any(run.id == token for run in house.runs()))
    return order.version


def order_for(house, worker_services, token):
    with house.database.reading() as db:
        version = deployments.active_version(db, implementations.find(db, "acme")).sha256
    question = house.service._resolve(ANN)
    for key in house.redis.keys("st:{acme:*"):
        house.redis.delete(key)
    claimed = worker_services.cache.claim(question.key, token)
    return RunOrder("acme", "ann", "s1", version, question.edition, token, claimed.generation)


def suspended(house, version):
    with house.database.reading() as db:
        return versions.find_version(db, implementations.find(db, "acme"), version).suspended_reason


def test_a_run_that_ends_the_interpreter_is_recorded_with_its_signal_and_lines(house, worker_services, caplog):
    house.add()
    version = crash(house, worker_services, "run-1")
    run = house.runs()[0]
    assert (run.outcome, run.alarm, run.error["signal"]) == ("crashed", False, "SIGSEGV")
    assert "status is in lines 1 to 2" in run.error["text"]
    told = [record.getMessage() for record in caplog.records if "SCRIPT CRASH" in record.getMessage()]
    assert len(told) == 1
    assert all(part in told[0] for part in ("SIGSEGV", "acme", version, "run-1", "lines 1 to 2"))
    assert suspended(house, version) == ""


def test_three_within_an_hour_suspend_the_version_and_two_do_not(house, worker_services, caplog, monkeypatch):
    # What is remembered would last for the whole test: only the announcement can end it.
    for remembered in (house.service._snapshots._implementations, worker_services.bundles._bundles):
        monkeypatch.setattr(remembered, "_life_s", 600.0)
    house.add()
    version = crash(house, worker_services, "run-1")
    crash(house, worker_services, "run-2", Dying(worker_services.sandbox.report, "SIGABRT"))
    assert suspended(house, version) == ""
    crash(house, worker_services, "run-3", Dying(worker_services.sandbox.report, "SIGBUS"))
    assert eventually(lambda: suspended(house, version))
    assert all(part in suspended(house, version) for part in ("run-1", "run-2", "run-3", "SIGBUS", "lines 1 to 2"))
    assert [record.levelno for record in caplog.records if "SECURITY ALARM" in record.getMessage()] == [
        logging.CRITICAL
    ]
    assert eventually(lambda: house.service.ask(ANN).state == "hidden")
    assert eventually(lambda: worker_services.bundles.get("acme", version) is None)


def test_a_forged_frame_suspends_the_version_at_once_and_says_what_it_was(house, worker_services, caplog):
    house.add()
    version = crash(house, worker_services, "run-1", Forging(worker_services.sandbox.report))
    assert eventually(lambda: suspended(house, version))
    assert "run-1" in suspended(house, version)
    assert "no script can send" in suspended(house, version)
    assert "forbidden system call" not in caplog.text
    assert house.runs()[0].alarm


def why(house):
    """The entries that say why a version stopped."""
    with house.database.reading() as db:
        return [one for one in audit.recent(db, implementation="acme") if one.action == "script.suspended"]


def test_a_version_that_an_alarm_suspends_is_in_the_audit_once_with_who_why_and_the_run(house, worker_services):
    house.add()
    runs = [f"019af1d2c3b4-5e6f{number:08d}" for number in (1, 2)]
    orders = [order_for(house, worker_services, run) for run in runs]
    forging = dataclasses.replace(worker_services, sandbox=Forging(worker_services.sandbox.report))
    bundle = worker_services.bundles.get("acme", orders[0].version)
    for order in orders:  # two that were under way at the same time
        key = house.service._resolve(ANN).key
        begun = worker_services.cache.begin(key, order.token, order.generation, wall_s=1.0) or RunStart(
            None, returned=False
        )
        RunExecution(forging, BegunRun(key, order, begun, 0), bundle, worker_services.cache.store).run(key)
    (entry,) = why(house)
    assert (entry.actor, entry.target) == ("the service", "version 1")
    assert "no script can send" in entry.reason
    assert entry.detail == {
        "sha256": orders[0].version,
        "ended": ["version 1, active"],
        "runs": runs[0],
        "references": "00000001",
    }


def test_a_version_that_kept_dying_is_in_the_audit_with_every_run_that_led_to_it(house, worker_services):
    house.add()
    for number in (1, 2, 3):
        crash(house, worker_services, f"run-{number}")
    assert eventually(lambda: why(house))
    (entry,) = why(house)
    assert (entry.actor, entry.target, entry.detail["runs"]) == ("the service", "version 1", "run-1, run-2, run-3")
    assert "3 runs within an hour in which the interpreter died" in entry.reason


def test_other_crashes_suspend_nothing(house, worker_services):
    house.add()
    for number, name in enumerate(("Killed", "ZygoteDied", "Ended", "Crashed")):
        version = crash(house, worker_services, f"run-{number}", Dying(worker_services.sandbox.report, name))
    assert suspended(house, version) == ""
    assert all("signal" not in run.error for run in house.runs())


def record(run_id, at, version, outcome="crashed", name="SIGSEGV"):
    error = {"type": name, "line": None, "text": f"died by {name}"} | ({"signal": name} if name else {})
    return RunRecord(run_id, "acme", "ann", "s1", version, at, outcome, "hidden", error=error)


def test_a_crash_that_the_database_could_not_judge_is_judged_when_it_is_back(house, worker_services, monkeypatch):
    house.add()
    now = datetime.now(UTC)
    with house.database.reading() as db:
        version = deployments.active_version(db, implementations.find(db, "acme")).sha256
    told = []
    watch = CrashWatch(house.database, on_suspended=told.append)
    records = [record(f"r{number}", now + timedelta(seconds=number), version) for number in range(3)]
    for each in records:
        worker_services.traces.add(each)
    assert eventually(lambda: suspended(house, version))  # by the worker_services's own watch
    worker_services.traces.close()  # that watch has judged all three before the version is reinstated
    with house.database.session() as db:
        versions.reinstate(db, versions.find_version(db, implementations.find(db, "acme"), version))

    def away(*_):
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(crashes, "suspend_repeated", away)
        watch.look(records)
    assert (told, len(watch._waiting)) == ([], 3)
    watch.look([])
    assert (told, len(watch._waiting)) == (["acme"], 0)


def test_the_signals_are_those_of_an_interpreter_that_breaks():
    assert {"SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT"} <= FATAL_SIGNALS
    assert not FATAL_SIGNALS & {"SIGKILL", "SIGSYS", "SIGPROF", "SIGXCPU"}


TEXTS = {
    "one line": ("def status(user, session, api): return hidden()", (1, 1)),
    "between others": ("x = 1\n\ndef status(a, b, c):\n    y = 1\n\n    return y\n\n# end\nz = 2\n", (3, 6)),
    "a head over lines": ("def status(\n    a, b, c\n):\n    return a\n", (1, 4)),
    "the last of two": ("def status(a):\n    x\ndef status(b):\n    y\n", (3, 4)),
    "windows": ("def status(a):\r\n    x\r\n\r\n    y\r\nz = 1\r\n", (1, 4)),
    "none": ("x = 1\n", None),
    "a name that begins so": ("def status_of(a):\n    x\n", None),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_lines_of_a_function_are_read_off_the_text(name):
    source, lines = TEXTS[name]
    assert lines_of(source) == lines


def test_only_a_death_of_the_interpreter_is_given_lines():
    raised = Outcome(OutcomeKind.RAISED, error=ScriptError("SIGSEGV", 1, "a script's own words"))
    assert with_lines(raised, (1, 2)) is raised
    assert raised.fatal_signal is None
