"""The service as docs/deployment sets it up: nginx with the shipped file in front of two real web servers."""

import secrets
from dataclasses import dataclass

import pytest

from runner.store.embedded import EmbeddedStore
from tests.support.postgres import PostgresServer
from tests.support.real_server import free_port
from tests.system.deployment import proxy as nginx
from tests.system.deployment.servers import Process, bearer, environment, furnish


@dataclass
class Deployed:
    """nginx, the web servers by their ports, and the settings of all."""

    proxy: nginx.Proxy
    webs: dict[int, Process]
    settings: dict[str, str]

    def bearer(self):
        return bearer(self.settings["REDIS_URL"])


@pytest.fixture(scope="session")
def furnished(postgres_server: PostgresServer):
    """The name of a database with one implementation, its session, user and script, of which tests get copies."""
    with postgres_server.database() as url:
        furnish(url.render_as_string(hide_password=False))
        yield url.database


@pytest.fixture(scope="session")
def production(postgres_server: PostgresServer, furnished):
    """The settings of production on a database and a store of their own."""
    with postgres_server.database(furnished) as url, EmbeddedStore() as store:
        address = url.render_as_string(hide_password=False)
        yield {
            "SESSION_STATUS_SECRET_KEY": secrets.token_urlsafe(32),
            "SESSION_STATUS_TRUSTED_PROXIES": "1",
            "DATABASE_URL": address,
            "REDIS_URL": store.url,
        }


@pytest.fixture(scope="session")
def deployed(production, tmp_path_factory):
    nginx.program()
    folder = tmp_path_factory.mktemp("deployed")
    port, plain_port, *upstreams = (free_port() for _ in range(4))
    settings = production | {
        "SESSION_STATUS_PUBLIC_URL": f"https://{nginx.HOST}:{port}",
        "SESSION_STATUS_DATA_FOLDER": str(folder / "data"),
        "SESSION_STATUS_WEB_PROCESSES": "1",
    }
    webs = {
        one: Process(
            ("web",), environment(**settings, SESSION_STATUS_WEB_BIND=f"127.0.0.1:{one}"), folder / f"web-{one}.out"
        )
        for one in upstreams
    }
    try:
        for web in webs.values():
            web.start()
        for one, web in webs.items():
            web.await_answer(one)
        with nginx.running(folder, port=port, plain_port=plain_port, upstreams=upstreams) as proxy:
            yield Deployed(proxy, webs, settings)
    finally:
        for web in webs.values():
            web.stop()
