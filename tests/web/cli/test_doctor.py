"""`doctor`: healthy where it is, ill where it is not, and silent about secrets."""

import json
from contextlib import closing

import psycopg
import pytest

from records import Database
from runner.health.doctor_checks import JailCheckup, StoreCheckup, store_checkup
from runner.settings.operator_settings import Settings
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.memory import StoreMemory
from sandbox import JailReport
from sandbox.jail.report import objection
from tests.support.real_server import free_port
from tests.web.cli.stores import PRODUCTION
from web.cli.operate import doctor
from web.cli.operate.doctor_memory import MIB


def states(result):
    return {line["part"]: line["state"] for line in json.loads(result.stdout)["lines"]}


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without any of our settings, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_fresh_machine_is_healthy_and_nothing_but_a_folder_is_made(cli, bare):
    result = cli("doctor", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["healthy"] is True
    assert states(result)["jail"] == "ok"
    assert [path for path in bare.rglob("*") if path.is_file()] == []


def test_a_running_store_that_has_never_seen_a_worker_is_noted_in_development(cli, records):
    with EmbeddedStore() as store:
        result = cli("doctor", "--json", env={**records, "REDIS_URL": store.url})
    assert result.exit_code == 0
    assert states(result) | {"store": "ok", "workers": "note", "database": "ok"} == states(result)


@pytest.mark.parametrize(("ahead_s", "told"), [(-31, ["clock"]), (31, ["clock"]), (30, [])])
def test_clocks_that_differ_are_told_before_logins_are_refused_for_them(ahead_s, told):
    lines = doctor.answering_store(Settings(), StoreCheckup(server="Valkey 8", ahead_s=ahead_s))
    assert [line.part for line in lines if line.part == "clock"] == told


@pytest.mark.parametrize(
    ("memory", "state", "said"),
    [
        (StoreMemory(64 * MIB, 256 * MIB, bounded=True), "ok", "25% of 256 MiB used"),
        (StoreMemory(205 * MIB, 256 * MIB, bounded=True), "warn", "the oldest statuses go"),
        (StoreMemory(64 * MIB, 8192 * MIB, bounded=False), "warn", "maxmemory is not set"),
    ],
    ids=["with room", "full", "without a bound"],
)
def test_how_full_the_store_is_is_told_before_statuses_go(memory, state, said):
    lines = doctor.answering_store(Settings(), StoreCheckup(server="Valkey 8", memory=memory))
    (found,) = [line for line in lines if line.part == "memory"]
    assert found.state == state
    assert said in found.found


def test_the_clock_of_a_store_here_is_ours():
    with EmbeddedStore() as store:
        assert store_checkup(store.url).ahead_s in (-1, 0, 1)


def test_a_store_that_does_not_answer_fails_and_says_what_to_do(cli, records):
    result = cli("doctor", env={**records, "REDIS_URL": "unix:///nonexistent"})
    assert result.exit_code == 1
    assert "-> start the store" in result.stdout
    assert "A check failed" in result.stdout


@pytest.mark.parametrize(
    ("setting", "said", "todo"),
    [
        (("maxmemory", 1), "OOM command not allowed", "raise maxmemory"),
        (("min-replicas-to-write", 1), "NOREPLICAS Not enough", "start the replicas"),
        (("requirepass", "other"), "NOAUTH ", "password in REDIS_URL"),
    ],
    ids=["memory", "replicas", "password"],
)
def test_a_store_that_refuses_fails_in_its_own_words_with_advice(cli, records, setting, said, todo):
    with EmbeddedStore() as store, closing(connect(store.url)) as redis:
        redis.config_set(*setting)
        result = cli("doctor", "--json", env={**records, "REDIS_URL": store.url})
    lines = {line["part"]: line for line in json.loads(result.stdout)["lines"]}
    assert (result.exit_code, lines["store"]["state"]) == (1, "fail")
    assert "workers" not in lines, "they note themselves in the store, so nobody can know of them"
    assert said in lines["store"]["found"]
    assert todo in lines["store"]["todo"]


def test_a_wrong_password_of_the_store_is_called_that_and_not_shown(cli, records):
    with EmbeddedStore() as store, closing(connect(store.url)) as redis:
        redis.config_set("requirepass", "right-one")
        url = store.url.replace("unix://", "unix://:wrong-one@")
        result = cli("doctor", "--json", env={**records, "REDIS_URL": url})
    line = next(line for line in json.loads(result.stdout)["lines"] if line["part"] == "store")
    assert "WRONGPASS" in line["found"]
    assert line["todo"] == "correct the user name and the password in REDIS_URL"
    assert "wrong-one" not in result.stdout


def test_in_production_an_address_that_nobody_set_is_not_tried(cli, records, monkeypatch):
    monkeypatch.setattr(doctor, "jail", lambda _: iter(()))
    production = {**PRODUCTION, "DATABASE_URL": "sqlite:////nonexistent/x.db", "REDIS_URL": "unix:///nonexistent"}
    unset = states(cli("doctor", "--json", env=production))
    assert ("address" in unset, "store" in unset) == (False, True)
    assert "address" in states(
        cli("doctor", "--json", env={**production, "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{free_port()}"})
    )


@pytest.mark.postgres
def test_a_postgresql_is_shown_by_host_port_and_name(cli, records, postgres_database, postgres_url):
    result = cli("doctor", "--json", env={**records, "DATABASE_URL": postgres_url, "SESSION_STATUS_ENV": "production"})
    shown = Database(postgres_url).place
    assert (
        shown == f"PostgreSQL, host {postgres_database.query['host']}, port 5432, database {postgres_database.database}"
    )
    assert Database("postgresql://me:pa55@db.example:6000/x?sslmode=require").place == (
        "PostgreSQL, host db.example, port 6000, database x"
    )
    assert "psycopg" not in result.stdout


@pytest.mark.postgres
def test_a_postgresql_that_lets_nobody_in_is_not_called_down(cli, records, postgres_server):
    with closing(psycopg.connect(plain(postgres_server.url), autocommit=True)) as connection:
        connection.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    url = postgres_server.url.set(username="crowded").render_as_string(hide_password=False)
    result = cli("doctor", "--json", env={**records, "DATABASE_URL": url})
    line = next(line for line in json.loads(result.stdout)["lines"] if line["part"] == "database")
    assert "too many connections" in line["found"]
    assert "max_connections" in line["todo"]


def plain(url):
    """The address as psycopg takes it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_faulty_settings_fail_and_the_jail_is_tried_nevertheless(cli, bare):
    result = cli("doctor", "--json", env={"SESSION_STATUS_ENV": "production"})
    assert result.exit_code == 1
    assert (states(result)["settings"], states(result)["jail"]) == ("fail", "ok")


def test_no_secret_is_shown(cli, records):
    env = {**records, "REDIS_URL": "redis://u:hunter22@127.0.0.1:1/0"}
    result = cli("doctor", env=env)
    assert "hunter22" not in result.output
    assert "k" * 40 not in result.output
    assert "SESSION_STATUS_SECRET_KEY=(set)" in result.stdout


@pytest.mark.parametrize("weak", ["no", "yes"])
def test_a_jail_that_does_not_start_is_not_called_attacked_in_vain(cli, records, monkeypatch, weak):
    broken = JailReport(arch="x86_64", system="Linux", runtime="r", fault="no module named x")
    monkeypatch.setattr("runner.health.doctor_checks.examine", lambda config: (broken, objection(broken, config)))
    result = cli("doctor", "--json", env={**records, "SESSION_STATUS_SANDBOX_ALLOW_WEAK": weak})
    lines = {line["part"]: line for line in json.loads(result.stdout)["lines"]}
    assert (lines["jail"]["state"], "probes" in lines, result.exit_code) == ("fail", False, 1)
    assert "seccomp" not in lines["jail"]["found"]
    assert "no module named x" in lines["jail"]["todo"]


def test_seccomp_that_cannot_be_installed_is_told_as_off(cli, records, monkeypatch):
    report = JailReport(
        arch="x86_64",
        system="Linux",
        runtime="r",
        landlock=7,
        uid=64000,
        fault="seccomp cannot be installed: [Errno 22]",
    )
    monkeypatch.setattr("runner.health.doctor_checks.examine", lambda config: (report, objection(report, config)))
    result = cli("doctor", "--json", env=records)
    lines = {line["part"]: line for line in json.loads(result.stdout)["lines"]}
    assert "seccomp OFF, Landlock 7" in lines["jail"]["found"]
    assert "seccomp cannot be installed" in lines["jail"]["todo"]
    assert (lines["jail"]["state"], "probes" in lines) == ("fail", False)


@pytest.mark.parametrize(("weak", "state"), [("no", "fail"), ("yes", "warn")])
def test_a_probe_that_got_through_is_never_called_well(cli, records, monkeypatch, weak, state):
    leaky = JailCheckup("The jail does not hold", "seccomp OFF", "got through: fork", ("fork",))
    monkeypatch.setattr(doctor, "jail_checkup", lambda settings: leaky)
    result = cli("doctor", "--json", env={**records, "SESSION_STATUS_SANDBOX_ALLOW_WEAK": weak})
    assert (states(result)["jail"], states(result)["probes"], result.exit_code) == (state, state, state == "fail")
