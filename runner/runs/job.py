"""The job: one run from its order to what is shown. The answer is stored first, the trace is written behind it.

A run is not repeated by the queue: whoever needs the status asks again, and the cache sees to it that one of them
starts another run.
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
    """The one function which the queue runs; its arguments are the fields of `RunOrder`."""
    perform_run(WORKER_SERVICES.get(), RunOrder(**order))


def perform_run(workshop: WorkerServices, order: RunOrder) -> None:
    """Make the run, if it is still wanted, and show what it found.

    Raises what is our own fault, after something soft was shown in its place.
    """
    waited = waited_ms(order.token)
    key = StatusCache.key(order.implementation, order.user, order.session, order.edition)
    kit = workshop.kits.get(order.implementation, order.version)
    if kit and not order.edition.startswith(kit.edition):  # one of us has not heard of a change yet
        workshop.forget(order.implementation)
        kit = workshop.kits.get(order.implementation, order.version)
    if kit is None:
        workshop.cache.free(key, order.token)
        log.info(
            "version gone or suspended implementation=%s user=%r session=%r run=%s",
            *(order.implementation, order.user, order.session, order.token),
        )
        return
    if not _is_served(workshop, order):
        workshop.cache.free(key, order.token)
        log.info("session gone or retired implementation=%s run=%s", order.implementation, order.token)
        return
    begun = workshop.cache.begin(key, order.token, order.generation, wall_s=kit.limits.wall_s)
    if begun is None:
        return
    RunExecution(workshop, order, kit, begun, waited).run(key)


def _is_served(workshop: WorkerServices, order: RunOrder) -> bool:
    """Say whether the session is still in the agenda; a script is never run for one that was retired meanwhile."""
    if workshop.facts.knows(order.implementation, order.session):
        return True
    workshop.forget(order.implementation)  # we may not have heard of it yet
    return workshop.facts.knows(order.implementation, order.session)


class RunExecution:
    """One run which has begun, after `waited` ms in the queue."""

    def __init__(
        self, workshop: WorkerServices, order: RunOrder, kit: VersionBundle, begun: RunStart, waited: int | None
    ) -> None:
        self._workshop = workshop
        self._order = order
        self._kit = kit
        self._begun = begun
        self._waited = waited
        self._started_at = datetime.now(UTC)
        self._powers: LivePowers | None = None
        self._given: ScriptInput | None = None

    def run(self, key: str) -> None:
        """Execute, show, then leave the trace."""
        try:
            composed = self._compose(self._execute())
        except Exception as error:  # a bug, or the database is away: show something soft, then let it be seen
            self._show(key, self._compose(_fault_of_ours(error)))
            raise
        self._show(key, composed)
        if composed.outcome.alarm:
            self._suspend(composed.outcome)
        elif composed.outcome.fatal_signal:
            self._tell_crash(composed.outcome)

    def _execute(self) -> Outcome:
        kit, order, workshop = self._kit, self._order, self._workshop
        if kit.code is None:
            return Outcome(OutcomeKind.REFUSED, error=kit.refusal)
        token = workshop.tokens.make(order.implementation, order.user, order.session)
        self._given = workshop.facts.given(
            kit.implementation,
            order.user,
            order.session,
            now=self._started_at,
            return_url=f"{workshop.settings.public_url}/r/{token}",
        )
        self._powers = workshop.vendors.powers(kit.connections, fresh=self._begun.returned)
        outcome = workshop.sandbox.run(kit.code, self._given, powers=self._powers, limits=kit.limits)
        return with_lines(outcome, kit.status_lines)

    def _compose(self, outcome: Outcome) -> StatusDecision:
        return decide_status(outcome, self._kit, self._begun.good, run=self._order.token, now=self._started_at)

    def _show(self, key: str, composed: StatusDecision) -> None:
        order = self._order
        kept = self._workshop.cache.store(key, order.token, order.generation, composed.shown)
        self._workshop.traces.add(self._trace(composed))
        log.info(
            "run ended id=%s ref=%s implementation=%s user=%r session=%r because=%r waited=%s outcome=%r shown=%r kept=%s ms=%d",
            *(order.token, support_references.of_run(order.token), order.implementation, order.user, order.session),
            *(run_causes.of_run(order.because, self._begun.rechecks), self._waited),
            *(composed.outcome.kind.value, composed.shown_as, kept),
            (datetime.now(UTC) - self._started_at).total_seconds() * 1000,
        )

    def _trace(self, composed: StatusDecision) -> RunRecord:
        """What is kept of the run: no body of an answer, no secret, and not the signed return address."""
        order, outcome = self._order, composed.outcome
        given = asdict(replace(self._given, return_url="")) if self._given else {}
        return RunRecord(
            id=order.token,
            implementation=order.implementation,
            user=order.user,
            session=order.session,
            version=order.version,
            started_at=self._started_at,
            outcome=outcome.kind.value,
            shown_as=composed.shown_as,
            alarm=outcome.alarm,
            message=json.loads(composed.shown.body)["message"],
            warnings=list(composed.warnings),
            calls=[call.as_json() for call in self._powers.calls] if self._powers else [],
            log=list(outcome.log),
            error=_error_json(outcome),
            usage=asdict(outcome.usage),
            given=given,
            because=run_causes.of_run(order.because, self._begun.rechecks),
            waited_ms=self._waited,
            returned_at=self._begun.returned_at,
            made_at=self._kit.implementation.created_at,
        )

    def _suspend(self, outcome: Outcome) -> None:
        order = self._order
        what = outcome.error.text if outcome.error else "no reason was given"
        raise_alarm(self._workshop.database, order.implementation, order.version, what=what, run=order.token)
        self._workshop.bulletin.changed(order.implementation)

    def _tell_crash(self, outcome: Outcome) -> None:
        order, text = self._order, outcome.error.text if outcome.error else ""
        log.error(
            "SCRIPT CRASH: %s implementation=%s user=%r session=%r version=%s run=%s",
            *(text, order.implementation, order.user, order.session, order.version, order.token),
        )


def _fault_of_ours(error: Exception) -> Outcome:
    """What became of a run that an outage or a bug of ours ended."""
    if isinstance(error, OUTAGE):
        kind, text = OutcomeKind.SERVICE_AWAY, "the database or the store did not answer: no fault of the script"
    else:
        kind, text = OutcomeKind.CRASHED, "a fault of the service, not of the script"
    return Outcome(kind, error=ScriptError(type=type(error).__name__, line=None, text=text))


def _error_json(outcome: Outcome) -> dict[str, Any] | None:
    """The error as it is recorded; where the interpreter died, with the signal, by which `records.scripts.crashes` finds it."""
    if outcome.error is None:
        return None
    signal = outcome.fatal_signal
    return asdict(outcome.error) | ({"signal": signal} if signal else {})
