"""Clients that disconnect while their requests wait for a thread: no work is done for them, and they delay no one."""

import asyncio
import os
import select
import subprocess
import sys
import time
from functools import partial

import pytest
from flask import Flask

from runner.settings.operator_settings import Settings
from tests.support.event_loop import awaited
from tests.support.real_server import Server, all_of, free_port, head
from web.server.granian_server import run
from web.server.served_app import bridge
from web.server.thread_slots import ThreadSlots

THREADS = 4


def test_of_those_who_wait_the_ones_that_leave_get_no_thread_and_the_rest_their_turn():
    async def act():
        free = ThreadSlots(1)
        assert await free.take(asyncio.Event().wait)
        left = [asyncio.Event() for _ in range(4)]
        waiting = [asyncio.create_task(free.take(each.wait)) for each in left]
        await asyncio.sleep(0)
        left[0].set()
        left[2].set()
        found = [await waiting[0], await waiting[2]]
        free.give_back()
        found.append(await waiting[1])
        assert not waiting[3].done()
        free.give_back()
        found.append(await waiting[3])
        free.give_back()
        return found, await free.take(asyncio.Event().wait)

    assert awaited(asyncio.wait_for(act(), 5)) == ([False, False, True, True], True)


@pytest.mark.parametrize("turns", range(4))
def test_a_thread_is_never_lost_whichever_comes_first_the_turn_or_the_end(turns):
    async def act(cancel):
        free, left = ThreadSlots(1), asyncio.Event()
        await free.take(left.wait)
        waiting = asyncio.create_task(free.take(left.wait))
        await asyncio.sleep(0)
        free.give_back()
        for _ in range(turns):
            await asyncio.sleep(0)
        left.set()
        if cancel:
            waiting.cancel()
        await asyncio.wait([waiting])
        if not waiting.cancelled() and waiting.result():
            free.give_back()
        assert await free.take(left.wait)

    for cancel in (False, True):
        awaited(asyncio.wait_for(act(cancel), 5))


def load(settings):
    """An application that counts how often it was asked to work."""
    app = Flask("counting")
    asked = []

    @app.get("/hold")
    def hold():
        time.sleep(3)
        return ""

    @app.get("/healthz")
    def alive():
        return ""

    @app.get("/work")
    def work():
        asked.append(1)
        return ""

    @app.get("/asked")
    def count():
        return str(len(asked))

    return bridge(settings, app, lambda: None)


@pytest.mark.slow
def test_a_flood_of_clients_that_ask_and_leave_at_once_is_not_worked_off_and_the_process_lives_meanwhile():
    port = free_port()
    program = "import sys; from tests.web.server.test_thread_slots import serve; serve(int(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", program, str(port)], env=os.environ)
    server = Server(port, process, None)
    try:
        server.await_answer()
        holding = [server.connect(head("GET /hold HTTP/1.1", "Connection: close")) for _ in range(THREADS)]
        time.sleep(0.5)
        for _ in range(300):
            server.connect(head("GET /work HTTP/1.1")).close()
        assert server.get("/healthz")[0] == 200
        assert answered(holding) == [], "health waited for a thread"
        staying = server.connect(head("GET /work HTTP/1.1", "Connection: close"))
        for client in (*holding, staying):
            assert all_of(client).startswith(b"HTTP/1.1 200 ")
            client.close()
        assert 1 <= int(server.get("/asked")[1]) < 30
    finally:
        process.terminate()
        process.wait(20)


def answered(clients):
    """The clients for whom something has arrived; `select` itself knows no more than 1,024 open files."""
    poller = select.poll()
    for client in clients:
        poller.register(client, select.POLLIN)
    return poller.poll(0)


def serve(port):
    bind = f"127.0.0.1:{port}"
    settings = Settings(
        web_bind=bind, public_url=f"http://{bind}", web_processes=1, web_threads=THREADS, log_level="WARNING"
    )
    run(settings, partial(load, settings))
