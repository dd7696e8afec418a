"""The pages of batches: a table looked at before anything starts, its progress, and many runs cancelled at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from runs import batches, paging, planning_fragments, recipes, sheets, upstream, vault
from runs.models import Batch, Run, step_cents
from runs.pages.starting import chosen_recipe
from runs.planning_forms import BeginBatch, UploadTable
from runs.requests import SignedIn

MOST_AT_ONCE = 500  # runs in one gesture of cancelling
_SHOWN_SENTENCES = 5
_PAGE = 40


@require_GET
@login_required
@permission_required("runs.view_run", raise_exception=True)
def listing(request: SignedIn) -> HttpResponse:
    """All that were begun, newest first, and the person's own drafts."""
    rows = Batch.objects.filter(~Q(state=Batch.State.DRAFT) | Q(made_by=request.user)).order_by("-id")
    pages = paging.Pages(rows, _PAGE)
    page = pages.get_page(request.GET.get("page", "1"))
    counts = dict(
        Batch.objects.filter(pk__in=[row.pk for row in page]).annotate(n=Count("items")).values_list("pk", "n")
    )
    return render(request, "batches/listing.html", {"page": page, "rows": [(row, counts[row.pk]) for row in page]})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@login_required
@permission_required("runs.start_run", raise_exception=True)
def new(request: SignedIn) -> HttpResponse:
    """Give a table; nothing is started by it."""
    connection = upstream.chosen(request.GET.get("connection", "")[:64])
    if connection is None:
        raise Http404
    recipe = chosen_recipe(request)
    form = UploadTable(request.POST or None, request.FILES or None, initial={"recipe": recipe})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        steps = {"max_steps": told["max_steps"]} if told["max_steps"] else {}
        try:
            draft = batches.draft(request.user, connection, told["recipe"], told["table"], steps, told["name"])
            return redirect("batch_plan", draft.pk)
        except sheets.Unreadable as problem:
            form.add_error("table", str(problem))
    context = {"form": form, "connection": connection, "connections": upstream.enabled()}
    return render(request, "batches/new.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@permission_required("runs.start_run", raise_exception=True)
def plan(request: SignedIn, pk: int) -> HttpResponse:
    """Columns chosen, every line looked at, the worst case told; then it may begin."""
    batch = get_object_or_404(Batch.objects.select_related("connection"), pk=pk, made_by=request.user)
    if batch.state != Batch.State.DRAFT:
        return redirect("batch", pk)
    form = BeginBatch(request.POST or None if request.POST.get("act") == "begin" else None)
    if request.method == "POST":
        act = request.POST.get("act")
        if act == "discard":
            Batch.objects.filter(pk=pk, state=Batch.State.DRAFT).delete()
            return redirect("batches")
        if act == "map":
            batches.map_columns(batch, _mapping(request, batch))
            return redirect("batch_plan", pk)
        if form.is_valid():
            try:
                return redirect("batch", batches.begin(request.user, batch, form.cents(), seen=form.seen()).pk)
            except batches.Changed as changed:
                return _look_again(request, pk, form, changed)
            except batches.Refused as refused:
                form.add_error(None, str(refused))
            except sheets.Unreadable:  # a second click, and the first has begun it
                return redirect("batch", pk)
    return render(request, "batches/plan.html", _plan(batch, form), status=422 if form.errors else 200)


def _look_again(request: SignedIn, pk: int, form: BeginBatch, changed: batches.Changed) -> HttpResponse:
    """What stands there now, with the difference to what was on screen; the next press starts this."""
    form.add_error(None, str(changed))
    context = _plan(Batch.objects.select_related("connection").get(pk=pk), form)
    return render(request, "batches/plan.html", {**context, "changes": changed.changes}, status=409)


def _mapping(request: SignedIn, batch: Batch) -> dict[str, str]:
    columns = batches.sheet_of(batch).columns
    given = {one.name: request.POST.get(f"column_{one.name}", "") for one in recipes.variables(batch.text)}
    return {name: column for name, column in given.items() if column in columns}


def _plan(batch: Batch, form: BeginBatch) -> dict[str, Any]:
    variables = recipes.variables(batch.text)
    try:
        sheet = batches.sheet_of(batch)
    except (sheets.Unreadable, vault.Unreadable) as problem:
        raise Http404(str(problem)) from problem
    checked = sheets.check(sheet, batch.text, variables, batch.mapping)
    shown = [
        (line, recipes.fill(batch.text, values, shows_secrets=False))
        for line, values in checked.rows[:_SHOWN_SENTENCES]
    ]
    return {
        "batch": batch,
        "form": form,
        "variables": [(one, batch.mapping.get(one.name, "")) for one in variables],
        "columns": [column for column in sheet.columns if column],
        "checked": checked,
        "count": len(checked.rows),
        "shown": shown,
        "more": len(checked.rows) - len(shown),
        "worst": batches.worst_case(batch, len(checked.rows)),
        "each": batches.worst_case(batch, 1),
        "has_secrets": any(one.is_secret for one in variables),
    }


@require_GET
@login_required
@permission_required("runs.view_run", raise_exception=True)
def detail(request: SignedIn, pk: int) -> HttpResponse:
    batch = _begun(pk)
    may = request.user.has_perm("runs.start_run" if batch.act == Batch.Act.START else "runs.cancel_run")
    context = {
        "batch": batch,
        "head": planning_fragments.batch_head(batch),
        "items": planning_fragments.batch_items(batch),
        "text": recipes.shown(batch.text),
        "may_turn": may and not batch.is_over,
        "form": BeginBatch(),
    }
    return render(request, "batches/detail.html", context)


def _begun(pk: int) -> Batch:
    begun = Batch.objects.exclude(state=Batch.State.DRAFT).select_related("connection", "recipe")
    return get_object_or_404(begun, pk=pk)


@require_POST
@login_required
def turn(request: SignedIn, pk: int) -> HttpResponse:
    """Pause, go on, or stop."""
    batch = _begun(pk)
    if not request.user.has_perm("runs.start_run" if batch.act == Batch.Act.START else "runs.cancel_run"):
        raise PermissionDenied
    form = BeginBatch(request.POST)
    limit = form.cents() if form.is_valid() else None
    match request.POST.get("act"):
        case "pause":
            done, said = batches.pause(request.user, batch), _("Paused: no further row is sent.")
        case "go_on":
            done, said = batches.go_on(request.user, batch, limit), _("It goes on.")
        case "stop":
            done, said = batches.stop(request.user, batch), _("Stopped. Runs that were started go on.")
        case _:
            raise Http404
    if done:
        messages.success(request, said)
    else:
        messages.warning(request, _("Somebody was faster: look at the state below."))
    return redirect("batch", pk)


@require_GET
@login_required
@permission_required("runs.view_run", raise_exception=True)
def results(request: SignedIn, pk: int) -> StreamingHttpResponse:
    """Each row and what came of it, as a table."""
    batch = _begun(pk)
    rows = iter(batches.results(batch))
    answer = StreamingHttpResponse(sheets.written(next(rows), rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="batch-{batch.pk}.csv"'
    return answer


@require_POST
@login_required
@permission_required("runs.cancel_run", raise_exception=True)
def cancel(request: SignedIn) -> HttpResponse:
    """Say what cancelling these runs means; with `sure`, do it."""
    given = [paging.whole(pk) for pk in request.POST.getlist("run")[:MOST_AT_ONCE]]
    runs = list(Run.objects.visible_to(request.user).select_related("connection").filter(pk__in=given).order_by("pk"))
    live = [run for run in runs if not run.is_terminal]
    if not runs:
        messages.warning(request, _("No run was selected."))
        return redirect("runs")
    if request.POST.get("sure") and live:
        name = _("Cancel %(n)d runs") % {"n": len(live)}
        return redirect("batch", batches.cancel_runs(request.user, live, name).pk)
    context = {
        "live": live,
        "over": [run for run in runs if run.is_terminal],
        "spent": sum(run.cost_cents for run in live),
        "in_flight": sum(step_cents(run.cua_version) for run in live if run.status == "running"),
        "parked": sum(run.status == "awaiting_human" for run in live),
        "back": reverse("runs"),
    }
    return render(request, "batches/cancel.html", context)
