"""An archived implementation is not served: the app is told that there is none, and queued runs do not start."""

import pytest

from records.audit import AuditContext
from records.changes import retirement
from records.scripts import runs
from records.tenants import implementations
from runner.status.commit_effects import open_commit_effects
from runner.status.service import StatusRequest, UnknownImplementation
from tests.support.eventually import eventually

ANN = StatusRequest("acme", "ann", "s1")
BY = AuditContext("tests")


def archive(house):
    with house.database.session() as db:
        retired = retirement.archive(db, implementations.find(db, "acme"), BY)
    follow(house, retired)


def follow(house, after):
    with open_commit_effects(house.settings) as effects:
        assert effects.after_commit(after)
    house.service.changed("acme")


def traces(house):
    with house.database.reading() as db:
        return runs.recent(db, implementations.find_any(db, "acme"))


def test_what_was_queued_before_it_was_archived_does_not_run_and_nobody_is_answered(house, work_off):
    house.add()
    assert house.service.ask(ANN).state == "checking"
    archive(house)
    work_off()
    assert house.redis.keys("st:{acme:*") == []  # a run would have stored its answer
    for ask in (house.service.ask, house.service.returned):
        with pytest.raises(UnknownImplementation):
            ask(ANN)


def test_what_was_cached_is_dropped_and_a_restored_one_is_served_by_a_new_run(house, work_off):
    house.add()
    house.service.ask(ANN)
    work_off()
    assert house.service.ask(ANN).state == "ready"
    archive(house)
    assert house.redis.keys("st:{acme:*") == []
    with house.database.session() as db:
        retired = retirement.restore(db, implementations.find_any(db, "acme"), BY, environment="development")
    follow(house, retired)
    assert house.service.ask(ANN).state == "checking"
    work_off()
    assert house.service.ask(ANN).state == "ready"
    assert eventually(lambda: len(traces(house)) == 2)
