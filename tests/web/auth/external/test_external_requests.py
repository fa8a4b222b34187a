"""Requests of the web side to vendors on real sockets: where it does not go, and what it does not swallow."""

import base64
import gzip
import json
import socket
import time

import pytest

from records import OpenedConnection
from runner.powers import Basic
from runner.powers.outbound_requests import MOST_EACH, OutboundRequestFailed, OutboundRequests
from runner.powers.vendor_limits import FAILURES
from tests.support.vendors import reply


@pytest.fixture
def names():
    return {}


@pytest.fixture
def make_outbound(redis, ca_file, names):
    made = []

    def look_up(host):
        if host not in names:
            raise socket.gaierror(host)
        return names[host]

    def make(**options):
        made.append(
            OutboundRequests(
                **{"redis": redis, "allow_loopback": True, "ca_file": ca_file, "resolver": look_up} | options
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def outbound(make_outbound):
    return make_outbound()


def opened(vendor, **changes):
    values = {
        "implementation": "demo", "name": "cme", "base_url": vendor.url, "auth_kind": "bearer", "auth_fields": {},
        "secret": "s3cret-token", "methods": ("GET",), "path_prefixes": ("/",), "follow_redirects": False,
        "timeout_s": 2.0, "cache_s": 0, "rate_per_s": None, "concurrency": None, "max_body_bytes": 65536,
        "development": True,
    }  # fmt: skip
    return OpenedConnection(**(values | changes))


def test_a_document_over_tls_comes_with_status_headers_and_body(outbound, start_vendor, names):
    names["idp.example.org"] = ["127.0.0.1"]
    vendor = start_vendor(reply("<md/>", content_type="application/xml", headers={"ETag": "x"}), tls="idp.example.org")
    fetched = outbound.fetch(vendor.url + "/metadata?appid=a%20b&x=1", accept="application/samlmetadata+xml")
    assert (fetched.status, fetched.body, fetched.headers["etag"]) == (200, b"<md/>", "x")
    assert vendor.requests[0].target == "/metadata?appid=a%20b&x=1"
    assert vendor.requests[0].headers["accept"] == "application/samlmetadata+xml"
    assert "md/" not in repr(fetched)


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "100.64.0.1"]
)
def test_in_production_an_address_that_is_not_public_is_refused(make_outbound, names, address):
    names["idp.example.org"] = ["93.184.216.34", address]
    with pytest.raises(OutboundRequestFailed) as failed:
        make_outbound(allow_loopback=False).fetch("https://idp.example.org/")
    assert failed.value.kind == "refused"
    assert address not in failed.value.text


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://idp.example.org/", "https://user:pass@idp.example.org/", "https://idp.example.org/#x",
        "//idp.example.org/", "https://idp.example.org/a b", "https://idp.example.org/../x", "https://idp.example.org/%2e%2e/",
        "https://idp.example.org\\@evil.example/", "https:///x", "https://idp.example.org/?a\r\nX: y", "http://[::1", "",
        "https://idp.example.org/" + "a" * 3000, "https://idp.example.org:99999/", "gopher://127.0.0.1:6379/_FLUSHALL",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(outbound, url):
    with pytest.raises(OutboundRequestFailed) as failed:
        outbound.fetch(url)
    assert failed.value.kind == "refused"


def test_without_encryption_only_loopback_and_only_in_development(outbound, make_outbound, names, start_vendor):
    vendor = start_vendor(reply("ok"))
    assert outbound.fetch(vendor.url).status == 200
    names["idp.example.org"] = ["93.184.216.34"]
    for client, url in ((make_outbound(allow_loopback=False), vendor.url), (outbound, "http://idp.example.org/")):
        with pytest.raises(OutboundRequestFailed) as failed:
            client.fetch(url)
        assert failed.value.kind == "refused"


def test_a_redirect_is_an_answer_and_is_not_followed(outbound, start_vendor):
    vendor = start_vendor(reply(status=302, headers={"Location": "http://169.254.169.254/latest"}))
    assert outbound.fetch(vendor.url).status == 302
    assert len(vendor.requests) == 1


def test_too_large_plain_and_packed(outbound, start_vendor):
    bomb = gzip.compress(b"\0" * 5_000_000)
    for answer in (reply(b"x" * 5000), reply(bomb, headers={"Content-Encoding": "gzip"})):
        with pytest.raises(OutboundRequestFailed) as failed:
            outbound.fetch(start_vendor(answer).url, max_body=4000)
        assert failed.value.kind == "too large"


