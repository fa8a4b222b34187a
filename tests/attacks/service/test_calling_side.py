# ruff: noqa: RUF001 - characters which look like others are the attack
"""Hostile scripts: whatever path, parameters, headers or body they choose, the call stays within its connection."""

import encodings
import json
import os
import pathlib
import secrets
import signal
import time

import pytest

from runner.powers import ApiKeyHeader, ApiKeyParameter, Bearer
from runner.powers.vendor_limits import keys_of
from runner.store.clients import connect_brief
from runner.store.embedded import EmbeddedStore
from sandbox import Call, CallNotMade
from tests.attacks.service.vendor_stage import call, connection, make_vendors, ok

SECRET = "S3cretTokenOfVendor"

PATHS = [
    "", "x", "//evil.example/x", "///x", "/allowed/../admin", "/allowed/..", "/allowed/%2e%2e/admin", "/allowed/.%2e/x",
    "/allowed/%252e%252e/x", "/allowed/%25252e%25252e/x", "/allowed/%2525252e%2525252e/x", "/allowed/..;/x", "/allowed/..;a=b/x",
    "/allowed/%2e%2e%3b/x", "/allowed/\\..\\x", "/allowed/%5c..%5cx", "/allowed/..%5cx", "/allowed/x/../../admin",
    "/allowed/．．/x", "/allowed/‥/x", "/allowed/․․/x", "/allowed/%ef%bc%8e%ef%bc%8e/x", "/allowed/%c0%ae%c0%ae/x",
    "/allowed／..／x", "/allowed/%00/../x", "/allowed/\0", "/allowed/\r\nHost: evil", "/allowed/%0d%0aHost:%20evil", "/allowed/x HTTP/1.1\r\nX: y\r\n\r\n",
    "/allowed/%u002e%u002e/x", "/allowed/%", "/allowed/%zz", "/allowed/%2", "/allowed#x", "/allowed/%23/../x",
    "/allowedx", "/Allowed/x", "/allowed%2f..%2fadmin", "/allowed/%2f%2e%2e%2fadmin", "/allowed/. ./x", "/allowed/ ../x", "/allowed/.. /x",
    "/allowed/%20../x", "/allowed/..%20/x", "/allowed/..\u00a0/x", "/allowed/\ud800", "/allowed/" + "x" * 9000, "/allowed/" + "%25" * 700 + "2e",
    "http://evil.example/", "@evil.example/", ":80@evil.example/", "/@evil.example/", "/allowed//x", "/allowed/.", "/./allowed/x", "*", "?x", "/?/allowed/",
    "/all%6fwed/../x", "/admin/%2e%2e/allowed/x", "/admin%2f%2e%2e%2fallowed/x", "/allowed/..%00/x", "/allowed/..%c2%a0/x"
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:30].encode("unicode_escape").decode())
def test_no_path_leaves_the_prefix(vendors, vendor, path):
    server = vendor(ok(), clean=False)
    conn = connection(server.base + "/base", path_prefixes=("/allowed",), auth=Bearer(SECRET))
    began = time.monotonic()
    found = call(vendors, conn, path)
    assert time.monotonic() - began < 1
    for head in server.heads:  # what was let through is harmless under every reading
        target = head.split(b" ")[1]
        assert target.startswith(b"/base/allowed/")
        assert b".." not in target
        assert b"%2e" not in target.lower()
        assert head.count(b"\r\nHost:") == 1
    assert SECRET not in found.everything


@pytest.mark.parametrize("path", ["/%61llowed/x", "/allowed/a%20b", "/allowed/é", "/allowed/a+b?c=d e&f=%26"])
def test_an_honest_path_goes_through(vendors, vendor, path):
    server = vendor(ok(), clean=False)
    assert call(vendors, connection(server.base, path_prefixes=("/allowed",)), path).answer or path.startswith("/%61")


HEADERS = [
    ("Host", "evil"), ("host", "evil"), ("HOST ", "x"), (" Host", "x"), ("Authorization", "Basic x"), ("authorization", "x"), ("AUTHORIZATION", "x"),
    ("Cookie", "a=b"), ("Content-Length", "0"), ("content_length", "0"), ("Transfer-Encoding", "chunked"), ("Transfer_Encoding", "chunked"),
    ("Connection", "Upgrade"), ("Upgrade", "h2c"), ("HTTP2-Settings", "x"), ("TE", "trailers"), ("Trailer", "x"), ("Expect", "100-continue"),
    ("X-Forwarded-For", "127.0.0.1"), ("X_Forwarded_For", "127.0.0.1"), ("X-Forwarded-User", "admin"), ("X-Forwarded-Email", "admin@x"), ("X-Remote-User", "admin"), ("Remote-User", "admin"),
    ("X-Original-URL", "/admin"), ("X-Rewrite-URL", "/admin"), ("X-HTTP-Method-Override", "DELETE"), ("X-Method", "DELETE"), ("Proxy-Authorization", "x"), ("Proxy", "http://evil"),
    ("Accept-Encoding", "br"), ("Range", "bytes=0-0"), ("X-Key", "mine"), ("x-key", "mine"), ("X_Key", "mine"), ("x_KEY", "mine"),
    ("X: y\r\nHost", "evil"), ("X", "y\r\nHost: evil"), ("X", "y\nHost: evil"), ("X", "y\rHost: evil"), ("X", "y\0"), ("X", "é"), ("X", "\u010d\u010a"),
    ("", "x"), (":", "x"), ("X:", "x"), ("X Y", "z"), ("X\tY", "z"), ("X" * 65, "z"), ("X", "z" * 1001), ("é", "z"), ("X\x7f", "z"), (":authority", "evil"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), HEADERS, ids=lambda text: text[:24].encode("unicode_escape").decode())
