"""The whole service on real parts, for measuring: store, database, web server, worker, and a vendor of fixed slowness."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from records import ConnectionDraft, Database, SecretBox, UserProfile
from records.agenda import agenda_imports as agenda
from records.audit import AuditContext
from records.changes.scripts import deployments
from records.people import users
from records.tenants import connections, implementations
from runner.logins import LoginStore, Visitor
from runner.logins.app_token_formats import access_record, name, read_access_record
from runner.settings.operator_settings import Settings
from runner.store.embedded import EmbeddedStore
from runner.trials.submission import checked_script
from runner.trials.trial import TrialSandbox

SLUG = "bench"
SCRIPT = """
def status(user, session, api):
    awarded = api.get("vendor", "/credits", params={"uid": user.id, "nid": session.id}).json()
    if awarded["list"]:
        return message(f"Credit claimed {awarded['number']}", color="#006109")
    return message(f"Claim 1.0 CE credit {awarded['number']}")
"""
START_S = 60


@dataclass(frozen=True)
class Tenant:
    """One implementation with its own vendor, which answers after `vendor_s`, and its people, `u0` and so on."""

    slug: str
    vendor_s: float
    people: int
    script: str = SCRIPT
    fresh_s: int = 3600
    prepared_s: int = 60  #: for how long prepared facts are new


@dataclass(frozen=True)
class House:
    """Where it answers and which processes to watch."""

    port: int
    web: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]
    vendor_ports: Mapping[str, int]  #: of each implementation
    settings: Settings
    logins: LoginStore

    def login(self, user: int, slug: str = SLUG) -> str:
        """The `Authorization` of one of the users, who has just logged in with the app."""
        who = Visitor(slug, f"u{user}", secrets.token_urlsafe(24), int(time.time()), "saml")
        return "Bearer " + self.logins.tokens.issue(who).access

    def long_login(self, user: int, seconds: int) -> str:
        """As `login`, but the access token is valid for so long: no app gets such a token."""
        authorization = self.login(user)
        key, now = name("access", authorization.removeprefix("Bearer ")), int(time.time())
        visitor, _ = read_access_record(self.logins.redis.get(key))
        self.logins.redis.set(key, access_record(visitor, now + seconds), ex=seconds)
        return authorization


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(*words: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, *words], env=dict(env), stdout=subprocess.PIPE, stderr=out)
        try:
            yield running
        finally:
            running.terminate()
            running.wait(30)


def wait_until_ready(port: int, path: str, words: bytes = b"") -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            asked = HTTPConnection("127.0.0.1", port, timeout=2)
            asked.request("GET", path)
            answer = asked.getresponse()
            if answer.status == 200 and words in answer.read():
                return
        except (OSError, HTTPException):
            pass
        time.sleep(0.1)
    raise TimeoutError(f"nothing ready at port {port}")


def furnish(settings: Settings, tenants: Mapping[Tenant, int]) -> None:
    """Each tenant (with the port of its vendor): an implementation with its users, a session which has just ended, and its script."""
    database = Database(settings.database_url, environment=settings.environment)
    database.upgrade()
    now = datetime.now(UTC)
    rows = f"ID,Title,Start Time,End Time\nS1,Airway,{now - timedelta(hours=1):%FT%TZ},{now:%FT%TZ}\n"
    with TrialSandbox() as bench:
        reviews = {tenant: bench.review(tenant.script) for tenant in tenants}
    for tenant, vendor_port in tenants.items():
        with database.session() as db:
            made = implementations.create(db, tenant.slug, "Benchmark")
            implementations.update(
                db,
                made,
                fresh_seconds=tenant.fresh_s,
                stale_seconds=2 * tenant.fresh_s,
                prepare_fresh_seconds=tenant.prepared_s,
                concurrency=64,
            )
            draft = ConnectionDraft(name="vendor", base_url=f"http://127.0.0.1:{vendor_port}", development=True)
            connections.save(db, SecretBox(settings.keys), made, draft)
            agenda.import_file(db, made, agenda.read(rows.encode(), made.time_zone), AuditContext("benchmark"))
            for number in range(tenant.people):
                users.remember(db, made, f"u{number}", UserProfile(f"u{number}", "attendee", "Ann", f"No {number}", ""))
            script = checked_script(tenant.script, reviews[tenant])
            deployments.activate_text(db, made, script, AuditContext("benchmark"), author="benchmark")
    database.dispose()


@contextmanager
def vendor(folder: Path, tenant: Tenant) -> Iterator[int]:
    """The vendor of a tenant, and its port."""
    words = ("-m", "benchmarks.vendor", str(tenant.vendor_s), str(tenant.people))
    with process(*words, env=os.environ, log=folder / f"vendor-{tenant.slug}.log") as running:
        assert running.stdout
        yield int(running.stdout.readline())


@contextmanager
def house(folder: Path, *, vendor_s: float, people: int, threads: int = 64) -> Iterator[House]:
    """A house with one tenant, as `house_of` makes it."""
    with house_of(folder, Tenant(SLUG, vendor_s, people), threads=threads) as ours:
        yield ours


@contextmanager
def house_of(folder: Path, *tenants: Tenant, threads: int = 64) -> Iterator[House]:
    """Start everything with one worker process of each kind and one web process; stop it in the opposite order."""
    with ExitStack() as stack:
        store = EmbeddedStore()
        address = store.start()
        stack.callback(store.stop)
        vendors = {tenant: stack.enter_context(vendor(folder, tenant)) for tenant in tenants}
        port = free_port()
        env = os.environ | {
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{port}",
            "SESSION_STATUS_WEB_PROCESSES": "1",
            "SESSION_STATUS_WEB_THREADS": str(threads),
            "SESSION_STATUS_WEB_WAITING": str(threads - 8),
            "SESSION_STATUS_WEB_WAIT": "2",
            "SESSION_STATUS_WEB_ASKS": "1000000",
            "SESSION_STATUS_WEB_RUNS_PER_S": "100000",
            "SESSION_STATUS_DATA_FOLDER": str(folder),
            "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS": "yes",
            "SESSION_STATUS_LOG_LEVEL": "WARNING",
            "REDIS_URL": address,
        }
        settings = Settings.from_environment(env)
        furnish(settings, vendors)
        worker = stack.enter_context(process("-m", "worker", env=env, log=folder / "worker.log"))
        stack.enter_context(process("-m", "worker", "background", env=env, log=folder / "background.log"))
        web = stack.enter_context(process("-m", "web.cli", "web", env=env, log=folder / "web.log"))
        wait_until_ready(port, "/readyz", b'"warnings":[]')
        logins = LoginStore.open(settings)
        stack.callback(logins.close)
        yield House(port, web, worker, {each.slug: at for each, at in vendors.items()}, settings, logins)


@contextmanager
def hello(folder: Path, module: str = "hello") -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A Flask hello world: on the same server with the same options, or on the one of another module."""
    port = free_port()
    env = os.environ | {"BENCH_PORT": str(port)}
    with process("-m", f"benchmarks.{module}", env=env, log=folder / f"{module}.log") as running:
        wait_until_ready(port, "/")
        yield port, running
