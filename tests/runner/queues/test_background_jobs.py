"""Background jobs on real parts: a worker process, its job processes, a store, and both kinds of database."""

import csv
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from records import Database, audit
from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.agenda.import_size import takes_long
from records.audit import AuditContext
from records.tenants import implementations
from runner.background.job_child import FUNCTIONS
from runner.queues.background_jobs import MOST, BackgroundQueue, QueueFull
from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import AGENDA_IMPORT, KINDS, OrderSigner
from runner.queues.job_states import ALIVE_S
from runner.settings.operator_settings import Settings
from runner.status.change_events import CHANGED
from runner.store.clients import connect
from runner.store.environment_mark import empty_but_mark
from runner.store.worker_heartbeat import BACKGROUND, workers_present
from tests.support import warm_start
from tests.support.eventually import eventually

pytestmark = pytest.mark.slow

HEADINGS = ["ID", "Title", "Start Time", "End Time", "Location", "Track"]
ANN = "acme/ann"
SECONDS = 90


def agenda_file(count, title="Talk"):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for number in range(count):
        starts = datetime(2026, 5, 4, 9, tzinfo=UTC) + timedelta(minutes=15 * number)
        times = [f"{at:%Y-%m-%d %H:%M}" for at in (starts, starts + timedelta(hours=1))]
        writer.writerow([f"S{number}", f"{title} {number}", *times, "Hall 4", "A track with a name of some length"])
    return out.getvalue().encode()


