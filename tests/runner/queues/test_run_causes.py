"""Why a run was started, for how long it waited for a worker, and when the user came back: all of it is on its trace."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from records.scripts import runs
from records.tenants import implementations
from runner.queues import run_causes
from runner.queues.status_jobs import JobRefused, RunOrder, new_run_id, waited_ms
from runner.status.cache import STEPS_S
from tests.runner.explanations.support import ANN, command, grow_old
from tests.support.eventually import eventually


def newest(house, work_off, count):
    work_off()
    assert eventually(lambda: len(house.runs()) == count, seconds=5)
    return house.runs()[0]


def test_a_first_look_a_refresh_a_return_and_each_recheck_are_told_apart(house, work_off):
    house.add()
    house.service.ask(ANN)
    assert newest(house, work_off, 1).because == "first look"
    grow_old(house)
    house.service.ask(ANN)
    refresh = newest(house, work_off, 2)
    assert (refresh.because, refresh.returned_at) == ("refresh", None)
    before = datetime.now(UTC)
    house.service.returned(ANN)
    back = newest(house, work_off, 3)
    assert back.because == "return"
    assert abs(back.returned_at - before) < timedelta(seconds=5)
    for number in range(1, len(STEPS_S) + 1):
        grow_old(house)
        house.service.ask(ANN)
        again = newest(house, work_off, 3 + number)
        assert (again.because, again.returned_at) == (f"re-check {number}", back.returned_at)
    grow_old(house)
    house.service.ask(ANN)
    last = newest(house, work_off, 7)
    assert (last.because, last.returned_at) == ("refresh", None)


def test_a_run_that_staff_started_says_so_wherever_runs_are_told(house, work_off, monkeypatch):
    house.add()
    monkeypatch.setattr("web.cli.operate.statuses.QUEUED_S", -10.0)  # nothing takes the run while this asks
    command(house, "status", "get", "acme", "s1", "--user", "ann")
    run = newest(house, work_off, 1)
    assert run.because == "status get"
    listed = command(house, "runs", "list", "acme").stdout
    assert "because" in listed.splitlines()[0]
    assert "status get" in listed
    assert "because  status get" in command(house, "runs", "show", run.reference).stdout
    assert json.loads(command(house, "runs", "list", "acme", "--json").stdout)[0]["because"] == "status get"


def test_a_wait_for_a_worker_is_recorded_and_told_when_it_was_long(house, work_off):
    house.add()
    house.service.ask(ANN)
    run = newest(house, work_off, 1)
    assert 0 <= run.waited_ms < 60_000
    assert run_causes.long_wait(2000) == run_causes.long_wait(None) == ""
    with house.database.session() as db:
        runs.find(db, implementations.find(db, "acme"), run.id).waited_ms = 36_200
    for told in (("show", run.reference), ("list", "acme")):
        assert "waited 36 s for a worker" in command(house, "runs", *told).stdout


def test_when_the_user_came_back_is_told_with_the_run(house, work_off):
    house.add()
    house.service.returned(ANN)
    run = newest(house, work_off, 1)
    told = command(house, "runs", "show", run.reference).stdout
    assert f"because  return; the user came back at {run.returned_at:%Y-%m-%d %H:%M:%S}" in told
    assert f"return (came back {run.returned_at:%H:%M:%S})" in command(house, "runs", "list", "acme").stdout
    (value,) = json.loads(command(house, "runs", "list", "acme", "--json").stdout)
    assert datetime.fromisoformat(value["returned_at"]) == run.returned_at


def test_the_wait_is_read_off_the_id_and_unknown_for_an_id_that_is_not_ours():
    assert 0 <= waited_ms(new_run_id()) < 5000
    for odd in ("x", "", "000000000000-a", "ffffffffffff-a", "0" * 12, "run-2"):
        assert waited_ms(odd) is None


def test_an_order_of_an_earlier_release_is_taken_and_a_cause_that_there_is_not_is_refused():
    fields = ("acme", "ann", "s1", "v", "e", "t", 0)
    assert RunOrder(*fields).because == ""
    with pytest.raises(JobRefused):
        RunOrder(*fields, because="x" * 500)
