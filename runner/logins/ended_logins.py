"""Which logins have ended: by logging out, by their provider, by an administrator, by a theft that was noticed.

A login is good by its signature or its token alone; this is the list of exceptions, and every answer looks at it. A
status reads it together with its cache entry, so that ending a login costs a cached status no further round trip.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key

#: Seconds for which an ended login is remembered: longer than any cookie or access token lives. What lives longer, the
#: app's refresh tokens, is deleted with the login.
ENDED_S = 13 * 3600
#: Seconds for which the end of all logins of somebody is remembered: longer than any refresh token lives.
ENDED_ALL_S = 91 * 24 * 3600

#: People whose logins are ended in one round trip.
BATCH = 1000


class LoginEnded(Exception):
    """The login was good, but it has been ended."""


@dataclass(frozen=True, slots=True)
class EndedLoginCheck:
    """What has to be read to know whether one login still stands: two keys, and what their values mean."""

    keys: tuple[str, str]
    since: int

    def ended(self, values: Sequence[Any]) -> bool:
        """Say whether the login has ended, from the values of the keys.

        A login of the same second as the end of all counts as earlier: rather one login too many is asked for.
        """
        this_one, all_until = values
        return this_one is not None or (all_until is not None and self.since <= int(all_until))


class EndedLogins:
    """The ends of logins. `clock` gives Unix seconds."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock

    def end(self, login: str) -> None:
        """End one login: its cookie, its access tokens and its refresh token, at once and everywhere."""
        with answering(), self._redis.pipeline() as both:
            both.set(login_key(login), 1, ex=ENDED_S)
            both.delete(family_key(login))
            both.execute()

    def end_all(self, implementation: str, subject: str) -> None:
        """End all logins which somebody has until now; a later one is good."""
        with answering():
            self._redis.set(all_key(implementation, subject), int(self._clock()), ex=ENDED_ALL_S)

    def end_everybody(self, implementation: str, subjects: Sequence[str]) -> None:
        """End all logins of all these people, as `end_all` does, many in one round trip."""
        for start in range(0, len(subjects), BATCH):
            with answering(), self._redis.pipeline(transaction=False) as many:
                for subject in subjects[start : start + BATCH]:
                    many.set(all_key(implementation, subject), int(self._clock()), ex=ENDED_ALL_S)
                many.execute()

    def is_ended(self, implementation: str, subject: str, login: str, since: int) -> bool:
        """Say whether a login has ended. Raises `StoreAway`."""
        standing = ended_login_check(implementation, subject, login, since)
        with answering():
            return standing.ended(self._redis.mget(standing.keys))


def ended_login_check(implementation: str, subject: str, login: str, since: int) -> EndedLoginCheck:
    """What to read for this login, for those who read it together with something else."""
    return EndedLoginCheck((login_key(login), all_key(implementation, subject)), since)


def login_key(login: str) -> str:
    """The key which is there when this login has ended."""
    return key("ended", login)


def all_key(implementation: str, subject: str) -> str:
    """The key which holds the time until which all logins of somebody have ended."""
    return key("ended-all", implementation, subject)


def family_key(login: str) -> str:
    """The key of what the app's tokens of this login come from."""
    return key("family", login)
