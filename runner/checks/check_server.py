"""The worker's side of checks: takes orders from the store, checks each text in a jailed child, and replies.

It has threads and a jail of its own in a background worker, so no run of a status ever waits for a check. An order is taken once; if
the worker dies with it, nobody takes it again, and the request says so.
"""

from __future__ import annotations

import logging
import threading
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from records import SecretBox
from runner.queues.job_arguments import OrderRefused
from runner.store.clients import AWAY
from runner.store.worker_heartbeat import CHECKS, WorkerHeartbeat
from sandbox import CheckResult, Sandbox, SandboxError

from .check_orders import KEPT_S, WAITING, CheckOrder, CheckReply, CheckSealer, order_key

log = logging.getLogger(__name__)

#: Checks at a time.
AT_A_TIME = 2
#: Seconds between two heartbeats, for which an idle thread waits, and before the next try to reach a lost store.
BEAT_S, IDLE_S, RETRY_S = 3.0, 1, 1.0


class CheckServer:
    """Checks what is ordered, until it is closed. The caller owns the store's client and the started sandbox."""

    def __init__(self, *, redis: Redis, box: SecretBox, sandbox: Sandbox) -> None:
        self._redis = redis
        self._sealer = CheckSealer(box)
        self._sandbox = sandbox
        self._closing = threading.Event()
        self._heartbeat = WorkerHeartbeat(redis, places=AT_A_TIME, report=sandbox.report, queue=CHECKS)
        self._in_flight: set[str] = set()  # ids of orders
        self._threads = [
            *(threading.Thread(target=self._serve, name=f"check-{number}") for number in range(1, AT_A_TIME + 1)),
            threading.Thread(target=self._beat, name="check-heartbeat"),
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def note_presence(self) -> None:
        """Note in the store that this worker is there. Raises what the client raises."""
        self._heartbeat.note(len(self._in_flight))

    def close(self) -> None:
        """Take no further order, and wait for the checks that are being made."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._heartbeat.leave()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                found = cast("tuple[bytes, bytes] | None", self._redis.blpop([WAITING], IDLE_S))
                if found:
                    self._take(found[1].decode(errors="replace"))
            except AWAY:
                self._closing.wait(RETRY_S)
            except Exception:  # whatever is in the store, the next order is served
                log.exception("a check was not answered")
                self._closing.wait(RETRY_S)

    def _take(self, order_id: str) -> None:
        self._in_flight.add(order_id)
        try:
            self._answer(order_id)
        finally:
            self._in_flight.discard(order_id)

    def _answer(self, order_id: str) -> None:
        sealed = cast("bytes | None", self._redis.getdel(order_key(order_id)))
        if sealed is None:  # nobody waits any more
            return
        try:
            order = self._sealer.order_of(order_id, sealed)
        except OrderRefused as refused:
            log.error("check refused: %s", refused)  # noqa: TRY400 - a traceback would add nothing
            return
        reply = self._sealer.sealed_reply(order, CheckReply(self._checked(order)))
        with self._redis.pipeline() as pipe:
            pipe.rpush(order.reply_key, reply)
            pipe.expire(order.reply_key, KEPT_S)
            pipe.execute()

    def _checked(self, order: CheckOrder) -> CheckResult | None:
        try:
            return self._sandbox.check(order.source)
        except SandboxError:
            log.exception("a script could not be checked implementation=%s", order.implementation)
            return None

    def _beat(self) -> None:
        while not self._closing.is_set():
            try:
                self.note_presence()
            except RedisError as error:
                if not isinstance(error, AWAY):
                    log.exception("heartbeat failed")
            self._closing.wait(BEAT_S)
