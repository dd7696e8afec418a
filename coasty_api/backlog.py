"""Reads the events that upstream has stored so far: a bounded look at a run's stream, not a following."""

from __future__ import annotations

import time
from collections.abc import Iterator

from urllib3.exceptions import HTTPError, ReadTimeoutError

from coasty_api import wire
from coasty_api.client import Client
from coasty_api.errors import Unavailable
from coasty_api.sse import Parser

CHUNK_BYTES = 65_536


def read(
    client: Client, run_id: str, after: int, *, quiet_seconds: float = 1.0, limit_seconds: float = 5.0
) -> Iterator[wire.Event]:
    """Yield the stored events after `after`, until the stream ends, is quiet for so long, or the limit is over.

    Raises the tree of `coasty_api.errors` when the stream can't be opened or breaks.
    """
    deadline = time.monotonic() + limit_seconds
    parser = Parser()
    with client.open_events(run_id, after, read_timeout_seconds=quiet_seconds) as response:
        while time.monotonic() < deadline:
            try:
                chunk = response.raw.read1(CHUNK_BYTES)
            except (ReadTimeoutError, TimeoutError):
                return
            except (HTTPError, OSError) as problem:
                raise Unavailable("The run's events could not be read to their end.") from problem
            if not chunk:
                return
            for frame in parser.feed(chunk):
                event = wire.event(frame)
                if event is not None and event.seq > after:
                    yield event
