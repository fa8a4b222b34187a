"""One run, from its order to what is shown. The answer is stored first; the trace is written afterwards.

Orders are taken by drainers (`runner.runs.draining`). A run whose worker died is repeated once, under another id.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from records import RunRecord, support_references
from runner.health.outages import OUTAGE
from runner.powers import LivePowers
from runner.powers.answers.answer_recording import RecordedCalls
from runner.powers.answers.answer_redaction import AnswerRedaction, texts_of
from runner.queues import run_causes
from runner.queues.status_jobs import RunOrder, new_run_id, waited_ms
from runner.status.cache import RunStart, StatusCache, StatusUpdate
from sandbox import Outcome, OutcomeKind, ScriptError, ScriptInput

from .outcome_to_status import ACTIVE_VERSION, StatusDecision, decide_status
from .script_input import RunMoments
from .script_lines import with_lines
from .security_alarm import raise_alarm
from .version_bundle import VersionBundle
from .worker_services import WORKER_SERVICES, WorkerServices

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


def run_status(**order: Any) -> None:
    """The function of a job that is one run, as earlier releases queued it; its arguments are the fields of `RunOrder`."""
    perform_run(WORKER_SERVICES.get(), RunOrder(**order))


def perform_run(services: WorkerServices, order: RunOrder) -> None:
    """Make the run of a job, if it is still wanted, and show its result. Raises as `perform_begun`."""
    key = StatusCache.key(order.implementation, order.user, order.session, order.edition)
    bundle = _wanted_bundle(services, key, order)
    if bundle is None:
        return
    runs = 2 if bundle.active else 1  # a staged version that fails is followed by the active one
    start = services.cache.begin(key, order.token, order.generation, wall_s=runs * bundle.limits.wall_s)
    if start is None:
        return
    asked_after_ms = services.returns.last_ms(order.implementation, order.user, order.session)
    begun = BegunRun(key, order, start, asked_after_ms)
    _run(services, begun, bundle, services.cache.store)


def perform_begun(services: WorkerServices, begun: BegunRun, store: Store) -> None:
    """Make a run that a drainer has begun, if it is still wanted, and show its result by `store`.

    Raises our own faults, after the last good message or the fallback was shown instead.
    """
    bundle = _wanted_bundle(services, begun.key, begun.order)
    if bundle:
        _run(services, begun, bundle, store)


def _run(services: WorkerServices, begun: BegunRun, bundle: VersionBundle, store: Store) -> None:
    RunExecution(services, begun, bundle, store).run(begun.key)
    if bundle.prepares and not bundle.active:  # of a staged version, prepare does not run
        fresh_s = bundle.implementation.prepare_fresh_seconds
        services.prepare_orders.looked(begun.order.implementation, begun.order.session, fresh_s=fresh_s)


def _wanted_bundle(services: WorkerServices, key: str, order: RunOrder) -> VersionBundle | None:
    """Return what the run needs; None, and the status is free again, if its version or session is not there any more."""
    bundle = services.bundles.get(order.implementation, order.version)
    if bundle and not order.edition.startswith(bundle.edition):  # a change has not reached the web side or us yet
        services.forget(order.implementation)
        bundle = services.bundles.get(order.implementation, order.version)
    if bundle is None:
        services.cache.free(key, order.token)
        log.info(
            "version gone or suspended implementation=%s user=%r session=%r run=%s",
            *(order.implementation, order.user, order.session, order.token),
        )
        return None
    if not _is_served(services, order):
        services.cache.free(key, order.token)
        log.info("session gone or retired implementation=%s run=%s", order.implementation, order.token)
        return None
    return bundle


def _is_served(services: WorkerServices, order: RunOrder) -> bool:
    """Say whether the session is still in the agenda: a script never runs for a retired one."""
    if services.script_inputs.knows(order.implementation, order.session):
        return True
    services.forget(order.implementation)  # what is cached may be older than the session
    return services.script_inputs.knows(order.implementation, order.session)


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

    def run(self, key: str) -> None:
        """Execute the script, show the result, then record the trace."""
        began = time.monotonic()
        try:
            decision = self._decide(self._execute())
        except Exception as error:  # a bug, or an outage: show the fallback, then let the error be seen
            self._show(key, self._decide(_fault_of_ours(error)))
            raise
        finally:
            self._services.run_counter.note(self._order.implementation, time.monotonic() - began)
        instead: RunExecution | None = None
        try:
            instead = self._instead() if decision.failed else None
        finally:  # also if the active version cannot be read
            self._conclude(key, decision, instead)

    def _conclude(self, key: str, decision: StatusDecision, instead: RunExecution | None) -> None:
        """Show the result, or the result of the run that is made instead; in any case report what the script has done."""
        try:
            if instead is None:
                self._show(key, decision)
            else:
                self._record(replace(decision, shown_as=ACTIVE_VERSION), stored=False)
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
            return Outcome(OutcomeKind.REFUSED, error=bundle.refusal)
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
        outcome = services.sandbox.run(bundle.code, self._script_input, powers=powers, limits=bundle.limits)
        return with_lines(outcome, bundle.status_lines)

    def _decide(self, outcome: Outcome) -> StatusDecision:
        return decide_status(outcome, self._bundle, self._start.good, run=self._id, now=self._started_at)

    def _show(self, key: str, decision: StatusDecision) -> None:
        order = self._order
        self._record(decision, stored=self._store(key, order.token, order.generation, decision.shown))

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
        given = asdict(replace(self._script_input, return_url="")) if self._script_input else {}
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
            usage=asdict(outcome.usage),
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
