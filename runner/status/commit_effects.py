"""What follows a change outside the records, from a process that holds no store: ended logins, dropped statuses, the announcement.

A login names an implementation by its slug, and a slug can be given again after a removal. So when an implementation is
archived, restored or removed, the logins of everybody who was known end, also at a restore: the store may have been away
when the implementation was archived.
"""

from __future__ import annotations

from typing import Any

from redis.exceptions import RedisError

from records.changes.after_commit import AfterCommit
from runner.logins import LoginStore, StoreAway
from runner.settings.table import Settings
from runner.store.clients import connect

from .change_events import announce

#: Keys that are looked at, and deleted, in one step.
BATCH = 1000


def follow(settings: Settings, after: AfterCommit[Any]) -> bool:
    """Do what a change says, after its commit. False if the store did not do all of it."""
    try:
        if after.subjects:
            end_logins(settings, after)
        if after.retired:
            forget_statuses(settings, after.slug)
    except (StoreAway, RedisError, OSError):
        return False
    return announce(settings, after.slug) if after.announced else True


def end_logins(settings: Settings, after: AfterCommit[Any]) -> None:
    """End the logins of those whom a change names. Raises StoreAway."""
    store = LoginStore.open(settings)
    try:
        store.ended.end_everybody(after.slug, after.subjects)
    finally:
        store.close()


def forget_statuses(settings: Settings, slug: str) -> int:
    """Delete the cached statuses of an implementation; return how many there were. Raises RedisError."""
    redis = connect(settings.redis_url, environment=settings.environment)
    gone = 0
    try:
        batch: list[bytes] = []
        for key in redis.scan_iter(match=f"st:{{{slug}:*", count=BATCH):
            batch.append(key)
            if len(batch) == BATCH:
                gone += int(redis.delete(*batch))
                batch = []
        return gone + (int(redis.delete(*batch)) if batch else 0)
    finally:
        redis.close()
