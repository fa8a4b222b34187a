"""How bodies are collected: what is kept of them, and when that ends."""

import asyncio
from http import HTTPStatus
from types import SimpleNamespace

import pytest

from tests.support.event_loop import awaited
from web.server import request_body
from web.server.request_body import MOST_DISCARDED, PIECES, RESERVED_FOR_SMALL, SMALL, RequestBodies, RequestBody

LIMIT = 1000
CHUNKED = {"transfer-encoding": "chunked"}
SCOPE = SimpleNamespace(method="POST", path="/form")


class Pieces:
    """What the server hands on, piece by piece; it counts how many were asked for."""

    def __init__(self, *pieces):
        self._pieces = pieces
        self.taken = 0

    async def __aiter__(self):
        for piece in self._pieces:
            self.taken += 1
            if piece is None:
                await asyncio.sleep(60)
            yield piece


def collect(headers, *pieces, **options):
    bodies = RequestBodies(lambda _method, _path: LIMIT, **({"deadline_s": 5} | options))
    protocol = Pieces(*pieces)
    return awaited(bodies.collect(SCOPE, headers, protocol)), protocol.taken, bodies


@pytest.mark.parametrize("headers", [{}, {"content-length": "0"}])
def test_a_request_without_a_body_is_not_waited_for(headers):
    body, taken, _ = collect(headers, None)
    assert (body, taken) == (RequestBody(), 0)


def test_a_whole_body_is_handed_on_as_one():
    assert collect({"content-length": "6"}, b"abc", b"def", b"")[0].data == b"abcdef"
    assert collect(CHUNKED, b"abc", b"def", b"")[0].data == b"abcdef"


@pytest.mark.parametrize(
    ("more", "pieces", "expected"),
    [
        ({"expect": "100-continue"}, (b"x",), 0),  # such a client waits for our answer
        ({"content-length": str(MOST_DISCARDED + 1)}, (b"x",), 0),
        ({}, (b"x" * LIMIT, b"x", b""), 3),
        ({}, (b"x" * LIMIT, None, b"x"), 2),  # nothing more comes
        ({}, (b"x",) * (2 * PIECES), PIECES + 1),
        ({}, (b"x" * MOST_DISCARDED, b"x", b"x"), 2),
    ],
)
def test_of_a_body_announced_too_long_a_limited_part_is_discarded(monkeypatch, more, pieces, expected):
    monkeypatch.setattr(request_body, "DISCARDING_S", 0.05)
    body, taken, _ = collect({"content-length": str(LIMIT + 1)} | more, *pieces, most_in_all=LIMIT)
    assert (body, taken) == (RequestBody(refused=HTTPStatus.REQUEST_ENTITY_TOO_LARGE), expected)


def test_of_chunks_above_the_limit_no_more_is_taken():
    body, taken, _ = collect(CHUNKED, *[b"x" * 400] * 9, b"")
    assert (body.refused, taken) == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 3)


def test_a_body_that_does_not_arrive_in_time_is_refused():
    body, _, _ = collect({"content-length": "6"}, b"abc", None, deadline_s=0.05)
    assert body == RequestBody(refused=HTTPStatus.REQUEST_TIMEOUT)


@pytest.mark.parametrize(
    ("headers", "pieces"),
    [
        ({"content-length": "6"}, (b"abc", b"")),  # the client has gone
        (CHUNKED, (b"abc", b"", b"")),  # the server's sign for a broken chunk
        (CHUNKED, (b"abc", b"", b"def", b"")),
        (CHUNKED, (b"x",) * (PIECES + 2)),
    ],
)
def test_a_body_that_is_cut_broken_or_in_crumbs_is_never_taken_for_a_whole_one(headers, pieces):
    assert collect(headers, *pieces)[0] == RequestBody(refused=HTTPStatus.BAD_REQUEST)


def test_all_bodies_together_are_bounded_and_what_was_given_back_can_be_had_again():
    async def two_and_a_third():
        bodies = RequestBodies(lambda _method, _path: LIMIT, most_in_all=1500)

        def one():
            return bodies.collect(SCOPE, {"content-length": "700"}, Pieces(b"x" * 700, b""))

        first, second, third = await one(), await one(), await one()
        bodies.release(first)
        return second, third, await one()

    second, third, fourth = awaited(two_and_a_third())
    assert third == RequestBody(refused=HTTPStatus.SERVICE_UNAVAILABLE)
    assert len(second.data) == len(fourth.data) == 700


def test_large_bodies_leave_room_for_small_ones():
    async def large_then_small():
        bodies = RequestBodies(lambda _method, _path: 10 * SMALL, most_in_all=RESERVED_FOR_SMALL + 2 * SMALL)
        large = [await bodies.collect(SCOPE, CHUNKED, Pieces(b"x" * SMALL, b"x" * 600, b"")) for _ in range(3)]
        return large, await bodies.collect(SCOPE, CHUNKED, Pieces(b"x" * SMALL, b""))

    large, small = awaited(large_then_small())
    assert [body.refused for body in large] == [None, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE]
    assert small.refused is None


def test_refused_and_cancelled_bodies_hold_nothing():
    async def many():
        bodies = RequestBodies(lambda _method, _path: LIMIT, deadline_s=0.01, most_in_all=LIMIT)
        for _ in range(3):
            late = await bodies.collect(SCOPE, CHUNKED, Pieces(b"x" * 900, None))
            assert late.refused is HTTPStatus.REQUEST_TIMEOUT
        bodies = RequestBodies(lambda _method, _path: LIMIT, most_in_all=LIMIT)
        task = asyncio.create_task(bodies.collect(SCOPE, CHUNKED, Pieces(b"x" * 900, None)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await bodies.collect(SCOPE, CHUNKED, Pieces(b"x" * 900, b""))

    assert awaited(many()).refused is None
