"""Vendors which are slow, broken or hostile: what their answers can do to us is to be one failed call."""

import contextlib
import gzip
import json
import socket
import threading
import time
import tracemalloc
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.powers.http import bodies
from runner.powers.http.counted_socket import CountedSocket, ExchangeBudget
from sandbox import CallFault, CallNotMade
from tests.support.vendors import reply

pytestmark = pytest.mark.slow

KIB, MIB = 1024, 1024 * 1024


def fault_of(call, *args, **options):
    with pytest.raises(CallNotMade) as caught:
        call(*args, **options)
    return caught.value.fault


def endlessly(start, piece, pause_s=0.0):
    """An answer that never ends, until we hang up."""

    def answer(request):
        with contextlib.suppress(OSError):
            request.sock.sendall(start)
            while True:
                request.sock.sendall(piece)
                time.sleep(pause_s)

    return answer


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


# -- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        endlessly(b"", b"H", 0.05),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"x", 0.05),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05),
        endlessly(HEAD + b"\r\n", b"x", 0.05),
        endlessly(HEAD + b"Content-Length: 100000\r\n\r\n", b"x", 0.05),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.05),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 0.05),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 0.05),
        endlessly(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
        lambda _: time.sleep(1.0),
    ],
    ids=["status", "header", "headers", "body", "length", "chunks", "chunk size", "trailers", "100s", "silence"],
)
@pytest.mark.parametrize("tls", [None, "vendor.test"])
def test_a_vendor_that_drips_ends_at_the_deadline(client, start_vendor, names, answer, tls):
    names["vendor.test"] = ["127.0.0.1"]
    vendor = start_vendor(answer, tls=tls)
    started = time.monotonic()
    assert fault_of(client, client.connect(vendor), wall_s=0.3) is CallFault.TIMEOUT
    assert time.monotonic() - started < 0.6


def test_a_connection_has_its_own_time_out_within_the_deadline_of_the_run(client, start_vendor):
    vendor = start_vendor(lambda _: time.sleep(1.0))
    started = time.monotonic()
    assert fault_of(client, client.connect(vendor, timeout_s=0.2), wall_s=5) is CallFault.TIMEOUT
    assert time.monotonic() - started < 0.5


def test_a_vendor_that_accepts_and_never_shakes_hands_ends_at_the_deadline(client, start_vendor, names):
    vendor = start_vendor(b"never", name="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    connection = client.connect(vendor, base_url=f"https://vendor.test:{vendor.port}")
    started = time.monotonic()
    assert fault_of(client, connection, wall_s=0.3) is CallFault.TIMEOUT
    assert time.monotonic() - started < 0.6


def test_a_vendor_that_does_not_read_ends_at_the_deadline(client, start_vendor):
    vendor = start_vendor()
    vendor._read = lambda sock, _: time.sleep(1.0)
    started = time.monotonic()
    body = {"a": "x" * 60_000}
    assert fault_of(client, client.connect(vendor), method="POST", json=body, wall_s=0.3) is CallFault.TIMEOUT
    assert time.monotonic() - started < 0.6


def test_sending_ends_at_the_deadline_of_this_exchange_not_of_an_earlier_one():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)  # as an earlier exchange over the kept connection left it
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            CountedSocket(ours, ExchangeBudget(started + 0.2, 1000)).sendall(b"x" * 16 * MIB)
        assert time.monotonic() - started < 1.0


def test_a_deadline_that_is_over_sends_nothing(client, start_vendor):
    vendor = start_vendor(reply({}))
    assert fault_of(client, client.connect(vendor), wall_s=-1) is CallFault.TIMEOUT
    assert not vendor.requests


