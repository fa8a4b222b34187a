"""What starts in production: nothing with a store, a database or settings for development; all faults are reported together."""

import json
import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from records import Database, SecretBox, audit
from records.maintenance import development_stand_ins
from records.maintenance.development_stand_ins import UP
from records.tenants import implementations
from runner.settings.operator_settings import Settings
from runner.store.mark_administration import mark_of, replace_mark
from tests.support import warm_start
from tests.support.application import small_keys
from tests.web.cli.stores import KEY, PRODUCTION, content, keys, made_for
from web.cli.local import up as up_command
from web.cli.local.programs import Ports
from web.cli.operate import servers
from web.demo import identity_setup
from web.demo.agenda import LINK_HOSTS
from web.demo.seed import seed
from web.demo.vendor_keys import vendor_keys
from web.devidp.identity import FOLDER, identity

PORTS = Ports(18000, 18001, 18002)
#: What the demo leaves in a database: each has to be named by whatever refuses it.
TOLD = (
    "the identity provider of demo is that of development, at which anybody can log in as anybody",
    "the identity provider of staff is that of development, at which anybody can log in as anybody",
    "the connection ethosce of demo is marked as development and has a base_url without TLS (http://127.0.0.1:18001)",
    "the connection cvent of demo is marked as development",
    "makes gokonkwo administrator, and was given by `session-status up`",
    "makes isolberg reviewer",
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path}/records.db"


@pytest.fixture
def production(redis, valkey_url, address, tmp_path):
    """The environment of production, on a database and a store that were made for it."""
    replace_mark(valkey_url, "production")
    made_for(address, "production", "aha26")
    own = {"DATABASE_URL": address, "REDIS_URL": valkey_url, "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "data")}
    return {**PRODUCTION, **own}


@pytest.fixture
def with_demo(production, address, tmp_path):
    """The same, with the demo in it, as `up` left it there before it knew whose stores they were."""
    database, box = Database(address), SecretBox([KEY])
    with small_keys(), database.session() as db:
        made = seed(db, box, vendor_keys(tmp_path / "demo"), vendor_url=PORTS.demo_url, now=datetime.now(UTC))
        identity_setup.connect_all(db, box, made, identity(tmp_path / FOLDER, PORTS.idp_url))
    database.dispose()
    return production


def run(*words, env):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SESSION_STATUS_", "DATABASE_URL", "REDIS_URL"))
    }
    done = warm_start.run(*words, env={**kept, **env})
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [("web.cli", "web"), ("worker",)])
@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_production_with_the_demo_in_its_records_does_not_start_and_names_all_of_it(with_demo, words):
    status, said = run(*words, env=with_demo)
    assert status == 2
    assert [text for text in TOLD if text not in said] == []
    assert "session-status saml remove staff" in said
    assert "session-status implementation archive demo" in said
    assert "archive staff" not in said


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_the_command_line_saves_no_connection_in_production_with_which_it_would_not_start(cli, production):
    tries = [
        ("add", "aha26", "a", "--base-url", "https://cme.example.org", "--auth", "none", "--development"),
        ("add", "aha26", "b", "--base-url", "http://127.0.0.1:8001", "--auth", "none"),
        ("add", "aha26", "c", "--base-url", "https://localhost", "--auth", "none"),
        ("add", "aha26", "d", "--base-url", "https://10.1.2.3", "--auth", "none"),
        ("set", "aha26", "good", "--development"),
        ("set", "aha26", "good", "--base-url", "https://[::1]"),
    ]
    good = ("connection", "add", "aha26", "good", "--base-url", "https://cme.example.org", "--auth", "none")
    assert cli(*good, env=production).exit_code == 0
    for words in tries:
        assert cli("connection", *words, env=production).exit_code == 2, words
    database = Database(production["DATABASE_URL"])
    with database.reading() as db:
        assert development_stand_ins.every(db) == []
    database.dispose()


def test_doctor_fails_on_each_stand_in_and_says_what_to_do(cli, with_demo):
    result = cli("doctor", "--json", env=with_demo)
    assert result.exit_code == 1
    found = [line for line in json.loads(result.stdout)["lines"] if line["part"] == "stand-in"]
    assert {line["state"] for line in found} == {"fail"}
    assert [text for text in TOLD if not any(text in line["found"] for line in found)] == []
    assert all(line["todo"] for line in found)


def test_the_way_out_that_is_told_leads_out(cli, with_demo, monkeypatch):
    served = []
    monkeypatch.setattr(servers, "serve", served.append)
    assert cli("implementation", "archive", "demo", env=with_demo).exit_code == 0
    assert cli("saml", "remove", "staff", "--yes", env=with_demo).exit_code == 0
    for grant in json.loads(cli("role", "list", "staff", "--json", env=with_demo).stdout):
        assert cli("role", "revoke", "staff", grant["id"], env=with_demo).exit_code == 0
    assert cli("web", env=with_demo).exit_code == 0
    assert len(served) == 1
    assert cli("implementation", "remove", "demo", "--yes", env=with_demo).exit_code == 0
    assert "staff" in cli("implementation", "list", env=with_demo).stdout
    assert cli("audit", "verify", env=with_demo).exit_code == 0


