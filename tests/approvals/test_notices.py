"""Notices: whom an occasion concerns, that each is sent once, what failures show, and where they may go."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals import claims, decisions
from approvals.models import Approval, Channel, Notice, Occasion
from approvals.notices import addresses, channels, outbox, preferences, sending, speaking, tasks
from coasty_console import roles
from runs import public
from runs.models import AuditEntry
from tests.approvals.receivers import Receiver

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=3)


@pytest.fixture
def hook(settings):
    settings.NOTICES_TO_PRIVATE_ADDRESSES = True
    with Receiver() as receiver:
        yield receiver


def channel(hook, owner, name="hook", **fields):
    return channels.add(owner, name=name, url=f"{hook.address}/{name}?token=s3cret", owner=owner, **fields)


def tell(now=None):
    """What the sweep and its jobs do."""
    now = now or timezone.now() + LATER
    outbox.spread(now)
    return {target: sending.send(*target, now=now) for target in sending.targets(now)}


def told(hook):
    return [
        (path.split("?")[0].strip("/"), body["event"], body.get("approval"))
        for (path, _, _), body in zip(hook.got, hook.messages, strict=True)
    ]


def test_an_approval_that_opens_is_told_once_to_each_who_may_decide_and_wants_it(desk, people, hook):
    for person in (people.reviewer, people.admin, people.operator):
        channel(hook, person, person.username)
    preferences.change(people.admin, muted_kinds=["payment"])
    _, _, approval = desk.parked("May I pay?")
    assert tell(timezone.now()) == {}, "what is answered at once alarms nobody"
    tell()
    tell()
    assert told(hook) == [("reviewer", "opened", approval.pk)]
    assert not Occasion.objects.filter(spread_at=None).exists()


def test_a_notice_holds_nothing_that_the_agent_or_the_task_said(desk, people, hook):
    channel(hook, people.reviewer)
    desk.parked("May I pay <b>ACME</b> with card 4111?")
    tell()
    _, headers, body = hook.got[0]
    assert "ACME" not in body.decode()
    assert "invoice" not in body.decode()
    assert headers["Content-Type"] == "application/json"


def test_its_link_opens_exactly_that_approval_under_the_public_address_and_path(desk, people, hook, settings):
    channel(hook, people.reviewer)
    _, _, approval = desk.parked()
    settings.PUBLIC_URL, settings.FORCE_SCRIPT_NAME = "https://console.example.org", "/desk"
    tell()
    assert hook.messages[0]["link"] == f"https://console.example.org/desk/approvals/{approval.pk}/"
    settings.PUBLIC_URL = "https://console.example.org/desk"
    for path in ("/desk/approvals/", "/approvals/"):
        assert public.address(path) == "https://console.example.org/desk/approvals/"


def test_what_is_put_to_one_person_opens_for_that_person_alone(desk, people, hook):
    channel(hook, people.reviewer, "reviewer")
    channel(hook, people.admin, "admin")
    _, _, approval = desk.parked()
    Approval.objects.filter(pk=approval.pk).update(routed_to=people.admin)
    tell()
    assert told(hook) == [("admin", "routed", approval.pk)]


def test_whoever_may_not_decide_as_the_runs_starter_is_not_called(desk, people, hook):
    channel(hook, people.admin, "admin")
    _, run, approval = desk.parked()
    run.started_by = people.admin
    run.save(update_fields=["started_by"])
    Approval.objects.filter(pk=approval.pk).update(not_starter=True)
    tell()
    assert told(hook) == []


def test_what_is_claimed_or_decided_before_it_goes_out_is_not_told(desk, people, hook):
    channel(hook, people.reviewer)
    _, _, claimed = desk.parked()
    claims.claim(people.admin, claimed)
    _, _, decided = desk.parked()
    outbox.spread(timezone.now() + LATER)
    decisions.decide(people.admin, decided, "cancel")
    tell()
    assert told(hook) == []
    assert Notice.objects.get().state == "dropped"


@pytest.mark.parametrize("change", ["role", "account"])
def test_who_may_not_decide_any_more_is_not_told_what_still_lay_there_for_them(desk, people, hook, change):
    channel(hook, people.reviewer)
    desk.parked()
    outbox.spread(timezone.now() + LATER)
    if change == "role":
        roles.give(people.reviewer, "viewer")
    else:
        User.objects.filter(pk=people.reviewer.pk).update(is_active=False)
    tell()
    assert (hook.got, Notice.objects.get().state) == ([], "dropped")


def test_a_hand_over_is_told_to_whom_it_is_handed(desk, people, hook):
    channel(hook, people.admin, "admin")
    channel(hook, people.reviewer, "reviewer")
    _, _, approval = desk.parked()
    outbox.spread(timezone.now() + LATER)
    Notice.objects.all().delete()
    claims.hand_over(people.reviewer, approval, people.admin, "yours?")
    tell()
    assert told(hook) == [("admin", "handed", approval.pk)]


def test_a_refused_decision_is_told_to_whoever_made_it(desk, people, hook):
    channel(hook, people.reviewer, "reviewer")
    channel(hook, people.admin, "admin")
    scripted, _, approval = desk.parked()
    decision = decisions.decide(people.reviewer, approval, "resume")
    scripted.finish("cancelled")
    assert desk.pursue(decision).delivery == "refused"
    tell()
    assert told(hook) == [("reviewer", "refused", approval.pk)]


def test_a_team_channel_gets_what_it_wants_and_nothing_personal(desk, people, hook):
    channels.add(people.admin, name="team", url=hook.address + "/team", owner=None, muted_kinds=["captcha"])
    _, _, approval = desk.parked("Solve the captcha")
    _, _, pay = desk.parked("May I pay?")
    claims.hand_over(people.reviewer, approval, people.admin)
    tell()
    assert told(hook) == [("team", "opened", pay.pk)]


def test_many_at_once_are_one_message(desk, people, hook):
    channel(hook, people.reviewer)
    made = [desk.parked()[2].pk for _ in range(4)]
    tell()
    (message,) = hook.messages
    assert message["event"] == "several"
    assert message["approvals"] == made
    assert "4 approvals need a look" in message["title"]


def test_quiet_hours_hold_a_notice_back_and_an_escalation_only_where_it_may_not_break_through(desk, people, hook):
    channel(hook, people.reviewer)
    now = timezone.now() + LATER
    start, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()
    preferences.change(people.reviewer, time_zone="UTC", quiet_from=start, quiet_to=end)
    _, _, approval = desk.parked()
    tell(now)
    assert told(hook) == []
    with transaction.atomic():
        Occasion.objects.create(event="escalated", approval=approval)
    preferences.change(people.reviewer, escalations_break_through=True)
    tell(now)
    assert told(hook) == [("hook", "escalated", approval.pk)]
    tell(now + timedelta(hours=1, minutes=1))
    assert told(hook)[1:] == [("hook", "opened", approval.pk)]


def test_a_digest_gathers_what_came_and_leaves_out_what_was_answered(desk, people, hook):
    channel(hook, people.reviewer)
    preferences.change(people.reviewer, digest="daily", digest_at=time(8), time_zone="UTC")
    gone, *kept = [desk.parked()[2] for _ in range(3)]
    tell()
    assert told(hook) == []
    decisions.decide(people.admin, gone, "cancel")
    tell(timezone.now() + timedelta(hours=25))
    (message,) = hook.messages
    assert message["approvals"] == [approval.pk for approval in kept]


def test_a_channel_that_fails_is_tried_with_growing_pauses_then_given_up_and_everyone_sees_it(desk, people, hook):
    row = channels.add(people.admin, name="team", url=hook.address + "/team", owner=None)
    desk.parked()
    hook.status = 500
    now, waits = timezone.now() + LATER, []
    outbox.spread(now)
    while (notice := Notice.objects.get()).state == "pending":
        waits.append((notice.due_at - now).total_seconds())
        now = max(now, notice.due_at)
        assert sending.send("channel", row.pk, now=now) == "failed"
    assert [round(wait) for wait in waits[1:]] == list(sending.PAUSES)
    assert (notice.state, notice.attempts, len(hook.got)) == ("failed", 6, 6)
    assert "500" in notice.detail
    assert list(channels.failing_of_team()) == [row]
    hook.status = 200
    assert channels.test(people.admin, row) == ""
    assert not channels.failing_of_team().exists()


def test_two_workers_at_once_send_a_notice_once(desk, people, hook):
    row = channel(hook, people.reviewer)
    desk.parked()
    now = timezone.now() + LATER
    outbox.spread(now)
    first = sending._claimed("channel", row.pk, "first", now)
    assert len(first) == 1
    assert sending.send("channel", row.pk, now=now) == ""
    assert hook.got == []


def test_a_worker_that_dies_leaves_a_notice_that_is_sent_once_more_and_says_so_then_is_told_as_lost(desk, people, hook):
    row = channel(hook, people.reviewer)
    desk.parked()
    now = timezone.now() + LATER
    outbox.spread(now)
    sending._claimed("channel", row.pk, "dead", now)
    sending.recover(now + timedelta(seconds=30))
    assert Notice.objects.get().state == "sending"
    now += timedelta(seconds=61)
    sending.recover(now)
    assert sending.send("channel", row.pk, now=now) == "sent"
    assert "you may get this twice" in hook.messages[0]["message"]
    Notice.objects.update(state="sending", sending_since_at=now)
    now += timedelta(seconds=61)
    assert sending.recover(now) == 1
    assert Notice.objects.get().state == "unsure"
    assert tell(now) == {}
    row.refresh_from_db()
    assert row.gave_up_at
    assert "not known" in row.failure


def test_a_test_tells_the_true_result_and_no_secret(people, hook):
    row = channel(hook, people.reviewer)
    assert channels.test(people.reviewer, row) == ""
    assert hook.messages[0]["event"] == "test"
    hook.status = 403
    said = channels.test(people.reviewer, row)
    assert "403" in said
    hook.__exit__()
    said = channels.test(people.reviewer, row)
    assert "can't be reached" in said
    everything = str([entry.detail for entry in AuditEntry.objects.all()]) + str(list(Channel.objects.values()))
    assert "s3cret" not in everything
    assert AuditEntry.objects.filter(act="channel.tested").count() == 3


def test_a_webhook_that_redirects_is_not_followed(people, hook, settings):
    row = channel(hook, people.reviewer)
    with Receiver() as inside:
        hook.status, hook.location = 302, inside.address + "/metadata"
        assert "302" in channels.test(people.reviewer, row)
        assert inside.got == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x", "https://localhost/x", "jsons://10.1.2.3/x", "https://169.254.169.254/latest",
        "https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://0.0.0.0/x", "http://example.org/x",
        "json://example.org/x", "mailtos://u:p@127.0.0.1?to=a@example.org", "mailto://u:p@example.org?to=a@example.org",
        "mailtos://u:p@example.org?to=a@example.org&smtp=10.0.0.1", "file:///etc/passwd", "syslog://", "dbus://",
        "xmls://example.org/x", "ntfy://example.org/x", "slack://a/b/c?template=/etc/passwd",
        "jsons://example.org/x?verify=no", "", "not an address", "https://exa mple.org/", "https://no-such-host.invalid/x",
    ],
)  # fmt: skip
def test_an_address_of_another_kind_or_inside_the_network_is_refused(people, url):
    with pytest.raises(addresses.Refused):
        channels.add(people.reviewer, name="x", url=url, owner=people.reviewer)
    assert not Channel.objects.exists()


@pytest.mark.parametrize("url", ["mailto://u:p@example.org", "mailtos://u:p@example.org?mode=insecure"])
def test_mail_whose_password_would_go_out_in_the_clear_is_refused(people, url):
    with pytest.raises(addresses.Refused, match="over TLS only"):
        channels.add(people.reviewer, name="x", url=url, owner=people.reviewer)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops", "slack://"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack://"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544", "tgram://"),
    ],
)
def test_slack_and_telegram_are_taken_and_shown_without_their_tokens(people, url, shown):
    row = channels.add(people.reviewer, name="x", url=url, owner=people.reviewer)
    assert row.shown == shown
    assert url[8:] not in row.sealed_url


def test_a_complaint_of_a_channel_loses_the_parts_of_its_address():
    url = "mailtos://robot:hunter22@mail.example.org?to=boss@example.org"
    said = speaking._clean(
        "login robot hunter22 failed at mail.example.org for boss@example.org", url, "mailtos://mail.example.org"
    )
    assert said == "login … … failed at mail.example.org for …"


def test_the_sweep_does_all_of_it_and_one_part_that_fails_stops_no_other(desk, people, hook, monkeypatch):
    channel(hook, people.reviewer)
    _, _, approval = desk.parked()
    Occasion.objects.update(at=timezone.now() - LATER)
    monkeypatch.setattr(tasks.reminding, "BATCH", "no number")
    tasks.sweep()
    assert Notice.objects.get().occasion.approval == approval
    assert tasks.push.public_key()