def test_no_header_of_ours_can_be_set_or_broken(vendors, vendor, name, value):
    server = vendor(ok(), clean=False)
    found = call(vendors, connection(server.base, auth=ApiKeyHeader("X-Key", SECRET)), headers=((name, value),))
    assert found.fault == "refused", server.heads
    assert not server.heads


def test_the_same_header_twice_in_two_spellings_is_refused(vendors, vendor):
    server = vendor(ok())
    assert call(vendors, connection(server.base), headers=(("X-A", "1"), ("x_a", "2"))).fault == "refused"


@pytest.mark.parametrize("name", ["key", "KEY", "Key"])
@pytest.mark.parametrize("where", ["params", "path"])
def test_the_key_in_the_query_cannot_be_overridden(vendors, vendor, name, where):
    server = vendor(ok())
    conn = connection(server.base, auth=ApiKeyParameter("key", SECRET))
    more = {"params": ((name, "mine"),)} if where == "params" else {"path": f"/x?{name}=mine"}
    assert call(vendors, conn, **more).fault == "refused"


@pytest.mark.parametrize(
    "params",
    [
        (("a", "b&key=evil"),),
        (("a&k", "evil"),),
        (("a#", "b"),),
        (("a", "b HTTP/1.1\r\nHost: evil\r\n\r\n"),),
        (("k%65y", "x"),),
        (("a;k", "x"),),
        (("key[]", "x"),),
    ],
)
def test_parameters_do_not_break_out_of_the_query(vendors, vendor, params):
    server = vendor(ok())
    call(vendors, connection(server.base, auth=ApiKeyParameter("key", SECRET)), params=params)
    for head in server.heads:
        target = head.split(b" ")[1].decode()
        assert target.count("key=") == 1
        assert target.count("&") == 1
        assert head.count(b"Host:") == 1


@pytest.mark.parametrize(
    "body",
    [
        float("nan"),
        float("inf"),
        "x" * 70_000,
        10**5000,
        {"a": "\ud800"},
        json.loads("[" * 90 + "]" * 90),
        b"x",
        {1: 2},
        {(1,): 2},
        object(),
    ],
    ids=lambda body: str(type(body).__name__),
)
def test_no_body_breaks_the_call(vendors, vendor, body):
    server = vendor(ok())
    found = call(vendors, connection(server.base, methods=frozenset({"POST"})), method="POST", json=body, has_json=True)
    assert found.answer or found.fault == "refused"


def test_a_body_as_deep_as_can_be_is_refused_and_not_our_bug(vendors, vendor):
    server = vendor(ok())
    deep = []
    for _ in range(100_000):
        deep = [deep]
    found = call(vendors, connection(server.base, methods=frozenset({"POST"})), method="POST", json=deep, has_json=True)
    assert found.fault == "refused"
    while deep:
        deep = deep[0]


@pytest.mark.parametrize(
    "method", ["DELETE", "get", "GET ", "GET /x HTTP/1.1\r\nX:", "CONNECT", "TRACE", "", "PUT", "POST"]
)
def test_only_allowed_methods_are_sent(vendors, vendor, method):
    server = vendor(ok())
    assert call(vendors, connection(server.base), method=method).fault == "refused"
    assert not server.heads


@pytest.mark.parametrize("name", ["", "vendor\0", "Vendor", "../vendor", "vendor\r\n", "x" * 100_000])
def test_an_unknown_connection_is_refused_in_few_words(vendors, vendor, name):
    powers = vendors.powers({"vendor": connection("http://127.0.0.1:1")})
    with pytest.raises(CallNotMade) as refused:
        powers.call(Call("GET", name, "/x"), deadline=time.monotonic() + 1, read_bytes_left=1000)
    assert len(refused.value.text) < 500
    assert len(json.dumps(powers.calls[-1].as_json())) < 2000


# -- what is kept -------------------------------------------------------------------------------------------------


