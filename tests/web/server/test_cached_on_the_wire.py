"""Cached statuses of a real server: each person gets their own, whoever leaves, and whatever happens to the store."""

import asyncio
import json
import os
import signal
from contextlib import closing

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

PEOPLE = 40


class Crowd:
    """People whose statuses are cached, each with a message of their own."""

    def __init__(self, server, folder, store_url):
        self.server = server
        settings = Settings.from_environment(environment_of(folder, store_url, server.port))
        database = Database(settings.database_url, environment=settings.environment)
        service = StatusService.open(settings, database)
        with closing(connect(store_url)) as redis:
            tokens, cache = LoginStore(redis).tokens, StatusCache(redis)
            self.logins = [tokens.issue(visitor(subject=f"person {n}")).access for n in range(PEOPLE)]
            for n in range(PEOPLE):
                keep(cache, service._resolve(StatusRequest("demo", f"person {n}", "CE-1")).key, f"message {n}")
        service.close()
        database.dispose()

    def head(self, person):
        return self.server.head(f"GET {PATH} HTTP/1.1", f"Authorization: Bearer {self.logins[person]}")

    def status(self, person):
        return self.server.get(PATH, {"Authorization": f"Bearer {self.logins[person]}"})


def keep(cache, key, text):
    cache.claim(key, "run")
    assert cache.begin(key, "run", 0, wall_s=5)
    body = body_of(ShownMessage(text), as_of=None, run="run")
    assert cache.store(key, "run", 0, StatusUpdate("ready", body, text, ok=True, fresh_s=3600, stale_s=60))


@pytest.fixture(scope="module")
def store():
    with EmbeddedStore() as store:
        yield store


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, store):
    folder = tmp_path_factory.mktemp("crowd")
    with running(folder, store.url, web_threads="8", web_waiting="4") as server:
        yield Crowd(server, folder, store.url)


async def read_status(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head[9:12]), json.loads(await reader.readexactly(length))


async def visit(crowd, number):
    """Ask a few times on one connection; one in three leaves without reading. Return what was answered, beside the person."""
    answers = []
    for turn in range(6):
        person = (number + turn) % PEOPLE
        reader, writer = await asyncio.open_connection("127.0.0.1", crowd.server.port)
        writer.write(crowd.head(person))
        await writer.drain()
        if (number + turn) % 3:
            answers.append((person, *await read_status(reader)))
        writer.close()
    return answers


async def hang_up(store_url):
    """Close all connections of the web server to the store, again and again."""
    with closing(connect(store_url)) as redis:
        for _ in range(10):
            await asyncio.to_thread(redis.client_kill_filter, _type="normal", skipme=True)
            await asyncio.sleep(0.05)


def test_nobody_gets_the_message_of_another_while_200_come_and_leave_and_the_store_hangs_up(crowd, store):
    async def all_of_them():
        _, *visits = await asyncio.gather(hang_up(store.url), *(visit(crowd, number) for number in range(200)))
        return [answer for visit in visits for answer in visit]

    answers = awaited(all_of_them())
    assert len(answers) == 800
    for person, status, body in answers:
        assert status in {200, 503}
        assert status != 200 or body["message"]["text"] == f"message {person}"
    assert sum(status == 200 for _, status, _ in answers) > 400


def test_while_the_store_is_frozen_the_process_lives_and_afterwards_it_answers(crowd, store):
    eventually(lambda: crowd.status(1)[0] == 200)
    os.kill(store._process.pid, signal.SIGSTOP)
    try:
        assert crowd.server.get("/healthz")[0] == 200
        assert crowd.status(1)[0] == 503
        assert crowd.server.get("/healthz")[0] == 200
    finally:
        os.kill(store._process.pid, signal.SIGCONT)
    eventually(lambda: crowd.status(2)[0] == 200)
    assert crowd.status(2)[1]["message"]["text"] == "message 2"
