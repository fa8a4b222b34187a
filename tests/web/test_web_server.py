"""The web server as it is run: gunicorn, the real desk, a real store, real records."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, Database, Profile, implementations, scripts, users
from runner.logins import LoginStore
from runner.presence import NAMES
from tests.logins.people import visitor
from tests.valkey import redis, valkey_url  # noqa: F401 - fixtures

KEY = "k" * 40
PATH = "/api/v1/implementations/demo/sessions/CE-1/status"
PROGRAM = "import os; from runner.settings import Settings; from web.server import serve; "
PROGRAM += "serve(Settings.from_environment(os.environ))"


@pytest.fixture
def records(tmp_path):
    url = f"sqlite:///{tmp_path / 'records.db'}"
    with closing_database(url) as database:
        database.upgrade()
        with database.session() as db:
            demo = implementations.create(db, "demo", "Demo")
            now = datetime.now(UTC)
            db.add(
                AgendaSession(
                    implementation_id=demo.id,
                    session_id="CE-1",
                    title="Sepsis",
                    starts_at=now,
                    ends_at=now + timedelta(hours=1),
                )
            )
            users.seen(db, demo, "ada", Profile("ada"))
            version = scripts.add_version(db, demo, "def status(user, session, api):\n    return hidden()\n", by="t")
            scripts.activate(db, demo, version, "t")
    return url


class closing_database(closing):  # noqa: N801 - reads as what it does
    def __init__(self, url):
        self.database = Database(url, environment="development")

    def __enter__(self):
        return self.database

    def __exit__(self, *_):
        self.database.dispose()


@pytest.fixture
def server(records, redis, valkey_url, tmp_path):  # noqa: F811 - fixtures
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
        "SESSION_STATUS_SECRET_KEY": KEY,
        "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{port}",
        "SESSION_STATUS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SESSION_STATUS_WEB_PROCESSES": "2",
        "SESSION_STATUS_LOG_LEVEL": "WARNING",
        "REDIS_URL": valkey_url,
        "DATABASE_URL": records,
    }
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment)
    server = Server(port, process, LoginStore(redis).tokens.issue(visitor()).access)
    try:
        server.await_answer()
        yield server
    finally:
        process.terminate()
        process.wait(15)


class Server:
    def __init__(self, port, process, token):
        self.port, self.process = port, process
        self.login = {"Authorization": f"Bearer {token}"}

    def get(self, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if "json" in answer.headers.get("Content-Type", "") else body

    def await_answer(self):
        for _ in range(100):
            try:
                return self.get("/healthz")
            except OSError:
                assert self.process.poll() is None, "the server died"
                time.sleep(0.1)
        raise AssertionError("the server does not answer")


@pytest.mark.slow
def test_the_server_answers_waits_says_what_is_missing_and_stops_gracefully(server, redis):  # noqa: F811 - a fixture
    # Without a worker nobody makes an answer: a cold status is 202, after the wait that was asked for.
    began = time.monotonic()
    code, cold = server.get(PATH, server.login | {"Prefer": "wait=0.5"})
    assert (code, cold["state"]) == (202, "checking")
    assert 0.4 < time.monotonic() - began < 2
    assert server.get(PATH, server.login, method="POST")[0] == 405
    assert server.get(f"{PATH}/returned", server.login, method="POST")[1]["state"] == "checking"
    assert server.get(PATH.replace("CE-1", "NONE"), server.login)[0] == 404
    assert server.get(PATH)[1]["state"] == "login"

    code, problem = server.get("/readyz")
    assert (code, problem["missing"]) == (503, ["worker"])
    note = {"name": "w", "pid": 1, "places": 1, "in_flight": 0, "runtime": "r", "jail": {}}
    redis.sadd(NAMES, "w")
    redis.set(f"{NAMES}:w", json.dumps(note), ex=15)
    assert server.get("/readyz")[0] == 200

    # An address that is too long, and a header, are refused before they cost anything.
    assert server.get("/" + "x" * 9000)[0] == 414
    assert server.get("/healthz", {"X-Long": "x" * 9000})[0] in {400, 431}

    # A stop lets the request which is under way end.
    answers = []
    asking = threading.Thread(target=lambda: answers.append(server.get(PATH, server.login | {"Prefer": "wait=0.8"})))
    asking.start()
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    asking.join()
    assert server.process.wait(15) == 0
    assert answers[0][0] == 202
