"""An answer about the newest picture, and what may come instead of one."""

from __future__ import annotations

from dataclasses import dataclass

from coasty_local.agent.ports import Action, Stopped

CONTINUE, DONE, FAIL = "continue", "done", "fail"
MOST_SECONDS = 60.0  # for one answer


class Late(Stopped):
    """An answer took too long."""


class Closed(Stopped):
    """The work was ended from outside."""


class Enough(Stopped):
    """All pictures have been looked at: what is noted on the last is the answer."""


@dataclass(frozen=True)
class Prediction:
    """What is to be done on the newest picture, and how it stands. `reason`: why it is done, or has failed."""

    status: str
    actions: tuple[Action, ...]
    reasoning: str
    reason: str = ""
