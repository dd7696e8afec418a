"""Owns what a person had on screen when they decided, and how the facts differ from it now. Reads; writes nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _

from approvals.models import Approval
from runs import timeline
from runs.models import Frame, Run, step_cents
from runs.steps import money

REASON_LIMIT = 20_000
_COMPARED = 4000  # characters of a reason that are compared word by word
REASON, FRAME, COST = "reason", "frame", "cost"


@dataclass(frozen=True)
class Seen:
    """What was shown of the facts that a decision is bound to; None is what was not told."""

    seen_seq: int | None = None
    seen_frame_sha256: str | None = None
    seen_reason: str | None = None
    seen_cost_cents: int | None = None

    @classmethod
    def of(cls, approval: Approval, frame: Frame | None) -> Seen:
        """The facts as they were read: with the frame that is shown, or would be."""
        run = approval.run
        return cls(run.cursor, frame.sha256 if frame else "", approval.reason, run.cost_cents)

    @property
    def reason_digest(self) -> str:
        """Tells one reason from another without carrying it twice."""
        return hashlib.sha256((self.seen_reason or "").encode(errors="replace")).hexdigest()[:16]

    def differs_from(self, reason: str) -> bool:
        """Whether another reason was seen than this one; False where none was told."""
        return self.seen_reason is not None and _lines(self.seen_reason) != _lines(reason[:REASON_LIMIT])

    def columns(self) -> dict[str, Any]:
        """As a row keeps it."""
        return {
            "seen_seq": self.seen_seq,
            "seen_frame_sha256": (self.seen_frame_sha256 or "")[:64],
            "seen_reason": (self.seen_reason or "")[:REASON_LIMIT],
            "seen_cost_cents": self.seen_cost_cents,
        }


@dataclass(frozen=True)
class Change:
    """One fact that is not as it was seen. Of a frame: its index, None where it is not stored any more."""

    what: str
    before: Any
    after: Any


def changes(approval: Approval, seen: Seen) -> list[Change]:
    """How the facts differ from what was seen, as far as it matters for a decision.

    The cost matters once it rose by more than a step: one that was under way may still be billed.
    """
    run, found = approval.run, []
    if seen.differs_from(approval.reason):
        found.append(Change(REASON, seen.seen_reason, approval.reason))
    frame = timeline.latest_frame(run) if seen.seen_frame_sha256 is not None else None
    if frame is not None and frame.sha256 != seen.seen_frame_sha256:
        found.append(Change(FRAME, _index(run, seen.seen_frame_sha256 or ""), frame.index))
    if seen.seen_cost_cents is not None and run.cost_cents - seen.seen_cost_cents > step_cents(run.cua_version):
        found.append(Change(COST, seen.seen_cost_cents, run.cost_cents))
    return found


def sentence(found: list[Change]) -> str:
    """The changes in words."""
    said = {
        REASON: _("what the agent says has changed"),
        FRAME: _("there is a newer picture of the screen"),
    }
    parts = [said.get(change.what) or _rise(change) for change in found]
    return "; ".join(parts) + "."


def _rise(change: Change) -> str:
    return _("the cost rose from %(before)s to %(after)s") % {
        "before": money(change.before),
        "after": money(change.after),
    }


def frame_of(run: Run, index: int | None) -> Frame | None:
    return timeline.frames(run).filter(index=index).first() if index is not None else None


def _index(run: Run, sha256: str) -> int | None:
    found = timeline.frames(run).filter(sha256=sha256).last() if sha256 else None
    return found.index if found else None


def _lines(text: str) -> str:
    # A browser has its own ways with the ends of lines.
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class Part:
    """A piece of a text that was compared: `same`, `gone` or `new`."""

    tone: str
    text: str


def compared(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Both texts word by word, each piece marked as the same, gone, or new."""
    old, new = (re.findall(r"\s+|[^\s]+", _lines(text)[:_COMPARED]) for text in (before, after))
    left, right = [], []
    for tone, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if i < j:
            left.append(Part("same" if tone == "equal" else "gone", "".join(old[i:j])))
        if k < m:
            right.append(Part("same" if tone == "equal" else "new", "".join(new[k:m])))
    return left, right
