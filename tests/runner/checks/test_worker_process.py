"""The background worker as a process: it checks scripts with a warm jail, gives way to statuses, and does its jobs without a jail, too."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from redis import Redis

from records import SecretBox
from records.tenants import implementations
from runner.checks.script_checks import NO_WORKER, ChecksUnavailable, ScriptChecks
from runner.store.environment_mark import adopt
from runner.store.worker_heartbeat import BACKGROUND, CHECKS, workers_present
from runner.trials.fact_review import ImplementationFacts
from tests.support import ROOT
from tests.support.application import KEY
from tests.support.author_house import BROKEN, GOOD
from tests.support.eventually import eventually
from tests.support.records import new_records

pytestmark = pytest.mark.slow

FACTS = ImplementationFacts("acme", {}, frozenset(), ())
WORKER = (sys.executable, "-P", "-m", "worker", "background")
WEB_UNIT = ROOT / "docs" / "deployment" / "systemd" / "session-status-web@.service"


@pytest.fixture
def own_store(redis, valkey_url):
    """Another database of the store, which no worker of other tests serves."""
    with Redis.from_url(valkey_url, db=2) as store:
        adopt(store, "development")
        yield store


@pytest.fixture
def started(own_store, valkey_url, tmp_path):
    """Start a worker, below another command if one is given; it is killed at the end."""
    database = new_records(f"sqlite:///{tmp_path / 'records.db'}", environment="development")
    with database.session() as db:
        implementations.create(db, "acme", "Acme")
    database.dispose()
    env = os.environ | {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
        "SESSION_STATUS_SECRET_KEY": KEY,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'records.db'}",
        "REDIS_URL": f"{valkey_url}?db=2",
    }
    workers = []

    def start(*below):
        with (tmp_path / "worker.log").open("wb") as log:
            workers.append(subprocess.Popen([*below, *WORKER], env=env, stdout=log, stderr=log))
        there = eventually(lambda: workers_present(own_store, BACKGROUND), 60)
        said = (tmp_path / "worker.log").read_text()
        assert there, said
        return workers[-1], said

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()


def test_it_checks_gives_way_to_statuses_and_leaves_when_it_is_told_to(started, own_store):
    worker, said = started()
    assert "checks=yes" in said
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= 10
    (note,) = workers_present(own_store, CHECKS)
    assert (note.pid, note.places, note.jail["weak"]) == (worker.pid, 2, False)
    checks = ScriptChecks(own_store, SecretBox([KEY]))
    assert checks.review(GOOD, FACTS, by="acme/ann").ok
    assert not checks.review(BROKEN, FACTS, by="acme/ann").ok
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert workers_present(own_store, CHECKS) == ()
    with pytest.raises(ChecksUnavailable, match="no worker that checks scripts is running"):
        checks.review(GOOD, FACTS, by="acme/ann")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_where_its_jail_does_not_hold_it_checks_nothing_says_so_and_does_its_jobs(started, own_store):
    worker, said = started(sys.executable, "-m", "tests.support.unit_filter", str(WEB_UNIT))
    assert "no script can be checked by this worker" in said
    assert "checks=no" in said
    assert workers_present(own_store, CHECKS) == ()
    with pytest.raises(ChecksUnavailable) as refused:
        ScriptChecks(own_store, SecretBox([KEY])).review(GOOD, FACTS, by="acme/ann")
    assert str(refused.value) == NO_WORKER
    assert worker.poll() is None
