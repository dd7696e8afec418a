"""Several upstreams followed by one relay: added, changed, switched off, refused, each without touching the others."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from runs import control, registry, vault
from runs import upstream as upstreams
from runs.consumers import RunConsumer
from runs.models import Allowance, Connection, Lease, Run
from runs.states import Stream
from tests.upstreams import Upstream

SECOND_KEY = "sk-coasty-live-" + "5e" * 24


@pytest.fixture
def second():
    with Upstream(SECOND_KEY) as scripted:
        yield scripted


@pytest.fixture
def other(second, connection, people):
    """The second upstream as an administrator has added it."""
    return registry.add(people.admin, name="Sandbox", base_url=second.base_url, key=SECOND_KEY)


def is_live(run):
    return Run.objects.filter(upstream_id=run.id, stream=Stream.LIVE).exists()


@pytest.mark.django_db(transaction=True)
def test_one_relay_follows_the_runs_of_all_connections(upstream, second, relay, other, until, stored, sent):
    here, there = upstream.add(task="here"), second.add(task="there")
    until(lambda: is_live(here) and is_live(there))
    for run in (here, there):
        run.go()
        run.finish()
    for run in (here, there):
        until(lambda run=run: stored(run) == sent(run))
    found = Run.objects.values_list("upstream_id", "connection__slug")
    assert dict(found)[there.id] == "sandbox" != dict(found)[here.id]
    assert len(relay.lines) == 2


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_followed_changed_and_left_without_a_restart(upstream, second, relay, people, until):
    run = second.add(task="late")
    began = time.monotonic()
    row = registry.add(people.admin, name="Sandbox", base_url=second.base_url, key=SECOND_KEY)
    until(lambda: is_live(run), 5)
    registry.change(people.admin, row, is_enabled=False)
    until(lambda: second.open_streams == 0, 5)
    until(lambda: Run.objects.get(upstream_id=run.id).stream == Stream.IDLE, 5)
    assert "disabled" in Run.objects.get(upstream_id=run.id).stream_detail
    assert not Lease.objects.filter(run__connection=row).exclude(worker="").exists()
    asked = len(second.requests)
    row.refresh_from_db()
    with pytest.raises(Exception, match="disabled"):
        control.start(people.admin, {"task": "x"}, connection=row)
    assert len(second.requests) == asked, "nothing is asked of it"
    registry.change(people.admin, row, is_enabled=True)
    until(lambda: is_live(run) and second.open_streams == 1, 5)
    second.key = "sk-coasty-live-rotated"
    registry.replace_key(people.admin, row, key=second.key)
    second.cut()
    until(lambda: second.open_streams == 1 and Connection.objects.get(pk=row.pk).health == "up", 6)
    assert time.monotonic() - began < 30


@pytest.mark.django_db(transaction=True)
def test_a_refused_key_stops_its_own_streams_with_one_alert(upstream, second, relay, other, until, caplog):
    caplog.set_level(logging.WARNING, logger="runs")
    theirs = [second.add(task=str(n)) for n in range(15)]
    ours = upstream.add(task="goes on")
    until(lambda: second.open_streams == 15 and upstream.open_streams == 1)
    second.key = "another"
    second.cut()
    refused = Run.objects.filter(connection=other, stream=Stream.REFUSED)
    until(lambda: refused.count() == 15)
    until(lambda: Connection.objects.get(pk=other.pk).health == "refused")
    ours.go()
    until(lambda: Run.objects.get(upstream_id=ours.id).status == "running")
    assert Connection.objects.get(slug=Run.objects.get(upstream_id=ours.id).connection.slug).health == "up"
    alerts = [record for record in caplog.records if "refused" in record.getMessage().lower()]
    assert len(alerts) == 1, [record.getMessage() for record in alerts]
    assert second.count("GET", "/events") <= 15 + 15 + 8, "each at most once more"
    asked = len(second.requests)
    time_is_up = time.monotonic() + 1.5
    until(lambda: time.monotonic() > time_is_up)
    assert len(second.requests) - asked <= 1
    assert len(theirs) == refused.count()


@pytest.mark.django_db(transaction=True)
def test_a_key_that_may_not_list_runs_is_told_as_refused_once(second, relay, other, until, caplog):
    second.fail("GET", r"/runs\?", status=403, code="INSUFFICIENT_SCOPE", times=1000)
    until(lambda: Connection.objects.get(pk=other.pk).health == "refused")
    assert "Scripted refusal" in Connection.objects.get(pk=other.pk).health_detail
    until(lambda: [record for record in caplog.records if "Key refused" in record.getMessage()])


@pytest.mark.django_db(transaction=True)
def test_an_upstream_that_hangs_holds_up_no_other(upstream, second, relay, other, until):
    second.fail("GET", "/", delay_seconds=4, times=1000)
    for n in range(20):
        second.add(task=str(n))
    ours = [upstream.add(task=f"ours {n}") for n in range(10)]
    until(lambda: all(map(is_live, ours)), 5)


@pytest.mark.django_db(transaction=True)
def test_the_relay_keeps_a_request_to_wait_that_another_process_got(upstream, second, relay, other, until):
    run, ours = second.add(task="told to wait"), upstream.add(task="goes on")
    until(lambda: is_live(run) and is_live(ours))
    Allowance.objects.update_or_create(connection=other, defaults={"held_until": time.time() + 2.5})
    until(lambda: not relay.lines[other.pk].gate.is_open)
    second.cut()
    ours.go()
    asked = len(second.requests)
    until(lambda: "asks to wait" in Run.objects.get(upstream_id=run.id).stream_detail)
    until(lambda: Run.objects.get(upstream_id=ours.id).status == "running")
    assert len(second.requests) == asked
    until(lambda: second.open_streams == 1, 8)


@pytest.mark.django_db(transaction=True)
def test_a_listing_with_bad_items_still_shows_the_good_ones(upstream, relay, until):
    good = upstream.add(task="good")
    bad = [{"id": 5}, {"id": "x" * 500}, {"id": "nul\x00"}, {}, None, "text", {"id": ["list"]}]

    def _list(query):
        runs = [good.view()] if query.get("status") in {None, "queued"} else []
        return 200, {"object": "list", "data": [*bad, *runs], "has_more": False}

    upstream._list = _list
    until(lambda: is_live(good))
    assert Run.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "told"), [(0, "%H:%M:%S"), (30, "%Y-%m-%d %H:%M:%S")])
def test_an_outage_says_since_when_and_on_which_day_when_that_is_over(connection, hours, told):
    from runs import fragments

    since = timezone.now() - timedelta(hours=hours)
    Connection.objects.filter(pk=connection.pk).update(health=Connection.Health.DOWN, health_since_at=since)
    for shown in (fragments.alerts(), fragments.health()):
        assert f">{timezone.localtime(since).strftime(told)}</time>" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("health", "stream", "detail", "said"),
    [
        ("up", "reconnecting", "Upstream refused the stream (503)", ["Reconnecting", "refused the stream (503)"]),
        (
            "up",
            "refused",
            "Blocked before the API <b>",
            ["Upstream refuses to show", "Blocked before the API &lt;b&gt;"],
        ),
        ("up", "live", "Upstream left out events 3 to 4", ["Live", "left out events 3 to 4"]),
        ("refused", "live", "", ["Key refused since", "stream-refused"]),
        ("down", "live", "", ["Upstream is down since", "stream-reconnecting"]),
    ],
)
def test_a_runs_page_says_in_words_what_is_wrong_with_its_stream(make_run, connection, health, stream, detail, said):
    from runs import fragments

    Connection.objects.filter(pk=connection.pk).update(health=health, health_since_at=timezone.now())
    run = make_run(stream=stream, stream_detail=detail)
    page = fragments.run_head(Run.objects.select_related("connection").get(pk=run.pk))
    assert [words for words in said if words not in page] == []


@pytest.mark.django_db
def test_the_key_is_sealed_and_opens_after_a_change_of_secret_key(other, settings):
    from django.core.management import call_command
    from django.core.management.base import CommandError

    assert SECOND_KEY not in other.sealed_key
    assert upstreams.key(other) == SECOND_KEY
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another secret key"
    with pytest.raises(vault.Unreadable):
        vault.unseal(other.sealed_key)
    with pytest.raises(Exception, match="SECRET_KEY_FALLBACKS"):
        upstreams.client(other).list_runs()
    with pytest.raises(CommandError):
        call_command("seal_anew")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert upstreams.key(other) == SECOND_KEY
    call_command("seal_anew")
    settings.SECRET_KEY_FALLBACKS = []
    other.refresh_from_db()
    assert upstreams.key(other) == SECOND_KEY


@pytest.mark.django_db
def test_the_connection_of_the_settings_follows_them_and_keeps_no_key(connection, settings):
    assert (connection.is_from_settings, connection.sealed_key) == (True, "")
    settings.UPSTREAM_BASE_URL = "http://127.0.0.1:1/v1"
    later = upstreams.connection()
    assert later.pk != connection.pk
    connection.refresh_from_db()
    assert (connection.is_enabled, connection.is_from_settings) == (False, False), "its key is not known any more"
    Connection.objects.filter(pk=later.pk).update(is_enabled=False, name="Renamed")
    assert (upstreams.connection().pk, upstreams.connection().is_enabled) == (later.pk, False), "a choice stays"


@pytest.mark.django_db
def test_of_two_runs_with_one_id_pages_and_sockets_mean_the_one_that_came_last(make_run, people, client):
    """As when one account is followed with two keys."""
    older = make_run("awaiting_human", task="seen first")
    twin = Connection.objects.create(name="Twin", slug="twin", base_url="http://127.0.0.1:9/v1")
    newer = Run.objects.create(
        connection=twin, upstream_id=older.upstream_id, status="awaiting_human", task="seen last"
    )
    client.force_login(people.admin)
    for page in ("", "takeover/"):
        answer = client.get(f"/runs/{older.upstream_id}/{page}", follow=True)
        assert answer.status_code == 200
        assert answer.context["run"] == newer, page
    socket = RunConsumer()
    named = {"url_route": {"kwargs": {"upstream_id": older.upstream_id}}, "query_string": b""}
    socket.user, socket.scope = people.admin, named
    socket.open()
    assert socket.pk == newer.pk
