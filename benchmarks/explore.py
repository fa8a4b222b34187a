"""Runs of an exploration beside raw runs of the sandbox: the same script, as many at a time as there are processors."""

from __future__ import annotations

import json
import os
import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runner.powers import RecordedPowers
from runner.trials.explore.explorer import ExplorePlan, explore
from runner.trials.explore.starting_scenes import starting_scenes
from runner.trials.trial import TrialSandbox
from runner.trials.trial_input import parse_input
from runner.trials.trial_terms import TrialTerms

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scripts" / "examples" / "workshop_registration"
PLANTED = ROOT / "tests" / "runner" / "trials" / "explore" / "scripts"
WORKERS = len(os.sched_getaffinity(0))
SECONDS = 20.0  #: in which all messages must be found


def raw_runs(sandbox: TrialSandbox, source: str, count: int) -> None:
    """Runs as they are made for a status, with recorded answers."""
    code = sandbox.review(source).checked.code
    assert code
    given = TrialTerms.alone(parse_input(json.loads((FOLDER / "input.json").read_text())))
    answers = json.loads((FOLDER / "answers.json").read_text())

    def run(_: int) -> None:
        sandbox.run_code(source, code, given, RecordedPowers(answers))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(run, range(count)))


def explored_runs(sandbox: TrialSandbox, source: str, count: int) -> None:
    explore(sandbox, source, ExplorePlan(starting_scenes(()), runs=count, seconds=600))


def per_second(work: Callable[[int], None], count: int) -> float:
    started = time.monotonic()
    work(count)
    return count / (time.monotonic() - started)


def missed_messages(sandbox: TrialSandbox, runs: int) -> dict[str, list[str]]:
    """The messages of the scripts with planted branches that were not found in the time."""
    missed = {}
    for path in sorted(PLANTED.glob("*.py")):
        source = path.read_text()
        wanted = {text if text != "hidden" else None for text in re.findall(r"^# shows: (.*)$", source, re.MULTILINE)}
        plan = ExplorePlan(starting_scenes(()), runs=runs, seconds=SECONDS)
        found = {one["template"] for one in explore(sandbox, source, plan).as_json(path.name)["messages"]}
        missed[path.stem] = sorted(map(str, wanted - found))
    return {name: texts for name, texts in missed.items() if texts}


def measure(*, rounds: int, count: int, planted_runs: int) -> dict[str, object]:
    """Rates in turns, the example's and the raw one's; examples that are made smaller count as no runs but take time."""
    source = (FOLDER / "script.py").read_text()
    explored, raw, ratios = [], [], []
    with TrialSandbox() as sandbox:
        for _ in range(rounds):
            explored.append(per_second(lambda number: explored_runs(sandbox, source, number), count))
            raw.append(per_second(lambda number: raw_runs(sandbox, source, number), count // 4))
            ratios.append(explored[-1] / raw[-1])
        missed = missed_messages(sandbox, planted_runs)
    rate, ratio = statistics.median(explored), statistics.median(ratios)
    return {
        "runs_a_second": {"explored": round(rate), "raw": round(statistics.median(raw))},
        "missed_messages": missed,
        "targets": {
            f"explored runs a second on {WORKERS} cores (at least 300)": [round(rate), rate >= 300],
            "explored runs for each raw run in the same time (at least 1.5)": [round(ratio, 1), ratio >= 1.5],
            "scripts with planted branches of which a message was missed in 20 s (0)": [len(missed), not missed],
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(rounds=3, count=1600, planted_runs=4000), indent=2))
