"""How a call travels: what is on the wire, redirects, retries, kept connections, and many calls at once."""

import contextlib
import itertools
import json
import threading
import time
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.powers import ApiKeyParameter, Bearer
from sandbox import Call, CallFault, CallNotMade
from tests.support.vendors import reply


def fault_of(call, *args, **options):
    with pytest.raises(CallNotMade) as caught:
        call(*args, **options)
    return caught.value.fault, caught.value.text


# -- the rules of a connection ------------------------------------------------------------------------------------


def test_a_connection_that_does_not_exist_is_refused_and_the_others_are_named(client, start_vendor):
    connection = client.connect(start_vendor(reply({})))
    powers = client.vendors.powers({"cme": connection})
    with pytest.raises(CallNotMade, match="no connection named 'ethosce'; there are: cme") as caught:
        powers.call(Call("GET", "ethosce", "/"), deadline=time.monotonic() + 1, read_bytes_left=1000)
    assert caught.value.fault is CallFault.REFUSED
    assert powers.calls[0].fault == "refused"


def test_a_method_or_path_which_the_connection_does_not_allow_is_refused(client, start_vendor):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, methods=frozenset({"GET"}), path_prefixes=("/api",))
    assert fault_of(client, connection, "/api/x", "POST")[0] is CallFault.REFUSED
    for path in ("/", "/admin", "/apix", "/api/../admin", "/api%2F..%2Fadmin", "/%61pi/x"):
        assert fault_of(client, connection, path)[0] is CallFault.REFUSED
    assert not vendor.requests
    assert client(connection, "/api/x").status == 200


def test_a_connection_without_prefixes_allows_nothing(client, start_vendor):
    vendor = start_vendor(reply({}))
    assert fault_of(client, client.connect(vendor, path_prefixes=()))[0] is CallFault.REFUSED
    assert not vendor.requests


def test_the_base_path_is_put_before_the_scripts_path(client, start_vendor):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, base_url=f"{vendor.url}/v2/api/")
    client(connection, "/users?x=1", params={"y": "é"})
    assert vendor.requests[0].target == "/v2/api/users?x=1&y=%C3%A9"


def test_the_wire_shows_what_was_checked_and_only_that(client, start_vendor):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, auth=Bearer("t0ken-12345"))
    client(connection, "/x y", "POST", json={"a": 1}, headers={"X-Mine": "1", "Accept": "text/plain"})
    request = vendor.requests[0]
    assert request.head.split(b"\r\n")[0] == b"POST /x%20y HTTP/1.1"
    assert request.headers == {
        "host": f"127.0.0.1:{vendor.port}",
        "content-length": "7",
        "x-mine": "1",
        "accept": "text/plain",
        "user-agent": "session-status",
        "accept-encoding": "gzip",
        "content-type": "application/json",
        "authorization": "Bearer t0ken-12345",
    }
    assert request.body == b'{"a":1}'


piece = st.sampled_from(
    ["/", "/api", "..", ".", "%2e%2e", "%2f", "%5c", ";", "x", "é", " ", "?", "=", "&", "%25", "%", "@", ":", "~", "'"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(piece, max_size=8).map(lambda pieces: "/api/" + "".join(pieces)))
def test_a_raw_server_never_sees_a_path_outside_the_prefix(client, start_vendor, path):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, path_prefixes=("/api",))
    with contextlib.suppress(CallNotMade):
        client(connection, path)
    vendor.close()
    for request in vendor.requests:
        assert request.head.count(b"\r\n") == len(request.headers)
        seen = request.path
        for _ in range(6):
            assert seen.startswith("/api/")
            assert ".." not in seen.split("/")
            seen = unquote(seen)


# -- redirects ----------------------------------------------------------------------------------------------------


def redirect(location, status=302):
    return reply("", status, {"Location": location})


