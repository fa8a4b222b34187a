"""Commands of authors beside a bare interpreter, as processes in turns; and one check of many files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from .measure import in_turns

EXAMPLES = Path(__file__).parents[1] / "scripts" / "examples"
CHECK_FILE = EXAMPLES / "ce_credit" / "script.py"
MANY = 100
ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def process(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=ENV)


def command(*arguments: str) -> None:
    process("-m", "web.cli", *arguments)


def many_files() -> float:
    """Seconds for one check of 100 files."""
    scripts = sorted(str(path) for path in EXAMPLES.glob("*/script.py"))
    files = [scripts[number % len(scripts)] for number in range(MANY)]
    started = time.monotonic()
    command("script", "check", *files)
    return time.monotonic() - started


def measure(*, rounds: int, runs: int) -> dict[str, object]:
    """Medians, and the ratios to a bare interpreter of the same rounds."""
    contestants = {
        "python -c pass": lambda: process("-c", "pass"),
        "--help": lambda: command("--help"),
        "script check": lambda: command("script", "check", str(CHECK_FILE)),
    }
    taken = {name: times.median for name, times in in_turns(contestants, rounds=rounds, runs=runs).items()}
    bare = taken["python -c pass"]
    ratios = {name: round(median / bare, 1) for name, median in taken.items()}
    many_s = round(many_files(), 2)
    help_s, check_s = round(taken["--help"] / 1000, 2), round(taken["script check"] / 1000, 2)
    return {
        "median_ms": {name: round(median, 1) for name, median in taken.items()},
        "times_a_bare_interpreter": ratios,
        "targets": {
            "session-status --help, s (at most 0.25)": [help_s, help_s <= 0.25],
            "script check of one file, s (at most 0.45)": [check_s, check_s <= 0.45],
            "script check, times a bare interpreter (at most 25)": [
                ratios["script check"],
                ratios["script check"] <= 25,
            ],
            f"script check of {MANY} files in one call, s (at most 3)": [many_s, many_s <= 3],
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(rounds=3, runs=5), indent=2))
