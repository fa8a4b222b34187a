"""An implementation leaves in two steps: archived, which can be undone, then removed with everything but its entries."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import (
    Base,
    Conflict,
    ConnectionDraft,
    Database,
    Implementation,
    RuleViolation,
    SecretBox,
    UserProfile,
    audit,
)
from records.audit import AuditContext
from records.changes import retirement
from records.people import grants, users
from records.scripts import versions
from records.tenants import connections, implementations

BY = AuditContext("staff/kim", "The event is over", {"system_user": "kim"})


@pytest.fixture
def full(database: Database, demo: Implementation, box: SecretBox) -> Database:
    """Give a database in which the demo, and another implementation, have rows and audit entries."""
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
        for owner in (db.merge(demo), other):
            connections.save(db, box, owner, ConnectionDraft("v", "https://v.example.org", "bearer", secret="s"))
            for subject in ("1", "2"):
                users.remember(db, owner, subject, UserProfile(f"u{subject}"))
            version = versions.add_version(db, owner, "x", by="me")
            versions.keep_code(db, version, "r", b"c")
            versions.activate(db, owner, version, by="me")
            grants.add(db, owner, kind="username", value="u1", role="organizer", by="me")
            audit.append(db, actor="me", action="implementation.added", implementation=owner.slug)
    return database


def found(db: Session, slug: str = "demo") -> Implementation:
    one = implementations.find_any(db, slug)
    assert one is not None
    return one


def test_an_archived_implementation_is_found_by_administration_only_and_comes_back_as_it_was(full: Database):
    with full.session() as db:
        retired = retirement.archive(db, found(db), BY)
        assert (retired.slug, sorted(retired.subjects)) == ("demo", ["1", "2"])
        assert implementations.find(db, "demo") is None
        assert [one.slug for one in implementations.every(db)] == ["demo", "other"]
        counts = retirement.preview(db, found(db))
    with full.session() as db:
        retirement.restore(db, found(db), BY, environment="production")
        assert implementations.find(db, "demo") is not None
        assert retirement.preview(db, found(db)) == counts
        assert [one.action for one in audit.recent(db, limit=2)] == [
            "implementation.restored",
            "implementation.archived",
        ]
        assert audit.verify(db).ok


def test_a_slug_of_an_archived_implementation_is_not_given_to_another(full: Database):
    with full.session() as db:
        retirement.archive(db, found(db), BY)
        with pytest.raises(RuleViolation, match="taken"):
            implementations.create(db, "demo", "Impostor")


def test_removing_takes_all_of_it_leaves_all_others_and_the_entries_still_verify(full: Database):
    with full.session() as db:
        retirement.archive(db, found(db), BY)
        others = retirement.preview(db, found(db, "other"))
        number = found(db).id
        retirement.remove(db, found(db), BY, typed="demo")
    with full.reading() as db:
        assert implementations.find_any(db, "demo") is None
        for name in retirement.CALLED:
            rows = text(f"SELECT count(*) FROM {name} WHERE implementation_id = {number}")
            assert db.scalar(rows) == 0, name
        assert retirement.preview(db, found(db, "other")) == others
        entry, *_, first = audit.recent(db, implementation="demo")
        assert (entry.action, entry.actor, entry.reason) == ("implementation.removed", "staff/kim", BY.reason)
        assert entry.detail == {"gone": {**others}, "system_user": "kim"}
        assert first.action == "implementation.added"
        assert audit.verify(db).ok


def test_removing_what_is_in_use_is_refused_and_so_is_a_slug_that_was_not_typed(full: Database):
    with full.session() as db:
        with pytest.raises(RuleViolation, match="in use: archive it first"):
            retirement.remove(db, found(db), BY, typed="demo")
        retirement.archive(db, found(db), BY)
        for typed in ("", "Demo", "demo ", "other"):
            with pytest.raises(RuleViolation, match="typed in full"):
                retirement.remove(db, found(db), BY, typed=typed)
        assert retirement.preview(db, found(db))["users"] == 2


def test_a_removal_that_fails_half_way_takes_nothing(full: Database, monkeypatch: pytest.MonkeyPatch):
    with full.session() as db:
        retirement.archive(db, found(db), BY)
        counts = retirement.preview(db, found(db))

    def broken(*_: object, **__: object) -> None:
        raise Conflict("the entry was refused")

    monkeypatch.setattr(audit, "append", broken)
    with pytest.raises(Conflict), full.session() as db:
        retirement.remove(db, found(db), BY, typed="demo")
    with full.reading() as db:
        assert retirement.preview(db, found(db)) == counts


def test_the_staff_stay(database: Database):
    with database.session() as db:
        staff = implementations.staff(db)
        for act in (
            lambda: retirement.archive(db, staff, BY),
            lambda: retirement.restore(db, staff, BY, environment="production"),
            lambda: retirement.remove(db, staff, BY, typed="staff"),
        ):
            with pytest.raises(RuleViolation, match="it stays"):
                act()


def test_what_is_archived_cannot_be_archived_again_and_what_is_served_cannot_be_restored(full: Database):
    with full.session() as db:
        with pytest.raises(RuleViolation, match="is not archived"):
            retirement.restore(db, found(db), BY, environment="production")
        retirement.archive(db, found(db), BY)
        with pytest.raises(RuleViolation, match="archived already"):
            retirement.archive(db, found(db), BY)


def test_an_archive_with_stand_ins_is_not_restored_in_production(full: Database, box: SecretBox):
    with full.session() as db:
        retirement.archive(db, found(db), BY)
        connections.save(db, box, found(db), ConnectionDraft("here", "http://127.0.0.1:8001", development=True))
        with pytest.raises(RuleViolation, match=r"development stand-ins: connection here is marked as development"):
            retirement.restore(db, found(db), BY, environment="production")
        retirement.restore(db, found(db), BY, environment="development")


def test_somebody_who_restores_it_while_a_removal_waits_is_not_overrun(full: Database):
    with full.session() as db:
        retirement.archive(db, found(db), BY)
    with full.reading() as db:
        seen_archived = found(db)
    with full.session() as db:
        retirement.restore(db, found(db), BY, environment="production")
    with pytest.raises(RuleViolation, match="in use"), full.session() as db:
        retirement.remove(db, db.merge(seen_archived, load=False), BY, typed="demo")


def test_every_table_that_belongs_to_an_implementation_is_counted_in_the_preview():
    owned = {name for name, table in Base.metadata.tables.items() if "implementation_id" in table.c}
    assert set(retirement.CALLED) == owned
