"""Approvals that are alike: found by kind, words and picture, decided once, each on its own evidence or refused."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone, translation

from approvals import alike, decisions, groups, lists
from approvals.models import Approval, Decision
from live import fragments
from runs.models import AuditEntry, Frame, Run, step_cents
from runs.steps import money

pytestmark = pytest.mark.django_db
PICTURE, NEAR, OTHER = "00ff00ff00ff00ff", "00ff00ff00ff00fe", "123456789abcdef0"


@pytest.fixture
def parked(desk):
    def park(reason="I can't find row 1 of 7.", picture=PICTURE):
        _, run, approval = desk.parked(reason)
        if picture is not None:
            frame = {"mime_type": "image/png", "sha256": f"{run.pk:064x}", "likeness": picture, "image": b"x"}
            Frame.objects.create(run=run, index=0, received_at=timezone.now(), **frame)
        return approval

    return park


def seen_of(*approvals):
    found = lists.members([one.pk for one in approvals], timezone.now())
    return [(member.approval.pk, member.seen) for member in found]


def test_the_same_but_for_digits_and_a_near_picture_is_alike(parked):
    first, second = parked(), parked("I can't find row 22 of 9.", NEAR)
    parked("I can't find the row.")
    parked(picture=OTHER)
    parked(picture="")
    parked(picture=None)
    assert groups.members(first) == groups.members(second) == [first.pk, second.pk]
    assert groups.alike(list(Approval.objects.all())) == {first.pk: [first.pk, second.pk]}


@pytest.mark.parametrize(
    "reason", ["About to pay $5. Resume to pay.", "Shall I delete row 4?", "Enter the code, 6 digits"]
)
def test_what_costs_money_can_not_be_undone_or_works_once_always_stands_alone(reason, parked, people, desk, client):
    first, second = parked(reason), parked(reason)
    assert groups.members(first) == [first.pk]
    assert groups.alike([first, second]) == {}
    _gesture, results = groups.decide(people.reviewer, seen_of(first, second), "resume")
    assert [bool(result.refused) for result in results] == [True, True]
    client.force_login(people.reviewer)
    answer = client.get(f"/approvals/{first.pk}/alike/")
    assert groups.why_alone(first) in answer.content.decode().replace("&#x27;", "'")
    assert Decision.objects.count() == 0


def test_one_that_needs_two_people_stands_alone(parked):
    first, second = parked(), parked()
    Approval.objects.filter(pk=second.pk).update(people_needed=2)
    assert groups.members(first) == [first.pk]
    assert groups.why_alone(Approval.objects.get(pk=second.pk))


def test_one_gesture_is_as_many_decisions_each_with_its_own_evidence_or_its_own_refusal(parked, people, client):
    ours, moved, faster = parked(), parked(), parked()
    shown = seen_of(ours, moved, faster)
    Frame.objects.create(
        run=moved.run, index=1, received_at=timezone.now(), mime_type="image/png", sha256="f" * 64, image=b"y"
    )
    decisions.decide(people.admin, faster, "fail", "no")
    with translation.override("de"):
        gesture, results = groups.decide(people.reviewer, shown, "resume", "take the first")
    told = {result.pk: result.refused for result in results}
    assert told[ours.pk] == ""
    assert "picture" in told[moved.pk]
    assert "admin" in told[faster.pk]
    decision = Decision.objects.get(decided_by=people.reviewer)
    assert (decision.approval, decision.seen_frame_sha256) == (ours, f"{ours.run_id:064x}")
    assert (decision.note, decision.seen_reason) == ("take the first", ours.reason)
    named = AuditEntry.objects.filter(detail__gesture=gesture).order_by("seq").values_list("act", flat=True)
    assert list(named) == ["approval.decided", groups.DECIDED]
    whole = groups.told(people.reviewer, gesture)
    assert (whole.detail["done"], [pk for pk, _why in whole.detail["refused"]]) == ([ours.pk], [moved.pk, faster.pk])
    client.force_login(people.reviewer)
    german = client.get(f"/approvals/alike/{gesture}/", headers={"accept-language": "de"}).content.decode()
    assert "ein neueres Bild" in german  # stored in English, like all of the log
    assert "UTC schon entschieden: " in german
    assert groups.told(people.admin, gesture) is None
    assert "gesture" not in AuditEntry.objects.get(act="approval.decided", actor=people.admin).detail


def test_the_page_decides_what_is_ticked_and_shows_a_result_for_each(parked, people, client):
    first, second, third = parked(), parked(), parked()
    client.force_login(people.reviewer)
    Run.objects.update(max_steps=40, steps_completed=3)
    told = client.get(f"/approvals/{first.pk}/alike/")
    worst = 3 * 37 * step_cents(first.run.cua_version)
    assert f'<span data-sum="worst">{money(worst)}</span> at most' in told.content.decode()
    page = told.context["members"]
    ticked = [json.dumps(member.evidence) for member in page if member.approval != third]
    assert len(ticked) == 2
    answer = client.post(f"/approvals/{first.pk}/alike/", {"verdict": "cancel", "member": ticked}, follow=True)
    assert answer.context["done"] == 2
    assert {row.pk for row, refused in answer.context["results"] if not refused} == {first.pk, second.pk}
    assert set(Decision.objects.values_list("approval_id", flat=True)) == {first.pk, second.pk}
    for form in ({"verdict": "cancel"}, {"verdict": "pay", "member": ticked}, {"verdict": "cancel", "member": ["{}"]}):
        assert client.post(f"/approvals/{third.pk}/alike/", form).status_code == 422
    client.force_login(people.operator)
    evil = client.post(f"/approvals/{third.pk}/alike/", {"verdict": "cancel", "member": json.dumps(page[2].evidence)})
    assert evil.status_code == 403
    assert Approval.objects.get(pk=third.pk).is_open


def test_one_gesture_is_taken_back_by_one_and_leads_to_where_it_is_asked_again(parked, people, client, desk):
    approvals = [parked() for _ in range(3)]
    client.force_login(people.reviewer)
    ticked = [json.dumps({"pk": pk, **vars(seen)}) for pk, seen in seen_of(*approvals)]
    told = client.post(f"/approvals/{approvals[0].pk}/alike/", {"verdict": "cancel", "member": ticked}, follow=True)
    assert len(told.context["undoable"]) == 3
    assert "Undo all 3" in told.content.decode()
    assert "held-row" not in told.content.decode(), "said once"
    queue = client.get("/approvals/").content.decode()  # everywhere else it is one row, with one undo for all
    assert (queue.count("held-row-"), "of 3 approvals" in queue, "Undo all 3" in queue) == (1, True, True)
    gesture = told.context["entry"].detail["gesture"]
    client.force_login(people.admin)
    client.post(f"/approvals/alike/{gesture}/undo/")  # somebody else's
    assert not Decision.objects.filter(delivery="recalled").exists()
    client.force_login(people.reviewer)
    assert client.get(f"/approvals/alike/{gesture}/undo/").status_code == 405
    gone = Decision.objects.get(approval=approvals[2])
    Decision.objects.filter(pk=gone.pk).update(delivery="sending", attempts=1)
    page = client.post(f"/approvals/alike/{gesture}/undo/", follow=True)
    again = list(Approval.objects.open().order_by("pk"))
    assert [(one.run_id, one.ask) for one in again] == [(one.run_id, 2) for one in approvals[:2]]
    assert page.redirect_chain[-1][0] == f"/approvals/{again[0].pk}/alike/"
    assert [member.approval for member in page.context["members"]] == again
    assert Decision.objects.get(pk=gone.pk).delivery == "sending"
    assert AuditEntry.objects.filter(act="decision.recalled", detail__gesture=gesture).count() == 2
    page = client.post(f"/approvals/alike/{gesture}/undo/", follow=True)
    assert "it has gone out already" in page.content.decode()
    assert page.content.decode().count("Taken back") == 2
    asked = client.post(f"/approvals/alike/{gesture}/undo/", headers={"HX-Request": "true"})
    assert asked.headers["HX-Redirect"] == f"/approvals/alike/{gesture}/"
    assert desk.sent() == 0


def test_the_queue_folds_them_and_every_number_is_that_of_its_rows(
    parked, people, client, django_assert_max_num_queries
):
    for _ in range(3):
        parked()
    alone, put = parked("About to pay $5."), parked("Is this the right customer?")
    Approval.objects.filter(pk=put.pk).update(routed_to=people.reviewer)
    client.force_login(people.reviewer)
    with django_assert_max_num_queries(24):
        page = client.get("/approvals/").content.decode()
    assert page.count('<li class="row queue-row') == 3
    assert "3 alike" in page
    assert 'Open <span class="count">5</span>' in page
    assert 'data-count="5"' in page
    assert page.index(f'id="queue-row-{put.pk}"') < page.index(f'id="queue-row-{alone.pk}"'), (
        "what is put to me is first"
    )
    for address, count in (
        ("?mine=1", 1),
        ("?kind=payment", 1),
        ("?kind=error", 3),
        ("?kind=login", 0),
        ("?kind=x", 5),
    ):
        page = client.get(f"/approvals/{address}").content.decode()
        assert f'Open <span class="count">{count}</span>' in page


def test_history_lists_what_is_over_by_filters_and_counts_what_it_lists(parked, people, client, desk):
    failed, closed, waiting = parked(), parked("A captcha."), parked()
    decisions.decide(people.reviewer, failed, "fail", "no")
    Approval.objects.filter(pk=closed.pk).update(state="closed", closed_at=timezone.now(), closed_because="elsewhere")
    client.force_login(people.viewer)
    for address, expected in {
        "": [closed, failed],
        "?how=fail": [failed],
        "?how=closed": [closed],
        "?how=resume": [],
        "?kind=captcha": [closed],
        "?who=reviewer": [failed],
        "?who=nobody": [],
        "?how=nonsense&page=99": [closed, failed],
    }.items():
        context = client.get(f"/approvals/history/{address}").context
        assert [row.pk for row in context["rows"]] == [row.pk for row in expected], address
        assert context["in_all"] == len(expected)
    assert waiting.is_open


def test_next_goes_round_the_queue_and_decides_nothing(parked, people, client):
    first, second = parked(), parked("Is this the right customer?")
    client.force_login(people.reviewer)
    order = [second.pk, first.pk]  # a question is due sooner than an error
    for after, expected in ((order[0], order[1]), (order[1], order[0]), ("x", order[0]), (10**9, order[0])):
        assert client.get(f"/approvals/next/?after={after}").headers["Location"] == f"/approvals/{expected}/"
    assert Approval.objects.open().count() == 2
    Approval.objects.update(state="closed")
    assert client.get("/approvals/next/").headers["Location"] == "/approvals/"


ASKS = "The task names no password for ada@example.com."


def test_one_password_goes_to_all_that_ask_in_the_same_words_and_to_no_other_account(parked, people, client, far):
    first, second = parked(ASKS), parked(ASKS, NEAR)
    other = parked(ASKS.replace("ada@", "ada2@"))
    other_still = Approval.objects.get(pk=other.pk)
    Approval.objects.filter(pk=other.pk).update(sameness=first.sameness)  # as if the words were alike but for a digit
    client.force_login(people.reviewer)
    page = client.get(f"/approvals/{first.pk}/alike/").content.decode()
    assert 'name="secret" type="password"' in page
    members = [member.evidence for member in lists.members([first.pk, second.pk, other.pk], timezone.now())]
    body = {"verdict": "resume", "note": "Go on", "secret": "lovelace9", "member": [json.dumps(one) for one in members]}
    assert client.post(f"/approvals/{first.pk}/alike/", body).status_code == 302
    made = {decision.approval_id: decision for decision in Decision.objects.all()}
    assert set(made) == {first.pk, second.pk}
    for decision in made.values():
        assert decision.note.startswith("Go on. the password is")
        assert "lovelace9" not in decision.note
    assert other_still.state == Approval.objects.get(pk=other.pk).state == "open"
    told = AuditEntry.objects.get(act=groups.DECIDED)
    assert "other words" in str(told.detail["refused"])
    assert "lovelace9" not in str(told.detail)


def test_a_secret_that_was_typed_is_dropped_when_they_are_ended(parked, people, client):
    first = parked(ASKS)
    client.force_login(people.reviewer)
    members = [json.dumps(member.evidence) for member in lists.members([first.pk], timezone.now())]
    client.post(f"/approvals/{first.pk}/alike/", {"verdict": "fail", "secret": "lovelace9", "member": members})
    decision = Decision.objects.get()
    assert decision.verdict == "fail"
    assert "password" not in decision.note


def now_of(people, first, *pks):
    return {fragments.root_id(html): html for html in alike.regions(people.reviewer, first, pks)}


def test_the_live_parts_say_what_became_of_each_and_how_many_are_left(parked, people):
    first, moved, faster, closed, other = (parked() for _ in range(5))
    pks = [one.pk for one in (first, moved, faster, closed, other)]
    before = now_of(people, first, *pks)
    assert "5 that look alike" in before["alike-head"]
    assert not any("data-gone" in html or "input" in html for html in before.values())
    Frame.objects.create(
        run=moved.run, index=1, received_at=timezone.now(), mime_type="image/png", sha256="f" * 64, image=b"y"
    )
    decisions.decide(people.admin, faster, "fail", "no")
    Approval.objects.filter(pk=closed.pk).update(state="closed", closed_because="cancelled elsewhere")
    Approval.objects.filter(pk=other.pk).update(people_needed=2)
    after = now_of(people, first, *pks)
    assert before[f"alike-state-{first.pk}"] == after[f"alike-state-{first.pk}"]
    assert "2 that look alike" in after["alike-head"]
    assert f'data-frame="{"f" * 64}"' in after[f"alike-state-{moved.pk}"]
    for one, said in (
        (faster, "admin decided: fail"),
        (closed, "cancelled elsewhere"),
        (other, "more than one person"),
    ):
        assert "data-gone" in after[f"alike-state-{one.pk}"]
        assert said in after[f"alike-state-{one.pk}"]
    Approval.objects.update(state="closed")
    assert "These are over" in now_of(people, first, *pks)["alike-head"]


def test_a_card_that_moved_is_drawn_anew_unticked_and_the_page_of_one_that_is_over_leads_on(parked, people, client):
    first, second = parked(), parked()
    stranger = parked("Is this the right customer?")
    client.force_login(people.reviewer)
    card = client.get(f"/approvals/{first.pk}/alike/{second.pk}/").content.decode()
    assert f'id="alike-{second.pk}"' in card
    assert "checked" not in card
    assert client.get(f"/approvals/{first.pk}/alike/{stranger.pk}/").status_code == 204
    decisions.decide(people.admin, first, "cancel")
    assert client.get(f"/approvals/{first.pk}/alike/").headers["Location"] == f"/approvals/{second.pk}/alike/"
    decisions.decide(people.admin, second, "cancel")
    assert client.get(f"/approvals/{first.pk}/alike/{second.pk}/").status_code == 204
    assert "These are over" in client.get(f"/approvals/{first.pk}/alike/").content.decode()


@pytest.mark.parametrize(
    ("told", "expected"),
    [("seen{0}", [True, False]), ("seen", [False, False]), ("", [None, None]), ("x", [None, None])],
)
def test_whether_each_frame_was_on_screen_is_kept_as_the_page_told_it(told, expected, parked, people, client):
    first, second = parked(), parked()
    client.force_login(people.reviewer)
    members = [json.dumps(member.evidence) for member in lists.members([first.pk, second.pk], timezone.now())]
    form = {"verdict": "resume", "member": members, "looked_at": told.format(first.pk)}
    assert client.post(f"/approvals/{first.pk}/alike/", form).status_code == 302
    kept = Decision.objects.order_by("approval_id").values_list("seen_frame_open", flat=True)
    assert list(kept) == expected


def test_those_that_arrive_are_counted_on_an_open_page_and_drawn_unticked_when_asked_for(parked, people, client):
    first, second = parked(), parked()
    client.force_login(people.reviewer)
    page = client.get(f"/approvals/{first.pk}/alike/")
    assert 'data-more="0"' in page.content.decode()
    drawn = page.context["of"]
    late, far = parked("I can't find row 3 of 7.", NEAR), parked(picture=OTHER)
    decisions.decide(people.admin, first, "fail", "no")  # the one that the page is named by
    told = now_of(people, first, first.pk, second.pk)["alike-more"]
    assert 'data-more="1"' in told
    assert "input" not in told
    cards = client.get(f"/approvals/{first.pk}/alike/others/?of={drawn}").content.decode()
    assert (f'id="alike-{late.pk}"' in cards, f'id="alike-{far.pk}"' in cards) == (True, False)
    assert f'id="alike-{second.pk}"' not in cards
    assert "checked" not in cards
    assert 'data-more="0"' in now_of(people, first, first.pk, second.pk, late.pk)["alike-more"]
    assert client.get(f"/approvals/{first.pk}/alike/others/?of={drawn},{late.pk}").content.strip() == b""


def test_a_refused_gesture_keeps_the_ticks_as_they_were_and_never_decides_the_first_fifty_of_more(
    parked, people, client
):
    first, second, late = parked(), parked(), parked()
    client.force_login(people.reviewer)
    members = {
        one.approval.pk: json.dumps(one.evidence) for one in lists.members([first.pk, second.pk], timezone.now())
    }
    answer = client.post(f"/approvals/{first.pk}/alike/", {"verdict": "pay", "member": members[second.pk]})
    ticked = {member.approval.pk: is_ticked for member, _state, is_ticked in answer.context["cards"]}
    assert ticked == {first.pk: False, second.pk: True, late.pk: False}
    form = {"verdict": "cancel", "member": [members[first.pk]] * (groups.LIMIT + 1)}
    answer = client.post(f"/approvals/{first.pk}/alike/", form)
    assert (answer.status_code, Decision.objects.count()) == (422, 0)
    assert "Tick at most 50" in answer.content.decode()
