"""Routes of the pages of settings."""

from __future__ import annotations

from django.urls import path

from approvals.notices import views

urlpatterns = [
    path("settings/", views.mine, name="settings"),
    path("settings/team/", views.team, name="team_settings"),
    path("settings/team/channels/", views.add_team_channel, name="add_team_channel"),
    path("settings/channels/", views.add_channel, name="add_channel"),
    path("settings/channels/<int:pk>/", views.change_channel, name="channel"),
    path("settings/devices/", views.subscribe, name="subscribe"),
    path("settings/devices/<int:pk>/", views.change_device, name="device"),
]
