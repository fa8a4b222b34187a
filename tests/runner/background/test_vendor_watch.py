"""What workers counted in the store becomes a notice, if it lasts."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from records import ConnectionDraft, SecretBox, UserProfile
from records.notices.notice_tables import Notice
from records.people import grants, users
from records.tenants import connections, implementations
from runner.background.vendor_watch import EVERY_S, VendorWatch
from runner.powers.vendor_limits import keys_of_name
from runner.store.clients import connect
from tests.support.application import KEY
from tests.support.records import new_records
from tests.support.vendor_health import GOOD, SLOW, count_calls, open_breaker


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('watch') / 'records.db'}")
    with database.session() as db:
        demo = implementations.create(db, "demo", "Demo Congress", "Europe/Berlin")
        connections.save(db, SecretBox([KEY]), demo, ConnectionDraft("ethosce", "https://vendor.example"))
        users.remember(db, demo, "otto", UserProfile("otto@example.org", "", "Otto", "Example"))
        grants.add(db, demo, kind="username", value="otto@example.org", role="organizer", by="tests")
    yield database
    database.dispose()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def look(database, redis):
    clock = Clock()
    watch = VendorWatch(database, redis, mailing=False, clock=clock)

    def act():
        clock.now += EVERY_S
        watch.look()
        with database.session() as db:
            found = db.scalars(select(Notice)).all()
            for each in found:
                db.delete(each)
            return [each.values["state"] for each in found]

    act.watch = watch
    return act


def began(redis, key, minutes):
    since = datetime.now(UTC) - timedelta(minutes=minutes)
    redis.hset(key, "since", int(since.timestamp() * 1000))


def test_a_vendor_that_has_been_slow_for_ten_minutes_is_told_and_one_that_is_well_is_not(look, redis):
    count_calls(redis, "demo", "ethosce", *[SLOW] * 8)
    health = keys_of_name("demo", "ethosce")[0].removesuffix("breaker") + "health"
    began(redis, health, 9)
    assert look() == []
    began(redis, health, 11)
    assert look() == ["slow"]
    count_calls(redis, "demo", "ethosce", *[GOOD] * 100)
    began(redis, health, 11)
    assert look() == []


def test_a_vendor_that_is_not_called_is_told_as_failing(look, redis):
    open_breaker(redis, "demo", "ethosce")
    began(redis, keys_of_name("demo", "ethosce")[0], 11)
    assert look() == ["failing"]


def test_between_two_looks_nothing_is_read(look, redis, monkeypatch):
    look()
    monkeypatch.setattr(look.watch, "_connections", None)
    look.watch.look()


def test_while_the_store_is_away_no_one_is_told_and_nothing_is_raised(database):
    away = connect("redis://127.0.0.1:1/0")
    VendorWatch(database, away, mailing=False).look()
    away.close()
