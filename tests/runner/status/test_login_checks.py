"""A claim judges the end of a login as `EndedLoginCheck.command` does, before it changes anything."""

import pytest

from runner.logins import LoginEnded
from runner.logins.ended_logins import EndedLoginCheck, EndedLogins, all_key, ended_login_check, login_key
from runner.queues.order_lists import OrderDraft
from runner.status.cache import StatusCache
from runner.status.cache_scripts import PEEK

KEY = StatusCache.key("acme", "ann", "s1", "e")
ORDER = OrderDraft("acme", "ann", "s1", "v", "e", staff=False, most=4, lock_ms=8000)
CHECK = EndedLoginCheck(("this one", "all"), since=1000)
#: What was never written there. Lua reads the first six as numbers, one of which is neither larger nor smaller than any.
ODD = ["nan", "-inf", "-5", "0x1", "1e2", " 7 ", "", "garbage", "\u0667", "1\n", "9" * 400]


@pytest.mark.parametrize("this_one", [None, "1"])
@pytest.mark.parametrize("all_until", [None, "0", "999", "1000", "1001", "99999999999", *ODD])
def test_a_claim_and_the_command_judge_alike(redis, this_one, all_until):
    for key, value in zip(CHECK.keys, (this_one, all_until), strict=True):
        if value is not None:
            redis.set(key, value)
    ended = redis.execute_command(*CHECK.command)
    assert ended == (this_one is not None or all_until in {"1000", "1001", "99999999999", *ODD})
    keys = sorted(redis.keys())
    cache = StatusCache(redis)
    try:
        assert cache.claim(KEY, "run", order=ORDER, login_check=CHECK).mine
        assert not ended
    except LoginEnded:
        assert ended
        assert sorted(redis.keys()) == keys, "nothing was claimed or ordered"


@pytest.mark.parametrize("which", [login_key("l"), all_key("acme", "ann")])
def test_an_end_of_another_type_lets_no_login_in_and_is_no_fault(redis, which):
    redis.hset(which, "odd", "1")
    check = ended_login_check("acme", "ann", "l", 1000)
    with pytest.raises(LoginEnded):
        StatusCache(redis).claim(KEY, "run", login_check=check)
    assert EndedLogins(redis).is_ended("acme", "ann", "l", 1000)
    assert redis.eval(PEEK, 3, KEY, *check.keys, 0, 1000) == []


@pytest.mark.parametrize("until", ODD)
def test_an_end_of_all_logins_that_is_no_time_ends_them(redis, until):
    redis.set(all_key("acme", "ann"), until)
    assert EndedLogins(redis).is_ended("acme", "ann", "l", 10**12)
