"""The status service: answers what a session shows to a user, from the cache if possible, otherwise by queueing a run.

While the answer is cached, a request costs one round trip to Redis and no database. The rule by which a request is answered
is in `asking/`, for threads and for the event loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from records import Database
from runner.logins import LoginEnded, NotedErrors, StoreAway
from runner.pressure.live_load import LiveLoad
from runner.pressure.run_admission import RunAdmission
from runner.queues import run_causes
from runner.queues.order_lists import UNASKED
from runner.queues.status_jobs import StatusQueue, new_run_id
from runner.settings.operator_settings import Settings
from runner.store.clients import StoreWatch, connect
from runner.store.errors import answering

from .asking.claim_answers import ClaimAnswers
from .asking.loop_access import LoopAccess
from .asking.loop_answers import LoopAnswers
from .asking.loop_subscription import LoopSubscription
from .asking.status_asking import StatusAsking
from .asking.thread_access import ThreadAccess, completed
from .cache import DONE, StatusCache
from .change_events import ChangeListener
from .displayed_status import DisplayedStatus, read_displayed
from .no_run_answer import UnavailableStatuses, status_by_rule
from .outdating.status_outdating import StatusOutdating
from .returns.return_tokens import BadToken, ReturnTokens
from .snapshots import StatusSnapshots, UnknownImplementation, UnknownSession
from .status_body import Status
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


class StatusService:
    """Thread-safe; one for each process. `redis` is the web side's client; `queue` has its own."""

    def __init__(self, *, settings: Settings, database: Database, redis: Redis, queue: StatusQueue) -> None:
        self._settings = settings
        self._redis = redis
        self._queue = queue
        self._cache = StatusCache(redis)
        self._snapshots = StatusSnapshots(database, most=settings.most)
        self._outdating = StatusOutdating(redis, self._snapshots)
        self._change_listener = ChangeListener(redis, on_changed=self._snapshots.drop)
        self._load = LiveLoad.of_store(redis)
        self._admission = RunAdmission(self._load, per_s=settings.web_runs_per_s)
        self._answers = ClaimAnswers(self._load, UnavailableStatuses(NotedErrors(redis)))
        self._tokens = ReturnTokens(settings.keys, hours=settings.return_token_hours)
        slots = WaitingSlots(settings.web_waiting)
        self._threads = ThreadAccess(redis=redis, cache=self._cache, queue=queue, answers=self._answers, slots=slots)
        self._asking = StatusAsking(
            listener=self._change_listener,
            admission=self._admission,
            public_url=settings.public_url,
            longest_wait_s=settings.web_wait_s,
        )

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
            return completed(self._asking.ask(self._threads, resolved, wait_s))

    def returned(self, request: StatusRequest, wait_s: float = 0.0) -> Status:
        """Note that the user came back from the message's link: until a new run ends, the old message is shown as being checked.

        `wait_s` is how long this request may wait for that end. Raises the same as `ask`.
        """
        resolved = self._resolve(request)
        with answering():
            return completed(self._asking.returned(self._threads, resolved, wait_s))

    def loop_answers(self) -> LoopAnswers:
        """Return what answers in an event loop. The loop closes it."""
        slots = WaitingSlots(self._settings.web_connections // 2)
        access = LoopAccess(self._redis, cache=self._cache, queue=self._queue, answers=self._answers, slots=slots)
        listener = self._change_listener
        listener.leave_ends()
        ends = LoopSubscription(self._redis, DONE, on_message=listener.run_ended, on_gap=listener.wake_all)
        return LoopAnswers(access, ends, self._asking, self._snapshots.remembered, public_url=self._settings.public_url)

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
            for due in claimed.due:
                self._queue.enqueue(due)
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
