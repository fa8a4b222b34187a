"""One run, from its beginning to what is shown. The answer is stored first; the trace is written when the child has ended."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from records import RunRecord, support_references
from runner.health.outages import OUTAGE
from runner.logs import line_ids
from runner.powers import LivePowers
from runner.powers.answers.answer_recording import RecordedCalls
from runner.powers.answers.answer_redaction import AnswerRedaction, texts_of
from runner.queues import run_causes
from runner.queues.status_jobs import RunOrder, new_run_id, waited_ms
from runner.status.cache import RunStart, StatusUpdate
from sandbox import Outcome, OutcomeKind, RunLimits, ScriptError, ScriptInput

from .budget_warnings import budget_warnings
from .outcome_to_status import ACTIVE_VERSION, TAKEN_BACK, StatusDecision, decide_status
from .script_input import RunMoments
from .script_lines import with_lines
from .security_alarm import raise_alarm
from .version_bundle import VersionBundle
from .worker_services import WorkerServices

log = logging.getLogger(__name__)


#: Stores what a run shows and ends it, as `StatusCache.store` does; says whether it was stored.
Store = Callable[[str, str, int, StatusUpdate], bool]


@dataclass(frozen=True, slots=True)
class BegunRun:
    """A run that has begun in the store. `key` is that of its status; vendors' answers of before `asked_after_ms` do not count."""

    key: str
    order: RunOrder
    start: RunStart
    asked_after_ms: int


