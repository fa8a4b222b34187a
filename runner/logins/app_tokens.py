"""The app's tokens: a one-time code, then short-lived access tokens and a refresh token that changes with each use.

They are random and carry no information; only their hashes are stored. The formats:

    cac_SECRET                code: 60 seconds, once, bound to implementation, redirect address, challenge and login
    cat_SECRET                access token: 15 minutes
    crt_LOGIN.MARK.SECRET     refresh token: LOGIN finds the family, MARK shows that the token belongs to it

The steps when a code is redeemed:

1. The code is known. An unknown one is refused.
2. It is the first attempt. A second one means that the code was stolen, or that the app is broken: the login ends, with
   all its tokens.
3. The attempt uses up the code, whether it fits or not: there is one guess.
4. It fits: same implementation, same redirect address, a verifier whose SHA-256 is the challenge, in time, not ended.

The steps when a refresh token is used:

1. It belongs to the family (mark) and to this implementation, and the family is valid: in time, login not ended.
2. It is the current one: it is replaced. Its successor and the access token are derived from the token and a new nonce;
   only the nonce is stored. So only the holder of the token can get the same answer again.
3. It is the one before, used again within a few seconds, because an answer was lost on bad Wi-Fi or two requests were
   sent at once: it gets the same answer. This does not notice a thief who is that quick each time; the final end of the
   login stops one.
4. It is an older one, so somebody else has used it. The login ends, for the thief and the owner alike.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any, cast

from redis import Redis

from runner.store.errors import answering

from .app_token_formats import (
    CODE,
    REFRESH,
    VERIFIER,
    TokenPair,
    access_key,
    access_record,
    challenge_of,
    derived,
    fingerprint,
    name,
    read_access_record,
    read_visitor,
    same,
    visitor_json,
)
from .app_token_scripts import EXCHANGE, ISSUE, ROTATE
from .ended_logins import ENDED_S, EndedLogins, all_key, family_key, login_key
from .redis_keys import digest
from .visitor import Visitor

CODE_S = 60
ACCESS_S = 15 * 60
#: A refresh token ends after this many seconds without use; its login ends after so many, however it is used.
REFRESH_S = 30 * 24 * 3600
LOGIN_S = 90 * 24 * 3600
#: Seconds for which a refresh is answered again with the same tokens.
GRACE_S = 20
#: Seconds for which a used code is remembered, to notice a second use.
USED_CODE_S = 3600


class TokenRefused(Exception):
    """A code or token is not accepted. `code` says why, for the log; clients cannot tell the reasons apart.

    `login` is set if the login was ended because a code or token was used twice.
    """

    def __init__(self, code: str, login: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.login = login


class AppTokens:
    """Issues, refreshes and revokes tokens. `clock` gives Unix seconds."""

    def __init__(self, redis: Redis, ended: EndedLogins, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._ended = ended
        self._clock = clock
        self._issue, self._exchange, self._rotate = (redis.register_script(each) for each in (ISSUE, EXCHANGE, ROTATE))

    def code(self, visitor: Visitor, *, redirect_uri: str, challenge: str) -> str:
        """Return a code for the app that began this login with this challenge and redirect address."""
        code = f"cac_{secrets.token_urlsafe(32)}"
        until = str(self._now() + CODE_S)
        record = {"who": visitor_json(visitor), "redirect_uri": redirect_uri, "challenge": challenge, "until": until}
        with answering(), self._redis.pipeline() as pipeline:
            pipeline.hset(name("code", code), mapping=record)  # type: ignore[arg-type]  # dict is invariant
            pipeline.expire(name("code", code), CODE_S)
            pipeline.execute()
        return code

    def redeem(self, implementation: str, code: str, *, redirect_uri: str, verifier: str) -> TokenPair:
        """Return the first tokens for a code. Raises `TokenRefused`."""
        # 1. known
        if not CODE.fullmatch(code):
            raise TokenRefused("no code")
        with answering():
            found: Any = self._redis.hgetall(name("code", code))
        if not found:
            raise TokenRefused("unknown code")
        record = {field.decode(): value.decode() for field, value in found.items()}
        visitor = read_visitor(record["who"])
        fits = (
            visitor.implementation == implementation
            and same(record["redirect_uri"], redirect_uri)
            and VERIFIER.fullmatch(verifier) is not None
            and same(record["challenge"], challenge_of(verifier))
            and self._now() < int(record["until"])
        )
        # 2. to 4. in one step
        family, pair = self._new_family(visitor)
        ends = [login_key(visitor.login), all_key(visitor.implementation, visitor.subject)]
        keys = [family_key(visitor.login), name("access", pair.access), name("code", code), *ends]
        with answering():
            verdict = self._exchange(keys, [int(fits), visitor.since, USED_CODE_S, *family]).decode()
        if verdict == "replayed":
            self._ended.end(visitor.login)
            raise TokenRefused("code used again", visitor.login)
        if verdict != "good":
            raise TokenRefused(f"{verdict} code")
        return pair

    def issue(self, visitor: Visitor) -> TokenPair:
        """Return the first tokens for a visitor who logged in without a browser. The login must be a new one."""
        family, pair = self._new_family(visitor)
        with answering():
            self._issue([family_key(visitor.login), name("access", pair.access)], family)
        return pair

    def refresh(self, implementation: str, token: str) -> tuple[Visitor, TokenPair]:
        """Exchange a refresh token for the next pair. Raises `TokenRefused`."""
        # 1. of this family, for this implementation
        parts = REFRESH.fullmatch(token)
        if parts is None:
            raise TokenRefused("no refresh token")
        login, mark = parts[1], parts[2]
        with answering():
            who, ends = cast("list[Any]", self._redis.hmget(family_key(login), ["who", "ends"]))
        if who is None:
            raise TokenRefused("unknown login")
        visitor = read_visitor(who)
        if visitor.implementation != implementation:
            raise TokenRefused("token of another implementation")
        now, nonce, left = self._now(), secrets.token_urlsafe(32), int(ends) - self._now()
        if left <= 0:
            raise TokenRefused("login too old")
        pair, life = derived(token, nonce, min(ACCESS_S, left)), min(REFRESH_S, left)
        keys = [family_key(login), name("access", pair.access), login_key(login)]
        keys.append(all_key(visitor.implementation, visitor.subject))
        rotation: list[str | int] = [digest(mark), digest(token), digest(pair.refresh), nonce, now + life, life]
        record = access_record(visitor, now + pair.expires_in)
        with answering():
            verdict = self._rotate(keys, [now, GRACE_S, visitor.since, *rotation, record, pair.expires_in, ENDED_S])
        # 2. to 4. as the script has decided
        match [part.decode() for part in verdict]:
            case ["fresh", _, _]:
                return visitor, pair
            case ["again", earlier, at]:
                return visitor, derived(token, earlier, max(1, min(ACCESS_S, left) - (now - int(at))))
            case ["reused"]:
                raise TokenRefused("refresh token used again", login)
            case [why]:
                raise TokenRefused(f"{why} login")
        raise AssertionError("the script has no other verdict")

    def holder(self, fingerprint: str) -> tuple[Visitor, int]:
        """Return whose access token this is, and when it ends, in Unix seconds. Raises `TokenRefused`.

        This does not check whether the login has ended, so the answer may be cached until the token ends.
        """
        with answering():
            found: Any = self._redis.get(access_key(fingerprint))
        if found is None:
            raise TokenRefused("unknown access token")
        return read_access_record(found)

    def revoke(self, implementation: str, token: str) -> str | None:
        """End the login of an access or refresh token of this implementation, even of a used one; return its id."""
        visitor = self._owner(token)
        if visitor is None or visitor.implementation != implementation:
            return None
        self._ended.end(visitor.login)
        return visitor.login

    def _owner(self, token: str) -> Visitor | None:
        parts = REFRESH.fullmatch(token)
        if parts is None:
            return self._holder_now(token)
        with answering():
            who, mark = cast("list[Any]", self._redis.hmget(family_key(parts[1]), ["who", "mark"]))
        return read_visitor(who) if who is not None and same(mark.decode(), digest(parts[2])) else None

    def _holder_now(self, access: str) -> Visitor | None:
        known_by = fingerprint(access)
        if known_by is None:
            return None
        try:
            visitor, ends = self.holder(known_by)
        except TokenRefused:
            return None
        return visitor if self._now() < ends else None

    def _new_family(self, visitor: Visitor) -> tuple[list[str | int], TokenPair]:
        """Return the values of a new family, as the scripts take them, and its first pair."""
        now = self._now()
        mark, access = secrets.token_urlsafe(16), f"cat_{secrets.token_urlsafe(32)}"
        refresh = f"crt_{visitor.login}.{mark}.{secrets.token_urlsafe(32)}"
        assert REFRESH.fullmatch(refresh), "a login id has 16 to 64 letters, digits, hyphens or underscores"
        ends = min(visitor.since + LOGIN_S, visitor.until or visitor.since + LOGIN_S)
        life = max(1, min(REFRESH_S, ends - now))
        pair = TokenPair(access, refresh, max(1, min(ACCESS_S, ends - now)))
        family: list[str | int] = [visitor_json(visitor), digest(mark), ends, now + life, digest(refresh), life]
        family += [access_record(visitor, now + pair.expires_in), pair.expires_in]
        return family, pair

    def _now(self) -> int:
        return int(self._clock())
