"""The list of runs as fragments: its tabs, each row by itself, and what is new since the page was drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, Max, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from live import fragments
from live.drawings import Drawings, facts
from runs import paging, searching, states, windows
from runs.fragments import PAGE_SIZE, known_connections
from runs.models import Connection, Run
from runs.searching import Filters
from runs.windows import Window

MOST_NEW = 99
_DRAWN = Drawings(2000)  # rows


def run_list(user: Any, filters: Filters) -> SafeString:
    """One page of the runs that the person may see: rows and all around them."""
    known = Run.objects.aggregate(newest=Max("pk"))["newest"] or 0  # before the rows: one that comes now is new
    runs = Run.objects.visible_to(user)
    window = windows.read(runs, replace(filters, status="")) if windows.fits(filters) else None
    tabs = _tabs(runs, filters, window)
    shown = windows.chosen(runs, filters, window) if window else None
    pages = paging.Pages(_in_order(searching.matching(runs, filters)), PAGE_SIZE, read=_in_order(runs))
    pages.ids = shown.ids if shown else None
    pages.count = len(shown.rows) if shown else _count(tabs, filters.status)
    page: Page[Run] = pages.get_page(filters.page)
    connections = many_connections()
    query = filters.query(page=filters.page)
    context = {
        "page": page,
        "is_all": shown is None or shown.is_all,
        "older": _older(filters, shown) if shown and not shown.is_all else None,
        "rows": [(run, run_row(run, connections)) for run in page],
        "filters": filters,
        "keep": filters.query(),
        "tabs": run_tabs(filters, tabs),
        "connections": connections,
        "links": [(row, filters.query(connection=row.slug)) for row in connections],
        "all_connections": filters.query(connection=""),
        "socket": f"{query}&known={known}" if query else f"known={known}",
        "news": run_news(0, 0, filters),
        "standing": searching.standing(timezone.now()) if filters.q else None,
        "may_start": user.has_perm("runs.start_run"),
        "may_cancel": user.has_perm("runs.cancel_run"),
    }
    return SafeString(render_to_string("runs/_run_list.html", context))


def _older(filters: Filters, shown: Window) -> dict[str, Any] | None:
    """The same list from the day of its oldest run backwards; None where that would be the same runs again."""
    oldest = Run.objects.filter(pk=shown.ids[-1]).values_list("created_at", flat=True).first() if shown.ids else None
    day = timezone.localdate(oldest) if oldest else timezone.localdate()
    if day >= timezone.localdate() or day.isoformat() == filters.until:
        return None
    return {"day": day, "query": filters.query(until=day.isoformat())}


def run_tabs(filters: Filters, tabs: list[dict[str, Any]]) -> SafeString:
    """The states with their counts."""
    return fragments.render("runs/_run_tabs.html", {"tabs": tabs, "filters": filters})


def run_row(run: Run, connections: list[Connection]) -> SafeString:
    """One run; it stays where it stands when it changes."""
    name = run.started_by.get_username() if run.started_by else ""
    values = facts(run), name, facts(run.connection) if connections else ()
    context = {"run": run, "connections": connections}
    return _DRAWN.of(values, lambda: fragments.render("runs/_run_row.html", context))


def run_news(new: int, gone: int, filters: Filters) -> SafeString:
    """How many rows the list would gain and lose if it were drawn anew."""
    context = {"new": new, "gone": gone, "most": MOST_NEW, "again": filters.query(page=filters.page)}
    return fragments.render("runs/_run_news.html", context)


def regions(user: Any, filters: Filters, shown: Iterable[int], known: int) -> list[str]:
    """What has changed around and in the rows that a page shows: `shown` by pk, of runs up to `known`."""
    runs = Run.objects.visible_to(user)
    rows = _in_order(runs.filter(pk__in=list(shown)).select_related("started_by", "connection"))
    found = list(rows)
    connections = many_connections()
    window = windows.read(runs, replace(filters, status="")) if windows.fits(filters) else None
    fitting = _fitting(runs, filters, window, found, known)
    new = fitting.filter(pk__gt=known)
    gone = len(found) - fitting.filter(pk__in=[run.pk for run in found]).count() if found else 0
    if len(found) == PAGE_SIZE or filters.page > 1:
        new = new.filter(created_at__gte=found[-1].created_at) if found and filters.page == 1 else new.none()
    count = len(new.order_by()[: MOST_NEW + 1].values_list("pk"))
    tabs = run_tabs(filters, _tabs(runs, filters, window))
    return [tabs, run_news(count, gone, filters), *(run_row(run, connections) for run in found)]


def _fitting(
    runs: QuerySet[Run], filters: Filters, window: Window | None, found: list[Run], known: int
) -> QuerySet[Run]:
    """The runs that fit, as far as a page that shows those found is concerned: of older ones it is told nothing."""
    if window is None:
        return searching.matching(runs, filters)
    chosen, shown = windows.chosen(runs, filters, window), {run.pk for run in found}
    older = [] if chosen.is_all else list(shown.difference(chosen.ids))
    fit = [pk for pk in chosen.ids if pk > known or pk in shown]
    return runs.filter(pk__in=[*fit, *(windows.kept(runs, filters, older) if older else ())])


def many_connections() -> list[Connection]:
    """All connections where there are several; none where it need not be told which one is meant."""
    connections = known_connections()
    return connections if len(connections) > 1 else []


def _in_order(runs: QuerySet[Run]) -> QuerySet[Run]:
    return runs.select_related("started_by", "connection").order_by("-created_at", "-id")


def _tabs(runs: QuerySet[Run], filters: Filters, window: Window | None) -> list[dict[str, Any]]:
    """Each state with its count; with `more` where there may be more than that."""
    counts = window.counts() if window else _counts(runs, filters)
    more = window is not None and not window.is_all
    tabs = [{"value": "", "label": _("All"), "count": sum(counts.values())}]
    tabs += [{"value": status.value, "label": status.label, "count": counts.get(status, 0)} for status in states.Status]
    for tab in tabs:
        tab |= {"query": filters.query(status=tab["value"]), "more": more}
    return [tab for tab in tabs if tab["count"] or more or tab["value"] in {filters.status, ""}]


def _counts(runs: QuerySet[Run], filters: Filters) -> dict[str, int]:
    fitting = searching.matching(runs, replace(filters, status=""))
    is_by_person = filters.by and filters.by != searching.ELSEWHERE
    if is_by_person or filters.cost or filters.trouble == "burning":
        # Sought first, counted then: else databases walk all runs in the order of their states to count a few.
        fitting = runs.filter(pk__in=fitting.values("pk"))
    return dict(fitting.order_by().values_list("status").annotate(count=Count("*")))


def _count(tabs: list[dict[str, Any]], status: str) -> int:
    """How many rows there are, as the tabs tell it already."""
    if status == "live":
        return _count(tabs, "") - sum(tab["count"] for tab in tabs if tab["value"] in states.TERMINAL)
    return next((tab["count"] for tab in tabs if tab["value"] == status), 0)
