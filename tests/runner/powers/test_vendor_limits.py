"""The limits of vendors: breaker, rate, concurrency, cached answers, and a Redis that does not answer."""

import contextlib
import json
import threading
import time

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from runner.powers import Bearer, vendor_limits
from sandbox import CallFault, CallNotMade
from tests.support.valkey import written
from tests.support.vendors import reply


def fault_of(call, *args, **options):
    with pytest.raises(CallNotMade) as caught:
        call(*args, **options)
    return caught.value.fault


def calls(client, connection, count):
    """The status or fault of so many POSTs in a row (which are not repeated)."""
    seen = []
    for _ in range(count):
        try:
            seen.append(client(connection, method="POST", json=1).status)
        except CallNotMade as error:
            seen.append(error.fault.value)
    return seen


@pytest.fixture
def soon(monkeypatch):
    """A breaker that opens for a third of a second."""
    monkeypatch.setattr(vendor_limits, "OPEN_MS", 300)
    return 0.35


# -- breaker ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [reply("", 500), reply("", 503), lambda _: None, b"garbage\r\n\r\n"])
def test_the_breaker_opens_after_five_failures_and_sends_nothing_more(client, start_vendor, failure):
    vendor = start_vendor(failure)
    connection = client.connect(vendor)
    assert calls(client, connection, 8)[5:] == ["breaker open"] * 3
    assert len(vendor.requests) == 5
    assert client.record.attempts == 0


def test_a_success_in_between_forgets_the_failures(client, start_vendor):
    bad, good = reply("", 500), reply({})
    vendor = start_vendor([bad, bad, bad, bad, good, bad, bad, bad, bad, good])
    assert "breaker open" not in calls(client, client.connect(vendor), 10)


@pytest.mark.parametrize("answer", [reply("", 400), reply("", 401), reply("", 404), reply("", 429), reply("x" * 99)])
def test_what_is_not_the_vendors_failure_does_not_open_the_breaker(client, start_vendor, answer):
    vendor = start_vendor(answer)
    connection = client.connect(vendor, max_body_bytes=50)
    assert "breaker open" not in calls(client, connection, 8)


def test_a_run_without_time_left_does_not_open_the_breaker(client, start_vendor):
    vendor = start_vendor(lambda _: time.sleep(0.1))
    connection = client.connect(vendor)
    for _ in range(7):
        assert fault_of(client, connection, wall_s=0.02) is CallFault.TIMEOUT


def test_a_vendor_that_uses_up_its_own_time_out_opens_the_breaker(client, start_vendor):
    vendor = start_vendor(lambda _: time.sleep(0.3))
    assert calls(client, client.connect(vendor, timeout_s=0.2), 6) == ["timeout"] * 5 + ["breaker open"]


def test_one_probe_is_let_through_and_closes_the_breaker(client, start_vendor, soon):
    vendor = start_vendor(reply("", 500))
    connection = client.connect(vendor)
    calls(client, connection, 5)
    time.sleep(soon)
    inside, answer = threading.Event(), threading.Event()

    def probed(_):
        inside.set()
        answer.wait(3)
        return reply({})

    vendor.answer = probed
    probe = threading.Thread(target=client, args=(connection,))
    probe.start()
    inside.wait(3)
    assert calls(client, connection, 3) == ["breaker open"] * 3
    answer.set()
    probe.join()
    assert calls(client, connection, 2) == [200, 200]


def test_a_probe_that_fails_opens_the_breaker_again(client, start_vendor, soon):
    vendor = start_vendor(reply("", 500))
    connection = client.connect(vendor)
    calls(client, connection, 5)
    time.sleep(soon)
    assert calls(client, connection, 3) == [500, "breaker open", "breaker open"]


def test_a_probe_that_says_nothing_lets_another_probe(client, start_vendor, soon):
    vendor = start_vendor(reply("", 500))
    connection = client.connect(vendor, max_body_bytes=50)
    calls(client, connection, 5)
    time.sleep(soon)
    vendor.answer = reply("x" * 99)
    assert calls(client, connection, 1) == ["too large"]
    vendor.answer = reply({})
    assert calls(client, connection, 1) == [200]


