"""Change events: each process listens once, wakes its waiting requests and drops the snapshots that have changed.

One subscription serves all threads; a subscription for each waiting request would take a connection each. What is
published while the connection is broken is lost, so after a reconnection all requests are woken and everything is
dropped. A command, which changes the records and ends, publishes by `announce`.
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

from runner.settings.table import Settings
from runner.store.clients import AWAY, connect

from .cache import DONE

#: Where the slug of each implementation is published of which anything has changed.
CHANGED = "st:changed"
#: Seconds between looks at whether the bulletin was closed.
LOOK_S = 1.0
RETRY_S = 0.5

log = logging.getLogger(__name__)


class ChangeListener:
    """Started by the first who needs it, in the process which needs it: a fork leaves threads behind.

    `on_changed` is called with a slug, or with None when anything may have changed.
    """

    def __init__(self, redis: Redis, *, on_changed: Callable[[str | None], None]) -> None:
        self._redis = redis
        self._on_changed = on_changed
        self._lock = threading.Lock()
        self._waiting: dict[str, set[threading.Event]] = {}
        self._closed = threading.Event()
        self._private = f"st:bulletin:{secrets.token_hex(8)}"  #: wakes this listener only
        self._thread: threading.Thread | None = None
        forget(weakref.ref(self))

    def ensure_started(self) -> None:
        """Start listening in this process; costs nothing when it does already."""
        if self._thread:
            return
        with self._lock:
            if not self._thread and not self._closed.is_set():
                self._thread = threading.Thread(target=self._listen, name="bulletin", daemon=True)
                self._thread.start()

    @contextmanager
    def parked(self, key: str) -> Iterator[threading.Event]:
        """An event which is set when a run for this key ends. Park first, then look: nothing is missed between."""
        event = threading.Event()
        with self._lock:
            self._waiting.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            with self._lock:
                beside = self._waiting[key]
                beside.discard(event)
                if not beside:
                    del self._waiting[key]

    def changed(self, slug: str) -> None:
        """Tell all processes that something of this implementation has changed. Call it after the commit.

        The change stands, so a store that is away fails nothing: processes forget all they know when it is back.
        """
        self._on_changed(slug)
        with suppress(*AWAY):
            self._redis.publish(CHANGED, slug)

    def close(self) -> None:
        """Stop listening; who waits is woken."""
        self._closed.set()
        thread, self._thread = self._thread, None
        if thread:
            with suppress(RedisError):  # else it sees by itself that it shall end, a little later
                self._redis.publish(self._private, "")
            thread.join(5)
        self._wake(None)

    def after_fork(self) -> None:
        """Begin anew: the parent's listener and waiting requests are not ours."""
        self._lock = threading.Lock()
        self._waiting = {}
        self._thread = None

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                self._follow()
            except AWAY:  # the client tells it
                self._closed.wait(RETRY_S)
            except (RedisError, OSError) as error:
                log.warning("bulletin lost its connection error=%s: %s", type(error).__name__, error)
                self._closed.wait(RETRY_S)

    def _follow(self) -> None:
        with self._redis.pubsub() as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(DONE, CHANGED, self._private)
            while not self._closed.is_set():
                message = subscription.get_message(timeout=LOOK_S)
                if message:
                    self._take(message)

    def _take(self, message: Any) -> None:
        if message["type"] == "subscribe":  # also after each reconnection, which the client makes by itself
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
    """What was published; what is no text matches nothing, and must not end the listener."""
    return str(message["data"].decode(errors="replace"))


def forget(bulletin: weakref.ref[ChangeListener]) -> None:
    """Let a forked child begin anew, without keeping the bulletin alive for it."""

    def in_child() -> None:
        present = bulletin()
        if present:
            present.after_fork()

    os.register_at_fork(after_in_child=in_child)


def announce(settings: Settings, slug: str) -> bool:
    """Publish the change of an implementation, after its commit, from a process that does not listen.

    Returns False if the store does not answer.
    """
    redis = connect(settings.redis_url, environment=settings.environment)
    try:
        redis.publish(CHANGED, slug)
    except (RedisError, OSError):
        return False
    finally:
        redis.close()
    return True
