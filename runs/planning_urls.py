"""Routes of what people plan with: beside `/runs/`, where any name may be a run's."""

from __future__ import annotations

from django.urls import path

from runs.pages import listing

urlpatterns = [
    path("views/", listing.save_view, name="save_view"),
    path("views/<int:pk>/remove/", listing.drop_view, name="drop_view"),
]
