"""Why the desk refuses: one tree, each with a code for programs and a sentence for people. No messages elsewhere."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from approvals.models import Approval, Decision, Takeover
from approvals.states import Verdict
from runs import told


class Refused(Exception):
    """The desk refuses."""

    code = "REFUSED"
    sentence = gettext_noop("The desk refuses.")  # where nothing more is known
    status = 409

    def __init__(self, message: str = "", **facts: Any) -> None:
        self.message = message or _(self.sentence)
        self.facts = facts  # what tells more: texts, numbers, times
        super().__init__(self.message)


class Invalid(Refused):
    """What was sent can't be taken."""

    code = "INVALID"
    status = 422
    sentence = gettext_noop("What was sent can't be taken.")


class NotAllowed(Refused):
    """Your role does not allow this."""

    code = "NOT_ALLOWED"
    status = 403
    sentence = gettext_noop("Your role does not allow this.")


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
    said = gettext_noop("%(name)s decided this already at %(decided_at)s UTC: %(verdict)s.")
    void = gettext_noop("That came to nothing, and the question is open again as approval %(id)s.")

    def __init__(self, decision: Decision, again: Approval | None = None) -> None:
        """`again` asks about the pause anew, where this decision did not come to anything."""
        self.decision = decision
        self.approval = decision.approval
        name = decision.decider
        said = _(self.said) % {
            "name": name,
            "decided_at": f"{decision.decided_at:%H:%M:%S}",
            "verdict": str(Verdict(decision.verdict).label).lower(),
        }
        facts = {"decided_by": name, "action": str(decision.verdict), "decided_at": decision.decided_at}
        if again is not None:
            said = f"{said} {_(self.void) % {'id': again.pk}}"
            facts["open_approval"] = again.pk
        super().__init__(said, **facts)


class KeyReused(AlreadyDecided):
    """Another call came with this Idempotency-Key before, and that one stands."""

    code = "IDEMPOTENCY_KEY_REUSED"
    said = gettext_noop(
        "Another call came with this Idempotency-Key before, and that one stands: %(verdict)s, at %(decided_at)s UTC."
    )


class YesKeyReused(Refused):
    """Another yes was given with this Idempotency-Key before. Send this one with a new key."""

    code = "IDEMPOTENCY_KEY_REUSED"
    sentence = gettext_noop("Another yes was given with this Idempotency-Key before. Send this one with a new key.")


class ApprovalClosed(Refused):
    """This approval was closed without a decision."""

    code = "APPROVAL_CLOSED"

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        because = told.told(approval.closed_because or told.LEFT)
        super().__init__(
            _("Nobody can decide this any more: %(because)s.") % {"because": because},
            closed_because=approval.closed_because or told.LEFT,
            closed_at=approval.closed_at,
        )


class RunMoved(Refused):
    """The run has moved on since you looked."""

    code = "RUN_MOVED"

    def __init__(self, approval: Approval, difference: str, **facts: Any) -> None:
        self.approval = approval
        self.difference = difference
        super().__init__(
            _("The run has moved on since you looked: %(difference)s") % {"difference": difference},
            difference=difference,
            **facts,
        )


class TakenOver(Refused):
    """Somebody drives this machine."""

    code = "TAKEN_OVER"

    def __init__(self, takeover: Takeover) -> None:
        self.takeover = takeover
        name = takeover.user.get_username()
        super().__init__(
            _("%(name)s drives this machine until %(expires_at)s UTC or hands it back sooner.")
            % {"name": name, "expires_at": f"{takeover.expires_at:%H:%M:%S}"},
            held_by=name,
            until=takeover.expires_at,
        )


class TooLate(Refused):
    """It is on its way already; it can't be recalled any more."""

    code = "TOO_LATE"
    sentence = gettext_noop("It is on its way already; it can't be recalled any more.")


class NotParked(Refused):
    """The run does not wait for a person now."""

    code = "NOT_PARKED"
    sentence = gettext_noop("The run does not wait for a person now.")


class NotHeld(Refused):
    """You don't hold this any more; take it again to go on."""

    code = "NOT_HELD"
    sentence = gettext_noop("You don't hold this any more; take it again to go on.")


class PolicyMoved(Refused):
    """Somebody has changed this policy meanwhile. Look at it as it is now."""

    code = "POLICY_MOVED"
    sentence = gettext_noop("Somebody has changed this policy meanwhile. Look at it as it is now.")


class NotTried(Refused):
    """A policy that decides is switched on only after its current version was tried on past approvals."""

    code = "NOT_TRIED"
    sentence = gettext_noop(
        "A policy that decides is switched on only after its current version was tried on past approvals."
    )
