"""One person drives a parked machine at a time; what they type is kept nowhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as live
from django.utils import timezone

from approvals import acts, claims, decisions, screens, takeovers, tasks
from approvals.errors import Invalid, NotAllowed, NotHeld, NotParked, TakenOver
from approvals.models import Decision, Takeover
from coasty_api.errors import CoastyError
from coasty_local.agent.planner import notes
from runs import frames, private
from runs.models import AuditEntry, Run
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
    assert AuditEntry.objects.get(act="takeover.acted").detail == {"count": 2, "kinds": {"clicks": 1, "texts": 1}}
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
    image, mime = screens.picture(run)
    assert mime == "image/png"
    assert image.startswith(b"\x89PNG")
    run.machine_id = "mch_gone"
    with pytest.raises(CoastyError):
        screens.picture(run)


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
    ("click_with_modifiers", {"x": 1, "y": 1, "modifiers": ["Control", "Shift"]}),
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
    ("click_with_modifiers", {"x": 1, "y": 1}),
    ("click_with_modifiers", {"x": 1, "y": 1, "modifiers": []}),
    ("click_with_modifiers", {"x": 1, "y": 1, "modifiers": ["Hyper"]}),
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


@pytest.mark.django_db(transaction=True)
def test_who_decides_and_who_takes_over_in_the_same_instant_never_both_win(desk, people):
    for _ in range(4):
        _, run, approval = desk.parked()
        decided, taken = in_the_same_instant(
            [
                lambda a=approval: decisions.decide(people.reviewer, a, "resume"),
                lambda r=run: takeovers.begin(people.operator, r),
            ]
        )
        assert isinstance(decided, Decision) != isinstance(taken, Takeover), (decided, taken)
        assert isinstance(taken, Takeover | NotParked)
        assert isinstance(decided, Decision | TakenOver)
        assert run.approvals.get().is_open == isinstance(taken, Takeover)


@pytest.mark.django_db
def test_nobody_else_resumes_while_it_is_held_until_the_lease_runs_out(desk, people):
    _, run, approval = desk.parked()
    held = takeovers.begin(people.operator, run)
    with pytest.raises(TakenOver):
        decisions.decide(people.reviewer, approval, "resume")
    Takeover.objects.filter(pk=held.pk).update(expires_at=timezone.now())
    assert decisions.decide(people.reviewer, approval, "resume").verdict == "resume"
    with pytest.raises(NotHeld):
        takeovers.act(held, "click", {"x": 1, "y": 1})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "is_on"),
    [("The password of ada is not known.", True), ("It asks for the one-time code.", True), ("May I pay $5?", False)],
)
def test_where_a_secret_is_asked_for_no_picture_is_stored_from_the_start(desk, people, reason, is_on):
    _, run, _ = desk.parked(reason=reason)
    held = takeovers.begin(people.operator, run)
    assert private.is_on(run.pk) == is_on
    assert ("takeover.private" in acts_in(run)) == is_on
    takeovers.end(held)
    assert not private.is_on(run.pk)


@pytest.mark.django_db
def test_what_is_typed_in_private_leaves_no_picture_and_the_skip_is_told_without_content(desk, people):
    scripted, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    takeovers.act(held, "type", {"text": "hunter2"}, is_private=True)
    scripted.take(b"\x89PNG\r\n\x1a\n the password is on it")
    assert frames.collect(run, is_moment=True) == 0
    assert desk.far.count("GET", "/screenshots") == 0
    takeovers.set_private(held, False)
    takeovers.set_private(held, False)
    frames.collect(run)
    assert [bytes(frame.image) for frame in run.frames.all() if b"password" in bytes(frame.image)] == []
    assert takeovers.skipped(held) == 1
    takeovers.end(held)
    assert acts_in(run) == [
        "takeover.started", "takeover.private", "takeover.not_private", "frames.skipped", "takeover.acted",
        "takeover.ended",
    ]  # fmt: skip
    assert "hunter2" not in str(list(AuditEntry.objects.values_list("detail", "subject")))


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["decided", "expired", "resumed elsewhere"])
def test_however_a_takeover_ends_pictures_are_stored_again(desk, people, how):
    scripted, run, approval = desk.parked(reason="The password is not known.")
    held = takeovers.begin(people.reviewer, run)
    if how == "decided":
        decisions.decide(people.reviewer, approval, "resume")
    elif how == "expired":
        Takeover.objects.filter(pk=held.pk).update(expires_at=timezone.now())
        tasks.sweep()
    else:
        scripted.resume("elsewhere")
        desk.follow(scripted)
    assert not private.is_on(run.pk)
    with pytest.raises(NotHeld):
        takeovers.set_private(held, True)
    assert not private.is_on(run.pk)


@pytest.mark.django_db
def test_the_note_is_drafted_from_kinds_and_counts_alone(desk, people):
    _, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    assert acts.story(takeovers.counts(held)) == ""
    takeovers.act(held, "click", {"x": 1, "y": 1})
    for text in ("Tr0", "ub4", "dor"):
        takeovers.act(held, "type", {"text": text})
    assert acts.story(takeovers.counts(held)) == "By hand: I clicked once and typed into a field. Look again."
    takeovers.act(held, "key_press", {"key": "Tab"})
    takeovers.act(held, "type", {"text": "x"})
    takeovers.act(held, "double_click", {"x": 1, "y": 1})
    takeovers.act(held, "scroll", {"x": 1, "y": 1, "direction": "down", "amount": 1})
    said = acts.story(takeovers.counts(held))
    assert said == ("By hand: I clicked 2 times, typed into fields 2 times, pressed a key and scrolled. Look again.")
    assert notes.understand(said, "credential").meaning == notes.AGAIN


@pytest.mark.django_db
def test_an_act_that_is_refused_is_not_counted(desk, people):
    _, run, _ = desk.parked()
    held = takeovers.begin(people.operator, run)
    Run.objects.filter(pk=run.pk).update(status="running")
    with pytest.raises(NotParked):
        takeovers.act(held, "click", {"x": 1, "y": 1}, is_private=True)
    assert set(takeovers.counts(held).values()) == {0}
    assert not private.is_on(run.pk)
    assert desk.far.acts == []


@pytest.mark.parametrize("counts", [{kind: n} for kind in set(acts.KINDS.values()) for n in (1, 7)])
def test_the_local_agent_takes_every_drafted_note_for_a_wish_to_look_again(counts):
    for kind in ("captcha", "credential", "one_time_code", "payment", "irreversible", "ambiguous_target"):
        for framed in (False, True):
            assert notes.understand(acts.story(counts, on_its_screen=framed), kind).meaning == notes.AGAIN


@pytest.mark.django_db
def test_the_vendors_own_page_is_found_and_the_secrets_beside_it_go_nowhere(desk, people, caplog):
    _, run, _ = desk.parked()
    screens._without.clear()
    desk.far.machine_connection = {
        "vnc_url": "https://vnc.example.org:8443/vnc.html?token=s3cret", "ssh_private_key_pem": "-----BEGIN"
    }  # fmt: skip
    found = screens.framed(run, "console.example.org")
    assert (found.address, found.origin) == (
        "https://vnc.example.org:8443/vnc.html?token=s3cret",
        "https://vnc.example.org:8443",
    )
    assert "s3cret" not in repr(found)
    assert "BEGIN" not in repr(vars(found))
    assert "s3cret" not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        None, 7, "", "javascript:alert(1)", "//evil.example", "ftp://a.b/", "https://u:p@a.b/", "https://a.b;script-src/",
        "https://a.b, *", "https://*/", "https://a.b/\nx", "https://console.example.org/runs/", "https://[broken",
        "https://" + "a" * 5000,
    ],
)  # fmt: skip
def test_an_address_that_could_open_more_than_one_origin_is_not_framed(desk, people, address):
    _, run, _ = desk.parked()
    screens._without.clear()
    desk.far.machine_connection = {"vnc_url": address}
    assert screens.framed(run, "console.example.org") is None


@pytest.mark.django_db
def test_a_key_that_may_not_ask_for_the_connection_is_normal_and_not_asked_again_soon(desk, people):
    _, run, _ = desk.parked()
    screens._without.clear()
    desk.far.fail("GET", "/connection$", status=403, code="INSUFFICIENT_SCOPE")
    assert screens.framed(run, "console.example.org") is None
    assert screens.framed(run, "console.example.org") is None
    assert desk.far.count("GET", "/connection$") == 1
