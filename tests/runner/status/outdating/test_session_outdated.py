"""A vendor says that a session has changed: the messages of all who looked lately are found anew, and of nobody else."""

from records.audit import AuditContext
from records.changes import retirement
from records.facts.fact_tables import WHOLE_EVENT
from records.people import users
from records.tenants import implementations
from runner.status.service import StatusRequest

SCRIPT = "def status(user, session, api):\n    return message(session.id + ' ' + user.attributes.get('said', 'new'))\n"


def test_everybody_who_looked_at_a_session_or_at_a_part_of_it_is_found_anew(house, work_off):
    house.add(source=SCRIPT, sessions=("s1", "s2", "s1a"), parent="s1", inherit_from_parent=True)
    with house.database.session() as db:
        for name in ("bob", "cleo"):
            users.remember(db, implementations.find(db, "acme"), name, users.UserProfile(name))
    looks = [StatusRequest("acme", *pair) for pair in (("ann", "s1"), ("bob", "s1a"), ("cleo", "s1"))]
    for request in looks:
        house.service.ask(request)
    work_off()
    assert [house.service.ask(request).state for request in looks] == ["ready"] * 3
    assert house.service.outdate_session("acme", "s2") == 3  # part of s1 as well, and shows its messages
    assert all(house.service.ask(request).stale for request in looks)
    work_off()
    assert not any(house.service.ask(request).stale for request in looks)
    assert house.service.outdate_session("acme", "s9") == 0


def test_of_an_archived_implementation_nothing_is_shown_so_nothing_is_found_anew(house):
    """Facts are forgotten and names erased after a conference, too; that must not fail when it is done."""
    house.add(source=SCRIPT, sessions=("s1",))
    with house.database.session() as db:
        retirement.archive(db, implementations.find(db, "acme"), AuditContext("staff/olga", "over"))
    house.service.changed("acme")
    assert house.service.outdate("acme", [("ann", "s1"), ("bob", WHOLE_EVENT)])
