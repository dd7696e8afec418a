"""Batches over the API: rows become runs once, whoever tells them twice; wrong rows are named; many are cancelled."""

from __future__ import annotations

import pytest

from runs import batch_work, recipes
from runs.models import AuditEntry, Batch, BatchItem, Run

pytestmark = pytest.mark.django_db
PAY = "Pay {{number}} with the word {{pw:secret}}"
ROWS = [{"number": "A-1", "pw": "lovelace"}, {"number": 7, "pw": 'a, "b"\nc'}]


def tasks(desk):
    return sorted(run.fields["task"] for run in desk.far.runs.values())


def test_rows_become_runs_with_a_result_each_and_secrets_are_told_nowhere(desk, callers):
    body = {"rows": ROWS, "task": PAY, "name": "Monday", "limit_cents": 500, "fields": {"max_steps": 3}}
    answer = callers.operator("POST", "/batches", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["state"], made["rows"], made["results"], made["limit_cents"]) == ("running", 2, {"waiting": 2}, 500)
    assert (made["name"], made["made_by"]) == ("Monday", "operator")
    batch_work.work(made["id"])
    assert tasks(desk) == ['Pay 7 with the word a, "b"\nc', "Pay A-1 with the word lovelace"]
    assert {run.fields["max_steps"] for run in desk.far.runs.values()} == {3}
    told = callers.viewer("GET", f"/batches/{made['id']}?limit=1").json()
    assert (told["state"], told["results"], told["next"]) == ("done", {"done": 2}, "2")
    assert told["data"][0]["values"] == {"number": "A-1"}
    rest = callers.viewer("GET", f"/batches/{made['id']}?after={told['next']}").json()
    assert {told["data"][0]["run_id"], rest["data"][0]["run_id"]} == set(desk.far.runs)
    everything = str(
        list(BatchItem.objects.values()) + list(AuditEntry.objects.values()) + list(Batch.objects.values())
    )
    assert "lovelace" not in everything
    assert AuditEntry.objects.get(act="batch.started").actor_name == "operator"


def test_a_template_gives_sentence_and_fields_and_without_any_each_row_is_a_task(desk, callers, people):
    recipes.save(people.operator, "Payments", "Pay {{number}}", {"max_steps": 9})
    made = callers.operator("POST", "/batches", {"rows": [{"number": "A-1"}], "recipe": "Payments"}).json()
    batch_work.work(made["id"])
    other = callers.operator("POST", "/batches", {"rows": [{"task": "Open it"}, {"task": "Close it"}]}).json()
    batch_work.work(other["id"])
    assert tasks(desk) == ["Close it", "Open it", "Pay A-1"]
    assert Run.objects.get(task="Pay A-1").max_steps == 9


def test_the_same_key_begins_one_batch_per_person_and_another_body_is_refused(desk, callers):
    body, key = {"rows": [{"task": "Do it"}]}, {"Idempotency-Key": "monday"}
    first, again = (callers.operator("POST", "/batches", body, **key).json() for _ in range(2))
    other = callers.admin("POST", "/batches", body, **key).json()
    assert first["id"] == again["id"] != other["id"]
    changed = callers.operator("POST", "/batches", {"rows": [{"task": "Do that"}]}, **key)
    assert changed.status_code == 422
    assert "another batch" in changed.json()["error"]["message"]
    assert BatchItem.objects.count() == 2
    assert callers.operator("POST", "/batches", body).json()["id"] not in {first["id"], other["id"]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"rows": []}, "rows"),
        ({"rows": [{"task": True}]}, "must be a text or a number"),
        ({"rows": [{"task": "x"}, {"task": " "}]}, "rows.1: The row is empty."),
        ({"rows": [{"task": "x", "colour": "red"}]}, "rows.0: The task has no variable 'colour'."),
        ({"rows": [{"n": "x"}], "task": "Pay {{n:number}}"}, "rows.0.n"),
        ({"rows": [{"a": "1", "b": ""}], "task": "{{a}} {{b}}"}, "rows.0.b"),
        ({"rows": [{"a": "1"}], "task": "no place"}, "has no {{variable}}"),
        ({"rows": [{"a": "1"}], "task": "{{a"}, ""),
        ({"rows": [{"a": "1"}], "task": "{{a}}", "recipe": "x"}, "not both"),
        ({"rows": [{"a": "1"}], "recipe": "nothing of this name"}, "no template"),
        ({"rows": [{"task": "x"}], "connection": "nowhere"}, "no enabled connection"),
        ({"rows": [{"task": "x"}], "fields": {"max_steps": 0}}, "max_steps"),
        ({"rows": [{"task": "x"}], "limit_cents": "5"}, "limit_cents"),
    ],
)  # fmt: skip
def test_nothing_is_started_while_anything_is_wrong_and_it_is_named(desk, callers, body, said):
    answer = callers.operator("POST", "/batches", body)
    assert answer.status_code == 422, answer.content
    assert said in answer.json()["error"]["message"]
    assert not Batch.objects.exists()


