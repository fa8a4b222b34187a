"""Health: alive without anything else, ready with the store, and a warning for whatever else is missing."""

import threading
from contextlib import closing

import pytest

from runner.health.outages import OutageLog
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.worker_heartbeat import store_serves, worker_is_there
from tests.support.application import make_app
from web.health.prompt_check import PromptCheck


@pytest.fixture
def parts():
    return {
        "store": True,
        "store_memory": True,
        "database": True,
        "workers": True,
        "background_workers": True,
        "check_workers": True,
    }


@pytest.fixture
def http(settings, parts, store):
    checks = {name: lambda name=name: parts[name] for name in parts}
    return make_app(None, store, settings, checks=checks).test_client()


def test_alive_whatever_the_host_and_whatever_is_missing(http, parts):
    parts.update(store=False, database=False)
    answer = http.get("/healthz", headers={"Host": "10.1.2.3:8000"})
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_with_all_parts(http, parts):
    answer = http.get("/readyz", headers={"Host": "10.1.2.3"})
    assert (answer.status_code, answer.json) == (200, {"ready": True, "parts": parts, "warnings": []})


@pytest.mark.parametrize(
    ("part", "warning"),
    [
        ("workers", "no worker is running"),
        (
            "background_workers",
            "no background worker is running: notices, mails and imports of large agenda files have to wait",
        ),
        ("store_memory", "the store is more than four fifths full: the oldest statuses go, so that logins have room"),
        ("check_workers", "no background worker checks scripts: authors can write and save, but hand nothing in"),
        ("database", "the database does not answer, or its schema is not of this release"),
    ],
)
def test_what_no_other_web_process_would_have_either_is_a_warning_and_takes_none_out(http, parts, part, warning):
    parts[part] = False
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"ready": True, "parts": parts, "warnings": [warning]})
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_the_store_a_process_is_not_ready_and_says_nothing_of_workers(http, parts):
    parts.update(store=False, store_memory=False, workers=False, background_workers=False, check_workers=False)
    answer = http.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert (answer.json["ready"], answer.json["parts"]) == (
        False,
        {**parts, "store_memory": None, "workers": None, "background_workers": None, "check_workers": None},
    )
    assert answer.json["warnings"] == [], "workers note themselves in the store: nobody can know of them"
    assert "the store does not answer" in answer.json["detail"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_store_that_answers_and_takes_no_writes_is_not_ready_in_its_own_words(settings, parts, store):
    with EmbeddedStore() as refusing, closing(connect(refusing.url)) as redis:
        outages = OutageLog({})
        watched = connect(refusing.url, watch=outages)
        checks = {"store": lambda: store_serves(watched), "workers": lambda: worker_is_there(watched)}
        app = make_app(None, store, settings, checks=checks, outages=outages)
        assert app.test_client().get("/readyz").status_code == 200
        redis.config_set("min-replicas-to-write", 1)
        answer = app.test_client().get("/readyz")
        watched.close()
    assert (answer.status_code, answer.json["parts"]) == (503, {"store": False, "workers": None})
    assert "the store refuses to serve (NOREPLICAS Not enough good replicas to write.)" in answer.json["detail"]


def test_a_look_does_not_wait_for_a_part_that_hangs_and_asks_it_once_only():
    asked, answers = [], threading.Event()

    def hang():
        asked.append(1)
        return answers.wait()

    check = PromptCheck(hang, wait_s=0.01)
    try:
        assert [check() for _ in range(20)] == [False] * 20
        assert len(asked) == 1
        answers.set()
        check._wait_s = 10
        assert check() is True
    finally:
        answers.set()
        check.close()
