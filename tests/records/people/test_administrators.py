"""The first administrator's link works once, for a day, and only the newest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from records import Database
from records.columns import utc_now
from records.people import administrators
from records.tenants import implementations


def test_link_works_once(database: Database):
    with database.session() as db:
        token = administrators.new_link(db)
        assert implementations.find(db, "staff")
    with database.session() as db:
        assert [administrators.use_link(db, token) for _ in range(2)] == [True, False]


def test_looking_does_not_use_it_up(database: Database):
    with database.session() as db:
        token = administrators.new_link(db)
    with database.reading() as db:
        assert [administrators.is_open(db, one) for one in (token, token, "x", "", "\ud800")] == [True, True] + [
            False
        ] * 3
    with database.session() as db:
        assert administrators.use_link(db, token)
        assert not administrators.is_open(db, token)


def test_newer_link_ends_the_one_before_and_forgets_no_used_one(database: Database):
    with database.session() as db:
        used = administrators.new_link(db)
        assert administrators.use_link(db, used)
        first, second = administrators.new_link(db), administrators.new_link(db)
        assert [administrators.use_link(db, token) for token in (used, first, second)] == [False, False, True]
        assert db.scalar(text("SELECT count(*) FROM administrator_links WHERE used_at IS NOT NULL")) == 2


def test_link_that_is_a_day_old_does_not_work(database: Database, monkeypatch: pytest.MonkeyPatch):
    with database.session() as db:
        token = administrators.new_link(db)
        later = utc_now() + timedelta(hours=24, seconds=1)
        monkeypatch.setattr(administrators, "utc_now", lambda: later)
        assert not administrators.is_open(db, token)
        assert not administrators.use_link(db, token)


def test_database_does_not_hold_the_token(database: Database):
    with database.session() as db:
        token = administrators.new_link(db)
        assert token not in repr(db.execute(text("SELECT * FROM administrator_links")).all())


def test_of_many_who_use_it_at_once_one_gets_in(database: Database):
    with database.session() as db:
        token = administrators.new_link(db)

    def use(_: int) -> bool:
        with database.session() as db:
            return administrators.use_link(db, token)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(use, range(12))) == 1


def test_staff_is_made_once_by_many(database: Database):
    def made(_: int) -> int:
        with database.session() as db:
            return implementations.staff(db).id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(made, range(12)))) == 1
