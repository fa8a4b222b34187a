"""The names by which an identity provider ends a login: its NameID, and the session index of the login.

One entry for each NameID holds its logins, so that a logout of all of them reads one key. The entry is read at each
login, so its size is limited: if somebody logs in again and again, the logins that would end first are ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis import Redis

from runner.store.errors import answering

from .ended_logins import EndedLogins
from .one_time_states import loaded
from .redis_keys import key

#: Logins of one NameID at the same time: far more than the devices of one person, and enough for a shared account.
MOST = 500


class SamlSessions:
    """The logins of providers' sessions. `clock` gives Unix seconds."""

    def __init__(self, redis: Redis, ended: EndedLogins, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._ended = ended
        self._clock = clock

    def remember(  # noqa: PLR0913, PLR0917 - what names a session, and what it is for
        self, implementation: str, provider: str, nameid: str, index: str, login: str, subject: str, life_s: int
    ) -> None:
        """Note a login for `life_s` seconds."""
        name = key("saml", implementation, provider, nameid)
        entry = json.dumps({"index": index, "subject": subject, "until": int(self._clock()) + life_s})
        with answering():
            removed = self._make_room(name)
            with self._redis.pipeline() as pipeline:
                if removed:
                    pipeline.hdel(name, *removed)
                pipeline.hset(name, login, entry)
                pipeline.expire(name, life_s, nx=True)
                pipeline.expire(name, life_s, gt=True)
                pipeline.execute()

    def _make_room(self, name: str) -> list[str]:
        """End logins until one more fits; return them, and those that are over already."""
        known = sorted((until, login) for login, (_, _, until) in self._entries(name).items())
        over = [login for until, login in known if until <= self._clock()]
        open_logins = [login for _, login in known[len(over) :]]
        surplus = open_logins[: max(0, len(open_logins) + 1 - MOST)]
        for login in surplus:
            self._ended.end(login)
        return over + surplus

    def name(self, login: str, named: Mapping[str, str], life_s: int) -> None:
        """Note how to name a login to the provider when it is ended here."""
        with answering():
            self._redis.set(key("saml-name", login), json.dumps(dict(named)), ex=life_s)

    def named(self, login: str) -> dict[str, str] | None:
        """Return what `name` noted; None for a login by another method."""
        with answering():
            return loaded(self._redis.get(key("saml-name", login)))

    def find(self, implementation: str, provider: str, nameid: str, indexes: Sequence[str]) -> set[tuple[str, str]]:
        """Return (login, subject) of the sessions that a provider names; without an index, of all sessions of the NameID."""
        with answering():
            entries = self._entries(key("saml", implementation, provider, nameid))
        now = self._clock()
        return {
            (login, subject)
            for login, (index, subject, until) in entries.items()
            if until > now and (not indexes or index in indexes)
        }

    def _entries(self, name: str) -> dict[str, tuple[str, str, int]]:
        """Return login id -> index, subject, until."""
        stored: Any = self._redis.hgetall(name)
        found = {login.decode(): json.loads(entry) for login, entry in stored.items()}
        return {login: (entry["index"], entry["subject"], entry["until"]) for login, entry in found.items()}