def test_a_redirect_is_the_answer_unless_the_connection_follows_them(client, start_vendor):
    vendor = start_vendor(redirect("/elsewhere"))
    answer = client(client.connect(vendor))
    assert (answer.status, answer.headers["location"], len(vendor.requests)) == (302, "/elsewhere", 1)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/api/y?z=1", "/api/y?z=1"),
        ("y", "/api/y"),
        ("?z=%20", "/api/x?z=%20"),
        ("{base}/api/y#fragment", "/api/y"),
        ("./../api/y", "/api/y"),
        ("/api/a b/é", "/api/a%20b/%C3%83%C2%A9"),
    ],
)
def test_a_redirect_within_the_connection_is_followed_with_its_credentials(client, start_vendor, location, target):
    vendor = start_vendor([])
    vendor.answer = [
        redirect(location.replace("{base}", vendor.url).encode().decode("latin-1")),
        reply({"there": True}),
    ]
    connection = client.connect(vendor, follow_redirects=True, path_prefixes=("/api",), auth=Bearer("t0ken-12345"))
    assert json.loads(client(connection, "/api/x").text) == {"there": True}
    assert vendor.requests[1].target == target
    assert vendor.requests[1].headers["authorization"] == "Bearer t0ken-12345"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/api/x",
        "//evil.example/api/x",
        "http://127.0.0.1/api/x",
        "http://127.0.0.1:1/api/x",
        "https://127.0.0.1:{port}/api/x",
        "http://localhost:{port}/api/x",
        "http://127.0.0.2:{port}/api/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1:{port}/api/x",
        "http://[::1]:{port}/api/x",
        "http://user:pw@127.0.0.1:{port}/api/x",
        "http://127.0.0.1:{port}@evil.example/api/x",
        "http://evil.example\\@127.0.0.1:{port}/api/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/_x",
        "javascript:alert(1)",
        "/admin",
        "/",
        "/apix",
        "/api/../admin",
        "/api/%2e%2e/admin",
        "/api/%2e%2e%2fadmin",
        "/api/..%5cadmin",
        "/api//evil.example/",
        "/api/x\x7f",
        "http://127.0.0.1:99999/api/x",
        "http://[::1/api/x",
    ],
)
def test_a_redirect_that_leaves_the_connection_is_refused(client, start_vendor, location):
    vendor = start_vendor([])
    vendor.answer = [redirect(location.format(port=vendor.port)), reply({"escaped": True})]
    connection = client.connect(vendor, follow_redirects=True, path_prefixes=("/api",), auth=Bearer("t0ken-12345"))
    fault, _ = fault_of(client, connection, "/api/x")
    assert fault in {CallFault.REFUSED, CallFault.CONNECTION}
    assert len(vendor.requests) == 1


def test_a_redirect_to_another_vendor_of_ours_gets_neither_the_request_nor_the_credentials(client, start_vendor):
    other = start_vendor(reply({"other": True}))
    vendor = start_vendor(redirect(f"{other.url}/x"))
    fault, text = fault_of(client, client.connect(vendor, follow_redirects=True, auth=Bearer("t0ken-12345")))
    assert fault is CallFault.REFUSED
    assert "another place" in text
    assert other.connections == 0


def test_a_redirect_from_https_to_http_is_refused(client, start_vendor, names):
    names["vendor.test"] = ["127.0.0.1"]
    plain = start_vendor(reply({}))
    vendor = start_vendor(redirect(f"http://vendor.test:{plain.port}/x"), tls="vendor.test")
    assert fault_of(client, client.connect(vendor, follow_redirects=True))[0] is CallFault.REFUSED
    assert plain.connections == 0


def test_a_redirect_uses_the_address_that_was_checked_at_first(client, start_vendor, names):
    vendor = start_vendor([], tls="vendor.test")
    vendor.answer = [redirect("/y"), reply({"there": True})]
    answers = itertools.chain([["127.0.0.1"]], itertools.repeat(["10.0.0.1"]))
    names["vendor.test"] = lambda: next(answers)
    assert client(client.connect(vendor, follow_redirects=True)).status == 200


