"""Context and rendering of each fragment of the desk's pages; they read, and never write."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.safestring import SafeString

from approvals import (
    answers,
    delivery,
    endorsements,
    groups,
    lists,
    policies,
    queue,
    recalls,
    recorded,
    seen,
    states,
    takeovers,
    tour,
)
from approvals.errors import RunMoved
from approvals.models import Approval, Decision, Endorsement
from approvals.seen import Seen
from live import fragments
from runs import fragments as run_fragments
from runs import rates, timeline
from runs import states as run_states
from runs.models import Frame, Run, step_cents
from runs.secrets import mask

_HELD_ROWS = 3  # more would stand before what the page is about


def nav_counts(user: Any) -> SafeString:
    """How many approvals are open, for the navigation and the page's title."""
    count = Approval.objects.visible_to(user).open().count()
    return fragments.render("approvals/_nav_counts.html", {"count": count})


def today(user: Any) -> SafeString:
    """Counts and cost of the runs that were started today, where the reader lives."""
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    runs = Run.objects.visible_to(user).filter(created_at__gte=start)
    counts = dict(runs.order_by().values_list("status").annotate(count=Count("*")))
    decided = Decision.objects.filter(decided_at__gte=start).count()
    return fragments.render(
        "approvals/_today.html",
        {
            "total": sum(counts.values()),
            "day": start,
            "counts": [(s.value, s.label, counts[s]) for s in run_states.Status if counts.get(s)],
            "cost_cents": runs.aggregate(cost=Sum("cost_cents"))["cost"] or 0,
            "decided": decided,
        },
    )


def upstream() -> SafeString:
    """How upstream stands, with what it said last and what to do about it."""
    return fragments.render("approvals/_upstream.html", {"connections": run_fragments.known_connections()})


def tour_card(user: Any) -> SafeString:
    """The first-run tour as far as it got; empty where it is not offered."""
    if not tour.is_offered(user):
        return SafeString("")
    return fragments.render("approvals/_tour.html", {"steps": tour.steps(user)})


def overview(user: Any) -> dict[str, SafeString]:
    """The regions of the overview by their names in its template."""
    return {
        "needs_me": lists.needs_me(user),
        "board": run_fragments.board(user),
        "today": today(user),
        "upstream": upstream(),
    }


def approval_title(approval: Approval, user: Any) -> SafeString:
    """What the page is about: that a person is needed, or who has decided what and what came of it."""
    decided = Decision.objects.select_related("decided_by", "policy").filter(approval=approval)
    context = {"approval": approval, "decision": None if approval.is_open else decided.first(), "user": user}
    return fragments.render("approvals/_approval_title.html", context)


def approval_state(approval: Approval, user: Any) -> SafeString:
    """Open with its times, or who ended it and how; who drives the machine."""
    decision: Decision | None = (
        Decision.objects.select_related("decided_by", "policy").filter(approval=approval).first()
    )
    return fragments.render(
        "approvals/_approval_state.html",
        {
            "approval": approval,
            "run": approval.run,
            "decision": decision,
            "decider": decision.decider if decision else "",
            "was_recalled": approval.ask > 1 and recalls.was_recalled(approval),
            "note_sent": sent_note(decision) if decision else "",
            "tone": _tone(approval, decision),
            "driver": takeovers.active(approval.run),
            "user": user,
            "newer": _newer(approval),
            "undo": _may_undo(decision, user),
            "next": _next(approval, user),
            **_together(approval, user),
        },
    )


def _together(approval: Approval, user: Any) -> dict[str, Any]:
    """Who agrees so far where several must, and how many are missing."""
    given = endorsements.shown(approval)
    return {
        "endorsements": given,
        "fallback": _newest_note(given, user),
        "missing": max(0, approval.people_needed - len(given)),
        "agreed": any(one.user_id == user.pk for one in given),
    }


def _may_undo(decision: Decision | None, user: Any) -> bool:
    return bool(decision and decision.is_held() and not policies.why_not_recall(user, decision))


def held(user: Any, but: Approval | None = None, *, but_gesture: str = "") -> SafeString:
    """What the person has decided and can still undo, wherever they went on to; `but` is shown by its own page.

    What was decided together is one row, with one undo.
    """
    found = recalls.held_by(user, timezone.now())
    gestures = groups.together(user, found)
    grouped = {d.pk for members in gestures.values() for d in members}
    rows = [(d, "", 1) for d in found if d.pk not in grouped and (but is None or d.approval_id != but.pk)]
    rows += [(members[-1], gesture, len(members)) for gesture, members in gestures.items() if gesture != but_gesture]
    rows.sort(key=lambda row: row[0].decided_at, reverse=True)
    return fragments.render("approvals/_held.html", {"rows": rows[:_HELD_ROWS], "more": len(rows[_HELD_ROWS:])})


def too_late(approval: Approval, user: Any, sentence: str) -> str:
    """After an undo that came too late: why, and how the decision stands."""
    said = fragments.render("approvals/_recall_told.html", {"sentence": sentence})
    return fragments.swap(said) + _stands(approval, user) + fragments.swap(held(user, approval))


def sent_note(decision: Decision) -> str:
    """What goes upstream with a resume, passwords masked; empty for the others, which send nothing."""
    if decision.verdict != states.Verdict.RESUME:
        return ""
    return mask(delivery.note_for(decision))


def _newer(approval: Approval) -> Approval | None:
    return approval.run.approvals.open().exclude(pk=approval.pk).first() if not approval.is_open else None


def _next(approval: Approval, user: Any) -> Approval | None:
    """What to look at after this one; only where this one is over."""
    if approval.is_open:
        return None
    return queue.ordered(user).visible_to(user).exclude(run=approval.run_id).first()


