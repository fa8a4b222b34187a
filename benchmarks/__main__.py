"""`make bench` and `make bench-load`: measure what is named, write results.json and the tables in README.md.

Without names, `make bench` measures everything but the loads, and `make bench-load` (the name `loads`) all of those.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import (
    attendance,
    commands,
    decode,
    explore,
    findings,
    jail,
    miss,
    prepared,
    reports,
    review,
    runs_table,
    scan_kills,
    slow,
    soak,
    stampede,
    statuses,
    tenants,
    trials,
    web,
)


def growth(folder: Path) -> dict[str, Any]:
    """What grows with the people and the days: the table of runs, and the statuses in the store."""
    runs, stored = runs_table.measure(folder), statuses.measure(folder)
    return {"runs": runs["all"], "statuses": stored["all"], "targets": runs["targets"] | stored["targets"]}


HERE = Path(__file__).parent
MEASURES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "jail": lambda _: jail.measure(rounds=6, runs=20),
    "web": lambda folder: web.measure(folder, rounds=5, count=4000),
    "miss": lambda folder: miss.measure(folder, misses=600),
    "explore": lambda _: explore.measure(rounds=3, count=1600, planted_runs=4000),
    "findings": lambda folder: findings.measure(folder, checks=200, misses=120),
    "commands": lambda _: commands.measure(rounds=3, runs=5),
    "trials": lambda folder: trials.measure(folder, rounds=3, count=300, misses=150),
    "review": lambda folder: review.measure(folder, looks=40),
    "attendance": attendance.measure,
    "decode": decode.measure,
    "kills": lambda folder: scan_kills.measure(folder, scans=10_000, kills=20),
    "reports": reports.measure,
    "growth": growth,
    "slow": lambda folder: slow.measure(folder, rounds=3, seconds=4),
}
#: What `make bench-load` measures: crowds, which take minutes.
LOADS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "stampede": lambda folder: stampede.measure(folder, waves=[(2000, 12.0), (4000, 24.0)], back_s=24.0),
    "full": lambda folder: stampede.measure(folder, waves=[(20_000, 120.0)], back_s=120.0),
    "prepared": lambda folder: prepared.measure(folder, people=20_000, seconds=120.0),
    "tenants": tenants.measure,
    "soak": lambda folder: soak.measure(folder, minutes=20),
}
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unknown processor")
    return f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {cpu}"


def tables(results: dict[str, Any]) -> str:
    """The targets of all measures, then the contestants of the jail's."""
    lines = ["| target | measured | met |", "|---|---|---|"]
    for of in results["measures"].values():
        lines += [f"| {name} | {value} | {'yes' if met else 'NO'} |" for name, (value, met) in of["targets"].items()]
    if "jail" in results["measures"]:
        lines += ["", "| one run of the same script | median, ms | 99 %, ms | times ours |", "|---|---|---|---|"]
        runs = sorted(results["measures"]["jail"]["runs"].items(), key=lambda item: item[1]["median_ms"])
        lines += [f"| {name} | {of['median_ms']} | {of['p99_ms']} | {of['times_ours']} |" for name, of in runs]
    when = f"Measured {results['measured_at'][:10]} on {results['machine']}."
    return "\n".join([BEGIN, "", when, "", *lines, "", END])


def main(names: list[str]) -> None:
    file = HERE / "results.json"
    before = json.loads(file.read_text())["measures"] if file.exists() else {}
    known = MEASURES | LOADS
    for name in list(LOADS) if names == ["loads"] else names or list(MEASURES):
        print(f"measuring: {name} …", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            before[name] = known[name](Path(folder))
        print(json.dumps(before[name]["targets"], indent=2), flush=True)
    results = {"measured_at": datetime.now(UTC).isoformat(), "machine": machine(), "measures": before}
    file.write_text(json.dumps(results, indent=2) + "\n")
    page = HERE / "README.md"
    head, _, rest = page.read_text().partition(BEGIN)
    page.write_text(head + tables(results) + rest.partition(END)[2])


if __name__ == "__main__":
    main(sys.argv[1:])
