"""Requests which two programs in a row could read differently: refused, or the connection ends with the one answer."""

from contextlib import closing

import pytest

from tests.support.real_server import all_of, head

#: What an attacker wants to be taken for a request of its own.
SMUGGLED = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"
POST = "POST /healthz HTTP/1.1"


@pytest.mark.parametrize(
    ("attack", "sent"),
    [
        ("length and chunks", head(POST, "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n"),
        ("chunks and length", head(POST, "Transfer-Encoding: chunked", "Content-Length: 5") + b"0\r\n\r\n"),
        ("two lengths", head(POST, "Content-Length: 0", "Content-Length: 38")),
        ("a list of lengths", head(POST, "Content-Length: 0, 38")),
        ("a signed length", head(POST, "Content-Length: +0")),
        ("an unknown coding", head(POST, "Transfer-Encoding: xchunked") + b"0\r\n\r\n"),
        ("chunked is not the last coding", head(POST, "Transfer-Encoding: chunked, identity") + b"0\r\n\r\n"),
        ("a blank before the colon", head(POST, "Transfer-Encoding : chunked") + b"0\r\n\r\n"),
        ("chunks in HTTP/1.0", head("POST /healthz HTTP/1.0", "Transfer-Encoding: chunked") + b"0\r\n\r\n"),
        ("a bare CR", head("GET /healthz HTTP/1.1", "X: a\rTransfer-Encoding: chunked")),
        ("a folded line", head("GET /healthz HTTP/1.1", "X: a\r\n Transfer-Encoding: chunked")),
        ("a NUL in a value", head("GET /healthz HTTP/1.1", "X: a\0b")),
        ("a chunk longer than it says", head(POST, "Transfer-Encoding: chunked") + b"1\r\nabc\r\n0\r\n\r\n"),
        ("a chunk size without end", head(POST, "Transfer-Encoding: chunked") + b"fffffffffffffffff\r\n"),
        ("a line feed in a chunk extension", head(POST, "Transfer-Encoding: chunked") + b"0;\n\r\n\r\n"),
        ("chunks of one byte", head(POST, "Transfer-Encoding: chunked") + b"1\r\na\r\n" * 200 + b"0\r\n\r\n"),
        ("too many headers", head("GET /healthz HTTP/1.1", *(f"X{number}: 1" for number in range(120)))),
        ("a head that is too long", head("GET /healthz HTTP/1.1", "X: " + "x" * 33_000)),
        ("a field that is too long", head("GET /healthz HTTP/1.1", "X: " + "x" * 9000, "Connection: close")),
        ("an address that is too long", head(f"GET /healthz?{'x' * 9000} HTTP/1.1", "Connection: close")),
        (
            "more headers than we take",
            head("GET /healthz HTTP/1.1", *(f"X{n}: 1" for n in range(70)), "Connection: close"),
        ),
        ("a method in small letters", head("get /healthz HTTP/1.1", "Connection: close")),
        (
            "a coding that we are not shown",
            head(POST, "Transfer-Encoding: \xff", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        ),
        ("a coding that nobody is shown", head(POST, "Content-Length: 5", "Transfer-Encoding: \xff") + b"0\r\n\r\n"),
        ("a host that we are not shown", head("GET /robots.txt HTTP/1.1", "Connection: close", host="\xff")),
        (
            "an address hidden by letters",
            head("GET /healthz HTTP/1.1", "X-Forwarded-For: \xe9, 192.0.2.7", "Connection: close"),
        ),
        ("chunked twice", head(POST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + b"0\r\n\r\n"),
        ("HTTP/2 without having been asked", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_ambiguous_request_is_refused_and_nothing_after_it_is_answered(wire, attack, sent):
    with closing(wire.connect(sent + SMUGGLED)) as client:
        received = all_of(client)
    assert received == b"" or received.split(b" ")[1] in {b"400", b"405", b"413", b"414", b"431", b"501"}
    assert received.count(b"HTTP/1.1 ") <= 1
    assert b"Disallow" not in received


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("GET http://evil.example/robots.txt HTTP/1.1", "{own}", 400),
        ("GET http://{own}/robots.txt HTTP/1.1", "evil.example", 200),
        ("GET /robots.txt HTTP/1.1", "{own}\r\nHost: evil.example", 400),
        ("GET /robots.txt HTTP/1.0", "{own}", 200),
        ("CONNECT evil.example:443 HTTP/1.1", "{own}", 400),
        ("GET /%ff%00 HTTP/1.1", "{own}", 404),
    ],
)
def test_the_host_that_counts_is_the_one_of_the_request_line(wire, line, host, status):
    own = f"127.0.0.1:{wire.port}"
    sent = head(line.format(own=own), "Connection: close", host=host.format(own=own))
    with closing(wire.connect(sent)) as client:
        received = all_of(client)
    assert int(received.split(b" ")[1]) == status
    assert b"evil" not in received


def test_requests_sent_in_one_piece_are_answered_in_order(wire):
    last = wire.head("GET /robots.txt HTTP/1.1", "Connection: close")
    with closing(wire.connect(head() + head("HEAD /healthz HTTP/1.1") + last)) as client:
        received = all_of(client)
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.count(b'{"status":"ok"}') == 1
    assert received.endswith(b"Disallow: /\n")
