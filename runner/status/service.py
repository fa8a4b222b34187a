"""The desk: answers what a session shows to a user, from the cache if possible, else by having a run made.

One question costs one round trip to Redis and no database while the answer is cached. Who may wait for a first answer
is bounded below the number of the server's threads, or waiting requests would stop the cached ones.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from records import Database
from runner.logins import LoginEnded, NotedErrors, StoreAway
from runner.logins.ended_logins import EndedLoginCheck, ended_login_check
from runner.queues import run_causes
from runner.queues.status_jobs import RunOrder, StatusQueue, new_run_id
from runner.settings.table import Settings
from runner.store.clients import StoreWatch, connect
from runner.store.errors import answering

from .cache import ClaimResult, StatusCache
from .change_events import ChangeListener
from .displayed_status import DisplayedStatus, read_displayed
from .return_tokens import BadToken, ReturnTokens
from .snapshots import ImplementationSnapshot, StatusSnapshots, UnknownImplementation, UnknownSession
from .status_body import NOTHING, Status
from .unavailable_status import UnavailableStatuses
from .visibility import HidingRule, hiding_rule, seconds_until_shown

__all__ = [
    "BadToken",
    "LoginEnded",
    "StatusRequest",
    "StatusService",
    "StoreAway",
    "UnknownImplementation",
    "UnknownSession",
]

#: Seconds to the next question when a run is under way and nothing stands before it.
SOON_S = 1.0
#: Runs a second that a queue is assumed to get through, to tell those who wait when to ask again.
RUNS_PER_S = 50.0
LONGEST_S = 15.0
#: Seconds to the next question when no run gives an answer.
UNAVAILABLE_S = 8.0
#: Sub-sessions of sub-sessions; deeper is a mistake of the agenda.
DEEPEST = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Who asks about what: slug, the user's subject, the session's id.

    `login` and `since` are of the login by which they ask, and `LoginEnded` is raised when it has been ended. Without
    one the asker has another proof, such as a signed return address; two logins of a user are the same asker.
    """

    implementation: str
    user: str
    session: str
    login: str = field(default="", compare=False)
    since: int = field(default=0, compare=False)
    staff: bool = field(default=False, compare=False)  #: it is not the user who asks

    @property
    def standing(self) -> EndedLoginCheck | None:
        """What has to be read to know whether the login still stands."""
        return ended_login_check(self.implementation, self.user, self.login, self.since) if self.login else None


@dataclass(frozen=True, slots=True)
class ResolvedRequest:
    """An asker whose implementation and session are known. `session` is the one whose status is shown."""

    profile: ImplementationSnapshot
    user: str
    session: str
    edition: str  #: of implementation and session: an answer counts for this one
    key: str
    rule: HidingRule | None  #: which hides the message
    hidden_s: int | None  #: 0: shown; else as `seconds_until_shown`
    standing: EndedLoginCheck | None
    staff: bool  #: as in `StatusRequest`


