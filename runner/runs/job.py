"""The job: one run, from its order to what is shown. The answer is stored first; the trace is written afterwards.

The queue never repeats a run. Clients that need the status ask again, and the cache lets one of them start another run.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from records import RunRecord, support_references
from runner.health.outages import OUTAGE
from runner.powers import LivePowers
from runner.queues import run_causes
from runner.queues.status_jobs import RunOrder, waited_ms
from runner.status.cache import RunStart, StatusCache
from sandbox import Outcome, OutcomeKind, ScriptError, ScriptInput

from .outcome_to_status import StatusDecision, decide_status
from .script_lines import with_lines
from .security_alarm import raise_alarm
from .version_bundle import VersionBundle
from .worker_services import WORKER_SERVICES, WorkerServices

log = logging.getLogger(__name__)


def run_status(**order: Any) -> None:
    """The only function that the queue runs; its arguments are the fields of `RunOrder`."""
    perform_run(WORKER_SERVICES.get(), RunOrder(**order))


def perform_run(services: WorkerServices, order: RunOrder) -> None:
    """Make the run, if it is still wanted, and show its result.

    Raises our own faults, after the last good message or the fallback was shown instead.
    """
    waited = waited_ms(order.token)
    key = StatusCache.key(order.implementation, order.user, order.session, order.edition)
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
        return
    if not _is_served(services, order):
        services.cache.free(key, order.token)
        log.info("session gone or retired implementation=%s run=%s", order.implementation, order.token)
        return
    start = services.cache.begin(key, order.token, order.generation, wall_s=bundle.limits.wall_s)
    if start is None:
        return
    RunExecution(services, order, bundle, start, waited).run(key)


def _is_served(services: WorkerServices, order: RunOrder) -> bool:
    """Say whether the session is still in the agenda: a script never runs for a retired one."""
    if services.script_inputs.knows(order.implementation, order.session):
        return True
    services.forget(order.implementation)  # what is cached may be older than the session
    return services.script_inputs.knows(order.implementation, order.session)


class RunExecution:
    """A run that has begun, after `waited` ms in the queue."""

    def __init__(
        self, services: WorkerServices, order: RunOrder, bundle: VersionBundle, start: RunStart, waited: int | None
    ) -> None:
        self._services = services
        self._order = order
        self._bundle = bundle
        self._start = start
        self._waited = waited
        self._started_at = datetime.now(UTC)
        self._powers: LivePowers | None = None
        self._script_input: ScriptInput | None = None

    def run(self, key: str) -> None:
        """Execute the script, show the result, then record the trace."""
        try:
            decision = self._decide(self._execute())
        except Exception as error:  # a bug, or an outage: show the fallback, then let the error be seen
            self._show(key, self._decide(_fault_of_ours(error)))
            raise
        self._show(key, decision)
        if decision.outcome.alarm:
            self._suspend(decision.outcome)
        elif decision.outcome.fatal_signal:
            self._tell_crash(decision.outcome)

    def _execute(self) -> Outcome:
        bundle, order, services = self._bundle, self._order, self._services
        if bundle.code is None:
            return Outcome(OutcomeKind.REFUSED, error=bundle.refusal)
        token = services.tokens.make(order.implementation, order.user, order.session)
        self._script_input = services.script_inputs.read(
            bundle.implementation,
            order.user,
            order.session,
            now=self._started_at,
            return_url=f"{services.settings.public_url}/r/{token}",
        )
        self._powers = services.vendors.powers(bundle.connections, fresh=self._start.returned)
        outcome = services.sandbox.run(bundle.code, self._script_input, powers=self._powers, limits=bundle.limits)
        return with_lines(outcome, bundle.status_lines)

    def _decide(self, outcome: Outcome) -> StatusDecision:
        return decide_status(outcome, self._bundle, self._start.good, run=self._order.token, now=self._started_at)

    def _show(self, key: str, decision: StatusDecision) -> None:
        order = self._order
        stored = self._services.cache.store(key, order.token, order.generation, decision.shown)
        self._services.traces.add(self._trace(decision))
        log.info(
            "run ended id=%s ref=%s implementation=%s user=%r session=%r because=%r waited=%s outcome=%r shown=%r kept=%s ms=%d",
            *(order.token, support_references.of_run(order.token), order.implementation, order.user, order.session),
            *(run_causes.of_run(order.because, self._start.rechecks), self._waited),
            *(decision.outcome.kind.value, decision.shown_as, stored),
            (datetime.now(UTC) - self._started_at).total_seconds() * 1000,
        )

    def _trace(self, decision: StatusDecision) -> RunRecord:
        """Return the record of the run, without vendors' bodies, secrets and the signed return address."""
        order, outcome = self._order, decision.outcome
        given = asdict(replace(self._script_input, return_url="")) if self._script_input else {}
        return RunRecord(
            id=order.token,
            implementation=order.implementation,
            user=order.user,
            session=order.session,
            version=order.version,
            started_at=self._started_at,
            outcome=outcome.kind.value,
            shown_as=decision.shown_as,
            alarm=outcome.alarm,
            message=json.loads(decision.shown.body)["message"],
            warnings=list(decision.warnings),
            calls=[call.as_json() for call in self._powers.calls] if self._powers else [],
            log=list(outcome.log),
            error=_error_json(outcome),
            usage=asdict(outcome.usage),
            given=given,
            because=run_causes.of_run(order.because, self._start.rechecks),
            waited_ms=self._waited,
            returned_at=self._start.returned_at,
            made_at=self._bundle.implementation.created_at,
        )

    def _suspend(self, outcome: Outcome) -> None:
        order = self._order
        what = outcome.error.text if outcome.error else "no reason was given"
        raise_alarm(self._services.database, order.implementation, order.version, what=what, run=order.token)
        self._services.change_listener.changed(order.implementation)

    def _tell_crash(self, outcome: Outcome) -> None:
        order, text = self._order, outcome.error.text if outcome.error else ""
        log.error(
            "SCRIPT CRASH: %s implementation=%s user=%r session=%r version=%s run=%s",
            *(text, order.implementation, order.user, order.session, order.version, order.token),
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
