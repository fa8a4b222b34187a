"""Kept connections: nothing that a vendor sends for one user is ever read as the answer for another."""

import time

import pytest

from tests.attacks.service.vendor_stage import call, connection, ok

EVIL = ok(b"EVIL")


def extra_at_once(line, head, body):
    line.send(ok(b"mine") + EVIL)


def extra_in_two_parts(line, head, body):
    """The first half is read along with the body and lost, the second half follows after the next request."""
    line.send(ok(b"mine") + EVIL[:20])
    line.request()
    line.send(EVIL[20:])


def half_an_answer_then_the_rest(line, head, body):
    """What was read ahead ends in a blank status line: the next request's answer begins in its middle."""
    line.send(ok(b"mine") + b"GARBAGE-BEFORE-")
    line.request()
    line.send(EVIL)


def extra_later(line, head, body):
    line.send(ok(b"mine"))
    time.sleep(0.1)
    line.send(EVIL)


def body_of_a_204(line, head, body):
    line.send(b"HTTP/1.1 204 No Content\r\n\r\n" + EVIL[:20])
    line.request()
    line.send(EVIL[20:])


def length_on_a_204(line, head, body):
    line.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 38\r\n\r\n" + EVIL[:10])
    line.request()
    line.send(EVIL[10:])


def body_of_a_304(line, head, body):
    line.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nmine" + EVIL)


def after_the_last_chunk(line, head, body):
    line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmine\r\n0\r\n\r\n" + EVIL)


def in_the_trailers(line, head, body):
    line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmine\r\n0\r\nX: y\r\n\r\n" + EVIL)


def split_by_a_bare_cr(line, head, body):
    line.send(b"HTTP/1.1 200 OK\r\nX: a\rContent-Length: 4\r\nContent-Length: 60\r\n\r\nmine" + EVIL + b" " * 30)


def odd_length(line, head, body):
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: +0_4\r\n\r\nmine" + EVIL)


def length_after_a_broken_line(line, head, body):
    line.send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: multipart/mixed; boundary=x\r\n--x\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nmine" + EVIL
    )


def an_answer_before_the_question(line):
    line.send(ok(b"mine"))


@pytest.mark.parametrize(
    "part",
    [
        extra_at_once,
        extra_in_two_parts,
        half_an_answer_then_the_rest,
        extra_later,
        body_of_a_204,
        length_on_a_204,
        body_of_a_304,
        after_the_last_chunk,
        in_the_trailers,
        split_by_a_bare_cr,
        odd_length,
        length_after_a_broken_line,
    ],
    ids=lambda part: part.__name__,
)
def test_what_follows_an_answer_is_nobodys_answer(vendors, vendor, part):
    server = vendor(part)
    conn = connection(server.base, timeout_s=1.0)
    for user in range(3):
        found = call(vendors, conn, f"/user/{user}")
        assert found.seconds < 2
        if found.answer:
            assert found.answer.text in {"mine", ""}
        time.sleep(0.15 if part is extra_later else 0)
        mine = call(vendors, conn, f"/clean/{user}")
        assert mine.answer, mine.text
        assert mine.answer.text == str(user)


@pytest.mark.parametrize("part", [extra_at_once, after_the_last_chunk, body_of_a_304], ids=lambda part: part.__name__)
def test_a_connection_on_which_too_much_came_is_not_kept(vendors, vendor, part):
    server = vendor(part)
    conn = connection(server.base)
    call(vendors, conn)
    call(vendors, conn, "/clean/x")
    assert server.connections == 2


def test_an_answer_that_came_before_the_question_does_not_stay_for_the_next(vendors, vendor):
    """What the vendor said too early may reach the one who had just come, as a vendor may say anything to them."""
    server = vendor(lambda line, head, body: line.send(ok(b"late")), first=an_answer_before_the_question)
    conn = connection(server.base)
    for path, own in (("/odd", "late"), ("/clean/x", "x"), ("/clean/y", "y")):
        found = call(vendors, conn, path)
        assert found.answer.text in {own, "mine"}
        time.sleep(0.1)  # what comes behind the answer has arrived when the next user's question is sent


def test_an_honest_connection_is_kept(vendors, vendor):
    server = vendor(lambda line, head, body: line.send(ok(b"mine")))
    conn = connection(server.base)
    for _ in range(5):
        assert call(vendors, conn).answer.text == "mine"
    assert server.connections == 1
