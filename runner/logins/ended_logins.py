"""Which logins have ended: by logging out, by their provider, by an administrator, or because a theft was noticed.

The signature or the token of a login is enough for it to be accepted; this is the list of exceptions, and every answer
checks it. A status reads it together with its cache entry, so the check costs a cached status no extra round trip.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key

#: Seconds for which an ended login is remembered: longer than any cookie or access token lives. The app's refresh tokens
#: live longer, and are deleted with the login.
ENDED_S = 13 * 3600
#: Seconds for which the end of all logins of a person is remembered: longer than any refresh token lives.
ENDED_ALL_S = 91 * 24 * 3600

#: Checks of logins that a process keeps, because making one costs a third of what asking the store does.
REMEMBERED = 50_000
#: People whose logins are ended in one round trip.
BATCH = 1000


#: For scripts of the server: whether a login has ended, from its two keys and since when it is valid. A login made in the same second as
#: the end of all logins counts as ended, and so does one whose keys hold anything else than we write: one login too many is the
#: safer mistake.
LOGIN_ENDED = """
local function login_ended(this_one, all, since)
  if redis.call('EXISTS', this_one) == 1 then return true end
  local till = redis.pcall('GET', all)
  if not till then return false end
  if type(till) ~= 'string' or #till > 15 or not string.find(till, '^%d+$') then return true end
  return since <= tonumber(till)
end
"""
_IS_ENDED = LOGIN_ENDED + "return login_ended(KEYS[1], KEYS[2], tonumber(ARGV[1])) and 1 or 0"


class LoginEnded(Exception):
    """The login was valid, but has been ended."""


@dataclass(frozen=True, slots=True)
class EndedLoginCheck:
    """What to read to know whether a login has ended: two keys, and since when the login is valid."""

    keys: tuple[str, str]
    since: int

    @property
    def command(self) -> tuple[str | int, ...]:
        """The words of the command that says it. Its reply is 1 if the login has ended, and 0 if not."""
        return ("EVAL", _IS_ENDED, len(self.keys), *self.keys, self.since)

    def ended(self, redis: Redis) -> bool:
        """Ask the store. Raises `redis.RedisError`."""
        return bool(redis.eval(_IS_ENDED, len(self.keys), *self.keys, self.since))


class EndedLogins:
    """The ends of logins. `clock` gives Unix seconds."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock

    def end(self, login: str) -> None:
        """End one login: its cookie, its access tokens and its refresh token, at once and everywhere."""
        with answering(), self._redis.pipeline() as pipeline:
            pipeline.set(login_key(login), 1, ex=ENDED_S)
            pipeline.delete(family_key(login))
            pipeline.execute()

    def end_all(self, implementation: str, subject: str) -> None:
        """End all logins that a person has now. Later ones are valid."""
        with answering():
            self._redis.set(all_key(implementation, subject), int(self._clock()), ex=ENDED_ALL_S)

    def end_everybody(self, implementation: str, subjects: Sequence[str]) -> None:
        """End all logins of all these people, as `end_all` does, a batch in each round trip."""
        for start in range(0, len(subjects), BATCH):
            with answering(), self._redis.pipeline(transaction=False) as pipeline:
                for subject in subjects[start : start + BATCH]:
                    pipeline.set(all_key(implementation, subject), int(self._clock()), ex=ENDED_ALL_S)
                pipeline.execute()

    def is_ended(self, implementation: str, subject: str, login: str, since: int) -> bool:
        """Say whether a login has ended. Raises `StoreAway`."""
        login_check = ended_login_check(implementation, subject, login, since)
        with answering():
            return login_check.ended(self._redis)


@lru_cache(maxsize=REMEMBERED)
def ended_login_check(implementation: str, subject: str, login: str, since: int) -> EndedLoginCheck:
    """Return what to read for this login, for callers that read it together with something else."""
    return EndedLoginCheck((login_key(login), all_key(implementation, subject)), since)


def login_key(login: str) -> str:
    """Return the key that exists if this login has ended."""
    return key("ended", login)


def all_key(implementation: str, subject: str) -> str:
    """Return the key that holds the time up to which all logins of a person have ended."""
    return key("ended-all", implementation, subject)


def family_key(login: str) -> str:
    """Return the key of the family of the app's tokens of this login."""
    return key("family", login)
