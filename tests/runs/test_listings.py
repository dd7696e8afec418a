"""Runs that were started elsewhere are found by listings that are cut, have no cursor and promise no order."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from runs import fragments, ingest
from runs import upstream as upstreams
from runs.models import Connection, Run
from runs.relay import listings
from runs.relay.gate import Gate
from runs.relay.listings import Listings, Page

ENDS = ("succeeded", "failed", "cancelled", "timed_out")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Kept:
    """A journal that commits at once."""

    def snapshots(self, connection, payloads, asked_at):
        ingest.take_snapshots(connection, payloads, asked_at=asked_at)

    def listed(self, connection, began):
        upstreams.note_listed(connection, began)


@pytest.fixture
def looks(connection):
    return Listings(connection, Kept())


@pytest.fixture
def client(connection):
    return upstreams.client(connection)


@pytest.fixture
def short(connection):
    """Looks whose listings are cut after a few runs."""
    return Listings(connection, Kept(), limit=4, newest_limit=3)


@pytest.fixture
def blind(upstream, short, client):
    """Upstream lists its oldest first, and more runs have ended each way than it lists."""
    for end in ENDS * 5:
        upstream.add().finish(end)
    short.look(client)
    return upstream


def ended(upstream, count):
    """So many runs that began and ended between two looks, each way in turn."""
    made = [upstream.add() for _ in range(count)]
    for at, run in enumerate(made):
        run.finish(ENDS[at % 4])
    return {run.id for run in made}


def known():
    return set(Run.objects.values_list("upstream_id", flat=True))


def asked(upstream, since=0):
    return [path.partition("?")[2] for method, path, _ in upstream.requests[since:] if method == "GET"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_all_that_came_and_ended_between_two_looks_is_found_by_the_next(upstream, looks, client, newest_first):
    upstream.lists_newest_first = newest_first
    looks.look(client)
    made = ended(upstream, 70)  # more than the newest that are asked for
    looks.look(client)
    assert made <= known()
    row = Connection.objects.get()
    assert (row.hides_ended, row.is_unlisted) == (False, False)


def test_where_the_newest_reach_back_to_the_last_look_no_more_is_asked(upstream, short, client):
    upstream.lists_newest_first = True
    ended(upstream, 9)
    for run in upstream.runs.values():
        run.state["created_at"] = (timezone.now() - timedelta(minutes=1)).isoformat()
    short.look(client)
    since, made = len(upstream.requests), ended(upstream, 2)
    short.look(client)
    assert len(asked(upstream, since)) == 4
    assert made <= known()
    assert not Connection.objects.get().hides_ended


def test_more_live_runs_than_a_listing_shows_is_said(upstream, short, client):
    made = [upstream.add() for _ in range(5)]
    short.look(client)
    assert Connection.objects.get().is_unlisted
    assert "more live runs than it lists" in fragments.alerts()
    for run in made:
        run.finish()
    short.look(client)
    assert not Connection.objects.get().is_unlisted
    assert "more live runs" not in fragments.alerts()


def test_what_can_not_be_listed_is_said_once_and_taken_back(blind, short, client, caplog):
    made = ended(blind, 1)
    short.look(client)
    assert not made & known()
    row = Connection.objects.get()
    assert row.hides_ended
    said = [*caplog.get_records("setup"), *caplog.records]
    assert "newest ended runs" in render_to_string("connections/words.html", {"c": row})
    assert len([one for one in said if "newest ended runs" in one.getMessage()]) == 1
    for run in list(blind.runs.values())[:20]:
        del blind.runs[run.id]
    for _ in ENDS:  # one that showed its oldest only is asked in turn
        short.look(client, whole=True)
    assert made <= known()
    assert not Connection.objects.get().hides_ended


def test_where_ended_runs_hide_and_strangers_come_the_live_ones_are_looked_at_often(blind, short, client):
    assert not short.is_quick
    assert short.rest_seconds == listings.LIST_SECONDS
    stranger = blind.add()
    short.look(client, whole=True)
    assert short.is_quick
    assert short.rest_seconds == listings.GLANCE_SECONDS
    since, brief = len(blind.requests), blind.add()
    short.look(client)
    brief.finish()
    assert {stranger.id, brief.id} <= known()
    assert [query.split("&")[0] for query in asked(blind, since)] == [f"status={status}" for status in listings._LIVE]


def test_a_glance_that_fails_is_followed_by_a_whole_look(blind, short, client):
    blind.add()
    short.look(client, whole=True)
    blind.fail("GET", r"/runs\?", status=503)
    assert not short.look(client)
    since = len(blind.requests)
    short.look(client)
    assert len(asked(blind, since)) > len(listings._LIVE)


def test_a_time_without_listings_is_told_where_runs_may_be_lost_in_it(blind, connection, client, caplog):
    Connection.objects.update(listed_at=timezone.now() - timedelta(seconds=40))
    Listings(connection, Kept(), limit=4, newest_limit=3).look(client)  # of another worker
    assert [record for record in caplog.records if "was not listed for 40 s" in record.getMessage()]


def test_a_look_that_broke_off_is_made_up_for(upstream, short, client):
    upstream.lists_newest_first = True
    short.look(client)
    before = Connection.objects.get().listed_at
    made = ended(upstream, 8)
    upstream.fail("GET", r"/runs\?limit=", status=503)
    with pytest.raises(listings.errors.CoastyError):
        short.look(client)
    assert Connection.objects.get().listed_at == before
    short.look(client)
    assert made <= known()


def page(*seconds, cut=True):
    return Page([{"created_at": (NOON + timedelta(seconds=at)).isoformat()} for at in seconds], cut)


@pytest.mark.parametrize(
    ("found", "reaches"),
    [
        (page(9, 8, cut=False), True),
        (page(8, 9, cut=False), True),
        (page(cut=False), True),
        (page(5, 3, -1), True),
        (page(5, 5, 0), True),
        (page(5, 3, 1), False),
        (page(-3, -1, 5), False),
        (page(5, -3, -1), False),
        (page(-3, -3), False),  # the same second tells no order
        (page(), False),
        (Page([{"created_at": None}, *page(-1).payloads], True), False),
    ],
)
def test_a_page_tells_whether_it_reaches_back(found, reaches):
    assert found.reaches(NOON) is reaches


def test_whoever_takes_listing_over_begins_at_once():
    gate = Gate(lambda problem: None)
    waiting = threading.Thread(target=gate.wait_to_probe, args=(60,), daemon=True)
    waiting.start()
    gate.hurry()
    waiting.join(5)
    assert not waiting.is_alive()
