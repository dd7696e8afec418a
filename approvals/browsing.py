"""The pages of lists: the queue, those that are alike, what is over. Fetch and check access, call a verb, render."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals import alike as alike_parts
from approvals import answers, decisions, forms, fragments, groups, history, kinds, lists, policies, queue, states
from approvals.models import Approval, Decision, Policy
from approvals.rules import record
from runs import fragments as run_fragments
from runs import paging
from runs.models import step_cents
from runs.requests import SignedIn


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def listing(request: SignedIn) -> HttpResponse:
    shown = lists.Shown.read(request.GET)
    context = {
        "address": shown.address(),
        "approval_queue": lists.approval_queue(request.user, shown),
        "past": history.past(request.user),
        "held": fragments.held(request.user),
    }
    return render(request, "approvals/listing.html", context)


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def following(request: SignedIn) -> HttpResponse:
    """To the approval that stands behind the one named, or first where that is gone; nothing is decided."""
    waiting = list(
        queue.ordered(request.user).visible_to(request.user).select_related(None).values_list("pk", flat=True)
    )
    after = paging.whole(request.GET.get("after", ""))
    at = waiting.index(after) + 1 if after in waiting else 0
    return redirect("approval", waiting[at % len(waiting)]) if waiting else redirect("approvals")


@sensitive_post_parameters("secret", "note")
@require_http_methods(["GET", "POST"])
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def alike(request: SignedIn, pk: int) -> HttpResponse:
    """Those that are alike to this one, with their pictures; a POST decides the ticked ones, each for itself."""
    first = get_object_or_404(Approval.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        if not request.user.has_perm(policies.DECIDES):
            raise PermissionDenied
        return _decide(request, first)
    if not first.is_open and (rest := groups.rest(first)):
        return redirect("alike", rest.pk)
    return render(request, "approvals/alike.html", _alike(request.user, first))


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def alike_card(request: SignedIn, pk: int, member: int) -> HttpResponse:
    """One of them as it stands now, unticked, in the place of what had moved; nothing where it is over by now."""
    first = get_object_or_404(Approval.objects.visible_to(request.user), pk=pk)
    shown = lists.members([member], timezone.now())
    if not shown or shown[0].approval.sameness != first.sameness or not first.sameness:
        return HttpResponse(status=204)
    states = alike_parts.states(request.user, first, [member])
    return render(request, "parts/alike_card.html", {"m": shown[0], "state": states[member]})


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def alike_others(request: SignedIn, pk: int) -> HttpResponse:
    """The cards, unticked, of those that are alike and not among those that the page has drawn."""
    first = get_object_or_404(Approval.objects.visible_to(request.user), pk=pk)
    drawn = alike_parts.read_drawn(request.GET.get("of", ""))
    found = groups.others(first, drawn)[: groups.DRAWN - len(drawn)]
    cards = _cards(request.user, first, lists.members(found, timezone.now()), ticked=())
    return render(request, "parts/alike_cards.html", {"cards": cards})


def _cards(
    user: User, first: Approval, shown: Sequence[lists.Member], ticked: Collection[int] | None = None
) -> list[tuple[lists.Member, SafeString, bool]]:
    """Each with its state and whether it is ticked: all that nobody else is on, unless somebody has chosen already."""
    states = alike_parts.states(user, first, [member.approval.pk for member in shown])

    def is_ticked(member: lists.Member) -> bool:
        if ticked is not None:
            return member.approval.pk in ticked
        return member.claim is None or member.claim.user_id == user.pk

    return [(member, states[member.approval.pk], is_ticked(member)) for member in shown]


def _alike(user: User, first: Approval, ticked: Collection[int] | None = None, **more: Any) -> dict[str, Any]:
    found = groups.members(first) if first.is_open else []
    shown = lists.members(found, timezone.now())
    runs = [member.approval.run for member in shown]
    drawn = [member.approval.pk for member in shown]
    worst = [member.worst_cents for member in shown]
    return {
        "approval": first,
        "members": shown,
        "cards": _cards(user, first, shown, ticked),
        "others": alike_parts.alike_more(first, drawn),
        "head": alike_parts.alike_head(first, len(shown)),
        "of": ",".join(map(str, drawn)),
        "why_alone": groups.why_alone(first),
        "why_not": policies.why_not_decide(user, first, "") or (_("Nothing is ticked.") if not shown else ""),
        "note_limit": decisions.NOTE_LIMIT,
        "spent": sum(run.cost_cents for run in runs),
        "step": sum(step_cents(run.cua_version) for run in runs),
        "worst": None if None in worst else sum(cents for cents in worst if cents is not None),
        "free": first.run.connection.key_kind == "test",  # those alike share one upstream
        "handling": kinds.handling(first.kind),
        "form": answers.form(first.kind, first.reason),
        **more,
    }


def _decide(request: SignedIn, first: Approval) -> HttpResponse:
    form = forms.DecideAlike(request.POST)
    try:
        seen = [forms.read_member(text) for text in request.POST.getlist("member")]
    except (ValueError, RecursionError):
        seen = []
    refused = policies.why_not_decide(request.user, first, "") or groups.why_alone(first)
    if refused or not form.is_valid() or not 0 < len(seen) <= groups.LIMIT:
        ticks = (
            _("Tick at most %(most)s at once.") % {"most": groups.LIMIT} if seen else _("Tick at least one of them.")
        )
        sentence = refused or (ticks if form.is_valid() else _("Choose what to do with them."))
        ticked = [pk for pk, _seen in seen]
        context = _alike(request.user, first, ticked, refused=sentence, note=request.POST.get("note", ""))
        return render(request, "approvals/alike.html", context, status=422)
    gesture, _results = groups.decide(
        request.user, seen, **form.said(first), secret_for=first.reason, hold_seconds=settings.DECISION_HOLD_SECONDS,
        looked_at=forms.read_looked_at(request.POST.get("looked_at", "")),
    )  # fmt: skip
    return redirect("alike_told", gesture)


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def told(request: SignedIn, gesture: str) -> HttpResponse:
    """What came of one gesture: a result for each, as the audit log has it."""
    entry = groups.told(request.user, gesture)
    if entry is None:
        raise Http404
    refused = dict(entry.detail["refused"])
    related = ("run", "decision")
    found = (
        Approval.objects.visible_to(request.user).select_related(*related).in_bulk([*entry.detail["done"], *refused])
    )
    rows = [(found[pk], refused.get(pk, "")) for pk in [*refused, *entry.detail["done"]] if pk in found]
    undoable = groups.held(request.user, gesture)
    context = {
        "entry": entry,
        "results": rows,
        "done": len(entry.detail["done"]),
        "verdict": states.Verdict(entry.detail["verdict"]),
        "held": fragments.held(request.user, but_gesture=gesture if len(undoable) > 1 else ""),
        "undoable": undoable,
        "taken_back": sum(not why and a.decision.delivery == states.Delivery.RECALLED for a, why in rows),
        "next": queue.ordered(request.user).visible_to(request.user).first(),
    }
    return render(request, "approvals/alike_told.html", context)


@require_POST
@login_required
@permission_required("approvals.decide_approval", raise_exception=True)
def undo_alike(request: SignedIn, gesture: str) -> HttpResponse:
    """Take back all of one gesture that is still held; leads to where it is asked again, or says why not."""
    again, late = groups.take_back(request.user, gesture)
    if again and not late:
        there = reverse("alike", args=[again[0]])
    else:
        messages.warning(request, _undone(len(again), late))
        there = reverse("alike_told", args=[gesture])
    return HttpResponse(status=204, headers={"HX-Redirect": there}) if request.htmx else redirect(there)


def _undone(count: int, late: int) -> str:
    if not count:
        return _("Nothing of it is asked again: it has gone out already, or its runs have moved on.")
    said = _("%(count)s were taken back and are asked again; %(late)s had gone out already.")
    return said % {"count": count, "late": late}


@require_GET
@login_required
@permission_required("approvals.view_approval", raise_exception=True)
def over(request: SignedIn) -> HttpResponse:
    """What is over, by filters in the address."""
    wanted = history.Wanted.read(request.GET)
    count = history.count(request.user, wanted)
    turned = Paginator(range(min(count, history.PER_PAGE * history.PAGES)), history.PER_PAGE)
    page: Page[Any] = turned.get_page(request.GET.get("page"))
    context = {
        "wanted": wanted,
        "rows": history.page(request.user, wanted, page.number),
        "page": page,
        "keep": wanted.query,
        "in_all": count,
        "kinds": kinds.Kind.choices,
        "ways": [*states.Verdict.choices, (history.CLOSED, _("Closed elsewhere"))],
        "people": User.objects.filter(Exists(Decision.objects.filter(decided_by=OuterRef("pk")))).order_by("username"),
        "connections": run_fragments.known_connections(),
        **_policy(wanted),
    }
    return render(request, "approvals/history.html", context)


def _policy(wanted: history.Wanted) -> dict[str, Any]:
    """Which number of which policy it is about, with what its runs have cost; empty where it is about none."""
    policy = Policy.objects.filter(pk=wanted.policy).first() if wanted.policy else None
    if policy is None:
        return {}
    cost = record.lately([policy], timezone.now())[policy.pk].cost_cents if wanted.deed == "decided" else None
    return {"policy": policy, "deed": record.DEEDS[wanted.deed], "cost_cents": cost}
