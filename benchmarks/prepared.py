"""A stampede after `prepare`: the vendor was asked for everybody at once, so nobody's run has to ask it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from records import Database
from records.tenants import implementations
from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_orders import OrderSigner
from runner.queues.prepare_orders import order_by_hand

from .crowd import Crowd, Person, Seen, spread
from .house import SLUG, House, Tenant, house_of
from .miss import flood
from .stampede import VENDOR_S, vendor_counts

SCRIPT = """
def prepare(session, api):
    facts = {}
    page = 0
    while True:
        people = api.get("vendor", "/attendance", params={"page": page}).json()["people"]
        if not people:
            return facts
        for user in people:
            facts[user] = people[user]
        page = page + 1

def status(user, session, api):
    awarded = api.facts
    if not awarded:
        awarded = api.get("vendor", "/credits", params={"uid": user.id, "nid": session.id}).json()
    if awarded["list"]:
        return message(f"Credit claimed {awarded['number']}", color="#006109")
    return message(f"Claim 1.0 CE credit {awarded['number']}")
"""
#: Those who are asked for beside the crowd, to see how many a second can be.
FLOOD = 3000


def prepare(ours: House) -> dict[str, Any]:
    """Have the facts of everybody prepared; how it ended."""
    jobs = BackgroundQueue(ours.logins.redis, OrderSigner(ours.settings.keys))
    database = Database(ours.settings.database_url, environment=ours.settings.environment)
    with database.reading() as db:
        owner = implementations.find(db, SLUG)
        assert owner
        job = order_by_hand(jobs, db, owner, "S1", "bench")
    database.dispose()
    while (state := jobs.find(SLUG, job)) is None or not state.ended:
        time.sleep(0.2)
    return {"state": state.state, "result": state.result}


async def crowd_of(ours: House, people: int, seconds: float) -> Seen:
    """Let everybody look at a cold cache."""
    crowd, seen = Crowd(ours.port, ours.vendor_ports[SLUG]), Seen()
    everybody = [Person(number, ours.login(number)) for number in range(people)]
    await spread(everybody, seconds, lambda person: crowd.look(person, seen))
    return seen


def measure(folder: Path, *, people: int, seconds: float) -> dict[str, Any]:
    tenant = Tenant(SLUG, VENDOR_S, people + FLOOD, script=SCRIPT, prepared_s=300)
    with house_of(folder, tenant) as ours:
        prepared = prepare(ours)
        seen = asyncio.run(crowd_of(ours, people, seconds))
        asked = asyncio.run(vendor_counts(ours.vendor_ports[SLUG]))
        served = flood(ours, first=people, count=FLOOD)
    calls, wrong = sum(asked.values()), [*seen.errors, *seen.wrong]
    return {
        "prepared": prepared,
        "asked": asked,
        "median_s": round(seen.percentile(0.5), 3),
        "p99_s": round(seen.percentile(0.99), 3),
        "requests_each": round(seen.requests_each, 2),
        "examples": wrong[:5],
        "targets": {
            f"calls of the vendor for {people:,} people of one session, with prepare (at most 60)": [
                calls,
                calls <= 60,
            ],
            "calls of users' runs among them (0)": [asked.get("credits", 0), not asked.get("credits", 0)],
            f"{people:,} people in {seconds:.0f} s with facts: their message within 2 s, % (at least 99)": [
                round(seen.within(2), 1),
                seen.within(2) >= 99,
            ],
            "misses a second with facts, no call (at least 350)": [round(served), served >= 350],
            "errors and wrong messages with facts (0)": [len(wrong), not wrong],
        },
    }
