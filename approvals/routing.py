"""Websockets of the desk's pages."""

from __future__ import annotations

from django.urls import path

from approvals import consumers

websocket_urlpatterns = [
    path("ws/nav/", consumers.NavConsumer.as_asgi()),
    path("ws/overview/", consumers.OverviewConsumer.as_asgi()),
    path("ws/queue/", consumers.QueueConsumer.as_asgi()),
    path("ws/alike/<int:pk>/", consumers.AlikeConsumer.as_asgi()),
    path("ws/approvals/<int:pk>/", consumers.ApprovalConsumer.as_asgi()),
]
