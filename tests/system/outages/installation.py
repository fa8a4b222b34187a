"""A whole installation under test: web and worker as processes, on a store and a database that can be stopped and started."""

import http.client
import json
import os
import secrets
import signal
import subprocess
import threading
from contextlib import closing, contextmanager
from itertools import count

from runner.logins import LoginStore
from runner.status.change_events import CHANGED
from runner.status.returns.return_tokens import ReturnTokens
from runner.store.clients import connect
from runner.store.environment_mark import adopt
from tests.support import warm_start
from tests.support.eventually import eventually
from tests.support.people import visitor
from tests.support.real_server import KEY, free_port, furnish
from web.auth.logins import Logins

STATUS = "/api/v1/implementations/demo/sessions/CE-1/status"
START_S = 100
#: Returns in a row that one user has.
RETURNS = 5


class Installation:
    """`log` of web and worker are files; `ask` never follows a redirect."""

    def __init__(self, folder, store, database_url):
        self.store = store
        self.folder = folder
        self.port = free_port()
        self.database_url = database_url
        self._processes = []
        furnish(database_url)
        with closing(connect(store.url)) as redis:
            adopt(redis, "development")
        self.bearer = self.login_of("ada")
        self.env = {
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_DATA_FOLDER": str(folder),
            "SESSION_STATUS_SECRET_KEY": KEY,
            "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{self.port}",
            "SESSION_STATUS_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "SESSION_STATUS_WEB_PROCESSES": "1",
            "SESSION_STATUS_WEB_ASKS": "100000",
            "DATABASE_URL": database_url,
            "REDIS_URL": store.url,
        }

    def start(self):
        for name, words in (("web", ("web.cli", "web")), ("worker", ("worker",))):
            with self.log_of(name).open("ab") as out:
                self._processes.append(warm_start.start(*words, env=os.environ | self.env, output=out))
        assert eventually(lambda: self.status().get("state") == "hidden", seconds=30), self.logs()
        self.status()  # what the first answer needed was read before this process listened for changes, and not kept

    def log_of(self, name):
        return self.folder / f"{name}.log"

    def lines(self, name):
        return self.log_of(name).read_text().splitlines()

    def logs(self):
        return "\n".join(self.log_of(name).read_text() for name in ("web", "worker") if self.log_of(name).exists())

    def ask(self, path, *, method="GET", headers=None, body=None):
        """Status, headers and text of an answer; status 0 when there is none."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            try:
                connection.request(method, path, headers=headers or {}, body=body)
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read().decode()
            except OSError:
                return 0, {}, ""

    def line_counts(self):
        """How many lines each log has now."""
        return {name: len(self.lines(name)) for name in ("web", "worker")}

    @contextmanager
    def busy(self, threads=4):
        """People come back and look, in so many threads, while the block lasts."""
        over = threading.Event()

        def visit(bearer):
            for turn in count():
                if over.is_set():
                    return
                if turn < RETURNS:
                    self.ask(f"{STATUS}/returned", method="POST", headers=bearer)
                self.ask(STATUS, headers=bearer)

        visitors = [threading.Thread(target=visit, args=(self.login_of(secrets.token_hex(4)),)) for _ in range(threads)]
        for one in visitors:
            one.start()
        try:
            yield
        finally:
            over.set()
            for one in visitors:
                one.join()

    def login_of(self, subject):
        """Headers of the app of somebody."""
        with closing(connect(self.store.url)) as redis:
            return {"Authorization": f"Bearer {LoginStore(redis).tokens.issue(visitor(subject=subject)).access}"}

    @property
    def cookie(self):
        """A browser's login."""
        with closing(connect(self.store.url)) as redis:
            logins = Logins(secret_keys=(KEY,), secure=False, store=LoginStore(redis))
            return {"Cookie": f"{logins.cookie}={logins.sign(visitor())}"}

    def return_token(self, subject):
        """What a vendor's site leads somebody back with."""
        return ReturnTokens([KEY], hours=1).make("demo", subject, "CE-1")

    def listens(self):
        """Say whether web and worker hear of changes: after they lost the store, they first forget what they knew."""
        with closing(connect(self.store.url)) as redis:
            return redis.pubsub_numsub(CHANGED)[0][1] == len(self._processes)

    def status(self):
        _, headers, text = self.ask(STATUS, headers={**self.bearer, "Prefer": "wait=1"})
        return json.loads(text) if "json" in headers.get("Content-Type", "") else {}

    def stop(self):
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
