"""What the tests of the powers share: real vendors on loopback, a real Valkey, and one way to make a call."""

import socket
import time
from collections.abc import Mapping

import pytest

from runner.powers import VendorConnection, VendorServices
from sandbox import Call

MIB = 1024 * 1024


class Client:
    """Calls as a run makes them: `client(connection, path)`; the powers of the last run are `client.powers`."""

    def __init__(self, vendors):
        self.vendors = vendors
        self.powers = None

    def connect(self, vendor, **options):
        base = options.pop("base_url", None) or vendor.url
        options.setdefault("methods", frozenset({"GET", "POST"}))
        return VendorConnection(options.pop("implementation", "demo"), options.pop("name", "cme"), base, **options)

    def __call__(  # noqa: PLR0913 - a call has as many parts
        self,
        connection,
        path="/",
        method="GET",
        *,
        wall_s=5.0,
        room=MIB,
        fresh=False,
        after=0,
        params=(),
        headers=(),
        **body,
    ):
        if isinstance(params, Mapping):
            params = tuple(params.items())
        if isinstance(headers, Mapping):
            headers = tuple(headers.items())
        self.powers = self.vendors.powers({connection.name: connection}, fresh=fresh, asked_after_ms=after)
        call = Call(method, connection.name, path, params, body.get("json"), "json" in body, headers)
        return self.powers.call(call, deadline=time.monotonic() + wall_s, read_bytes_left=room)

    @property
    def record(self):
        return self.powers.calls[-1]


@pytest.fixture
def names():
    """What the resolver of the tests knows; anything else is looked up by the system."""
    return {}


@pytest.fixture
def make_client(redis, ca_file, names):
    made = []

    def look_up(host):
        known = names.get(host)
        if known is None:
            raise socket.gaierror(host)
        return known() if callable(known) else known

    def make(**options):
        options = {"redis": redis, "allow_loopback": True, "tls_ca_file": ca_file, "resolver": look_up} | options
        made.append(VendorServices(**options))
        return Client(made[-1])

    yield make
    for vendors in made:
        vendors.close()


@pytest.fixture
def client(make_client):
    return make_client()
