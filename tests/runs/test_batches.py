"""Batches: a row is one run whatever dies or is told twice; each has its result; nothing ends without a word."""

from __future__ import annotations

import html
import json
import os
import signal
import subprocess
import sys

import pytest
from django.utils import timezone, translation

from runs import batch_work, batches, control, recipes, sheets, told
from runs.models import AuditEntry, Batch, BatchItem, Connection, Run, Starting
from tests.runs.test_processes import ROOT, console  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db
TABLE = "number,pw\nA-1,lovelace\nA-2,hopper\nA-3,babbage\n"


@pytest.fixture
def begun(connection, people):
    def make(table=TABLE, text="pay {{number}} with the word {{pw:secret}}", limit=None, **fields):
        recipe = recipes.save(people.operator, f"Pay {Batch.objects.count()}", text, {"max_steps": 10, **fields})
        return batches.begin(people.operator, batches.draft(people.operator, connection, recipe, table, {}), limit)

    return make


def states(batch):
    return list(batch.items.values_list("state", flat=True))


def tasks(upstream):
    return sorted(run.fields["task"] for run in upstream.runs.values())


def test_each_row_is_one_run_and_secrets_go_with_it(upstream, begun):
    batch = begun()
    assert Batch.objects.get().sealed_table == ""
    assert "lovelace" not in str(list(BatchItem.objects.values()))
    assert not batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, states(batch)) == ("done", ["done"] * 3)
    assert tasks(upstream)[0] == "pay A-1 with the word lovelace"
    assert Run.objects.get(origin__key=f"batch-{batch.gesture}-2").task == "pay A-1 with the word ••••••••"
    assert not BatchItem.objects.exclude(sealed="").exists()
    audit = list(AuditEntry.objects.order_by("seq").values_list("act", flat=True))
    assert audit == ["recipe.added", "batch.started", *["run.started"] * 3, "batch.done"]
    assert {entry.detail.get("gesture") for entry in AuditEntry.objects.exclude(act="recipe.added")} == {batch.gesture}
    lines = "".join(sheets.written(*split(batches.results(batch))))
    assert lines.startswith("line,number,pw,result,")
    assert "2,A-1,••••••••,done,," in lines
    assert "lovelace" not in lines


def split(rows):
    head, *body = rows
    return head, body


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_mid_start_leaves_no_run_twice(upstream, console):  # noqa: F811
    begin = """
from django.contrib.auth.models import User
from coasty_console import roles
from runs import batch_work, batches, upstream
roles.make(); user = User.objects.create_user("operator"); roles.give(user, "operator")
batch = batches.draft(user, upstream.connection(), None, chr(10).join(["task", "a", "b", "c"]), {})
batch = batches.begin(user, batch)
print("begun", flush=True)
batch_work.work(batch.pk)
"""
    again = """
from django.utils import timezone
from runs import batch_work
from runs.models import Batch
Batch.objects.update(claimed_until=timezone.now())
batch_work.work(Batch.objects.get().pk)
"""
    first, serve = {}, upstream._route

    def route(method, path, *rest):
        answer = serve(method, path, *rest)
        if (method, path) == ("POST", "/runs") and len(upstream.runs) == 2 and first:
            os.kill(first.pop("pid"), signal.SIGKILL)  # upstream has done it, and nobody hears of it
        return answer

    upstream._route = route
    worker = console.start("shell", "-v0", "-c", begin)
    first["pid"] = worker.pid
    assert worker.wait(60) == -signal.SIGKILL
    assert console.ask("SELECT state FROM runs_batchitem ORDER BY number") == [("done",), ("sending",), ("waiting",)]
    subprocess.run([sys.executable, "manage.py", "shell", "-v0", "-c", again], env=console.env, cwd=ROOT, check=True)
    assert tasks(upstream) == ["a", "b", "c"]
    assert console.ask("SELECT state FROM runs_batchitem") == [("done",)] * 3
    assert console.ask("SELECT count(DISTINCT run_id), count(*) FROM runs_batchitem") == [(3, 3)]
    assert console.ask("SELECT state FROM runs_batch") == [("done",)]


def test_wrong_lines_are_named_and_nothing_is_started(upstream, connection, people):
    recipe = recipes.save(people.operator, "Pay", "pay {{amount:number}}", {})
    batch = batches.draft(people.operator, connection, recipe, "amount\n5\nfive\n\n-\n", {})
    assert [problem.line for problem in batches.check(batch, batch.mapping).problems] == [3, 5]
    with pytest.raises(batches.Refused, match="2 problems"):
        batches.begin(people.operator, batch)
    assert (Batch.objects.get().state, BatchItem.objects.count(), len(upstream.runs)) == ("draft", 0, 0)