def test_at_most_three_redirects_are_followed(client, start_vendor):
    vendor = start_vendor([redirect("/2"), redirect("/3"), redirect("/4"), reply({"end": True})])
    assert client(client.connect(vendor, follow_redirects=True)).status == 200
    loop = start_vendor(redirect("/again"))
    fault, text = fault_of(client, client.connect(loop, follow_redirects=True, name="loop"))
    assert (fault, "more than 3" in text, len(loop.requests)) == (CallFault.REFUSED, True, 4)


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b'{"a":1}'), (308, "POST", b'{"a":1}')],
)
def test_a_redirected_post_changes_its_method_as_the_rfc_says(client, start_vendor, status, method, body):
    vendor = start_vendor([redirect("/y", status), reply({})])
    client(client.connect(vendor, follow_redirects=True), "/x", "POST", json={"a": 1})
    assert (vendor.requests[1].method, vendor.requests[1].body) == (method, body)
    assert ("content-type" in vendor.requests[1].headers) is (method == "POST")


def test_a_redirected_post_does_not_become_a_get_which_is_not_allowed(client, start_vendor):
    vendor = start_vendor([redirect("/y", 303), reply({})])
    connection = client.connect(vendor, follow_redirects=True, methods=frozenset({"POST"}))
    assert fault_of(client, connection, "/x", "POST", json=1)[0] is CallFault.REFUSED


def test_a_redirect_that_repeats_our_key_does_not_send_it_twice(client, start_vendor):
    vendor = start_vendor([])
    vendor.answer = lambda request: reply({}) if request.path == "/y" else redirect(f"/y{request.target[2:]}&more=1")
    connection = client.connect(vendor, follow_redirects=True, auth=ApiKeyParameter("key", "k3y-123456"))
    client(connection, "/x", params={"a": "1"})
    assert vendor.requests[1].target == "/y?a=1&more=1&key=k3y-123456"


# -- retries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_get_is_repeated_when_the_vendor_is_away_for_a_moment(client, start_vendor, status):
    vendor = start_vendor([reply("", status), reply({"ok": True})])
    assert client(client.connect(vendor)).status == 200
    assert client.record.attempts == 2


def test_a_get_is_repeated_after_a_broken_connection(client, start_vendor):
    calls = itertools.count()
    vendor = start_vendor(lambda _: None if next(calls) < 2 else reply({"ok": True}))
    assert client(client.connect(vendor)).status == 200
    assert client.record.attempts == 3


def test_a_get_is_repeated_twice_and_no_more(client, start_vendor):
    vendor = start_vendor(reply("", 503))
    assert client(client.connect(vendor)).status == 503
    assert len(vendor.requests) == 3
    gone = start_vendor(lambda _: None)
    assert fault_of(client, client.connect(gone, name="gone"))[0] is CallFault.CONNECTION
    assert len(gone.requests) == 3


def test_a_post_is_never_repeated(client, start_vendor):
    for answer in (reply("", 503), lambda _: None, b"garbage\r\n\r\n"):
        vendor = start_vendor(answer)
        with contextlib.suppress(CallNotMade):
            client(client.connect(vendor), method="POST", json=1)
        assert len(vendor.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 501])
def test_an_answer_that_will_not_change_is_not_asked_for_again(client, start_vendor, status):
    vendor = start_vendor(reply("", status, {"Retry-After": "0"}))
    assert client(client.connect(vendor)).status == status
    assert len(vendor.requests) == 1


