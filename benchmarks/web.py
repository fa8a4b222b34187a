"""A cached status beside a Flask hello world on the same server: CPU per request, as the kernel accounted it."""

from __future__ import annotations

import statistics
from pathlib import Path

from .house import SLUG, hello, house
from .load import Client, side_by_side
from .measure import tree_cpu_seconds

PATH = f"/api/v1/implementations/{SLUG}/sessions/S1/status"
CLIENTS = 4


def ask_many(port: int, path: str, fields: tuple[str, ...], count: int) -> None:
    def ask() -> None:
        client = Client(port)
        for _ in range(count // CLIENTS):
            reply = client.get(path, *fields)
            assert reply.status == 200, reply
        client.close()

    side_by_side([ask] * CLIENTS)


def measure(folder: Path, *, rounds: int, count: int) -> dict[str, object]:
    per_request: dict[str, list[float]] = {"hello": [], "cached status": []}
    with house(folder, vendor_s=0, people=1) as ours, hello(folder) as (hello_port, hello_process):
        login = f"Authorization: {ours.login(0)}"
        first = Client(ours.port).get(PATH, login, "Prefer: wait=2")
        assert first.status == 200, first
        contestants = {
            "hello": (hello_port, "/", (), hello_process.pid),
            "cached status": (ours.port, PATH, (login,), ours.web.pid),
        }
        for _ in range(rounds):
            for name, (port, path, fields, pid) in contestants.items():
                ask_many(port, path, fields, 200)
                before = tree_cpu_seconds(pid)
                ask_many(port, path, fields, count)
                per_request[name].append((tree_cpu_seconds(pid) - before) / count * 1000)
    medians = {name: statistics.median(values) for name, values in per_request.items()}
    ratios = [a / b for a, b in zip(per_request["cached status"], per_request["hello"], strict=True)]
    ratio = statistics.median(ratios)
    return {
        "cpu_ms_per_request": {name: round(value, 3) for name, value in medians.items()},
        "targets": {
            "CPU of a cached status, times a hello world (at most 1.6)": [round(ratio, 2), ratio <= 1.6],
        },
    }
