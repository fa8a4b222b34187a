"""The record of one call for the trace: what was asked and what came of it, without secrets and without bodies.

A reviewer reads these, and so may an organizer; parameters whose names promise a secret are blanked even though the
script wrote them itself.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox import Answer, Call, CallNotMade

from .redaction import redact, shown_query


@dataclass(frozen=True)
class CallRecord:
    """One call as the trace shows it. `ms` is everything the script waited for; `attempts` counts requests sent."""

    connection: str
    method: str
    path: str
    query: str
    status: int | None
    fault: str | None
    ms: float
    bytes: int
    from_cache: bool
    attempts: int
    digest: str = ""  #: the same for the same answer, and tells nothing of it

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are stored with the run. Without a digest it is left out."""
        return {name: value for name, value in asdict(self).items() if name != "digest" or value}


@dataclass
class CallProgress:
    """What happened so far in a call; `secrets` is what its texts must not show."""

    started: float = field(default_factory=time.monotonic)
    attempts: int = 0
    bytes_read: int = 0  #: of the bodies of all attempts
    from_cache: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    digest_key: bytes = field(default=b"", repr=False)  #: without one, answers get no digest

    def record(self, call: Call, answer: Answer | None, failure: CallNotMade | None) -> CallRecord:
        """Write the call down, when it is over."""
        path, _, query = call.path.partition("?")
        return CallRecord(
            connection=call.connection[:80],
            method=call.method[:10],
            path=redact(path, self.secrets)[:500],
            query=redact(shown_query(query, call.params), self.secrets),
            status=answer.status if answer else None,
            fault=failure.fault.value if failure else None,
            ms=round((time.monotonic() - self.started) * 1000, 1),
            bytes=self.bytes_read,
            from_cache=self.from_cache,
            attempts=self.attempts,
            digest=_digest(call.connection, answer, self.digest_key) if answer and self.digest_key else "",
        )


def digest_key(secret: str) -> bytes:
    """The key for digests of answers, made from the secret of the whole service."""
    return hashlib.blake2b(secret.encode(), person=b"answer digests", digest_size=32).digest()


def _digest(connection: str, answer: Answer, key: bytes) -> str:
    """Tell answers of a connection apart without keeping anything of them: who has no key cannot try out contents."""
    told = f"{connection}\0{answer.status}\0{answer.text}"
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), key=key, digest_size=8).hexdigest()
