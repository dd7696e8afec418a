"""What the loop of streams knows of one followed run, and where it puts what it reads. Shapes only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from coasty_api import sse
from coasty_api.body import Body
from runs.ingest import Arrived
from runs.relay.gate import Gate


class Sink(Protocol):
    """Where what was read goes; the journal."""

    def events(self, arrived: list[Arrived]) -> None: ...

    def note(self, run_pk: int, token: int, stream: str, detail: str) -> None: ...

    def wait_for_room(self) -> None: ...


class Reader(Protocol):
    """Where an opener puts what it has read of a run: the line of the run's connection."""

    def snapshot(self, payload: dict[str, Any], asked_at: datetime) -> None: ...


class Source(Protocol):
    """The connection that a stream comes from: whether it may be asked, and who opens its streams."""

    @property
    def gate(self) -> Gate: ...

    @property
    def openers(self) -> Opening: ...


class Opening(Protocol):
    """Threads that open streams in the loop's place."""

    def open(self, stream: Followed, is_last: bool) -> None: ...


@dataclass(slots=True)
class Followed:
    """One run's stream. Touched by the loop's thread only, but for what an opener is given."""

    run_pk: int
    upstream_id: str
    token: int
    cursor: int
    is_terminal: bool
    source: Source
    offset: int = 0  # ours = upstream's seq + this
    log_from: int = 1  # the first seq (ours) for which that holds; what is before it is stored under other numbers
    parser: sse.Parser = field(default_factory=sse.Parser)
    body: Body | None = None
    was_terminal: bool = False  # before this connection was opened: its end is then the log's end
    has_done: bool = False
    progressed: bool = False
    is_opening: bool = False
    failures: int = 0
    opened_at: float = 0.0
    heard_at: float = 0.0
    due_at: float = 0.0  # when the next try is; an older plan in the heap counts no more
    is_verifying: bool = False  # asks for its newest event again: after an outage it may be another one
    asked_from: int = -1  # where a missing event was asked for once more
    gaps: int = 0  # that upstream left when asked twice
    remark: str = ""  # what the page says while it is live
    noted: tuple[str, str] = ("", "")
