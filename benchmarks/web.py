"""A cached status beside a Flask hello world, on gunicorn and on our own server: CPU per request, as the kernel accounted it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .house import SLUG, hello, house
from .load import Client, side_by_side
from .measure import tree_cpu_seconds

PATH = f"/api/v1/implementations/{SLUG}/sessions/S1/status"
#: People who take turns: what is remembered of one of them helps no other.
PEOPLE = 50
#: Connections at a time: as a server has them all day, and as it has them at the end of a session.
FEW, CROWD = 4, 16
ON_GUNICORN = "hello on gunicorn"


@dataclass(frozen=True)
class Contestant:
    """Where it answers, what is asked, and the process to watch. `fields` are those of one person each."""

    port: int
    path: str
    pid: int
    fields: tuple[str, ...]
    cpu_ms: dict[int, list[float]] = field(default_factory=dict)  #: connections -> CPU for each request, by round

    def ask_many(self, connections: int, count: int) -> None:
        def ask() -> None:
            client = Client(self.port)
            for number in range(count // connections):
                reply = client.get(self.path, self.fields[number % len(self.fields)])
                assert reply.status == 200, reply
            client.close()

        side_by_side([ask] * connections)

    def measure(self, connections: int, count: int) -> None:
        self.ask_many(connections, 200)
        before = tree_cpu_seconds(self.pid)
        self.ask_many(connections, count)
        self.cpu_ms.setdefault(connections, []).append((tree_cpu_seconds(self.pid) - before) / count * 1000)


def measure(folder: Path, *, rounds: int, count: int) -> dict[str, object]:
    with ExitStack() as stack:
        ours = stack.enter_context(house(folder, vendor_s=0, people=PEOPLE))
        logins = tuple(f"Authorization: {ours.login(person)}" for person in range(PEOPLE))
        for login in logins:
            first = Client(ours.port).get(PATH, login, "Prefer: wait=2")
            assert first.status == 200, first
        contestants = {"cached status": Contestant(ours.port, PATH, ours.web.pid, logins)}
        for name, module in ((ON_GUNICORN, "gunicorn_hello"), ("hello", "hello")):
            port, running = stack.enter_context(hello(folder, module))
            contestants[name] = Contestant(port, "/", running.pid, logins)
        for _ in range(rounds):
            for connections in (FEW, CROWD):
                for contestant in contestants.values():
                    contestant.measure(connections, count)
    return result(contestants)


def result(contestants: dict[str, Contestant]) -> dict[str, object]:
    times = {
        connections: middle(
            ours / theirs
            for ours, theirs in zip(
                contestants["cached status"].cpu_ms[connections],
                contestants[ON_GUNICORN].cpu_ms[connections],
                strict=True,
            )
        )
        for connections in (FEW, CROWD)
    }
    return {
        "cpu_ms_per_request": {
            f"{name}, {connections} connections": round(middle(values), 3)
            for name, contestant in contestants.items()
            for connections, values in contestant.cpu_ms.items()
        },
        "targets": {
            f"CPU of a cached status, times a Flask hello world on gunicorn, {connections} connections (at most 0.4)": [
                round(value, 2),
                value <= 0.4,
            ]
            for connections, value in times.items()
        },
    }


def middle(values: Iterable[float]) -> float:
    return statistics.median(list(values))
