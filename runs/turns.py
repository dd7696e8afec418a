"""Whose turn it is: threads that would only hand the interpreter to and fro work one after the other instead.

Who holds a turn lends it while the database works for it, as the interpreter is free then (`aside`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turn:
    """A lock that is given in the order in which it was asked for; not to be taken twice by one thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        self._take()
        _held.turn = self

    def __exit__(self, *_problem: object) -> None:
        _held.turn = None
        self._leave()

    def _take(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # whoever leaves lets it go

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False

    @contextmanager
    def _lent(self) -> Iterator[None]:
        self._leave()
        try:
            yield
        finally:
            self._take()


class _Held(threading.local):
    turn: Turn | None = None


_held = _Held()


@contextmanager
def aside() -> Iterator[None]:
    """Whatever turn this thread holds is another's meanwhile."""
    if _held.turn is None:
        yield
    else:
        with _held.turn._lent():
            yield