def test_retry_after_is_honoured_within_the_deadline_only(client, start_vendor):
    vendor = start_vendor([reply("", 503, {"Retry-After": "1"}), reply({})])
    started = time.monotonic()
    assert client(client.connect(vendor)).status == 200
    assert time.monotonic() - started >= 1.0
    for later in ("3600", "9" * 500, "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "soon"):
        vendor = start_vendor([reply("", 503, {"Retry-After": later}), reply({})])
        started = time.monotonic()
        client(client.connect(vendor, name=f"later {later[:4]}"))
        assert time.monotonic() - started < 1.0


def test_nothing_is_repeated_when_the_deadline_is_near(client, start_vendor):
    vendor = start_vendor(reply("", 503))
    assert client(client.connect(vendor), wall_s=0.3).status == 503
    assert len(vendor.requests) == 1


# -- kept connections ---------------------------------------------------------------------------------------------


def test_connections_are_kept_between_calls(client, start_vendor, names):
    vendor = start_vendor(reply({}), tls="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    connection = client.connect(vendor)
    for _ in range(5):
        client(connection)
        client(connection, method="POST", json=1)
    assert vendor.connections == 1


def test_a_kept_connection_that_the_vendor_closed_is_noticed(client, start_vendor):
    vendor = start_vendor(lambda request: request.sock.sendall(reply({})))  # closes after each answer, without a word
    connection = client.connect(vendor)
    for method in ("GET", "POST", "GET", "POST"):
        assert client(connection, method=method).status == 200
        time.sleep(0.02)
    assert len(vendor.requests) == 4


def test_a_get_over_a_kept_connection_which_breaks_is_sent_over_a_new_one(client, start_vendor):
    vendor = start_vendor([])
    vendor.answer = lambda request: None if len(vendor.requests) == 2 else reply({})
    connection = client.connect(vendor)
    client(connection)
    assert client(connection).status == 200
    assert (client.record.attempts, vendor.connections) == (1, 2)


def test_a_post_over_a_kept_connection_which_breaks_is_not_sent_again(client, start_vendor):
    vendor = start_vendor([])
    vendor.answer = lambda request: None if request.method == "POST" else reply({})
    connection = client.connect(vendor)
    client(connection)
    assert fault_of(client, connection, method="POST", json=1)[0] is CallFault.CONNECTION
    assert [request.method for request in vendor.requests] == ["GET", "POST"]


def test_a_post_does_not_go_over_a_connection_that_was_idle_for_long(client, start_vendor, monkeypatch):
    monkeypatch.setattr("runner.powers.http.exchange.KEEP_ALIVE_UNREPEATABLE_S", 0.05)
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor)
    client(connection)
    time.sleep(0.1)
    client(connection, method="POST")
    assert vendor.connections == 2


def test_idle_connections_are_closed_after_a_while_and_at_the_end(client, start_vendor, monkeypatch):
    monkeypatch.setattr("runner.powers.http.exchange.KEEP_ALIVE_S", 0.05)
    old, vendor = start_vendor(reply({})), start_vendor(reply({}))
    client(client.connect(old))
    time.sleep(0.1)
    client(client.connect(vendor, name="new"))
    http = client.vendors._http
    assert [key[1] for key in http._idle] == [vendor.port]
    client.vendors.close()
    assert http._idle == {}


# -- many at once -------------------------------------------------------------------------------------------------


def test_64_threads_get_their_own_answers_and_calls_cost_little(client, start_vendor, names):
    vendor = start_vendor(lambda request: reply({"target": request.target}), tls="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    connection = client.connect(vendor)
    wrong = []

    def run(number):
        for turn in range(5):
            powers = client.vendors.powers({"cme": connection})
            call = Call("GET", "cme", f"/{number}/{turn}")
            answer = powers.call(call, deadline=time.monotonic() + 20, read_bytes_left=1000)
            if json.loads(answer.text)["target"] != call.path:
                wrong.append(answer)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(vendor.requests) == 320


def test_a_call_over_a_kept_connection_costs_less_than_a_millisecond_of_cpu(client, start_vendor, names):
    vendor = start_vendor(reply({"list": list(range(50))}), tls="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    connection = client.connect(vendor, auth=Bearer("t0ken-12345"))
    client(connection)
    started = time.thread_time()
    for _ in range(100):
        client(connection, "/x", params={"a": "b"})
    assert (time.thread_time() - started) / 100 < 0.001
