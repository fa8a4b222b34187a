"""What a miss adds to the vendor's own time, how many a worker serves, and that a crowd causes one run."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from records import Database, RunFilter
from records.scripts import runs
from records.tenants import implementations

from .house import SLUG, House, house
from .load import Client, side_by_side
from .measure import Times, tree_cpu_seconds

PATH = f"/api/v1/implementations/{SLUG}/sessions/S1/status"
VENDOR_S = 0.2
LANES = 64


def ask(client: Client, login: str) -> float:
    """Ask until there is a message; how long that took, in ms."""
    start = time.perf_counter()
    while True:
        reply = client.get(PATH, f"Authorization: {login}", "Prefer: wait=2")
        if reply.status == 200 and json.loads(reply.body)["state"] == "ready":
            return (time.perf_counter() - start) * 1000
        assert reply.status == 202, reply
        time.sleep(0.05)


def open_loop(ours: House, *, first: int, count: int, rate: float) -> Times:
    """Start `count` misses at a fixed rate, whether earlier ones have ended or not."""
    taken: list[float] = []
    logins = [ours.login(first + number) for number in range(count)]
    begin = time.perf_counter() + 0.2

    def lane(which: int) -> None:
        client = Client(ours.port)
        for number in range(which, count, LANES):
            time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            taken.append(ask(client, logins[number]))
        client.close()

    side_by_side([lambda which=which: lane(which) for which in range(LANES)])  # type: ignore[misc]  # the default holds the value of this turn
    return Times(tuple(taken))


def flood(ours: House, *, first: int, count: int) -> float:
    """Ask for `count` cold statuses with all lanes busy; misses per second."""
    logins = iter([ours.login(first + number) for number in range(count)])
    lock = threading.Lock()

    def lane() -> None:
        client = Client(ours.port)
        while True:
            with lock:
                login = next(logins, None)
            if login is None:
                client.close()
                return
            ask(client, login)

    start = time.perf_counter()
    side_by_side([lane] * LANES)
    return count / (time.perf_counter() - start)


def crowd(ours: House, *, user: int, askers: int) -> int:
    """Let many ask for one cold status at the same moment; how many runs that made."""
    login = ours.login(user)
    ready = threading.Barrier(askers)

    def one() -> None:
        client = Client(ours.port)
        ready.wait()
        ask(client, login)
        client.close()

    side_by_side([one] * askers)
    time.sleep(2)  # traces are written behind the answers
    database = Database(ours.settings.database_url, environment=ours.settings.environment)
    with database.reading() as db:
        found = implementations.find(db, SLUG)
        assert found
        made = runs.recent(db, found, RunFilter(user=f"u{user}"))
    database.dispose()
    return len(made)


def measure(folder: Path, *, misses: int) -> dict[str, object]:
    people = 3 * misses + 200
    with house(folder, vendor_s=VENDOR_S, people=people, threads=96) as ours:
        open_loop(ours, first=0, count=60, rate=30)  # warm-up
        times = open_loop(ours, first=100, count=misses, rate=30)
        worker, web = tree_cpu_seconds(ours.worker.pid), tree_cpu_seconds(ours.web.pid)
        served = flood(ours, first=100 + misses, count=2 * misses)
        worker_ms = (tree_cpu_seconds(ours.worker.pid) - worker) / (2 * misses) * 1000
        web_ms = (tree_cpu_seconds(ours.web.pid) - web) / (2 * misses) * 1000
        made = crowd(ours, user=99, askers=300)
    median, worst = times.median - VENDOR_S * 1000, times.percentile(0.99) - VENDOR_S * 1000
    return {
        "added_ms": {
            "median": round(median, 1),
            "p90": round(times.percentile(0.9) - VENDOR_S * 1000, 1),
            "p99": round(worst, 1),
        },
        "cpu_ms_per_miss": {"worker and its children": round(worker_ms, 2), "web": round(web_ms, 2)},
        "targets": {
            "a miss adds, ms, median at 30/s (at most 7)": [round(median, 1), median <= 7],
            "a miss adds, ms, 99th percentile at 30/s (at most 15)": [round(worst, 1), worst <= 15],
            "misses per second of one worker, vendor 200 ms (at least 250)": [round(served), served >= 250],
            "runs caused by 300 simultaneous askers (exactly 1)": [made, made == 1],
        },
    }
