"""The worker's side of the test pane: takes orders from the store, runs each text once in a jailed child, and replies.

It has threads of its own beside those of `check_server`, in the same jail, so that no check waits for a run. A run may wait for as long as
its recorded answers say, and a person has one at a time: with two threads, one person keeps nobody else waiting. No vendor is called.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from redis import Redis

from records import SecretBox
from runner.powers import RecordedPowers
from runner.powers.answers.answer_recording import RecordingPowers
from runner.queues.job_arguments import OrderRefused
from runner.store.clients import AWAY
from runner.trials.trial import Trial, TrialSandbox
from sandbox import SandboxError

from .check_orders import KEPT_S
from .run_orders import WAITING_RUNS, RunSealer, ScriptRunOrder, run_order_key

log = logging.getLogger(__name__)

#: Runs at a time.
AT_A_TIME = 2
#: Seconds for which an idle thread waits, and before the next try to reach a lost store.
IDLE_S, RETRY_S = 1, 1.0
#: Called with the implementation and the SHA-256 of a text that left the language.
OnAlarm = Callable[[str, str], None]


class RunServer:
    """Runs what is ordered, until it is closed. The caller owns the store's client and the sandbox."""

    def __init__(self, *, redis: Redis, box: SecretBox, sandbox: TrialSandbox, on_alarm: OnAlarm) -> None:
        self._redis = redis
        self._sealer = RunSealer(box)
        self._sandbox = sandbox
        self._on_alarm = on_alarm
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name=f"pane-run-{number}") for number in range(1, AT_A_TIME + 1)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Take no further order, and wait for the runs that are being made."""
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                found = cast("tuple[bytes, bytes] | None", self._redis.blpop([WAITING_RUNS], IDLE_S))
                if found:
                    self._answer(found[1].decode(errors="replace"))
            except AWAY:
                self._closing.wait(RETRY_S)
            except Exception:  # whatever is in the store, the next order is served
                log.exception("a run of the test pane was not answered")
                self._closing.wait(RETRY_S)

    def _answer(self, order_id: str) -> None:
        sealed = cast("bytes | None", self._redis.getdel(run_order_key(order_id)))
        if sealed is None:  # nobody waits any more
            return
        try:
            order = self._sealer.order_of(order_id, sealed)
        except OrderRefused as refused:
            log.error("run of the test pane refused: %s", refused)  # noqa: TRY400 - a traceback would add nothing
            return
        reply = self._sealer.sealed_reply(order, self._ran(order))
        with self._redis.pipeline() as pipe:
            pipe.rpush(order.reply_key, reply)
            pipe.expire(order.reply_key, KEPT_S)
            pipe.execute()

    def _ran(self, order: ScriptRunOrder) -> dict[str, Any]:
        """Return the reply; an empty one if the run could not be made."""
        powers: RecordingPowers = RecordedPowers(order.answers)
        try:
            trial = self._sandbox.run(order.source, order.terms, powers)
        except SandboxError:
            log.exception("a script could not be run implementation=%s", order.implementation)
            return {}
        if trial.alarm:
            self._on_alarm(order.implementation, hashlib.sha256(order.source.encode()).hexdigest())
        return reply_json(trial)


def reply_json(trial: Trial) -> dict[str, Any]:
    """Return how a run ended, as the reply says it."""
    return {"trial": trial.as_json(), "used": asdict(trial.usage)}
