"""Approvals over the API: listed, decided, and what everybody else is told."""

from __future__ import annotations

import pytest

from approvals import claims, takeovers
from tests.approvals.desk import newest

pytestmark = pytest.mark.django_db


def decide(caller, approval, action="resume", headers=None, **more):
    return caller("POST", f"/approvals/{approval.pk}/decision", {"action": action, **more}, **(headers or {}))


def test_an_open_approval_tells_what_is_needed_to_decide(desk, callers, people):
    scripted, run, approval = desk.parked("May I pay?")
    claims.claim(people.reviewer, approval)
    takeovers.begin(people.operator, run)
    listed = callers.viewer("GET", "/approvals?state=open").json()
    assert listed["next"] is None
    (told,) = listed["data"]
    assert told == callers.viewer("GET", f"/approvals/{approval.pk}").json()
    assert (told["id"], told["run_id"], told["reason"], told["state"]) == (
        approval.pk,
        scripted.id,
        "May I pay?",
        "open",
    )
    assert told["opened_at"]
    assert told["claim"]["by"] == "reviewer"
    assert told["takeover"]["by"] == "operator"
    assert told["decision"] is None


def test_a_decision_answers_with_itself_and_again_when_the_call_is_repeated(desk, callers):
    _, run, approval = desk.parked()
    key = {"Idempotency-Key": "once-1"}
    first = decide(callers.reviewer, approval, note="yes", seen_seq=run.cursor, headers=key)
    assert first.status_code == 200, first.content
    decision = first.json()["decision"]
    assert (decision["action"], decision["decided_by"], decision["note"]) == ("resume", "reviewer", "yes")
    assert decision["delivery"] == "pending"
    assert first.json()["state"] == "decided"
    assert decide(callers.reviewer, approval, note="yes", headers=key).json()["decision"] == decision
    assert decide(callers.reviewer, approval, note="yes").status_code == 409
    assert decide(callers.reviewer, approval, note="yes", headers={"Idempotency-Key": ""}).status_code == 422


def test_a_key_that_comes_back_with_another_wish_is_told_what_stands(desk, callers):
    _, _, approval = desk.parked()
    key = {"Idempotency-Key": "once-2"}
    stands = decide(callers.reviewer, approval, note="pay 10", headers=key).json()["decision"]
    for other in ({"note": "pay 1000"}, {"note": ""}, {"action": "cancel", "note": "pay 10"}):
        answer = decide(callers.reviewer, approval, headers=key, **other)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
        assert (error["decided_by"], error["action"]) == ("reviewer", "resume")
    assert callers.viewer("GET", f"/approvals/{approval.pk}").json()["decision"] == stands
    assert decide(callers.reviewer, approval, note=" pay 10 ", headers=key).json()["decision"] == stands
    assert decide(callers.admin, approval, note="pay 10", headers=key).json()["error"]["code"] == "ALREADY_DECIDED"


def test_whoever_comes_to_a_decision_that_was_taken_back_is_led_to_where_the_question_is_open(desk, callers):
    _, _, approval = desk.parked()
    key = {"Idempotency-Key": "held"}
    assert decide(callers.reviewer, approval, hold_seconds=30, headers=key).status_code == 200
    assert "open_approval" not in decide(callers.admin, approval).json()["error"]
    again = callers.reviewer("POST", f"/approvals/{approval.pk}/recall").json()["id"]
    for caller, more in (
        (callers.admin, {}),
        (callers.reviewer, {}),
        (callers.reviewer, {"note": "x", "headers": key}),
    ):
        error = decide(caller, approval, **more).json()["error"]
        assert error["open_approval"] == again != approval.pk
        assert f"open again as approval {again}" in error["message"]
    assert decide(callers.reviewer, approval, hold_seconds=30, headers=key).json()["decision"]["delivery"] == "recalled"
    assert callers.viewer("GET", f"/approvals/{again}").json()["state"] == "open"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"action": "cancel", "action": "resume"}', "The name 'action' stands twice in the body."),
        ('{"action": "resume", "seen_seq": 1e999}', "1e999 is no number of JSON's."),
        ('{"action": "resume", "seen_seq": NaN}', "NaN is no number of JSON's."),
        ("{'action': 'resume'}", "The body is not JSON."),
        ('{"action": "resume"}'.encode("utf-16"), "The body is not JSON."),
    ],
)
def test_a_body_that_can_be_read_in_two_ways_decides_nothing(desk, callers, body, said):
    _, run, approval = desk.parked()
    answer = callers.reviewer("POST", f"/approvals/{approval.pk}/decision", body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, said)
    assert newest(run).is_open


