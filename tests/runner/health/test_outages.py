"""The log of an outage: one line when it begins, now and then one while it lasts, one when it is over, and one reference."""

import logging
import re
import signal
import threading
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

from records import Database, DatabaseUnavailable
from runner.health.outages import DATABASE, STORE, OutageLog
from runner.logins import LoginStore, StoreAway
from runner.settings.operator_settings import Settings
from runner.status.no_run_answer import UnavailableStatuses
from runner.status.ttl_cache import TtlCache
from runner.store.clients import connect, connect_brief
from runner.store.embedded import EmbeddedStore
from tests.support.eventually import eventually
from tests.support.records import new_records

pytestmark = pytest.mark.slow

SOON = {"look_s": 0.02, "remind_s": 0.1}


class Part:
    """A part that is away until it is let back."""

    def __init__(self):
        self.there = threading.Event()

    def __call__(self):
        if not self.there.is_set():
            raise ConnectionError("still nobody\nthere, not even for hunter2")


@pytest.fixture
def part():
    return Part()


@pytest.fixture
def outages(part, caplog):
    caplog.set_level(logging.WARNING)
    found = OutageLog({STORE: part, DATABASE: part}, hidden=("hunter2",), **SOON)
    before = set(threading.enumerate())
    yield found
    found.close()
    assert eventually(lambda: set(threading.enumerate()) <= before), "it would go on into the log of the next test"


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "runner.health.outages"]


def test_twenty_thousand_failures_are_one_line_with_class_and_text_and_one_reference(outages, caplog):
    for number in range(20_000):
        outages.store_lost(ConnectionError(f"no. {number}"))
    first, *others = lines(caplog)
    reference = outages.reference(STORE, StoreAway("ConnectionError"))
    assert re.fullmatch(r"the store does not answer ref=[0-9a-f]{8} error=ConnectionError: no\. 0", first)
    assert all("still does not answer" in line for line in others)
    assert f"ref={reference} " in first


def test_an_outage_is_told_again_while_it_lasts_and_when_it_is_over(outages, part, caplog):
    outages.store_lost(ConnectionError("gone"))
    assert eventually(lambda: len(lines(caplog)) >= 3)
    part.there.set()
    assert eventually(lambda: "answers again" in lines(caplog)[-1])
    begins, *lasts, ends = lines(caplog)
    reference = re.search("ref=([0-9a-f]{8})", begins)[1]
    assert all(
        f"the store still does not answer ref={reference} for=0s failed=1 refused=0 error=" in line for line in lasts
    )
    assert all("ConnectionError: still nobody there" in line for line in lasts), "on one line"
    assert ends == f"the store answers again ref={reference} after=0s failed=1 refused=0"


def test_passwords_of_addresses_are_in_no_line(outages, caplog):
    outages.database_lost(DatabaseUnavailable("no password=hunter2"))
    assert eventually(lambda: len(lines(caplog)) >= 2)
    assert "hunter2" not in caplog.text


def test_the_next_outage_has_another_reference_and_both_parts_have_their_own(outages, part, caplog):
    outages.store_lost(ConnectionError("one"))
    part.there.set()
    assert eventually(lambda: "answers again" in lines(caplog)[-1])
    part.there.clear()
    outages.store_lost(ConnectionError("two"))
    outages.database_lost(DatabaseUnavailable("three"))
    begun = re.findall(r"the (\w+) does not answer ref=([0-9a-f]{8})", caplog.text)
    assert [part for part, _ in begun] == ["store", "store", "database"]
    assert len({reference for _, reference in begun}) == 3


def test_an_error_that_no_client_has_told_of_is_not_lost(outages, caplog):
    away = StoreAway("ResponseError")
    away.__cause__ = ValueError("WRONGTYPE")
    reference = outages.reference(STORE, away)
    assert lines(caplog)[0] == f"the store does not answer ref={reference} error=ValueError: WRONGTYPE"


def test_it_is_not_over_while_somebody_still_fails(part, caplog):
    """A store that answers slowly answers a patient probe, and not those who cannot wait."""
    part.there.set()
    outages = OutageLog({STORE: part}, look_s=0.3)
    for _ in range(100):
        outages.store_lost(ConnectionError("slow"))
        threading.Event().wait(0.01)
    assert len(lines(caplog)) == 1
    assert eventually(lambda: "answers again" in lines(caplog)[-1])
    outages.close()


@pytest.mark.parametrize("make", [connect, connect_brief])
def test_a_client_of_a_stopped_store_tells_each_failed_command_once_and_none_when_it_is_back(tmp_path, make):
    told, away = [], threading.Event()
    watch = SimpleNamespace(store_lost=lambda error, **_: told.append(error), store_is_away=away.is_set)
    store = EmbeddedStore(tmp_path / "store")
    redis = make(store.start(), environment="development", watch=watch)
    try:
        redis.set("a", 1)
        with pytest.raises(Exception, match=r"no such command|unknown command"):
            redis.execute_command("NONSENSE")
        assert told == [], "another error is not an outage"
        store.stop()
        with pytest.raises(Exception, match=r"No such file|closed by server"):
            redis.get("a")
        assert {type(error).__name__ for error in told} == {"ConnectionError"}
        told.clear()
        store.start()
        away.set()
        with pytest.raises(Exception, match=r"did not answer just now"):
            redis.get("a")
        assert told == [], "nothing was asked"
        away.clear()
        assert (redis.get("a"), told) == (b"1", [])
    finally:
        redis.close()
        store.stop()


