"""The JSON API of approvals and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Header, Query, Router, Schema
from pydantic import BeforeValidator, ConfigDict

from approvals import decisions, endorsements, notes, recalls, takeovers
from approvals.models import Approval, Claim, Decision, Endorsement, Takeover
from approvals.states import State
from runs import paging
from runs.api import Cursor, Limit, Next, Whole, need
from runs.requests import findable
from runs.secrets import mask

router = Router(tags=["Approvals"])

OfState = Annotated[str, Query("", description=f"One of: {', '.join(State.values)}.")]


def _text(value: Any) -> Any:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]  # upstream's own resume takes null for no note


class DecisionIn(Schema):
    model_config = ConfigDict(extra="forbid")

    action: Literal["resume", "fail", "cancel"]
    note: Text = Field(
        "",
        max_length=decisions.NOTE_LIMIT,
        description="Goes to the agent with a resume. A password or code only where the run asks for one.",
    )
    secret: Text = Field(
        "",
        max_length=notes.SECRET_LIMIT,
        description="A password or code, sent once behind the note (`the code is` + `123456`) and kept nowhere.",
    )
    seen_seq: Whole | None = Field(
        None, ge=0, le=decisions.SEQ_LIMIT, description="The newest event that you knew: refused when the run moved on."
    )
    hold_seconds: Whole = Field(
        0, ge=0, le=60, description="Wait so long before it is sent; it can be recalled until then."
    )


class DecisionOut(Schema):
    action: str
    note: str = Field(description="as it was given; what looks like a password is masked")
    decided_by: str = Field(description="a person's name, or the policy's: policy “…”")
    policy_id: int | None = Field(description="of the policy that decided; null for a person")
    decided_at: datetime
    code: str = Field(description="stands in the note that upstream records")
    seen_seq: int | None
    delivery: str = Field(description="pending, sending, unsure, delivered, refused or recalled")
    held_until: datetime | None = Field(description="it can be recalled until then; null when it can't")
    delivery_detail: str
    delivered_at: datetime | None


class EndorsementOut(Schema):
    by: str
    at: datetime
    note: str


class HolderOut(Schema):
    by: str
    until: datetime


class ApprovalOut(Schema):
    id: int
    run_id: str
    connection: str = Field(description="the slug of the connection that its run is on")
    state: str
    reason: str = Field(description="what the agent says; may hold text of web pages")
    opened_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None
    closed_because: str | None
    pause_seq: int | None
    ask: int
    task: str
    machine_id: str
    cost_cents: int
    steps_completed: int
    claim: HolderOut | None
    takeover: HolderOut | None
    kind: str = Field(description="what it is about, read from the reason")
    people_needed: int = Field(description="so many different people must say resume")
    not_starter: bool = Field(description="whoever has started the run may not resume it")
    endorsements: list[EndorsementOut] = Field(description="who said resume so far, where several must")
    decision: DecisionOut | None


class ApprovalsOut(Schema):
    data: list[ApprovalOut]
    next: Next


def shape(approval: Approval) -> dict[str, Any]:
    """An approval as the API shows it."""
    return _shape(approval, takeovers.active(approval.run) if approval.is_open else None)


def _shape(approval: Approval, driver: Takeover | None) -> dict[str, Any]:
    run = approval.run
    claim: Claim | None = getattr(approval, "claim", None)
    live_claim = claim if claim and claim.expires_at > timezone.now() else None
    decision: Decision | None = getattr(approval, "decision", None)
    named = (
        "id", "state", "reason", "opened_at", "expires_at", "closed_at", "pause_seq", "ask",
        "kind", "people_needed", "not_starter",
    )  # fmt: skip
    return {
        **{name: getattr(approval, name) for name in named},
        "run_id": run.upstream_id,
        "connection": run.connection.slug,
        "closed_because": approval.closed_because or None,
        "task": mask(run.task),
        "machine_id": run.machine_id,
        "cost_cents": run.cost_cents,
        "steps_completed": run.steps_completed,
        "claim": _holder(live_claim),
        "takeover": _holder(driver),
        "endorsements": [_shape_endorsement(given) for given in endorsements.shown(approval)],
        "decision": shape_decision(decision) if decision else None,
    }


def _holder(held: Any) -> dict[str, Any] | None:
    return {"by": held.user.get_username(), "until": held.expires_at} if held else None


def _shape_endorsement(given: Endorsement) -> dict[str, Any]:
    return {"by": given.user.get_username(), "at": given.at, "note": mask(given.note)}


def shape_decision(decision: Decision) -> dict[str, Any]:
    """A decision as the API shows it; never with a secret that its note gave away."""
    named = ("decided_at", "code", "seen_seq", "delivery", "delivery_detail", "delivered_at")
    return {
        **{name: getattr(decision, name) for name in named},
        "held_until": decision.next_try_at if decision.is_held() else None,
        "action": decision.verdict,
        "note": mask(decision.note),
        "decided_by": decision.decider,
        "policy_id": decision.policy_id,
    }


@router.get("/approvals", response=ApprovalsOut, summary="List approvals, newest first")
def list_approvals(
    request: HttpRequest, limit: Limit, cursor: Cursor, state: OfState, run_id: str = ""
) -> dict[str, Any]:
    rows = _rows(need(request, "approvals.view_approval"))
    if state:
        if state not in State.values:
            raise paging.refusal("state", f"Choose one of: {', '.join(State.values)}.")
        rows = rows.filter(state=state)
    rows = rows.filter(run__upstream_id=findable(run_id)) if run_id else rows
    if cursor:
        rows = rows.filter(id__lt=paging.decode(cursor, int)[0])
    found, after = paging.page(rows.order_by("-id"), limit, lambda approval: [approval.pk])
    driven = takeovers.active_of(approval.run_id for approval in found if approval.is_open)
    shapes = [_shape(each, driven.get(each.run_id) if each.is_open else None) for each in found]
    return {"data": shapes, "next": after}


def _rows(user: Any) -> Any:
    related = ("run__connection", "decision__decided_by", "decision__policy", "claim__user")
    return Approval.objects.visible_to(user).select_related(*related)


def _find(user: Any, approval_id: int) -> Approval:
    approval = _rows(user).filter(pk=approval_id).first() if approval_id < 2**63 else None
    if approval is None:
        raise Http404(f"There is no approval {approval_id}.")
    return approval


@router.get("/approvals/{int:approval_id}", response=ApprovalOut, summary="One approval")
def get_approval(request: HttpRequest, approval_id: int) -> dict[str, Any]:
    return shape(_find(need(request, "approvals.view_approval"), approval_id))


@router.post("/approvals/{int:approval_id}/decision", response=ApprovalOut, summary="Decide an approval")
def decide(
    request: HttpRequest,
    approval_id: int,
    body: DecisionIn,
    idempotency_key: str | None = Header(None, alias="Idempotency-Key", pattern=r"^[A-Za-z0-9_:\-]{1,128}$"),
) -> dict[str, Any]:
    """200 when it is your call that stands, and when you repeat that call with the same Idempotency-Key; the same key
    with another action or note is 409 IDEMPOTENCY_KEY_REUSED, and changes nothing.

    Where several people must agree (`people_needed`), a resume that is not the last one needed answers 200 with
    `decision: null` and itself among the `endorsements`. 409 tells who decided what, and when. 422 NOTE_HOLDS_SECRET:
    the note looks as if it held a password, a code or a key; send that as `secret`.
    """
    user = need(request, "approvals.decide_approval")
    approval = _find(user, approval_id)
    decisions.decide(
        user,
        approval,
        body.action,
        body.note,
        secret=body.secret,
        seen_seq=body.seen_seq,
        idempotency_key=idempotency_key or "",
        hold_seconds=body.hold_seconds,
    )
    return shape(_find(user, approval_id))


@router.post("/approvals/{int:approval_id}/recall", response=ApprovalOut, summary="Take a held decision back")
def recall(request: HttpRequest, approval_id: int) -> dict[str, Any]:
    """200 with the approval that asks about the pause again; with this one where the run has left the pause.

    409 TOO_LATE when the decision has gone out.
    """
    user = need(request, "approvals.decide_approval")
    decision: Decision | None = getattr(_find(user, approval_id), "decision", None)
    if decision is None:
        raise Http404("There is no decision on this approval.")
    again = recalls.recall(user, decision)
    return shape(_find(user, again.pk if again else approval_id))
