"""`up` in front of stores that are not its own: refused before anything is written or started, whatever led it there."""

import os
import signal
from datetime import UTC, datetime

import pytest

from records import Database
from records.maintenance import database_inspection
from records.storage import environment_mark
from runner.settings.operator_settings import Settings
from runner.store.embedded import EmbeddedStore, answers
from runner.store.mark_administration import replace_mark
from tests.support.running_up import start_up
from tests.web.cli.stores import FILE, PRODUCTION, content, keys, made_for, of_earlier_release
from web.cli.common.errors import CommandFailed
from web.cli.local import local_setup
from web.cli.local import up as up_command
from web.cli.local.programs import Ports
from web.cli.local.store_ownership import require_own_stores

PORTS = Ports(18000, 18001, 18002)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request, tmp_path):
    """The address of a database with this release's tables, or of one that is not there yet."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path}/elsewhere.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bare_address(request, tmp_path):
    """The address of a database without any table."""
    if request.param == "postgres":
        return request.getfixturevalue("empty_postgres_url")
    return f"sqlite:///{tmp_path}/elsewhere.db"


@pytest.fixture
def store(redis, valkey_url):
    """Mark the store, or leave it without a mark ("") and with or without a key."""

    def make(mark, *, used=True):
        redis.flushall()
        if used:
            redis.set("login", "somebody's")
        if mark:
            replace_mark(valkey_url, mark)
        return valkey_url

    return make


@pytest.fixture
def up(cli, monkeypatch, tmp_path):
    """Run `up` as far as the start of its processes; nothing but a refusal may come of it, and no file."""
    monkeypatch.chdir(tmp_path)
    started = []
    monkeypatch.setattr(up_command, "supervise", lambda *_: started.append("supervise"))

    def run(env, *options):
        folder = tmp_path / "data"
        before = sorted(folder.rglob("*"))
        result = cli("up", *options, env={"SESSION_STATUS_DATA_FOLDER": str(folder), **env})
        assert started == []
        files = [path for path in sorted(folder.rglob("*")) if not path.name.endswith(("-wal", "-shm"))]
        assert files == [path for path in before if not path.name.endswith(("-wal", "-shm"))]
        assert result.exit_code == 2, result.output
        return result.stderr

    return run


@pytest.mark.parametrize("environment", [{}, {"SESSION_STATUS_ENV": "development"}, FILE], ids=["none", "hand", "file"])
def test_production_addresses_are_refused_and_stay_as_they_were(up, address, store, environment):
    made_for(address, "production", "aha26")
    redis_url = store("production")
    before = content(address), keys(redis_url)
    said = up({"DATABASE_URL": address, "REDIS_URL": redis_url, **environment})
    assert "was made for production; it contains aha26" in said
    assert "The store that REDIS_URL names was made for production" in said
    assert "Unset DATABASE_URL and REDIS_URL" in said
    assert (content(address), keys(redis_url)) == before


def test_a_production_database_alone_is_refused(up, address):
    made_for(address, "production")
    before = content(address)
    assert "was made for production; it contains no implementation" in up({"DATABASE_URL": address})
    assert content(address) == before


def test_as_a_process_it_ends_at_once_and_leaves_nothing_behind(tmp_path, address, store):
    made_for(address, "production", "aha26")
    redis_url = store("production")
    before = content(address), keys(redis_url)
    refused = start_up(tmp_path / "up", env={"DATABASE_URL": address, "REDIS_URL": redis_url})
    try:
        assert refused.process.wait(30) == 2, refused.output()
        assert "Nothing was written or started" in refused.output()
        assert sorted(path.name for path in refused.folder.iterdir()) == ["up.out"]
        assert (content(address), keys(redis_url)) == before
        assert refused.gone(5)
    finally:
        for pid in refused.family():
            os.kill(pid, signal.SIGKILL)
        refused.process.wait()


@pytest.mark.parametrize(
    ("mark", "used", "told"),
    [
        ("production", True, "was made for production"),
        ("", True, "has no mark, so it counts as production"),
        ("", False, "is empty, and `up` fills only its own store"),
    ],
)
def test_a_store_alone_that_is_not_for_development_is_refused(up, store, mark, used, told):
    redis_url = store(mark, used=used)
    before = keys(redis_url)
    assert told in up({"REDIS_URL": redis_url})
    assert keys(redis_url) == before


@pytest.mark.parametrize(("records_for", "store_for"), [("production", "development"), ("development", "production")])
def test_when_one_of_the_two_is_for_development_the_other_is_refused_still(up, tmp_path, store, records_for, store_for):
    url = made_for(f"sqlite:///{tmp_path}/elsewhere.db", records_for)
    redis_url = store(store_for)
    before = content(url), keys(redis_url)
    said = up({"DATABASE_URL": url, "REDIS_URL": redis_url})
    assert ("DATABASE_URL names (" in said, "REDIS_URL names was" in said) == (
        records_for == "production",
        store_for == "production",
    )
    assert (content(url), keys(redis_url)) == before


def test_an_empty_database_of_somebody_is_refused_and_stays_empty(up, bare_address):
    before = content(bare_address)
    said = up({"DATABASE_URL": bare_address})
    assert "is empty, and `up` creates tables only in its own database" in said
    assert "SESSION_STATUS_ENV=development session-status db upgrade" in said
    assert content(bare_address) == before


@pytest.mark.parametrize("demo", [False, True])
def test_a_database_of_an_earlier_release_counts_as_production_even_with_a_demo_in_it(up, bare_address, demo):
    of_earlier_release(bare_address, "aha26", demo=demo)
    before = content(bare_address)
    assert "has no mark, so it counts as production; it contains aha26" in up({"DATABASE_URL": bare_address})
    assert content(bare_address) == before


def test_a_data_folder_that_production_uses_is_refused(up, tmp_path):
    (tmp_path / "data").mkdir()
    url = made_for(f"sqlite:///{tmp_path}/data/session-status.db", "production", "aha26")
    before = content(url)
    assert "The database in the data folder" in up({})
    assert content(url) == before


def test_a_data_folder_that_production_used_before_there_were_marks_is_refused(up, tmp_path):
    (tmp_path / "data").mkdir()
    url = of_earlier_release(f"sqlite:///{tmp_path}/data/session-status.db", "aha26")
    before = content(url)
    assert "counts as production; it contains aha26. Choose another --data-folder" in up({})
    assert content(url) == before


@pytest.mark.parametrize(
    "env",
    [
        {"DATABASE_URL": "postgresql://u:hunter22@127.0.0.1:1/records"},
        {"REDIS_URL": "redis://u:hunter22@127.0.0.1:1/0"},
    ],
)
def test_what_cannot_be_asked_is_refused_without_its_password(up, env):
    said = up(env)
    assert "cannot be checked" in said
    assert "hunter22" not in said


def test_stores_that_were_made_for_development_are_taken(address, store):
    made_for(address, None)
    mark(address, "development")
    redis_url = store("development")
    require_own_stores(Settings.from_environment(development(address, redis_url), make=False))


def test_a_mark_that_changes_between_the_look_and_the_start_stops_the_seeding(tmp_path):
    (tmp_path / "data").mkdir()
    settings = Settings.from_environment(
        {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    )
    made_for(settings.database_url, "development")
    require_own_stores(settings)
    mark(settings.database_url, "production")
    before = content(settings.database_url)
    with pytest.raises(CommandFailed, match="was made for production, and this process runs in development"):
        up_command.prepare(settings, PORTS, datetime.now(UTC), allow_weak=False)
    assert content(settings.database_url) == before


@pytest.mark.parametrize("slugs", [(), ("other",)])
def test_the_folder_of_an_up_of_an_earlier_release_stays_its_own(tmp_path, slugs):
    settings = Settings.from_environment(
        {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    )
    of_earlier_release(settings.database_url, *slugs, demo=bool(slugs))
    require_own_stores(settings)
    database = Database(settings.database_url, environment="development")
    database.upgrade(own=True)
    database.dispose()
    assert database_inspection.look(settings.database_url).mark == "development"


def test_a_store_in_the_data_folder_that_was_marked_for_production_is_refused_and_stopped(tmp_path):
    env = {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    settings = Settings.from_environment(env)
    with EmbeddedStore(tmp_path / "store") as own:
        replace_mark(own.url, "production")
    with pytest.raises(CommandFailed, match="was made for production"), local_setup.store(settings):
        pytest.fail("it was let in")
    assert not answers(tmp_path / "store" / "store.sock")


def test_production_settings_say_so_before_any_store_is_asked(cli, tmp_path):
    env = {**PRODUCTION, "DATABASE_URL": "sqlite:////nowhere/x.db", "REDIS_URL": "redis://127.0.0.1:1/0"}
    said = cli("up", env=env).stderr
    assert "`up` is for development" in said
    assert "cannot be checked" not in said


def development(database_url, redis_url):
    return {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_SECRET_KEY": "k" * 40,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
    }


def mark(url, environment):
    database = Database(url)
    with database.session() as db:
        environment_mark.change(db, environment)
    database.dispose()
