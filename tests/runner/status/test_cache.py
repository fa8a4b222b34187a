import threading
from dataclasses import replace

import pytest

from runner.status.cache import StatusCache, StatusUpdate

KEY = StatusCache.key("acme", "ann", "s1", "v1")
CLAIM = StatusUpdate(state="ready", body=b'{"text":"Claim"}', digest="claim", ok=True, fresh_s=60, stale_s=600)
CLAIMED = StatusUpdate(state="ready", body=b'{"text":"Claimed"}', digest="claimed", ok=True, fresh_s=60, stale_s=600)
FAILED = StatusUpdate(state="hidden", body=b'{"text":null}', digest="", ok=False, fresh_s=5, stale_s=60)


class Clock:
    def __init__(self):
        self.ms = 1_000_000

    def __call__(self):
        return self.ms

    def tick(self, seconds):
        self.ms += int(seconds * 1000)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(redis, clock):
    return StatusCache(redis, clock_ms=clock)


def run(cache, token, shown, *, generation=None):
    claimed = cache.claim(KEY, token)
    generation = claimed.generation if generation is None else generation
    assert cache.begin(KEY, token, generation, wall_s=5)
    return cache.store(KEY, token, generation, shown)


def test_of_300_who_ask_for_one_cold_status_exactly_one_gets_the_run(redis):
    cache = StatusCache(redis)
    start, found = threading.Barrier(30), []

    def ask(number):
        start.wait()
        found.extend(cache.claim(KEY, f"run-{number}-{turn}") for turn in range(10))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(30)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 300
    assert sum(claimed.mine for claimed in found) == 1
    assert {claimed.what for claimed in found} == {"pending"}


def test_a_claim_that_is_sent_twice_by_a_broken_connection_keeps_its_run(cache):
    assert cache.claim(KEY, "run").mine
    assert cache.claim(KEY, "run").mine
    assert not cache.claim(KEY, "other").mine


def test_what_a_run_stored_is_a_hit_until_it_is_no_longer_fresh(cache, clock):
    assert run(cache, "one", CLAIM)
    hit = cache.claim(KEY, "two")
    assert (hit.what, hit.body, hit.state, hit.mine) == ("hit", CLAIM.body, "ready", False)
    assert 50_000 <= hit.left_ms <= 70_000
    clock.tick(70)
    stale = cache.claim(KEY, "two")
    assert (stale.what, stale.body, stale.mine) == ("stale", CLAIM.body, True)
    assert cache.claim(KEY, "three").what == "stale"
    assert not cache.claim(KEY, "three").mine
    clock.tick(700)
    assert cache.claim(KEY, "four").what == "pending"


def test_a_result_that_was_computed_before_the_return_is_refused(cache):
    early = cache.claim(KEY, "early")
    assert cache.begin(KEY, "early", early.generation, wall_s=5)
    late = cache.returned(KEY, "late")
    assert late.mine
    assert not cache.store(KEY, "early", early.generation, CLAIM)
    assert cache.claim(KEY, "x").what == "checking"
    assert cache.begin(KEY, "late", late.generation, wall_s=5)
    assert cache.store(KEY, "late", late.generation, CLAIMED)
    assert cache.claim(KEY, "x").body == CLAIMED.body


def test_a_run_that_was_queued_before_the_return_does_not_begin_after_it(cache):
    early = cache.claim(KEY, "early")
    cache.returned(KEY, "late")
    assert cache.begin(KEY, "early", early.generation, wall_s=5) is None


def test_after_a_return_the_old_text_is_shown_as_being_checked_in_bounded_steps(cache, clock):
    run(cache, "one", CLAIM)
    clock.tick(5)
    back = cache.returned(KEY, "two")
    assert (back.what, back.body) == ("checking", CLAIM.body)
    run(cache, "two", CLAIM)  # the vendor lags
    for pause in (2, 5, 15):
        between = cache.claim(KEY, "x")
        assert (between.what, between.body, between.mine) == ("checking", CLAIM.body, False)
        assert between.left_ms == pause * 1000
        clock.tick(pause)
        due = cache.claim(KEY, f"after-{pause}")
        assert (due.what, due.mine) == ("checking", True)
        run(cache, f"after-{pause}", CLAIM)
    assert cache.claim(KEY, "x").what == "hit"  # the steps are used up, so this is the truth


def test_a_message_that_differs_ends_the_re_checks(cache, clock):
    run(cache, "one", CLAIM)
    cache.returned(KEY, "two")
    run(cache, "two", CLAIM)
    clock.tick(2)
    run(cache, "three", CLAIMED)
    assert cache.claim(KEY, "x").what == "hit"
    assert cache.claim(KEY, "x").body == CLAIMED.body


def test_the_message_of_before_the_return_is_remembered_through_an_hour_at_the_vendors_site(cache, clock):
    run(cache, "one", CLAIM)
    clock.tick(3600)
    back = cache.returned(KEY, "two")
    assert (back.what, back.body) == ("checking", b"")  # too old to be shown, even as being checked
    run(cache, "two", CLAIM)
    assert cache.claim(KEY, "x").what == "checking"


