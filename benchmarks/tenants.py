"""What a quick vendor's attendees wait longer while another implementation's vendor is slow and everybody asks there."""

from __future__ import annotations

import asyncio
import statistics
from contextlib import suppress
from pathlib import Path
from typing import Any

from .crowd import Crowd, Person, Seen, spread
from .house import SLUG, House, Tenant, house_of

QUICK, SLOW = Tenant(SLUG, 0.2, 2000), Tenant("slow", 5.0, 4000)
RATE, SECONDS = 30, 20.0
#: People a second who ask for a cold status at the slow vendor's implementation: more than it can serve.
SLOW_RATE = 40


def people_of(ours: House, tenant: Tenant, first: int, count: int) -> list[Person]:
    return [Person(n, ours.login(n, tenant.slug), tenant.slug) for n in range(first, first + count)]


async def alone_and_beside(ours: House) -> tuple[Seen, Seen]:
    """The quick ones alone, then the next ones beside the slow vendor's crowd."""
    quick, slow = (Crowd(ours.port, ours.vendor_ports[each.slug]) for each in (QUICK, SLOW))
    alone, beside, away = Seen(), Seen(), Seen()
    count = int(RATE * SECONDS)
    await spread(people_of(ours, QUICK, 0, 100), 3, lambda person: quick.look(person, Seen()))  # warm-up
    await spread(people_of(ours, QUICK, 100, count), SECONDS, lambda person: quick.look(person, alone))
    waiting = people_of(ours, SLOW, 0, int(SLOW_RATE * (SECONDS + 5)))
    crowd = asyncio.create_task(spread(waiting, SECONDS + 5, lambda person: slow.look(person, away)))
    await asyncio.sleep(5)
    await spread(people_of(ours, QUICK, 100 + count, count), SECONDS, lambda person: quick.look(person, beside))
    crowd.cancel()
    with suppress(asyncio.CancelledError):
        await crowd
    return alone, beside


def measure(folder: Path) -> dict[str, Any]:
    with house_of(folder, QUICK, SLOW) as ours:
        alone, beside = asyncio.run(alone_and_beside(ours))
    slower = statistics.median(beside.seconds) / statistics.median(alone.seconds) - 1
    wrong = [*alone.errors, *alone.wrong, *beside.errors, *beside.wrong]
    return {
        "median_s": {
            "alone": round(statistics.median(alone.seconds), 3),
            "beside": round(statistics.median(beside.seconds), 3),
        },
        "p99_s": {"alone": round(alone.percentile(0.99), 3), "beside": round(beside.percentile(0.99), 3)},
        "examples": wrong[:5],
        "targets": {
            "a quick vendor's attendees beside a vendor of 5 s that everybody waits for, % slower (at most 20)": [
                round(100 * slower),
                slower <= 0.2,
            ],
            "errors and wrong messages of the quick vendor's attendees (0)": [len(wrong), not wrong],
        },
    }