# -- size ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        endlessly(HEAD + b"\r\n", b"x" * 65536),
        endlessly(HEAD + b"Content-Length: 99999999999999\r\n\r\n", b"x" * 65536),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1000),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 65536),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"x" * 65536),
        endlessly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 1000),
        endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        endlessly(b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" * 100),
    ],
    ids=["body", "length", "chunks", "small chunks", "chunk of -1", "huge chunk", "trailers", "100s", "fat 100s"],
)
def test_an_endless_answer_is_cut_off_and_costs_little_memory(client, start_vendor, answer):
    vendor = start_vendor(answer)
    tracemalloc.start()
    fault = fault_of(client, client.connect(vendor), wall_s=5, room=MIB // 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fault is CallFault.TOO_LARGE
    assert peak < 2 * MIB
    assert client.record.ms < 4000


@pytest.mark.parametrize(
    "answer",
    [
        endlessly(b"", b"x" * 65536),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"x" * 65536),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000),
        endlessly(b"HTTP/1.1 200 OK\r\nX: y", b"\r\n " + b"x" * 1000),
    ],
    ids=["status line", "header line", "headers", "folded header"],
)
def test_endless_headers_are_cut_off(client, start_vendor, answer):
    vendor = start_vendor(answer)
    assert fault_of(client, client.connect(vendor), wall_s=5) is CallFault.TOO_LARGE
    assert client.record.ms < 4000


def test_the_cap_is_the_smaller_one_of_connection_and_run(client, start_vendor):
    vendor = start_vendor(reply("x" * 1000))
    assert client(client.connect(vendor, max_body_bytes=1000), room=1000).bytes_read == 1000
    assert fault_of(client, client.connect(vendor, max_body_bytes=999)) is CallFault.TOO_LARGE
    assert fault_of(client, client.connect(vendor), room=999) is CallFault.TOO_LARGE
    assert fault_of(client, client.connect(vendor), room=0) is CallFault.TOO_LARGE
    assert fault_of(client, client.connect(vendor), room=-5) is CallFault.TOO_LARGE


def test_what_was_read_in_vain_counts_against_the_budget_of_the_run(client, start_vendor):
    def read_by(answer, **options):
        vendor = start_vendor(answer)
        with pytest.raises(CallNotMade) as caught:
            client(client.connect(vendor, name=f"vendor {vendor.port}", **options), method="POST", json=1)
        assert client.record.bytes == caught.value.bytes_read
        return caught.value.bytes_read

    assert read_by(reply("x" * 5000), max_body_bytes=1000) == 1001
    assert (
        read_by(reply(gzip.compress(b"x" * 50_000), headers={"Content-Encoding": "gzip"}), max_body_bytes=1000) == 1001
    )
    assert read_by(HEAD + b"Content-Length: 99\r\nConnection: close\r\n\r\n12345") == 5
    assert read_by(b"garbage\r\n\r\n") == 0


def test_bodies_of_redirects_and_retries_count_against_the_cap(client, start_vendor):
    page = "x" * 400
    vendor = start_vendor([reply(page, 503), reply(page, 302, {"Location": "/y"}), reply("y" * 200)])
    connection = client.connect(vendor, follow_redirects=True)
    assert client(connection).bytes_read == 1000
    vendor.requests.clear()
    assert fault_of(client, connection, room=999) is CallFault.TOO_LARGE


GZIP_BOMB, BOMB = (pack(bytes(64 * MIB), 1) for pack in (gzip.compress, zlib.compress))


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", GZIP_BOMB),
        ("x-gzip", GZIP_BOMB),
        ("deflate", BOMB),
        ("deflate", BOMB[2:-4]),
        ("GZIP", gzip.compress(b"\0" * (900 * KIB)) * 50),
    ],
    ids=["gzip", "x-gzip", "zlib", "raw deflate", "many members"],
)
def test_a_decompression_bomb_is_defused(client, start_vendor, coding, packed):
    vendor = start_vendor(reply(packed, headers={"Content-Encoding": coding}))
    tracemalloc.start()
    fault = fault_of(client, client.connect(vendor))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fault is CallFault.TOO_LARGE
    assert peak < 8 * MIB


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "compress", "gzip;q=1", "rot13", "identity, gzip"])
def test_a_coding_that_was_not_asked_for_is_a_broken_answer(client, start_vendor, coding):
    vendor = start_vendor(reply(gzip.compress(gzip.compress(b"{}")), headers={"Content-Encoding": coding}))
    assert fault_of(client, client.connect(vendor)) is CallFault.CONNECTION


