"""Change events: a process listens once, wakes its waiting requests and drops the snapshots that have changed.

One subscription serves all threads; a subscription for each waiting request would take a connection each. Events that
are published while the connection is broken are lost, so after a reconnection all requests are woken and all snapshots
dropped. A process that does not listen publishes by `publish_change`.

The end of a run is published with what it answers, so that those who wait need not ask. An answer counts only for its own key
and from the generation on that the waiting request has seen in its claim; after a return the generation is higher.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from redis import Redis
from redis.exceptions import RedisError

from runner.store.clients import AWAY

from .cache import DONE, ClaimResult

#: The channel on which the slug of each changed implementation is published.
CHANGED = "st:changed"
#: Seconds after which the listener checks whether it was closed.
LOOK_S = 1.0
#: Seconds after which it listens again, and the longest after errors that are not expected, which are logged each time.
RETRY_S = 0.5
LONGEST_RETRY_S = 10.0

#: What is published of a run that has answered, besides the key.
_TOLD = re.compile(
    rb'(?P<generation>\d{1,15})\n(?P<state>ready|hidden|old)\n(?P<left_ms>\d{1,12})\n(?P<body>\{".*)', re.DOTALL
)

log = logging.getLogger(__name__)


class RunEndWaiter(Protocol):
    """A request that waits for the end of a run."""

    def wake(self, told: bytes = b"") -> None:
        """Let it go on. Any thread may call it. `told` is what was published besides the key; empty if that is unknown."""

    async def ended(self, seconds: float) -> bytes | None:
        """Wait for the next end of a run, and return what was told of it; None if none came in time."""


class StatusWaiter:
    """A request that waits in its thread. An event is not enough: what the run answers comes with it."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._told = b""

    def wake(self, told: bytes = b"") -> None:
        """Let it go on. `told` is as in `RunEndWaiter`."""
        self._told = told
        self._ended.set()

    async def ended(self, seconds: float) -> bytes | None:
        """Wait as in `RunEndWaiter`, and block the thread."""
        if not self._ended.wait(seconds):
            return None
        self._ended.clear()
        return self._told


class ChangeListener:
    """Started at the first use in each process, because a fork leaves threads behind.

    `on_changed` is called with a slug, or with None if anything may have changed.
    """

    def __init__(self, redis: Redis, *, on_changed: Callable[[str | None], None]) -> None:
        self._redis = redis
        self._on_changed = on_changed
        self._lock = threading.Lock()
        self._waiting: dict[str, set[RunEndWaiter]] = {}
        self._closed = threading.Event()
        self._hears_ends = True
        self._private = f"st:listener:{secrets.token_hex(8)}"  #: wakes this listener only
        self._thread: threading.Thread | None = None
        _reset_after_fork(weakref.ref(self))

    def ensure_started(self) -> None:
        """Start listening in this process; harmless if it listens already."""
        if self._thread:
            return
        with self._lock:
            if not self._thread and not self._closed.is_set():
                self._thread = threading.Thread(target=self._listen, name="change events", daemon=True)
                self._thread.start()

    @contextmanager
    def waiting_for(self, key: str, waiter: RunEndWaiter) -> Iterator[None]:
        """Have a waiter woken when a run for this key ends. Look at the key afterwards, so that no end is missed."""
        with self._lock:
            self._waiting.setdefault(key, set()).add(waiter)
        try:
            yield
        finally:
            with self._lock:
                waiters = self._waiting[key]
                waiters.discard(waiter)
                if not waiters:
                    del self._waiting[key]

    def leave_ends(self) -> None:
        """Let an event loop hear the ends of runs, which calls `run_ended`; it hears them at less cost."""
        self._hears_ends = False

    def run_ended(self, published: bytes) -> None:
        """Wake those who wait for a run. `published` is what its worker published on `DONE`."""
        key, _, told = published.partition(b"\n")
        self._wake(key.decode(errors="replace"), told)

    def wake_all(self) -> None:
        """Let all who wait look again, because ends of runs may have been missed."""
        self._wake(None)

    def changed(self, slug: str) -> bool:
        """Tell all processes, after the commit, that this implementation has changed; this one first.

        Returns False if the store is away. The other processes then drop all their snapshots when it is back.
        """
        self._on_changed(slug)
        return publish_change(self._redis, slug)

    def close(self) -> None:
        """Stop listening, and wake all waiting requests."""
        self._closed.set()
        thread, self._thread = self._thread, None
        if thread:
            with suppress(RedisError):  # otherwise the listener notices a little later
                self._redis.publish(self._private, "")
            thread.join(5)
        self.wake_all()

    def after_fork(self) -> None:
        """Start afresh: the parent's listener and waiting requests do not exist here."""
        self._lock = threading.Lock()
        self._waiting = {}
        self._thread = None

    def _listen(self) -> None:
        pause_s = RETRY_S
        while not self._closed.is_set():
            try:
                self._follow()
            except AWAY:  # the client has reported the outage
                pause_s = RETRY_S
            except (RedisError, OSError) as error:
                log.warning("listener lost its connection error=%s: %s", type(error).__name__, error)
                pause_s = RETRY_S
            except Exception:  # without a listener, all who wait would wait in vain, and changes would not be seen
                log.exception("listener failed, and listens again")
                pause_s = min(2 * pause_s, LONGEST_RETRY_S)
            self._closed.wait(pause_s)

    def _follow(self) -> None:
        with self._redis.pubsub() as subscription:  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
            subscription.subscribe(CHANGED, self._private, *((DONE,) if self._hears_ends else ()))
            while not self._closed.is_set():
                message = subscription.get_message(timeout=LOOK_S)
                if message:
                    self._take(message)

    def _take(self, message: Any) -> None:
        if message["type"] == "subscribe":  # also after each reconnection, which the client makes automatically
            self._on_changed(None)
            self.wake_all()
        elif message["channel"] == DONE.encode():
            self.run_ended(message["data"])
        elif message["channel"] == CHANGED.encode():
            self._on_changed(text_of(message))

    def _wake(self, key: str | None, told: bytes = b"") -> None:
        with self._lock:
            keys = list(self._waiting) if key is None else [key]
            waiters = [waiter for each in keys for waiter in self._waiting.get(each, ())]
        for waiter in waiters:
            waiter.wake(told)


def answer_told(told: bytes | None, claimed: ClaimResult) -> ClaimResult | None:
    """Return the answer that was published for somebody who has made this claim; None if there is none for them.

    Only a claim knows what is true now, so anything that is not exactly as the store's script writes it is no answer.
    """
    found = _TOLD.fullmatch(told or b"")
    if found is None or int(found["generation"]) < claimed.generation:
        return None
    left_ms, generation = int(found["left_ms"]), int(found["generation"])
    return ClaimResult("hit", found["body"], found["state"].decode(), left_ms, generation=generation)


def text_of(message: Any) -> str:
    """Return what was published. Bytes that are not text match nothing, and must not end the listener."""
    return str(message["data"].decode(errors="replace"))


def _reset_after_fork(listener: weakref.ref[ChangeListener]) -> None:
    """Reset the listener in a forked child, without keeping it alive for that."""

    def in_child() -> None:
        present = listener()
        if present:
            present.after_fork()

    os.register_at_fork(after_in_child=in_child)


def publish_change(redis: Redis, slug: str) -> bool:
    """Publish, after the commit, that an implementation has changed. Returns False if the store is away."""
    try:
        redis.publish(CHANGED, slug)
    except AWAY:
        return False
    return True
