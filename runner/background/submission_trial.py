"""The trial of a submission: what the script can show, and what it would change for those who had a run lately.

A reviewer reads the result beside the code. Both parts run scripts in a jail of this process, with recorded answers only: no
vendor is called, and nobody is shown anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from records import Implementation, RuleViolation
from records.scripts import submissions, versions
from records.tenants import implementations
from records.trials import replayed_runs
from runner.powers import AnswersError, parse_answers
from runner.queues.job_arguments import SubmissionTrialArguments
from runner.queues.job_orders import JobOrder, arguments_of
from runner.queues.job_states import DONE, REFUSED
from runner.runs.security_alarm import raise_alarm
from runner.trials.explore.explorer import ExplorePlan, ExploreProgress, ScriptNotExploredError, explore
from runner.trials.explore.scene import Scene
from runner.trials.explore.starting_scenes import starting_scenes
from runner.trials.replay.earlier_runs import earlier_runs, replay_terms
from runner.trials.replay.replay import Replay, replay
from runner.trials.trial import TrialSandbox
from runner.trials.trial_input import InputError, parse_input

from .job_steps import JobEnd, JobSteps

#: Steps: reading, exploring, earlier runs, saving.
STEPS: Final = 4
#: How long the exploration searches, in seconds, and how many runs it makes at most.
EXPLORE_S, EXPLORE_RUNS = 60.0, 3000
#: Rows that each list of a result holds at most; the counts are of all. Bytes of the example of one entry.
MOST_ROWS, LONGEST_EXAMPLE = 200, 8 * 1024

NOT_THERE = "the submission is not there any more, or has another text"
SUSPENDED = "the version is suspended"
ALARM = "The script did what no script can do. Its version is suspended. Treat it as an attack."


@dataclass(frozen=True)
class _Submitted:
    """What is tried."""

    owner: Implementation
    source: str
    scenarios: list[Any]


def try_submission(steps: JobSteps, order: JobOrder) -> JobEnd:
    """Explore the submitted text, replay it, and keep both results with the submission."""
    arguments = arguments_of(order, SubmissionTrialArguments)
    steps.begin(1, "Reading the submission.")
    try:
        submitted = _read(steps, order, arguments)
    except RuleViolation as refused:
        return JobEnd(REFUSED, f"Nothing was tried: {refused.reason}.")
    settings = steps.settings
    with TrialSandbox(allow_weak=settings.sandbox_allow_weak, require=settings.sandbox_require) as sandbox:
        try:
            results = _Trials(steps, sandbox, submitted).results(arguments.runs)
        except ScriptNotExploredError as refused:
            what = refused.findings[0].what if refused.findings else ""
            return JobEnd(REFUSED, f"Nothing was tried: the check refuses the script. {what}".strip())
    steps.begin(STEPS, "Saving.")
    if results is None:
        what = "an exploration found it to leave the language"
        raise_alarm(steps.database, order.implementation, arguments.version, what=what)
        return JobEnd(REFUSED, ALARM, changed=(order.implementation,))
    with steps.database.session() as db:
        owner = implementations.find_any(db, order.implementation)
        found = submissions.find(db, owner, arguments.submission) if owner else None
        if found is None:
            return JobEnd(REFUSED, f"Nothing was kept: {NOT_THERE}.")
        explored, replayed = results
        kept = {"explore": _bounded(explored), "replay": _counted(replayed)}
        submissions.keep_results(db, found, kept)
        replayed_runs.keep(db, found, replayed)
    return JobEnd(DONE, "The script was tried.", counts_of(kept))


class _Trials:
    """Both parts, in one jail."""

    def __init__(self, steps: JobSteps, sandbox: TrialSandbox, submitted: _Submitted) -> None:
        self._steps = steps
        self._sandbox = sandbox
        self._submitted = submitted

    def results(self, runs: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return what the exploration and the replay found; None if the script left the language. Raises `ScriptNotExploredError` and `JobCancelled`."""
        self._steps.begin(2, "Looking for everything that the script can show.")
        source, owner = self._submitted.source, self._submitted.owner
        allow_loopback = self._steps.settings.allow_loopback_vendors
        plan = ExplorePlan(_starts(self._submitted), EXPLORE_RUNS, EXPLORE_S, allow_loopback=allow_loopback)
        explored = explore(self._sandbox, source, plan, self._tell_explored)
        if explored.alarm:
            return None
        self._steps.begin(3, "Trying it on earlier runs.")
        code = self._sandbox.review(source).checked.code
        assert code is not None
        terms = replay_terms(owner, self._steps.settings)
        earlier = earlier_runs(self._steps.database, owner, most=runs)
        replayed = replay(self._sandbox, (source, code), earlier, terms, self._tell_replayed(runs))
        if replayed.alarm:
            return None
        found = explored.as_json("") | {"stopped": explored.stopped}
        return found, replayed.as_json()

    def _tell_explored(self, progress: ExploreProgress) -> None:
        said = f"{progress.runs} runs tried, {progress.messages} messages and {progress.failures} failures found."
        self._steps.tell(2, f"Looking for everything that the script can show: {said}")

    def _tell_replayed(self, runs: int) -> Any:
        def tell(done: Replay) -> None:
            self._steps.give_way(3)
            if done.runs % 50 == 0:
                self._steps.tell(3, f"Trying it on earlier runs: {done.runs} of at most {runs}.")

        return tell


