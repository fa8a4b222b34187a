"""HTTP messages: what a request may contain, and which bytes of a vendor are an answer."""

import socket
import threading
import time

import pytest

from runner.powers.http.counted_socket import (
    AnswerTooLarge,
    BrokenAnswer,
    CountedReader,
    CountedSocket,
    ExchangeBudget,
)
from runner.powers.http.http_messages import MAX_HEADER_BYTES, OutgoingRequest, read_response

OK = b"HTTP/1.1 200 OK\r\n"


def read(*pieces, most=1000):
    """Read an answer that comes in pieces, after which the vendor closes the connection."""
    ours, theirs = socket.socketpair()
    budget = ExchangeBudget(time.monotonic() + 5, MAX_HEADER_BYTES)

    def send():
        with theirs:
            for each in pieces:
                theirs.sendall(each)
                time.sleep(0.01 if len(pieces) > 1 else 0)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with ours:
            return read_response(CountedReader(CountedSocket(ours, budget)), budget, most)
    finally:
        sender.join()


# -- requests -----------------------------------------------------------------------------------------------------


def test_a_request_has_its_headers_and_the_length_of_its_body():
    request = OutgoingRequest("POST", "/a?b=c", (("Host", "vendor.test"), ("X-One", "é 1")), b"{}")
    head = "POST /a?b=c HTTP/1.1\r\nHost: vendor.test\r\nX-One: é 1\r\nContent-Length: 2\r\n\r\n"
    assert request.as_bytes() == head.encode("latin-1") + b"{}"


def test_a_get_states_no_length_and_a_post_without_a_body_states_that_it_is_empty():
    assert OutgoingRequest("GET", "/", ()).as_bytes() == b"GET / HTTP/1.1\r\n\r\n"
    assert OutgoingRequest("POST", "/", ()).as_bytes() == b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("target", "header"),
    [
        ("/a b", ("X", "y")),
        ("/a\r\nHost: evil.test", ("X", "y")),
        ("/é", ("X", "y")),
        ("", ("X", "y")),
        ("/", ("X", "y\r\nHost: evil.test")),
        ("/", ("X", "y\n z")),
        ("/", ("X", "y\0")),
        ("/", ("X: y\r\nHost", "evil.test")),
        ("/", ("X Y", "z")),
        ("/", ("", "z")),
        ("/", ("X", "\u0431")),
    ],
)
def test_a_request_with_a_smuggled_line_is_not_sent(target, header):
    with pytest.raises(ValueError):  # noqa: PT011 - the caller translates any of them
        OutgoingRequest("GET", target, (header,)).as_bytes()


# -- answers ------------------------------------------------------------------------------------------------------


def test_an_answer_in_pieces_is_one_answer():
    whole = OK + b"X-One: a\r\nContent-Length: 5\r\n\r\nhello"
    assert read(*(whole[at : at + 7] for at in range(0, len(whole), 7))) == read(whole)
    answer, keep = read(whole)
    assert (answer.status, answer.header("x-one"), answer.body, keep) == (200, "a", b"hello", True)


@pytest.mark.parametrize(
    ("head", "value"),
    [
        (b"X: a\r\n b\r\n\tc\r\n", "a b c"),
        (b"X: \t a \t\r\n", "a"),
        (b"X:\r\n", ""),
        (b"X: \xe9\r\n", "é"),
        (b"X: a\nY: b\n", "a"),
    ],
    ids=["folded", "blanks", "empty", "latin-1", "line feeds alone"],
)
def test_a_field_is_read_however_it_is_written(head, value):
    assert read(OK + head + b"Content-Length: 0\r\n\r\n")[0].header("x") == value


@pytest.mark.parametrize(
    ("answer", "body", "keep"),
    [
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nX: trailer\r\n\r\n", b"abcde", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", b"ab", True),
        (OK + b"\r\nuntil the end", b"until the end", False),
        (OK + b"Content-Length: many\r\n\r\nuntil the end", b"until the end", False),
        (OK + b"Content-Length: 2, 2\r\n\r\nab", b"ab", True),
        (OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", b"ab", False),
        (OK + b"Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n", b"ab", False),
        (OK + b"Content-Length: 2\r\nConnection: Close\r\n\r\nab", b"ab", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", b"", True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", b"", True),
        (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nab", b"ab", True),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", b"ab", True),
    ],
)
def test_a_body_ends_where_the_head_says_and_the_connection_is_kept_only_if_that_is_certain(answer, body, keep):
    incoming, kept = read(answer)
    assert (incoming.body, kept) == (body, keep)


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        OK + b"X: y\r\n",
        OK + b"X: a\rTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\rX: y\r\n\r\n",
        OK + b" folded at once\r\n\r\n",
        OK + b": no name\r\n\r\n",
        OK + b"Content-Length: 2, 3\r\n\r\nab",
        OK + b"Content-Length: 3\r\n\r\nab",
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
    ],
)
def test_a_broken_or_doubtful_answer_is_refused(answer):
    with pytest.raises((BrokenAnswer, ValueError)):
        read(answer)


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"X: y\r\n" * 101 + b"\r\n",
        OK + b"X: " + b" " * MAX_HEADER_BYTES + b"\r\n\r\n",
        OK + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001,
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 70_000 + b"\r\nx\r\n0\r\n\r\n",
    ],
)
def test_an_answer_that_is_too_large_in_any_part_is_cut_off(answer):
    with pytest.raises(AnswerTooLarge):
        read(answer)
