"""How full the store is: the memory that it uses, of the memory that it may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

#: Share of the memory from which operators are warned, and the oldest statuses go (`runner.runs.status_sweep`).
FULL = 0.8


@dataclass(frozen=True)
class StoreMemory:
    """Bytes in use, and bytes that may be. `bounded`: `maxmemory` is set; otherwise the limit is the memory of the machine.

    A server that does not tell has the limit 0, and is never full.
    """

    used: int
    limit: int
    bounded: bool

    @property
    def share(self) -> float:
        """How full the store is, from 0 to 1."""
        return self.used / self.limit if self.limit else 0.0

    @property
    def is_full(self) -> bool:
        """Whether operators are warned."""
        return self.share >= FULL


#: Of a server that could not be asked.
UNKNOWN = StoreMemory(0, 0, bounded=False)


def read_memory(redis: Redis) -> StoreMemory:
    """Ask the server. Raises `redis.RedisError`."""
    found: Any = redis.info("memory")
    return memory_of(found)


def has_room(redis: Redis) -> bool | None:
    """Say whether the store is not full; None if it does not answer. For readiness."""
    try:
        return not read_memory(redis).is_full
    except RedisError:
        return None


def memory_of(info: dict[str, Any]) -> StoreMemory:
    """Read what the server said about its memory. What it does not count when it refuses writes is not counted here either."""
    most = int(info.get("maxmemory") or 0)
    used = int(info.get("used_memory") or 0) - int(info.get("mem_not_counted_for_evict") or 0)
    return StoreMemory(max(0, used), most or int(info.get("total_system_memory") or 0), bounded=most > 0)
