"""All routes of the console."""

from django.contrib.auth import views as auth_views
from django.urls import include, path

from coasty_console import connections, installed, manners, passwords, people
from coasty_console.api import api
from runs import webhooks

handler500 = "coasty_console.failing.page"
urlpatterns = [
    path("sign-in/", auth_views.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", auth_views.LogoutView.as_view(), name="logout"),
    path("settings/password/", passwords.change, name="password"),
    path("people/", people.listing, name="people"),
    path("people/<int:pk>/", people.change, name="person"),
    path("connections/", connections.listing, name="connections"),
    path("connections/<slug:slug>/", connections.change, name="connection"),
    path("connections/<slug:slug>/key/", connections.replace_key, name="connection_key"),
    path("connections/<slug:slug>/webhook/", connections.webhook_secret, name="connection_webhook"),
    path("webhooks/coasty/<slug:slug>", webhooks.receive),  # a redirect would lose the body
    path("webhooks/coasty/<slug:slug>/", webhooks.receive, name="webhook"),
    path("words/<slug:language>/<slug:stamp>.js", manners.words, name="words"),
    path("manifest.webmanifest", installed.manifest, name="manifest"),
    path("icon/<int:size>.png", installed.icon, name="icon"),
    path("worker.js", installed.worker, name="worker"),
    path("offline/", installed.offline, name="offline"),
    path("offline/unanswered/", installed.unanswered, name="unanswered"),
    path("api/", api.urls),
    path("runs/", include("runs.urls")),
    path("", include("runs.planning_urls")),
    path("", include("approvals.urls")),
]