def test_a_probe_whose_worker_died_lets_another_probe_after_a_while(client, start_vendor, soon, redis, monkeypatch):
    monkeypatch.setattr(vendor_limits, "PROBE_MS", 200)
    vendor = start_vendor(reply("", 500))
    connection = client.connect(vendor)
    calls(client, connection, 5)
    time.sleep(soon)
    lost = vendor_limits.VendorLimiter(redis).enter(connection, deadline=time.monotonic() + 1)
    assert lost.probe
    vendor.answer = reply({})
    assert calls(client, connection, 1) == ["breaker open"]
    time.sleep(0.25)
    assert calls(client, connection, 1) == [200]


def test_breakers_of_implementations_and_connections_are_apart(client, start_vendor):
    vendor = start_vendor(reply("", 500))
    calls(client, client.connect(vendor), 5)
    assert calls(client, client.connect(vendor), 1) == ["breaker open"]
    assert calls(client, client.connect(vendor, name="other"), 1) == [500]
    assert calls(client, client.connect(vendor, implementation="other"), 1) == [500]


def test_workers_share_the_breaker(client, make_client, start_vendor):
    vendor = start_vendor(reply("", 500))
    calls(client, client.connect(vendor), 5)
    assert calls(make_client(), client.connect(vendor), 1) == ["breaker open"]


# -- rate and concurrency -----------------------------------------------------------------------------------------


def test_calls_above_the_rate_wait_for_their_turn(client, start_vendor):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, rate_per_s=20)
    started = time.monotonic()
    for _ in range(20):
        client(connection)
    # Half a second's worth (10) may go ahead, the rest follows at 20 a second.
    assert 0.35 < time.monotonic() - started < 1.5


def test_a_call_whose_turn_would_come_too_late_is_not_made_to_wait(client, start_vendor):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, rate_per_s=0.5)
    assert calls(client, connection, 1) == [200]
    started = time.monotonic()
    assert fault_of(client, connection, wall_s=1.0) is CallFault.TIMEOUT
    assert time.monotonic() - started < 0.3
    assert len(vendor.requests) == 1


def at_once(client, connection, count, **options):
    seen = []

    def run():
        try:
            seen.append(client(connection, **options).status)
        except CallNotMade as error:
            seen.append(error.fault.value)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def test_no_more_calls_than_allowed_are_under_way(client, start_vendor):
    under_way, most, lock = [0], [0], threading.Lock()

    def slowly(_):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.05)
        with lock:
            under_way[0] -= 1
        return reply({})

    vendor = start_vendor(slowly)
    assert at_once(client, client.connect(vendor, concurrency=2), 8) == [200] * 8
    assert most[0] == 2


def test_a_call_that_finds_no_place_before_its_deadline_times_out(client, start_vendor):
    vendor = start_vendor(lambda _: time.sleep(0.5) or reply({}))
    seen = at_once(client, client.connect(vendor, concurrency=1), 3, wall_s=0.8)
    assert sorted(map(str, seen)) == ["200", "timeout", "timeout"]


def test_the_place_of_a_failed_call_is_free_again(client, start_vendor):
    vendor = start_vendor(reply("x" * 99))
    connection = client.connect(vendor, concurrency=1, max_body_bytes=50)
    assert calls(client, connection, 4) == ["too large"] * 4


def test_the_place_of_a_worker_that_died_is_free_after_its_deadline(client, start_vendor, redis, monkeypatch):
    connection = client.connect(start_vendor(reply({})), concurrency=1)
    vendor_limits.VendorLimiter(redis).enter(
        connection, deadline=time.monotonic() - 0.5
    )  # never left; its lease ends in a second
    assert fault_of(client, connection, wall_s=0.3) is CallFault.TIMEOUT
    assert client(connection, wall_s=2).status == 200


# -- kept answers -------------------------------------------------------------------------------------------------


def counting():
    count = iter(range(100))
    return lambda _: reply({"n": next(count)})


def test_an_answer_is_kept_when_the_connection_says_so(client, start_vendor):
    vendor = start_vendor(counting())
    connection = client.connect(vendor, cache_s=5)
    assert [json.loads(client(connection, "/x", params={"u": "1"}).text)["n"] for _ in range(3)] == [0, 0, 0]
    assert client.record.from_cache
    assert client.record.attempts == 0
    assert json.loads(client(client.connect(vendor), "/x", params={"u": "1"}).text)["n"] == 1


def test_a_run_after_a_return_gets_no_kept_answer_but_keeps_its_own(client, start_vendor):
    connection = client.connect(start_vendor(counting()), cache_s=5)
    assert json.loads(client(connection).text)["n"] == 0
    assert json.loads(client(connection, fresh=True).text)["n"] == 1
    assert json.loads(client(connection).text)["n"] == 1


