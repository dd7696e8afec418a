"""Routes of the runs' pages, below `/runs/`."""

from __future__ import annotations

from django.urls import path

from runs import views

urlpatterns = [
    path("", views.listing, name="runs"),
    path("new/", views.new, name="new_run"),
    path("<str:upstream_id>/", views.detail, name="run"),
    path("<str:upstream_id>/earlier/", views.earlier, name="earlier_steps"),
    path("<str:upstream_id>/cancel/", views.cancel, name="cancel_run"),
    path("<str:upstream_id>/frames/<int:index>.jpg", views.frame, name="frame"),
]
