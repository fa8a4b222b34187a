"""Tells all running processes that something of an implementation has changed, from a process that is none of them.

A command changes the records and ends; the web servers and workers hold snapshots which they drop when they hear it.
"""

from __future__ import annotations

from redis.exceptions import RedisError

from runner.settings.table import Settings
from runner.store.clients import connect

from .change_events import CHANGED


def announce(settings: Settings, slug: str) -> bool:
    """Publish the change of an implementation, after its commit. False if the store does not answer."""
    redis = connect(settings.redis_url, environment=settings.environment)
    try:
        redis.publish(CHANGED, slug)
    except (RedisError, OSError):
        return False
    finally:
        redis.close()
    return True
