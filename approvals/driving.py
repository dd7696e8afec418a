"""The pages and calls of a takeover: begin, see, act, keep, hand back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals import acts, company, decisions, errors, forms, fragments, policies, screens, takeovers
from approvals.models import Approval, Takeover
from approvals.states import Verdict
from coasty_api.errors import CoastyError
from runs import private, timeline, told
from runs.models import Run
from runs.requests import SignedIn, load_run


def held_by(user: Any, run: Run) -> Takeover | None:
    """The takeover of the run, if it is this person's."""
    held = takeovers.active(run)
    return held if held and held.user_id == user.pk else None


def _open_approval(run: Run) -> Approval | None:
    return run.approvals.open().first()


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
@permission_required("runs.take_over", raise_exception=True)
def drive(request: SignedIn, upstream_id: str) -> HttpResponse:
    """POST takes the machine; GET shows it to whoever holds it, and says who does to everybody else."""
    run = load_run(request.user, upstream_id)
    if request.method == "POST":
        try:
            takeovers.begin(request.user, run)
        except errors.Refused as refused:
            messages.warning(request, refused.message)
        return redirect("takeover", upstream_id)
    approval, mine = _open_approval(run), held_by(request.user, run)
    framed = screens.framed(run, request.get_host()) if mine and request.GET.get("screen") != "pictures" else None
    context = {
        "run": run,
        "approval": approval,
        "mine": mine,
        "framed": framed,
        "is_private": bool(mine) and private.is_on(run.pk),
        "driver": takeovers.active(run),
        "state": fragments.approval_state(approval, request.user) if approval else "",
        "says": fragments.says(approval) if approval else "",
        "evidence": fragments.evidence(approval, timeline.latest_frame(run)) if approval else "",
        "avowal": fragments.avowal(approval) if approval else "",
        "why_not_resume": policies.why_not_decide(request.user, approval, Verdict.RESUME) if approval else "",
        "prices": fragments.prices(run),
        "company": company.company(approval, request.user) if approval else "",
        "note_limit": decisions.NOTE_LIMIT,
    }
    response = render(request, "approvals/takeover.html", context)
    if framed:
        response._csp_update = {"frame-src": [framed.origin]}  # type: ignore[attr-defined]
    return response


@require_POST
@login_required
@permission_required("runs.take_over", raise_exception=True)
def act(request: SignedIn, upstream_id: str) -> JsonResponse:
    """One act as JSON; what is typed goes to the machine and nowhere else."""
    run = load_run(request.user, upstream_id)
    held = held_by(request.user, run)
    if held is None:
        return _problem(_("You don't drive this machine any more."), 409)
    try:
        command, parameters, is_private = forms.read_act(request.body)
        return JsonResponse(takeovers.act(held, command, parameters, is_private=is_private))
    except ValueError:
        return _problem(_("The act could not be read."), 422)
    except errors.Refused as refused:
        return _problem(refused.message, refused.status)
    except CoastyError as problem:
        return _problem(_("The machine did not take it: %(why)s") % {"why": told.told(problem.message)}, 502)


@require_POST
@login_required
@permission_required("runs.take_over", raise_exception=True)
def set_private(request: SignedIn, upstream_id: str) -> JsonResponse:
    """Whether pictures of the run are stored while this person works."""
    is_on = request.POST.get("on") == "1"

    def set_so(held: Takeover) -> dict[str, Any]:
        takeovers.set_private(held, is_on)
        return {"private": is_on}

    return _while_held(request, upstream_id, set_so)


def _while_held(request: SignedIn, upstream_id: str, do: Callable[[Takeover], dict[str, Any]]) -> JsonResponse:
    """What is done with the takeover of who asks, or why it could not be."""
    held = held_by(request.user, load_run(request.user, upstream_id))
    try:
        if held is None:
            raise errors.NotHeld
        return JsonResponse(do(held))
    except errors.Refused as refused:
        return _problem(refused.message, refused.status)


