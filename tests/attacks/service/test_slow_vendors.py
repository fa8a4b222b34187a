"""Vendors that are slow in every phase: a call ends at its deadline, and no other call waits for it."""

import socket
import threading
import time

import pytest

from tests.attacks.service.vendor_stage import call, connection, ok

pytestmark = pytest.mark.slow

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = 100_000


def silent(line, head, body):
    time.sleep(2)


def status(line, head, body):
    line.drip(b"HTTP/1.1 200 " + b"O" * 300)


def between(line, head, body):
    line.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, pause=0.01)


def headers(line, head, body):
    line.send(HEAD)
    line.drip(b"X: y\r\n" * 50)


def chunk_size(line, head, body):
    line.send(CHUNKED)
    line.drip(b"0" * 300)


def chunk_extension(line, head, body):
    line.send(CHUNKED)
    line.drip(b"2;" + b"x" * 300)


def chunks(line, head, body):
    line.send(CHUNKED)
    line.drip(b"1\r\nx\r\n" * 300, piece=6)


def body(line, head, body):
    line.send(HEAD + b"Content-Length: 300\r\n\r\n")
    line.drip(b"x" * 300)


def body_without_length(line, head, body):
    line.send(HEAD + b"\r\n")
    line.drip(b"x" * 300)


def trailers(line, head, body):
    line.send(CHUNKED + b"2\r\nok\r\n0\r\n")
    line.drip(b"X: y\r\n" * 50)


def redirects(line, head, body):
    time.sleep(0.3)
    line.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")


def unavailable(line, head, body):
    line.send(b"HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")


PARTS = [
    silent,
    status,
    between,
    headers,
    chunk_size,
    chunk_extension,
    chunks,
    body,
    body_without_length,
    trailers,
    redirects,
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_drip_ends_with_the_deadline(vendors, vendor, part):
    server = vendor(part)
    found = call(vendors, connection(server.base, timeout_s=0.35, follow_redirects=True))
    assert found.fault == "timeout"
    assert 0.3 < found.seconds < 0.8


@pytest.mark.parametrize("after", ["0", "2", "99999999999", "-1", "1e9", "Fri, 31 Dec 9999 23:59:59 GMT", "٣"])
def test_no_retry_after_makes_a_call_longer_than_its_deadline(vendors, vendor, after):
    header = b"Retry-After: " + after.encode()
    refusal = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n" + header + b"\r\n\r\n"
    server = vendor(refusal)
    found = call(vendors, connection(server.base, timeout_s=0.6))
    assert found.seconds < 1
    assert found.answer.status == 503
    assert len(server.heads) <= 3


@pytest.mark.parametrize(
    "drip",
    [b"", b"\x16\x03\x03\x40\x00" + b"\x02" * 300, b"HTTP/1.1 200 OK\r\n" * 40],
    ids=["stall", "records", "plain"],
)
def test_a_handshake_that_does_not_end_ends_with_the_deadline(vendors, drip):
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        sock, _ = server.accept()
        held.append(sock)
        try:
            for byte in drip:
                sock.send(bytes([byte]))
                time.sleep(0.02)
            time.sleep(2)
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    found = call(vendors, connection(f"https://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.6))
    assert found.fault in {"timeout", "connection"}
    assert found.seconds < 1
    server.close()
    for sock in held:
        sock.close()


def test_a_vendor_that_reads_nothing_ends_with_the_deadline(vendors):
    server = socket.create_server(("127.0.0.1", 0))
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    conn = connection(f"http://127.0.0.1:{server.getsockname()[1]}", methods=frozenset({"POST"}), timeout_s=0.5)
    found = call(vendors, conn, method="POST", json="x" * 60_000, has_json=True)
    assert found.fault == "timeout"
    assert found.seconds < 0.9
    server.close()


def test_a_full_backlog_ends_with_the_deadline(vendors):
    server = socket.create_server(("127.0.0.1", 0), backlog=0)
    fill = [socket.socket() for _ in range(4)]
    for sock in fill:
        sock.setblocking(False)
        sock.connect_ex(server.getsockname())
    found = call(vendors, connection(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.5))
    assert found.fault == "timeout"
    assert found.seconds < 0.9
    for sock in (*fill, server):
        sock.close()


def test_tiny_chunks_cost_little_time(vendors, vendor):
    server = vendor(lambda line, head, body: line.send(CHUNKED + b"1\r\nx\r\n" * 250_000 + b"0\r\n\r\n"))
    before = time.thread_time()
    found = call(vendors, connection(server.base, timeout_s=3.0))
    used = time.thread_time() - before
    assert found.seconds < 3.5
    assert used < 1.0


def test_forty_stuck_calls_do_not_slow_another_vendor(vendors, vendor):
    stuck, quick = vendor(silent), vendor(lambda line, head, body: line.send(ok()))
    slow = connection(stuck.base, timeout_s=1.0)
    threads = [threading.Thread(target=call, args=(vendors, slow), daemon=True) for _ in range(40)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    worst = max(call(vendors, connection(quick.base)).seconds for _ in range(20))
    for thread in threads:
        thread.join()
    assert worst < 0.4
