"""Whether upstream is worth asking: one refusal or outage closes it for all streams, one probe opens it again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from coasty_api import errors

_FIRST_SECONDS, _LONGEST_SECONDS = 0.5, 3.0  # it is one probe for all streams
_REFUSED_SECONDS = 15.0


def backoff_seconds(failures: int, longest: float = _LONGEST_SECONDS) -> float:
    """A pause after that many failures in a row: doubling, with jitter over its upper half."""
    ceiling = min(longest, _FIRST_SECONDS * 2 ** min(failures, 10))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 (jitter, no secret)


class Gate:
    """Open while upstream answers. Closed, it knows since when, why, and when to probe next. For any thread."""

    def __init__(self, on_close: Callable[[errors.CoastyError], None]) -> None:
        self._on_close = on_close
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._error: errors.CoastyError | None = None
        self._failures = 0
        self._probe_at = 0.0
        self._is_hurried = False
        self.since: datetime | None = None

    @property
    def error(self) -> errors.CoastyError | None:
        return self._error

    @property
    def is_open(self) -> bool:
        return self._error is None

    def close(self, error: errors.CoastyError) -> bool:
        """Nothing is asked until a probe has succeeded. Whether it is news: closed anew, or for another reason."""
        with self._lock:
            is_news = type(error) is not type(self._error)
            if self._error is None:
                self.since = timezone.now()
            self._error = error
            self._failures += 1
            self._probe_at = time.monotonic() + self._pause(error)
            self._changed.notify_all()
        if is_news:
            self._on_close(error)
        return is_news

    def open(self) -> bool:
        """Upstream has answered; whether it was closed before."""
        with self._lock:
            was_closed = self._error is not None
            self._error, self._failures, self.since = None, 0, None
            self._changed.notify_all()
        return was_closed

    def wait_to_probe(self, seconds: float) -> None:
        """Sleep for `seconds` while open, or until the next probe is due while closed."""
        until = time.monotonic() + seconds
        with self._lock:
            while True:
                is_over = self._is_hurried and self._error is None
                left = (until if self._error is None else self._probe_at) - time.monotonic()
                if is_over or left <= 0 or not self._changed.wait(left):
                    self._is_hurried = False
                    return

    def hurry(self) -> None:
        """End a wait that is no wait for a probe: there is something to ask at once."""
        with self._lock:
            self._is_hurried = True
            self._changed.notify_all()

    def probe_now(self) -> None:
        """Something has changed that may help: end a closed wait at once."""
        with self._lock:
            self._probe_at = 0.0
            self._changed.notify_all()

    def wake(self) -> None:
        """End every wait for good: the relay stops."""
        with self._lock:
            self._probe_at = 0.0
            self._error = self._error or errors.Unavailable("stopping")
            self._changed.notify_all()

    def _pause(self, error: errors.CoastyError) -> float:
        if error.retry_after:
            return error.retry_after
        if isinstance(error, errors.KeyRefused):
            return random.uniform(_REFUSED_SECONDS / 2, _REFUSED_SECONDS)  # noqa: S311
        return backoff_seconds(self._failures)

    def in_words(self) -> str:
        """What is wrong, for the page of a run; empty while open."""
        error, since = self._error, self.since
        if error is None:
            return ""
        at = f" since {timezone.localtime(since):%H:%M}" if since else ""
        if isinstance(error, errors.KeyRefused):
            return f"Key refused{at}: {error.message}"
        if isinstance(error, errors.Busy):
            return f"Upstream asks to wait{at}: {error.message}"
        return f"Upstream down{at}: {error.message}"
