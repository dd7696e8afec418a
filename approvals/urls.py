"""Routes of the desk and of the overview."""

from __future__ import annotations

from django.urls import include, path

from approvals import browsing, driving, figuring, talking, views
from approvals.notices import urls as notices_urls
from runs import routes  # noqa: F401 (registers the converter)
from runs import views as runs_views

urlpatterns = [
    path("", views.overview, name="overview"),
    *notices_urls.urlpatterns,
    path("approvals/", browsing.listing, name="approvals"),
    path("approvals/next/", browsing.following, name="next_approval"),
    path("approvals/history/", browsing.over, name="approvals_history"),
    path("approvals/alike/<str:gesture>/", browsing.told, name="alike_told"),
    path("approvals/alike/<str:gesture>/undo/", browsing.undo_alike, name="undo_alike"),
    path("approvals/<int:pk>/alike/", browsing.alike, name="alike"),
    path("approvals/<int:pk>/alike/others/", browsing.alike_others, name="alike_others"),
    path("approvals/<int:pk>/alike/<int:member>/", browsing.alike_card, name="alike_card"),
    path("approvals/<int:pk>/", views.detail, name="approval"),
    path("approvals/notes/", views.note_templates, name="note_templates"),
    path("approvals/notes/<int:pk>/remove/", views.remove_note_template, name="note_template"),
    path("approvals/<int:pk>/facts/", views.facts, name="facts"),
    path("approvals/<int:pk>/decide/", views.decide, name="decide"),
    path("approvals/<int:pk>/recall/", views.recall, name="recall"),
    path("approvals/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("approvals/<int:pk>/claim/", views.claim, name="claim"),
    path("approvals/<int:pk>/comment/", talking.comment, name="comment"),
    path("approvals/<int:pk>/hand-over/", talking.hand_over, name="hand_over"),
    path("tour/end/", views.end_tour, name="tour_end"),
    path("figures/", figuring.page, name="figures"),
    path("figures/decisions/", figuring.behind, name="figures_behind"),
    path("policies/", include("approvals.rules.urls")),
    path("audit/", runs_views.audit_log, name="audit"),
    path("runs/<run:upstream_id>/screen/", driving.screen, name="screen"),
    path("runs/<run:upstream_id>/takeover/", driving.drive, name="takeover"),
    path("runs/<run:upstream_id>/takeover/act/", driving.act, name="takeover_act"),
    path("runs/<run:upstream_id>/takeover/keep/", driving.keep, name="takeover_keep"),
    path("runs/<run:upstream_id>/takeover/private/", driving.set_private, name="takeover_private"),
    path("runs/<run:upstream_id>/takeover/draft/", driving.draft, name="takeover_draft"),
    path("runs/<run:upstream_id>/takeover/end/", driving.hand_back, name="takeover_end"),
]
