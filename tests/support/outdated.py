"""Outdates one status by its key, as `StatusOutdating` outdates those of many users, by the clock of a cache."""

from runner.status.cache import DONE
from runner.status.cache_scripts import SHORTEST_MS
from runner.status.outdating.status_outdating import OUTDATE
from runner.store.lua_scripts import LuaScript


def outdate(redis, cache, key):
    LuaScript(redis, OUTDATE)(key, cache.now(), SHORTEST_MS, DONE)
