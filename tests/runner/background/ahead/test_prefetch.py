"""Messages are found ahead of time for those who will look, within the vendor's rate, and never in anybody's way."""

from datetime import timedelta

import pytest

from records import ConnectionDraft, SecretBox
from records.facts import expected_people
from records.people import users
from records.scripts import runs
from records.scripts.runs import RunRecord
from records.tenants import connections, implementations
from runner.background.ahead.prefetch import Prefetch
from runner.status.service import StatusRequest
from tests.runner.conftest import START

ENDS = START + timedelta(hours=1)
SOON = ENDS - timedelta(seconds=60)
PEOPLE = [f"p{number}" for number in range(12)]


class Event:
    """Twelve people who looked at the session before; nothing of it is cached any more."""

    def __init__(self, house):
        self.house = house
        house.add(sessions=("s1", "s2"))
        with house.database.session() as db:
            owner = implementations.find(db, "acme")
            for number, name in enumerate(PEOPLE):
                users.remember(db, owner, name, users.UserProfile(name, user_type="attendee"))
                at = START + timedelta(minutes=number)
                runs.record_many(
                    db,
                    [
                        RunRecord(
                            f"{number:012x}-aaaaaaaaaaaa", "acme", name, "s1", "a" * 64, at, "returned", "fresh",
                            message=None,
                        )
                    ],
                )  # fmt: skip

    def prefetch(self):
        return Prefetch(self.house.database, self.house.redis, self.house.service, lambda: False)

    def limit(self, rate):
        draft = ConnectionDraft("ethos", "http://127.0.0.1:9", development=True, rate_per_s=rate)
        with self.house.database.session() as db:
            connections.save(db, SecretBox(self.house.settings.keys), implementations.find(db, "acme"), draft)

    def waiting(self, kind=":ahead"):
        return self.house.redis.llen(f"st:orders:{{acme}}{kind}")

    def shown(self):
        return [name for name in PEOPLE if self.house.service.look(StatusRequest("acme", name, "s1")).state == "ready"]


@pytest.fixture
def event(house):
    return Event(house)


def test_before_a_session_ends_the_messages_of_its_people_are_found_once(event, work_off):
    prefetch, other = event.prefetch(), event.prefetch()
    assert (prefetch.look(ENDS - timedelta(minutes=3)), event.waiting()) == (0, 0)
    prefetch = event.prefetch()
    assert (prefetch.look(SOON), other.look(SOON)) == (10, 0)
    work_off()
    assert prefetch.look(SOON) == 2
    work_off()
    assert prefetch.look(SOON) == 0
    assert sorted(event.shown()) == sorted(PEOPLE)
    assert {run.because for run in event.house.runs() if run.because} == {"prefetch"}
    assert event.house.service.ask(StatusRequest("acme", "p3", "s1")).state == "ready"


def test_half_of_the_rate_of_the_slowest_vendor_is_not_exceeded(event, work_off):
    event.limit(1.0)
    prefetch, found = event.prefetch(), []
    for _ in range(6):
        found.append(prefetch.look(SOON))
        work_off()
    assert (found[0], sum(found)) == (1, 3)


def test_while_somebody_waits_nothing_is_found_ahead_of_time(event, work_off):
    event.house.service.ask(StatusRequest("acme", "ann", "s2"))
    prefetch = event.prefetch()
    assert (prefetch.look(SOON), event.waiting()) == (0, 0)
    found = []
    for _ in range(3):
        work_off()
        found.append(prefetch.look(SOON))
    assert sum(found) == len(PEOPLE)  # also the person whose turn it was while somebody waited


def test_those_for_whom_there_was_no_time_while_somebody_waited_are_not_forgotten(event, work_off):
    event.house.service.ask(StatusRequest("acme", "ann", "s2"))
    prefetch = event.prefetch()
    assert [prefetch.look(SOON) for _ in range(3)] == [0, 0, 0]
    work_off()
    assert prefetch.look(SOON) == 10
    work_off()
    assert prefetch.look(SOON) == 2


def test_what_is_fresh_or_over_is_left_alone(event, work_off):
    event.house.change("acme", fresh_seconds=300, stale_seconds=600)
    for name in PEOPLE[:11]:
        event.house.service.ask(StatusRequest("acme", name, "s1"))
    work_off()
    prefetch = event.prefetch()
    assert prefetch.look(SOON) == 1
    assert event.prefetch().look(ENDS + timedelta(seconds=1)) == 0


def test_those_who_looked_last_come_first_and_no_more_than_the_implementation_says(event):
    event.house.change("acme", prefetch_people=3)
    with event.house.database.reading() as db:
        owner = implementations.find(db, "acme")
        assert expected_people.expected(db, owner, "s1", SOON) == ["p11", "p10", "p9"]
        assert expected_people.expected(db, owner, "s2", SOON) == []
    assert event.prefetch().look(SOON) == 3
    event.house.change("acme", prefetch_people=0)
    event.house.redis.delete(*event.house.redis.keys("prefetch:*"))
    assert event.prefetch().look(SOON) == 0
