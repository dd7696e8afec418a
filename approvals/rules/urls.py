"""Routes of the policies' pages."""

from __future__ import annotations

from django.urls import path

from approvals.rules import views

urlpatterns = [
    path("", views.listing, name="policies"),
    path("new/", views.new, name="new_policy"),
    path("sentence/", views.sentence, name="policy_sentence"),
    path("stop/", views.stop, name="policies_stop"),
    path("<int:pk>/", views.detail, name="policy"),
    path("<int:pk>/change/", views.change, name="change_policy"),
    path("<int:pk>/try/", views.try_out, name="try_policy"),
    path("<int:pk>/switch/", views.switch, name="switch_policy"),
    path("<int:pk>/move/", views.move, name="move_policy"),
    path("<int:pk>/remove/", views.remove, name="remove_policy"),
]
