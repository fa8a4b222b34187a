"""A channel of the store that an event loop listens to, on a connection of its own.

The loop hears a message without a thread in between, which costs several times as much. The connection is asked for a sign
of life every second, so that one that is dead without saying so is noticed, and another one is opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from redis import Redis

from runner.store.loop_connection import ANSWER_S, PAUSE_S, LoopConnection
from runner.store.reply_queue import packed

log = logging.getLogger(__name__)

#: Seconds between two signs of life.
BEAT_S = 1.0
PING = ("PING",)


class LoopSubscription:
    """Used by one event loop only.

    Args:
        redis: The client with whose options the connection is opened.
        channel: Its name.
        on_message: Is given each message. Must not raise.
        on_gap: Called when it has subscribed, also again after it was lost: messages may have been missed before. Must not raise.
        answer_s: Seconds in which a sign of life must come.
    """

    def __init__(
        self,
        redis: Redis,
        channel: str,
        *,
        on_message: Callable[[bytes], None],
        on_gap: Callable[[], None],
        answer_s: float = ANSWER_S,
    ) -> None:
        self._subscribing = packed("SUBSCRIBE", channel)
        self.take = on_message
        self._on_gap = on_gap
        self._connection = LoopConnection(redis, first=(PING,), answer_s=answer_s, pause_s=PAUSE_S, subscriber=self)
        self._timer: asyncio.TimerHandle | None = None
        self._is_refused = False

    def start(self) -> None:
        """Begin to listen, in the running loop. Harmless if it listens already."""
        if self._timer is None:
            self._beat()

    def close(self) -> None:
        """Stop listening for good."""
        if self._timer:
            self._timer.cancel()
        self._connection.close()

    def opened(self) -> None:
        """Subscribe on a new connection."""
        reply = self._connection.ask(self._subscribing)
        if reply is not None:
            reply.add_done_callback(self._subscribed)

    def _subscribed(self, reply: asyncio.Future[object]) -> None:
        found = reply.result()
        if isinstance(found, list):
            self._is_refused = False
            self._on_gap()
        elif found is not None and not self._is_refused:
            self._is_refused = True
            log.error("the store refuses SUBSCRIBE, so requests wait for their full time: %s", found)

    def _beat(self) -> None:
        """Ask for a sign of life, or again for what was refused; this also opens the connection if there is none."""
        if self._is_refused:
            self.opened()
        else:
            self._connection.ask(packed(*PING))
        self._timer = asyncio.get_running_loop().call_later(BEAT_S, self._beat)
