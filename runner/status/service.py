"""The status service: answers what a session shows to a user, from the cache if possible, otherwise by queueing a run.

While the answer is cached, a request costs one round trip to Redis and no database. Fewer requests than the server has
threads may wait for a first answer; otherwise waiting requests would block cached ones.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from records import Database
from runner.logins import LoginEnded, NotedErrors, StoreAway
from runner.pressure.live_load import LiveLoad
from runner.pressure.run_admission import RunAdmission
from runner.pressure.run_pace import ask_again_s
from runner.queues import run_causes
from runner.queues.order_lists import UNASKED, OrderDraft
from runner.queues.status_jobs import StatusQueue, new_run_id
from runner.settings.operator_settings import Settings
from runner.store.clients import StoreWatch, connect
from runner.store.errors import answering

from .cache import ClaimResult, StatusCache
from .cached_reads import CachedReads, hit_status
from .change_events import ChangeListener, answer_told
from .displayed_status import DisplayedStatus, read_displayed
from .no_run_answer import UnavailableStatuses, status_by_rule
from .outdating.status_outdating import StatusOutdating
from .returns.return_moments import ReturnMoments
from .returns.return_tokens import BadToken, ReturnTokens
from .snapshots import StatusSnapshots, UnknownImplementation, UnknownSession
from .status_body import NOTHING, Status
from .status_request import ResolvedRequest, StatusRequest, resolve
from .waiting_slots import WaitingSlots

__all__ = [
    "BadToken",
    "LoginEnded",
    "StatusRequest",
    "StatusService",
    "StoreAway",
    "UnknownImplementation",
    "UnknownSession",
]

#: Seconds until a client should ask again when no run gives an answer.
UNAVAILABLE_S = 8.0


class StatusService:
    """Thread-safe; one for each process. `redis` is the web side's client; `queue` has its own."""

    def __init__(self, *, settings: Settings, database: Database, redis: Redis, queue: StatusQueue) -> None:
        self._settings = settings
        self._redis = redis
        self._queue = queue
        self._cache, self._returns = StatusCache(redis), ReturnMoments(redis)
        self._snapshots = StatusSnapshots(database, most=settings.most)
        self._outdating = StatusOutdating(redis, self._snapshots)
        self._change_listener = ChangeListener(redis, on_changed=self._snapshots.drop)
        self._load = LiveLoad.of_store(redis)
        self._admission = RunAdmission(self._load, per_s=settings.web_runs_per_s)
        self._late = UnavailableStatuses(NotedErrors(redis))
        self._tokens = ReturnTokens(settings.keys, hours=settings.return_token_hours)
        self._waiting_slots = WaitingSlots(settings.web_waiting)

    @classmethod
    def open(cls, settings: Settings, database: Database, watch: StoreWatch | None = None) -> Self:
        """Open a service with its own clients for the store in the settings; `watch` is as in `connect`."""
        return cls(
            settings=settings,
            database=database,
            redis=connect(settings.redis_url, environment=settings.environment, watch=watch),
            queue=StatusQueue(connect(settings.redis_url, environment=settings.environment, watch=watch)),
        )

    def close(self) -> None:
        """Stop listening and close the connections to the store."""
        self._change_listener.close()
        self._queue.close()
        self._redis.close()

    def ask(self, request: StatusRequest, wait_s: float = 0.0) -> Status:
        """Return the status; `wait_s` is how long this request may wait for a first answer.

        Raises `UnknownImplementation`, `UnknownSession`, `LoginEnded`, and in an outage `StoreAway` or
        `records.DatabaseUnavailable`.
        """
        resolved = self._resolve(request)
        with answering():
            if resolved.hidden_s != 0:
                self._check_login(resolved)
                return status_by_rule(resolved, self._settings.public_url)
            if wait_s <= 0:
                return self._answer(resolved, self._claim(resolved))
            began = time.monotonic()
            claimed = self._claim_and_wait(resolved, min(wait_s, self._settings.web_wait_s))
            return self._answer(resolved, claimed, time.monotonic() - began)

    def cached_reads(self) -> CachedReads:
        """Return what answers cached statuses in an event loop. The loop closes it."""
        return CachedReads(self._redis, self._snapshots.remembered, public_url=self._settings.public_url)

    def returned(self, request: StatusRequest) -> Status:
        """Note that the user came back from the message's link: until a new run ends, the old message is shown as being checked.

        Raises the same as `ask`.
        """
        resolved = self._resolve(request)
        token = new_run_id()
        with answering():
            self._check_login(resolved)
            self._returns.note(resolved.implementation.slug, resolved.user, resolved.session)
            if resolved.hidden_s != 0:  # no run now; whatever was found before the return is outdated nevertheless
                self._cache.returned(resolved.key, token)
                self._cache.free(resolved.key, token)
                return status_by_rule(resolved, self._settings.public_url)
            claimed = self._cache.returned(resolved.key, token, order=self._order(resolved))
            self._note_started(resolved, claimed)
            return self._answer(resolved, claimed if claimed.mine else self._claim(resolved))

    def prefetch(self, request: StatusRequest) -> bool | None:
        """Have a status found that nobody has asked for yet, unless it is fresh or hidden; return whether a run was ordered.

        None: not now, because somebody waits for another run. Raises the same as `ask`.
        """
        resolved = self._resolve(request)
        if resolved.hidden_s != 0:
            return False
        with answering():
            if not self._load.may_start(run_causes.PREFETCH, resolved.implementation.slug):
                return None
            claimed = self._cache.claim(resolved.key, new_run_id(), order=resolved.order(UNASKED))
            self._enqueue(claimed)
        return claimed.mine if claimed.mine or claimed.what == "hit" else None

    def outdate(self, implementation: str, pairs: Iterable[tuple[str, str]]) -> bool:
        """Let what these users (by subject) see at these sessions be found anew. Returns False if the store is away.

        For changes on which only their statuses depend, such as scans and facts; the session `WHOLE_EVENT` is for all of a
        user's sessions. Without the store, statuses are found anew when they are no longer fresh.
        """
        try:
            self._change_listener.ensure_started()
            self._outdating.outdate(implementation, pairs)
        except RedisError:
            return False
        return True

    def outdate_session(self, implementation: str, session: str) -> int:
        """The same for all who looked at this session lately; return how many. Raises `StoreAway`."""
        with answering():
            return self._outdating.outdate_session(implementation, session)

    def look(self, request: StatusRequest) -> DisplayedStatus:
        """Return what the user would see now; starts no run. Raises `UnknownImplementation` and `UnknownSession`."""
        resolved = self._resolve(request)
        if resolved.rule:
            status = status_by_rule(resolved, self._settings.public_url)
            state = "not shown" if status.state == "hidden" else status.state
            return DisplayedStatus(resolved.session, state, status.body, hidden_by=resolved.rule)
        try:
            return read_displayed(self._redis, resolved.key, resolved.session)
        except RedisError:
            return DisplayedStatus(resolved.session, "unavailable")

    def check_exists(self, implementation: str, session: str) -> None:
        """Raise `UnknownImplementation` or `UnknownSession`. Answered from memory mostly, because no login is required."""
        self._change_listener.ensure_started()
        self._snapshots.implementation(implementation)
        self._snapshots.session(implementation, session)

    def shows_own_attendance(self, implementation: str) -> bool:
        """Say whether people may look at their own attendance. Raises `UnknownImplementation`."""
        return self._snapshots.implementation(implementation).own_attendance

    def return_url(self, request: StatusRequest) -> str:
        """Return the signed address to which a vendor's site may send the user back."""
        token = self._tokens.make(request.implementation, request.user, request.session)
        return f"{self._settings.public_url}/r/{token}"

    def read_return_token(self, token: str) -> StatusRequest:
        """Return who came back with this token, and to which session. Raises `BadToken`."""
        return StatusRequest(*self._tokens.read(token))

    def changed(self, implementation: str) -> bool:
        """Tell all processes, after the commit, that the implementation has changed. Returns False if the store is away."""
        return self._change_listener.changed(implementation)

    def _resolve(self, request: StatusRequest) -> ResolvedRequest:
        self._change_listener.ensure_started()
        return resolve(request, self._snapshots)

    def _check_login(self, resolved: ResolvedRequest) -> None:
        """Raise `LoginEnded` if the login has ended. A claim checks that itself, in its own round trip."""
        if resolved.login_check and resolved.login_check.ended(self._redis.mget(resolved.login_check.keys)):
            raise LoginEnded

    def _claim(self, resolved: ResolvedRequest) -> ClaimResult:
        """Read the status in one round trip; the claim places the order of a run that is due."""
        order = self._order(resolved)
        claimed = self._cache.claim(resolved.key, new_run_id(), order=order, login_check=resolved.login_check)
        self._note_started(resolved, claimed)
        return claimed

    def _order(self, resolved: ResolvedRequest) -> OrderDraft:
        return resolved.order(self._admission.starts(resolved.implementation.slug, resolved.user))

    def _note_started(self, resolved: ResolvedRequest, claimed: ClaimResult) -> None:
        """Count a run that was started for a user who asks, and queue the jobs that are due."""
        if claimed.mine:
            self._admission.started(resolved.implementation.slug, resolved.user)
        self._enqueue(claimed)

    def _enqueue(self, claimed: ClaimResult) -> None:
        """Queue a job for each drainer that is due. If that fails, the order waits all the same: another drainer is due soon."""
        for due in claimed.due:
            self._queue.enqueue(due)

    def _claim_and_wait(self, resolved: ResolvedRequest, wait_s: float) -> ClaimResult:
        """Claim, and wait until the run has ended or the time is up, unless too many requests wait already.

        The end of the run brings the answer, so a request claims a second time only if it has not heard of that.
        """
        ends = time.monotonic() + wait_s
        with self._change_listener.waiting_for(resolved.key) as waiter:  # before the claim, so that no end is missed
            claimed = self._claim(resolved)
            if not claimed.unanswered:
                return claimed
            with self._waiting_slots.taken_for(resolved.implementation.slug) as may_wait:
                while may_wait and claimed.unanswered and (left_s := ends - time.monotonic()) > 0:
                    told = waiter.wait(left_s)
                    claimed = answer_told(told, claimed) or self._claim(resolved)
            return claimed

    def _answer(self, resolved: ResolvedRequest, claimed: ClaimResult, waited_s: float = 0.0) -> Status:
        body = claimed.body or NOTHING
        match claimed.what:
            case "hit":
                return hit_status(body, claimed.state, claimed.left_ms)
            case "stale":
                state = "hidden" if claimed.state == "hidden" else "ready"
                return Status(state, body, stale=True, refresh_after=self._soon(resolved, claimed, waited_s))
            case "late":
                late = self._late.status(resolved.implementation.slug, resolved.user, resolved.session)
                return replace(late, refresh_after=ask_again_s(UNAVAILABLE_S))
        left_s = math.ceil(claimed.left_ms / 1000)  # between two re-checks
        return Status("checking", body, refresh_after=left_s or self._soon(resolved, claimed, waited_s))

    def _soon(self, resolved: ResolvedRequest, claimed: ClaimResult, waited_s: float) -> int:
        """Return the seconds after which the run has ended, as far as can be told."""
        owner = resolved.implementation
        returned, in_front = claimed.what == "checking", claimed.in_front
        return self._load.ask_again_s(
            owner.slug, owner.concurrency, returned=returned, in_front=in_front, waited_s=waited_s
        )