def counts_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the end of the job says in numbers."""
    explored, replayed = results["explore"], results["replay"]
    return {
        "messages": explored["counts"]["messages"],
        "raised": explored["counts"]["raised"],
        "lines_unreached": explored["counts"]["lines_unreached"],
        "runs": replayed["runs"],
        "changed": replayed["counts"]["changed"],
        "begins_to_fail": replayed["counts"]["begins_to_fail"],
    }


def _read(steps: JobSteps, order: JobOrder, arguments: SubmissionTrialArguments) -> _Submitted:
    """Read the submission. Raises RuleViolation if it is gone, or if its text is not the one that was ordered."""
    with steps.database.reading() as db:
        owner = implementations.find_any(db, order.implementation)
        found = submissions.find(db, owner, arguments.submission) if owner else None
        version = versions.find_version(db, owner, arguments.version) if owner else None
        if owner is None or found is None or version is None or found.version_id != version.id:
            raise RuleViolation("submission", NOT_THERE)
        if version.suspended_at is not None:
            raise RuleViolation("version", SUSPENDED)
        return _Submitted(owner, version.source, list(found.scenarios))


def _starts(submitted: _Submitted) -> list[Scene]:
    """Return where the exploration starts: the author's scenarios, with what the implementation has."""
    has = {"settings": submitted.owner.script_settings, "link_hosts": list(submitted.owner.link_hosts)}
    usable = []
    for scenario in submitted.scenarios:
        try:
            parse_input(scenario["input"])
            parse_answers(scenario["answers"])
        except (InputError, AnswersError):
            continue  # the author's own test says what is wrong with it
        usable.append(({**scenario["input"], **has}, scenario["answers"]))
    nobody = {"user": {"id": "user-4711"}, "session": {"id": "session-1843"}}
    return starting_scenes([*usable, ({**nobody, **has}, [])])


def _bounded(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result with long lists cut, and with how many there were of each."""
    lists = {name: value for name, value in result.items() if isinstance(value, list)}
    cut = {name: [_without_long_example(row) for row in rows[:MOST_ROWS]] for name, rows in lists.items()}
    return result | cut | {"counts": {name: len(rows) for name, rows in lists.items()}}


def _counted(result: dict[str, Any]) -> dict[str, Any]:
    """Return a replay without its rows, which are kept apart, with the number of each kind."""
    lists = {name: value for name, value in result.items() if isinstance(value, list)}
    return {name: value for name, value in result.items() if name not in lists} | {
        "counts": {name: len(rows) for name, rows in lists.items()}
    }


def _without_long_example(row: Any) -> Any:
    if isinstance(row, dict) and len(json.dumps(row.get("example"))) > LONGEST_EXAMPLE:
        return row | {"example": None}
    return row
