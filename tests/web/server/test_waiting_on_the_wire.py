"""Requests that wait at a real server: a thousand at once, some of whose clients leave, in one process with eight threads."""

import asyncio
import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from records import Database
from runner.logins import LoginStore
from runner.settings.operator_settings import Settings
from runner.status.cache import StatusCache, StatusUpdate
from runner.status.service import StatusRequest, StatusService
from runner.status.status_body import ShownMessage, body_of
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from tests.support.event_loop import awaited
from tests.support.eventually import eventually
from tests.support.people import visitor
from tests.support.real_server import PATH, environment_of, running

PEOPLE = 1000
ORDERS = "st:orders:{demo}"


class Worker:
    """Ends runs as a worker does, when it is told to. Nobody starts one by itself."""

    def __init__(self, redis, service):
        self._redis, self._cache, self._service = redis, StatusCache(redis), service

    def finish(self, user, text):
        key = self._service._resolve(StatusRequest("demo", user, "CE-1")).key
        token, generation = self._redis.hmget(key, ["lock", "gen"])
        token, generation = token.decode(), int(generation or 0)
        assert self._cache.begin(key, token, generation, wall_s=5)
        body = body_of(ShownMessage(text), as_of=None, run=token)
        shown = StatusUpdate("ready", body, text, ok=True, fresh_s=3600, stale_s=60)
        assert self._cache.store(key, token, generation, shown)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with EmbeddedStore(tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture(scope="module")
def server(tmp_path_factory, store):
    folder = tmp_path_factory.mktemp("waiting")
    settings = {"web_threads": "8", "web_waiting": "2", "web_wait": "2", "web_connections": "4096"}
    with running(folder, store.url, web_runs_per_s="100000", **settings) as server:
        server.folder = folder
        yield server


@pytest.fixture
def worker(server, store):
    settings = Settings.from_environment(environment_of(server.folder, store.url, server.port))
    database = Database(settings.database_url, environment=settings.environment)
    service = StatusService.open(settings, database)
    with closing(connect(store.url)) as redis:
        for name in redis.keys("st:*demo*"):
            redis.delete(name)
        yield Worker(redis, service)
    service.close()
    database.dispose()


@pytest.fixture
def logins(store, server):
    """Tokens that the server has not seen."""
    with closing(connect(store.url)) as redis:
        tokens = LoginStore(redis).tokens
        return [tokens.issue(visitor(subject=f"person {n}")).access for n in range(PEOPLE)]


@pytest.fixture
def orders(store):
    with closing(connect(store.url)) as redis:
        yield lambda: redis.llen(ORDERS)


def warm(server):
    """Let the server remember implementation and session, and connect its loop."""
    assert eventually(lambda: server.get(PATH, server.login)[0] in {200, 202})
    time.sleep(0.3)


async def ask(server, login, line=f"GET {PATH} HTTP/1.1"):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(server.head(line, f"Authorization: Bearer {login}", "Prefer: wait=2"))
    await writer.drain()
    return reader, writer


async def answer(ends):
    reader, writer = ends
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    body = json.loads(await reader.readexactly(length))
    writer.close()
    return int(head[9:12]), body


def threads_of(server):
    """The threads of all the server's processes."""
    pids = [server.process.pid]
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            pids += [int(child) for child in task.read_text().split()]
    return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids)


def test_1000_who_wait_at_once_hold_no_thread_and_each_gets_their_own_message(server, worker, logins, orders):
    """On a busy machine the first may have to be told to ask again, before the last have asked."""
    warm(server)
    before = threads_of(server)

    async def crowd():
        waiting = [await ask(server, login) for login in logins]
        async with asyncio.timeout(30):
            while orders() < PEOPLE:  # noqa: ASYNC110 - another process makes them
                await asyncio.sleep(0.02)
        assert threads_of(server) <= before + 12
        assert (await asyncio.to_thread(server.get, "/healthz"))[0] == 200
        for number in range(PEOPLE):
            worker.finish(f"person {number}", f"message {number}")
        return [await answer(ends) for ends in waiting]

    answers = awaited(crowd())
    ready = [(number, body) for number, (status, body) in enumerate(answers) if status == 200]
    assert all(body["message"]["text"] == f"message {number}" for number, body in ready)
    assert len(ready) > PEOPLE / 2
    assert {status for status, _ in answers} <= {200, 202}


def test_clients_that_leave_while_they_wait_take_nothing_from_those_who_stay(server, worker, logins, orders):
    warm(server)

    async def crowd():
        waiting = [await ask(server, login) for login in logins[:60]]
        async with asyncio.timeout(30):
            while orders() < 60:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        for _, writer in waiting[::2]:
            writer.close()
        for number in range(60):
            worker.finish(f"person {number}", f"message {number}")
        return [(number, *await answer(ends)) for number, ends in enumerate(waiting) if number % 2]

    for number, status, body in awaited(crowd()):
        assert status == 202 or body["message"]["text"] == f"message {number}"
    for number in range(60):  # also the runs of those who left
        headers = {"Authorization": f"Bearer {logins[number]}"}
        assert server.get(PATH, headers)[1]["message"]["text"] == f"message {number}"


def test_a_user_who_came_back_waits_for_the_new_message_in_one_request(server, worker, logins):
    warm(server)

    async def come_back():
        first = await ask(server, logins[0])
        await asyncio.sleep(0.3)
        worker.finish("person 0", "Claim 1.0 CE credit")
        assert (await answer(first))[1]["message"]["text"] == "Claim 1.0 CE credit"
        back = await ask(server, logins[0], f"POST {PATH}/returned HTTP/1.1\r\nContent-Length: 0")
        await asyncio.sleep(0.3)
        worker.finish("person 0", "Credit claimed")
        return await answer(back)

    status, body = awaited(come_back())
    assert (status, body["state"], body["message"]["text"]) == (200, "ready", "Credit claimed")


def test_those_who_wait_when_the_store_is_killed_are_told_so_and_the_process_lives(
    server, worker, logins, orders, store
):
    warm(server)

    async def crowd():
        waiting = [await ask(server, login) for login in logins[:100]]
        async with asyncio.timeout(30):
            while orders() < 100:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        store._process.kill()
        store._process.wait()
        return [await answer(ends) for ends in waiting]

    answers = awaited(crowd())
    try:
        assert {status for status, _ in answers} <= {202, 503}
        assert server.get("/healthz")[0] == 200
    finally:
        store.start()
    assert eventually(lambda: server.get(PATH, server.login)[0] == 202, seconds=20)
