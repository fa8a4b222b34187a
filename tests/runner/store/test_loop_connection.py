"""The event loop's connection: nobody gets another's reply, nothing is waited for, and it opens as the client does."""

import asyncio
import contextlib
import os
import signal
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import trustme

from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.environment_mark import StoreEnvironmentMismatch
from runner.store.loop_connection import LoopConnection
from runner.store.mark_administration import replace_mark
from runner.store.reply_queue import packed
from tests.support.event_loop import awaited

PING = ("PING",)
#: No test may depend on how busy the machine is.
PATIENT = 30.0


def loop_connection(redis, *, first=(PING,), answer_s=PATIENT):
    return LoopConnection(redis, first=first, answer_s=answer_s, pause_s=0.01)


async def ask(connection, *words):
    """The reply, as soon as there is a connection; None if it is lost meanwhile."""
    async with asyncio.timeout(PATIENT):
        while True:
            asked = connection.ask(packed(*words))
            if asked is not None:
                return await asked
            await asyncio.sleep(0.005)


def run(redis, program, **options):
    """Run a program with a connection, in a loop of its own."""

    async def whole():
        connection = loop_connection(redis, **options)
        try:
            return await program(connection)
        finally:
            connection.close()

    return awaited(whole())


def test_the_first_question_opens_it_and_is_not_kept_waiting(redis):
    async def program(connection):
        assert connection.ask(packed(*PING)) is None
        return await ask(connection, "ECHO", "here")

    assert run(redis, program) == b"here"


def test_nobody_gets_the_reply_of_another_while_200_leave_and_the_server_hangs_up(redis):
    """The attack is a swap: a person who leaves, or a connection that is opened again, shifts the replies by one."""
    lost = []

    async def visit(connection, number):
        for turn in range(20):
            text = f"{number} {turn}"
            question = asyncio.ensure_future(ask(connection, "ECHO", text))
            if (number + turn) % 3 == 0:
                await asyncio.sleep(0)
                question.cancel()
            try:
                answer = await question
            except asyncio.CancelledError:
                continue
            assert answer in {None, text.encode()}
            lost.append(answer is None)

    async def hang_up(connection):
        for _ in range(8):
            own = await ask(connection, "CLIENT", "ID")
            if own:
                await asyncio.to_thread(redis.client_kill_filter, _id=own)
            await asyncio.sleep(0.01)

    async def program(connection):
        await asyncio.gather(hang_up(connection), *(visit(connection, number) for number in range(200)))
        return await ask(connection, "ECHO", "after")

    assert run(redis, program) == b"after"
    assert lost.count(False) > len(lost) / 2


def test_questions_of_one_turn_of_the_loop_share_their_way(redis):
    async def program(connection):
        await ask(connection, *PING)
        before = redis.info("stats")["total_reads_processed"]
        await asyncio.gather(*(ask(connection, "ECHO", str(number)) for number in range(100)))
        return redis.info("stats")["total_reads_processed"] - before

    assert run(redis, program) < 20


def test_after_a_restart_of_the_store_it_is_opened_again(tmp_path):
    asked, stopped, started = threading.Event(), threading.Event(), threading.Event()

    async def program(connection):
        await ask(connection, "SET", "kept", "yes")
        asked.set()
        await asyncio.to_thread(stopped.wait)
        meanwhile = connection.ask(packed(*PING))
        assert meanwhile is None or await meanwhile is None
        await asyncio.to_thread(started.wait)
        return await ask(connection, "GET", "kept")

    with (
        EmbeddedStore(tmp_path / "store") as store,
        closing(connect(store.url)) as redis,
        ThreadPoolExecutor(1) as beside,
    ):
        found = beside.submit(run, redis, program)
        asked.wait()
        store.stop()
        stopped.set()
        store.start()  # by the main thread, because it ends with the one that starts it
        started.set()
        assert found.result() == b"yes"


def test_a_frozen_store_keeps_nobody_waiting_and_its_late_replies_reach_nobody(tmp_path):
    with EmbeddedStore(tmp_path / "store") as store, closing(connect(store.url)) as redis:
        redis.connection_pool.connection_kwargs["socket_timeout"] = 0.1

        async def program(connection):
            await ask(connection, *PING)
            os.kill(store._process.pid, signal.SIGSTOP)
            try:
                late = [connection.ask(packed("ECHO", f"late {number}")) for number in range(50)]
                answers = await asyncio.gather(*late)
                meanwhile = connection.ask(packed("ECHO", "meanwhile"))
            finally:
                os.kill(store._process.pid, signal.SIGCONT)
            return answers, meanwhile, await ask(connection, "ECHO", "mine")

        assert run(redis, program, answer_s=0.2) == ([None] * 50, None, b"mine")


class Watch:
    """Notes what it is told."""

    def __init__(self):
        self.lost = []

    def store_lost(self, error, *, silent=False):
        self.lost.append(type(error))

    def store_is_away(self):
        return False