def _tone(approval: Approval, decision: Decision | None) -> str:
    if approval.is_open:
        return "open"
    if decision is None:
        return "closed"
    return "held" if decision.is_held() else str(decision.delivery)


def says(approval: Approval) -> SafeString:
    """What the agent says, apart from what was recorded."""
    return fragments.render("approvals/_says.html", {"approval": approval})


def answer_fields(approval: Approval) -> SafeString:
    """The fields that the kind of the pause asks for; never swapped while somebody writes in them."""
    form = answers.form(approval.kind, approval.reason)
    return fragments.render("approvals/_answer.html", {"approval": approval, "form": form})


def avowal(approval: Approval) -> SafeString:
    """What a yes has to confirm first, where it costs money or can't be undone."""
    form = answers.form(approval.kind, approval.reason)
    return fragments.render("approvals/_avowal.html", {"approval": approval, "form": form})


def note_of_others(approval: Approval, user: Any) -> str:
    """What is sent where somebody who agrees writes nothing: the newest note of those who agreed before."""
    return _newest_note(endorsements.shown(approval), user)


def _newest_note(given: list[Endorsement], user: Any) -> str:
    notes = [one.note for one in given if one.user_id != user.pk and one.note]
    return notes[-1] if notes else ""


def facts(approval: Approval, frame: Frame | None) -> SafeString:
    """The recorded facts of the pause as they stand now; never swapped under a reader, see `moved`.

    The frame is the one that `evidence` is drawn with: one that comes between the two would be decided on unseen.
    """
    run = approval.run
    acts = recorded.acts(run)
    return fragments.render(
        "approvals/_facts.html",
        {
            "approval": approval,
            "run": run,
            "picture": run_fragments.picture(run, frame),
            "acts": acts,
            "around": recorded.around(run, acts[-1] if acts else None),
            "host": recorded.host(run),
            "rate": rates.of(run),
            "steps_left": None if run.is_terminal else _steps_left(run),
        },
    )


def _steps_left(run: Run) -> int | None:
    """How many steps it may still take; None where upstream has told of no limit."""
    return max(0, run.max_steps - run.steps_completed) if run.max_steps else None


def evidence(approval: Approval, frame: Frame | None) -> SafeString:
    """The hidden fields of a decision: the facts that are drawn with it."""
    return fragments.render("approvals/_evidence.html", {"approval": approval, "evidence": Seen.of(approval, frame)})


def moved(approval: Approval, frame: Frame | None) -> SafeString:
    """The facts as they stand now; the page shows it where they differ from what it was drawn with."""
    return fragments.render("approvals/_moved.html", {"approval": approval, "evidence": Seen.of(approval, frame)})


def shown_anew(approval: Approval, had_asked: str = "") -> str:
    """The facts for their place; beside them what the agent says now, and the evidence that goes with both."""
    frame = timeline.latest_frame(approval.run)
    return facts(approval, frame) + _beside_facts(approval, frame, had_asked)


def _beside_facts(approval: Approval, frame: Frame | None, had_asked: str) -> str:
    parts = fragments.swap(says(approval)) + fragments.swap(evidence(approval, frame))
    is_other = had_asked != answers.form(approval.kind, approval.reason).digest  # the form there asks something else
    return parts + fragments.swap(answer_fields(approval)) if is_other else parts


def answer(approval: Approval, user: Any) -> str:
    """After a decision that stands: how it is being sent."""
    return _stands(approval, user)


def _stands(approval: Approval, user: Any) -> str:
    return fragments.swap(approval_title(approval, user)) + fragments.swap(approval_state(approval, user))


def refusal(approval: Approval, sentence: str, code: str, changes: list[dict[str, Any]]) -> SafeString:
    """Why a decision does not stand; what moved, before and after side by side."""
    context: dict[str, Any] = {"approval": approval, "run": approval.run, "sentence": sentence, "code": code}
    for change in changes:
        before, after = change["before"], change["after"]
        if change["what"] == seen.REASON:
            context["reasons"] = seen.compared(before, after)
        elif change["what"] == seen.FRAME:
            context["frames"] = [seen.frame_of(approval.run, before), seen.frame_of(approval.run, after)]
        else:
            context["costs"] = (before, after)
    return fragments.render("approvals/_refusal.html", context)


def beside(approval: Approval, user: Any, code: str, had_asked: str) -> str:
    """What goes with a refusal: how the approval stands, and where the run moved, all that is to be looked at anew."""
    parts = _stands(approval, user)
    if code != RunMoved.code:
        return parts
    frame = timeline.latest_frame(approval.run)
    return parts + fragments.swap(facts(approval, frame)) + _beside_facts(approval, frame, had_asked)


def refused_hand_back(approval: Approval, user: Any, sentence: str, code: str, changes: list[dict[str, Any]]) -> str:
    """Why the run does not go on with a hand-back; where it moved, what its form has to ask anew."""
    parts = refusal(approval, sentence, code, changes) + fragments.swap(approval_state(approval, user))
    if code != RunMoved.code:
        return parts
    bound = evidence(approval, timeline.latest_frame(approval.run))
    return parts + "".join(fragments.swap(part) for part in (says(approval), bound, avowal(approval)))


def prices(run: Run) -> dict[str, Any]:
    """What each button costs or loses, in cents; `free` where upstream bills this key nothing."""
    step = step_cents(run.cua_version)
    left = _steps_left(run)
    return {
        "step": step,
        "steps_left": left,
        "worst": left * step if left is not None else None,
        "spent": run.cost_cents,
        "free": run.connection.key_kind == "test",
        "rate": rates.of(run),
    }
