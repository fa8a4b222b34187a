"""The channel that an event loop listens to: it hears everything, or is told that it may have missed something."""

import asyncio
import os
import signal
from contextlib import closing

import pytest

from runner.status.asking.loop_subscription import LoopSubscription
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from tests.support.event_loop import awaited
from tests.support.eventually import eventually

CHANNEL = "ends of a test"
PATIENT = 30.0


class Listener:
    """Hears a channel in the running loop."""

    def __init__(self, redis, **options):
        self.heard, self.gaps = asyncio.Queue(), asyncio.Queue()
        self.subscription = LoopSubscription(
            redis,
            CHANNEL,
            on_message=self.heard.put_nowait,
            on_gap=lambda: self.gaps.put_nowait(True),
            **{"answer_s": PATIENT} | options,
        )
        self.subscription.start()
        self.subscription.start()  # which is harmless

    def everything(self):
        """What was heard since the last look."""
        return [self.heard.get_nowait() for _ in range(self.heard.qsize())]

    async def until(self, message):
        """Everything up to this message."""
        found = []
        async with asyncio.timeout(PATIENT):
            while message not in found:
                found.append(await self.heard.get())
        return found

    async def gap(self):
        async with asyncio.timeout(PATIENT):
            await self.gaps.get()


def run(redis, program, **options):
    async def whole():
        listener = Listener(redis, **options)
        try:
            await listener.gap()
            return await program(listener)
        finally:
            listener.subscription.close()

    return awaited(whole())


def test_what_is_published_is_heard_in_its_order(redis):
    async def program(listener):
        for number in range(500):
            redis.publish(CHANNEL, str(number))
            redis.publish("st:changed", "another channel")
        return await listener.until(b"499")

    assert run(redis, program) == [str(number).encode() for number in range(500)]


def test_a_store_that_refuses_to_subscribe_is_reported_once_and_asked_until_it_allows_it(caplog):
    """As by a rule of its own that an operator has forgotten. No request waits without a trace of why."""
    store = EmbeddedStore()
    with closing(connect(store.start(), environment="development")) as redis:
        try:
            redis.execute_command("ACL", "SETUSER", "default", "resetchannels")

            async def program():
                listener = Listener(redis)
                try:
                    assert await asyncio.to_thread(
                        eventually, lambda: "refuses SUBSCRIBE" in caplog.text, seconds=PATIENT
                    )
                    await asyncio.sleep(1.2)  # longer than it takes to ask again
                    redis.execute_command("ACL", "SETUSER", "default", "allchannels")
                    await listener.gap()
                finally:
                    listener.subscription.close()

            awaited(program())
        finally:
            store.stop()
    assert caplog.text.count("refuses SUBSCRIBE") == 1


def test_one_connection_subscribes_once(redis):
    async def program(_):
        return redis.pubsub_numsub(CHANNEL)

    assert run(redis, program) == [(CHANNEL.encode(), 1)]


def test_after_a_lost_connection_it_is_told_of_the_gap_and_hears_again(redis):
    async def program(listener):
        await asyncio.to_thread(redis.client_kill_filter, _type="pubsub")
        await listener.gap()
        redis.publish(CHANNEL, "after")
        return await listener.until(b"after")

    assert run(redis, program) == [b"after"]


@pytest.mark.parametrize("rubbish", [b"x" * 1_000_000, b"", b"\xff\r\n*3\r\n", b"message"])
def test_rubbish_does_not_end_it(redis, rubbish):
    async def program(listener):
        redis.publish(CHANNEL, rubbish)
        async with asyncio.timeout(PATIENT):
            while b"after" not in listener.everything():  # it may be lost once, with the connection
                redis.publish(CHANNEL, "after")
                await asyncio.sleep(0.05)

    run(redis, program)


def test_a_store_that_is_silent_is_noticed_and_heard_again(tmp_path):
    with EmbeddedStore(tmp_path / "store") as store, closing(connect(store.url)) as redis:
        redis.connection_pool.connection_kwargs["socket_timeout"] = 0.2

        async def program(listener):
            os.kill(store._process.pid, signal.SIGSTOP)
            try:
                async with asyncio.timeout(PATIENT):
                    while listener.subscription._connection._open:  # noqa: ASYNC110 - it tells nobody when it is lost
                        await asyncio.sleep(0.02)
            finally:
                os.kill(store._process.pid, signal.SIGCONT)
            await listener.gap()
            await asyncio.to_thread(redis.publish, CHANNEL, "after")
            return await listener.until(b"after")

        assert run(redis, program, answer_s=0.3) == [b"after"]


def test_once_it_is_closed_it_is_not_opened_again(redis):
    async def program(listener):
        listener.subscription.close()
        await asyncio.sleep(1.2)  # longer than it takes to look for a sign of life
        return redis.pubsub_numsub(CHANNEL)

    assert run(redis, program) == [(CHANNEL.encode(), 0)]