@pytest.mark.parametrize(
    "packed",
    [b"{}", gzip.compress(b"{}")[:-5], gzip.compress(b"{}") + b"garbage", b"\x1f\x8b", gzip.compress(b"") * 1000],
    ids=["not packed", "cut short", "garbage behind it", "a head only", "a thousand members"],
)
def test_a_broken_gzip_is_a_broken_answer(client, start_vendor, packed):
    vendor = start_vendor(reply(packed, headers={"Content-Encoding": "gzip"}))
    assert fault_of(client, client.connect(vendor)) is CallFault.CONNECTION


def test_packed_answers_of_honest_vendors_are_read(client, start_vendor):
    body = json.dumps({"list": ["é"] * 100}).encode()
    packed = [
        reply(gzip.compress(body), headers={"Content-Encoding": "gzip"}),
        reply(zlib.compress(body), headers={"Content-Encoding": "deflate"}),
        reply(zlib.compress(body)[2:-4], headers={"Content-Encoding": "deflate"}),
        reply(gzip.compress(body[:50]) + gzip.compress(body[50:]) + b"\0\0", headers={"Content-Encoding": "gzip"}),
        reply(body, headers={"Content-Encoding": "identity"}),
        reply(b"", headers={"Content-Encoding": "gzip"}),
    ]
    connection = client.connect(start_vendor(packed))
    for _ in range(5):
        answer = client(connection)
        assert answer.text == body.decode()
        assert answer.bytes_read == len(body)
    assert client(connection).text == ""


# -- garbage ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 smtp ready\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99 OK\r\n\r\n",
        b"HTTP/1.1 1000 OK\r\n\r\n",
        b"HTTP/1.1 -200 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/x 200 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + reply({}),
        b"HTTP/1.1 199 x\r\n\r\n" + reply({}),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 65537 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-\xc9: x\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX Y: x\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
        HEAD + b"Content-Length: 10\r\nConnection: close\r\n\r\nshort",
        HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nx\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nx",
        HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n-5\r\nxxxxxxxxxx\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello",
    ],
)
def test_garbage_is_a_failed_call(client, start_vendor, answer):
    vendor = start_vendor(lambda request: request.sock.sendall(answer))
    assert fault_of(client, client.connect(vendor), method="POST", json=1) in {
        CallFault.CONNECTION,
        CallFault.TOO_LARGE,
    }
    assert len(vendor.requests) == 1


def test_a_vendor_that_hangs_up_at_once_is_a_failed_call(client, start_vendor):
    vendor = start_vendor(lambda _: None)
    assert fault_of(client, client.connect(vendor), method="POST", json=1) is CallFault.CONNECTION


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.binary(max_size=100).map((HEAD + b"\r\n").__add__)
    | st.binary(max_size=100).map((HEAD + b"Transfer-Encoding: chunked\r\n\r\n").__add__)
    | st.binary(max_size=100).map((HEAD + b"Content-Encoding: gzip\r\nContent-Length: 90\r\n\r\n").__add__)
    | st.binary(max_size=60).map(lambda junk: b"HTTP/1.1 200 OK\r\n" + junk + b"\r\n\r\n{}")
)
def test_whatever_a_vendor_sends_is_an_answer_or_a_call_not_made(client, start_vendor, answer):
    vendor = start_vendor(lambda request: request.sock.sendall(answer))
    connection = client.connect(vendor, timeout_s=1.0)
    with contextlib.suppress(CallNotMade):
        made = client(connection, method="POST", json=1)
        made.text.encode()
        assert all(
            name == name.lower() and value.isprintable() for name, value in made.headers.items() if value.isascii()
        )
    vendor.close()


def test_an_answer_smuggled_behind_another_is_not_taken_for_the_next(client, start_vendor):
    forged = reply({"forged": True})
    vendor = start_vendor(lambda request: reply({"call": request.target}) + forged)
    connection = client.connect(vendor)
    for path in ("/1", "/2", "/3"):
        assert json.loads(client(connection, path).text) == {"call": path}