class Site:
    """Records with one implementation, the web side's queue, and background workers as processes."""

    def __init__(self, folder, redis_url, database_url):
        self.env = {
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_DATA_FOLDER": str(folder),
            "SESSION_STATUS_SECRET_KEY": "k" * 40,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
        }
        self.settings = Settings.from_environment(self.env)
        self.database = Database(self.settings.database_url)
        self.redis = connect(redis_url)
        self.queue = BackgroundQueue(self.redis, OrderSigner(self.settings.keys))
        self.log = folder / "worker.log"
        self.workers = []
        with self.database.session() as db:
            implementations.create(db, "acme", "Acme")

    def start(self, before="", **env):
        env = os.environ | self.env | env
        with self.log.open("ab") as out:
            return self._present(warm_start.start("worker", "background", env=env, output=out, before=before))

    def start_python(self):
        """Start a worker that starts its jobs as the product does; the others fork them."""
        with self.log.open("ab") as out:
            command = [sys.executable, "-P", "-m", "worker", "background"]
            return self._present(subprocess.Popen(command, env=os.environ | self.env, stdout=out, stderr=out))

    def _present(self, worker):
        self.workers.append(worker)
        assert eventually(lambda: any(note.pid == worker.pid for note in self.present()), seconds=SECONDS), self.said()
        return worker

    def present(self):
        return workers_present(self.redis, BACKGROUND)

    def said(self):
        return self.log.read_text()

    def upload(self, data, by=ANN):
        with self.database.session() as db:
            agenda.keep_upload(db, implementations.find(db, "acme"), by, "agenda.csv", data)

    def order(self, data, by=ANN, **more):
        wanted = {"upload": hashlib.sha256(data).hexdigest(), "dates": "auto", "retire": False, "as_of": 0}
        return self.queue.order(AGENDA_IMPORT, "acme", by, wanted | more)

    def find(self, job):
        return self.queue.find("acme", job)

    def ended(self, job):
        assert eventually(lambda: self.find(job).ended, seconds=SECONDS, every=0.1), (self.find(job), self.said())
        return self.find(job)

    def running(self, job, step=0):
        def look():
            found = self.find(job)
            assert not found.ended, (found, self.said())
            return found.state == "running" and found.of and found.done >= step

        assert eventually(look, seconds=SECONDS), (self.find(job), self.said())

    def sessions(self):
        with self.database.reading() as db:
            return sessions.count(db, implementations.find(db, "acme"))

    def imports(self):
        with self.database.reading() as db:
            return [entry for entry in audit.recent(db) if entry.action == "agenda.imported"]

    def close(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
        self.redis.close()
        self.database.dispose()


def jobs_of(worker):
    """The processes of jobs that a worker has started, by way of its server."""
    found = {grandchild for child in children(worker.pid) for grandchild in children(child)}
    return {process for process in found if Path(f"/proc/{process}/comm").read_text() == "job_child\n"}


def children(process):
    tasks = Path(f"/proc/{process}/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


@pytest.fixture
def on_sqlite(tmp_path, redis, valkey_url, blank):
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(blank, folder / "session-status.db")
    made = Site(folder, valkey_url, f"sqlite:///{folder}/session-status.db")
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path):
    if request.param == "sqlite":
        yield request.getfixturevalue("on_sqlite")
        return
    url = request.getfixturevalue("postgres_url")
    request.getfixturevalue("redis")
    database = Database(url, environment=None)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE environment_mark SET environment = 'development'")
    database.dispose()
    made = Site(tmp_path, request.getfixturevalue("valkey_url"), url)
    yield made
    made.close()


def test_every_kind_of_job_has_its_function():
    assert set(FUNCTIONS) == set(KINDS)


def test_a_large_file_is_imported_for_the_person_who_ordered_it_and_the_change_is_announced(site):
    data = agenda_file(12_000 // 4)
    site.upload(data)
    heard = site.redis.pubsub()
    heard.subscribe(CHANGED)
    job = site.order(data)
    assert site.find(job).state == "waiting"
    site.start()
    state = site.ended(job)
    assert (state.state, state.result["counts"]["added"]) == ("done", 3000), (state, site.said())
    assert (state.done, state.of) == (2, 3), "the last step that was begun"
    (entry,) = site.imports()
    assert (entry.actor, entry.detail["added"], entry.detail["file"]) == (ANN, 3000, "agenda.csv")
    assert entry.detail["sha256"] == hashlib.sha256(data).hexdigest()
    assert eventually(lambda: (heard.get_message() or {}).get("data") == b"acme", seconds=10)
    with site.database.reading() as db:
        assert agenda.upload_of(db, implementations.find(db, "acme"), ANN) is None


def test_an_import_with_faults_changes_nothing_and_names_them(site):
    data = agenda_file(30).replace(b"2026-05-04 09:00", b"tomorrow")
    site.upload(data)
    site.start()
    state = site.ended(site.order(data))
    assert state.state == "refused"
    assert "must be a date with a time" in state.result["faults"][0]
    assert (site.sessions(), site.imports()) == (0, [])


def test_a_cancelled_import_is_rolled_back_and_can_be_ordered_again(site):
    data = agenda_file(3000)
    site.upload(data)
    site.start()
    job = site.order(data)
    site.running(job)
    site.queue.cancel(site.find(job))
    state = site.ended(job)
    assert state.state == "cancelled", state
    assert (site.sessions(), site.imports()) == (0, [])
    again = site.order(data)
    assert again != job
    assert site.ended(again).state == "done"


def test_an_import_whose_worker_was_killed_has_failed_changes_nothing_and_can_be_ordered_again(on_sqlite):
    site, data = on_sqlite, agenda_file(4000)
    site.upload(data)
    worker = site.start()
    job = site.order(data)
    site.running(job)
    (child,) = jobs_of(worker)
    worker.kill()
    worker.wait()
    assert not site.find(job).ended
    assert 0 < site.redis.ttl(f"{{jobs}}:alive:{job}") <= ALIVE_S
    site.redis.expire(f"{{jobs}}:alive:{job}", 0)
    state = site.find(job)
    assert (state.state, state.lost) == ("failed", True)
    assert "worker stopped" in state.said
    assert eventually(lambda: not Path(f"/proc/{child}").exists(), seconds=10), "the job went on without its worker"
    assert (site.sessions(), site.imports()) == (0, [])
    site.start()
    assert site.ended(site.order(data)).state == "done"


def test_an_import_whose_process_was_killed_has_failed_with_a_reference(on_sqlite):
    site, data = on_sqlite, agenda_file(4000)
    site.upload(data)
    worker = site.start()
    job = site.order(data)
    site.running(job)
    (child,) = jobs_of(worker)
    os.kill(child, signal.SIGKILL)
    state = site.ended(job)
    reference = state.said.rpartition("Reference: ")[2]
    assert state.state == "failed"
    assert f"ref={reference}" in site.said()
    assert site.sessions() == 0
    assert site.ended(site.order(data)).state == "done"


def test_a_worker_that_is_stopped_gives_its_job_back_and_the_next_one_does_it_first(on_sqlite):
    site, data = on_sqlite, agenda_file(4000)
    site.upload(data)
    worker = site.start()
    job = site.order(data)
    site.running(job)
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(SECONDS) == 0
    assert time.monotonic() - began < 20
    state = site.find(job)
    assert (state.state, site.sessions()) == ("waiting", 0)
    assert "worker was stopped" in state.said
    assert site.present() == ()
    site.start()
    assert site.ended(job).state == "done"
    assert len(site.imports()) == 1


def test_the_same_order_twice_is_one_job_and_one_import(on_sqlite):
    site, data = on_sqlite, agenda_file(10)
    site.upload(data)
    first, second = site.order(data), site.order(data)
    assert first == second
    site.start_python()
    assert site.ended(first).state == "done"
    assert len(site.imports()) == 1


def test_too_many_open_jobs_are_refused_and_one_that_is_cancelled_makes_room(on_sqlite):
    jobs = [on_sqlite.order(agenda_file(number), by=f"acme/{number}") for number in range(MOST)]
    with pytest.raises(QueueFull):
        on_sqlite.order(agenda_file(99))
    waiting = on_sqlite.find(jobs[0])
    on_sqlite.queue.cancel(waiting)
    assert on_sqlite.find(jobs[0]).state == "cancelled"
    assert on_sqlite.redis.lpos("rq:queue:background", jobs[0]) is None
    assert on_sqlite.order(agenda_file(99))


def test_a_job_belongs_to_its_implementation(on_sqlite):
    job = on_sqlite.order(agenda_file(1))
    assert on_sqlite.queue.find("other", job) is None
    assert on_sqlite.find("0" * 32) is None


def test_a_file_that_was_replaced_after_the_order_is_not_imported(on_sqlite):
    data = agenda_file(3)
    on_sqlite.upload(data)
    job = on_sqlite.order(data)
    on_sqlite.upload(agenda_file(5))
    on_sqlite.start()
    state = on_sqlite.ended(job)
    assert (state.state, on_sqlite.sessions()) == ("refused", 0)
    assert "was imported, replaced" in state.said


def test_an_import_that_somebody_else_overtook_is_refused_with_their_name(on_sqlite):
    data = agenda_file(3)
    on_sqlite.upload(data)
    job = on_sqlite.order(data)
    with on_sqlite.database.session() as db:
        acme = implementations.find(db, "acme")
        agenda.import_file(db, acme, agenda.read(agenda_file(2, "Other"), acme.time_zone), AuditContext("staff/kim"))
    on_sqlite.start()
    state = on_sqlite.ended(job)
    assert (state.state, on_sqlite.sessions()) == ("refused", 2)
    assert "was overtaken by a change of staff/kim" in state.said


def test_after_a_change_of_the_key_an_order_of_the_old_one_is_carried_out_while_that_is_accepted(on_sqlite):
    data = agenda_file(3)
    on_sqlite.upload(data)
    job = on_sqlite.order(data)
    on_sqlite.start(SESSION_STATUS_SECRET_KEY="n" * 40, SESSION_STATUS_SECRET_KEYS_OLD="k" * 40)
    assert on_sqlite.ended(job).state == "done"


def test_an_emptied_store_stops_the_job_and_stays_empty_of_it(on_sqlite):
    site, data = on_sqlite, agenda_file(4000)
    site.upload(data)
    site.start()
    job = site.order(data)
    site.running(job)
    empty_but_mark(site.redis, "development")
    assert eventually(lambda: "the store was emptied" in site.said(), seconds=SECONDS)
    assert (site.find(job), site.sessions()) == (None, 0)
    assert site.redis.keys("{jobs}:*") == []


def test_arguments_that_no_page_sends_are_refused_when_they_are_ordered(on_sqlite):
    for wrong in ({"upload": "x"}, {"dates": "guess"}, {"retire": 1}, {"as_of": -1}, {"as_of": "1"}, {"more": 1}):
        with pytest.raises(OrderRefused):
            on_sqlite.order(b"", **wrong)
    with pytest.raises(OrderRefused):
        on_sqlite.queue.order("os.system", "acme", ANN, {})


def test_small_files_are_for_the_request_and_large_ones_for_a_job():
    assert not takes_long(agenda_file(500))
    assert takes_long(agenda_file(9000))
    assert not takes_long(b"PK\x03\x04 no workbook")
