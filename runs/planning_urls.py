"""Routes of what people plan with: beside `/runs/`, where any name may be a run's."""

from __future__ import annotations

from django.urls import path

from runs.pages import batches, budgets, listing, recipes

urlpatterns = [
    path("views/", listing.save_view, name="save_view"),
    path("views/<int:pk>/remove/", listing.drop_view, name="drop_view"),
    path("templates/", recipes.listing, name="recipes"),
    path("templates/<int:pk>/", recipes.change, name="recipe"),
    path("templates/<int:pk>/remove/", recipes.remove, name="recipe_remove"),
    path("batches/", batches.listing, name="batches"),
    path("batches/new/", batches.new, name="batch_new"),
    path("batches/cancel/", batches.cancel, name="batch_cancel"),
    path("batches/<int:pk>/", batches.detail, name="batch"),
    path("batches/<int:pk>/plan/", batches.plan, name="batch_plan"),
    path("batches/<int:pk>/turn/", batches.turn, name="batch_turn"),
    path("batches/<int:pk>/results.csv", batches.results, name="batch_results"),
    path("budgets/", budgets.listing, name="budgets"),
    path("budgets/<int:pk>/", budgets.change, name="budget"),
    path("budgets/<int:pk>/remove/", budgets.remove, name="budget_remove"),
]
