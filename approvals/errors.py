"""Why the desk refuses: one tree, each with a code for programs and a sentence for people. No messages elsewhere."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from approvals.models import Approval, Decision, Takeover


class Refused(Exception):
    """The desk refuses."""

    code = "REFUSED"
    status = 409

    def __init__(self, message: str = "", **facts: Any) -> None:
        self.message = message or (self.__doc__ or "").strip()
        self.facts = facts  # what tells more: texts, numbers, times
        super().__init__(self.message)


class Invalid(Refused):
    """What was sent can't be taken."""

    code = "INVALID"
    status = 422


class NotAllowed(Refused):
    """Your role does not allow this."""

    code = "NOT_ALLOWED"
    status = 403


class HoldsSecret(Invalid):
    """The note looks as if it held a password, a code or a key, and notes stay readable for good."""

    code = "NOTE_HOLDS_SECRET"

    def __init__(self) -> None:
        super().__init__(
            _(
                "The note looks as if it held a password, a code or a key, and notes stay readable for good. "
                "Take it out, or send it as a secret: then it goes out once and is kept nowhere."
            ),
            field="note",
        )


class AlreadyDecided(Refused):
    """Somebody has decided this approval already."""

    code = "ALREADY_DECIDED"

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.approval = decision.approval
        name = decision.decider
        said = f"{name} decided this already at {decision.decided_at:%H:%M:%S} UTC: {decision.verdict}."
        super().__init__(said, decided_by=name, action=str(decision.verdict), decided_at=decision.decided_at)


class ApprovalClosed(Refused):
    """This approval was closed without a decision."""

    code = "APPROVAL_CLOSED"

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        because = approval.closed_because or "the run left the pause"
        super().__init__(
            f"Nobody can decide this any more: {because}.", closed_because=because, closed_at=approval.closed_at
        )


class RunMoved(Refused):
    """The run has moved on since you looked."""

    code = "RUN_MOVED"

    def __init__(self, approval: Approval, difference: str, **facts: Any) -> None:
        self.approval = approval
        self.difference = difference
        super().__init__(f"The run has moved on since you looked: {difference}", difference=difference, **facts)


class TakenOver(Refused):
    """Somebody drives this machine."""

    code = "TAKEN_OVER"

    def __init__(self, takeover: Takeover) -> None:
        self.takeover = takeover
        name = takeover.user.get_username()
        super().__init__(
            f"{name} drives this machine until {takeover.expires_at:%H:%M:%S} UTC or hands it back sooner.",
            held_by=name,
            until=takeover.expires_at,
        )


class TooLate(Refused):
    """It is on its way already; it can't be recalled any more."""

    code = "TOO_LATE"


class NotParked(Refused):
    """The run does not wait for a person now."""

    code = "NOT_PARKED"


class NotHeld(Refused):
    """You don't hold this any more; take it again to go on."""

    code = "NOT_HELD"


class PolicyMoved(Refused):
    """Somebody has changed this policy meanwhile. Look at it as it is now."""

    code = "POLICY_MOVED"


class NotTried(Refused):
    """A policy that decides is switched on only after its current version was tried on past approvals."""

    code = "NOT_TRIED"