def test_kept_answers_are_not_shared_by_people_implementations_or_credentials(vendors, vendor):
    count = iter(range(100))
    server = vendor(lambda line, head, body: line.send(ok(str(next(count)))))
    one = connection(server.base, cache_s=60, implementation="a" + server.base[-5:], name="b:c")
    two = connection(server.base, cache_s=60, implementation="a" + server.base[-5:] + ":b", name="c")
    first = call(vendors, one, "/x", params=(("u", "1"),)).answer.text
    assert call(vendors, one, "/x", params=(("u", "1"),)).answer.text == first
    others = [
        call(vendors, one, "/x", params=(("u", "2"),)),
        call(vendors, one, "/x", params=(("u", "1"), ("u", "1"))),
        call(vendors, one, "/x", params=(("u1", ""),)),
        call(vendors, one, "/x/u=1"),
        call(vendors, one, "/x", params=(("u", "1"),), headers=(("X-User", "2"),)),
        call(vendors, two, "/x", params=(("u", "1"),)),
    ]
    texts = [other.answer.text for other in others]
    assert len({first, *texts}) == 7


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 206 Part\r\nContent-Length: 2\r\n\r\nno",
        ok(b"no", b"Cache-Control: No-Store"),
    ],
)
def test_what_must_not_be_kept_is_not(vendors, vendor, sent):
    answers = iter([sent] * 3 + [ok(b"good")] * 5)
    server = vendor(lambda line, head, body: line.send(next(answers)))
    conn = connection(server.base, cache_s=60)
    call(vendors, conn)
    call(vendors, conn)
    call(vendors, conn)
    assert "good" in {call(vendors, conn).answer.text for _ in range(2)}


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"x",
        b"[]",
        b"null",
        b"{}",
        b'{"status": 1}',
        b'{"status":200,"headers":{},"text":5,"bytes_read":1}',
        b'{"status":"x","headers":[],"text":"","bytes_read":0}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_rubbish_in_the_store_is_as_if_nothing_had_been_kept(vendors, vendor, store_client, rubbish):
    server = vendor(ok(b"fresh"))
    conn = connection(server.base, cache_s=60)
    store_client.delete(*(store_client.keys("vendor:kept:*") or ["x"]))
    assert call(vendors, conn).answer.text == "fresh"
    (key,) = store_client.keys("vendor:kept:*")
    store_client.set(key, rubbish)
    assert call(vendors, conn).answer.text == "fresh"


@pytest.mark.parametrize("kind", ["list", "text", "hash"])
def test_wrong_types_in_the_store_leave_the_gate_open(vendors, vendor, store_client, kind):
    server = vendor(ok())
    conn = connection(server.base, cache_s=60, rate_per_s=100.0, concurrency=3)
    for key in keys_of(conn):
        if kind == "list":
            store_client.rpush(key, "x")
        elif kind == "text":
            store_client.set(key, "garbage")
        else:
            store_client.hset(key, mapping={"open_until": "garbage", "probe_until": "x", "failures": "y"})
    vendors._shared.limiter._paused_until = 0.0
    assert call(vendors, conn).answer
    vendors._shared.limiter._paused_until = 0.0


def test_a_breaker_that_flaps_harms_its_own_connection_only(vendors, vendor):
    state = {"good": False}

    def flap(line, head, body):
        line.send(ok() if state["good"] else b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    server, honest = vendor(flap), vendor(ok())
    conn, other = connection(server.base), connection(honest.base)
    seen = []
    for _ in range(12):
        state["good"] = not state["good"]
        seen.append(call(vendors, conn).fault)
    assert set(seen) == {None}
    state["good"] = True
    server.part = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    seen = [call(vendors, conn).fault for _ in range(8)]
    assert seen[-1] == "breaker open"
    assert call(vendors, other).answer
    twin = connection(server.base, implementation=conn.implementation, name="other")
    assert call(vendors, twin).answer


def test_a_store_that_hangs_does_not_make_a_call_longer_than_its_deadline(vendor, tmp_path):
    server = vendor(ok())
    with EmbeddedStore() as hung:
        client = connect_brief(hung.url)
        vendors = make_vendors(client)
        conn = connection(server.base, cache_s=10, rate_per_s=100.0, concurrency=2, timeout_s=1.5)
        assert call(vendors, conn).answer
        guard = hung._process.pid
        children = pathlib.Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
        target = int(children[0]) if children else guard
        os.kill(target, signal.SIGSTOP)
        try:
            found = call(vendors, conn, "/other", seconds=1.5)
        finally:
            os.kill(target, signal.SIGCONT)
        client.close()
        vendors.close()
    assert found.answer
    assert found.seconds < 2.0


def test_made_up_charsets_leave_nothing_behind(vendors, vendor):
    server = vendor(
        lambda line, head, body: line.send(
            ok(b"ok", b"Content-Type: text/plain; charset=" + secrets.token_hex(8).encode())
        )
    )
    conn = connection(server.base)
    before = len(encodings._cache)
    for _ in range(20):
        assert call(vendors, conn).answer.text == "ok"
    assert len(encodings._cache) == before
