"""Whose a reply is, whatever way the bytes come and whoever has gone; pure, without a server."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.store.reply_queue import MOST_UNFINISHED, OutOfStep, ReplyQueue, is_error, packed
from tests.support.event_loop import awaited


def bulk(text):
    return f"${len(text)}\r\n{text}\r\n".encode()


async def asked(queue, count):
    futures = [asyncio.get_running_loop().create_future() for _ in range(count)]
    for place, future in enumerate(futures):
        queue.expect(future, float(place))
    return futures


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.lists(st.integers(1, 40)))
def test_a_reply_goes_to_its_own_question_in_pieces_of_any_size_and_whoever_has_gone(stays, sizes):
    async def ask():
        queue = ReplyQueue()
        futures = await asked(queue, len(stays))
        for future, stayed in zip(futures, stays, strict=True):
            if not stayed:
                future.cancel()
        sent = b"".join(bulk(f"reply {place}") for place in range(len(stays)))
        for size in sizes:
            queue.feed(sent[:size])
            sent = sent[size:]
        queue.feed(sent)
        assert queue.oldest is None
        return [future.result() if stayed else None for future, stayed in zip(futures, stays, strict=True)]

    assert awaited(ask()) == [f"reply {place}".encode() if stayed else None for place, stayed in enumerate(stays)]


def test_the_oldest_question_is_the_one_that_waits_longest():
    async def ask():
        queue = ReplyQueue()
        await asked(queue, 3)
        queue.feed(bulk("first"))
        return queue.oldest

    assert awaited(ask()) == 1.0


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00" * 40,
        bulk("mine") + bulk("of another"),
        b"$300000\r\n" + b"x" * (MOST_UNFINISHED + 1),
    ],
    ids=["another protocol", "zeros", "one reply more than questions", "too long"],
)
def test_what_is_no_reply_ends_the_connection(sent):
    async def ask():
        queue = ReplyQueue()
        (future,) = await asked(queue, 1)
        with pytest.raises(OutOfStep):
            queue.feed(sent)
        queue.give_up()
        return future.result()

    assert awaited(ask()) in {None, b"mine"}


def test_an_error_is_a_value_and_the_next_reply_has_its_place():
    async def ask():
        queue = ReplyQueue()
        futures = await asked(queue, 3)
        queue.feed(b"-NOSCRIPT No matching script.\r\n" + bulk("next"))
        queue.give_up()
        return [future.result() for future in futures]

    error, after, lost = awaited(ask())
    assert is_error(error, "NOSCRIPT")
    assert not is_error(error, "OOM")
    assert (after, lost) == (b"next", None)


def test_a_command_is_packed_as_the_server_reads_it():
    assert packed("GET", b"a", 10) == b"*3\r\n$3\r\nGET\r\n$1\r\na\r\n$2\r\n10\r\n"


@given(st.lists(st.booleans(), max_size=20), st.lists(st.integers(1, 40)))
def test_messages_of_a_channel_take_nobodys_place(published, sizes):
    """True is a message, False the reply to a question."""

    async def ask():
        heard = []
        queue = ReplyQueue(heard.append)
        futures = await asked(queue, published.count(False))
        data = b"".join(
            b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n" + bulk(f"m{place}") if is_message else bulk(f"r{place}")
            for place, is_message in enumerate(published)
        )
        for size in [*sizes, len(data)]:
            piece, data = data[:size], data[size:]
            queue.feed(piece)
        assert heard == [f"m{place}".encode() for place, is_message in enumerate(published) if is_message]
        return [future.result() for future in futures]

    assert awaited(ask()) == [f"r{place}".encode() for place, is_message in enumerate(published) if not is_message]


def test_a_message_on_a_connection_that_subscribed_to_nothing_is_out_of_step():
    with pytest.raises(OutOfStep):
        ReplyQueue().feed(b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n")
