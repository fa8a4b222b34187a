"""Makes the run of an order, if it is still wanted: its version is served, and its session is in the agenda.

Orders are taken by drainers; earlier releases queued a job for each run. A run whose worker died is repeated once, under
another id.
"""

from __future__ import annotations

import logging
from typing import Any

from runner.queues.status_jobs import RunOrder
from runner.runs.run_execution import BegunRun, RunExecution, Store
from runner.runs.version_bundle import VersionBundle
from runner.runs.worker_services import WORKER_SERVICES, WorkerServices
from runner.status.cache import StatusCache

log = logging.getLogger(__name__)


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
