"""Memory of the web server, the worker with its children, and the store, over a long load that changes nothing in the end.

The same people look again and again; each look finds the message outdated or missing. What grows then, grows for ever.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .crowd import Crowd, Person, Seen
from .house import SLUG, House, Tenant, house_of
from .measure import children, memory_kib

#: Looks a second. A message is fresh for less time than it takes until the same person looks again.
RATE, PEOPLE, FRESH_S = 100, 3000, 20
SAMPLE_S = 10.0
#: Time beyond the load for which people stay logged in.
SPARE_S = 300


async def soak(ours: House, seconds: float) -> tuple[Seen, list[dict[str, float]]]:
    """Let people look at a fixed rate; sample the memory, in MiB."""
    crowd, seen, samples = Crowd(ours.port, ours.vendor_ports[SLUG]), Seen(), list[dict[str, float]]()
    people = visitors(ours, seconds)
    looking: set[asyncio.Task[None]] = set()
    begun = time.monotonic()
    parts: dict[str, Callable[[], float]] = {
        "web": lambda: tree_mib(ours.web.pid),
        "worker": lambda: tree_mib(ours.worker.pid),
        "store": lambda: float(ours.logins.redis.info("memory")["used_memory"]) / 2**20,
    }
    for number in itertools.count():
        if time.monotonic() - begun > seconds:
            break
        task = asyncio.create_task(crowd.look(next(people), seen))
        looking.add(task)
        task.add_done_callback(looking.discard)
        if number % int(RATE * SAMPLE_S) == 0:
            samples.append({name: read() for name, read in parts.items()})
        await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
    await asyncio.gather(*looking)
    return seen, samples


def visitors(ours: House, seconds: float) -> Iterator[Person]:
    """All people in turns, without end. Each logs in once, because a login is kept in the store for a month."""
    return itertools.cycle([Person(at, ours.long_login(at, int(seconds) + SPARE_S)) for at in range(PEOPLE)])


def tree_mib(pid: int) -> float:
    """Proportional memory of a process and all its descendants: shared pages count once."""
    total = 0
    for one in (pid, *children(pid)):
        with suppress(FileNotFoundError, ProcessLookupError):  # a run has just ended
            total += memory_kib(one)["Pss"]
    return total / 1024


def growth(samples: list[dict[str, float]], name: str) -> float:
    """By how many percent the last quarter lies above the second one; the first is the warm-up."""
    values = [sample[name] for sample in samples]
    quarter = len(values) // 4
    return 100 * (statistics.median(values[-quarter:]) / statistics.median(values[quarter : 2 * quarter]) - 1)


def measure(folder: Path, *, minutes: float) -> dict[str, Any]:
    with house_of(folder, Tenant(SLUG, 0.2, PEOPLE, fresh_s=FRESH_S)) as ours:
        seen, samples = asyncio.run(soak(ours, minutes * 60))
    grown = {name: round(growth(samples, name), 1) for name in samples[0]}
    return {
        "looks": len(seen.seconds),
        "first_and_last_mib": [{name: round(value, 1) for name, value in samples[at].items()} for at in (0, -1)],
        "examples": [*seen.errors[:3], *seen.wrong[:3]],
        "targets": {
            f"memory of the {name} grew by, %, in {minutes:g} minutes of load (at most 3)": [percent, percent <= 3]
            for name, percent in grown.items()
        }
        | {
            "errors and wrong messages of that load (0)": [
                len(seen.errors) + len(seen.wrong),
                not (seen.errors or seen.wrong),
            ]
        },
    }