class StatusService:
    """Thread-safe; one for a process. `redis` is the web side's client, `queue` has a client of its own."""

    def __init__(self, *, settings: Settings, database: Database, redis: Redis, queue: StatusQueue) -> None:
        self._settings = settings
        self._redis = redis
        self._queue = queue
        self._cache = StatusCache(redis)
        self._profiles = StatusSnapshots(database, most=settings.most)
        self._bulletin = ChangeListener(redis, on_changed=self._profiles.drop)
        self._late = UnavailableStatuses(NotedErrors(redis))
        self._tokens = ReturnTokens(settings.keys, hours=settings.return_token_hours)
        self._seats = threading.BoundedSemaphore(settings.web_waiting) if settings.web_waiting else None

    @classmethod
    def open(cls, settings: Settings, database: Database, watch: StoreWatch | None = None) -> Self:
        """A desk with clients of its own for the store that the settings name; `watch` is as in `connect`."""
        return cls(
            settings=settings,
            database=database,
            redis=connect(settings.redis_url, environment=settings.environment, watch=watch),
            queue=StatusQueue(connect(settings.redis_url, environment=settings.environment, watch=watch)),
        )

    def close(self) -> None:
        """Stop listening and close the connections to the store."""
        self._bulletin.close()
        self._queue.close()
        self._redis.close()

    def ask(self, asker: StatusRequest, wait_s: float = 0.0) -> Status:
        """The status; `wait_s` is how long this request may be held for a first answer.

        Raises `UnknownImplementation`, `UnknownSession`, `LoginEnded`, and what an outage is: `StoreAway` and
        `records.DatabaseUnavailable`.
        """
        question = self._question(asker)
        with answering():
            if question.hidden_s != 0:
                self._check_standing(question)
                return Status("hidden", refresh_after=question.hidden_s)
            claimed = self._claim(question)
            if wait_s > 0 and unanswered(claimed):
                claimed = self._wait(question, claimed, min(wait_s, self._settings.web_wait_s))
            return self._answer(question, claimed)

    def returned(self, asker: StatusRequest) -> Status:
        """The user came back from outside: what was shown before is only shown as being checked until a new run ended.

        Raises the same as `ask`.
        """
        question = self._question(asker)
        token = new_run_id()
        with answering():
            self._check_standing(question)
            if question.hidden_s != 0:
                return Status("hidden", refresh_after=question.hidden_s)
            claimed = self._cache.returned(question.key, token)
            if not claimed.mine:
                return self._answer(question, self._claim(question))
            self._enqueue(question, token, claimed, returned=True)
            return self._answer(question, claimed)

    def look(self, asker: StatusRequest) -> DisplayedStatus:
        """What the asker would see now; nothing is started by looking.

        Raises `UnknownImplementation` and `UnknownSession`.
        """
        question = self._question(asker)
        if question.rule:
            return DisplayedStatus(question.session, "not shown", hidden_by=question.rule)
        try:
            return read_displayed(self._redis, question.key, question.session)
        except RedisError:
            return DisplayedStatus(question.session, "unavailable")

    def check_exists(self, implementation: str, session: str) -> None:
        """Raise `UnknownImplementation` or `UnknownSession`; for those who ask without a login, so mostly from memory."""
        self._bulletin.ensure_started()
        self._profiles.implementation(implementation)
        self._profiles.session(implementation, session)

    def return_url(self, asker: StatusRequest) -> str:
        """The signed address to which a vendor's site may send the user back."""
        token = self._tokens.make(asker.implementation, asker.user, asker.session)
        return f"{self._settings.public_url}/r/{token}"

    def read_return_token(self, token: str) -> StatusRequest:
        """Who came back with this token. Raises `BadToken`."""
        return StatusRequest(*self._tokens.read(token))

    def changed(self, implementation: str) -> None:
        """Something of the implementation was changed and committed: every process forgets what it knew of it."""
        self._bulletin.changed(implementation)

    def _question(self, asker: StatusRequest) -> ResolvedRequest:
        self._bulletin.ensure_started()
        profile = self._profiles.implementation(asker.implementation)
        if asker.login and asker.since < profile.since:  # of one that was removed and had the same slug
            raise LoginEnded
        slot = self._profiles.session(asker.implementation, asker.session)
        user_type = self._profiles.user_type(asker.implementation, asker.user) if profile.user_types else ""
        now = datetime.now(UTC)
        rule = hiding_rule(profile, slot, user_type, now)
        session = asker.session
        if profile.inherits and slot.parent:
            session = self._topmost(asker.implementation, slot.parent)
        edition = f"{profile.edition}-{self._profiles.session(asker.implementation, session).edition}"
        key = StatusCache.key(asker.implementation, asker.user, session, edition)
        hidden_s = seconds_until_shown(rule, profile, slot, now)
        return ResolvedRequest(profile, asker.user, session, edition, key, rule, hidden_s, asker.standing, asker.staff)

    def _check_standing(self, question: ResolvedRequest) -> None:
        """Raise `LoginEnded`. A claim looks at that itself, in its own round trip."""
        if question.standing and question.standing.ended(self._redis.mget(question.standing.keys)):
            raise LoginEnded

    def _topmost(self, implementation: str, session: str) -> str:
        """The session whose status its sub-sessions show."""
        for _ in range(DEEPEST):
            parent = self._profiles.session(implementation, session).parent
            if not parent:
                break
            session = parent
        return session

    def _claim(self, question: ResolvedRequest) -> ClaimResult:
        token = new_run_id()
        claimed = self._cache.claim(question.key, token, standing=question.standing)
        if claimed.mine:
            self._enqueue(question, token, claimed, returned=claimed.what == "checking")
        return claimed

    def _wait(self, question: ResolvedRequest, claimed: ClaimResult, wait_s: float) -> ClaimResult:
        """Hold the request until the run has ended or the time is up, if there is a seat for it."""
        if not self._seats or not self._seats.acquire(blocking=False):
            return claimed
        ends = time.monotonic() + wait_s
        try:
            with self._bulletin.parked(question.key) as woken:
                while True:  # look after parking: the run may have ended before
                    claimed = self._claim(question)
                    if not unanswered(claimed) or time.monotonic() >= ends:
                        return claimed
                    woken.wait(max(0.0, ends - time.monotonic()))
                    woken.clear()
        finally:
            self._seats.release()

    def _enqueue(self, question: ResolvedRequest, token: str, claimed: ClaimResult, *, returned: bool) -> None:
        """Queue the run which was given to us; whatever goes wrong, give it back."""
        profile = question.profile
        try:
            if claimed.earlier:
                if not claimed.ran and self._queue.is_waiting(claimed.earlier):
                    self._cache.leave_to(question.key, token, claimed.earlier)  # a long queue: it still stands in it
                    return
                self._queue.give_back(profile.slug, claimed.earlier)  # its worker died
            order = RunOrder(
                implementation=profile.slug,
                user=question.user,
                session=question.session,
                version=profile.version,
                edition=question.edition,
                token=token,
                generation=claimed.generation,
                because=run_causes.of_claim(claimed.what, staff=question.staff),
            )
            self._queue.enqueue(order, concurrency=profile.concurrency, wall_s=profile.wall_s, returned=returned)
        except BaseException:
            self._cache.free(question.key, token)
            raise

    def _answer(self, question: ResolvedRequest, claimed: ClaimResult) -> Status:
        body = claimed.body or NOTHING
        match claimed.what:
            case "hit":
                old = claimed.state == "old"
                return Status("ready" if old else claimed.state, body, old, math.ceil(claimed.left_ms / 1000) or 1)
            case "stale":
                state = "hidden" if claimed.state == "hidden" else "ready"
                return Status(state, body, stale=True, refresh_after=self._soon(question))
            case "late":
                late = self._late.status(question.profile.slug, question.user, question.session)
                return replace(late, refresh_after=jittered(UNAVAILABLE_S))
        if claimed.left_ms:  # between two re-checks
            return Status("checking", body, refresh_after=math.ceil(claimed.left_ms / 1000))
        return Status("checking", body, refresh_after=self._soon(question))

    def _soon(self, question: ResolvedRequest) -> int:
        """Seconds after which a run may have ended; grows with the queue, so that those who wait do not add to it."""
        backlog = self._queue.backlog(question.profile.slug)
        return jittered(min(LONGEST_S, SOON_S + backlog / RUNS_PER_S))


def unanswered(claimed: ClaimResult) -> bool:
    """Whether a run is under way whose end is worth waiting for."""
    return claimed.what in {"pending", "checking"} and not claimed.left_ms


def jittered(seconds: float) -> int:
    """Whole seconds, at least one, varied so that those who wait together do not come back together."""
    return max(1, round(seconds * random.uniform(0.8, 1.2)))  # noqa: S311 - spreads load, guards nothing
