"""Has scripts checked for a web server: a background worker checks the text in its jail, and the request waits for its reply.

A web process starts no jail, so that it can be denied what a jail needs; it neither parses nor compiles a text. A few requests of a
process wait at a time, and one check of a person at a time is made: neither a crowd nor one author keeps the others from their checks,
or takes the threads of the server, which those who look at their status need.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from redis import Redis
from redis.exceptions import LockError

from records import SecretBox
from runner.store.errors import StoreAway, answering
from runner.store.worker_heartbeat import CHECKS, workers_present
from runner.trials.fact_review import ImplementationFacts
from runner.trials.script_review import ScriptReview, review_of
from sandbox import RUNTIME_KEY, CheckResult

from .check_orders import KEPT_S, WAITING, CheckOrder, CheckReply, CheckSealer, ReplyUnreadable
from .kept_checks import KeptChecks

log = logging.getLogger(__name__)

#: Requests of one process that may wait at a time, of all people and of one; any other is refused at once.
MOST_WAITING, MOST_OF_ONE = 8, 2
#: Seconds within which a worker must begin, and within which it must reply then: the jail ends a check after 10.
BEGIN_S, REPLY_S = 5.0, 12.0
#: Seconds between two looks whether this person's last check has ended.
TURN_LOOK_S = 0.02

NO_WORKER = (
    "No script can be checked now, because no worker that checks scripts is running. Try again later, or tell the operator, "
    "to whom session-status doctor says why."
)
BUSY = "Too many scripts are being checked. Try again in a moment."
OWN_TURN = "Your last checks have not ended yet. Try again in a moment."
LOST = "The check could not be made. Try again in a moment."
STORE_AWAY = "No script can be checked now, because the store does not answer. Try again in a moment."


class ChecksUnavailable(Exception):
    """No script can be checked now. The text is for the author; `busy` says that it helps to try again soon."""

    def __init__(self, text: str, *, busy: bool = False) -> None:
        super().__init__(text)
        self.busy = busy


class ScriptChecks:
    """Orders checks and waits for their replies. Thread-safe."""

    def __init__(self, redis: Redis, box: SecretBox) -> None:
        self._redis = redis
        self._sealer = CheckSealer(box)
        self._kept = KeptChecks(redis, self._sealer)
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()  # requests by person

    def review(self, source: str, facts: ImplementationFacts, *, by: str) -> ScriptReview:
        """Check a text against an implementation, for a person (their key). Raises `ChecksUnavailable`."""
        with _store_answers():
            reply = self._checked(source, facts.slug, by)
        return _reviewed(source, facts, reply)

    def look(self, source: str, facts: ImplementationFacts, *, by: str) -> ScriptReview:
        """Do the same with a text that never changes: its check is kept for a day. The result has no code.

        Raises `ChecksUnavailable`.
        """
        with _store_answers():
            reply = self._kept.find(facts.slug, source)
            if reply is None:
                reply = self._checked(source, facts.slug, by)
                if reply.runtime_key == RUNTIME_KEY:  # otherwise a worker of another release judged by its own rules
                    self._kept.keep(facts.slug, source, reply)
        return _reviewed(source, facts, reply)

    def _checked(self, source: str, implementation: str, by: str) -> CheckReply:
        # 1. Few requests of this process wait, and fewer of one person.
        with self._place_of(by):
            # 2. There is somebody to wait for.
            with answering():
                if not workers_present(self._redis, CHECKS):
                    raise ChecksUnavailable(NO_WORKER)
            # 3. This person's last check has ended.
            with self._turn_of(by):
                order = CheckOrder(secrets.token_hex(16), implementation, source, int(time.time()))
                sealed = self._replied(order)
        # 4. The reply is one of ours to exactly this order.
        try:
            reply = self._sealer.reply_of(order, sealed)
        except ReplyUnreadable as unreadable:
            log.error("the reply to a check was not used: %s", unreadable)  # noqa: TRY400 - a traceback would add nothing
            raise ChecksUnavailable(LOST, busy=True) from None
        if reply.result is None:
            raise ChecksUnavailable(LOST, busy=True)
        return reply

    @contextmanager
    def _place_of(self, person: str) -> Iterator[None]:
        with self._lock:
            if self._waiting[person] >= MOST_OF_ONE:
                raise ChecksUnavailable(OWN_TURN, busy=True)
            if self._waiting.total() >= MOST_WAITING:
                raise ChecksUnavailable(BUSY, busy=True)
            self._waiting[person] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= Counter((person,))  # also forgets who has none

    @contextmanager
    def _turn_of(self, person: str) -> Iterator[None]:
        """One check of a person at a time, in all processes; the next one waits for it as for a worker."""
        turn = self._redis.lock(f"ck:turn:{person}", timeout=BEGIN_S + REPLY_S + 1, sleep=TURN_LOOK_S)
        with answering():
            if not turn.acquire(blocking_timeout=BEGIN_S):
                raise ChecksUnavailable(OWN_TURN, busy=True)
        try:
            yield
        finally:
            with answering(), suppress(LockError):  # it lasted so long that the turn is over
                turn.release()

    def _replied(self, order: CheckOrder) -> bytes:
        """Order a check and return the sealed reply."""
        with answering():
            with self._redis.pipeline() as pipe:
                pipe.set(order.key, self._sealer.sealed_order(order), ex=KEPT_S)
                pipe.rpush(WAITING, order.id)
                pipe.execute()
            found = self._await(order, BEGIN_S)
            if found is None and self._redis.lrem(WAITING, 1, order.id):
                self._redis.delete(order.key)
                raise ChecksUnavailable(BUSY, busy=True)
            if found is None:
                found = self._await(order, REPLY_S)
        if found is None:
            log.error("a worker took a check and did not reply within %d s", REPLY_S)
            raise ChecksUnavailable(LOST, busy=True)
        return found

    def _await(self, order: CheckOrder, seconds: float) -> bytes | None:
        """Wait for the reply in steps of a second, as a client of the store waits no longer for any command."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            found = cast("tuple[bytes, bytes] | None", self._redis.blpop([order.reply_key], min(left, 1.0)))
            if found:
                return found[1]
        return None


@contextmanager
def _store_answers() -> Iterator[None]:
    try:
        yield
    except StoreAway as away:
        raise ChecksUnavailable(STORE_AWAY, busy=True) from away


def _reviewed(source: str, facts: ImplementationFacts, reply: CheckReply) -> ScriptReview:
    result = cast("CheckResult", reply.result)
    return review_of(source, result, facts=facts, runtime_key=reply.runtime_key)
