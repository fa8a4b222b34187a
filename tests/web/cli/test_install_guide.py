"""The guide to an installation, followed to the letter: production's settings, an empty PostgreSQL, an empty store."""

import http.client
import json
import os
import re
import secrets
import signal
from contextlib import ExitStack, closing

import pytest

from runner.health.doctor_checks import store_checkup
from runner.settings.operator_settings import Settings
from runner.store.embedded import EmbeddedStore
from runner.store.mark_administration import replace_mark
from runner.store.worker_heartbeat import BACKGROUND, CHECKS, LAST, WorkerHeartbeat
from tests.support import ROOT, warm_start
from tests.support.eventually import eventually
from tests.support.running_up import free_ports
from web.cli.operate.doctor_workers import worker_lines

GUIDE = ROOT / "docs" / "operations.md"


def steps():
    """The commands of the guide, by the number of their step; those that units start are named by the units."""
    text = GUIDE.read_text().partition("\n## Install\n")[2].partition("\n## ")[0]
    items = re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |^Workers of both)", text, re.MULTILINE | re.DOTALL)
    return {
        int(number): re.findall(r"`session-status ([a-z ]+)`", item)
        + sorted(set(re.findall(r"session-status-([a-z]+)@\d", item)))
        for number, item in items
    }


@pytest.fixture
def production(empty_postgres_url, tmp_path):
    """What step 3 sets, and no more than that."""
    store = EmbeddedStore(tmp_path / "store")
    (port,) = free_ports(1)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SESSION_STATUS_")}
    yield {
        **kept,
        "SESSION_STATUS_PUBLIC_URL": "https://status.example.org",
        "SESSION_STATUS_SECRET_KEY": secrets.token_urlsafe(32),
        "DATABASE_URL": empty_postgres_url,
        "REDIS_URL": store.start(),
        # Tests share a machine, so this one cannot have port 8000, nor a folder beside the code.
        "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{port}",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "data"),
    }
    store.stop()


@pytest.fixture
def started(production, tmp_path):
    """Start a process, and stop it at the end."""
    with ExitStack() as stack:

        def start(command):
            log = stack.enter_context((tmp_path / f"{command}.log").open("wb"))
            named = ["worker", "--queue", "background"] if command == "background" else [command]
            process = warm_start.start("web.cli", *named, env=production, output=log)
            stack.callback(process.wait, 30)
            stack.callback(process.send_signal, signal.SIGTERM)
            return tmp_path / f"{command}.log"

        yield start


def run(command, env):
    done = warm_start.run("web.cli", *command.split(), env=env, timeout=100)
    return done.returncode, done.stdout + done.stderr


def ready(env):
    host, _, port = env["SESSION_STATUS_WEB_BIND"].partition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            return json.loads(connection.getresponse().read()).get("warnings") == []
        except OSError:
            return False


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(400)
def test_the_guide_leads_from_nothing_to_the_first_administrator(production, started):
    commands = steps()
    assert [commands[number] for number in (5, 6, 7, 9)] == [
        ["db upgrade", "doctor"],
        ["background", "web", "worker"],
        ["doctor"],
        ["administrator link"],
    ]
    before, said = run("doctor", production)
    assert (before, "the database has no tables yet" in said, "session-status db upgrade" in said) == (1, True, True)

    assert run(commands[5][0], production)[0] == 0
    status, said = run(commands[5][1], production)
    assert (status, "No check failed." in said) == (0, True), said
    assert re.search(r"note\s+workers\s+none has been started yet", said)

    logs = [started(command) for command in commands[6]]
    assert eventually(lambda: ready(production), 200), [log.read_text() for log in logs]
    assert all("environment=production" in log.read_text() for log in logs)
    status, said = run(*commands[7], production)
    assert (status, bool(re.search(r"ok\s+worker\s+\S+: 0 of 80 places taken", said))) == (0, True), said
    assert re.search(r"ok\s+background\s+\S+: 0 of 2 places taken", said), said
    assert re.search(r"ok\s+checks\s+\S+: 0 of 2 places taken", said), said
    status, said = run(*commands[9], production)
    assert (status, "https://status.example.org/console/first/" in said) == (0, True), said


def test_once_a_worker_was_there_having_none_fails(cli, redis, valkey_url, tmp_path):
    replace_mark(valkey_url, "production")
    redis.set(LAST, "host.1.abc at 2026-05-04 13:00 UTC")
    env = {
        "SESSION_STATUS_PUBLIC_URL": "https://status.example.org",
        "SESSION_STATUS_SECRET_KEY": secrets.token_urlsafe(32),
        "DATABASE_URL": f"sqlite:///{tmp_path}/records.db",
        "REDIS_URL": valkey_url,
        "SESSION_STATUS_ENV": "production",
    }
    assert cli("db", "upgrade", env={**env, "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}).exit_code == 0
    result = cli("doctor", "--json", env=env)
    found = {line["part"]: line for line in json.loads(result.stdout)["lines"]}
    assert (result.exit_code, found["workers"]["state"]) == (1, "fail")
    assert found["workers"]["found"] == "none is running; the last one was host.1.abc at 2026-05-04 13:00 UTC"
    assert found["background"]["state"] == "note", "none was ever started"


def test_a_background_worker_that_is_gone_is_a_warning_and_no_failure(redis):
    WorkerHeartbeat(redis, places=2, queue=BACKGROUND).note(1)
    (there, unchecked) = store_checkup_lines(redis)
    assert (there.state, there.found.partition(": ")[2]) == ("ok", "1 of 2 places taken")
    assert (unchecked.state, "no script can be checked" in unchecked.found) == ("warn", True)
    WorkerHeartbeat(redis, places=2, queue=CHECKS).note(0)
    assert [line.state for line in store_checkup_lines(redis)] == ["ok", "ok"]
    redis.delete(*redis.keys("st:check-workers:*.*"))
    redis.delete(*redis.keys("st:background-workers:*.*"))
    (gone,) = store_checkup_lines(redis)
    assert (gone.state, gone.todo) == ("warn", "session-status worker --queue background")
    assert "no script can be checked, and notices, mails and imports of large agenda files wait" in gone.found


def store_checkup_lines(redis):
    url = f"unix://{redis.connection_pool.connection_kwargs['path']}"
    found = store_checkup(url)
    return [line for line in worker_lines(Settings(), found) if line.part in ("background", "checks")]
