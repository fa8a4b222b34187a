"""`store empty`: after it nothing that the store held counts, the mark stays, and nothing but the store named is touched."""

import pytest

from records import Database, audit
from runner.logins import LoginStore, TokenRefused
from runner.logins.app_token_formats import fingerprint
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.environment_mark import KEY
from runner.store.mark_administration import mark_of, replace_mark
from runner.store.worker_heartbeat import WorkerHeartbeat
from sandbox import JailReport
from tests.support.people import visitor
from tests.web.cli.stores import PRODUCTION, keys, made_for


@pytest.fixture
def production(redis, valkey_url, tmp_path):
    """The environment of production, on a database and a store that were made for it."""
    replace_mark(valkey_url, "production")
    url = made_for(f"sqlite:///{tmp_path}/records.db", "production")
    own = {"DATABASE_URL": url, "REDIS_URL": valkey_url, "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "data")}
    return {**PRODUCTION, **own}


def noted(url):
    database = Database(url, environment="production")
    try:
        with database.reading() as db:
            return [entry.detail for entry in audit.recent(db) if entry.action == "store.emptied"]
    finally:
        database.dispose()


def test_tokens_of_before_are_of_no_use_the_mark_stays_and_an_audit_entry_says_so(cli, redis, production, valkey_url):
    tokens = LoginStore(redis).tokens
    access = fingerprint(tokens.issue(visitor()).access)
    assert tokens.holder(access)
    held = len(redis.keys()) - 1
    result = cli("store", "empty", env=production, stdin="y\n")
    assert result.exit_code == 0, result.output
    for goes in (
        f"contains {held} keys",
        "cached messages",
        "wait for a worker",
        "logins that have ended",
        "tokens of the app",
    ):
        assert goes in result.stdout
    assert keys(valkey_url) == [KEY.encode()]
    assert mark_of(valkey_url).environment == "production"
    with pytest.raises(TokenRefused):
        tokens.holder(access)
    (detail,) = noted(production["DATABASE_URL"])
    assert (detail["keys"], detail["workers"]) == (held, 0)


def test_without_a_yes_nothing_goes(cli, redis, production):
    redis.set("st:something", "x")
    assert cli("store", "empty", env=production, stdin="n\n").exit_code == 1
    assert redis.get("st:something") == b"x"
    assert noted(production["DATABASE_URL"]) == []


def test_while_a_worker_is_there_nothing_goes_unless_forced(cli, redis, production, valkey_url):
    worker = WorkerHeartbeat(redis, report=JailReport("x86_64", "Linux", "3.11"), places=1)
    worker.note(0)
    refused = cli("store", "empty", "--yes", env=production)
    assert (refused.exit_code, f"Workers are running: {worker.name}. Stop them first" in refused.stderr) == (2, True)
    assert redis.exists("st:workers")
    assert cli("store", "empty", "--yes", "--force", env=production).exit_code == 0
    assert keys(valkey_url) == [KEY.encode()]


def test_a_store_of_development_is_refused_in_production(cli, redis, production, valkey_url):
    replace_mark(valkey_url, "development")
    redis.set("st:something", "x")
    result = cli("store", "empty", "--yes", env=production)
    assert (result.exit_code, "made for development and this process runs in production" in result.stderr) == (2, True)
    assert redis.get("st:something") == b"x"


def test_what_cannot_be_noted_is_not_done(cli, redis, production, tmp_path):
    redis.set("st:something", "x")
    (tmp_path / "records.db").unlink()
    assert cli("store", "empty", "--yes", env=production).exit_code == 2
    assert redis.get("st:something") == b"x"


def test_the_password_and_the_number_of_the_address_count(cli, production):
    with EmbeddedStore() as own:
        asked = own.url.replace("unix://", "unix://:hunter22@") + "?db=3"
        neighbour = connect(own.url)
        neighbour.set("theirs", "x")
        neighbour.config_set("requirepass", "hunter22")
        for address in (asked, own.url.replace("unix://", "unix://:hunter22@")):
            with connect(address) as client:
                client.set("ours", "x")
        wrong = cli("store", "empty", "--yes", env=production | {"REDIS_URL": own.url})
        assert (wrong.exit_code, "The store was not emptied" in wrong.stderr) == (2, True)
        result = cli("store", "empty", "--yes", env=production | {"REDIS_URL": asked})
        assert (result.exit_code, "hunter22" in result.output) == (0, False), result.output
        with connect(asked) as client:
            assert client.keys() == [KEY.encode()]
        with connect(own.url.replace("unix://", "unix://:hunter22@")) as client:
            assert sorted(client.keys()) == [b"ours", b"theirs"]
