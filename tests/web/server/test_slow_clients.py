"""Clients which are slow on purpose: none holds a thread, and none holds a connection for longer than the deadlines."""

import socket
import time
from contextlib import closing

import pytest

from tests.support.real_server import PATH, all_of, head

HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = "POST /login/demo HTTP/1.1"


@pytest.fixture
def clients():
    """What is closed at the end of a test."""
    opened = []
    yield opened
    for client in opened:
        client.close()


def test_hundreds_of_silent_half_head_and_half_body_clients_hold_none_of_eight_threads(wire, clients):
    body, chunked = wire.head(POST, "Content-Length: 9000"), wire.head(POST, "Transfer-Encoding: chunked")
    for sent in (b"", HALF, body + b"a", chunked + b"5\r\nab"):
        clients += [wire.connect(sent) for _ in range(100)]
    login = wire.login
    began = time.monotonic()
    for _ in range(20):
        assert wire.get(PATH, login)[0] == 202  # no worker makes an answer here
        assert wire.get("/healthz")[0] == 200
    assert time.monotonic() - began < 10
    assert set(wire.get("/healthz")[1].values()) == {"ok"}


@pytest.mark.slow
def test_every_slow_client_is_hung_up_on_whether_it_drips_or_does_nothing(wire, clients):
    body, chunked = wire.head(POST, "Content-Length: 9000"), wire.head(POST, "Transfer-Encoding: chunked")
    slow = {
        "silent": wire.connect(),
        "half a head": wire.connect(HALF),
        "a head byte by byte": wire.connect(HALF + b"X: "),
        "half a body": wire.connect(body + b"a"),
        "a body byte by byte": wire.connect(body),
        "a chunk byte by byte": wire.connect(chunked + b"2000\r\n"),
        "nothing after an answer": wire.connect(head()),
        "reads nothing": never_reading(wire),
    }
    clients += slow.values()
    ended = dict.fromkeys(slow, b"")
    left, end = set(slow), time.monotonic() + 40
    while left and time.monotonic() < end:
        time.sleep(0.5)
        for name in sorted(left):
            if "byte by byte" in name or name == "reads nothing":
                drip(slow[name])
            if has_ended(slow[name], ended, name):
                left.discard(name)
    assert left == set()
    assert b" 408 " in ended["half a body"].split(b"\r\n")[0]
    assert b" 408 " in ended["a chunk byte by byte"].split(b"\r\n")[0]
    assert ended["half a head"] == b""


def never_reading(wire):
    """A client with little room, which asks for more and more."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(0.5)
    client.connect(("127.0.0.1", wire.port))
    with pytest.raises(TimeoutError):
        client.sendall(wire.head("GET /api/openapi.json HTTP/1.1") * 100_000)
    client.setblocking(False)
    return client


def drip(client):
    try:
        client.send(b"x")
    except OSError:
        return


def has_ended(client, ended, name):
    """Whether the server has ended the connection; what it said before is noted."""
    if name == "reads nothing":  # it would no longer be one if it looked
        return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or not can_send(client)
    client.setblocking(False)
    try:
        piece = client.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
    ended[name] += piece
    return not piece


def can_send(client):
    try:
        client.send(b"x")
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (("Content-Length: 16385",), 413),
        (("Content-Length: 99999999999", "Expect: 100-continue"), 413),
        (("Transfer-Encoding: chunked",), 413),
    ],
)
def test_a_body_over_the_limit_is_413_before_the_rest_of_it_is_sent(wire, sent, status):
    with closing(wire.connect(wire.head(f"POST {PATH}/returned HTTP/1.1", *sent))) as client:
        if "chunked" in sent[0]:
            client.sendall(b"4001\r\n" + b"a" * 0x4001 + b"\r\n")  # and no end of it
        assert all_of(client).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_client_that_reads_only_after_it_has_sent_everything_gets_the_answer(wire):
    sent = wire.head(f"POST {PATH}/returned HTTP/1.1", f"Content-Length: {9 * 1024 * 1024}") + b"x" * (9 * 1024 * 1024)
    for _ in range(5):
        with closing(wire.connect()) as client:
            client.sendall(sent)
            assert all_of(client).startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_within_the_limit_is_read_to_its_end(wire):
    fields = [f"Authorization: {wire.login['Authorization']}", "Content-Type: application/json"]
    for body, status in ((b"2\r\n{}\r\n0\r\n\r\n", 202), (b"2\r\n{}\r\n2\r\n{}\r\n0\r\n\r\n", 400)):
        asked = wire.head(f"POST {PATH}/returned HTTP/1.1", *fields, "Transfer-Encoding: chunked", "Connection: close")
        with closing(wire.connect(asked + body)) as client:
            assert int(all_of(client).split(b" ")[1]) == status
