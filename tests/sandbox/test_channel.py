"""The broker's end of a channel: frames arrive whole however the child sends them, and nothing that comes with one is lost."""

import socket
import threading
import time

import pytest

from sandbox.channel import Channel, ChildEnded, TimeUp, TooLarge
from sandbox.frames import pack


@pytest.fixture
def ends():
    """A channel, and the child's end of it."""
    ours, child = socket.socketpair()
    status, zygote = socket.socketpair()
    channel = Channel(ours, status)
    with child, zygote:
        yield channel, child
    channel.close()


def soon():
    return time.monotonic() + 2


def test_frames_that_come_together_are_received_one_by_one(ends):
    channel, child = ends
    child.sendall(pack(b"one") + pack(b"") + pack(b"three"))
    assert [channel.receive(10, soon()) for _ in range(3)] == [b"one", b"", b"three"]
    assert not channel.has_unread_data()


def test_a_frame_that_comes_byte_by_byte_is_received_whole(ends):
    channel, child = ends
    sender = threading.Thread(target=lambda: [child.sendall(bytes([each])) for each in pack(b"slow") + pack(b"next")])
    sender.start()
    assert [channel.receive(10, soon()) for _ in range(2)] == [b"slow", b"next"]
    sender.join()


@pytest.mark.parametrize("more", [b"\0", b"\0\0\0\1x", pack(b"another report")])
def test_what_a_child_sends_in_one_piece_with_its_last_frame_is_unread_data(ends, more):
    channel, child = ends
    child.sendall(pack(b"report") + more)
    assert channel.receive(100, soon()) == b"report"
    child.close()
    assert channel.has_unread_data()


def test_a_frame_over_the_cap_is_refused_by_its_header_even_if_all_of_it_is_there(ends):
    channel, child = ends
    child.sendall(pack(b"x" * 11))
    with pytest.raises(TooLarge) as caught:
        channel.receive(10, soon())
    assert caught.value.length == 11


def test_half_a_frame_is_no_frame(ends):
    channel, child = ends
    child.sendall(pack(b"half")[:6])
    with pytest.raises(TimeUp):
        channel.receive(10, time.monotonic() + 0.05)
    child.close()
    with pytest.raises(ChildEnded):
        channel.receive(10, soon())