@require_GET
@never_cache
@login_required
@permission_required("runs.take_over", raise_exception=True)
def draft(request: SignedIn, upstream_id: str) -> JsonResponse:
    """What the person did, as a first draft of the note, and how many pictures were left out."""
    held = held_by(request.user, load_run(request.user, upstream_id))
    if held is None:
        return _problem(_("You don't drive this machine any more."), 409)
    said = acts.story(takeovers.counts(held), on_its_screen="framed" in request.GET)
    return JsonResponse({"note": said, "skipped": takeovers.skipped(held)})


@require_POST
@login_required
@permission_required("runs.take_over", raise_exception=True)
def keep(request: SignedIn, upstream_id: str) -> JsonResponse:
    """Renew the lease while the person's page is open."""
    return _while_held(request, upstream_id, lambda held: {"expires_at": takeovers.keep(held).expires_at.isoformat()})


@require_GET
@never_cache
@login_required
@permission_required("runs.take_over", raise_exception=True)
def screen(request: SignedIn, upstream_id: str) -> HttpResponse:
    """The machine's screen now; never stored, neither here nor by the browser. 304 for the picture that is shown."""
    run = load_run(request.user, upstream_id)
    driver = takeovers.active(run)
    if driver and driver.user_id != request.user.pk and private.is_on(run.pk):
        return _problem(_("%(name)s types something private.") % {"name": driver.user.get_username()}, 409)
    try:
        image, mime = screens.picture(run)
    except CoastyError as problem:
        return _problem(_("No picture: %(why)s") % {"why": told.told(problem.message)}, 502)
    tag = f'"{hashlib.sha256(image).hexdigest()[:24]}"'
    headers = {"Cache-Control": "no-store", "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(image, content_type=mime, headers=headers)


@sensitive_post_parameters("secret", "note")
@require_POST
@login_required
@permission_required("runs.take_over", raise_exception=True)
def hand_back(request: SignedIn, upstream_id: str) -> HttpResponse:
    """End the takeover; with a resume the run goes on with the note, as a decision with its evidence."""
    run = load_run(request.user, upstream_id)
    approval, held = _open_approval(run), held_by(request.user, run)
    wants_resume = request.POST.get("verdict") == Verdict.RESUME or "as_secret" in request.POST
    if wants_resume and approval and request.user.has_perm(policies.DECIDES):
        try:
            _resume(request, approval)
        except errors.Refused as refused:
            return _not_resumed(request, approval, refused)
    elif approval is None:  # somebody has decided meanwhile, or the run has ended: no word of this goes out
        messages.warning(request, _("Nothing was sent: the run does not wait for a person any more."))
    elif held:
        messages.success(request, _("The machine is handed back. The run still waits for a decision."))
    if held:
        takeovers.end(held)  # also where others have to agree before it goes on
    there = reverse("approval", args=[approval.pk]) if approval else reverse("run", args=[upstream_id])
    return HttpResponse(status=204, headers={"HX-Redirect": there}) if request.htmx else redirect(there)


def _resume(request: SignedIn, approval: Approval) -> None:
    """The same form and the same rules as on the approval's page."""
    form = forms.Decide({**request.POST.dict(), "verdict": Verdict.RESUME}, approval)
    if not form.is_valid():
        raise errors.Invalid(form.problems())
    said, hold = form.cleaned_data, settings.DECISION_HOLD_SECONDS
    decisions.decide(
        request.user, approval, said["verdict"], said["note"], secret=said["secret"], **form.evidence(),
        hold_seconds=hold,
    )  # fmt: skip


def _not_resumed(request: SignedIn, approval: Approval, refused: errors.Refused) -> HttpResponse:
    """The machine stays with the person, and so does what they wrote."""
    if not request.htmx:
        messages.warning(request, _("Not resumed: %(why)s") % {"why": refused.message})
        return redirect("takeover", approval.run.upstream_id)
    fresh = Approval.objects.select_related("run").get(pk=approval.pk)
    changes = refused.facts.get("changes", [])
    said = fragments.refused_hand_back(fresh, request.user, refused.message, refused.code, changes)
    return HttpResponse(said, status=refused.status)


def _problem(sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"message": sentence}}, status=status)
