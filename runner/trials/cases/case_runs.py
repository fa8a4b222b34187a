"""Runs the cases of a script: each once as it would run live, and once with probes for what it covers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.trials.trial import Trial, TrialSandbox
from runner.trials.trial_input import about_unknown
from runner.trials.trial_terms import TrialTerms
from sandbox import CheckResult, InstrumentedScript, OutcomeKind, Severity

from .answers_in_use import AnswersInUse
from .case_folders import CaseFileError, CaseFolder, CaseReader, check_answers, checked_input
from .case_results import EXPECTABLE, MESSAGE_PARTS, CaseResult, ScriptResults

#: Does work for several items, perhaps side by side, and gives the results in the items' order.
Mapper = Callable[[Callable[[CaseFolder], CaseResult], Sequence[CaseFolder]], Iterable[CaseResult]]

_CHILD_WALL_S = 10.0
_OUTCOMES = tuple(kind.value for kind in OutcomeKind if kind is not OutcomeKind.SERVICE_AWAY)
_ALARM = "the script did what no script can do. Treat it as an attack."


@dataclass(frozen=True)
class _Loaded:
    """A case whose files were read."""

    expected: dict[str, Any]
    terms: TrialTerms
    answers: list[Any]
    ignored: tuple[str, ...]


class CaseRunner:
    """Runs the cases of one script; safe to use from several threads."""

    def __init__(self, sandbox: TrialSandbox, reader: CaseReader) -> None:
        self._sandbox = sandbox
        self._reader = reader

    def run(self, script: Path, cases: Sequence[CaseFolder], side_by_side: Mapper) -> ScriptResults:
        """Run all cases of a script. One that cannot be read fails with its file named, and the others still run."""
        try:
            source = self._reader.text(script)
        except CaseFileError as fault:
            return _nothing_run(script, cases, str(fault))
        review = self._sandbox.review(source)
        made = self._sandbox.instrument(source)
        if not review.ok or review.checked.code is None or made.script is None:
            first = next((one for one in review.findings if one.severity is Severity.ERROR), made.finding)
            why = f"line {first.line}: {first.what}" if first else "it cannot be compiled"
            return _nothing_run(script, cases, f"{script}: the check refuses it: {why}")
        used: dict[Path, set[int]] = {case.answers: set() for case in cases if case.answers is not None}
        instrumented = made.script

        def run_one(case: CaseFolder) -> CaseResult:
            return self._run_one(source, review.checked, instrumented, case, used)

        results = [*side_by_side(run_one, cases)]
        return ScriptResults(str(script), results, made.script, self._unused(used))

    def _run_one(
        self,
        source: str,
        checked: CheckResult,
        script: InstrumentedScript,
        case: CaseFolder,
        used: dict[Path, set[int]],
    ) -> CaseResult:
        try:
            loaded = self._load(case)
        except CaseFileError as fault:
            return CaseResult(case.name, error=str(fault))
        marks = used[case.answers] if case.answers is not None else set()
        assert checked.code is not None
        trial = self._sandbox.run_code(source, checked.code, loaded.terms, AnswersInUse(loaded.answers, marks))
        with self._sandbox.traced_runs(script, loaded.terms.limits, child_wall_s=_CHILD_WALL_S) as runs:
            traced = runs.run(loaded.terms.script_input, AnswersInUse(loaded.answers, marks))
            has_alarm = trial.alarm or traced.outcome.alarm or runs.close()
        prepared = self._prepared(checked, loaded, marks) if "facts" in loaded.expected else None
        has_alarm = has_alarm or bool(prepared and prepared.alarm)
        if has_alarm:
            return CaseResult(case.name, loaded.expected, trial, error=_ALARM, ignored=loaded.ignored)
        facts = prepared.facts if prepared else None
        error = _prepare_failed(prepared) if prepared and facts is None else None
        return CaseResult(case.name, loaded.expected, trial, traced.trace, error, facts, loaded.ignored)

    def _prepared(self, checked: CheckResult, loaded: _Loaded, marks: set[int]) -> Trial:
        """Run `prepare` for the session of the case."""
        return self._sandbox.prepare_checked(checked, loaded.terms, AnswersInUse(loaded.answers, marks))

    def _load(self, case: CaseFolder) -> _Loaded:
        """The files of a case. Raises `CaseFileError`."""
        if case.input is None:
            raise CaseFileError(f"{case.folder}: there is no input.json, neither here nor in a folder around it")
        if case.expected is None:
            raise CaseFileError(f"{case.folder}: there is no expected.json, neither here nor in a folder around it")
        answers = [] if case.answers is None else self._reader.json(case.answers)
        given = checked_input(case.input, self._reader.json(case.input))
        check_answers(case.answers, answers)
        expected = _expectation(case.expected, self._reader.json(case.expected))
        return _Loaded(expected, TrialTerms.alone(given), answers, tuple(map(about_unknown, given.unknown)))

    def _unused(self, used: dict[Path, set[int]]) -> list[dict[str, str]]:
        """The recorded answers that no case used, of the files that can be read."""
        unused: list[dict[str, str]] = []
        for file, marks in used.items():
            try:
                entries = self._reader.json(file)
            except CaseFileError:
                continue  # its cases say so
            for number, entry in enumerate(entries if isinstance(entries, list) else []):
                if number not in marks and isinstance(entry, dict):
                    place = {"connection": "", "method": "GET", "path": ""}
                    unused.append({name: str(entry.get(name, default)) for name, default in place.items()})
        return unused


def _expectation(file: Path, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CaseFileError(f"{file}: what is expected must be a JSON object, in braces")
    unknown = [name for name in value if name not in EXPECTABLE]
    if unknown:
        raise CaseFileError(f"{file}: {unknown[0]!r} cannot be expected; what can: {', '.join(EXPECTABLE)}")
    if not isinstance(value.get("facts", {}), dict):
        raise CaseFileError(f"{file}: facts must be a JSON object with a user's id as each key")
    outcome, message = value.get("outcome"), value.get("message")
    if outcome is not None and outcome not in _OUTCOMES:
        raise CaseFileError(f"{file}: outcome must be one of {', '.join(_OUTCOMES)}, not {outcome!r}")
    parts = [name for name in message if name not in MESSAGE_PARTS] if isinstance(message, dict) else []
    if parts:
        raise CaseFileError(f"{file}: message has no {parts[0]!r}; it has {', '.join(MESSAGE_PARTS)}")
    return value


def _prepare_failed(trial: Trial) -> str:
    """Say how `prepare` ended, which should have returned facts."""
    text = f": {trial.error.type}: {trial.error.text}" if trial.error else ""
    return f"prepare ended as “{trial.outcome.value}”{text}"


def _nothing_run(script: Path, cases: Sequence[CaseFolder], why: str) -> ScriptResults:
    return ScriptResults(str(script), [CaseResult(case.name, error=why) for case in cases], None)