def test_a_late_smuggled_answer_is_not_taken_for_the_next(client, start_vendor):
    sent = threading.Event()

    def answer(request):
        request.sock.sendall(reply({"call": request.target}))
        time.sleep(0.05)
        request.sock.sendall(reply({"forged": True}))
        sent.set()
        time.sleep(0.2)

    vendor = start_vendor(answer)
    connection = client.connect(vendor)
    client(connection, "/1")
    sent.wait(2)
    assert json.loads(client(connection, "/2").text) == {"call": "/2"}


def test_an_answer_framed_in_two_ways_ends_the_connection(client, start_vendor):
    body = b"2\r\n{}\r\n0\r\n\r\n"
    vendor = start_vendor(HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    connection = client.connect(vendor)
    assert client(connection).text == "{}"
    assert client(connection).text == "{}"
    assert vendor.connections == 2


# -- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("application/json", "é".encode(), "é"),
        ("application/json", b"\xef\xbb\xbf{}", "{}"),
        ("application/json", b"\xff\xfe{\x00}\x00", "{}"),
        ("application/json; charset=utf-16", "{}".encode("utf-16"), "{}"),
        ("text/plain; charset=iso-8859-1", b"\xe9", "é"),
        ('text/plain; Charset = "windows-1252"', b"\x80", "€"),
        ("text/plain; charset=shift_jis", "受講".encode("shift_jis"), "受講"),
        ("text/plain", b"\xe9", "\ufffd"),
        ("text/plain; charset=utf-8", b"a\xff\xc0\x80b", "a\ufffd\ufffd\ufffdb"),
        ("text/plain; charset=nonsense", "é".encode(), "é"),
        ("text/plain; charset=zlib_codec", b"x\x9c\xab\xa8", "x\ufffd\ufffd\ufffd"),
        ("text/plain; charset=unicode_escape", b"\\x41", "\\x41"),
        ("text/plain; charset=utf-7", b"+AGEAYg-", "+AGEAYg-"),
        ("text/plain; charset=punycode", b"a-b", "a-b"),
        ("text/plain; charset=idna", b"xn--e", "xn--e"),
        ("text/plain; charset=undefined", b"x", "x"),
        ("text/plain; charset=" + "x" * 5000, b"x", "x"),
        ("", b"x", "x"),
    ],
)
def test_a_body_is_decoded_by_a_known_charset_and_never_fails(content_type, body, text):
    assert bodies.decoded(body, content_type) == text


def test_headers_reach_the_script_in_lower_case_without_cookies_and_controls(client, start_vendor):
    headers = [
        ("X-Rate", "1"), ("X-Rate", "2"), ("Set-Cookie", "session=secret"), ("X-Long", "y" * 3000),
        ("X-Odd", "a\tb\x0bc\x1b[0m\x85\x9b"), ("X(Name)", "x"), ("Transfer-Encoding", "identity"), ("WWW-Authenticate", "Basic"),
    ]  # fmt: skip
    answer = client(client.connect(start_vendor(reply({}, headers=headers))))
    assert answer.headers == {"content-type": "application/json", "x-rate": "1, 2", "x-odd": "a b c [0m"}


def test_headers_are_capped_together():
    headers = tuple((f"x-{n}", "y" * 1000) for n in range(90))
    shown = bodies.shown_headers(headers)
    assert sum(len(name) + len(value) for name, value in shown.items()) <= bodies.MAX_SHOWN_BYTES
    assert len(bodies.shown_headers(tuple((f"x-{n}", "y") for n in range(90)))) == bodies.MAX_SHOWN_HEADERS


@pytest.mark.parametrize("status", [200, 201, 204, 302, 304, 400, 401, 404, 429, 500, 599, 999])
def test_every_status_is_an_answer(client, start_vendor, status):
    answer = client(client.connect(start_vendor(reply(b"", status))), method="POST", json=1)
    assert answer.status == status


@pytest.mark.parametrize(
    "content_type", ["multipart/mixed; boundary=x", "multipart/mixed", "message/rfc822", "x", ";;="]
)
def test_an_odd_content_type_is_no_broken_header(client, start_vendor, content_type):
    assert client(client.connect(start_vendor(reply("text", content_type=content_type)))).text == "text"


def test_nan_from_a_vendor_is_plain_text_here(client, start_vendor):
    assert client(client.connect(start_vendor(reply(b'{"a": NaN}')))).text == '{"a": NaN}'
