"""A status and the end of a login: both are read together, the end is noticed at once, and an ended login claims no run."""

import pytest

from runner.logins import LoginEnded
from runner.logins.ended_logins import ended_login_check
from runner.status.cache import StatusCache, StatusUpdate
from tests.support.people import visitor

BODY = b'{"message":null}'


@pytest.fixture
def ada():
    return visitor()


@pytest.fixture
def login_check(ada):
    return ended_login_check(ada.implementation, ada.subject, ada.login, ada.since)


@pytest.fixture
def cache(redis):
    return StatusCache(redis)


@pytest.fixture
def key(cache):
    return cache.key("demo", "ada", "s", "1")


def fill(cache, key):
    assert cache.claim(key, "t").mine
    assert cache.begin(key, "t", 0, wall_s=1)
    assert cache.store(key, "t", 0, StatusUpdate("ready", BODY, "d", ok=True, fresh_s=60, stale_s=60))


def trips(redis, act):
    """How often the server was spoken to."""
    before = redis.info("stats")["total_reads_processed"]
    act()
    return redis.info("stats")["total_reads_processed"] - before - 1


def test_a_cached_status_of_a_login_is_one_round_trip(cache, key, login_check, redis):
    fill(cache, key)
    cache.claim(key, "u", login_check=login_check)  # connects
    assert trips(redis, lambda: cache.claim(key, "u", login_check=login_check)) == 1
    assert cache.claim(key, "u", login_check=login_check).what == "hit"


@pytest.mark.parametrize("end", ["one", "all"])
def test_an_ended_login_is_seen_at_once(cache, key, login_check, store, ada, end):  # noqa: PLR0913, PLR0917 - fixtures
    fill(cache, key)
    assert cache.claim(key, "u", login_check=login_check).body == BODY
    if end == "one":
        store.ended_logins.end(ada.login)
    else:
        store.ended_logins.end_all("demo", "ada")
    with pytest.raises(LoginEnded):
        cache.claim(key, "u", login_check=login_check)
    assert cache.claim(key, "u").what == "hit"


def test_an_ended_login_claims_no_run(cache, key, login_check, store, ada):
    store.ended_logins.end(ada.login)
    with pytest.raises(LoginEnded):
        cache.claim(key, "u", login_check=login_check)
    assert cache.claim(key, "v").mine


def test_a_server_that_has_forgotten_the_script_is_asked_with_the_whole(cache, key, login_check, redis):
    fill(cache, key)
    redis.script_flush()
    assert cache.claim(key, "u", login_check=login_check).what == "hit"


def test_an_unreadable_entry_is_forgotten_and_the_login_is_still_judged(  # noqa: PLR0913, PLR0917 - fixtures
    cache, key, login_check, store, ada, redis
):
    redis.set(key, "no hash")
    assert cache.claim(key, "u", login_check=login_check).mine
    store.ended_logins.end(ada.login)
    redis.set(key, "no hash")
    with pytest.raises(LoginEnded):
        cache.claim(key, "u", login_check=login_check)