def test_begun_twice_it_goes_on_once_and_one_worker_has_it_at_a_time(upstream, begun, people):
    batch = begun()
    assert batches.begin(people.operator, batch).begun_at == batch.begun_at
    assert BatchItem.objects.count() == 3
    Batch.objects.filter(pk=batch.pk).update(claim="another", claimed_until=timezone.now() + batch_work._CLAIM)
    assert batch_work.due(timezone.now()) == []
    assert not batch_work.work(batch.pk)
    assert len(upstream.runs) == 0


def test_it_is_paused_continued_and_stopped_and_says_what_was_left_out(upstream, begun, people):
    batch = begun()
    assert batches.pause(people.operator, batch)
    assert not batch_work.work(batch.pk)
    assert len(upstream.runs) == 0
    assert batches.go_on(people.operator, batch)
    batch_work.work(batch.pk, seconds=0.0)
    upstream.fail("POST", "/runs$", status=429, code="TOO_MANY", retry_after=0)
    batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "running"
    assert "429" in batch.waits_for
    with translation.override("de"):
        assert batches.stop(people.operator, batch)
        assert told.told(batch.items.first().detail) == "Angehalten, bevor er an der Reihe war."
        assert told.told("It had ended before: Timed out.").endswith("Zeit abgelaufen.")
    assert not batches.go_on(people.operator, batch)
    assert set(states(batch)) == {"left"}
    assert set(batch.items.values_list("detail", flat=True)) == {"Stopped before its turn."}
    assert AuditEntry.objects.get(act="batch.stopped").detail["left_out"] == 3
    assert not BatchItem.objects.exclude(sealed="").exists()


def test_a_refused_row_has_its_reason_and_the_others_go_on(upstream, begun):
    body = json.dumps({"error": {"code": "VALIDATION_ERROR", "message": "Not this one.", "details": []}}).encode()
    batch = begun()
    upstream.fail("POST", "/runs$", status=422, body=body)
    batch_work.work(batch.pk)
    assert states(batch) == ["refused", "done", "done"]
    assert batch.items.first().detail == "Not this one."


def test_a_refused_key_pauses_it_for_a_person_with_the_reason(upstream, begun, people):
    batch = begun()
    upstream.key = "another"
    batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "paused"
    assert "not valid" in batch.waits_for
    assert states(batch) == ["waiting"] * 3
    upstream.key = "sk-coasty-test-scripted"
    assert batches.go_on(people.operator, batch)
    batch_work.work(batch.pk)
    assert states(batch) == ["done"] * 3


def test_an_answer_that_does_not_come_is_asked_for_with_the_same_key_and_never_called_left_out(upstream, begun, people):
    batch = begun()
    upstream.fail("POST", "/runs$", lose="after", times=2)
    batch_work.work(batch.pk)
    assert states(batch) == ["sending", "waiting", "waiting"]
    assert len(upstream.runs) == 1
    batches.stop(people.operator, batch)
    assert states(batch) == ["unsure", "left", "left"]


def busy(upstream, _people):
    upstream.fail("POST", "/runs$", status=429, retry_after=1)


def switched_off(_upstream, people):
    people.operator.groups.clear()


@pytest.mark.parametrize("obstacle", [busy, switched_off])
def test_a_row_that_may_have_arrived_is_not_called_left_out_whatever_stops_the_next_try(
    upstream, begun, people, obstacle
):
    batch = begun()
    upstream.fail("POST", "/runs$", lose="after", times=2)
    batch_work.work(batch.pk)
    obstacle(upstream, people)
    batch_work.work(batch.pk)
    assert states(batch) == ["sending", "waiting", "waiting"]
    assert len(upstream.runs) == 1
    batches.stop(people.admin, batch)
    assert states(batch) == ["unsure", "left", "left"]


def test_a_run_that_may_live_unseen_counts_against_the_batchs_own_limit(upstream, begun):
    batch = begun(limit=100)
    batch.items.filter(number=2).update(state="unsure")  # sent again and again, and never answered
    batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert states(batch) == ["unsure", "done", "waiting"]
    assert "$1.00" in batch.waits_for


def test_who_may_not_start_runs_any_more_starts_none(upstream, begun, people):
    batch = begun()
    people.operator.groups.clear()
    batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, len(upstream.runs)) == ("paused", 0)
    assert "operator may not" in batch.waits_for


