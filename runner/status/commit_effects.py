"""What follows a change outside the records: logins that end, cached statuses that are dropped, the announcement.

Both edges do it here, around the commit of a change (`records.changes`): the console with the store of its process,
a command with one of its own.

A login names an implementation by its slug, and a slug can be given again after a removal. So when an implementation is
archived, restored or removed, the logins of all its people end. They also end at a restore, because the store may have
been away when the implementation was archived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from redis import Redis
from redis.exceptions import RedisError

from records import Database
from records.changes.after_commit import AfterCommit
from runner.logins import EndedLogins, LoginStore, StoreAway
from runner.settings.operator_settings import Settings

from .change_events import publish_change
from .service import StatusService

#: Users (by subject) with sessions.
Pairs: TypeAlias = Iterable[tuple[str, str]]
#: Keys that are looked at, and deleted, in one step.
BATCH = 1000


@dataclass(frozen=True)
class CommitEffects:
    """Does what a change says.

    `announce` tells all processes that an implementation (a slug) has changed, `outdate` lets statuses be found anew. Both
    return whether they could.
    """

    redis: Redis
    ended_logins: EndedLogins
    announce: Callable[[str], bool]
    outdate: Callable[[str, Pairs], bool]

    def before_commit(self, after: AfterCommit[Any]) -> None:
        """End the logins that must end before the commit. Raises `StoreAway`, and then the change must not be committed."""
        if after.ends_first:
            self._end_logins(after)

    def after_commit(self, after: AfterCommit[Any]) -> bool:
        """Do the rest, and return whether the store did all of it. The change is announced in any case."""
        done = self._end_and_drop(after)
        announced = self.announce(after.slug) if after.announced else True
        outdated = self.outdate(after.slug, after.outdated) if after.outdated else True
        return done and announced and outdated

    def _end_and_drop(self, after: AfterCommit[Any]) -> bool:
        try:
            self._end_logins(after)
            if after.retired:
                drop_statuses(self.redis, after.slug)
        except (StoreAway, RedisError, OSError):
            return False
        return True

    def _end_logins(self, after: AfterCommit[Any]) -> None:
        if after.subjects:
            self.ended_logins.end_everybody(after.slug, after.subjects)


@contextmanager
def open_commit_effects(settings: Settings) -> Iterator[CommitEffects]:
    """Open a store for a process that has none, such as a command."""
    store = LoginStore.open(settings)
    try:
        announce, outdate = partial(publish_change, store.redis), partial(_outdate, settings)
        yield CommitEffects(store.redis, store.ended_logins, announce, outdate)
    finally:
        store.close()


def _outdate(settings: Settings, slug: str, pairs: Pairs) -> bool:
    database = Database(settings.database_url, environment=settings.environment)
    service = StatusService.open(settings, database)
    try:
        return service.outdate(slug, pairs)
    finally:
        service.close()
        database.dispose()


def drop_statuses(redis: Redis, slug: str) -> None:
    """Delete the cached statuses of an implementation. Raises RedisError."""
    batch: list[bytes] = []
    for key in redis.scan_iter(match=f"st:{{{slug}:*", count=BATCH):
        batch.append(key)
        if len(batch) == BATCH:
            redis.delete(*batch)
            batch = []
    if batch:
        redis.delete(*batch)
