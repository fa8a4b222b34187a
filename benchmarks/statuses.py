"""Statuses in the store: how large one is, and whether 300,000 of them leave room for logins in 256 MB."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from redis import Redis

from runner.logins import LoginStore, Visitor
from runner.runs.status_sweep import StatusSweep
from runner.status.cache import StatusCache, StatusUpdate
from runner.status.status_body import Action, ShownMessage, body_of
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.memory import read_memory

STATUSES, LOGINS, STEP = 300_000, 20_000, 500
#: As servers set it for themselves: a status is then no short hash.
SERVERS_OWN = {"hash-max-listpack-value": 64}
RETURN = "https://status.example.org/r/" + "eyJhbGciOi" * 15


def update(number: int) -> StatusUpdate:
    link = f"https://cme.example.org/claim/S1?return_to={RETURN}"
    message = ShownMessage("Claim 1.0 CE credit", "#006109", Action("link", link))
    body = body_of(message, as_of=None, run=f"{number:012x}-0123456789ab")
    return StatusUpdate("ready", body, "d" * 24, ok=True, fresh_s=20, stale_s=580, good_s=3600)


def key(number: int) -> str:
    return StatusCache.key("annual-meeting", f"user-{number}", "S1", "e" * 20)


def visitor(number: int) -> Visitor:
    return Visitor("annual-meeting", f"user-{number}", f"login{number:017}", int(time.time()), "saml", int(time.time()))


def fill(redis: Redis, first: int, last: int) -> None:
    """Store statuses as workers do, many in each round trip."""
    cache = StatusCache(redis)
    cache.store(key(first), "run", 0, update(first))  # the server knows the script
    for begin in range(first, last, STEP):
        with redis.pipeline(transaction=False) as pipe:
            for number in range(begin, min(begin + STEP, last)):
                pipe.execute_command(*cache.store_call(key(number), "run", 0, update(number)).command)
            pipe.execute()


def size(redis: Redis, count: int = 20_000) -> float:
    """Return the bytes of a status that was claimed, begun and stored, with its share of the table of keys."""
    before, cache = read_memory(redis).used, StatusCache(redis)
    for number in range(count):
        found = cache.claim(key(number), "run")
        cache.begin(key(number), "run", found.generation, wall_s=5)
        cache.store(key(number), "run", found.generation, update(number))
    taken = read_memory(redis).used - before
    redis.execute_command("FLUSHDB", "SYNC")
    return taken / count


def shown(redis: Redis, first: int, last: int) -> float:
    """Return the share of these statuses that can still be shown."""
    with redis.pipeline(transaction=False) as pipe:
        for number in range(first, last):
            pipe.hexists(key(number), "body")
        return sum(pipe.execute()) / (last - first)


def crowded(redis: Redis) -> dict[str, Any]:
    """Log people in, store the statuses while the store is swept, then log people in again."""
    logins = LoginStore(redis)
    tokens = [logins.tokens.issue(visitor(number)) for number in range(LOGINS)]
    sweep = StatusSweep(redis)
    fullest = 0.0
    for begin in range(0, STATUSES, STATUSES // 60):
        fill(redis, begin, begin + STATUSES // 60)
        fullest = max(fullest, read_memory(redis).share)
        redis.delete("st:swept:look")  # five seconds have passed
        sweep.turn()
    valid = sum(logins.tokens.refresh("annual-meeting", each.refresh)[0].subject != "" for each in tokens[::20])
    for number in range(LOGINS, LOGINS + 1000):
        logins.tokens.issue(visitor(number))
    return {
        "fullest": round(fullest, 2),
        "full": round(read_memory(redis).share, 2),
        "earlier logins that are valid": valid / len(tokens[::20]),
        "shown of the oldest tenth": shown(redis, 0, STATUSES // 10),
        "shown of the newest tenth": shown(redis, STATUSES - STATUSES // 10, STATUSES),
    }


def measure(_: Path) -> dict[str, Any]:
    with EmbeddedStore() as store:
        redis = connect(store.url)
        found: dict[str, Any] = {"bytes, embedded store": round(size(redis))}
        for name, value in SERVERS_OWN.items():
            redis.config_set(name, value)
        found |= {"bytes, settings of the server": round(size(redis))} | crowded(redis)
        redis.close()
    kept = found["earlier logins that are valid"] == 1.0 and found["full"] < 0.8
    newest = found["shown of the newest tenth"]
    return {
        "all": found,
        "targets": {
            f"{STATUSES:,} statuses in 256 MB: logins that still work (all)": [
                found["earlier logins that are valid"],
                kept,
            ],
            f"{STATUSES:,} statuses in 256 MB: the newest that are shown (all)": [newest, newest == 1.0],
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path()), indent=2))
