"""Setup for hostile clients: the real web server (and, for the chaos test, a real worker) with a small database."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from records import ConnectionDraft, Database, SecretBox, UserProfile, editions
from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.audit import AuditContext
from records.people import users
from records.scripts import deployments, versions
from records.tenants import connections, implementations
from runner.logins import LoginStore
from runner.settings.operator_settings import Settings
from runner.status.cache import StatusCache
from tests.support.people import visitor
from web.auth.logins import Logins
from web.config import WebConfig

KEY = "k" * 48
PATH = "/api/v1/implementations/one/sessions/s0/status"
SCRIPT = """
def status(user, session, api):
    found = api.get("vendor", "/say", params={"user": user.id, "session": session.id}).json()
    return message("Hello " + found["user"] + " at " + found["session"])
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Site:
    """Two implementations (one, two), users u0 to u9 each, sessions s0 to s9."""

    def __init__(self, folder, redis_url, *, vendor="http://127.0.0.1:1", port=None, **more):
        self.folder = folder
        self.port = port or free_port()
        self.env = {
            "PATH": os.environ["PATH"],
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_DATA_FOLDER": str(folder),
            "SESSION_STATUS_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{self.port}",
            "SESSION_STATUS_SECRET_KEY": KEY,
            "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS": "yes",
            "SESSION_STATUS_WEB_PROCESSES": "1",
            "SESSION_STATUS_WEB_THREADS": "8",
            "SESSION_STATUS_WEB_WAITING": "4",
            "SESSION_STATUS_WEB_ASKS": "100000",
            "DATABASE_URL": f"sqlite:///{folder}/records.db",
            "REDIS_URL": redis_url,
            **more,
        }
        self.settings = Settings.from_environment(self.env)
        self.login_store = LoginStore.open(self.settings)
        self.logins = Logins(
            secret_keys=WebConfig.from_settings(self.settings).secret_keys, secure=False, store=self.login_store
        )
        self.logs = folder / "log"
        self.database = Database(self.settings.database_url, environment="development")
        self.database.upgrade()
        with self.database.session() as db:
            for slug in ("one", "two"):
                self._fill(db, slug, vendor)

    def _fill(self, db, slug, vendor):
        made = implementations.create(
            db,
            slug,
            slug.title(),
            fallback_text="Ask at the desk",
            fresh_seconds=1,
            stale_seconds=60,
            limits={"wall_s": 1.5},
        )
        now = datetime.now(UTC)
        start, end = (at.isoformat(timespec="seconds") for at in (now, now + timedelta(hours=1)))
        rows = ["ID,Title,Start Time,End Time", *(f"s{number},Session {number},{start},{end}" for number in range(10))]
        report = agenda.import_file(
            db, made, agenda.read("\n".join(rows).encode(), made.time_zone), AuditContext("tests")
        )
        assert not report.faults, report.faults
        for number in range(10):
            users.remember(db, made, f"u{number}", UserProfile(f"u{number}", "attendee", "A", "B", f"b{number}"))
        draft = ConnectionDraft(
            name="vendor", base_url=vendor, auth_kind="bearer", secret="V3ndorSecretOfTheSite", development=True
        )
        connections.save(db, SecretBox(self.settings.keys), made, draft)
        version = versions.add_version(db, made, SCRIPT, by="attacker")
        deployments.activate(db, made, version, "attacker")

    def token(self, implementation="one", user="u0"):
        """What a browser's cookie holds; `bearer` makes what the app sends."""
        return self.logins.sign(visitor(implementation, user))

    def access(self, implementation="one", user="u0"):
        return self.login_store.tokens.issue(visitor(implementation, user)).access

    def start(self, *command):
        with self.logs.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command], env=self.env, stdout=log, stderr=log, start_new_session=True,
                cwd=Path.cwd(),
            )  # fmt: skip

    def start_web(self):
        process = self.start("web.cli", "web")
        self.await_port(process)
        return process

    def await_port(self, process=None):
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.5):
                return
            if process is not None and process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(self.logs.read_text())

    def ask(self, raw, *, seconds=3.0, close=True, more=b""):
        """Send raw bytes, return everything that comes back until it is quiet or closed, and the seconds it took."""
        began = time.monotonic()
        got = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as sock:
            with contextlib.suppress(OSError):
                sock.sendall(raw)
                if more:
                    time.sleep(0.1)
                    sock.sendall(more)
            with contextlib.suppress(OSError):
                while piece := sock.recv(65536):
                    got += piece
                    if not close and complete(got):
                        break
        return got, time.monotonic() - began

    def request(self, method, target, *headers, body=b"", host=None):
        """A request as bytes; the connection ends with it."""
        rows = [
            f"{method} {target} HTTP/1.1".encode()
            if isinstance(target, str)
            else method.encode() + b" " + target + b" HTTP/1.1",
            b"Host: " + (host or f"127.0.0.1:{self.port}").encode(),
            b"Connection: close",
            *(header.encode("latin-1") if isinstance(header, str) else header for header in headers),
        ]
        if body:
            rows.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(rows) + b"\r\n\r\n" + body

    def close(self):
        self.login_store.close()
        self.database.dispose()


def complete(got):
    head, found, rest = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(found) and (not length or len(rest) >= int(length[1]))


def statuses(got):
    """The status codes of all answers which came on a connection."""
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", got)]


def stop(process, seconds=15):
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def bearer(site, **who):
    return f"Authorization: Bearer {site.access(**who)}"


def key_of(site, user="u0", session="s0", slug="one"):
    """Where the status of a user and session lies in the cache, for what the records say now."""
    with site.database.reading() as db:
        found = implementations.find(db, slug)
        about = sessions.find(db, found, session)
        version = deployments.active_version(db, found)
        edition = f"{editions.edition(db, found, version)}-{editions.session_edition(about)}"
    return StatusCache.key(slug, user, session, edition)
