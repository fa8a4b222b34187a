"""A store that can be reached and says that it cannot serve now is lost: for workers, for requests, and for the log."""

import logging
import threading

import pytest
from redis.exceptions import ResponseError

from runner.health.outages import OutageLog
from runner.logins.ended_logins import EndedLoginCheck
from runner.settings.operator_settings import Settings
from runner.status.cache import StatusCache
from runner.status.service import StatusRequest
from runner.store.clients import connect, connect_brief, connect_queue
from runner.store.embedded import EmbeddedStore
from runner.store.error_replies import REFUSALS, REMEDIES, StoreRefuses, refusal_of
from tests.runner.conftest import House, WorkerProcess
from tests.support.eventually import eventually

NO_REPLICAS = "NOREPLICAS Not enough good replicas to write."


@pytest.fixture
def store(tmp_path):
    with EmbeddedStore(tmp_path / "store") as store:
        yield store


@pytest.fixture
def redis_of(store):
    """A client of this store, which is marked."""
    redis = connect(store.url, environment="development")
    redis.ping()
    yield redis
    redis.config_set("save", "")  # a store that fails to save does not end when it is asked to
    redis.close()


def fail_to_save(redis, folder):
    """Let the store try to save what it cannot, as on a disk that is full or read-only; a mode would not keep root out."""
    (folder / "dump.rdb").mkdir()
    redis.config_set("save", "3600 1")
    redis.bgsave()
    assert eventually(lambda: redis.info("persistence")["rdb_last_bgsave_status"] == "err")


@pytest.mark.parametrize("make", [connect, connect_brief, connect_queue])
def test_every_client_tells_of_a_store_that_needs_replicas_and_the_log_quotes_the_server(
    redis_of, store, tmp_path, make, caplog
):
    settings = Settings(environment="development", redis_url=store.url, database_url=f"sqlite:///{tmp_path}/x.db")
    outages = OutageLog.open(settings)
    outages._look_s = 0.02
    client = make(store.url, environment="development", watch=outages)
    redis_of.config_set("min-replicas-to-write", 1)
    caplog.set_level(logging.WARNING)
    with pytest.raises(StoreRefuses) as caught:
        client.set("a", "word of a login")
    pipeline = client.pipeline()
    pipeline.set("a", "word of a login")
    with pytest.raises(StoreRefuses):
        pipeline.execute()
    assert (caught.value.kind, str(caught.value)) == ("replicas", NO_REPLICAS)
    assert f"error=StoreRefuses: {NO_REPLICAS}" in caplog.text
    threading.Event().wait(0.1)
    assert ("answers again" in caplog.text, "word of a login" in caplog.text) == (False, False)
    assert not outages.store_is_away(), "it answers what it can"
    redis_of.config_set("min-replicas-to-write", 0)
    assert eventually(lambda: "answers again" in caplog.text)
    outages.close()
    client.close()


@pytest.mark.parametrize(
    "login_check", [None, EndedLoginCheck(("ended:{x}", "ended:{all}"), 0)], ids=["alone", "beside"]
)
def test_a_good_entry_is_not_called_unreadable_by_a_store_that_failed_to_save(redis_of, store, caplog, login_check):
    cache = StatusCache(redis_of)
    key = cache.key("acme", "ann", "s1", "edition")
    cache.claim(key, "t1", login_check=login_check)
    cache.free(key, "t1")
    fail_to_save(redis_of, store.folder)
    with pytest.raises(StoreRefuses, match="MISCONF ") as caught:
        cache.claim(key, "t2", login_check=login_check)
    assert caught.value.kind == "disk"
    assert "unreadable" not in caplog.text
    assert redis_of.exists(key)


def test_a_script_that_the_store_forgot_is_sent_again_beside_the_values(redis_of):
    cache = StatusCache(redis_of)
    redis_of.script_flush()
    login_check = EndedLoginCheck(("ended:{x}", "ended:{all}"), 0)
    assert cache.claim(cache.key("acme", "ann", "s1", "e"), "t1", login_check=login_check).mine


@pytest.mark.parametrize("code", REFUSALS)
def test_each_code_is_read_where_servers_and_pipelines_put_it_and_has_advice(code):
    for text in (
        f"{code} sorry",
        f"Command # 1 (SET login secret) of pipeline caused error: {code} sorry",
        f"ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -{code} sorry",
    ):
        found = refusal_of(ResponseError(text))
        assert (found.kind, "secret" in str(found)) == (REFUSALS[code], False)
    assert REMEDIES[REFUSALS[code]]


@pytest.mark.parametrize("text", ["WRONGTYPE Operation against a key", "ERR unknown command 'MISCONF'", "NOSCRIPT No."])
def test_what_is_wrong_with_a_command_is_no_outage(text):
    assert refusal_of(ResponseError(text)) is None


def refused(redis):
    """How often the store has said that it lacks replicas."""
    return int(redis.info("errorstats").get("errorstat_NOREPLICAS", {}).get("count", 0))


def test_a_worker_outlives_a_store_that_takes_no_writes_and_works_on(redis_of, store, tmp_path, sandbox, blank):
    (tmp_path / "data").mkdir()
    house = House(tmp_path / "data", store.url, sandbox, blank)
    house.add()
    worker = WorkerProcess(house, tmp_path / "worker.log")
    try:
        worker.await_ready(redis_of)
        redis_of.config_set("min-replicas-to-write", 1)
        assert eventually(lambda: refused(redis_of) >= 8, seconds=30), worker.log.read_text()
        redis_of.config_set("min-replicas-to-write", 0)
        worker.await_ready(redis_of)
        assert eventually(lambda: house.service.ask(StatusRequest("acme", "ann", "s1"), wait_s=0.8).state == "ready")
        redis_of.config_set("min-replicas-to-write", 1)
        assert worker.stop() == 0, "it also ends in order"
    finally:
        worker.stop()
        house.close()
    told = worker.log.read_text()
    assert (told.count("does not answer"), "Traceback" in told, "unhandled" in told) == (1, False, False), told
