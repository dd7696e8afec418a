"""Wakes a loop that waits for sockets, from any thread: a pair of sockets of which it watches one."""

from __future__ import annotations

import socket


class Waker:
    """`socket` is what the loop watches; `wake` makes it readable, `calm` makes it quiet again."""

    def __init__(self) -> None:
        self._ours, self.socket = socket.socketpair()
        self._ours.setblocking(False)
        self.socket.setblocking(False)

    def wake(self) -> None:
        try:
            self._ours.send(b"x")
        except (BlockingIOError, OSError):
            pass  # it is awake already, or gone

    def calm(self) -> None:
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            pass
