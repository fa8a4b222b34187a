import os
import shutil
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, Database, Version
from records.audit import AuditContext
from records.people import users
from records.scripts import deployments, runs, versions
from records.tenants import implementations
from runner.queues.status_jobs import StatusQueue, rq_status_queue
from runner.queues.thread_worker import StopSignal
from runner.runs import traces
from runner.runs.text_needs import needs_of
from runner.runs.worker_services import WORKER_SERVICES, open_worker_services
from runner.settings.operator_settings import Settings
from runner.status.asking.thread_access import completed
from runner.status.service import StatusService
from runner.store.clients import connect, connect_queue
from runner.store.worker_heartbeat import workers_present
from sandbox import Sandbox
from tests.support import warm_start
from tests.support.records import new_records
from worker import StatusWorker

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
CLAIM = "def status(user, session, api):\n    return message('Claim 1.0 CE credit')\n"


@pytest.fixture(scope="session")
def sandbox():
    with Sandbox() as box:
        yield box


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """The file of an empty database with its tables: copying it is quicker than making it."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    database = new_records(f"sqlite:///{path}", environment="development")
    database.dispose()
    return path


class House:
    """What the tests of the runner use: real records, a real store, and a status service."""

    def __init__(self, folder, redis_url, sandbox, blank):
        self.env = {
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_DATA_FOLDER": str(folder),
            "SESSION_STATUS_SECRET_KEY": "k" * 40,
            "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS": "yes",
            "REDIS_URL": redis_url,
            "SESSION_STATUS_WORKER_RUNS": "16",
        }
        self.sandbox = sandbox
        self.settings = Settings.from_environment(self.env)
        shutil.copy(blank, folder / "session-status.db")
        self.database = Database(self.settings.database_url)
        self.redis = connect(redis_url)
        self.service = self.new_service()

    def new_service(self):
        queue = StatusQueue(connect(self.settings.redis_url))
        return StatusService(
            settings=self.settings, database=self.database, redis=connect(self.settings.redis_url), queue=queue
        )

    def close(self):
        self.service.close()
        self.redis.close()
        self.database.dispose()

    def add(self, slug="acme", source=CLAIM, *, sessions=("s1",), start=START, parent=None, **fields):
        with self.database.session() as db:
            implementation = implementations.create(db, slug, slug.title(), **fields)
            for session in sessions:
                db.add(
                    AgendaSession(
                        implementation_id=implementation.id,
                        session_id=session,
                        title=f"Session {session}",
                        starts_at=start,
                        ends_at=start + timedelta(hours=1),
                        parent_id=parent if session != parent else None,
                    )
                )
            users.remember(db, implementation, "ann", users.UserProfile(username="ann", user_type="attendee"))
        if source:
            self.activate(slug, source)

    def store(self, slug, source):
        """Store a version that is not in service; returns its row."""
        checked = self.sandbox.check(source)
        assert checked.code, checked.findings
        with self.database.session() as db:
            version = versions.add_version(db, implementations.find(db, slug), source, by="test")
            versions.keep_code(db, version, self.sandbox.report.runtime, checked.code)
            versions.keep_needs(db, version, needs_of(checked))
        return version

    def activate(self, slug, source):
        version = self.store(slug, source)
        with self.database.session() as db:
            deployments.activate(db, implementations.find(db, slug), db.get_one(Version, version.id), by="test")
        self.service.changed(slug)
        return version.sha256

    def commit(self, change, *given, slug="acme", reason="test", **named):
        """Make a change of `records.changes` as a page does, and announce it."""
        with self.database.session() as db:
            after = change(db, implementations.find(db, slug), *given, AuditContext("staff/olga", reason), **named)
        assert after.made
        assert after.announced
        self.service.changed(after.slug)
        return after.value

    def change(self, slug, **fields):
        with self.database.session() as db:
            implementations.update(db, implementations.find(db, slug), **fields)
        self.service.changed(slug)

    def know(self, user="ann", **attributes):
        """Let somebody have these attributes: what a run finds changes, and what is remembered of runs counts on."""
        with self.database.session() as db:
            profile = users.UserProfile(username=user, user_type="attendee", attributes=attributes)
            users.remember(db, implementations.find(db, "acme"), user, profile)
        self.service.changed("acme")

    def claim(self, request):
        """What a request finds that does not wait."""
        service = self.service
        return completed(service._asking._claim(service._threads, service._resolve(request)))

    def runs(self, slug="acme"):
        with self.database.reading() as db:
            return runs.recent(db, implementations.find(db, slug), limit=1000)


@pytest.fixture
def house(tmp_path, redis, valkey_url, sandbox, blank):
    house = House(tmp_path / "data", valkey_url, sandbox, blank)
    yield house
    house.close()


@pytest.fixture
def worker_services(house, monkeypatch):
    monkeypatch.setattr(traces, "GATHER_S", 0.05)  # tests wait for the trace of each run
    worker_services = open_worker_services(house.settings, house.sandbox, StopSignal())
    yield replace(worker_services, linger_s=0.0)  # what is to be done is there before a worker begins
    worker_services.close()


@pytest.fixture
def work_off(house, worker_services):
    """Do what stands in the queue, with the real worker class, in this process."""

    def work(*, runs=4):
        client = connect_queue(house.settings.redis_url)
        worker = StatusWorker(
            rq_status_queue(client),
            runs=runs,
            stop=StopSignal(),
            in_thread=lambda: WORKER_SERVICES.set(worker_services),
            on_beat=lambda _: None,
        )
        worker.work(burst=True)
        client.close()

    return work


class WorkerProcess:
    def __init__(self, house, log, **env):
        self.log = log
        with log.open("ab") as out:
            self.process = warm_start.start("worker", env=os.environ | house.env | env, output=out)
        self.pid = self.process.pid

    def await_ready(self, redis, *, count=1):
        end = time.monotonic() + 15
        while not any(note.pid == self.pid for note in workers_present(redis)):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def start_worker(house, tmp_path):
    started = []

    def start(**env):
        worker = WorkerProcess(house, tmp_path / "worker.log", **env)
        started.append(worker)
        return worker.await_ready(house.redis)

    yield start
    for worker in started:
        worker.stop()