def test_the_log_of_the_settings_sees_a_real_store_and_a_real_database_come_back(tmp_path, caplog):
    """One that takes no writes is away, too."""
    caplog.set_level(logging.WARNING)
    url = f"sqlite:///{tmp_path}/records.db"
    new_records(url, environment="development").dispose()
    with EmbeddedStore() as store:
        settings = Settings(environment="development", redis_url=store.url, database_url=url)
        outages = OutageLog.open(settings)
        outages._look_s = 0.05
        redis = connect(store.url, environment="development", watch=outages)
        redis.config_set("maxmemory", "1")
        logins = LoginStore(redis)
        with pytest.raises(StoreAway):
            logins.attempts.hit("kind", "key", limit=1, window_s=1)
        database = Database(url, environment="development", watch=outages)
        database.version()
        (tmp_path / "records.db").rename(tmp_path / "moved.db")
        with pytest.raises(DatabaseUnavailable), database.reading():
            pass
        assert "error=StoreRefuses: OOM command not allowed" in caplog.text
        assert "there is no file" in caplog.text
        threading.Event().wait(0.2)
        assert "answers again" not in caplog.text
        redis.config_set("maxmemory", "0")
        (tmp_path / "moved.db").rename(tmp_path / "records.db")
        try:
            assert eventually(lambda: caplog.text.count("answers again") == 2)
        finally:
            outages.close()
            redis.close()
            database.dispose()


def test_a_store_that_is_frozen_holds_up_the_first_requests_only(tmp_path, caplog):
    """Accepts connections and answers nothing, so that every request to it waits for seconds."""
    with EmbeddedStore() as store:
        settings = Settings(environment="development", redis_url=store.url, database_url=f"sqlite:///{tmp_path}/x.db")
        outages = OutageLog.open(settings)
        outages._look_s = 0.05
        redis = connect_brief(store.url, environment="development", watch=outages)
        redis.set("a", 1)
        store._process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(Exception, match="Timeout"):
                redis.get("a")
            assert eventually(outages.store_is_away, seconds=30)
            for _ in range(1000):
                with pytest.raises(Exception, match="did not answer just now"):
                    redis.get("a")
            assert len(lines(caplog)) == 1
        finally:
            store._process.send_signal(signal.SIGCONT)
        assert eventually(lambda: not outages.store_is_away(), seconds=30)
        assert redis.get("a") == b"1"
        outages.close()
        redis.close()


@pytest.mark.parametrize("idle", [False, True], ids=["a new connection", "an idle connection that is checked first"])
def test_a_store_that_is_frozen_is_waited_for_once_and_then_by_nobody(tmp_path, idle):
    """redis-py tries within tries; against a store that says nothing these took half a minute and more."""
    with EmbeddedStore() as store:
        settings = Settings(environment="development", redis_url=store.url, database_url=f"sqlite:///{tmp_path}/x.db")
        outages, made = OutageLog.open(settings), []
        redis = connect(store.url, environment="development", watch=outages)
        redis.set("a", 1)
        kwargs = redis.connection_pool.connection_kwargs
        ask_first = kwargs["redis_connect_func"]
        kwargs["redis_connect_func"] = lambda connection: (made.append(connection), ask_first(connection))
        connection = redis.connection_pool.get_connection()
        if idle:
            connection.next_health_check = 0.0
            redis.connection_pool.release(connection)
        store._process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(NoAnswer):
                redis.get("a")
            assert (len(made), outages._newest["store"].failed) == (0 if idle else 1, 1)
            assert outages.store_is_away()
            with pytest.raises(NoConnection, match="did not answer just now"):
                redis.get("a")
        finally:
            store._process.send_signal(signal.SIGCONT)
        assert eventually(lambda: not outages.store_is_away(), seconds=30)
        assert redis.get("a") == b"1"
        outages.close()
        redis.close()


def test_what_was_read_still_counts_while_the_database_is_away_and_one_request_at_a_time_tries_again():
    asked, away = [], threading.Event()

    def read(slug, name):
        asked.append(slug)
        if away.is_set():
            raise DatabaseUnavailable("gone")
        return len(asked)

    snapshots = TtlCache(read, life_s=0)
    assert (snapshots.get("a"), snapshots.get("a")) == (1, 2)
    away.set()
    assert [snapshots.get("a") for _ in range(100)] == [2] * 100
    assert len(asked) == 3
    with pytest.raises(DatabaseUnavailable):
        snapshots.get("b")
    snapshots.drop("a")  # changed: what was read before counts no more
    with pytest.raises(DatabaseUnavailable):
        snapshots.get("a")
    away.clear()
    assert snapshots.get("a") > 2


def test_statuses_without_any_worker_are_a_line_in_ten_seconds_and_each_is_found_by_its_reference(redis, caplog):
    now = [100.0]
    errors = LoginStore(redis).errors
    late = UnavailableStatuses(errors, clock=lambda: now[0])
    references = [late.status("acme", f"u{number}", "s1").reference for number in range(300)]
    now[0] += 10
    last = late.status("acme", "ann", "s1").reference
    first, second = (record.getMessage() for record in caplog.records if "status unavailable" in record.getMessage())
    assert first.startswith(f"status unavailable ref={references[0]} implementation=acme user='u0' session='s1'")
    assert (f"ref={last} " in second, second.endswith("unlogged=299")) == (True, True)
    assert errors.find(references[150])[0][1].user == "u150"
