"""Measuring fairly: contestants take turns, medians and ratios count, and CPU is what the kernel accounted."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Times:
    """Wall times of one contestant, in milliseconds."""

    all_ms: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.all_ms)

    def percentile(self, part: float) -> float:
        ordered = sorted(self.all_ms)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def in_turns(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int, runs: int, pause_s: float = 0.0
) -> dict[str, Times]:
    """Let every contestant do `runs` runs in each of `rounds` rounds, the first one of a round rotating.

    `pause_s` before each run is for how work arrives in a service: not one piece at the end of another.
    """
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            run = contestants[name]
            run()  # a warm-up in each round: caches of the processor belong to whoever ran last
            for _ in range(runs):
                time.sleep(pause_s)
                start = time.perf_counter()
                run()
                taken[name].append((time.perf_counter() - start) * 1000)
    return {name: Times(tuple(times)) for name, times in taken.items()}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its children that ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15]) / TICKS


def children(pid: int) -> list[int]:
    """All living descendants of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))]
    return found


def tree_cpu_seconds(pid: int) -> float:
    """That of a process and its descendants. One that ends meanwhile is counted by its parent at the next look."""
    total = cpu_seconds(pid)
    for child in children(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            total += cpu_seconds(child)
    return total


def memory_kib(pid: int) -> dict[str, int]:
    """Rss, Pss and private dirty memory of a process, in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {name: values[name] for name in ("Rss", "Pss", "Private_Dirty")}
