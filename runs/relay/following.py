"""What the loop of streams knows of one followed run, and where it puts what it reads. Shapes only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from coasty_api import sse
from coasty_api.body import Body
from runs.ingest import Arrived


class Sink(Protocol):
    """Where what was read goes; the journal."""

    def events(self, arrived: list[Arrived]) -> None: ...

    def snapshot(self, payload: dict[str, Any], asked_at: datetime) -> None: ...

    def note(self, run_pk: int, token: int, stream: str, detail: str) -> None: ...

    def wait_for_room(self) -> None: ...


@dataclass(slots=True)
class Followed:
    """One run's stream. Touched by the loop's thread only, but for what an opener is given."""

    run_pk: int
    upstream_id: str
    token: int
    cursor: int
    is_terminal: bool
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
    noted: tuple[str, str] = ("", "")
