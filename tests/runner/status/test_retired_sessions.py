"""A retired session is not served from the moment it is retired; an undo serves it again."""

import pytest

from records.agenda import agenda_imports as agenda
from records.audit import AuditContext
from records.scripts import runs
from records.tenants import implementations
from runner.status.service import StatusRequest, UnknownSession

ANN = StatusRequest("acme", "ann", "s1")
BY = AuditContext("tests")
OTHER = b"ID,Title,Start Time,End Time\ns2,Other,2026-07-15 09:00,2026-07-15 10:00\n"


def change(house, rule):
    with house.database.session() as db:
        rule(db, implementations.find(db, "acme"))
    house.service.changed("acme")


def test_a_session_that_the_agenda_retired_is_unknown_at_once_and_known_again_after_an_undo(house, work_off):
    house.add()
    house.service.ask(ANN)
    work_off()
    assert house.service.ask(ANN).state == "ready"
    read = agenda.read(OTHER, "UTC")
    change(house, lambda db, acme: agenda.import_file(db, acme, read, BY, retire=True))
    for ask in (house.service.ask, house.service.returned):
        with pytest.raises(UnknownSession):
            ask(ANN)
    assert house.service.ask(StatusRequest("acme", "ann", "s2")).state == "checking"
    change(house, lambda db, acme: agenda.undo(db, acme, BY))
    assert house.service.ask(ANN).state in ("ready", "checking")
    with pytest.raises(UnknownSession):
        house.service.ask(StatusRequest("acme", "ann", "s2"))


def test_a_run_that_was_queued_before_its_session_was_retired_does_not_happen(house, work_off):
    house.add()
    assert house.service.ask(ANN).state == "checking"
    read = agenda.read(OTHER, "UTC")
    change(house, lambda db, acme: agenda.import_file(db, acme, read, BY, retire=True))
    work_off()
    with house.database.reading() as db:
        assert runs.recent(db, implementations.find(db, "acme")) == []
