"""Hostile requests as raw bytes to the real web server: smuggling, redirects, other sites, crowds, half requests."""

import base64
import contextlib
import json
import re
import socket
import threading
import time
from urllib.parse import quote

import pytest

from runner.status.returns.return_tokens import ReturnTokens
from tests.attacks.service.site_stage import KEY, PATH, bearer, complete, statuses

REQUESTS = [
    ("nothing", b"\r\n\r\n", {400, 0}),
    ("garbage", b"\x00\x01\x02\xff" * 50 + b"\r\n\r\n", {400}),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    ("a line of 9000", b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {400, 414}),
    ("HTTP/0.9", b"GET /\r\n", {400, 0}),
    ("HTTP/1.0 without a host", b"GET /healthz HTTP/1.0\r\n\r\n", {200}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {0, 400, 505}),
    ("HTTP/9.9", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", {400, 505}),
    ("lower case method", b"get /healthz HTTP/1.1\r\nHost: x\r\n\r\n", {400, 405, 501}),
    ("CONNECT", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n", {400, 404, 405}),
    ("TRACE", b"TRACE / HTTP/1.1\r\nHost: {host}\r\nCookie: INJECTED\r\n\r\n", {400, 403, 405}),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n", {200, 400, 404}),
    ("absolute form", b"GET http://evil.example/healthz HTTP/1.1\r\nHost: {host}\r\n\r\n", {200, 400, 404}),
    ("two slashes", b"GET //evil.example/x HTTP/1.1\r\nHost: {host}\r\n\r\n", {400, 404}),
    ("backslashes", b"GET /\\evil.example HTTP/1.1\r\nHost: {host}\r\n\r\n", {400, 404}),
    ("dots", b"GET /static/../../../etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n", {400, 404}),
    ("escaped dots", b"GET /static/%2e%2e/%2e%2e/web/app.py HTTP/1.1\r\nHost: {host}\r\n\r\n", {400, 404}),
    ("NUL in a path", b"GET /static/%00 HTTP/1.1\r\nHost: {host}\r\n\r\n", {400, 404}),
    ("line break in a path", b"GET /x%0aINJECTED%0a HTTP/1.1\r\nHost: {host}\r\n\r\n", {400, 404}),
    ("bare line break in a target", b"GET /x\nINJECTED HTTP/1.1\r\nHost: {host}\r\n\r\n", {400}),
    ("slash at the end", b"GET /healthz/ HTTP/1.1\r\nHost: {host}\r\n\r\n", {404}),
    ("length and chunked", b"POST " + PATH.encode() + b"/returned HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /INJECTED HTTP/1.1\r\nHost: {host}\r\n\r\n", {400, 403}),
    ("chunked twice", b"POST /x HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    ("xchunked", b"POST /x HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", {400, 501}),
    ("chunked with a tab", b"POST /x HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding:\tchunked\r\n\r\nzz\r\n\r\n", {400, 403, 404}),
    ("two lengths", b"POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nGET /", {400}),
    ("length with a plus", b"POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: +5\r\n\r\nGET /", {400}),
    ("length with an underscore", b"POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0_5\r\n\r\nGET /", {400}),
    ("negative length", b"POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n", {400}),
    ("chunk of 2**70", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nTransfer-Encoding: chunked\r\n\r\n400000000000000000\r\nx", {400, 413, 0, 200, 202, 429}),
    ("a body of 10 GB said", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nContent-Length: 10000000000\r\n\r\nx", {413}),
    ("a body of 20 KB", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{bearer}\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20_000, {413}),
    ("chunks of 1 MB", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{bearer}\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 0x8000 + b"\r\n0\r\n\r\n", {413, 415}),
    ("a form", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b", {415}),
    ("members", b'POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"user": "u1"}', {400}),
    ("a status with PUT", b"PUT {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nContent-Length: 0\r\n\r\n", {405}),
    ("a status with POST", b"POST {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nContent-Length: 0\r\n\r\n", {405}),
    ("returned with GET", b"GET {path}/returned HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\n\r\n", {405}),
    ("returned with HEAD", b"HEAD {path}/returned HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\n\r\n", {405}),
    ("the cookie from another site", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n\r\n", {403}),
    ("the cookie from a sibling", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nSec-Fetch-Site: same-site\r\nContent-Length: 0\r\n\r\n", {403}),
    ("the cookie from nowhere", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nContent-Length: 0\r\n\r\n", {403}),
    ("the cookie from null", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n", {403}),
    ("the cookie from a look-alike", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nOrigin: http://{host}.evil.example\r\nContent-Length: 0\r\n\r\n", {403}),
    ("two sites", b"POST {path}/returned HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n\r\n", {403}),
    ("a login from another site", b"POST /logout/one HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nsubject=u1", {403}),
    ("the widget from another site", b"POST /widget/one/sessions/s0 HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n", {403}),
    ("a form of 3000 parts", b"POST /logout/one HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 15000\r\n\r\n" + (b"--x\r\n\r\n" * 2143)[:15000], {400, 403, 413, 404}),
    ("a bearer to get past the gate", b"POST /logout/one HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nsubject=u1", {303, 403}),
]  # fmt: skip


def filled(site, raw):
    return (
        raw.replace(b"{host}", f"127.0.0.1:{site.port}".encode())
        .replace(b"{path}", PATH.encode())
        .replace(b"{bearer}", bearer(site, user="u5").encode())
        .replace(b"{cookie}", f"Cookie: login={site.token(user='u5')}".encode())
    )


@pytest.mark.parametrize("row", REQUESTS, ids=[row[0] for row in REQUESTS])
def test_hostile_requests_are_refused(served, row):
    _, raw, allowed = row
    got, _ = served.ask(filled(served, raw), close=False, seconds=1)
    codes = statuses(got)
    assert (codes or [0])[0] in allowed, got[:500]
    assert codes[1:] in ([], [400]), got  # a 400 for what came after
    assert b"root:" not in got
    assert b"INJECTED" not in got.replace(b"%0aINJECTED", b""), got
    assert b"evil.example" not in got


@pytest.mark.parametrize(
    "frame", [b"Content-Length: {n}\r\n\r\n{inner}", b"Transfer-Encoding: chunked\r\n\r\n{hex}\r\n{inner}\r\n0\r\n\r\n"]
)
def test_a_request_in_the_body_of_a_status_request_is_not_answered(served, frame):
    """The short way answers without reading the body; the body must not become the next request."""
    inner = served.request("GET", "/healthz").replace(b"Connection: close\r\n", b"")
    outer = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n{bearer(served)}\r\n".encode()
    body = frame.replace(b"{n}", b"%d" % len(inner)).replace(b"{hex}", b"%x" % len(inner)).replace(b"{inner}", inner)
    after = served.request("GET", "/api/openapi.json")
    got, _ = served.ask(outer + body + after)
    assert len(statuses(got)) <= 2, got
    assert b'"status":"ok"' not in got


AWAY = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "///evil.example",
    "/%2f/evil.example/..",
    "javascript:alert(1)",
    "/x\r\nSet-Cookie: a=b",
    "http:evil.example",
    "/../..//evil.example",
    "/;@evil.example",
    "evil.example",
    "/" + "x" * 2000,
    "/\u2028/evil.example",
    "//evil.example@127.0.0.1",
]


@pytest.mark.parametrize("away", AWAY, ids=lambda text: text[:24].encode("unicode_escape").decode())
def test_no_parameter_leads_away(served, away):
    login = f"login={served.token(user='u4')}"
    page, _ = served.ask(served.request("GET", "/login/one/out", f"Cookie: {login}"))
    token = re.search(rb'name="csrf_token" value="([^"]+)"', page)[1]
    half = re.search(rb"(?i)\r\nset-cookie: (csrf=[^;]+)", page)[1].decode()
    body = b"csrf_token=" + token + b"&next=" + quote(away, safe="").encode()
    form = [
        "Content-Type: application/x-www-form-urlencoded",
        "Sec-Fetch-Site: same-origin",
        f"Cookie: {login}; {half}",
    ]
    got, _ = served.ask(served.request("POST", "/logout/one", *form, body=body))
    assert statuses(got) == [303], got
    location = re.search(rb"(?i)\r\nlocation: ([^\r]*)\r\n", got)[1]
    assert location.startswith(b"/")
    assert not location.startswith((b"//", b"/\\"))
    assert b"Set-Cookie: a=b" not in got
    got, _ = served.ask(served.request("GET", "/login/one?next=" + quote(away, safe="")))
    assert statuses(got) == [200]
    got, _ = served.ask(
        served.request("GET", f"/app/one/sessions/s0?next={quote(away, safe='')}&session_url={quote(away, safe='')}")
    )
    assert b"evil" not in got


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_return_tokens_of_others_do_one_thing_only(served):
    tokens = ReturnTokens([KEY], hours=1)
    good = tokens.make("one", "u1", "s1")
    got, _ = served.ask(served.request("GET", f"/r/{good}", bearer(served, user="u2")))
    assert statuses(got) == [303]
    assert b"Set-Cookie" not in got
    assert b"u1" not in got
    foreign = ReturnTokens(["y" * 48], hours=1).make("one", "u1", "s1")
    old = ReturnTokens([KEY], hours=1, clock=lambda: time.time() - 90_000).make("one", "u1", "s1")
    payload = json.dumps(["one", "u1", "s1", 2**40]).encode()
    bad = [
        foreign,
        old,
        encoded(b"\0" * 16 + payload),
        f"{encoded(payload)}.{encoded(bytes(16))}",
        f"{encoded(payload)}.{good.rpartition('.')[2]}",
        f"{encoded(payload)}.",
        good.replace(".", ""),
        good.replace(".", ".."),
        "." + good,
        good[:-1],
        good + "A",
        good + "=",
        good[:-1] + "-",
        good.swapcase(),
        "x",
        "x" * 3000,
        good.replace("_", "/"),
        served.token(),
        "%00",
        "..",
        good + "%0a",
        good + "%20",
    ]
    for token in set(bad) - {good}:
        got, _ = served.ask(served.request("GET", f"/r/{token}"))
        assert statuses(got) in ([400], [404], [414]), (token, got[:200])
    got, _ = served.ask(served.request("GET", f"/r/{tokens.make('nowhere', 'u1', 's1')}"))
    assert statuses(got) == [404]


def test_a_storm_of_returns_by_one_user_is_slowed_and_harms_nobody(served):
    mine = bearer(served, user="u7")
    codes = []
    for _ in range(12):
        got, _ = served.ask(served.request("POST", PATH + "/returned", mine))
        codes += statuses(got)
    assert codes.count(429) >= 5
    got, _ = served.ask(served.request("POST", PATH + "/returned", bearer(served, user="u8")))
    assert statuses(got)[0] in {200, 202}


SAME = [
    ["Cookie: login={token}"], ["Cookie: a=b; login={token}; c=d"], ["Cookie: login={token};login={other}"], ["Cookie: login={other}; login={token}"],
    ["Cookie: xlogin={token}"], ["Cookie: login ={token}"], ["Cookie:  login={token} "], ['Cookie: login="{token}"'], ["Cookie: a=1;\tlogin={other}; login={token}"],
    ["Cookie: a=b", "Cookie: login={token}"], ["Authorization: Bearer {token}"], ["Authorization: bearer {token}"], ["Authorization: Bearer  {token}"], ["Authorization: Bearer\t{token}"],
    ["Authorization: Bearer {token}", "Authorization: Bearer {other}"], ["Authorization: Basic eDp5", "Cookie: login={token}"], ["Authorization:", "Cookie: login={token}"],
    ["Authorization: Bearer {token}", "If-None-Match: *"], ["Authorization: Bearer {token}", 'If-None-Match: W/"x", *'], ["Authorization: Bearer {token}", "Prefer: respond-async, wait=0"],
]  # fmt: skip


@pytest.mark.parametrize("headers", SAME, ids=",".join)
def test_the_short_way_and_the_long_way_answer_alike(served, headers):
    """`/./status` is no short way; a HEAD neither. Who is asked about shows in the code alone: u2 belongs to "two"."""
    made = {"Cookie": (served.token(user="u3"), served.token("two", "u2"))}
    made["Authorization"] = served.access(user="u3"), served.access("two", "u2")
    mine = []
    for header in headers:
        token, other = made.get(header.partition(":")[0], ("", ""))
        mine.append(header.replace("{token}", token).replace("{other}", other))
    short, _ = served.ask(served.request("GET", PATH, *mine))
    long, _ = served.ask(served.request("HEAD", PATH, *mine))
    assert statuses(short) == statuses(long)


def test_half_requests_do_not_keep_others_from_being_served_for_ever(site, monkeypatch):
    """More of them than there are threads, and each kept up by another byte now and then."""
    held = [socket.create_connection(("127.0.0.1", site.port), timeout=2) for _ in range(10)]
    begun = [b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"", b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"]
    for number, sock in enumerate(held):
        sock.sendall(begun[number % 3])
    ends = time.monotonic() + 12
    answered = []

    def ask():
        answered.append(site.ask(site.request("GET", "/healthz"), seconds=12))

    asking = threading.Thread(target=ask)
    asking.start()
    while asking.is_alive() and time.monotonic() < ends:
        for sock in held:
            with contextlib.suppress(OSError):
                sock.send(b"x")
        asking.join(0.25)
    asking.join()
    for sock in held:
        sock.close()
    assert statuses(answered[0][0]) == [200]
    assert answered[0][1] < 8


def test_a_crowd_that_waits_does_not_stop_the_cached_answers(served):
    mine = [bearer(served, user=f"u{number % 9}") for number in range(40)]
    threads = [
        threading.Thread(target=served.ask, args=(served.request("GET", PATH, who, "Prefer: wait=2"),)) for who in mine
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    got, seconds = served.ask(served.request("GET", "/healthz"))
    assert statuses(got) == [200]
    assert seconds < 1.5
    for thread in threads:
        thread.join()
    assert complete(got)
