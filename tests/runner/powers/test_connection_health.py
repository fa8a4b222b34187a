"""What is counted of calls, when a vendor is slow or fails, and what people read of it, whatever the store contains."""

import time

import pytest

from runner.powers import VendorConnection, vendor_limits
from runner.powers.call_health import BOUNDS_MS, KEPT_MINUTES, SLOW_MS, CallHealth, health_key
from runner.powers.connection_health import HealthState, close_breaker, read_health
from runner.powers.vendor_limits import keys_of
from tests.support.vendors import reply

CME = VendorConnection("acme", "cme", "https://cme.example.org")
MINUTE = 60


@pytest.fixture
def health(redis):
    return CallHealth(redis)


def counted(health, *calls):
    """Count calls of (ms, error), and flush."""
    for ms, error in calls:
        health.note(CME, ms, error)
    health.flush()


def read(redis, implementation="acme", name="cme"):
    return read_health(redis, implementation, [name])[0]


def grow_old(redis, minutes):
    """Move all counts and times into the past."""
    key, before = health_key(CME), {}
    for name, value in redis.hgetall(key).items():
        minute, colon, what = name.decode().partition(":")
        if colon:
            before[f"{int(minute) - minutes}:{what}"] = value
        elif name in (b"since", b"error_at"):
            before[name] = int(value) - minutes * MINUTE * 1000
        elif name == b"minute":
            before[name] = int(value) - minutes
        else:
            before[name] = value
    redis.delete(key)
    redis.hset(key, mapping=before)


GOOD, SLOW, BAD = (100, ""), (SLOW_MS + 1, ""), (100, "HTTP status 503")


def test_without_calls_nothing_is_said(redis):
    found = read(redis)
    assert (found.state, found.since, found.calls, found.p95_ms) == (HealthState.QUIET, None, 0, None)
    assert not found.in_trouble


def test_calls_of_two_workers_add_up(redis, health):
    counted(health, *[GOOD] * 18)
    counted(CallHealth(redis), (700, ""), (12_000, ""))
    found = read(redis)
    assert (found.state, found.calls, found.failed, found.p95_ms, found.over) == (HealthState.WELL, 20, 0, 750, False)


def test_times_beyond_the_longest_bound_are_said_to_be_longer(redis, health):
    counted(health, *[(60_000, "")] * 5)
    found = read(redis)
    assert (found.p95_ms, found.over) == (BOUNDS_MS[-1], True)


@pytest.mark.parametrize(
    ("calls", "state"),
    [
        ([GOOD] * 9 + [SLOW], HealthState.WELL),
        ([GOOD] * 8 + [SLOW, BAD], HealthState.SLOW),
        ([GOOD] * 4 + [BAD] * 3, HealthState.SLOW),
        ([GOOD] * 4 + [BAD] * 4, HealthState.FAILING),
        ([BAD] * 4, HealthState.WELL),  # too few to say anything else
    ],
)
def test_a_fifth_slow_is_slow_and_half_failed_is_failing(redis, health, calls, state):
    counted(health, *calls)
    assert read(redis).state is state


def test_the_state_lasts_since_it_began_and_its_end_is_told_for_a_quarter_of_an_hour(redis, health):
    counted(health, *[SLOW] * 10)
    grow_old(redis, 3)
    counted(health, *[SLOW] * 10)
    found = read(redis)
    assert found.in_trouble
    assert found.since.timestamp() == pytest.approx(time.time() - 180, abs=30)
    grow_old(redis, 3)
    counted(health, *[GOOD] * 10)
    found = read(redis)
    assert (found.state, found.in_trouble) == (HealthState.AGAIN, False)
    assert found.since.timestamp() == pytest.approx(time.time(), abs=30)
    grow_old(redis, 14)
    counted(health, GOOD)
    assert read(redis).state is HealthState.AGAIN
    grow_old(redis, 2)
    counted(health, GOOD)
    assert read(redis).state is HealthState.WELL


def test_old_minutes_are_forgotten_and_so_are_those_of_a_clock_that_was_ahead(redis, health):
    counted(health, *[SLOW] * 10)
    grow_old(redis, KEPT_MINUTES)
    assert read(redis).state is HealthState.QUIET
    counted(health, GOOD)
    kept = {name.partition(b":")[0] for name in redis.hgetall(health_key(CME)) if b":" in name}
    assert len(kept) == 1
    grow_old(redis, -60)
    counted(health, GOOD)
    assert read(redis).calls == 1


