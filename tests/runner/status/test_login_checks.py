"""A claim judges the end of a login as `EndedLoginCheck` does, before it changes anything."""

import pytest

from runner.logins import LoginEnded
from runner.logins.ended_logins import EndedLoginCheck
from runner.queues.order_lists import OrderDraft
from runner.status.cache import StatusCache

KEY = StatusCache.key("acme", "ann", "s1", "e")
ORDER = OrderDraft("acme", "ann", "s1", "v", "e", staff=False, most=4, lock_ms=8000)
CHECK = EndedLoginCheck(("this one", "all"), since=1000)


@pytest.mark.parametrize("this_one", [None, "1"])
@pytest.mark.parametrize("all_until", [None, "0", "999", "1000", "1001", "99999999999"])
def test_the_store_and_the_process_judge_alike(redis, this_one, all_until):
    for key, value in zip(CHECK.keys, (this_one, all_until), strict=True):
        if value is not None:
            redis.set(key, value)
    ended = CHECK.ended(redis.mget(CHECK.keys))
    keys = sorted(redis.keys())
    cache = StatusCache(redis)
    try:
        assert cache.claim(KEY, "run", order=ORDER, login_check=CHECK).mine
        assert not ended
    except LoginEnded:
        assert ended
        assert sorted(redis.keys()) == keys, "nothing was claimed or ordered"


def test_an_end_that_cannot_be_read_counts_as_one(redis):
    redis.set("all", "garbage")
    with pytest.raises(LoginEnded):
        StatusCache(redis).claim(KEY, "run", login_check=CHECK)
