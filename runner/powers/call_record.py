"""The record of one call for the trace: the request and its result, without secrets and without bodies.

Reviewers and organizers can read it. Parameters whose names suggest a secret are blanked even though the script wrote
them itself.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox import Answer, Call, CallNotMade

from .redaction import redact, shown_query


@dataclass(frozen=True)
class CallRecord:
    """One call as the trace shows it. `ms` is how long the script waited; `attempts` is how many requests were sent."""

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
    digest: str = ""  #: the same for the same answer, of which it reveals nothing

    def as_json(self) -> dict[str, Any]:
        """Return plain values, as they are stored with the run. An empty digest is left out."""
        return {name: value for name, value in vars(self).items() if name != "digest" or value}


@dataclass
class CallProgress:
    """What has happened so far in a call; `secrets` is what its texts must not show."""

    started: float = field(default_factory=time.monotonic)
    attempts: int = 0
    bytes_read: int = 0  #: of the bodies of all attempts
    from_cache: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    digest_key: bytes = field(default=b"", repr=False)  #: without one, answers get no digest

    def record(self, call: Call, answer: Answer | None, failure: CallNotMade | None) -> CallRecord:
        """Return the record of a call that is over."""
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
    """Return the key for digests of answers, derived from the secret key of the service."""
    return hashlib.blake2b(secret.encode(), person=b"answer digests", digest_size=32).digest()


def _digest(connection: str, answer: Answer, key: bytes) -> str:
    """Return a digest that tells answers of a connection apart. Without the key, contents cannot be tried out."""
    text = f"{connection}\0{answer.status}\0{answer.text}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=8).hexdigest()
