"""The page of a new run: one sentence, one of a template, or the same again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from coasty_api import errors
from runs import again, control, forms, paging, recipes, told, upstream
from runs.models import Connection, Recipe, Run
from runs.requests import SignedIn

MACHINES_TIMEOUT_SECONDS = 2.0


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@login_required
@permission_required("runs.start_run", raise_exception=True)
def new(request: SignedIn) -> HttpResponse:
    origin = again.source(request.user, request.GET.get("from", "")[:128])
    slug = request.GET.get("connection", "")[:64] or (origin.connection.slug if origin else "")
    connection = upstream.chosen(slug)
    if connection is None:
        raise Http404
    recipe = chosen_recipe(request)
    machines, problem = known_machines(connection)
    initial = again.initial(origin) if origin else forms.preset(connection, request.GET.get("preset", ""))
    form = forms.NewRun(request.POST or None, machines=machines, initial=initial, recipe=recipe)
    if request.method == "POST" and form.is_valid():
        run = _start(request, form, connection, recipe)
        if run:
            return redirect("run", run.upstream_id)
    context = {
        "form": form,
        "recipe": recipe,
        "recipes": recipes.usable(request.user),
        "origin": origin,
        "origin_gives_away": bool(origin and again.gives_away(origin)),
        "presets": [] if recipe else forms.presets(connection),
        "machines": machines,
        "machines_problem": problem,
        "connection": connection,
        "connections": upstream.enabled(),
    }
    return render(request, "runs/new.html", context, status=422 if form.errors else 200)


def chosen_recipe(request: SignedIn) -> Recipe | None:
    """The template that the address names; 404 for one that is not in use."""
    given = request.GET.get("template", "")
    if not given:
        return None
    recipe = Recipe.objects.filter(is_archived=False, pk=paging.whole(given)).first()
    if recipe is None:
        raise Http404
    return recipe


def _start(request: SignedIn, form: forms.NewRun, connection: Connection, recipe: Recipe | None) -> Run | None:
    key = form.cleaned_data["idempotency_key"]
    made: dict[str, Any] = {"connection": connection, "recipe": recipe, "shown_task": form.shown_task()}
    try:
        return control.start(request.user, form.body(), key, **made)
    except errors.CoastyError as refused:
        form.refuse(refused)
        return None


def known_machines(connection: Connection) -> tuple[list[dict[str, Any]], str]:
    """The machines to choose from, and why there are none."""
    if connection.health in {Connection.Health.DOWN, Connection.Health.REFUSED}:
        return [], told.told(connection.health_detail) or _("Upstream can't be reached.")
    try:
        found = upstream.client(connection, MACHINES_TIMEOUT_SECONDS).machines().get("data") or []
    except errors.CoastyError as problem:
        upstream.note_health(connection, problem)
        return [], told.told(problem.message)
    return [machine for machine in found if isinstance(machine, dict) and machine.get("id")], ""
