"""Lets a job wait while people wait for statuses: its runs would take the processors from theirs.

The wait of one job is bounded, because a conference may be busy for hours; then it goes on, and its niceness still lets the
others go first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from redis.exceptions import RedisError

from runner.settings.operator_settings import Settings
from runner.store.clients import connect_brief

from .live_load import REHEARSAL, LiveLoad

#: Seconds between two looks, and for which one job waits at most.
LOOK_S: Final = 1.0
MOST_S: Final = 180.0

log = logging.getLogger(__name__)


class GivingWay:
    """The pauses of one job. `may_go_on` looks whether others wait; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        may_go_on: Callable[[], bool],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._may_go_on = may_go_on
        self._sleep = sleep
        self._clock = clock
        self._left_s = MOST_S
        self._look_at = clock()

    def wait(self, tell: Callable[[], None]) -> float:
        """Wait while others do; return for how many seconds. `tell` is called every second, and may raise."""
        began = self._clock()
        if began < self._look_at:
            return 0.0
        while self._left_s > 0 and not self._may_go_on():
            tell()
            self._sleep(LOOK_S)
            self._left_s -= LOOK_S
        self._look_at = self._clock() + LOOK_S
        return self._clock() - began


@contextmanager
def giving_way(settings: Settings, implementation: str) -> Iterator[GivingWay]:
    """Open the pauses of a job of an implementation. Without a store, or without one that answers, it does not wait."""
    if not settings.redis_url:
        yield GivingWay(lambda: True)
        return
    with closing(connect_brief(settings.redis_url, environment=settings.environment)) as redis:
        load = LiveLoad.of_store(redis)

        def may_go_on() -> bool:
            try:
                return load.may_start(REHEARSAL, implementation)
            except RedisError as error:
                log.debug("the load is not known error=%s", type(error).__name__)
                return True

        yield GivingWay(may_go_on)
