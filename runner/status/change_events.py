"""Change events: a process listens once, wakes its waiting requests and drops the snapshots that have changed.

One subscription serves all threads; a subscription for each waiting request would take a connection each. Events that
are published while the connection is broken are lost, so after a reconnection all requests are woken and all snapshots
dropped. A process that does not listen publishes by `publish_change`.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from runner.store.clients import AWAY

from .cache import DONE

#: The channel on which the slug of each changed implementation is published.
CHANGED = "st:changed"
#: Seconds after which the listener checks whether it was closed.
LOOK_S = 1.0
RETRY_S = 0.5

log = logging.getLogger(__name__)


class ChangeListener:
    """Started at the first use in each process, because a fork leaves threads behind.

    `on_changed` is called with a slug, or with None if anything may have changed.
    """

    def __init__(self, redis: Redis, *, on_changed: Callable[[str | None], None]) -> None:
        self._redis = redis
        self._on_changed = on_changed
        self._lock = threading.Lock()
        self._waiting: dict[str, set[threading.Event]] = {}
        self._closed = threading.Event()
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
    def waiting_for(self, key: str) -> Iterator[threading.Event]:
        """Give an event that is set when a run for this key ends. Look at the key afterwards, so that no end is missed."""
        event = threading.Event()
        with self._lock:
            self._waiting.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            with self._lock:
                events = self._waiting[key]
                events.discard(event)
                if not events:
                    del self._waiting[key]

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
        self._wake(None)

    def after_fork(self) -> None:
        """Start afresh: the parent's listener and waiting requests do not exist here."""
        self._lock = threading.Lock()
        self._waiting = {}
        self._thread = None

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                self._follow()
            except AWAY:  # the client has reported the outage
                self._closed.wait(RETRY_S)
            except (RedisError, OSError) as error:
                log.warning("listener lost its connection error=%s: %s", type(error).__name__, error)
                self._closed.wait(RETRY_S)

    def _follow(self) -> None:
        with self._redis.pubsub() as subscription:  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
            subscription.subscribe(DONE, CHANGED, self._private)
            while not self._closed.is_set():
                message = subscription.get_message(timeout=LOOK_S)
                if message:
                    self._take(message)

    def _take(self, message: Any) -> None:
        if message["type"] == "subscribe":  # also after each reconnection, which the client makes automatically
            self._on_changed(None)
            self._wake(None)
        elif message["channel"] == DONE.encode():
            self._wake(text_of(message))
        elif message["channel"] == CHANGED.encode():
            self._on_changed(text_of(message))

    def _wake(self, key: str | None) -> None:
        with self._lock:
            keys = list(self._waiting) if key is None else [key]
            events = [event for each in keys for event in self._waiting.get(each, ())]
        for event in events:
            event.set()


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
