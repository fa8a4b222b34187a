"""Audit entries stay as they were written; whatever is done to them otherwise is found, and its place is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session

from records import AuditEntry, ChainHead, Conflict, Database, Implementation, audit
from records.audit import AuditHead
from records.tenants import implementations

MOMENT = datetime(2026, 5, 4, 9, 0, 0, 123456, tzinfo=UTC)
ENTRIES = 5


@pytest.fixture
def kept(database: Database) -> Database:
    """Give a database with some entries."""
    with database.session() as db:
        for n in range(ENTRIES):
            audit.append(
                db, actor=f"kim{n}", action="login", target="t", implementation="demo", reason="r", detail={"n": n}
            )
    return database


@contextmanager
def tampering(database: Database) -> Iterator[Session]:
    """Give a transaction in which the database lets everything through, as its owner can have it; undone at the end."""
    with database.session() as db:
        if database.engine.dialect.name == "sqlite":
            triggers = db.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in triggers:
                db.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("audit_entries", "audit_head"):
                db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield db
        db.rollback()


def test_entries_count_on_and_each_follows_the_one_before(kept: Database):
    with kept.reading() as db:
        entries = audit.recent(db)
        assert [entry.number for entry in entries] == [5, 4, 3, 2, 1]
        assert [entry.previous for entry in entries] == [*(entry.hash for entry in entries[1:]), audit.FIRST]
        assert audit.verify(db) == audit.ChainVerification(True, 5, head=ChainHead(5, entries[0].hash))


def test_no_entries_at_all_are_whole(database: Database):
    with database.reading() as db:
        assert audit.verify(db) == audit.ChainVerification(True, 0, head=ChainHead(0, audit.FIRST))


def test_entries_come_in_pages_and_by_implementation(kept: Database):
    with kept.session() as db:
        audit.append(db, actor="lee", action="grant.added", implementation="other", target="100% kim")
    with kept.reading() as db:
        assert [entry.number for entry in audit.recent(db, limit=2)] == [6, 5]
        assert [entry.number for entry in audit.recent(db, implementation="demo", before=5, limit=2)] == [4, 3]
        assert [entry.actor for entry in audit.recent(db, implementation="other")] == ["lee"]
        assert [entry.number for entry in audit.recent(db, holding={"actor": "KIM3"})] == [4]
        assert [entry.number for entry in audit.recent(db, holding={"target": "0% K"})] == [6]
        assert audit.recent(db, holding={"target": "%k_m"}) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'nobody' WHERE number = 2",
        "UPDATE audit_entries SET number = 9 WHERE number = 2",
        "DELETE FROM audit_entries WHERE number = 5",
        "DELETE FROM audit_entries",
        "INSERT INTO audit_entries SELECT 7, at, '', '', '', '', '', detail, '', '' FROM audit_entries WHERE number = 5",
        "UPDATE audit_head SET entries = 4",
        "UPDATE audit_head SET entries = 7",
        "UPDATE audit_head SET hash = ''",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (id, entries, hash) VALUES (2, 0, '')",
    ],
)
def test_database_itself_refuses_to_change_or_delete(kept: Database, statement: str):
    with pytest.raises(Conflict, match=r"only appended|audit_head"), kept.session() as db:
        db.execute(text(statement))
    with kept.reading() as db:
        assert audit.verify(db).entries == ENTRIES


def test_database_refuses_what_deletes_without_saying_so(kept: Database):
    # SQLite's REPLACE does not ask the triggers of DELETE, and PostgreSQL's TRUNCATE has triggers of its own.
    columns = "number, at, 'nobody', action, target, implementation, reason, detail, previous, hash"
    ways = {
        "sqlite": [f"REPLACE INTO audit_entries SELECT {columns} FROM audit_entries WHERE number = 5"],
        "postgresql": ["TRUNCATE audit_entries", "TRUNCATE audit_head"],
    }
    for statement in ways[kept.engine.dialect.name]:
        with pytest.raises(Conflict, match="only appended"), kept.session() as db:
            db.execute(text(statement))


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
CHANGES = st.one_of(
    st.tuples(st.sampled_from(["actor", "action", "target", "implementation", "reason"]), TEXTS),
    st.tuples(st.sampled_from(["previous", "hash"]), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
    st.tuples(st.just("at"), st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001 - a bound is naive
    st.tuples(st.just("detail"), st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans() | st.none(), max_size=3)),
    st.tuples(st.just("number"), st.integers(1, 2**40)),
)


@given(number=st.integers(1, ENTRIES), change=CHANGES)
@example(number=2, change=("reason", "r "))
@example(number=2, change=("implementation", "Demo"))
@example(number=2, change=("detail", {"n": True}))
@example(number=2, change=("detail", {"n": 1.0}))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_single_change_of_any_field_is_found(kept: Database, number: int, change: tuple[str, Any]):
    field, value = change
    with tampering(kept) as db:
        entry = db.get(AuditEntry, number)
        assert entry is not None
        assume(json.dumps(getattr(entry, field), default=str) != json.dumps(value, default=str))
        if field == "number":
            assume(value > ENTRIES)
        db.execute(update(AuditEntry).where(AuditEntry.number == number).values({field: value}))
        verdict = audit.verify(db)
    assert not verdict.ok
    assert (verdict.broken_at, verdict.entries) == (number, number - 1)
    with kept.reading() as db:
        assert audit.verify(db).ok


def test_entry_moved_by_a_moment_is_found_though_its_order_is_right(kept: Database):
    with tampering(kept) as db:
        entry = db.get(AuditEntry, 3)
        db.execute(update(AuditEntry).where(AuditEntry.number == 3).values(at=entry.at + timedelta(microseconds=1)))
        assert audit.verify(db).broken_at == 3


@pytest.mark.parametrize(("gone", "reason"), [([1], "missing"), ([3], "missing"), ([2, 3], "missing")])
def test_deletion_at_the_start_or_in_the_middle_is_found_where_it_begins(kept: Database, gone: list[int], reason: str):
    with tampering(kept) as db:
        db.execute(delete(AuditEntry).where(AuditEntry.number.in_(gone)))
        verdict = audit.verify(db)
    assert (verdict.ok, verdict.broken_at, verdict.entries) == (False, gone[0], gone[0] - 1)
    assert reason in verdict.reason


def test_entries_numbered_anew_after_a_deletion_are_found(kept: Database):
    with tampering(kept) as db:
        db.execute(delete(AuditEntry).where(AuditEntry.number == 3))
        for number in (4, 5):
            db.execute(update(AuditEntry).where(AuditEntry.number == number).values(number=number - 1))
        db.execute(update(AuditHead).values(entries=4))
        verdict = audit.verify(db)
    assert (verdict.broken_at, verdict.reason) == (3, "it does not follow the entry before it")


@pytest.mark.parametrize("gone", [1, 2, ENTRIES])
def test_end_that_was_cut_off_is_found(kept: Database, gone: int):
    with tampering(kept) as db:
        db.execute(delete(AuditEntry).where(AuditEntry.number > ENTRIES - gone))
        verdict = audit.verify(db)
    assert (verdict.ok, verdict.broken_at) == (False, ENTRIES - gone + 1)


def test_head_that_was_set_back_with_the_entries_left_is_found(kept: Database):
    with tampering(kept) as db:
        db.execute(update(AuditHead).values(entries=3, hash=db.get(AuditEntry, 3).hash))
        verdict = audit.verify(db)
    assert (verdict.ok, verdict.broken_at) == (False, 4)


def test_head_that_is_gone_or_names_another_hash_is_found(kept: Database):
    with tampering(kept) as db:
        db.execute(update(AuditHead).values(hash="0" * 64))
        assert audit.verify(db).broken_at == ENTRIES
        db.execute(delete(AuditHead))
        assert audit.verify(db).broken_at == 1


def test_last_entry_written_anew_with_its_hash_is_found_by_the_head(kept: Database):
    with tampering(kept) as db:
        forge(db, ENTRIES, actor="nobody")
        verdict = audit.verify(db)
    assert (verdict.broken_at, verdict.reason) == (ENTRIES, "it is not the entry that was written last")


def test_entry_in_the_middle_written_anew_with_its_hash_is_found_by_the_next(kept: Database):
    with tampering(kept) as db:
        forge(db, 2, actor="nobody")
        assert audit.verify(db).broken_at == 3


def test_chain_written_anew_from_end_to_end_is_found_by_a_noted_head_only(kept: Database):
    with kept.reading() as db:
        noted = [
            audit.verify(db).head,
            ChainHead(2, db.get(AuditEntry, 2).hash),
            ChainHead(1, db.get(AuditEntry, 1).hash),
        ]
    with tampering(kept) as db:
        last = forge(db, 2, actor="nobody")
        for number in (3, 4, 5):
            last = forge(db, number, previous=last)
        db.execute(update(AuditHead).values(hash=last))
        assert audit.verify(db).ok
        assert [audit.verify(db, noted=head).broken_at for head in noted] == [5, 2, None]
        db.execute(delete(AuditEntry).where(AuditEntry.number == 5))
        db.execute(update(AuditHead).values(entries=4, hash=db.get(AuditEntry, 4, populate_existing=True).hash))
        assert audit.verify(db).ok
        assert audit.verify(db, noted=noted[0]).broken_at == 5


def forge(db: Session, number: int, **changes: Any) -> str:
    """Write an entry again, with the hash that it would have."""
    db.execute(update(AuditEntry).where(AuditEntry.number == number).values(**changes))
    row = db.get(AuditEntry, number, populate_existing=True)
    assert row is not None
    digest = audit.digest(row)
    db.execute(update(AuditEntry).where(AuditEntry.number == number).values(hash=digest))
    db.expire_all()
    return digest


def test_entry_put_in_behind_the_end_is_found(kept: Database):
    with tampering(kept) as db:
        row = {c.key: getattr(db.get(AuditEntry, 5), c.key) for c in AuditEntry.__table__.columns}
        db.execute(insert(AuditEntry).values(row | {"number": 6}))
        assert audit.verify(db).broken_at == 6


def test_many_entries_are_read_in_batches(kept: Database, monkeypatch: pytest.MonkeyPatch):
    for batch in (1, 2, ENTRIES, ENTRIES + 1):
        monkeypatch.setattr(audit, "BATCH", batch)
        with tampering(kept) as db:
            assert audit.verify(db).entries == ENTRIES
            db.execute(delete(AuditEntry).where(AuditEntry.number == 4))
            assert audit.verify(db).broken_at == 4


def test_threads_that_append_at_once_make_one_chain(database: Database):
    def append(worker: int) -> None:
        for n in range(10):
            with database.session() as db:
                audit.append(db, actor=f"worker {worker}", action="login", detail={"n": n})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))
    with database.reading() as db:
        assert audit.verify(db).entries == 40
        for worker in range(4):  # each one's own are in the order in which it wrote them
            mine = audit.recent(db, holding={"actor": f"worker {worker}"})
            assert [entry.detail["n"] for entry in mine] == list(range(9, -1, -1))


def test_verifying_while_others_append_finds_nothing_wrong(database: Database):
    done = False

    def append(_: int) -> None:
        for _ in range(15):
            with database.session() as db:
                audit.append(db, actor="a", action="b")

    def verify(_: int) -> list[bool]:
        found = []
        while not done:
            with database.reading() as db:
                found.append(audit.verify(db).ok)
        return found

    with ThreadPoolExecutor(4) as pool:
        watching = [pool.submit(verify, n) for n in range(2)]
        list(pool.map(append, range(2)))
        done = True
        assert all(ok for one in watching for ok in one.result())


def test_action_that_fails_leaves_no_entry_and_no_gap(kept: Database):
    with kept.session() as db:
        audit.append(db, actor="kim", action="login")
        db.rollback()
    with kept.session() as db:
        assert audit.append(db, actor="kim", action="login").number == ENTRIES + 1
        assert audit.verify(db).ok


def test_clock_that_was_set_back_does_not_break_the_order_of_time(kept: Database, monkeypatch: pytest.MonkeyPatch):
    with kept.session() as db:
        monkeypatch.setattr(audit, "utc_now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
        assert audit.append(db, actor="kim", action="login").at == db.get(AuditEntry, ENTRIES).at
        assert audit.verify(db).ok


HOSTILE = "x\0\x1b[31m\ud800\u202eevil\u2028"


def test_hostile_texts_cannot_keep_their_entry_out_nor_look_like_another(database: Database):
    with database.session() as db:
        audit.append(
            db,
            actor=HOSTILE * 100,
            action="login.refused",
            target=HOSTILE,
            reason=HOSTILE * 1000,
            detail={HOSTILE: [HOSTILE, float("nan"), 1e308, 10**400, None, True], "b": {"ü": "é", "a": -0.0}},
        )
        audit.append(db, actor="kim", action="login", detail={"long": "x" * 100_000})
    with database.reading() as db:
        big, entry = audit.recent(db)
        assert audit.verify(db).ok
        assert entry.target == "x\ufffd\ufffd[31m\ufffd\ufffdevil\ufffd"
        assert (len(entry.actor), entry.actor[-1], len(entry.reason)) == (255, "…", 2000)
        assert list(big.detail) == ["left out"]


@given(detail=st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
).map(lambda value: {"v": value}))  # fmt: skip
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_detail_is_given_it_comes_back_with_the_same_hash(database: Database, detail: dict[str, Any]):
    with database.session() as db:
        audit.append(db, actor="kim", action="settings.changed", detail=detail)
    with database.reading() as db:
        assert audit.verify(db).ok


def test_hash_is_the_same_in_every_release():
    entry = AuditEntry(
        number=2,
        at=MOMENT,
        actor="kim",
        action="grant.added",
        target="mei",
        implementation="demo",
        reason="ü",
        detail={"b": [1, 2.5, None], "a": "x"},
        previous="1" * 64,
        hash="",
    )
    said = (
        '{"action":"grant.added","actor":"kim","at":"2026-05-04T09:00:00.123456+00:00","detail":{"a":"x","b":[1,2.5,null]}'
        f',"implementation":"demo","number":2,"previous":"{"1" * 64}","reason":"\\u00fc","target":"mei"}}'
    )
    assert audit.digest(entry) == hashlib.sha256(said.encode()).hexdigest()


def test_entries_outlive_their_implementation(database: Database, demo: Implementation):
    with database.session() as db:
        audit.append(db, actor="kim", action="login", implementation="demo")
        db.delete(db.merge(demo))
    with database.reading() as db:
        assert implementations.find(db, "demo") is None
        assert len(audit.recent(db, implementation="demo")) == 1
