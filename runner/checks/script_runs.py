"""Has scripts run for the test pane: a background worker runs the text in its jail, and the request waits for its reply.

As with checks (`script_checks`), a web process starts no jail. Few requests of a process wait at a time, and one run of a person at
a time is made, in all processes: a run can take seconds, and a waiting request takes a thread of the server.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from redis import Redis

from records import Implementation, SecretBox
from runner.settings.run_budgets import limits_of
from runner.store.errors import StoreAway, answering
from runner.store.worker_heartbeat import CHECKS, workers_present
from runner.trials.trial_input import TrialInput
from runner.trials.trial_terms import TrialTerms
from sandbox import RunLimits

from .check_orders import KEPT_S, ReplyUnreadable
from .run_orders import WAITING_RUNS, RunSealer, ScriptRunOrder, run_order_key

log = logging.getLogger(__name__)

#: Requests of one process that may wait at a time.
MOST_WAITING = 4
#: Seconds within which a worker must begin, and that a reply may take beyond the wall time of the run.
BEGIN_S, BEYOND_S = 5.0, 12.0

NO_WORKER = (
    "Nothing was run, because no worker that checks scripts is running. Try again later, or ask the operator: "
    "`session-status doctor` names the cause."
)
BUSY = "Nothing was run: too many scripts are being run. Try again in a moment."
OWN_TURN = "Nothing was run: your last run has not ended yet. Try again in a moment."
LOST = "The run could not be made. Try again in a moment."
STORE_AWAY = "Nothing was run, because the store does not answer. Try again in a moment."


class RunUnavailable(Exception):
    """No script can be run now. The text is for the author."""


class ScriptRuns:
    """Orders runs and waits for their replies. Thread-safe."""

    def __init__(self, redis: Redis, box: SecretBox, *, most: RunLimits, allow_loopback: bool) -> None:
        """`most`: the operator's limits of budgets. `allow_loopback`: links to this machine are allowed, in development."""
        self._most, self._allow_loopback = most, allow_loopback
        self._redis = redis
        self._sealer = RunSealer(box)
        self._places = threading.BoundedSemaphore(MOST_WAITING)

    def terms(self, owner: Implementation, trial_input: TrialInput) -> TrialTerms:
        """Return the terms of a run; what INPUT leaves out comes from the implementation."""
        hosts = trial_input.link_hosts if trial_input.link_hosts is not None else tuple(owner.link_hosts)
        given = trial_input.script_input(owner.script_settings)
        return TrialTerms(given, hosts, limits_of(owner, self._most), allow_loopback=self._allow_loopback)

    def run(
        self, implementation: str, source: str, terms: TrialTerms, answers: list[Any], *, by: str
    ) -> dict[str, Any]:
        """Run a text once for a person (their key) and return `run_server.reply_json`. Raises `RunUnavailable`."""
        order = ScriptRunOrder(secrets.token_hex(16), implementation, source, terms, answers, int(time.time()))
        try:
            # 1. Few requests of this process wait.
            with self._place():
                # 2. There is somebody to wait for.
                with answering():
                    if not workers_present(self._redis, CHECKS):
                        raise RunUnavailable(NO_WORKER)
                # 3. This person's last run has ended.
                with self._turn_of(order, by):
                    sealed = self._replied(order)
            # 4. The reply is one of ours to exactly this order.
            reply = self._sealer.reply_of(order, sealed)
        except StoreAway as away:
            raise RunUnavailable(STORE_AWAY) from away
        except ReplyUnreadable as unreadable:
            log.error("the reply to a run was not used: %s", unreadable)  # noqa: TRY400 - a traceback would add nothing
            raise RunUnavailable(LOST) from None
        if not reply:
            raise RunUnavailable(LOST)
        return reply

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise RunUnavailable(BUSY)
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def _turn_of(self, order: ScriptRunOrder, person: str) -> Iterator[None]:
        """Hold the turn of a person; it ends by itself if this process dies."""
        key, seconds = f"ck:run turn:{person}", int(BEGIN_S + _longest_s(order)) + 1
        with answering():
            if not self._redis.set(key, order.id, nx=True, ex=seconds):
                raise RunUnavailable(OWN_TURN)
        try:
            yield
        finally:
            with answering():
                if self._redis.get(key) == order.id.encode():
                    self._redis.delete(key)

    def _replied(self, order: ScriptRunOrder) -> bytes:
        """Order a run and return the sealed reply."""
        with answering():
            with self._redis.pipeline() as pipe:
                pipe.set(run_order_key(order.id), self._sealer.sealed_order(order), ex=KEPT_S)
                pipe.rpush(WAITING_RUNS, order.id)
                pipe.execute()
            found = self._await(order, BEGIN_S)
            if found is None and self._redis.lrem(WAITING_RUNS, 1, order.id):
                self._redis.delete(run_order_key(order.id))
                raise RunUnavailable(BUSY)
            if found is None:
                found = self._await(order, _longest_s(order))
        if found is None:
            log.error("a worker took a run and did not reply within %d s", _longest_s(order))
            raise RunUnavailable(LOST)
        return found

    def _await(self, order: ScriptRunOrder, seconds: float) -> bytes | None:
        """Wait for the reply in steps of a second, as a client of the store waits no longer for any command."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            found = cast("tuple[bytes, bytes] | None", self._redis.blpop([order.reply_key], min(left, 1.0)))
            if found:
                return found[1]
        return None


def _longest_s(order: ScriptRunOrder) -> float:
    return order.terms.limits.wall_s + BEYOND_S