def test_an_answer_that_was_asked_before_a_return_is_as_old_as_the_call_not_as_its_end(client, start_vendor, redis):
    def slow(_):
        returned.append(now_ms(redis))
        return reply({"n": len(returned)})

    returned = []
    connection = client.connect(start_vendor(slow), cache_s=5)
    assert json.loads(client(connection).text)["n"] == 1
    assert json.loads(client(connection, after=returned[0] + 1).text)["n"] == 2
    assert json.loads(client(connection, after=returned[0]).text)["n"] == 2


def now_ms(redis):
    seconds, micros = redis.time()
    return seconds * 1000 + micros // 1000


def test_another_request_never_gets_the_kept_answer(client, start_vendor):
    vendor = start_vendor(counting())
    connection = client.connect(vendor, cache_s=5)
    asked = [
        ("/x", {}, {}), ("/y", {}, {}), ("/x", {"u": "1"}, {}), ("/x", {"u": "2"}, {}), ("/x", {"u": "1", "v": ""}, {}),
        ("/x", {"u": "1&v="}, {}), ("/x", {}, {"X-User": "1"}), ("/x", {}, {"X-User": "2"}),
    ]  # fmt: skip
    numbers = [json.loads(client(connection, p, params=q, headers=h).text)["n"] for p, q, h in asked]
    others = (
        client.connect(vendor, cache_s=5, name="other"),
        client.connect(vendor, cache_s=5, implementation="other"),
        client.connect(vendor, cache_s=5, auth=Bearer("t0ken-12345")),
        client.connect(vendor, cache_s=5, base_url=f"{vendor.url}/x"),
    )
    numbers += [json.loads(client(other, "/x").text)["n"] for other in others]
    assert numbers == list(range(12))


@pytest.mark.parametrize(
    "answer", [reply({}, 404), reply({}, 500), reply({}, headers={"Cache-Control": "no-store"}), reply("x" * 300_000)]
)
def test_what_is_not_good_to_keep_is_not_kept(client, start_vendor, answer):
    vendor = start_vendor(answer)
    connection = client.connect(vendor, cache_s=5)
    client(connection)
    client(connection)
    assert len(vendor.requests) == 2


def test_a_post_is_never_answered_from_what_was_kept(client, start_vendor):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, cache_s=5)
    assert calls(client, connection, 3) == [200] * 3
    assert len(vendor.requests) == 3


def test_a_kept_answer_counts_against_the_budget_of_the_run(client, start_vendor):
    connection = client.connect(start_vendor(reply("x" * 1000)), cache_s=5)
    assert client(connection).bytes_read == 1000
    assert client(connection).bytes_read == 1000
    assert fault_of(client, connection, room=999) is CallFault.TOO_LARGE


def test_what_is_kept_holds_no_secret(client, start_vendor, redis):
    vendor = start_vendor(lambda request: reply({"you": request.headers["authorization"]}))
    client(client.connect(vendor, cache_s=5, auth=Bearer("t0ken-12345"), rate_per_s=9, concurrency=3))
    stored = [(key, redis.get(key)) for key in redis.scan_iter() if redis.type(key) == b"string"]
    assert any(b"[redacted]" in value for _, value in stored)
    assert "t0ken" not in repr(stored)


# -- Redis away ---------------------------------------------------------------------------------------------------


def test_calls_go_on_without_redis_and_it_is_asked_only_now_and_then(make_client, start_vendor, caplog):
    caplog.set_level("DEBUG", "runner.powers")
    client = make_client(redis=Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)))
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, cache_s=5, rate_per_s=1, concurrency=1)
    started = time.monotonic()
    assert calls(client, connection, 10) == [200] * 10
    assert time.monotonic() - started < 2
    assert client(connection).status == 200
    assert "the store does not answer" in caplog.text
    assert len([record for record in caplog.records if "unlimited" in record.message]) <= 3


def test_the_state_in_redis_ends_by_itself(client, start_vendor, redis):
    bad = client.connect(start_vendor(reply("", 500)), rate_per_s=50, concurrency=2, cache_s=5)
    good = client.connect(start_vendor(reply({})), name="good", rate_per_s=50, concurrency=2, cache_s=5)
    calls(client, bad, 6)
    with contextlib.suppress(CallNotMade):
        client(good)
    keys = written(redis)
    assert keys
    assert all(redis.pttl(key) > 0 for key in keys)
