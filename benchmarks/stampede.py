"""A stampede: everybody at once at a cold cache, then everybody back from the vendor's site, on one machine.

Every person knows what the right message is. What counts is how long they wait for it, how often the app has to ask, and
how often the vendor is asked. Meanwhile people whose message is cached look again and again.
"""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .crowd import Crowd, Line, Person, Seen, spread
from .house import SLUG, House, house

VENDOR_S = 0.2
#: Cached looks a second beside a returning crowd, and the people whose messages they are.
CACHED_A_S, CACHED_PEOPLE = 20, 50


@dataclass
class Stampede:
    """What each wave saw."""

    waves: list[Seen] = field(default_factory=list)
    back: Seen = field(default_factory=Seen)
    cached: Seen = field(default_factory=Seen)
    vendor_calls: int = 0


async def stampede(ours: House, waves: Sequence[tuple[int, float]], back_s: float) -> Stampede:
    """Let each wave (people, seconds) come to a cold cache, then the last one come back within `back_s`."""
    crowd, found, first = Crowd(ours.port, ours.vendor_ports[SLUG]), Stampede(), 0
    people: list[Person] = []
    for size, seconds in waves:
        people = [Person(number, ours.login(number)) for number in range(first, first + size)]
        first += size
        seen = Seen()
        found.waves.append(seen)
        await spread(people, seconds, lambda person, seen=seen: crowd.look(person, seen))  # type: ignore[misc]  # the default holds the value of this turn
        await asyncio.sleep(2)
    onlookers = asyncio.create_task(look_on(crowd, [Person(n, ours.login(n)) for n in range(CACHED_PEOPLE)], found))
    await spread(people, back_s, lambda person: crowd.come_back(person, found.back))
    onlookers.cancel()
    with suppress(asyncio.CancelledError):
        await onlookers
    found.vendor_calls = (await vendor_counts(ours.vendor_ports[SLUG])).get("credits", 0)
    return found


async def look_on(crowd: Crowd, people: Sequence[Person], found: Stampede) -> None:
    """Ask for cached messages until cancelled."""
    while True:
        for person in people:
            await crowd.look_again(person, found.cached)
            await asyncio.sleep(1 / CACHED_A_S)


async def vendor_counts(port: int) -> dict[str, int]:
    """How often the vendor was asked for what."""
    return dict(json.loads((await Line(port).ask("GET", "/counts")).body))


def figures(seen: Seen) -> dict[str, Any]:
    """The figures of one wave for the table."""
    return {
        "people": len(seen.seconds) + len(seen.errors),
        "within 2 s, %": round(seen.within(2), 1),
        "median, s": round(statistics.median(seen.seconds), 2) if seen.seconds else None,
        "99 %, s": round(seen.percentile(0.99), 2),
        "longest, s": round(max(seen.seconds, default=0), 2),
        "requests each": round(seen.requests_each, 2),
        "most requests": max(seen.requests, default=0),
        "errors": len(seen.errors),
        "wrong messages": len(seen.wrong),
        "examples": [*seen.errors[:3], *seen.wrong[:3]],
    }


def measure(folder: Path, *, waves: Sequence[tuple[int, float]], back_s: float) -> dict[str, Any]:
    people = sum(size for size, _ in waves)
    with house(folder, vendor_s=VENDOR_S, people=people) as ours:
        found = asyncio.run(stampede(ours, waves, back_s))
    needed = people + waves[-1][0]
    each_need = found.vendor_calls / needed
    targets: dict[str, Any] = {}
    for (size, seconds), seen in zip(waves, found.waves, strict=True):
        what = f"{size:,} people in {seconds:.0f} s at a cold cache"
        targets[f"{what}: their message within 2 s, % (at least 99)"] = [round(seen.within(2), 1), seen.within(2) >= 99]
    cached_ms = 1000 * statistics.median(found.cached.seconds)
    size = waves[-1][0]
    every = [*found.waves, found.back]
    targets |= {
        f"{size:,} people back within {back_s:.0f} s: the new message within 2 s, % (at least 95)": [
            round(found.back.within(2), 1),
            found.back.within(2) >= 95,
        ],
        "requests for each person who came back (at most 3)": [
            round(found.back.requests_each, 2),
            found.back.requests_each <= 3,
        ],
        "median of a cached status beside them, ms (at most 20)": [round(cached_ms, 1), cached_ms <= 20],
        "vendor runs for each that was needed (at most 1.05)": [round(each_need, 3), each_need <= 1.05],
        "errors (0)": [sum(len(seen.errors) for seen in every), not any(seen.errors for seen in every)],
        "wrong messages (0)": [sum(len(seen.wrong) for seen in every), not any(seen.wrong for seen in every)],
    }
    return {
        "waves": [figures(seen) for seen in found.waves],
        "back": figures(found.back),
        "cached_ms": round(cached_ms, 1),
        "vendor_calls": found.vendor_calls,
        "targets": targets,
    }
