"""What follows an implementation that is archived, restored or removed, outside the records: its logins and its cache.

A login names an implementation by its slug, and a slug can be given again after a removal. So the logins of everybody
who was known end each time, also at a restore: the store may have been away when the implementation was archived.
"""

from __future__ import annotations

from redis.exceptions import RedisError

from records.maintenance.archiving import AfterCommit
from runner.logins import LoginStore, StoreAway
from runner.settings.table import Settings
from runner.store.clients import connect

from .change_events import announce

#: Keys that are looked at, and deleted, in one step.
BATCH = 1000


def retire(settings: Settings, retired: AfterCommit) -> bool:
    """End all its logins, drop its cached statuses, tell all processes. False if the store did not do all of it."""
    store = LoginStore.open(settings)
    try:
        store.ended.end_everybody(retired.slug, retired.subjects)
        forget_statuses(settings, retired.slug)
    except (StoreAway, RedisError, OSError):
        return False
    finally:
        store.close()
    return announce(settings, retired.slug)


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
