"""Routes of the runs' pages, below `/runs/`."""

from __future__ import annotations

from django.urls import path

from runs import routes, views  # noqa: F401 (routes registers the converter)
from runs.pages import compare, listing, looking, starting, taking

urlpatterns = [
    path("", listing.listing, name="runs"),
    path("new/", starting.new, name="new_run"),
    path("<run:upstream_id>/", views.detail, name="run"),
    path("<run:upstream_id>/earlier/", views.earlier, name="earlier_steps"),
    path("<run:upstream_id>/film/", looking.film, name="film"),
    path("<run:upstream_id>/now/", looking.now, name="screen_now"),
    path("<run:upstream_id>/compare/", compare.compare, name="compare_runs"),
    path("<run:upstream_id>/events.jsonl", taking.events, name="run_events"),
    path("<run:upstream_id>/acts.csv", taking.acts, name="run_acts"),
    path("<run:upstream_id>/case/", taking.case, name="run_case"),
    path("<run:upstream_id>/cancel/", views.cancel, name="cancel_run"),
    path("<run:upstream_id>/frames/<int:index>.jpg", views.frame, name="frame"),
]
