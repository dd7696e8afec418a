"""Websockets of the runs' pages."""

from __future__ import annotations

from django.urls import path

from runs import consumers, routes  # noqa: F401 (routes registers the converter)

websocket_urlpatterns = [
    path("ws/runs/", consumers.RunsConsumer.as_asgi()),
    path("ws/runs/<run:upstream_id>/", consumers.RunConsumer.as_asgi()),
    path("ws/batches/<int:pk>/", consumers.BatchConsumer.as_asgi()),
    path("ws/audit/", consumers.AuditConsumer.as_asgi()),
]
