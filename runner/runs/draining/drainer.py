"""A drainer: the job of a thread that makes one run after another for one implementation.

It ends when no order has come for a moment, when its turn is over and a drainer of others waits for a place, or when its worker
stops; the store then appoints another one if orders wait. If it dies, its lease ends and its order is taken up by others.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

from runner.health.outages import OUTAGE
from runner.logs import line_ids
from runner.queues.status_jobs import DrainOrder
from runner.runs.job import BegunRun, perform_begun
from runner.runs.worker_services import WORKER_SERVICES, WorkerServices
from runner.status.cache import StatusUpdate
from runner.store.clients import AWAY

from .order_taking import OrderTaker, Take, TakeTerms, WithoutOrder

#: Seconds of a turn, after which a drainer makes room for those of others.
TURN_S = 0.5
#: Seconds after which a drainer ends in any case, so that settings count and work moves to workers that have more room.
LIFE_S = 10.0

log = logging.getLogger(__name__)


def drain_orders(**arguments: Any) -> None:
    """The function of a job that starts a drainer; its arguments are the fields of `DrainOrder`."""
    services, own = WORKER_SERVICES.get(), DrainOrder(**arguments)
    with services.leases.renewed(own):
        Drainer(services, own).run()


class Drainer:
    """One drainer; `run` returns when it has ended. Raises when the store is away; then its order is taken up by others."""

    def __init__(self, services: WorkerServices, own: DrainOrder) -> None:
        self._services = services
        self._taker = OrderTaker(services.redis, services.cache, own)
        self._began_at = time.monotonic()
        self._next: Take | None = None

    def run(self) -> None:
        """Serve orders until it ends."""
        take = self._take(WithoutOrder.REST)
        while True:
            if take.due:
                with suppress(*AWAY):  # its lease ends unused, and then another is appointed
                    self._services.queue.enqueue(take.due)
            if take.order:
                take = self._serve(take.order)
            elif take.rests:
                take = self._take(WithoutOrder.REST if self._taker.rest(self._services.linger_s) else WithoutOrder.END)
            else:
                return

    def _serve(self, begun: BegunRun) -> Take:
        """Make a run, store what it shows, and take the next order."""
        self._next = None

        def store(key: str, token: str, generation: int, shown: StatusUpdate) -> bool:
            storing = self._services.cache.store_call(key, token, generation, shown)
            stored, self._next = self._taker.end_and_take(begun, storing, self._terms(WithoutOrder.REST))
            return stored

        try:
            with line_ids.of_run(begun.order.token):
                perform_begun(self._services, begun, store)
        except Exception as error:  # of this run: the next order must not suffer from it
            if isinstance(error, AWAY) and self._next is None:
                raise  # what the run found was not stored, so its order is taken up by others
            if not isinstance(error, OUTAGE):
                log.exception("a run failed id=%s", begun.order.token)
        if self._next is None:  # nothing was stored
            self._taker.end(begun)
            return self._take(WithoutOrder.REST)
        return self._next

    def _take(self, without: WithoutOrder) -> Take:
        return self._taker.take(self._terms(without))

    def _terms(self, without: WithoutOrder) -> TakeTerms:
        """Return the terms on which it takes the next order; `without` counts while it may go on and lingers at all."""
        age_s = time.monotonic() - self._began_at
        if self._services.stop.requested or age_s > LIFE_S:
            return TakeTerms(WithoutOrder.LEAVE, yields=False)
        lingers = without is WithoutOrder.REST and self._services.linger_s > 0
        return TakeTerms(WithoutOrder.REST if lingers else WithoutOrder.END, yields=age_s > TURN_S)