def test_the_last_error_is_told_with_its_time(redis, health):
    counted(health, BAD, (5000, "timeout"), GOOD)
    found = read(redis)
    assert (found.error, found.failed) == ("timeout", 2)
    assert found.error_at.timestamp() == pytest.approx(time.time(), abs=30)


def test_each_connection_of_each_implementation_has_its_own_health(redis, health):
    counted(health, *[BAD] * 10)
    assert read(redis, "beta").state is HealthState.QUIET
    assert read(redis, "acme", "other").state is HealthState.QUIET
    assert [one.name for one in read_health(redis, "acme", ["other", "cme"])] == ["other", "cme"]
    assert read_health(redis, "acme", []) == []


@pytest.mark.parametrize("failure", [reply("", 503), b"garbage\r\n\r\n"])
def test_real_calls_are_counted_and_the_open_breaker_is_seen_and_can_be_closed(redis, client, start_vendor, failure):
    vendor = start_vendor([failure] * 5 + [reply({})])
    connection = client.connect(vendor, implementation="acme")
    outcomes = []
    for _ in range(6):
        try:
            outcomes.append(client(connection, method="POST", json=1).status)
        except vendor_limits.CallNotMade as error:
            outcomes.append(error.fault.value)
    assert outcomes[-1] == "breaker open"
    client.vendors.health.flush()
    found = read(redis)
    assert (found.state, found.calls, found.failed) == (HealthState.HELD, 5, 5)
    assert found.error in ("HTTP status 503", "connection")
    assert 0 < found.next_try.timestamp() - time.time() <= 16
    assert found.since.timestamp() == pytest.approx(time.time(), abs=5)
    close_breaker(redis, "acme", "cme")
    assert client(connection, method="POST", json=1).status == 200
    assert read(redis).next_try is None


def test_what_says_nothing_about_the_vendor_is_not_counted(redis, client, start_vendor):
    vendor = start_vendor(reply("x" * 5000))
    connection = client.connect(vendor, implementation="acme", max_body_bytes=100)
    with pytest.raises(vendor_limits.CallNotMade):
        client(connection)
    client.vendors.health.flush()
    assert read(redis).calls == 0


GARBAGE = ["garbage", "-1", "nan", "9" * 30, "9" * 16, "", b"\xff", "1e300", "٣"]


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_in_the_breaker_is_no_open_breaker(redis, value):
    names = ("open_until", "probe_until", "failures", "since")
    redis.hset(keys_of(CME)[0], mapping=dict.fromkeys(names, value))
    assert read(redis).state is HealthState.QUIET


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_in_the_health_is_not_believed_and_goes_with_the_next_calls(redis, health, value):
    counted(health, *[BAD] * 5)
    redis.hset(health_key(CME), mapping=dict.fromkeys(redis.hkeys(health_key(CME)), value))
    assert read(redis).state is HealthState.QUIET
    for _ in range(2):
        counted(health, *[GOOD] * 5)
    found = read(redis)
    assert (found.state, found.failed, found.error) == (HealthState.WELL, 0, found.error)


def test_a_breaker_that_somebody_opened_for_years_stops_no_calls(redis, client, start_vendor):
    connection = client.connect(start_vendor(reply({})), implementation="acme")
    for until in (time.time() + 60, time.time() + 1e8):
        redis.hset(keys_of(CME)[0], mapping={"open_until": int(until * 1e6)})
        assert read(redis).state is HealthState.QUIET
        assert client(connection).status == 200
        assert not redis.exists(keys_of(CME)[0])


def test_a_key_of_another_kind_is_replaced(redis, health):
    for key in (health_key(CME), keys_of(CME)[0]):
        redis.set(key, "x")
    assert read(redis).state is HealthState.QUIET
    for _ in range(2):
        counted(health, *[GOOD] * 5)
    assert read(redis).state is HealthState.WELL


def test_an_error_that_someone_wrote_into_the_store_is_not_shown(redis, health):
    counted(health, *[BAD] * 5)
    for text in ("<script>" + "x" * 60, "a\nb", "\u202eevil"):
        redis.hset(health_key(CME), "error", text)
        assert read(redis).error == ""
