"""Days are counted where their reader lives, by a page and by what its socket brings; those of budgets nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from approvals.consumers import OverviewConsumer
from approvals.models import Preferences
from live import guests
from runs import budgets, spending
from runs.consumers import RunsConsumer
from runs.models import Budget, Run

pytestmark = pytest.mark.django_db

TOKYO, FAR = "Asia/Tokyo", "Pacific/Kiritimati"


@pytest.fixture(params=["chosen", "of the device"])
def live_in(request, people, client):
    """Signs the viewer in, as somebody of a zone: `live_in(zone)`."""

    def settle(zone):
        client.force_login(people.viewer)
        if request.param == "chosen":
            Preferences.objects.create(user=people.viewer, time_zone=zone)
            client.cookies["zone"] = "America/New_York"  # on a journey: the choice counts
        else:
            client.cookies["zone"] = zone
        return client

    return settle


def brought(client, sort, query="", **shown):
    """What the socket of a page would bring that shows these fragments."""
    socket = sort()
    socket.scope = {"query_string": query.encode(), "headers": [], "cookies": {"zone": client.cookies["zone"].value}}
    wish = socket.wished()
    seen = guests._look(client.cookies["sessionid"].value, frozenset({wish}))[wish]
    assert not seen.refused
    socket.user, socket.manner, socket.shown, socket.is_greeted = seen.user, seen.manner, shown, False
    socket.open()
    return socket.read().text


def test_a_list_of_one_day_is_of_the_same_day_on_the_page_and_in_its_updates(make_run, live_in):
    client = live_in(TOKYO)
    before, first, late, after = (
        make_run(created_at=datetime(2026, 7, day, hour, 30, tzinfo=UTC))
        for day, hour in ((1, 14), (1, 15), (2, 14), (2, 15))
    )
    page = client.get("/runs/?since=2026-07-02&until=2026-07-02").content.decode()
    shown = [run for run in (before, first, late, after) if f'id="run-row-{run.pk}"' in page]
    assert shown == [first, late]
    rows = {f"run-row-{run.pk}": "" for run in shown}
    news = brought(client, RunsConsumer, f"since=2026-07-02&until=2026-07-02&known={first.pk}", **rows)
    assert 'data-new="1"' in news  # one of the two that came after the first
    assert "no longer fit" not in news
    assert "2026-07-02 00:30:00" in news


def test_today_begins_at_the_readers_midnight_on_the_page_and_in_its_updates(make_run, live_in):
    client = live_in(FAR)
    midnight = timezone.now().astimezone(ZoneInfo(FAR)).replace(hour=0, minute=0, second=0, microsecond=0)
    for seconds in (-1, 1, 2):
        make_run(created_at=midnight + timedelta(seconds=seconds))
    page = client.get("/").content.decode()
    news = brought(client, OverviewConsumer)
    for text in (page, news):
        assert "<dt>Runs started</dt><dd>2</dd>" in text
        assert f"since={midnight:%Y-%m-%d}" in text


def test_a_zone_that_nobody_knows_is_none(people, client):
    client.force_login(people.viewer)
    client.cookies["zone"] = "../../etc/passwd"
    assert client.get("/runs/").status_code == 200
    assert brought(client, RunsConsumer)


def test_the_days_of_a_budget_are_the_consoles_whoever_asks(make_run, live_in):
    evening = datetime(2026, 7, 1, 20, tzinfo=UTC)  # the second of July in Tokyo
    budget = Budget.objects.create(name="Day", period="day", limit_cents=100, act="stop", made_at=evening)
    run = make_run(cost_cents=80, status="failed", finished_at=evening - timedelta(hours=8))
    spending.book(evening)
    for zone in ("UTC", TOKYO, "Pacific/Honolulu"):
        with timezone.override(zone):
            for period in ("day", "month", "total"):
                budget.period = period
                assert budgets.standing(budget, evening).spent == 80, (zone, period)
    assert "Days begin at midnight in UTC." in live_in(TOKYO).get("/budgets/").content.decode()
    with timezone.override(TOKYO):
        late = make_run(cost_cents=5, status="failed", finished_at=evening)
        spending.book(evening)
    assert late.charges.get().day == run.charges.get().day
    assert Run.objects.count() == 2