@pytest.fixture(params=["production", "development"])
def strange(request, redis, valkey_url, tmp_path):
    """The environment of a process, and the other one, for which its database and its store were made."""
    mine, other = request.param, {"production": "development", "development": "production"}[request.param]
    url = made_for(f"sqlite:///{tmp_path}/records.db", other, "aha26")
    replace_mark(valkey_url, other)
    before = content(url), keys(valkey_url)
    own = {"DATABASE_URL": url, "REDIS_URL": valkey_url, "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "data")}
    yield SimpleNamespace(mine=mine, other=other, env={**PRODUCTION, "SESSION_STATUS_ENV": mine, **own})
    assert (content(url), keys(valkey_url)) == before


def is_refused(strange, status, said):
    return (
        status == 2
        and f"DATABASE_URL: the database was made for {strange.other}, and this process runs in {strange.mine}" in said
        and f"REDIS_URL: the store was made for {strange.other} and this process runs in {strange.mine}" in said
    )


def test_web_and_worker_refuse_stores_of_the_other_environment(strange):
    words = {"production": ("web.cli", "web"), "development": ("worker",)}[strange.mine]
    status, said = run(*words, env=strange.env)
    assert is_refused(strange, status, said), said


@pytest.mark.parametrize(
    "words",
    [
        ("web",),
        ("worker",),
        ("role", "list", "aha26"),
        ("administrator", "link"),
        ("implementation", "add", "x", "--name", "X"),
        ("implementation", "archive", "aha26"),
        ("connection", "reseal"),
        ("audit", "verify"),
        ("saml", "refresh"),
        ("status", "get", "aha26", "S-1", "--user", "1"),
    ],
)
def test_no_command_works_on_stores_of_the_other_environment(cli, strange, words):
    result = cli(*words, env=strange.env)
    assert is_refused(strange, result.exit_code, result.stderr), result.output


def test_an_upgrade_refuses_a_database_of_the_other_environment(cli, strange):
    result = cli("db", "upgrade", env=strange.env)
    assert (result.exit_code, "Correct DATABASE_URL or SESSION_STATUS_ENV" in result.stderr) == (2, True)


def test_doctor_fails_on_stores_of_the_other_environment(cli, production):
    result = cli("doctor", env={**production, "SESSION_STATUS_ENV": "development"})
    assert result.exit_code == 1
    assert "the database was made for production, and this process runs in development" in result.stdout
    assert "it was made for production" in result.stdout


#: What a start does that is so much later that the agenda has moved.
MOVED = ["agenda.imported", "attendance.anchored", "attendance.scan_voided"]


def test_up_leaves_an_audit_entry_for_all_that_it_makes_and_none_for_what_is_there(tmp_path, redis, valkey_url):
    env = {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
        "REDIS_URL": valkey_url,
    }
    settings = Settings.from_environment(env)
    now = datetime.now(UTC)
    up_command.prepare(settings, PORTS, now, allow_weak=False)
    database = Database(settings.database_url, environment="development")
    with database.reading() as db:
        entries = audit.recent(db, limit=1000)
        assert audit.verify(db).ok
        assert implementations.find(db, "demo")
    assert {entry.actor for entry in entries} == {UP}
    done = [(entry.implementation, entry.action, entry.target) for entry in entries]
    for wanted in (
        ("demo", "implementation.added", "demo"),
        ("demo", "connection.saved", "ethosce"),
        ("demo", "agenda.imported", ""),
        ("demo", "script.activated", "version 1"),
        ("staff", "saml.saved", "urn:session-status:development-identity-provider"),
        ("staff", "grant.added", "the username “gokonkwo”"),
    ):
        assert wanted in done
    for later, expected in ((0, []), (3, MOVED)):
        with database.reading() as db:
            before = len(audit.recent(db, limit=1000))
        up_command.prepare(settings, PORTS, now + timedelta(hours=later), allow_weak=False)
        with database.reading() as db:
            assert sorted({one.action for one in audit.recent(db, limit=1000)[:-before]}) == expected
    database.dispose()


def test_the_demo_allows_the_links_of_the_guides_and_keeps_those_that_a_developer_added(tmp_path):
    env = {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    settings = Settings.from_environment(env)
    database = Database(settings.database_url, environment="development")
    database.upgrade(own=True)
    keys = vendor_keys(tmp_path / "demo")
    for _ in range(2):
        with database.session() as db:
            demo = seed(db, SecretBox(settings.keys), keys, vendor_url=PORTS.demo_url, now=datetime.now(UTC))
            assert set(LINK_HOSTS) <= set(demo.link_hosts)
            implementations.update(db, demo, link_hosts=["mine.example.org"])
    with database.session() as db:
        demo = seed(db, SecretBox(settings.keys), keys, vendor_url=PORTS.demo_url, now=datetime.now(UTC))
        assert demo.link_hosts == sorted({"mine.example.org", *LINK_HOSTS})
    database.dispose()


def test_a_mark_is_changed_by_who_says_the_same_twice_and_an_entry_notes_it(cli, production, address, valkey_url):
    development = {**production, "SESSION_STATUS_ENV": "development"}
    for words in (("db", "mark", "development"), ("store", "mark", "development")):
        assert "SESSION_STATUS_ENV is production, but the argument is development" in cli(*words, env=production).stderr
    assert cli("store", "mark", "development", "--yes", env=development).exit_code == 2  # the database comes first
    assert cli("db", "mark", "development", env=development, stdin="n\n").exit_code == 1
    assert cli("role", "list", "aha26", env=development).exit_code == 2
    told = cli("db", "mark", "development", env=development, stdin="y\n").stdout
    assert "It was made for production and contains aha26" in told
    assert cli("store", "mark", "development", "--yes", env=development).exit_code == 0
    assert mark_of(valkey_url).environment == "development"
    assert cli("role", "list", "aha26", env=development).exit_code == 0
    assert cli("role", "list", "aha26", env=production).exit_code == 2
    entries = json.loads(cli("audit", "list", "--json", env=development).stdout)
    assert [(one["action"], one["target"], one["detail"]["was"]) for one in entries] == [
        ("store.marked", "development", "production"),
        ("database.marked", "development", "production"),
    ]
    assert cli("audit", "verify", env=development).exit_code == 0
