"""The web server as an operator starts it: granian, the real status service, store and database, in its own processes."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

from records import AgendaSession, UserProfile
from records.people import users
from records.scripts import deployments, versions
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect
from runner.store.environment_mark import change_mark
from tests.support import warm_start
from tests.support.people import visitor
from tests.support.records import new_records

KEY = "k" * 40
PATH = "/api/v1/implementations/demo/sessions/CE-1/status"
PROGRAM = (
    "import os; from runner.settings.operator_settings import Settings; from web.server.granian_server import serve; "
)
PROGRAM += "serve(Settings.from_environment(os.environ))"


def furnish(url):
    """One implementation with a session, a user and a script."""
    database = new_records(url, environment="development")
    with closing_engine(database), database.session() as db:
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
        users.remember(db, demo, "ada", UserProfile("ada"))
        version = versions.add_version(db, demo, "def status(user, session, api):\n    return hidden()\n", by="t")
        deployments.activate(db, demo, version, "t")


@contextmanager
def closing_engine(database):
    try:
        yield
    finally:
        database.dispose()


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        return free.getsockname()[1]


@contextmanager
def running(folder, redis_url, *, stderr=None, below=(), **settings):
    """Start it, wait until it answers, and stop it; `settings` without their prefix, in lower case.

    `stderr` is the file that takes its log; without one, the log goes where that of the tests goes. `below` is a command that
    runs the one that follows it.
    """
    url = f"sqlite:///{folder / 'records.db'}"
    furnish(url)
    with closing(connect(redis_url)) as store:
        change_mark(store, "development")  # an earlier test may have left another one
    port = free_port()
    environment = environment_of(folder, redis_url, port, **settings)
    if below or stderr:
        process = subprocess.Popen([*below, sys.executable, "-c", PROGRAM], env=environment, stderr=stderr)
    else:
        with open(2, "wb", closefd=False) as ours:
            process = warm_start.start("web.cli", "web", env=environment, output=ours)
    server = Server(port, process, redis_url)
    try:
        server.await_answer()
        yield server
    finally:
        process.terminate()
        process.wait(20)


def environment_of(folder, redis_url, port, **settings):
    """The environment of a server on this port, with the database in the folder."""
    given = {
        "env": "development",
        "data_folder": str(folder),
        "secret_key": KEY,
        "web_bind": f"127.0.0.1:{port}",
        "public_url": f"http://127.0.0.1:{port}",
        "web_processes": "1",
        "log_level": "WARNING",
        "web_asks": "100000",  # tests ask as one user, faster than any app
    } | settings
    environment = os.environ | {f"SESSION_STATUS_{name.upper()}": value for name, value in given.items()}
    return environment | {"REDIS_URL": redis_url, "DATABASE_URL": f"sqlite:///{folder / 'records.db'}"}


class Server:
    def __init__(self, port, process, redis_url):
        self.port, self.process, self._redis_url = port, process, redis_url

    @property
    def login(self):
        """Headers of a person who has just logged in."""
        with closing(connect(self._redis_url)) as store:
            return {"Authorization": f"Bearer {LoginStore(store).tokens.issue(visitor()).access}"}

    def get(self, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if "json" in answer.headers.get("Content-Type", "") else body

    def connect(self, sent=b""):
        """A connection on which so much was sent."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        client.sendall(sent)
        return client

    def head(self, line, *fields):
        """The head of a request to this server."""
        return head(line, *fields, host=f"127.0.0.1:{self.port}")

    def await_answer(self):
        for _ in range(600):
            try:
                return self.get("/healthz")
            except OSError:
                assert self.process.poll() is None, "the server died"
                time.sleep(0.1)
        raise AssertionError("the server does not answer")


def head(line="GET /healthz HTTP/1.1", *fields, host="x"):
    """The head of a request, at first with a Host that only health does not look at."""
    return "\r\n".join([line, f"Host: {host}", *fields, "", ""]).encode()


def all_of(client):
    """Everything until the server ends the connection."""
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received
