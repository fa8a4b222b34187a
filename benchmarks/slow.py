"""A cached status while thousands of slow clients are connected, beside the same when it is quiet; in one run."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .house import SLUG, house, process
from .load import Client

PATH = f"/api/v1/implementations/{SLUG}/sessions/S1/status"
SLOW = ("silent=1000", "half=500", "drip=500")
DRIPPING_BODIES = "body=100"
PAUSE_S = 0.01


@contextmanager
def crowd(port: int, words: tuple[str, ...], folder: Path) -> Iterator[None]:
    started = process("-m", "benchmarks.slow_clients", str(port), *words, env=os.environ, log=folder / "slow.log")
    with started as slow:
        assert slow.stdout
        assert slow.stdout.readline() == b"ready\n"
        yield


def asked(port: int, login: str, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of a status: on one connection which is kept, and on a new one each."""
    taken: dict[str, list[float]] = {"kept": [], "new": []}
    kept = Client(port)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        taken["kept"].append(status(kept, login))
        start = time.perf_counter()
        new = Client(port)
        status(new, login)
        new.close()
        taken["new"].append((time.perf_counter() - start) * 1000)
        time.sleep(PAUSE_S)
    kept.close()
    return taken


def status(client: Client, login: str) -> float:
    reply = client.get(PATH, login)
    assert reply.status == 200, reply
    return reply.ms


def measure(folder: Path, *, rounds: int, seconds: float) -> dict[str, object]:
    """Quiet, slow clients, dripping bodies; in turns. Eight threads: the fewer there are, the sooner slow ones would hold all."""
    situations = {"quiet": (), "slow": SLOW, "bodies": (DRIPPING_BODIES,)}
    medians: dict[str, list[float]] = {}
    with house(folder, vendor_s=0, people=1, threads=16) as ours:
        login = f"Authorization: {ours.login(0)}"
        assert Client(ours.port).get(PATH, login, "Prefer: wait=2").status == 200
        asked(ours.port, login, 1)
        for _ in range(rounds):
            for name, words in situations.items():
                with crowd(ours.port, words, folder):
                    for connection, taken in asked(ours.port, login, seconds).items():
                        medians.setdefault(f"{name}, {connection}", []).append(statistics.median(taken))
    typical = {name: statistics.median(values) for name, values in medians.items()}
    ratios = {
        name: max(typical[f"{name}, {connection}"] / typical[f"quiet, {connection}"] for connection in ("kept", "new"))
        for name in ("slow", "bodies")
    }
    return {
        "median_ms": {name: round(value, 2) for name, value in typical.items()},
        "targets": {
            "a cached status beside 1,000 silent, 500 half-head, 500 drip connections, times the quiet one (at most 2)": [
                round(ratios["slow"], 2),
                ratios["slow"] <= 2,
            ],
            "a cached status beside 100 dripping bodies on 16 threads, times the quiet one (at most 2)": [
                round(ratios["bodies"], 2),
                ratios["bodies"] <= 2,
            ],
        },
    }
