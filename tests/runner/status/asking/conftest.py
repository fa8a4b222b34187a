import asyncio
import itertools
import threading
import time
from contextlib import contextmanager

import pytest
import uvloop

from runner.status.cache import DONE, StatusCache, StatusUpdate
from runner.status.service import StatusRequest
from runner.status.status_body import ShownMessage, body_of
from tests.support.eventually import eventually

#: Later than the implementation of any test.
SINCE = int(time.time()) + 3600
#: Seconds that nothing waits for, but that may pass on a busy machine.
PATIENT = 30.0


def person(name):
    return StatusRequest("acme", name, "s1", f"the-login-of-{name}", SINCE)


class LoopStage:
    """The real service with an event loop in a thread, as a web server has it."""

    def __init__(self, house, loop):
        self.house, self._loop = house, loop
        self._others = self._all_listeners()
        service = house.service
        service._asking._longest_wait_s = PATIENT
        listener, heard = service._change_listener, []
        wake_all = listener.wake_all
        listener.wake_all = lambda: (wake_all(), heard.append(True))
        self.answers = service.loop_answers()
        self.access, self.slots = self.answers._access, self.answers._access.slots
        listener.ensure_started()
        house.redis.set("here", "yes")
        self.run(self._connected())
        assert eventually(lambda: len(heard) == 3)  # all subscriptions stand, and will wake nobody without a reason
        service.check_exists("acme", "s1")

    async def _connected(self):
        self.answers.start()
        async with asyncio.timeout(PATIENT):
            for pause in itertools.repeat(0.005):
                if await self.answers.value("here"):
                    break
                await asyncio.sleep(pause)

    def _all_listeners(self):
        return self.house.redis.pubsub_numsub(DONE)[0][1]

    def listeners(self):
        """How many connections of this service hear of the ends of runs; servers of other tests may be there, too."""
        return self._all_listeners() - self._others

    def begin(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine):
        return self.begin(coroutine).result(PATIENT)

    def ask(self, request, wait_s=PATIENT):
        """The future of what somebody is answered."""

        async def asked():
            resolved = self.answers.resolved(request)
            return await self.answers.ask(resolved, wait_s) if resolved else None

        return self.begin(asked())

    def look(self, request):
        """What somebody is answered at once, after another request has read in its thread what was not remembered any more."""
        self.house.service.check_exists("acme", "s1")
        return self.ask(request, wait_s=0.0).result(PATIENT)

    def come_back(self, request, wait_s=PATIENT):
        async def told():
            resolved = self.answers.resolved(request)
            return await self.answers.returned(resolved, wait_s) if resolved else None

        return self.begin(told())

    def park(self, *requests, wait_s=PATIENT):
        """The futures of people who ask, once they all wait."""
        before = self.slots._taken.total()
        asked = [self.ask(request, wait_s) for request in requests]
        assert eventually(lambda: self.slots._taken.total() == before + len(requests), seconds=PATIENT)
        return asked

    def finish(self, request, text="Claim 1.0 CE credit"):
        """Do what a worker does at the end of a run that was ordered."""
        key, redis, cache = self.key(request), self.house.redis, StatusCache(self.house.redis)
        token, generation = redis.hmget(key, ["lock", "gen"])
        token, generation = token.decode(), int(generation or 0)
        assert cache.begin(key, token, generation, wall_s=5)
        body = body_of(ShownMessage(text), as_of=None, run=token)
        assert cache.store(key, token, generation, StatusUpdate("ready", body, text, ok=True, fresh_s=60, stale_s=60))

    def key(self, request):
        return self.house.service._resolve(request).key

    def is_clean(self):
        """Whether nothing of a request is left behind."""
        return not self.slots._taken and not self.house.service._change_listener._waiting


@contextmanager
def loop_stage(house):
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        stage = LoopStage(house, loop)
        yield stage
        loop.call_soon_threadsafe(stage.answers.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def stage(house):
    house.add()
    with loop_stage(house) as stage:
        yield stage
