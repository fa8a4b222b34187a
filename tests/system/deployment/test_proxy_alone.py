"""nginx as shipped, in front of web servers that fail: what it repeats, limits, collects, and what it keeps out of its logs."""

import http.client
import re
import subprocess
from contextlib import closing

import pytest

from tests.support.real_server import all_of, free_port
from tests.system.deployment import proxy as nginx
from tests.system.deployment.stub_upstream import upstream

SECRET = "0neTimeValue"
#: Addresses with a value that works once, or with a query, in every spelling that reaches the same view.
WITH_SECRETS = (
    f"/saml/demo/complete?state={SECRET}",
    f"/saml/demo/{SECRET}",
    f"/saml/{SECRET}",
    f"/m/demo/done?code={SECRET}",
    f"/m/demo/{SECRET}",
    f"/r/{SECRET}",
    f"//r/{SECRET}",
    f"/%72/{SECRET}",
    f"/widget/../r/{SECRET}",
    f"/console/first/{SECRET}",
    f"/console//first/{SECRET}",
    f"/widget/demo/sessions/CE-1?next={SECRET}",
    f"/ext/demo/complete?state={SECRET}",
)


@pytest.fixture(scope="module")
def stubs():
    with upstream() as first, upstream() as second:
        yield first, second


@pytest.fixture(scope="module")
def running(stubs, tmp_path_factory):
    nginx.program()
    folder = tmp_path_factory.mktemp("proxy")
    ports = {"port": free_port(), "plain_port": free_port(), "upstreams": [one.port for one in stubs]}
    with nginx.running(folder, **ports) as proxy:
        yield proxy


@pytest.fixture
def proxy(running, stubs):
    for one in stubs:
        one.status, one.head = 200, {}
        one.asked.clear()
        one.arrived.clear()
    return running


def asked(stubs):
    return [one for stub in stubs for one in stub.asked]


def test_the_shipped_file_is_valid(proxy):
    done = subprocess.run(
        [nginx.program(), "-t", "-c", proxy.folder / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_a_get_that_a_server_dropped_is_asked_of_the_other_and_a_post_is_not(proxy, stubs):
    for one in stubs:
        one.status = None
    assert proxy.ask("/once")[0] == 502
    assert [path for _, path, _, _ in asked(stubs)] == ["/once"] * 2
    for one in stubs:
        one.asked.clear()
    assert proxy.ask("/once", method="POST", body="a=1")[0] == 502
    assert len(asked(stubs)) == 1


def test_a_server_that_fails_again_and_again_is_asked_again(proxy, stubs):
    for one in stubs:
        one.status = None
    for _ in range(10):
        proxy.ask("/fails")
    assert all(stub.asked for stub in stubs)
    for one in stubs:
        one.status = 200
    assert {proxy.ask("/well")[0] for _ in range(10)} == {200}


def test_a_slow_body_is_collected_before_a_server_hears_of_it(proxy, stubs):
    with closing(proxy.connect()) as slow:
        slow.sendall(f"POST /slow HTTP/1.1\r\nHost: {nginx.HOST}\r\nContent-Length: 10\r\n\r\n01234".encode())
        assert proxy.ask("/other")[0] == 200
        assert [path for _, path, _, _ in asked(stubs)] == ["/other"]
        slow.sendall(b"56789")
        assert slow.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert ("POST", "/slow", b"0123456789") in [(method, path, body) for method, path, _, body in asked(stubs)]


def test_a_chunked_body_arrives_with_its_length(proxy, stubs):
    with closing(http.client.HTTPConnection(nginx.HOST, proxy.port)) as connection:
        connection.sock = proxy.connect()
        connection.request("POST", "/chunks", body=iter([b"ab", b"cd"]), encode_chunked=True)
        assert connection.getresponse().status == 200
    _, _, headers, body = asked(stubs)[0]
    assert (headers["Content-Length"], headers.get("Transfer-Encoding"), body) == ("4", None, b"abcd")


def test_the_head_of_an_answer_may_hold_the_address_of_a_login(proxy, stubs):
    for one in stubs:
        one.head = {"Location": "https://idp.example.org/?SAMLRequest=" + "x" * 12_000}
    assert proxy.ask("/saml/demo/login")[0] == 200


@pytest.mark.parametrize(("client", "is_limited"), [(nginx.HOME, True), (nginx.VENUE, False)])
def test_one_address_is_limited_and_a_venue_is_not(proxy, stubs, client, is_limited):
    one = f"GET /healthz HTTP/1.1\r\nHost: {nginx.HOST}\r\n".encode()
    with closing(proxy.connect(client)) as connection:
        connection.sendall((one + b"\r\n") * 799 + one + b"Connection: close\r\n\r\n")
        statuses = re.findall(rb"HTTP/1.1 (\d+) ", all_of(connection))
    assert len(statuses) == 800
    assert statuses[:200] == [b"200"] * 200
    assert set(statuses) == ({b"200", b"429"} if is_limited else {b"200"})


def test_no_log_holds_a_value_that_works_once_whatever_happens_to_the_request(proxy, stubs):
    for status in (200, 404, None):
        for one in stubs:
            one.status = status
        for path in WITH_SECRETS:
            headers = {"Referer": f"{proxy.origin}{path}"}
            assert proxy.ask(path, headers=headers)[0] == (status or 502)
            assert proxy.ask(path, method="POST", body=f"RelayState={SECRET}", headers=headers)[0] == (status or 502)
        assert proxy.ask(f"/r/{SECRET}", method="POST", body=b"x" * (10 * 1024 * 1024))[0] == 413
    logged = proxy.logged()
    assert SECRET not in logged
    for line in ('"GET /saml/demo/- HTTP', '"POST /m/demo/- HTTP', '"GET /r/- HTTP', '"GET /console/first/- HTTP'):
        assert line in logged
    assert '"GET /widget/demo/sessions/CE-1 HTTP/1.1" 502 ' in logged


def test_health_is_not_logged(proxy):
    proxy.ask("/healthz")
    proxy.ask("/readyz?verbose")
    logged = proxy.logged()
    assert "/healthz" not in logged
    assert "/readyz" not in logged


def test_after_a_rotation_the_log_goes_on_in_a_new_file(proxy):
    log = proxy.folder / "session-status.access.log"
    proxy.ask("/before")
    proxy.logged()
    log.rename(proxy.folder / "rotated")
    proxy.reopen()
    while not log.exists() or "/after" not in log.read_text():
        proxy.ask("/after")
    assert "/before" in (proxy.folder / "rotated").read_text()
    assert "/before" not in log.read_text()


def test_plain_http_leads_to_https(proxy):
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.plain_port)) as connection:
        connection.request("GET", "/widget/demo/sessions/CE-1?x=1", headers={"Host": nginx.HOST})
        answer = connection.getresponse()
        assert answer.status == 308
        assert answer.headers["Location"] == f"{proxy.origin}/widget/demo/sessions/CE-1?x=1"
