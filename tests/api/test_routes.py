"""Every page, form and socket by every role: who may, and who may not."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from approvals import phrases
from approvals.models import Policy
from coasty_console.routing import refuse, websocket_urlpatterns
from runs import batches, recipes
from runs.models import Budget, SavedView

ROLES = ("viewer", "operator", "reviewer", "admin", "stranger")
SEES = {"viewer", "operator", "reviewer", "admin"}
STARTS, DECIDES, DRIVES, ADMIN = (
    {"operator", "admin"},
    {"reviewer", "admin"},
    {"operator", "reviewer", "admin"},
    {"admin"},
)
ANYBODY = set(ROLES)  # who is signed in: a person's own matters
NEVER = None  # 405
OPEN = {  # without a sign-in: nothing of anybody's, or proven otherwise
    "sign-in/", "sign-out/", "webhooks/coasty/<slug:slug>", "webhooks/coasty/<slug:slug>/",
    "words/<slug:language>/<slug:stamp>.js", "worker.js",
    "manifest.webmanifest", "icon/<int:size>.png", "offline/", "offline/unanswered/",
}  # fmt: skip
ROUTES = {  # who may GET, who may POST
    "": (SEES, NEVER),
    "people/": (ADMIN, ADMIN),
    "people/<int:pk>/": (ADMIN, ADMIN),
    "connections/": (ADMIN, ADMIN),
    "connections/<slug:slug>/": (ADMIN, ADMIN),
    "connections/<slug:slug>/key/": (NEVER, ADMIN),
    "connections/<slug:slug>/webhook/": (NEVER, ADMIN),
    "runs/": (SEES, NEVER),
    "runs/new/": (STARTS, STARTS),
    "runs/<run:upstream_id>/": (SEES, NEVER),
    "runs/<run:upstream_id>/earlier/": (SEES, NEVER),
    "runs/<run:upstream_id>/film/": (SEES, NEVER),
    "runs/<run:upstream_id>/now/": (SEES, NEVER),
    "runs/<run:upstream_id>/compare/": (SEES, NEVER),
    "runs/<run:upstream_id>/events.jsonl": (DRIVES, NEVER),
    "runs/<run:upstream_id>/acts.csv": (DRIVES, NEVER),
    "runs/<run:upstream_id>/case/": (NEVER, DRIVES),
    "runs/<run:upstream_id>/cancel/": (NEVER, STARTS),
    "runs/<run:upstream_id>/frames/<int:index>.jpg": (SEES, NEVER),
    "views/": (NEVER, SEES),
    "views/<int:pk>/remove/": (NEVER, SEES),
    "templates/": (STARTS, STARTS),
    "templates/<int:pk>/": (STARTS, STARTS),
    "templates/<int:pk>/remove/": (NEVER, STARTS),
    "batches/": (SEES, NEVER),
    "batches/new/": (STARTS, STARTS),
    "batches/cancel/": (NEVER, STARTS),
    "batches/<int:pk>/": (SEES, NEVER),
    "batches/<int:pk>/plan/": (STARTS, STARTS),
    "batches/<int:pk>/turn/": (NEVER, STARTS),
    "batches/<int:pk>/results.csv": (SEES, NEVER),
    "budgets/": (SEES, ADMIN),
    "budgets/<int:pk>/": (ADMIN, ADMIN),
    "budgets/<int:pk>/remove/": (NEVER, ADMIN),
    "settings/": (ANYBODY, ANYBODY),
    "settings/password/": (ANYBODY, ANYBODY),
    "settings/team/": (ADMIN, ADMIN),
    "settings/team/channels/": (NEVER, ADMIN),
    "settings/channels/": (NEVER, ANYBODY),
    "settings/channels/<int:pk>/": (NEVER, ANYBODY),
    "settings/devices/": (NEVER, ANYBODY),
    "settings/devices/<int:pk>/": (NEVER, ANYBODY),
    "approvals/": (SEES, NEVER),
    "approvals/next/": (SEES, NEVER),
    "approvals/history/": (SEES, NEVER),
    "approvals/alike/<str:gesture>/": (SEES, NEVER),
    "approvals/alike/<str:gesture>/undo/": (NEVER, DECIDES),
    "approvals/<int:pk>/alike/": (SEES, DECIDES),
    "approvals/<int:pk>/alike/<int:member>/": (SEES, NEVER),
    "approvals/<int:pk>/alike/others/": (SEES, NEVER),
    "approvals/<int:pk>/": (SEES, NEVER),
    "approvals/notes/": (DECIDES, DECIDES),
    "approvals/notes/<int:pk>/remove/": (NEVER, DECIDES),
    "approvals/<int:pk>/facts/": (SEES, NEVER),
    "approvals/<int:pk>/decide/": (NEVER, DECIDES),
    "approvals/<int:pk>/recall/": (NEVER, DECIDES),
    "approvals/<int:pk>/withdraw/": (NEVER, DECIDES),
    "approvals/<int:pk>/claim/": (NEVER, DECIDES),
    "approvals/<int:pk>/comment/": (NEVER, DRIVES),
    "approvals/<int:pk>/hand-over/": (NEVER, DRIVES),
    "tour/end/": (NEVER, SEES),
    "figures/": (SEES, NEVER),
    "figures/decisions/": (SEES, NEVER),
    "policies/": (SEES, NEVER),
    "policies/new/": (ADMIN, ADMIN),
    "policies/sentence/": (NEVER, ADMIN),
    "policies/stop/": (DECIDES, DECIDES),
    "policies/<int:pk>/": (SEES, NEVER),
    "policies/<int:pk>/change/": (ADMIN, ADMIN),
    "policies/<int:pk>/try/": (NEVER, ADMIN),
    "policies/<int:pk>/switch/": (NEVER, ADMIN),
    "policies/<int:pk>/move/": (NEVER, ADMIN),
    "policies/<int:pk>/remove/": (NEVER, ADMIN),
    "audit/": (SEES, NEVER),
    "runs/<run:upstream_id>/screen/": (DRIVES, NEVER),
    "runs/<run:upstream_id>/takeover/": (DRIVES, DRIVES),
    "runs/<run:upstream_id>/takeover/act/": (NEVER, DRIVES),
    "runs/<run:upstream_id>/takeover/keep/": (NEVER, DRIVES),
    "runs/<run:upstream_id>/takeover/private/": (NEVER, DRIVES),
    "runs/<run:upstream_id>/takeover/draft/": (DRIVES, NEVER),
    "runs/<run:upstream_id>/takeover/end/": (NEVER, DRIVES),
}
SOCKETS = {
    "ws/runs/": "runs.view_run",
    "ws/runs/<run:upstream_id>/": "runs.view_run",
    "ws/batches/<int:pk>/": "runs.view_run",
    "ws/audit/": "runs.view_auditentry",
    "ws/nav/": "approvals.view_approval",
    "ws/overview/": "approvals.view_approval",
    "ws/queue/": "approvals.view_approval",
    "ws/alike/<int:pk>/": "approvals.view_approval",
    "ws/approvals/<int:pk>/": "approvals.view_approval",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(desk, people):
    """Each route with the address of something that is there."""
    _, run, approval = desk.parked("May I pay 10 USD?")
    recipe = recipes.save(people.operator, "Pay", "pay {{number}}", {})
    draft = batches.draft(people.operator, desk.connection, recipe, "number\nA-1\n", {})
    begun = batches.begin(people.operator, batches.draft(people.operator, desk.connection, None, "task\nx\n", {}))
    phrase = phrases.add(people.reviewer, "Go on.", is_for_all=True)
    pk = {
        "people": people.viewer.pk, "views": SavedView.objects.create(owner=people.viewer, name="Mine").pk,
        "templates": recipe.pk, "batches": begun.pk, "approvals": approval.pk, "approvals/notes": phrase.pk,
        "budgets": Budget.objects.create(name="Day", period="day", limit_cents=1, act="stop").pk,
        "policies": Policy.objects.create(name="A rule").pk, "settings/channels": 1, "settings/devices": 1,
    }  # fmt: skip
    given = {
        "slug": desk.connection.slug,
        "upstream_id": run.upstream_id,
        "index": 0,
        "member": approval.pk,
        "gesture": "0" * 16,
    }

    def address(route):
        folder = route.partition("/<int:pk>")[0]
        known = {**given, "pk": draft.pk if route.endswith("/plan/") else pk.get(folder)}
        return "/" + re.sub(r"<\w+:(\w+)>", lambda found: str(known[found[1]]), route)

    return {route: address(route) for route in ROUTES}


def routes(resolver, prefix=""):
    for part in resolver.url_patterns:
        route = prefix + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from routes(part, route)
        elif isinstance(part, URLPattern) and not route.startswith("api/"):
            yield route


def test_the_tables_name_every_page_and_every_socket():
    assert set(routes(get_resolver())) == set(ROUTES) | OPEN
    *watched, refused = websocket_urlpatterns
    assert {str(one.pattern): one.callback.consumer_class.permission for one in watched} == SOCKETS
    assert refused.callback is refuse


def asked(client, method, address):
    """The status of an answer; whatever it did is undone."""
    with transaction.atomic():
        answer = client.generic(method, address)
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    return answer


def enter(people, name):
    client = Client()
    client.force_login(getattr(people, name), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("name", [*ROLES, "nobody"])
def test_each_role_may_what_the_table_says_and_nothing_else(people, addresses, name):
    client = Client() if name == "nobody" else enter(people, name)
    wrong = []
    for route, allowed in ROUTES.items():
        for method, who in zip(("GET", "POST"), allowed, strict=True):
            if method == "GET" and who == SEES and name not in {"viewer", "stranger", "nobody"}:
                continue  # who may more opens what a viewer does
            answer = asked(client, method, addresses[route])
            if who is NEVER:
                good = answer.status_code == 405
            elif name == "nobody":
                good = answer.status_code == 302 and answer["Location"].startswith("/sign-in/?next=")
            elif name in who:
                good = answer.status_code < 500 and answer.status_code not in {403, 405}
            else:
                good = answer.status_code == 403 or (name == "stranger" and answer.status_code == 404)
            if not good:
                wrong.append((method, addresses[route], answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 30, "²", "-1"])
def test_a_number_that_no_database_takes_breaks_no_page(people, addresses, number):
    client, run = enter(people, "admin"), addresses["runs/<run:upstream_id>/"]
    asks = ("/approvals/next/?after=", f"{run}earlier/?before=", f"{run}film/?after=", "/audit/?page=", "/runs/?page=")
    assert [client.get(ask + number).status_code for ask in asks] == [302, 200, 200, 200, 200]
    assert client.get(f"/runs/new/?template={number}").status_code == 404
    assert client.post("/runs/new/", {"max_steps": number}).status_code == 422
    assert client.post("/batches/cancel/", {"run": number}).status_code == 302