def test_many_runs_are_cancelled_each_by_itself_and_told_twice_once(desk, callers):
    made = [desk.run() for _ in range(3)]
    names = [scripted.id for scripted, _run in made]
    Run.objects.filter(upstream_id=names[2]).update(status="succeeded")
    answers = [
        callers.operator("POST", "/batches/cancel", {"runs": names}, **{"Idempotency-Key": "stop"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    batch = answers[0].json()
    assert (batch["id"], batch["rows"], batch["act"]) == (answers[1].json()["id"], 2, "cancel")
    batch_work.work(batch["id"])
    assert {scripted.status for scripted, _run in made[:2]} == {"cancelled"}
    assert desk.sent("cancel") == 2
    assert AuditEntry.objects.get(act="runs.cancel_asked").actor_name == "operator"
    unknown = callers.operator("POST", "/batches/cancel", {"runs": [names[0], "nobody"]})
    assert unknown.json()["error"]["message"] == "runs.1: There is no such run."
    over = callers.operator("POST", "/batches/cancel", {"runs": names})
    assert over.status_code == 409, "all of them are over now"


def test_a_batch_is_listed_paused_gone_on_with_and_stopped(desk, callers, django_assert_max_num_queries):
    made = [callers.operator("POST", "/batches", {"rows": [{"task": f"Do {n}"}] * 2}).json()["id"] for n in range(3)]
    with django_assert_max_num_queries(8):
        page = callers.viewer("GET", "/batches?limit=2").json()
    assert [line["id"] for line in page["data"]] == made[:0:-1]
    assert page["data"][0]["results"] == {"waiting": 2}
    rest = callers.viewer("GET", f"/batches?cursor={page['next']}").json()
    assert ([line["id"] for line in rest["data"]], rest["next"]) == (made[:1], None)
    paused = callers.operator("POST", f"/batches/{made[0]}/pause")
    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    again = callers.operator("POST", f"/batches/{made[0]}/pause")
    assert (again.status_code, again.json()["error"]["message"]) == (
        409,
        "The batch is paused now; nothing was changed.",
    )
    assert not batch_work.work(made[0])
    assert [line["id"] for line in callers.viewer("GET", "/batches?state=paused").json()["data"]] == made[:1]
    assert callers.viewer("GET", "/batches?state=draft").status_code == 422
    gone_on = callers.operator("POST", f"/batches/{made[0]}/resume", {"limit_cents": 900}).json()
    assert (gone_on["state"], gone_on["limit_cents"]) == ("running", 900)
    stopped = callers.operator("POST", f"/batches/{made[0]}/stop").json()
    assert (stopped["state"], stopped["results"]) == ("stopped", {"left": 2})
    assert callers.operator("POST", f"/batches/{made[0]}/resume").status_code == 409
    assert callers.reviewer("POST", f"/batches/{made[1]}/stop").status_code == 403
    acts = AuditEntry.objects.filter(actor_name="operator", act__startswith="batch.").order_by("seq")
    assert list(acts.values_list("act", flat=True))[3:] == ["batch.paused", "batch.continued", "batch.stopped"]
