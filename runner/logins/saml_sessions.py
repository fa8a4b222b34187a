"""By what an identity provider names a login when it ends it: its NameID, and the session index it gave.

One entry for a NameID holds the logins which came by it, so that a logout for all of them needs one look. It is read with
each login, so it must not grow without end: of somebody who logs in in a loop the logins which end first are ended.
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

#: Logins of one NameID at the same time: far more than one person has devices, and enough for a booth's account.
MOST = 500


class SamlSessions:
    """The logins of a provider's sessions. `clock` gives Unix seconds."""

    def __init__(self, redis: Redis, ended: EndedLogins, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._ended = ended
        self._clock = clock

    def remember(  # noqa: PLR0913, PLR0917 - what names a session, and what it is for
        self, implementation: str, provider: str, nameid: str, index: str, login: str, subject: str, life_s: int
    ) -> None:
        """Note a login for so many seconds."""
        name = key("saml", implementation, provider, nameid)
        entry = json.dumps({"index": index, "subject": subject, "until": int(self._clock()) + life_s})
        with answering():
            gone = self._making_room(name)
            with self._redis.pipeline() as together:
                if gone:
                    together.hdel(name, *gone)
                together.hset(name, login, entry)
                together.expire(name, life_s, nx=True)
                together.expire(name, life_s, gt=True)
                together.execute()

    def _making_room(self, name: str) -> list[str]:
        """Return the logins which are over, and those which had to be ended so that one more fits."""
        known = sorted((until, login) for login, (_, _, until) in self._entries(name).items())
        gone = [login for until, login in known if until <= self._clock()]
        standing = [login for _, login in known[len(gone) :]]
        surplus = standing[: max(0, len(standing) + 1 - MOST)]
        for login in surplus:
            self._ended.end(login)
        return gone + surplus

    def name(self, login: str, named: Mapping[str, str], life_s: int) -> None:
        """Note how to speak to the provider about a login when it is ended here."""
        with answering():
            self._redis.set(key("saml-name", login), json.dumps(dict(named)), ex=life_s)

    def named(self, login: str) -> dict[str, str] | None:
        """Return what `name` noted; None for a login which came another way."""
        with answering():
            return loaded(self._redis.get(key("saml-name", login)))

    def find(self, implementation: str, provider: str, nameid: str, indexes: Sequence[str]) -> set[tuple[str, str]]:
        """Return (login, subject) of the sessions which a provider names; without any index, of all of the NameID's."""
        with answering():
            entries = self._entries(key("saml", implementation, provider, nameid))
        now = self._clock()
        return {
            (login, subject)
            for login, (index, subject, until) in entries.items()
            if until > now and (not indexes or index in indexes)
        }

    def _entries(self, name: str) -> dict[str, tuple[str, str, int]]:
        """Login id -> index, subject, until."""
        stored: Any = self._redis.hgetall(name)
        found = {login.decode(): json.loads(entry) for login, entry in stored.items()}
        return {login: (entry["index"], entry["subject"], entry["until"]) for login, entry in found.items()}