def test_everybody_else_is_told_who_decided_what_and_when(desk, callers):
    _, _, approval = desk.parked()
    stands = decide(callers.reviewer, approval, "fail", note="wrong payee").json()["decision"]
    for caller, action in ((callers.admin, "fail"), (callers.admin, "resume"), (callers.reviewer, "resume")):
        answer = decide(caller, approval, action)
        assert answer.status_code == 409
        told = answer.json()
        expected = {"decided_by": "reviewer", "action": "fail", "decided_at": stands["decided_at"]}
        assert expected.items() <= told.items()
        assert expected.items() <= told["error"].items()
        assert told["error"]["code"] == "ALREADY_DECIDED"


def test_an_approval_that_was_closed_elsewhere_says_so(desk, callers):
    scripted, _, approval = desk.parked()
    scripted.resume("elsewhere")
    desk.follow(scripted)
    answer = decide(callers.reviewer, approval)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "APPROVAL_CLOSED"
    assert "resumed elsewhere" in answer.json()["error"]["message"]
    assert answer.json()["decided_by"] is None
    assert callers.viewer("GET", f"/approvals/{approval.pk}").json()["closed_because"] == "resumed elsewhere"


def test_who_has_not_seen_the_pause_is_told_the_difference(desk, callers):
    scripted, run = desk.run()
    seen = run.cursor
    scripted.pause()
    desk.follow(scripted)
    answer = decide(callers.reviewer, newest(run), seen_seq=seen)
    assert answer.status_code == 409
    told = answer.json()["error"]
    assert told["code"] == "RUN_MOVED"
    assert told["difference"]
    assert (told["seen_seq"], told["pause_seq"]) == (seen, newest(run).pause_seq)


def test_a_resume_waits_for_whoever_drives(desk, callers, people):
    _, run, approval = desk.parked()
    takeovers.begin(people.operator, run)
    answer = decide(callers.reviewer, approval)
    assert answer.status_code == 409
    assert answer.json()["error"]["held_by"] == "operator"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"action": "approve"}, {"action": "resume", "note": "x" * 1981}, {"action": "resume", "note": 5},
        {"action": "resume", "seen_seq": "5"}, {"action": "resume", "seen_seq": -1},
        {"action": "resume", "seen_seq": True}, {"action": "resume", "hold_seconds": True},
        {"action": "resume", "hold_seconds": "5"}, {"action": "resume", "hold_seconds": 61},
        {"action": "resume", "note": "a\x00b"}, {"action": "resume", "extra": 1}, {"action": ["resume"]}, [], None,
    ],
)  # fmt: skip
def test_a_body_that_makes_no_sense_decides_nothing(desk, callers, body):
    _, run, approval = desk.parked()
    answer = callers.reviewer("POST", f"/approvals/{approval.pk}/decision", body)
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["message"]
    assert newest(run).is_open


def test_a_surrogate_in_the_note_is_refused(desk, callers):
    _, run, approval = desk.parked()
    answer = callers.reviewer("POST", f"/approvals/{approval.pk}/decision", '{"action": "resume", "note": "\\ud800"}')
    assert answer.status_code == 400
    assert newest(run).is_open


@pytest.mark.parametrize("pk", ["0", "999999", "99999999999999999999"])
def test_an_approval_that_is_not_there_is_not_found(desk, callers, pk):
    assert callers.viewer("GET", f"/approvals/{pk}").status_code == 404
    assert callers.reviewer("POST", f"/approvals/{pk}/decision", {"action": "resume"}).status_code == 404


def test_approvals_are_narrowed_and_paged(desk, callers, people):
    made = [desk.parked(str(n)) for n in range(5)]
    decide(callers.reviewer, made[0][2], "cancel")
    assert len(callers.viewer("GET", "/approvals?state=open").json()["data"]) == 4
    assert [a["id"] for a in callers.viewer("GET", "/approvals?state=decided").json()["data"]] == [made[0][2].pk]
    mine = callers.viewer("GET", f"/approvals?run_id={made[3][0].id}").json()["data"]
    assert [a["reason"] for a in mine] == ["3"]
    seen, query = [], "/approvals?limit=2"
    while query:
        page = callers.viewer("GET", query).json()
        seen += [a["reason"] for a in page["data"]]
        query = f"/approvals?limit=2&cursor={page['next']}" if page["next"] else ""
    assert seen == ["4", "3", "2", "1", "0"]
    for bad in ("state=lost", "limit=0", "cursor=x"):
        assert callers.viewer("GET", f"/approvals?{bad}").status_code == 422


def test_a_secret_is_refused_in_a_note_and_shown_nowhere_when_it_is_sent_as_one(desk, callers):
    _, _, approval = desk.parked()
    refused = decide(callers.reviewer, approval, note="the password is lovelace")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "NOTE_HOLDS_SECRET")
    assert "lovelace" not in refused.content.decode()
    told = decide(callers.reviewer, approval, note="the password is", secret="lovelace")
    assert told.json()["decision"]["note"] == "the password is ••••••••"
    for path in (f"/approvals/{approval.pk}", "/approvals", "/audit"):
        assert "lovelace" not in callers.viewer("GET", path).content.decode()
