"""Pending logins: one-time states of logins that are not finished. Strangers can begin logins, so their number is limited.

Each takes up memory for minutes. If new ones were refused once the limit is reached, strangers could keep everybody out.
So old ones are dropped instead, at the cost of the address that has begun the most:

1. For each address there is a limit; beyond it, the oldest of that address is dropped.
2. In total there is a limit; beyond it, the oldest of the address with the most is dropped. A flood therefore replaces
   its own, and a person who begins a login or two keeps them. In IPv6 an "address" is the /48: for little money a
   stranger gets a whole one, and its 65,000 networks, each with one login, would push out the logins of everybody else.
3. The networks of a venue, where thousands of people share one address, have no limit for an address, and a total of
   their own that cannot be used up from elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from runner.store.errors import answering

from .one_time_states import OneTimeStates
from .redis_keys import PREFIX, digest, key

#: Pending logins from one address, and in total (for each of the two pools).
MOST_FROM_ADDRESS: Final = 5_000
MOST_IN_TOTAL: Final = 20_000
_KIND: Final = "begun"
_ADDRESS: Final = 16  #: characters of an address's hash, the prefix of each state's name in the lists

#: KEYS names by address and age, names by expiry, number of each address.
_FORGET: Final = """
local function forget(name)
  if redis.call('ZREM', KEYS[1], name) == 0 then return end
  redis.call('ZREM', KEYS[2], name)
  local address = string.sub(name, 1, 16)
  if tonumber(redis.call('ZINCRBY', KEYS[3], -1, address)) <= 0 then redis.call('ZREM', KEYS[3], address) end
end
"""
#: ARGV the name.
_REMOVE: Final = f"{_FORGET} forget(ARGV[1]) return 0"
#: ARGV the new name, its life in ms, the most from its address (0: no limit), the most in total. Gives those to delete.
_ADD: Final = f"""
{_FORGET}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)) do forget(name) end
local gone = {{}}
local function drop_oldest(address)
  local found = redis.call('ZRANGEBYLEX', KEYS[1], '[' .. address .. ':', '(' .. address .. ';', 'LIMIT', 0, 1)
  if not found[1] then return redis.call('ZREM', KEYS[3], address) end
  forget(found[1])
  gone[#gone + 1] = found[1]
end
local own, most = string.sub(ARGV[1], 1, 16), tonumber(ARGV[3])
if most > 0 and tonumber(redis.call('ZSCORE', KEYS[3], own) or '0') >= most then drop_oldest(own) end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then drop_oldest(redis.call('ZREVRANGE', KEYS[3], 0, 0)[1]) end
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[2]), ARGV[1])
redis.call('ZINCRBY', KEYS[3], 1, own)
for _, list in ipairs(KEYS) do
  redis.call('PEXPIRE', list, ARGV[2], 'NX')
  redis.call('PEXPIRE', list, ARGV[2], 'GT')
end
return gone
"""


@dataclass(frozen=True, slots=True)
class LoginOrigin:
    """Where a login is begun: the address (in IPv6 its network), and whether it belongs to a venue.

    `owner` is the block that one customer of a provider gets, if that is more than the address, as in IPv6.
    """

    address: str
    at_venue: bool = False
    owner: str = ""


class PendingLogins:
    """The states of logins that strangers begin. Every method raises `StoreAway`."""

    def __init__(self, redis: Redis, once: OneTimeStates) -> None:
        self._redis = redis
        self._once = once
        self._add = redis.register_script(_ADD)
        self._remove = redis.register_script(_REMOVE)

    def put(self, kind: str, value: Mapping[str, Any], life_s: int, origin: LoginOrigin, *, handle: str = "") -> str:
        """Keep a JSON object as `OneTimeStates.put` does, and make room for it. All lives should be about the same."""
        handle = handle or self._once.new_handle()
        address = digest(origin.owner or origin.address)[:_ADDRESS]
        state = self._once.key(kind, handle)
        name = f"{address}:{time.time_ns() // 1_000_000:015d}:{state.removeprefix(PREFIX)}"
        pool, most = ("venue", 0) if origin.at_venue else ("elsewhere", MOST_FROM_ADDRESS)
        with answering():
            gone: Any = self._add(_lists(pool), [name, life_s * 1000, most, MOST_IN_TOTAL])
            if gone:
                self._redis.delete(*(PREFIX + each.decode().split(":", 2)[2] for each in gone))
        stored = {"value": dict(value), "name": name, "pool": pool}
        return self._once.put(kind, stored, life_s, handle=handle)

    def look(self, kind: str, handle: str) -> dict[str, Any] | None:
        """Return the value and keep it."""
        found = self._once.look(kind, handle)
        return found["value"] if found else None

    def take(self, kind: str, handle: str) -> dict[str, Any] | None:
        """Return the value and delete it in one step, so that only one caller gets it."""
        found = self._once.take(kind, handle)
        if found is None:
            return None
        with answering():
            self._remove(_lists(found["pool"]), [found["name"]])
        value: dict[str, Any] = found["value"]
        return value


def _lists(pool: str) -> list[str]:
    return [key(_KIND, pool, part) for part in ("by address", "by expiry", "of addresses")]