def test_a_dripping_vendor_ends_at_the_deadline(outbound, start_vendor):
    def drip(request):
        for _ in range(50):
            request.sock.sendall(b"H")
            time.sleep(0.02)

    with pytest.raises(OutboundRequestFailed) as failed:
        outbound.fetch(start_vendor(drip).url, timeout_s=0.3)
    assert failed.value.kind in {"timeout", "connection"}


def test_a_certificate_for_another_name_is_refused(outbound, start_vendor, names):
    names["idp.example.org"] = ["127.0.0.1"]
    vendor = start_vendor(reply("x"), tls="other.example.org")
    with pytest.raises(OutboundRequestFailed) as failed:
        outbound.fetch(f"https://idp.example.org:{vendor.port}/")
    assert "certificate" in failed.value.text


def test_a_form_goes_out_with_its_credentials_and_once(outbound, start_vendor):
    vendor = start_vendor(reply({"active": True}))
    outbound.post(vendor.url + "/introspect", form={"token": "a&b=c"}, auth=Basic("client", "secret"))
    request = vendor.requests[0]
    assert request.body == b"token=a%26b%3Dc"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"client:secret").decode()
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_json_goes_out_as_it_is(outbound, start_vendor):
    vendor = start_vendor(reply({}))
    outbound.post(vendor.url, json={"user": 'a"}{ü'})
    assert json.loads(vendor.requests[0].body) == {"user": 'a"}{ü'}


def test_the_text_of_a_failure_holds_nothing_that_was_sent(outbound, start_vendor):
    vendor = start_vendor(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nshort")
    with pytest.raises(OutboundRequestFailed) as failed:
        outbound.post(vendor.url, json={"password": "hunter2-hunter2"}, auth=Basic("u", "hunter3"))
    seen = f"{failed.value!r} {failed.value.__cause__!r} {failed.value.text}"
    assert "hunter" not in seen


def test_a_vendor_which_fails_again_and_again_is_left_alone(outbound, start_vendor):
    vendor = start_vendor(reply(status=503))
    for _ in range(FAILURES):
        assert outbound.post(vendor.url, json={}, breaker=("demo", "login")).status == 503
    with pytest.raises(OutboundRequestFailed) as failed:
        outbound.post(vendor.url, json={}, breaker=("demo", "login"))
    assert failed.value.kind == "breaker open"
    assert len(vendor.requests) == FAILURES
    assert outbound.post(vendor.url, json={}, breaker=("other", "login")).status == 503  # its own breaker


def test_nonsense_at_which_a_vendor_stumbles_shuts_nobody_out(outbound, start_vendor):
    vendor = start_vendor(reply(status=500))
    for _ in range(3 * FAILURES):
        assert outbound.post(vendor.url, json={}, breaker=("demo", "login")).status == 500
    vendor.answer = reply({})
    assert outbound.post(vendor.url, json={}, breaker=("demo", "login")).status == 200


def test_one_implementation_cannot_take_all_seats(outbound):
    taken = [outbound._in_flight.count("demo") for _ in range(MOST_EACH)]
    for seat in taken:
        seat.__enter__()
    with pytest.raises(OutboundRequestFailed), outbound._in_flight.count("demo"):
        pass
    with outbound._in_flight.count("other"):
        pass
    for seat in taken:
        seat.__exit__(None, None, None)
    with outbound._in_flight.count("demo"):
        pass
    assert outbound._in_flight._counts.total() == 0


def test_trying_a_connection_uses_its_credentials_and_says_what_came(outbound, start_vendor):
    vendor = start_vendor([reply({}), reply(status=401)])
    tried = outbound.try_connection(opened(vendor), "/ping?x=1")
    assert (tried.ok, tried.status, tried.fault) == (True, 200, None)
    assert vendor.requests[0].headers["authorization"] == "Bearer s3cret-token"
    refused = outbound.try_connection(opened(vendor), "/ping")
    assert (refused.ok, refused.status) == (False, 401)


def test_trying_a_connection_that_fails_says_why_and_no_secret(outbound, make_outbound, start_vendor):
    vendor = start_vendor(b"garbage s3cret-token\r\n\r\n")
    tried = outbound.try_connection(opened(vendor), "/")
    assert (tried.ok, tried.fault) == (False, "connection")
    assert "s3cret" not in repr(tried)
    assert outbound.try_connection(opened(vendor), "/../x").fault == "refused"
    in_production = make_outbound(allow_loopback=False).try_connection(opened(vendor), "/")
    assert (in_production.ok, in_production.fault) == (False, "refused")