class RunExecution:
    """A run that has begun.

    If the staged version fails, the active version is run for the same order, so that a stage leaves no user without a
    message. That is a run of its own, with its own id and trace; only its result is shown.
    """

    def __init__(self, services: WorkerServices, begun: BegunRun, bundle: VersionBundle, store: Store) -> None:
        order, start = begun.order, begun.start
        self._id = order.token
        self._because = run_causes.of_run(order.because, start.rechecks)
        self._services = services
        self._begun = begun
        self._store = store
        self._order = order
        self._bundle = bundle
        self._start = start
        self._waited = waited_ms(order.token)  #: in the queue, in ms
        self._started_at = datetime.now(UTC)
        self._powers: LivePowers | None = None
        self._recorded: RecordedCalls | None = None
        self._script_input: ScriptInput | None = None
        self._final: Future[Outcome] = Future()  #: the outcome that counts in the end; known when the child has ended
        self._shown: tuple[StatusDecision, bool] | None = None  #: what was to be shown, and whether it was stored

    def run(self, key: str) -> None:
        """Execute the script, show the result, then record the trace."""
        began = time.monotonic()
        try:
            outcome = self._execute()
            decision = self._decide(outcome)
        except Exception as error:  # a bug, or an outage: show the fallback, then let the error be seen
            decision = self._decide(_fault_of_ours(error))
            self._record(decision, stored=self._show(key, decision))
            raise
        finally:
            self._services.run_counter.note(self._order.implementation, time.monotonic() - began)
        instead: RunExecution | None = None
        try:
            instead = self._instead() if decision.failed else None
        finally:  # also if the active version cannot be read
            try:
                self._conclude(key, decision, instead)
            finally:  # also if the store is away: what the child does until its end counts all the same
                self._final.add_done_callback(lambda final: self._finish(key, outcome, final.result()))

    def _conclude(self, key: str, decision: StatusDecision, instead: RunExecution | None) -> None:
        """Show the result, or the result of the run that is made instead; in any case report what the script has done."""
        try:
            if instead is None:
                self._shown = decision, self._show(key, decision)
            else:
                self._shown = replace(decision, shown_as=ACTIVE_VERSION), False
        finally:
            self._report(key, decision.outcome, instead)

    def _report(self, key: str, outcome: Outcome, instead: RunExecution | None) -> None:
        """Suspend a version that has left the language, or tell of its crash; then make the run that is made instead."""
        try:
            if outcome.alarm:
                self._suspend(outcome)
            elif outcome.fatal_signal:
                self._tell_crash(outcome)
        finally:
            if instead is not None:
                instead.run(key)

    def _finish(self, key: str, said: Outcome, final: Outcome) -> None:
        """Record the trace. If the child overruled its answer after its last word, take the answer back first.

        1. A final outcome of another kind, or with an alarm, overrules what was said.
        2. What it has shown is forgotten, so that it is never shown again; the next request starts a run. What another run has
           shown instead of it stays.
        3. The version is suspended, or its crash is told, as after any run.
        """
        final = with_lines(final, self._bundle.status_lines)
        holds = (final.kind, final.alarm) == (said.kind, said.alarm)  # 1
        with line_ids.of_run(self._id):  # the thread that saw the child's end does not know whose it was
            try:
                if not holds and self._shown and self._shown[1]:
                    self._services.cache.take_back(key)  # 2
            finally:
                self._record_end(final, holds=holds)
                if not holds:
                    self._report(key, final, None)  # 3

    def _record_end(self, final: Outcome, *, holds: bool) -> None:
        """Record the trace of a run whose child has ended, unless its result could not be shown for a fault of ours."""
        if self._shown is None:
            return
        decision, stored = self._shown
        if holds:
            self._record(_with_usage(decision, final, self._bundle.limits), stored=stored)
            return
        shown_as = TAKEN_BACK if stored else decision.shown_as
        self._record(replace(decision, outcome=final, shown_as=shown_as), stored=False)

    def _instead(self) -> RunExecution | None:
        """Return a run of the active version; None unless this run is of the staged one."""
        active = self._bundle.active
        bundle = self._services.bundles.get(self._order.implementation, active) if active else None
        if bundle is None:
            return None
        begun = replace(self._begun, order=replace(self._order, version=bundle.version))
        execution = RunExecution(self._services, begun, bundle, self._store)
        execution._id, execution._because, execution._waited = new_run_id(), run_causes.INSTEAD, None
        return execution

    def _execute(self) -> Outcome:
        bundle, order, services = self._bundle, self._order, self._services
        if bundle.code is None:
            refused = Outcome(OutcomeKind.REFUSED, error=bundle.refusal)
            self._final.set_result(refused)
            return refused
        token = services.tokens.make(order.implementation, order.user, order.session)
        services.user_sessions.note(
            order.implementation, order.user, order.session, bundle.implementation.fresh_seconds
        )
        returned_ms = self._begun.asked_after_ms
        self._script_input = services.script_inputs.read(
            bundle.implementation,
            order.user,
            order.session,
            RunMoments(self._started_at, datetime.fromtimestamp(returned_ms / 1000, UTC) if returned_ms else None),
            return_url=f"{services.settings.public_url}/r/{token}",
        )
        self._powers = services.vendors.powers(
            bundle.connections,
            fresh=self._start.returned,
            asked_after_ms=returned_ms,
        )
        if bundle.implementation.keep_answers_days:
            self._recorded = RecordedCalls(self._powers)
        powers = self._recorded or self._powers
        outcome = services.sandbox.run(
            bundle.code, self._script_input, powers=powers, limits=bundle.limits, on_end=self._final.set_result
        )
        return with_lines(outcome, bundle.status_lines)

    def _decide(self, outcome: Outcome) -> StatusDecision:
        return decide_status(outcome, self._bundle, self._start.good, run=self._id, now=self._started_at)

    def _show(self, key: str, decision: StatusDecision) -> bool:
        order = self._order
        return self._store(key, order.token, order.generation, decision.shown)

    def _record(self, decision: StatusDecision, *, stored: bool) -> None:
        """Record the trace and log a line. `stored`: the decision is what is displayed."""
        order = self._order
        self._services.traces.add(self._trace(decision))
        log.info(
            "run ended id=%s ref=%s implementation=%s user=%r session=%r because=%r waited=%s outcome=%r shown=%r kept=%s ms=%d",
            *(self._id, support_references.of_run(self._id), order.implementation, order.user, order.session),
            *(self._because, self._waited),
            *(decision.outcome.kind.value, decision.shown_as, stored),
            (datetime.now(UTC) - self._started_at).total_seconds() * 1000,
        )

    def _trace(self, decision: StatusDecision) -> RunRecord:
        """Return the record of the run, without vendors' bodies, secrets and the signed return address."""
        order, outcome = self._order, decision.outcome
        given = vars(self._script_input) | {"return_url": ""} if self._script_input else {}
        return RunRecord(
            id=self._id,
            implementation=order.implementation,
            user=order.user,
            session=order.session,
            version=order.version,
            started_at=self._started_at,
            outcome=outcome.kind.value,
            shown_as=decision.shown_as,
            alarm=outcome.alarm,
            message=None if decision.shown_as == ACTIVE_VERSION else json.loads(decision.shown.body)["message"],
            warnings=list(decision.warnings),
            calls=[call.as_json() for call in self._powers.calls] if self._powers else [],
            log=list(outcome.log),
            error=_error_json(outcome),
            usage=dict(vars(outcome.usage)),
            given=given,
            because=self._because,
            waited_ms=self._waited,
            returned_at=self._start.returned_at,
            made_at=self._bundle.implementation.created_at,
            answers=self._kept_answers(),
        )

    def _kept_answers(self) -> list[dict[str, Any]]:
        """Return the vendors' answers as they are kept with the run, if its implementation keeps any."""
        if self._recorded is None or self._script_input is None:
            return []
        own = [*texts_of(self._script_input.user), *texts_of(self._script_input.session)]
        return self._recorded.entries_of_run(AnswerRedaction(secrets=(), kept=own))

    def _suspend(self, outcome: Outcome) -> None:
        order = self._order
        what = outcome.error.text if outcome.error else "no reason was given"
        raise_alarm(self._services.database, order.implementation, order.version, what=what, run=self._id)
        self._services.change_listener.changed(order.implementation)

    def _tell_crash(self, outcome: Outcome) -> None:
        order, text = self._order, outcome.error.text if outcome.error else ""
        log.error(
            "SCRIPT CRASH: %s implementation=%s user=%r session=%r version=%s run=%s",
            *(text, order.implementation, order.user, order.session, order.version, self._id),
        )


def _with_usage(decision: StatusDecision, final: Outcome, limits: RunLimits) -> StatusDecision:
    """Return the decision with what the run used in the end, and with the warnings that follow from it."""
    warnings = dict.fromkeys((*budget_warnings(final.usage, limits), *decision.warnings))
    return replace(decision, outcome=replace(decision.outcome, usage=final.usage), warnings=tuple(warnings))


def _fault_of_ours(error: Exception) -> Outcome:
    """Return the outcome of a run that an outage or a bug of the service ended."""
    if isinstance(error, OUTAGE):
        kind, text = OutcomeKind.SERVICE_AWAY, "the database or the store did not answer: no fault of the script"
    else:
        kind, text = OutcomeKind.CRASHED, "a fault of the service, not of the script"
    return Outcome(kind, error=ScriptError(type=type(error).__name__, line=None, text=text))


def _error_json(outcome: Outcome) -> dict[str, Any] | None:
    """Return the error to record; if the interpreter died, with the signal, by which `records.scripts.crashes` finds it."""
    if outcome.error is None:
        return None
    signal = outcome.fatal_signal
    return asdict(outcome.error) | ({"signal": signal} if signal else {})
