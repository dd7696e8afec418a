"""A run that burns money is told before it parks, once an episode, to who may end it; approvals' rows say it too."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from approvals.models import Notice, Occasion
from approvals.notices import outbox, preferences, push
from runs import waste
from runs.models import Run
from tests.approvals.receivers import Receiver
from tests.approvals.test_notices import LATER, channel, tell, told
from tests.approvals.test_push import subscribed
from tests.runs.test_waste import go_on

pytestmark = pytest.mark.django_db
HERE, THERE = {"x": 10, "y": 20}, {"x": 600, "y": 300}


@pytest.fixture
def hook(settings):
    settings.NOTICES_TO_PRIVATE_ADDRESSES = True
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def circling(make_run):
    """A running run that did the same four times, and was seen to."""
    run = go_on(make_run(task="Pay ACME"), [HERE] * 4, ["a"] * 4)
    waste.look()
    return run


@pytest.fixture
def make_run(desk):
    def make(**fields):
        count = Run.objects.count()
        fields = {"upstream_id": f"run-{count}", "status": "running", "status_at": timezone.now(), **fields}
        return Run.objects.create(connection=desk.connection, **fields)

    return make


def test_it_is_told_while_it_runs_to_who_may_end_it_with_its_cents_and_a_link(people, hook, circling) -> None:
    for person in (people.operator, people.reviewer, people.viewer):
        channel(hook, person, person.username)
    assert Run.objects.get().status == "running"
    tell()
    ((path, _, body),) = hook.got
    assert path.startswith("/operator")
    (message,) = hook.messages
    assert message["link"].endswith(reverse("run", args=[circling.upstream_id]))
    assert (message["event"], message["run"], message["wasted_cents"]) == ("burning", circling.upstream_id, 15)
    assert "since step 1: 4 steps, $0.15 wasted" in message["message"]
    assert b"ACME" not in body


def test_an_episode_is_one_notice_however_it_grows_and_the_next_one_another(people, hook, circling) -> None:
    channel(hook, people.operator)
    tell()
    go_on(circling, [HERE] * 3, ["a"] * 3, first=5)
    waste.look()
    tell()
    assert len(hook.got) == 1
    go_on(circling, [THERE], ["b"], first=8)
    waste.look()
    go_on(circling, [THERE] * 3, ["b"] * 3, first=9)
    waste.look()
    tell()
    assert len(hook.got) == 2


def test_of_two_workers_that_look_at_once_one_tells(make_run) -> None:
    run = go_on(make_run(), [HERE] * 4, ["a"] * 4)
    mine, other = Run.objects.get(pk=run.pk), Run.objects.get(pk=run.pk)
    assert waste._look(mine)
    assert not waste._look(other)
    assert Occasion.objects.filter(event="burning").count() == 1


def test_nobody_is_told_who_does_not_want_it_nor_of_one_that_got_on_parked_or_ended(people, hook, circling) -> None:
    channel(hook, people.operator, "operator")
    channel(hook, people.admin, "admin")
    preferences.change(people.admin, muted_occasions=["burning"])
    outbox.spread(timezone.now() + LATER)
    assert Notice.objects.get().channel.owner == people.operator
    for change in ({"status": "awaiting_human"}, {"status": "cancelled"}, {"status": "running", "waste_kind": ""}):
        Notice.objects.update(state="pending")
        Run.objects.update(**change)
        tell()
        assert told(hook) == []
        assert Notice.objects.get().state == "dropped"


def test_one_that_is_parked_already_is_left_to_its_approval(make_run) -> None:
    go_on(make_run(status="awaiting_human"), [HERE] * 4, ["a"] * 4)
    assert waste.look() == 1
    assert not Occasion.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Occasion.objects.create(event="burning")


def test_a_device_gets_the_runs_id_and_several_are_one_message_beside_approvals(people, desk, hook, make_run) -> None:
    push.make_key()
    browser = subscribed(hook, people.admin)
    channel(hook, people.admin)
    run = go_on(make_run(), [HERE] * 4, ["a"] * 4)
    waste.look()
    tell()
    assert browser.read() == [{"event": "burning", "id": None, "waiting": 0, "run": run.upstream_id}]
    for _ in range(4):
        go_on(make_run(), [HERE] * 4, ["a"] * 4)
    waste.look()
    _, _, approval = desk.parked()
    tell()
    assert {(one["event"], one["id"], one.get("run")) for one in browser.read()[1:]} == {
        ("several_burning", None, ""), ("opened", approval.pk, None),
    }  # fmt: skip
    last = [message for path, message in _hooked(hook) if path.startswith("/hook")][-1]
    assert last["title"] == "1 approval needs a look, 4 runs burn money"
    assert (last["approvals"], len(last["runs"])) == ([approval.pk], 4)


def _hooked(hook):
    return [(path, json.loads(body)) for path, _, body in hook.got if path.startswith("/hook")]


def test_the_row_of_its_approval_and_its_page_say_it(people, desk, client) -> None:
    _, run, approval = desk.parked()
    client.force_login(people.reviewer)
    pages = (reverse("approvals"), reverse("overview"), reverse("approval", args=[approval.pk]))
    assert not any("going round" in client.get(page).content.decode() for page in pages)
    Run.objects.filter(pk=run.pk).update(waste_kind="screen", waste_since=1, waste_steps=6, waste_cents=30)
    for page in pages:
        assert "going round in circles: 6 steps without change, $0.30 wasted" in client.get(page).content.decode()


def test_it_can_be_switched_off_on_the_page_of_settings(people, client) -> None:
    client.force_login(people.operator)
    page = client.get(reverse("settings")).content.decode()
    assert "A run goes round in circles and burns money" in page
    assert "and of runs that burn money" in page
