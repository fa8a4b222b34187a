"""The edition changes with everything that can change what is shown, and with nothing else."""

import pytest

from records import ConnectionDraft, ExternalAuthDraft, UserProfile, editions
from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.audit import AuditContext
from records.changes.scripts import deployments as changes
from records.changes.scripts.readiness import Without
from records.identity import external_auth as external
from records.people import grants, users
from records.scripts import deployments, versions
from records.tenants import connections, implementations

AGENDA = b"ID,Title,Start Time,End Time\nS1,Airway,2026-05-04T09:00Z,2026-05-04T10:00Z\n"


def edition(db, demo):
    return editions.edition(db, demo, deployments.active_version(db, demo))


def activate(db, demo, box):
    deployments.activate(
        db, demo, versions.add_version(db, demo, "def status(user, session, api): ...", by="me"), by="me"
    )


CHANGES = {
    "a setting of the script": lambda db, demo, box: implementations.update(db, demo, script_settings={"a": 1}),
    "the fallback": lambda db, demo, box: implementations.update(db, demo, fallback_text="Later"),
    "the link hosts": lambda db, demo, box: implementations.update(db, demo, link_hosts=["a.example.org"]),
    "the active version": activate,
    "a stop of all scripts": lambda db, demo, box: changes.stop(db, demo, AuditContext("tests", "wrong credits")),
    "a connection": lambda db, demo, box: connections.save(
        db, box, demo, ConnectionDraft(name="v", base_url="https://a.example.org", auth_kind="bearer", secret="one")
    ),
    "a connection's secret": lambda db, demo, box: connections.save(
        db, box, demo, ConnectionDraft(name="w", base_url="https://w.example.org", auth_kind="bearer", secret="two")
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_edition_after_a_change_of(what, db, demo, box):
    draft = ConnectionDraft(name="w", base_url="https://w.example.org", auth_kind="bearer", secret="one")
    connections.save(db, box, demo, draft)
    before = edition(db, demo)
    CHANGES[what](db, demo, box)
    db.flush()
    assert edition(db, demo) != before


def test_an_edition_never_comes_back_whatever_is_undone(db, demo, box):
    demo = db.merge(demo)
    one, two, three = (versions.add_version(db, demo, source, by="me") for source in ("one", "two", "three"))
    olga = AuditContext("staff/olga", "wrong credits")
    steps = [
        lambda: changes.activate(db, demo, one.number, olga, without=Without.REVIEW),
        lambda: changes.stop(db, demo, olga),
        lambda: changes.go_on(db, demo, olga),
        lambda: changes.stop(db, demo, olga),
        lambda: changes.go_on(db, demo, olga),
        lambda: changes.activate(db, demo, two.number, olga, without=Without.REVIEW),
        lambda: changes.roll_back(db, demo, olga, expected=two.number),
        lambda: changes.stage(db, demo, three.number, 10, olga, without=Without.REVIEW),
        lambda: changes.revert(db, demo, olga, expected=three.number),
        lambda: changes.stage(db, demo, three.number, 10, olga, without=Without.REVIEW),
        lambda: changes.suspend(db, demo, one.number, olga),
        lambda: changes.reinstate(db, demo, one.number, olga),
        lambda: changes.activate(db, demo, one.number, olga, without=Without.REVIEW),
    ]
    of_one, of_three = [], []
    for step in steps:
        assert step().made
        db.expire_all()
        of_one.append(editions.edition(db, demo, one))
        of_three.append(editions.edition(db, demo, three))
    without_effect = {
        7,
        9,
        11,
    }  # a stage changes nothing for the users of the active version, a reinstatement for nobody
    assert len(set(of_one)) == len(steps) - len(without_effect)
    assert len(set(of_three)) == len(steps) - 1


def test_a_staged_versions_edition_changes_with_the_active_deployment_and_not_with_its_own_share(db, demo):
    one, two, three = (versions.add_version(db, demo, source, by="me") for source in ("one", "two", "three"))
    deployments.activate(db, demo, one, by="me")
    staged = deployments.stage(db, demo, three, share=10, by="me")
    before = editions.edition(db, demo, three)
    deployments.widen(db, staged, 50)
    assert editions.edition(db, demo, three) == before
    deployments.suspend(db, one, "alarm", "the service")
    after = editions.edition(db, demo, three)
    assert after != before
    deployments.activate(db, demo, two, by="me")
    assert editions.edition(db, demo, three) not in (before, after)


def test_the_same_edition_when_people_come_and_the_agenda_changes(db, demo):
    before = edition(db, demo)
    users.remember(db, demo, "ann", UserProfile("ann"))
    agenda.import_file(db, demo, agenda.read(AGENDA, demo.time_zone), AuditContext("tests"))
    assert edition(db, demo) == before


def test_the_same_edition_when_it_changes_who_may_log_in_and_do_what(db, demo, box):
    before = edition(db, demo)
    implementations.update(db, db.merge(demo), app_redirect_uris=["com.example.app:/login"], mapped_roles=["organizer"])
    grants.add(db, demo, kind="username", value="kim", role="organizer", by="me")
    external.save(
        db, box, demo, ExternalAuthDraft("introspection", {"url": "https://a.example", "client_id": "x"}, "s"), "me"
    )
    assert edition(db, implementations.find(db, "demo")) == before


def test_another_edition_of_a_session_whose_row_changed_and_the_same_for_one_that_did_not(db, demo):
    agenda.import_file(db, demo, agenda.read(AGENDA, demo.time_zone), AuditContext("tests"))
    before = editions.session_edition(sessions.find(db, demo, "S1"))
    agenda.import_file(db, demo, agenda.read(AGENDA, demo.time_zone), AuditContext("tests"))
    assert editions.session_edition(sessions.find(db, demo, "S1")) == before
    agenda.import_file(
        db, demo, agenda.read(AGENDA.replace(b"Airway", b"Airways"), demo.time_zone), AuditContext("tests")
    )
    assert editions.session_edition(sessions.find(db, demo, "S1")) != before


def test_two_versions_have_two_editions_and_no_version_a_third(db, demo):
    one, two = (versions.add_version(db, demo, source, by="me") for source in ("one", "two"))
    assert len({editions.edition(db, demo, version) for version in (one, two, None)}) == 3
    assert editions.edition(db, demo, one) == editions.edition(db, demo, one)
