"""Web and worker processes as an operator's supervisor starts them: in production, on PostgreSQL and a store of their own."""

import http.client
import os
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from records import AgendaSession, Database, UserProfile
from records.people import users
from records.scripts import deployments, versions
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect
from tests.support import warm_start
from tests.support.people import visitor

#: Seconds for a process to start on a machine that is busy with other tests.
START_S = 100
STATUS = "/api/v1/implementations/demo/sessions/CE-1/status"
SCRIPT = 'def status(user, session, api):\n    return message("Hello")\n'


def environment(**settings):
    """This process's environment without settings of ours, and those instead."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SESSION_STATUS_", "DATABASE_URL", "REDIS_URL"))
    }
    return kept | {"SESSION_STATUS_WEB_ASKS": "100000"} | settings


def ask(port, path, *, method="GET", body=None, headers=None):
    """One request to a web server, with no proxy between: status, headers, body."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, body=body, headers={"Host": "status.example.org"} | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def furnish(url):
    """One implementation with a session, a user and a script."""
    database = Database(url, environment="production")
    database.upgrade()
    with database.session() as db:
        demo = implementations.create(db, "demo", "Demo")
        now = datetime.now(UTC)
        ends = now + timedelta(hours=1)
        db.add(AgendaSession(implementation_id=demo.id, session_id="CE-1", title="Sepsis", starts_at=now, ends_at=ends))
        users.remember(db, demo, "ada", UserProfile("ada"))
        deployments.activate(db, demo, versions.add_version(db, demo, SCRIPT, by="t"), "t")
    database.dispose()


def bearer(redis_url, subject="ada"):
    """Headers of somebody who has just logged in with the app."""
    with closing(connect(redis_url, environment="production")) as store:
        return {"Authorization": f"Bearer {LoginStore(store).tokens.issue(visitor(subject=subject)).access}"}


@dataclass
class Process:
    """One `session-status web` or `worker`, its log in a file."""

    words: tuple[str, ...]
    env: dict[str, str] = field(repr=False)
    log: Path
    process: warm_start.WarmProcess | None = None

    def start(self):
        with self.log.open("a") as log:
            self.process = warm_start.start("web.cli", *self.words, env=self.env, output=log)
        return self

    def stop(self):
        """Stop it in order; return its exit status."""
        if self.process is None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(45)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it does not stop: {self.log.read_text()}") from None

    def await_answer(self, port):
        """Wait until a web server answers."""
        end = time.monotonic() + START_S
        while True:
            try:
                with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                    connection.request("GET", "/healthz")
                    return connection.getresponse().read()
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < end, self.log.read_text()
                time.sleep(0.05)

    def await_line(self, words):
        """Wait until it has logged the words."""
        end = time.monotonic() + START_S
        while words not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
