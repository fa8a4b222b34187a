"""The store, the powers, and vendors which end with their test."""

import re

import pytest

from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.mark_administration import adopt_own
from tests.attacks.service.site_stage import KEY, PATH, Site, statuses, stop
from tests.attacks.service.vendor_stage import Vendor, make_vendors


@pytest.fixture(scope="session")
def store():
    with EmbeddedStore() as running:
        adopt_own(running.url, "development")
        yield running


@pytest.fixture(scope="session")
def store_client(store):
    client = connect(store.url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def vendors(store_client):
    made = make_vendors(store_client)
    yield made
    made.close()


@pytest.fixture
def vendor():
    started = []

    def start(part, **more):
        started.append(Vendor(part, **more))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture(scope="session")
def site(tmp_path_factory, store):
    made = Site(tmp_path_factory.mktemp("site"), store.url)
    process = made.start_web()
    yield made
    stop(process)
    made.close()


@pytest.fixture
def served(site):
    """Afterwards an honest client is served as ever, and the log tells no secret and no bug."""
    before = site.logs.stat().st_size
    yield site
    bearer = f"Authorization: Bearer {site.access(user='u9')}"
    got, seconds = site.ask(site.request("GET", PATH, bearer))
    assert statuses(got) in ([200], [202]), got
    assert seconds < 1
    log = site.logs.read_bytes()[before:]
    assert b"Traceback" not in log, log.decode(errors="replace")
    assert b"INJECTED" not in log.replace(b"\\nINJECTED", b"").replace(b"%0aINJECTED", b"") or not re.search(
        rb"(?m)^INJECTED", log
    )
    assert KEY.encode() not in log
