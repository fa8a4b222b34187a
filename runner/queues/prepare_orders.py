"""Orders facts to be prepared: when a session is looked at a lot, when it ends soon, and when a person asks.

The service itself orders it for a session only if its facts are not fresh, and only once for its end, however many
processes look. What says so is in the store, and expires there. A person's order is always carried out, unless the same
preparation waits or runs already (`job_orders.JobKind.shared`).
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from records import DbSession, Implementation, RuleViolation
from records.agenda import sessions
from records.scripts import deployments
from records.scripts.suspensions import SERVICE
from runner.store.errors import StoreAway

from .background_jobs import BackgroundQueue, QueueFull
from .job_arguments import BEFORE_END, BY_HAND, MANY_LOOKS
from .job_orders import FACTS_PREPARATION, OrderSigner

#: Runs of users at one session within the time for which facts are fresh that make many looks.
LOOKS: Final = 20
#: Jobs of an implementation that may be open with one that the service orders: there is always room for those of people.
MOST_OPEN: Final = 3
#: Seconds for which it is remembered that facts were prepared for the end of a session, and for which that is claimed until the job is
#: queued: if the store is lost meanwhile, it is ordered again after that.
END_S: Final = 6 * 3600
CLAIM_S: Final = 60

#: Count a look; say whether facts are to be prepared, which is then claimed. KEYS: looks, fresh. ARGV: seconds, looks.
_LOOKED = """
local looks = redis.call('INCR', KEYS[1])
if looks == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
if looks < tonumber(ARGV[2]) then return 0 end
return redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) and 1 or 0
"""

log = logging.getLogger(__name__)


class PrepareOrders:
    """Thread-safe. `redis` is a client of its own, which RQ may use."""

    def __init__(self, redis: Redis, signer: OrderSigner) -> None:
        self._redis = redis
        self._queue = BackgroundQueue(redis, signer)
        self._looked = redis.register_script(_LOOKED)

    def close(self) -> None:
        """Close the connections to the store."""
        self._redis.close()

    def looked(self, implementation: str, session: str, *, fresh_s: int) -> bool:
        """Note that a script ran for a user of this session; order a preparation if that was often. Raises nothing.

        Returns whether one was ordered. If the store does not answer, users' runs simply ask the vendor themselves.
        """
        try:
            due = self._looked(keys=_keys(implementation, session, "looks", "fresh"), args=[fresh_s, LOOKS])
            return bool(due) and self._order(
                implementation, session, MANY_LOOKS, _keys(implementation, session, "fresh")
            )
        except (RedisError, StoreAway) as error:
            log.debug("no preparation ordered error=%s", error)
            return False

    def ends_soon(self, implementation: str, session: str, *, ends_at: int, fresh_s: int) -> bool:
        """Order a preparation for a session that ends at this Unix second, once; return whether it was ordered now.

        Raises what the client raises, and `StoreAway`.
        """
        end, fresh = _keys(implementation, session, f"end:{ends_at}", "fresh")
        if not self._redis.set(end, "1", nx=True, ex=CLAIM_S):
            return False
        is_due = bool(
            self._redis.set(fresh, "1", nx=True, ex=fresh_s)
        )  # otherwise it was prepared a moment ago, which serves as well
        if is_due and not self._order(implementation, session, BEFORE_END, [end, fresh]):
            return False
        self._redis.expire(end, END_S)
        return is_due

    def _order(self, implementation: str, session: str, because: str, claims: list[str]) -> bool:
        """Order a preparation. Otherwise the claims are given back, so that a later look orders it.

        Returns False if too many jobs are open. Raises `StoreAway`.
        """
        try:
            self._queue.order(FACTS_PREPARATION, implementation, SERVICE, _arguments(session, because), most=MOST_OPEN)
        except QueueFull:
            self._redis.delete(*claims)
            return False
        except StoreAway:
            with suppress(RedisError):  # otherwise they end by themselves
                self._redis.delete(*claims)
            raise
        return True


def order_by_hand(queue: BackgroundQueue, db: DbSession, owner: Implementation, session: str, by: str) -> str:
    """Order a preparation for a person and return the id of its job.

    Raises RuleViolation if there is nothing to prepare, and `QueueFull` and `StoreAway`.
    """
    if sessions.find(db, owner, session) is None:
        raise RuleViolation("session", "is not in the agenda")
    active = deployments.active_version(db, owner)
    if active is None or active.prepares is False:
        raise RuleViolation("version", "that is active has no function prepare(session, api)")
    return queue.order(FACTS_PREPARATION, owner.slug, by, _arguments(session, BY_HAND))


def note_prepared(redis: Redis, implementation: str, session: str, *, fresh_s: int) -> None:
    """Note that facts are being prepared from now on, so that the service orders no other preparation for a while."""
    redis.set(_keys(implementation, session, "fresh")[0], "1", ex=fresh_s)


def _arguments(session: str, because: str) -> dict[str, Any]:
    return {"session": session, "because": because}


def _keys(implementation: str, session: str, *names: str) -> list[str]:
    """The keys of a session. The part in braces keeps them on one node of a cluster."""
    about = f"{implementation}\0{session}".encode()
    digest = hashlib.blake2b(about, digest_size=12).hexdigest()
    return [f"prepare:{{{digest}}}:{name}" for name in names]