def test_its_own_limit_holds_the_worst_case_and_frees_what_was_not_used(upstream, begun, people):
    batch = begun(limit=100)
    batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert states(batch) == ["done", "done", "waiting"]
    assert "$1.00" in batch.waits_for
    assert not Starting.objects.exists()
    Run.objects.filter(pk=batch.items.first().run_id).update(status="succeeded", cost_cents=30)
    Batch.objects.update(due_at=None)
    batch_work.work(batch.pk)
    assert states(batch) == ["done", "done", "waiting"]
    Run.objects.update(status="succeeded", cost_cents=50)
    batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "paused"
    assert batches.go_on(people.operator, batch, 150)
    batch_work.work(batch.pk)
    assert states(batch) == ["done"] * 3
    spent, worst = batches.exposure(batch)
    assert (spent, worst) == (100, 150)


def test_many_runs_are_cancelled_each_by_itself_under_one_gesture(upstream, connection, people):
    runs = [control.start(people.operator, {"task": str(n)}) for n in range(4)]
    far = [upstream.runs[run.upstream_id] for run in runs]
    far[1].finish("succeeded")
    upstream.fail("POST", f"{runs[2].upstream_id}/cancel", lose="after")
    upstream.fail("POST", f"{runs[3].upstream_id}/cancel", status=503)
    batch = batches.cancel_runs(people.operator, runs, "Too dear")
    batch_work.work(batch.pk)
    assert states(batch) == ["done", "left", "done", "waiting"]
    assert "Scripted refusal" in Batch.objects.get().waits_for
    batch_work.work(batch.pk)
    assert states(batch) == ["done", "left", "done", "done"]
    assert [run.status for run in far] == ["cancelled", "succeeded", "cancelled", "cancelled"]
    asked = AuditEntry.objects.get(act="runs.cancel_asked")
    assert asked.detail["runs"] == [run.upstream_id for run in runs]
    told = AuditEntry.objects.filter(act="run.cancelled")
    assert {entry.detail["gesture"] for entry in told} == {batch.gesture}
    assert told.count() == 3


def test_two_batches_at_once_leave_threads_for_decisions(upstream, begun):
    first, second, third = (begun("number,pw\nA,b\n") for _ in range(3))
    later = timezone.now() + batch_work._CLAIM
    Batch.objects.filter(pk__in=[first.pk, second.pk]).update(claim="others", claimed_until=later)
    assert batch_work.due(timezone.now()) == [third.pk]
    batch_work.work(third.pk)
    assert states(third) == ["waiting"]
    Batch.objects.filter(pk=first.pk).update(claim="", claimed_until=None)
    batch_work.work(third.pk)
    assert states(third) == ["done"]


def test_a_connection_that_may_have_two_runs_is_waited_for(upstream, begun, connection):
    Connection.objects.filter(pk=connection.pk).update(max_runs=2)
    batch = begun()
    batch_work.work(batch.pk)
    batch.refresh_from_db()
    assert states(batch) == ["done", "done", "waiting"]
    assert "2 runs" in batch.waits_for
    with translation.override("de"):
        assert "darf 2 Läufe" in told.told(batch.waits_for)
    assert batch.due_at > timezone.now()


def test_what_starts_is_what_was_on_screen_though_another_tab_has_mapped_anew(upstream, connection, people, client):
    recipe = recipes.save(people.operator, "Pay", "pay {{number}}", {})
    batch = batches.draft(people.operator, connection, recipe, "number,account\nA-1,77\n", {})
    client.force_login(people.operator)
    address = f"/batches/{batch.pk}/plan/"
    page = client.get(address).content.decode()
    seen = html.unescape(page.partition('name="mapping" value="')[2].partition('"')[0])
    assert json.loads(seen) == {"number": "number"}
    client.post(address, {"act": "map", "column_number": "account"})  # the other tab
    answer = client.post(address, {"act": "begin", "mapping": seen})
    assert (answer.status_code, Batch.objects.get().state, BatchItem.objects.count()) == (409, "draft", 0)
    said = answer.content.decode()
    assert '<code>number</code>: <del class="untrusted">number</del> → <ins class="untrusted">account</ins>' in said
    assert "pay 77" in said
    assert client.post(address, {"act": "begin"}).status_code == 409, "a form that tells nothing has seen nothing"
    now = html.unescape(said.partition('name="mapping" value="')[2].partition('"')[0])
    assert client.post(address, {"act": "begin", "mapping": now}).status_code == 302
    assert BatchItem.objects.get().values == {"number": "77"}
