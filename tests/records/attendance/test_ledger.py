"""The ledger of scans stays as it was written; twelve ways of tampering and more are found, and erasure is none of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from records import AuditEntry, Conflict, Database, Implementation, RuleViolation, audit
from records.attendance.ledger import anchors, chain, verification
from records.attendance.ledger.tables import LedgerHead, ScanNames
from records.audit import AuditContext
from records.changes.attendance import scans as attendance
from records.tenants import implementations
from tests.records.attendance.ledger_rows import add_scans, draft

ROWS = 6
BY = AuditContext("staff/kim", "asked for by the person")


@pytest.fixture
def ledger(database: Database, demo: Implementation) -> Implementation:
    """Give an implementation with scans, an anchor about the first of them, and one that was erased."""
    with database.session() as db:
        add_scans(db, demo, 4)
    with database.session() as db:
        anchors.anchor(db, demo, chain.lock(db, demo))
    with database.session() as db:
        attendance.erase_names(db, demo, "B-2", BY)
    with database.session() as db:
        add_scans(db, demo, 1, first=6)
    return demo


@contextmanager
def tampering(database: Database):
    """Give a transaction in which the database lets everything through, as its owner can have it."""
    with database.session() as db:
        if database.engine.dialect.name == "sqlite":
            for name in db.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                db.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("scan_ledger", "scan_names", "scan_ledger_heads", "audit_entries", "audit_head"):
                db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield db
        db.rollback()


def test_rows_of_a_ledger_follow_each_other_and_verify_with_an_erasure_on_record(database, ledger):
    with database.reading() as db:
        head = db.get(LedgerHead, ledger.id)
        assert (head.entries, head.anchored) == (ROWS, 4)
        assert verification.verify(db, ledger) == verification.LedgerVerification(
            True, ROWS, head=audit.ChainHead(ROWS, head.hash)
        )
        assert db.get(ScanNames, (ledger.id, 2)) is None
        assert audit.recent(db)[0].detail == {"scans": 1}
        assert audit.verify(db).ok


def test_an_implementation_without_scans_verifies(database, demo):
    with database.reading() as db:
        assert verification.verify(db, demo) == verification.LedgerVerification(True, 0)


def test_each_implementation_has_a_chain_of_its_own(database, ledger):
    with database.session() as db:
        other = implementations.create(db, "other", "Other", "UTC")
        add_scans(db, other, 2)
        assert verification.verify(db, other).entries == 2
        assert verification.verify(db, ledger).ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scan_ledger SET badge_id = 'B-9' WHERE number = 2",
        "DELETE FROM scan_ledger WHERE number = 6",
        "DELETE FROM scan_ledger",
        "UPDATE scan_names SET last_name = 'Wu' WHERE number = 1",
        "UPDATE scan_ledger_heads SET entries = 3",
        "UPDATE scan_ledger_heads SET anchored = 3",
        "UPDATE scan_ledger_heads SET hash = ''",
        "DELETE FROM scan_ledger_heads",
    ],
)
def test_the_database_refuses_to_change_or_delete_a_row(database, ledger, statement):
    with pytest.raises(Conflict, match="only added to"), database.session() as db:
        db.execute(text(statement))


def test_the_database_refuses_a_row_out_of_turn_one_that_replaces_another_and_emptying(database, ledger):
    columns = "kind, scan_id, session_id, badge_id, direction, entry, scanned_at, skew_ms, corrected_at, received_at"
    columns += ", actor, device, late, reason, replaces, names_hash, previous, hash"
    copies = [f"INTO scan_ledger (implementation_id, number, {columns})"]
    attempts = [f"INSERT {copies[0]} SELECT implementation_id, 9, {columns} FROM scan_ledger WHERE number = 6"]
    if database.engine.dialect.name == "sqlite":
        attempts += [
            f"INSERT OR REPLACE {copies[0]} SELECT implementation_id, 7, {columns} FROM scan_ledger WHERE number = 1",
            "INSERT OR REPLACE INTO scan_names SELECT * FROM scan_names WHERE number = 1",
            "INSERT OR REPLACE INTO scan_ledger_heads SELECT * FROM scan_ledger_heads",
        ]
    else:
        attempts += ["TRUNCATE scan_ledger CASCADE", "TRUNCATE scan_names", "TRUNCATE scan_ledger_heads"]
    for attempt in attempts:
        with pytest.raises(Conflict, match="only added to"), database.session() as db:
            db.execute(text(attempt))


def rewritten(db, owner) -> None:
    """Write the chain again over what the rows say now, with the right hashes, as somebody who knows this code can."""
    previous = chain.FIRST
    rows = db.execute(text("SELECT number FROM scan_ledger ORDER BY number")).scalars().all()
    for number in rows:
        row = dict(next(each for each in verification._walk(db, owner, 99) if each["number"] == number))
        row["previous"] = previous
        previous = chain.entry_hash(row)
        values = {"n": number, "p": row["previous"], "h": previous}
        db.execute(text("UPDATE scan_ledger SET previous = :p, hash = :h WHERE number = :n"), values)
    db.execute(text("UPDATE scan_ledger_heads SET hash = :h"), {"h": previous})


TAMPERING = {
    "a changed row": (["UPDATE scan_ledger SET badge_id = 'B-9' WHERE number = 3"], 3, "content"),
    "a changed time": (["UPDATE scan_ledger SET corrected_at = received_at WHERE number = 3",
                        "UPDATE scan_ledger SET skew_ms = 7 WHERE number = 3"], 3, "content"),
    "a removed row": (["DELETE FROM scan_names WHERE number = 3", "DELETE FROM scan_ledger WHERE number = 3"], 3, "missing"),
    "a removed end": (["DELETE FROM scan_names WHERE number = 6", "DELETE FROM scan_ledger WHERE number = 6"], 6, "missing"),
    "a removed end with its head": (["DELETE FROM scan_names WHERE number >= 3",
                                     "DELETE FROM scan_ledger WHERE number >= 3",
                                     ("UPDATE scan_ledger_heads SET entries = 2, anchored = 0, hash = "
                                     "(SELECT hash FROM scan_ledger WHERE number = 2)")], 2, "missing"),
    "two rows that were swapped": (["UPDATE scan_ledger SET number = 99 WHERE number = 6",
                                    "UPDATE scan_ledger SET number = 6 WHERE number = 5",
                                    "UPDATE scan_ledger SET number = 5 WHERE number = 99"], 5, "follow"),
    "a head that was set back": ([("UPDATE scan_ledger_heads SET entries = 5, hash = "
                                  "(SELECT hash FROM scan_ledger WHERE number = 5)")], 6, "after the row"),
    "a head with another hash": (["UPDATE scan_ledger_heads SET hash = 'x'"], 6, "written last"),
    "a changed name": (["UPDATE scan_names SET last_name = 'Wu' WHERE number = 1"], 1, "names are not"),
    "a changed random number": (["UPDATE scan_names SET salt = '0' WHERE number = 1"], 1, "names are not"),
    "removed names without an erasure": (["DELETE FROM scan_names WHERE number = 1"], 1, "no erasure"),
    "names that were put back after an erasure": (
        [("INSERT INTO scan_names SELECT implementation_id, 2, salt, last_name, first_name, completed FROM scan_names"
         " WHERE number = 1")], 2, "although they were erased"),
    "names put to a row without": (
        [("INSERT INTO scan_names SELECT implementation_id, 5, salt, last_name, first_name, completed FROM scan_names"
         " WHERE number = 1")], 5, "not written with it"),
    "a removed erasure": (["DELETE FROM scan_names WHERE number = 6", "DELETE FROM scan_ledger WHERE number >= 5",
                           ("UPDATE scan_ledger_heads SET entries = 4, hash = "
                           "(SELECT hash FROM scan_ledger WHERE number = 4)")], 2, "no erasure"),
    "an anchor that the head does not know": (["UPDATE scan_ledger_heads SET anchored = 0"], 0, "anchor"),
    "a removed anchor": ([f"DELETE FROM audit_entries WHERE action = '{anchors.ANCHORED}'"], 4, "anchor"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found(database, ledger, name):
    statements, place, reason = TAMPERING[name]
    with tampering(database) as db:
        if "swapped" in name and database.engine.dialect.name != "sqlite":
            db.execute(text("ALTER TABLE scan_names DROP CONSTRAINT fk_scan_names_implementation_id_scan_ledger"))
        elif database.engine.dialect.name == "sqlite":
            db.execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            db.execute(text(statement))
        found = verification.verify(db, ledger)
        assert (found.ok, found.broken_at) == (False, place)
        assert reason in found.reason


def test_a_row_that_was_changed_with_its_own_hash_breaks_the_next(database, ledger):
    with tampering(database) as db:
        row = dict(next(each for each in verification._walk(db, ledger, 9) if each["number"] == 3), badge_id="B-9")
        values = {"h": chain.entry_hash(row)}
        db.execute(text("UPDATE scan_ledger SET badge_id = 'B-9', hash = :h WHERE number = 3"), values)
        found = verification.verify(db, ledger)
        assert (found.broken_at, found.reason) == (4, "it does not follow the row before it")


def test_a_chain_that_was_written_again_differs_from_its_anchor(database, ledger):
    with tampering(database) as db:
        db.execute(text("UPDATE scan_ledger SET badge_id = 'B-9' WHERE number = 3"))
        rewritten(db, ledger)
        found = verification.verify(db, ledger)
        assert (found.broken_at, found.reason) == (4, "another hash was anchored for it")


def test_an_anchor_that_was_written_again_too_breaks_the_chain_of_audit_entries(database, ledger):
    with tampering(database) as db:
        db.execute(text("UPDATE scan_ledger SET badge_id = 'B-9' WHERE number = 3"))
        rewritten(db, ledger)
        fourth = db.execute(text("SELECT hash FROM scan_ledger WHERE number = 4")).scalar()
        entry = db.query(AuditEntry).filter_by(action=anchors.ANCHORED).one()
        entry.detail = {"entries": 4, "hash": fourth}
        db.flush()
        assert verification.verify(db, ledger).ok
        assert not audit.verify(db).ok


def test_rows_of_another_implementation_are_found_in_a_ledger(database, ledger):
    with database.session() as db:
        other = implementations.create(db, "other", "Other", "UTC")
        add_scans(db, other, 1)
    with tampering(database) as db:
        if database.engine.dialect.name == "sqlite":
            db.execute(text("PRAGMA defer_foreign_keys = ON"))
        db.execute(text(f"DELETE FROM scan_names WHERE implementation_id = {other.id}"))
        db.execute(text(f"DELETE FROM scan_ledger WHERE implementation_id = {other.id}"))
        columns = "number, kind, scan_id, session_id, badge_id, direction, entry, scanned_at, skew_ms, corrected_at,"
        columns += "received_at, actor, device, late, reason, replaces, names_hash, previous, hash"
        db.execute(
            text(f"INSERT INTO scan_ledger (implementation_id, {columns}) SELECT {other.id}, {columns}"
                 f" FROM scan_ledger WHERE implementation_id = {ledger.id} AND number = 1")
        )  # fmt: skip
        assert verification.verify(db, other).reason == "its content is not what was written"


def test_writers_at_the_same_time_make_one_chain(database, demo):
    def write(first: int) -> None:
        with database.session() as db:
            add_scans(db, demo, 5, first=first)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(1, 81, 5)))
    with database.reading() as db:
        assert verification.verify(db, demo).entries == 80


def test_one_scan_id_is_stored_once_and_voided_once(database, ledger):
    void = draft(1, kind="void", reason="r")
    with database.session() as db:
        chain.append(db, chain.lock(db, ledger), [(void, None)])
    for again in (draft(1), void):
        with pytest.raises(Conflict), database.session() as db:
            chain.append(db, chain.lock(db, ledger), [(again, None)])


def test_an_anchor_is_due_once_a_day_and_only_for_new_rows(database, ledger):
    with database.session() as db:
        head = chain.lock(db, ledger)
        assert not anchors.is_due(head)  # the last is of today
        assert anchors.owners_due(db) == []
        head.anchored_at = head.anchored_at.replace(year=2025)
        db.flush()
        assert anchors.is_due(head)
        assert [each.slug for each in anchors.owners_due(db)] == ["demo"]
        assert anchors.anchor(db, ledger, head)
        assert not anchors.anchor(db, ledger, head)
        assert [each.entries for each in anchors.every(db, ledger)] == [4, ROWS]


def test_names_are_erased_with_a_reason_once_and_only_where_there_are_some(database, ledger):
    for badge, by, field in (
        ("B-2", BY, "badge_id"),
        ("", BY, "badge_id"),
        ("B-99", BY, "badge_id"),
        ("B-1", AuditContext("staff/kim"), "reason"),
    ):
        with pytest.raises(RuleViolation) as refused, database.session() as db:
            attendance.erase_names(db, ledger, badge, by)
        assert refused.value.field == field


def test_a_removed_implementation_takes_its_ledger_with_it(database, ledger):
    with database.session() as db:
        db.delete(db.merge(ledger))
    with database.reading() as db:
        assert [
            db.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in ("scan_ledger", "scan_names")
        ] == [0, 0]
