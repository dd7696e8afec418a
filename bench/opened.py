"""Which pages and fragments `bench.pages` opens: every one that a person, a program or a socket may ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench import crowd

_STATES = ("live", "queued", "running", "awaiting_human", "succeeded", "failed", "cancelled", "timed_out")
_NARROWED = {
    "machine": "machine=mch_00000007", "person": "by=ada", "elsewhere": "by=-", "trouble": "trouble=ended-badly",
    "unverified": "trouble=unverified", "burning": "trouble=burning", "kind asked": "trouble=asked-payment",
    "cost": "cost=2.50", "days": "since=2020-01-01&until=2030-01-01", "metadata": "meta=team%3Dteam-3",
    "rare metadata": "meta=team%3Dteam-rare", "common words, rare machine": "q=look+page+line&machine=mch_rare",
    "common words, rare metadata": "q=look+page+line&meta=team%3Dteam-rare", "beginnings": "q=li&status=failed",
    "cost and elsewhere": "cost=80&by=-", "days and connection": "since=2020-01-01&connection=staging&by=-",
    "person and cost": "by=ada&cost=2", "not followed": "trouble=not-followed",
    "metadata and state": "meta=team%3Dteam-3&status=failed", "connection": "connection=staging",
    "all at once": "q=licence&status=failed&trouble=ended-badly&cost=1",
}  # fmt: skip


def pages(person: Any) -> dict[str, Callable[[], Any]]:
    """Every page and list by name; each a call that opens it and raises where the answer is not 200."""
    from django.test import Client

    from runs import tokens

    client = Client(HTTP_HOST="localhost")
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    bearer = {"Authorization": f"Bearer {tokens.issue(person)}"}

    def opener(address: str) -> Callable[[], Any]:
        def open_it() -> Any:
            answer = client.get(address, headers=bearer if address.startswith("/api") else {})
            if answer.status_code not in ({200, 503} if address == "/readyz" else {200}):
                raise RuntimeError(f"{address} answered {answer.status_code}: {answer.content[:200]!r}")
            return answer

        return open_it

    found = {**_frame(), **_desk(), **_policies(), **_runs(), **_planning(), **_programs()}
    return {name: opener(address) for name, address in found.items()}


def _frame() -> dict[str, str]:
    from runs import upstream

    slug = upstream.connection().slug
    return {
        "overview": "/", "readyz": "/readyz", "people": "/people/", "connections": "/connections/",
        "connection": f"/connections/{slug}/", "settings": "/settings/", "settings of the team": "/settings/team/",
        "offline": "/offline/",
    }  # fmt: skip


def _desk() -> dict[str, str]:
    from approvals import groups
    from approvals.models import Approval
    from runs.models import AuditEntry

    waiting = Approval.objects.open().order_by("id")
    first, decided = waiting.first(), Approval.objects.filter(state="decided").order_by("id").first()
    group = next(iter(groups.alike(list(waiting))), None)
    gesture = AuditEntry.objects.filter(act=groups.DECIDED).order_by("-seq").first()
    last = (AuditEntry.objects.count() + 39) // 40
    found = {
        "approvals": "/approvals/", "approvals, mine": "/approvals/?mine=1", "approvals, of a kind":
        "/approvals/?kind=payment", "approvals, of a connection": "/approvals/?on=staging",
        "approvals, over": "/approvals/history/", "approvals, over, page 9": "/approvals/history/?page=9",
        "approvals, over, narrowed": "/approvals/history/?how=resume&kind=payment&who=ada",
        "approvals, over, elsewhere": "/approvals/history/?how=closed&on=staging",
        "saved notes": "/approvals/notes/", "figures, 7 days": "/figures/?days=7", "figures": "/figures/?days=14",
        "figures, 30 days": "/figures/?days=30", "figures, 90 days": "/figures/?days=90",
        "behind a figure": "/figures/decisions/?days=90&came=finished",
        "audit": "/audit/", "audit, last page": f"/audit/?page={last}", "audit, by person": "/audit/?person=Ada",
        "audit, by act": "/audit/?act=approval.", "audit, by run": f"/audit/?run={crowd.LONG}",
        "audit, none found": "/audit/?person=nobody",
    }  # fmt: skip
    if first:
        found |= {"approval, open": f"/approvals/{first.pk}/", "its facts anew": f"/approvals/{first.pk}/facts/"}
        found |= {"takeover": f"/runs/{first.run.upstream_id}/takeover/"}
    if decided:
        found["approval, decided"] = f"/approvals/{decided.pk}/"
    if group:
        found["approvals, alike"] = f"/approvals/{group}/alike/"
    if gesture:
        found["approvals, alike, told"] = f"/approvals/alike/{gesture.detail['gesture']}/"
    return found


def _policies() -> dict[str, str]:
    from approvals.models import Policy

    pk = Policy.objects.earliest("pk").pk
    return {"policies": "/policies/", "policy, tried": f"/policies/{pk}/", "policy, change": f"/policies/{pk}/change/",
            "policy, new": "/policies/new/"}  # fmt: skip


def _runs() -> dict[str, str]:
    from runs.models import Run

    last = (Run.objects.count() + 39) // 40
    run = Run.objects.order_by("-created_at").first()
    here = f"/runs/{run.upstream_id}/" if run else "/runs/"
    older = Run.objects.filter(task=run.task).exclude(pk=run.pk).first() if run else None
    found = {
        "runs": "/runs/", "runs, last page": f"/runs/?page={last}", "runs, middle": f"/runs/?page={last // 2}",
        "runs, found by a word": "/runs/?q=licence", "runs, none found": "/runs/?q=zzzunheard",
        "runs, by id": f"/runs/?q={run.upstream_id}" if run else "/runs/", "runs, by words of events":
        "/runs/?q=look+page+line", "run": here, "run of 500 steps": f"/runs/{crowd.LONG}/",
        "its earlier steps": f"/runs/{crowd.LONG}/earlier/?before=900", "its film": f"/runs/{crowd.LONG}/film/",
        "runs compared":
        f"/runs/{crowd.LONG}/compare/?with={older.upstream_id if older else crowd.LONG}",
    }  # fmt: skip
    found |= {f"runs, {status}": f"/runs/?status={status}" for status in _STATES}
    return found | {f"runs, by {name}": f"/runs/?{query}" for name, query in _NARROWED.items()}


def _planning() -> dict[str, str]:
    from runs.models import Batch, Budget, Recipe

    first, draft = Batch.objects.earliest("pk").pk, Batch.objects.latest("pk").pk
    recipe, budget = Recipe.objects.earliest("pk").pk, Budget.objects.earliest("pk").pk
    return {
        "new run": "/runs/new/", "new run, of a template": f"/runs/new/?template={recipe}", "new run, again":
        f"/runs/new/?from={crowd.LONG}", "templates": "/templates/", "template": f"/templates/{recipe}/",
        "batches": "/batches/", "batch": f"/batches/{first}/", "batch, planned": f"/batches/{draft}/plan/",
        "batch, new": "/batches/new/",
        "budgets": "/budgets/", "budget": f"/budgets/{budget}/",
    }  # fmt: skip


def _programs() -> dict[str, str]:
    return {
        "api runs": "/api/runs", "api runs, searched": "/api/runs?q=zzzunheard",
        "api runs, by state": "/api/runs?status=failed&limit=200", "api events": f"/api/runs/{crowd.LONG}/events",
        "api audit": "/api/audit?limit=200", "api audit, by act": "/api/audit?act=nothing",
        "api approvals": "/api/approvals",
    }  # fmt: skip


def fragments(person: Any) -> dict[str, Callable[[], Any]]:
    """What sockets render by themselves, and the sweeps."""
    from django.http import QueryDict
    from django.utils import timezone

    from approvals import company, delivery, history, lists, queue, tasks
    from approvals import fragments as desk
    from approvals.models import Approval
    from runs import fragments as mirror
    from runs import listing, planning_fragments, searching
    from runs.models import Batch, Run
    from runs.relay import leases

    shown = list(Run.objects.order_by("-created_at", "-id").values_list("pk", flat=True)[:40])
    first, batch = Approval.objects.open().select_related("run__connection").first(), Batch.objects.earliest("pk")
    run = Run.objects.select_related("connection").get(upstream_id=crowd.LONG)

    def live(query: str) -> Callable[[], Any]:
        """What a page narrowed so is sent when anything moves."""
        filters = searching.Filters.read(QueryDict(query))
        return lambda: listing.regions(person, filters, shown, max(shown))

    found: dict[str, Callable[[], Any]] = {
        "fragment: board": lambda: mirror.board(person),
        "fragment: queue": lambda: lists.approval_queue(person),
        "fragment: over lately": lambda: history.past(person),
        "fragment: navigation": lambda: desk.nav_counts(person),
        "fragment: overview": lambda: desk.overview(person),
        "fragment: rows of runs": lambda: listing.regions(person, searching.Filters(), shown, max(shown)),
        **{f"fragment: rows by {name}": live(query) for name, query in _NARROWED.items()},
        "fragment: head of a run": lambda: mirror.run_head(run),
        "fragment: steps of a run": lambda: mirror.run_timeline(run),
        "fragment: batch": lambda: (planning_fragments.batch_head(batch), planning_fragments.batch_items(batch)),
        "sweep: unasked": lambda: list(queue.unasked()[: tasks.BATCH]),
        "sweep: due": lambda: list(delivery.due(timezone.now())[: tasks.BATCH]),
        "sweep: orphans": lambda: list(leases.orphans()),
    }
    if first:
        found["fragment: state of an approval"] = lambda: desk.approval_state(first, person)
        found["fragment: people at an approval"] = lambda: company.page(first, person)
    return found
