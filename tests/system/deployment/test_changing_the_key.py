"""The key is changed by the steps of docs/operations.md, with web servers restarted one after the other: logins survive."""

import secrets
from functools import partial

import pytest

from records import ConnectionDraft, Database, SecretBox, SecretNotOpened
from records.tenants import connections, implementations
from runner.store.embedded import EmbeddedStore
from tests.support.real_server import free_port
from tests.system.deployment.page import PAGE, Shell, log_in
from tests.system.deployment.servers import Process, ask, environment

ORIGIN = "https://status.example.org"
OLD, NEW = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
#: The settings after each step of the page that restarts processes.
STEPS = {
    1: {"SESSION_STATUS_SECRET_KEY": OLD, "SESSION_STATUS_SECRET_KEYS_OLD": NEW},
    2: {"SESSION_STATUS_SECRET_KEY": NEW, "SESSION_STATUS_SECRET_KEYS_OLD": OLD},
    4: {"SESSION_STATUS_SECRET_KEY": NEW},
}


@pytest.fixture
def settings(postgres_server, furnished, tmp_path):
    with postgres_server.database(furnished) as url, EmbeddedStore() as store:
        address = url.render_as_string(hide_password=False)
        save_connection(address)
        yield environment(
            SESSION_STATUS_PUBLIC_URL=ORIGIN,
            SESSION_STATUS_DATA_FOLDER=str(tmp_path / "data"),
            SESSION_STATUS_WEB_PROCESSES="1",
            DATABASE_URL=address,
            REDIS_URL=store.url,
        )


@pytest.fixture
def web(settings, tmp_path):
    """Two web servers by their ports; `restart(port, step)` gives one the settings of a step."""
    running = {}

    def restart(port, step):
        if port in running:
            assert running.pop(port).stop() == 0
        env = settings | STEPS[step] | {"SESSION_STATUS_WEB_BIND": f"127.0.0.1:{port}"}
        running[port] = Process(("web",), env, tmp_path / f"web-{port}.out").start()
        running[port].await_answer(port)
        return partial(ask, port)

    yield restart
    for process in running.values():
        process.stop()


def save_connection(url):
    database = Database(url, environment="production")
    with database.session() as db:
        draft = ConnectionDraft("ethosce", "https://cme.example.org", auth_kind="bearer", secret="v3ndor-s3cret")
        connections.save(db, SecretBox([OLD]), implementations.find(db, "demo"), draft)
    database.dispose()


def secret_opened_with(key, url):
    database = Database(url, environment="production")
    try:
        with database.reading() as db:
            return connections.open_all(db, SecretBox([key]), implementations.find(db, "demo"))["ethosce"].secret
    finally:
        database.dispose()


def is_logged_in(asked, login):
    return asked("/console/", headers=login)[0] == 200


@pytest.mark.slow
def test_logins_survive_secrets_are_resealed_and_the_old_key_is_of_no_use_afterwards(settings, web, tmp_path):
    assert [f"\n{step}. " in PAGE.partition("## Change a key")[2] for step in STEPS] == [True] * 3
    shell, url = Shell(tmp_path, settings), settings["DATABASE_URL"]
    first, second = free_port(), free_port()
    # 1. All take the new key; the old one signs.
    at_first = web(first, 1)
    _, early = log_in(Shell(tmp_path, settings | STEPS[1]), at_first, ORIGIN)
    # 2. One signs with the new key already, the other one does not yet: each takes the logins of both.
    at_second = web(second, 2)
    _, late = log_in(Shell(tmp_path, settings | STEPS[2]), at_second, ORIGIN)
    assert [is_logged_in(at, login) for at in (at_first, at_second) for login in (early, late)] == [True] * 4
    # 3. The secrets.
    with pytest.raises(SecretNotOpened):
        secret_opened_with(NEW, url)
    assert "Encrypted 1 secret" in shell.must("session-status connection reseal", **STEPS[2])
    assert secret_opened_with(NEW, url) == "v3ndor-s3cret"
    with pytest.raises(SecretNotOpened):
        secret_opened_with(OLD, url)
    # 4. The old key is out, and with it the logins that it signed.
    at_first = web(first, 4)
    assert [is_logged_in(at_first, login) for login in (early, late)] == [False, True]
