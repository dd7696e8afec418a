"""One person drives a parked machine at a time; what they type is kept nowhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as live
from django.utils import timezone

from approvals import acts, claims, decisions, takeovers, tasks
from approvals.errors import Invalid, NotAllowed, NotHeld, NotParked, TakenOver
from approvals.models import Takeover
from coasty_api.errors import CoastyError
from runs.models import AuditEntry
from tests.approvals.desk import acts_in
from tests.approvals.test_decisions import in_the_same_instant

LATER = timedelta(seconds=live.TAKEOVER_SECONDS + 1)


@pytest.mark.django_db
def test_acts_reach_the_machine_and_only_their_number_is_kept(desk, people):
    _, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    assert takeovers.act(held, "click", {"x": 10.4, "y": 20})["success"] is True
    takeovers.act(held, "type", {"text": "s3cret-word"})
    assert desk.far.acts == [
        ("mch_test_00000001", "click", {"x": 10, "y": 20}),
        ("mch_test_00000001", "type", {"text": "s3cret-word"}),
    ]
    assert takeovers.end(held)
    assert not takeovers.end(held)
    assert acts_in(run) == ["takeover.started", "takeover.acted", "takeover.ended"]
    assert AuditEntry.objects.get(act="takeover.acted").detail == {"count": 2}
    assert "s3cret" not in str([(entry.detail, entry.subject) for entry in AuditEntry.objects.all()])


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_over_at_once_one_drives(desk, people):
    _, run, _ = desk.parked()
    everybody = [people.operator, people.reviewer, people.admin]
    results = in_the_same_instant([lambda u=u: takeovers.begin(u, run) for u in everybody * 3])
    holders = {result.user_id for result in results if isinstance(result, Takeover)}
    assert len(holders) == 1
    assert sum(isinstance(result, TakenOver) for result in results) == 6
    assert Takeover.objects.filter(ended_at=None).count() == 1


@pytest.mark.django_db
def test_a_lease_that_ran_out_is_nobodys(desk, people):
    _, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    later = timezone.now() + LATER
    with pytest.raises(NotHeld):
        takeovers.act(held, "click", {"x": 1, "y": 1}, now=later)
    with pytest.raises(NotHeld):
        takeovers.keep(held, now=later)
    other = takeovers.begin(people.reviewer, run, now=later)
    assert other.user == people.reviewer
    assert desk.far.acts == []


@pytest.mark.django_db
def test_keeping_renews_the_lease(desk, people):
    _, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    almost = timezone.now() + timedelta(seconds=live.TAKEOVER_SECONDS - 5)
    takeovers.keep(held, now=almost)
    assert takeovers.act(held, "click", {"x": 1, "y": 1}, now=timezone.now() + LATER)


@pytest.mark.django_db
def test_taking_over_again_gives_the_same_lease(desk, people):
    _, run, _ = desk.parked()
    assert takeovers.begin(people.operator, run) == takeovers.begin(people.operator, run)
    with pytest.raises(TakenOver) as held:
        takeovers.begin(people.reviewer, run)
    assert held.value.facts["held_by"] == "operator"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["viewer", "stranger"])
def test_who_only_watches_can_not_drive(desk, people, name):
    _, run, _ = desk.parked()
    with pytest.raises(NotAllowed):
        takeovers.begin(getattr(people, name), run)


@pytest.mark.django_db
def test_a_run_that_does_not_wait_can_not_be_taken_over(desk, people):
    _, running = desk.run()
    with pytest.raises(NotParked):
        takeovers.begin(people.operator, running)
    _, run, approval = desk.parked()
    decisions.decide(people.reviewer, approval, "resume")
    with pytest.raises(NotParked):
        takeovers.begin(people.operator, run)


@pytest.mark.django_db
def test_a_takeover_ends_when_the_run_goes_on(desk, people):
    scripted, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    scripted.resume("elsewhere")
    desk.follow(scripted)
    assert takeovers.active(run) is None
    with pytest.raises(NotHeld):
        takeovers.act(held, "click", {"x": 1, "y": 1})
    assert desk.far.acts == []


@pytest.mark.django_db
def test_the_sweep_ends_what_ran_out(desk, people):
    _, run, approval = desk.parked()
    Takeover.objects.filter(pk=takeovers.begin(people.operator, run).pk).update(expires_at=timezone.now())
    claims.claim(people.reviewer, approval, now=timezone.now() - timedelta(hours=1))
    tasks.sweep()
    assert not Takeover.objects.filter(ended_at=None).exists()
    assert claims.active(approval) is None
    assert acts_in(run)[-1] == "takeover.ended"


@pytest.mark.django_db
def test_the_screen_comes_live_and_a_machine_that_is_gone_is_an_error(desk, people):
    _, run, _ = desk.parked()
    image, mime = takeovers.screen(run)
    assert mime == "image/png"
    assert image.startswith(b"\x89PNG")
    run.machine_id = "mch_gone"
    with pytest.raises(CoastyError):
        takeovers.screen(run)


@pytest.mark.django_db
def test_an_act_that_upstream_refuses_is_told(desk, people):
    _, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    desk.far.fail("POST", "/actions$", status=409, code="INVALID_STATE")
    with pytest.raises(CoastyError):
        takeovers.act(held, "click", {"x": 1, "y": 1})


GOOD = [
    ("click", {"x": 0, "y": 16_384, "button": "right"}),
    ("double_click", {"x": 1, "y": 1}),
    ("type", {"text": "naïve 😀\n"}),
    ("key_press", {"key": "Enter"}),
    ("key_combo", {"keys": ["ctrl", "a"]}),
    ("scroll", {"x": 1, "y": 1, "direction": "down", "amount": 3}),
    ("drag", {"from_x": 1, "from_y": 1, "to_x": 5, "to_y": 5}),
    ("browser_navigate", {"url": "http://127.0.0.1:8787/practice/"}),
]
BAD = [
    ("terminal_execute", {"command": "ls"}),
    ("screenshot", {}),
    ("click", {"x": 1}),
    ("click", {"x": -1, "y": 0}),
    ("click", {"x": True, "y": 0}),
    ("click", {"x": "1", "y": 0}),
    ("click", {"x": float("nan"), "y": 0}),
    ("click", {"x": 1, "y": 1, "button": "fourth"}),
    ("click", {"x": 1, "y": 1, "force": True}),
    ("type", {"text": ""}),
    ("type", {"text": "x" * 10_001}),
    ("type", {"text": 5}),
    ("key_press", {"key": "x" * 33}),
    ("key_combo", {"keys": []}),
    ("key_combo", {"keys": ["a"] * 7}),
    ("scroll", {"x": 1, "y": 1, "direction": "away", "amount": 3}),
    ("scroll", {"x": 1, "y": 1, "direction": ["down"], "amount": 3}),
    ("scroll", {"x": 1, "y": 1, "direction": "down", "amount": 0}),
    ("browser_navigate", {"url": "file:///etc/passwd"}),
    ("browser_navigate", {"url": "javascript:alert(1)"}),
    ("browser_navigate", {"url": "http://[broken"}),
    ("browser_navigate", {"url": "http://" + "a" * 3000}),
]


@pytest.mark.parametrize(("command", "parameters"), GOOD)
def test_an_ordinary_act_may_be_sent(command, parameters):
    assert acts.checked(command, parameters) == parameters


@pytest.mark.parametrize(("command", "parameters"), BAD)
def test_anything_else_is_refused_without_repeating_it(command, parameters):
    with pytest.raises(Invalid) as refused:
        acts.checked(command, parameters)
    assert "passwd" not in refused.value.message
