"""Trouble with a vendor that lasts is told to the organizers of that conference, once an hour."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from records.changes import retirement
from records.notices.notice_tables import Notice
from records.notices.vendor_trouble import VendorTrouble, announce_trouble
from records.tenants import implementations
from tests.records.notices.conftest import MAX

NOW = datetime(2026, 5, 4, 9, 5, tzinfo=UTC)


@pytest.fixture
def announced(database, crowd):
    """How many notices are new, at so many minutes after NOW, about trouble since then."""

    def make(minutes, *, since=0, connection="ethosce", implementation="demo"):
        trouble = VendorTrouble(implementation, connection, "slow", NOW + timedelta(minutes=since))
        with database.session() as db:
            return announce_trouble(db, trouble, NOW + timedelta(minutes=minutes), mailing=True)

    return make


def test_the_organizers_are_told_after_ten_minutes_and_once_an_hour(announced, told, database):
    assert [announced(minutes) for minutes in (0, 9, 10, 11, 54, 55, 56)] == [0, 0, 2, 0, 0, 2, 0]
    assert set(told()) == {("nora", "connection.in_trouble"), ("otto", "connection.in_trouble")}
    with database.reading() as db:
        values = db.scalars(select(Notice.values)).first()
    assert values == {"connection": "ethosce", "state": "slow", "since": "09:05"}


def test_a_vendor_that_comes_and_goes_is_told_once_an_hour(announced):
    assert [announced(since + 10, since=since) for since in (0, 11, 22, 33)] == [2, 0, 0, 0]


def test_two_vendors_are_told_apart(announced):
    assert [announced(10, connection=name) for name in ("ethosce", "survey")] == [2, 2]


def test_of_an_archived_or_unknown_implementation_no_one_is_told(announced, database):
    assert announced(10, implementation="gone") == 0
    with database.session() as db:
        retirement.archive(db, implementations.find(db, "demo"), MAX)
    assert announced(10) == 0
