"""How a text gets onto a websocket: a frame that clients read, whole and in order, however slow the network is."""

from __future__ import annotations

import socket

import pytest
from twisted.internet import reactor
from twisted.internet.tcp import Connection
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from coasty_console import pushing


def read(data):
    reader = StreamReader()
    reader.feed_data(data)
    found = []
    while not next_is_empty(reader):
        parsing = Frame.parse(reader.read_exact, mask=False)
        with pytest.raises(StopIteration) as ended:
            next(parsing)
        found.append(ended.value.value)
    return found


def next_is_empty(reader):
    return not reader.buffer


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_tells_its_size(size):
    text = "ä" * (size // 2) + "x" * (size % 2)
    frames = pushing.Frames()
    [frame] = read(frames.of(text))
    assert (frame.opcode, frame.fin, frame.data.decode()) == (Opcode.TEXT, True, text)
    assert frames.of(text) is frames.of(text)
    assert read(frames.of("another"))[0].data == b"another"


def test_what_the_network_does_not_take_at_once_follows_in_order():
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    transport = Connection(near, None, reactor)
    transport.connected = 1
    texts = [str(n) * 90_000 for n in range(12)]
    for text in texts:
        pushing.write(transport, pushing.Frames().of(text))
    assert transport.dataBuffer or transport._tempDataBuffer
    got = b""
    while len(got) < sum(map(len, texts)):
        got += taken(far)
        transport.doWrite()
    transport.stopWriting()
    assert [frame.data.decode() for frame in read(got + taken(far))] == texts
    near.close(), far.close()


def taken(far):
    found = b""
    while True:
        try:
            found += far.recv(1 << 20)
        except BlockingIOError:
            return found