def test_a_failed_run_after_a_return_is_repeated_and_never_falls_back_to_the_old_message(cache, clock):
    run(cache, "one", CLAIM)
    clock.tick(5)
    back = cache.returned(KEY, "two")
    assert cache.begin(KEY, "two", back.generation, wall_s=5).good is None
    assert cache.store(KEY, "two", back.generation, FAILED)
    assert cache.claim(KEY, "x").what == "checking"
    for pause in (2, 5, 15):
        clock.tick(pause)
        run(cache, f"after-{pause}", FAILED)
    assert cache.claim(KEY, "x").body == FAILED.body


def test_a_failed_run_without_a_return_may_fall_back_to_the_last_good_message_with_its_age(cache, clock):
    run(cache, "one", CLAIM)
    clock.tick(100)
    claimed = cache.claim(KEY, "two")
    begun = cache.begin(KEY, "two", claimed.generation, wall_s=5)
    assert (begun.good.body, begun.good.state, begun.good.age_s) == (CLAIM.body, "ready", 100)


def test_two_returns_in_the_same_second_start_one_run(cache, clock):
    run(cache, "one", CLAIM)
    assert cache.returned(KEY, "two").mine
    assert cache.returned(KEY, "three").what == "told"
    clock.tick(2)
    assert cache.returned(KEY, "four").what == "told"  # the queued run has not begun: it will see everything
    claimed = cache.claim(KEY, "x")
    assert cache.begin(KEY, "two", claimed.generation, wall_s=5)
    assert cache.returned(KEY, "five").mine  # this one may have looked too early


def test_a_crashed_run_loses_its_lock_and_the_next_who_asks_gets_another(cache, clock):
    claimed = cache.claim(KEY, "crashes")
    assert cache.begin(KEY, "crashes", claimed.generation, wall_s=5)
    clock.tick(7.9)
    assert not cache.claim(KEY, "next").mine
    clock.tick(0.2)
    assert cache.claim(KEY, "next").mine


def test_of_two_queued_runs_for_one_status_the_first_works_and_the_second_finds_it_done(cache, clock):
    first = cache.claim(KEY, "first")
    clock.tick(121)  # a long queue: the lock ended before the run began
    second = cache.claim(KEY, "second")
    assert second.mine
    assert cache.begin(KEY, "first", first.generation, wall_s=5)
    assert cache.begin(KEY, "second", second.generation, wall_s=5) is None
    assert cache.store(KEY, "first", first.generation, CLAIM)
    assert cache.begin(KEY, "second", second.generation, wall_s=5) is None
    assert cache.claim(KEY, "x").what == "hit"


def test_a_run_that_could_not_be_queued_is_given_back(cache):
    assert cache.claim(KEY, "one").mine
    cache.free(KEY, "somebody else")
    assert not cache.claim(KEY, "two").mine
    cache.free(KEY, "one")
    assert cache.claim(KEY, "two").mine


def test_a_status_that_nobody_answers_becomes_late_and_recovers(cache, clock):
    assert cache.claim(KEY, "0").what == "pending"
    for second in range(3, 30, 3):
        clock.tick(3)
        assert cache.claim(KEY, str(second)).what == "pending"
    clock.tick(3)
    late = cache.claim(KEY, "30")
    assert late.what == "late"
    run(cache, "30", CLAIM, generation=0)
    assert cache.claim(KEY, "x").what == "hit"


def test_somebody_who_asks_again_after_a_long_while_is_not_late_at_once(cache, clock):
    cache.claim(KEY, "one")
    clock.tick(3600)
    assert cache.claim(KEY, "two").what == "pending"


def test_the_server_forgetting_its_scripts_is_not_noticed(redis):
    cache = StatusCache(redis)
    cache.claim(KEY, "one")
    redis.script_flush()
    assert not cache.claim(KEY, "two").mine


def test_the_parts_of_a_key_cannot_be_moved_from_one_to_the_next():
    assert StatusCache.key("a", "bc", "d", "e") != StatusCache.key("a", "b", "cd", "e")
    assert StatusCache.key("acme", "ann", "s", "v").startswith("st:{acme:")


def test_an_end_is_published_with_the_key_and_what_it_answers_unless_that_is_large(redis):
    listener = redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("st:done")
    listener.get_message(timeout=1)
    cache = StatusCache(redis)
    run(cache, "one", CLAIM)
    key, generation, state, left_ms, body = listener.get_message(timeout=1)["data"].split(b"\n")
    assert (key, generation, state, body) == (KEY.encode(), b"0", b"ready", CLAIM.body)
    assert 54_000 <= int(left_ms) <= 66_000
    redis.hset(KEY, "fresh", 0)
    run(cache, "two", replace(CLAIM, body=b'{"text":"%b"}' % (b"x" * 4096)))
    assert listener.get_message(timeout=1)["data"] == KEY.encode()
    listener.close()
