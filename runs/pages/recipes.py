"""The pages of templates: the team's, each with what its runs start with."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from runs import recipes
from runs.models import Recipe
from runs.planning_forms import SaveRecipe
from runs.requests import SignedIn


@require_http_methods(["GET", "POST"])
@login_required
@permission_required("runs.start_run", raise_exception=True)
def listing(request: SignedIn) -> HttpResponse:
    """All that are in use; POST adds one."""
    form = SaveRecipe(request.POST or None)
    if request.method == "POST" and form.is_valid() and (saved := _save(request, form)):
        messages.success(request, _("The template “%(name)s” is saved.") % {"name": saved.name})
        return redirect("recipes")
    rows = [
        (recipe, recipes.shown(recipe.text), recipes.variables(recipe.text)) for recipe in recipes.usable(request.user)
    ]
    return render(request, "recipes/listing.html", {"rows": rows, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
@permission_required("runs.start_run", raise_exception=True)
def change(request: SignedIn, pk: int) -> HttpResponse:
    recipe = get_object_or_404(Recipe, pk=pk, is_archived=False)
    initial: dict[str, Any] = {"name": recipe.name, "text": recipe.text, **recipe.fields}
    form = SaveRecipe(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _save(request, form, recipe):
        messages.success(request, _("Saved. Batches under way go on with the earlier text."))
        return redirect("recipes")
    return render(request, "recipes/change.html", {"recipe": recipe, "form": form}, status=422 if form.errors else 200)


def _save(request: SignedIn, form: SaveRecipe, recipe: Recipe | None = None) -> Recipe | None:
    told = form.cleaned_data
    try:
        return recipes.save(request.user, told["name"], told["text"], form.run_fields(), recipe)
    except recipes.Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return None


@require_POST
@login_required
@permission_required("runs.start_run", raise_exception=True)
def remove(request: SignedIn, pk: int) -> HttpResponse:
    recipe = get_object_or_404(Recipe, pk=pk)
    if recipes.archive(request.user, recipe):
        messages.success(request, _("The template is out of use; its runs stay."))
    return redirect("recipes")