def test_a_store_made_for_another_environment_is_refused_and_reported(redis, valkey_url):
    watch = Watch()
    replace_mark(valkey_url, "production")

    async def program(connection):
        while not watch.lost:
            assert connection.ask(packed("GET", "login")) is None
            await asyncio.sleep(0.005)
        return connection.ask(packed("GET", "login"))

    with closing(connect(valkey_url, environment="development", watch=watch)) as client:
        assert run(client, program) is None
    assert set(watch.lost) == {StoreEnvironmentMismatch}


def test_user_password_and_database_are_those_of_the_client(redis, valkey_url):
    redis.execute_command("ACL", "SETUSER", "web", "on", ">secret", "~*", "+@all")
    path = valkey_url.removeprefix("unix://")
    try:
        with closing(connect(f"unix://web:secret@{path}?db=3")) as client:
            who, info = (
                run(client, lambda connection, words=words: ask(connection, *words))
                for words in (("ACL", "WHOAMI"), ("CLIENT", "INFO"))
            )
        with closing(connect(f"unix://web:wrong@{path}")) as stranger:
            refused = run(stranger, refuses)
    finally:
        redis.execute_command("ACL", "DELUSER", "web")
    assert who == b"web"
    assert b" db=3 " in info
    assert refused


async def refuses(connection):
    """Whether there is no connection after several tries."""
    for _ in range(20):
        if connection.ask(packed(*PING)) is not None:
            return False
        await asyncio.sleep(0.01)
    return True


def test_it_speaks_tls_if_the_client_does_and_reads_replies_of_many_records(redis, valkey_url, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    redis.set("large", "x" * 100_000)

    async def whole():
        relays = []

        async def serve(*ends):
            relays.append(asyncio.current_task())
            await relay(*ends, valkey_url)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        client = connect(f"rediss://127.0.0.1:{port}?ssl_ca_certs={tmp_path / 'ca.pem'}")
        connection = loop_connection(client)
        try:
            return await asyncio.gather(*(ask(connection, "GET", "large") for _ in range(20)))
        finally:
            connection.close()
            client.close()
            server.close()
            await asyncio.wait(relays)

    assert {len(answer) for answer in awaited(whole())} == {100_000}


async def relay(reader, writer, valkey_url):
    """Pass everything between a client and the store."""
    inner_reader, inner_writer = await asyncio.open_unix_connection(valkey_url.removeprefix("unix://"))

    async def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))


@pytest.mark.parametrize("garbage", [b"+OK\r\n" * 3, b"<html>", b"$9999999\r\n" + b"x" * 300_000, b""])
def test_garbage_replies_close_the_connection_and_reach_nobody(garbage):
    served = []

    async def serve(reader, writer):
        served.append(asyncio.current_task())
        while data := await reader.read(65536):
            words = data.split(b"\r\n")
            writer.write(b"+PONG\r\n" if b"PING" in words else garbage if b"ECHO" in words else b"+OK\r\n")
            if garbage == b"" and b"ECHO" in words:
                break
        writer.close()

    async def whole():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        connection = loop_connection(client)
        try:
            first = await ask(connection, "ECHO", "a")
            await asyncio.sleep(0)
            return first, connection._open
        finally:
            connection.close()
            client.close()
            server.close()
            await asyncio.wait(served)

    first, still_open = awaited(whole())
    assert first in {None, b"OK"}
    assert still_open is None


def test_a_reply_over_the_bound_is_not_read_to_its_end(redis):
    redis.set("huge", "x" * 5_000_000)

    async def program(connection):
        huge = await ask(connection, "GET", "huge")
        return huge, await ask(connection, "ECHO", "next")

    assert run(redis, program) == (None, b"next")


def test_it_is_opened_later_if_no_thread_can_be_started_now(redis, monkeypatch):
    start, failed = threading.Thread.start, []

    def refuse_once(thread):
        if thread.name == "store for the loop" and not failed:
            failed.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_once)

    async def program(connection):
        assert connection.ask(packed(*PING)) is None
        return await ask(connection, "ECHO", "here")

    assert run(redis, program) == b"here"
    assert len(failed) == 1


def test_a_loop_that_was_busy_for_long_takes_no_reply_for_late(redis):
    """The attack: a crowd keeps the loop busy until all replies seem late, so that each is asked again in a thread."""
    redis.set("long", "x" * 8000)

    async def program(connection):
        await ask(connection, *PING)
        asked = [connection.ask(packed("GET", "long")) for _ in range(60)]
        await asyncio.sleep(0)  # they are sent
        time.sleep(1.0)  # noqa: ASYNC251 - the loop is busy
        return await asyncio.gather(*asked)

    assert run(redis, program, answer_s=0.5) == [b"x" * 8000] * 60
