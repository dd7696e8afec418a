"""The console as a process: fifty callers at once, a kill in the middle of a delivery, its health, its API's page."""

from __future__ import annotations

import signal
import threading
from collections import Counter

import pytest
from playwright.sync_api import sync_playwright

from tests.api.conftest import CALLERS
from tests.approvals.desk import resumed_notes
from tests.conftest import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served")]


@pytest.fixture
def far(served_far):
    return served_far


def parked(far, reason="May I pay?"):
    run = far.add(task="Pay the invoice")
    run.go()
    run.pause(reason)
    return run


def all_at_once(calls):
    barrier, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def work(index, call):
        barrier.wait()
        answers[index] = call()

    threads = [threading.Thread(target=work, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_of_fifty_callers_one_stands_and_forty_nine_are_told_by_whom(console, far):
    run = parked(far)
    approval = console.approval_of(run.id)
    path = f"/api/approvals/{approval['id']}/decision"
    actions = ["resume", "cancel", "fail"]
    bodies = [
        {"action": actions[n % 3], "note": f"caller {n}", "seen_seq": approval["pause_seq"]} for n in range(CALLERS)
    ]

    def decide(n):
        return console.call(f"r{n}", "POST", path, json=bodies[n], headers={"Idempotency-Key": f"caller-{n}"})

    answers = all_at_once([lambda n=n: decide(n) for n in range(CALLERS)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    stands = answers[winner].json()["decision"]
    assert (stands["decided_by"], stands["action"]) == (f"r{winner}", actions[winner % 3])
    for answer in answers:
        if answer.status_code == 409:
            told = answer.json()
            expected = {name: stands[name] for name in ("decided_by", "action", "decided_at")}
            assert {name: told[name] for name in expected} == expected
            assert {name: told["error"][name] for name in expected} == expected
    assert decide(winner).status_code == 200
    assert console.call(f"r{winner}", "POST", path, json=bodies[winner]).status_code == 409
    assert console.decision_of(approval["id"], {"delivered"})["code"] == stands["code"]
    assert far.count("POST", f"/{run.id}/(resume|cancel)$") == 1
    acts = [entry["act"] for entry in console.call("viewer", "GET", f"/api/audit?run={run.id}").json()["data"]]
    assert acts.count("approval.decided") == 1
    assert acts.count("decision.delivered") == 1


def test_a_call_repeated_all_at_once_with_its_key_is_one_decision_and_one_run(console, far):
    run = parked(far)
    approval = console.approval_of(run.id)
    path, body = f"/api/approvals/{approval['id']}/decision", {"action": "resume", "note": "once"}
    key = {"Idempotency-Key": "the-same"}
    others = [{"Idempotency-Key": f"other-{n}"} for n in range(4)]
    calls = [*[key] * 8, *others]
    answers = all_at_once([lambda h=h: console.call("r1", "POST", path, json=body, headers=h) for h in calls])
    by_key = [answer.status_code for answer in answers[:8]]
    assert set(by_key) in ({200}, {409})  # all of the one key, or none
    assert sum(code == 200 for code in by_key[:1]) + [a.status_code for a in answers[8:]].count(200) == 1
    assert {answer.json()["decided_by"] for answer in answers if answer.status_code == 409} <= {"r1"}
    console.decision_of(approval["id"], {"delivered"})
    assert len(resumed_notes(run)) == 1
    started = all_at_once(
        [lambda: console.call("root", "POST", "/api/runs", json={"task": "once"}, headers=key) for _ in range(8)]
    )
    assert {(answer.status_code, answer.json()["id"]) for answer in started} == {(201, started[0].json()["id"])}
    acts = console.call("viewer", "GET", f"/api/audit?run={started[0].json()['id']}").json()["data"]
    assert [entry["act"] for entry in acts].count("run.started") == 1


def test_a_kill_while_a_decision_is_on_its_way_neither_loses_nor_doubles_it(console, far):
    run = parked(far)
    approval = console.approval_of(run.id)
    far.fail("POST", f"/{run.id}/resume$", delay_seconds=1.5)
    body = {"action": "resume", "note": "go on"}
    assert console.call("reviewer", "POST", f"/api/approvals/{approval['id']}/decision", json=body).status_code == 200
    wait_until(lambda: far.count("POST", f"/{run.id}/resume$") == 1)
    console.stop(signal.SIGKILL)
    wait_until(lambda: run.status == "running")
    console.start()
    decision = console.decision_of(approval["id"], {"delivered"}, seconds=60)
    assert decision["note"] == "go on"
    assert resumed_notes(run) == [f"go on [decision {decision['code']}]"]
    assert far.count("POST", f"/{run.id}/resume$") == 1


def test_a_decision_made_while_upstream_is_down_arrives_when_it_is_back(console, far):
    run = parked(far)
    approval = console.approval_of(run.id)
    far.close()
    body = {"action": "resume"}
    assert console.call("reviewer", "POST", f"/api/approvals/{approval['id']}/decision", json=body).status_code == 200
    far.listen()
    console.decision_of(approval["id"], {"delivered"})
    assert len(resumed_notes(run)) == 1


def test_it_is_ready_when_each_part_is_and_says_which_is_not(console, far):
    ready = wait_until(lambda: (told := console.call("", "GET", "/readyz")).ok and told, 30)
    assert set(ready.json()["checks"]) == {"database", "pushes", "relay", "jobs", "upstream"}
    assert far.key not in ready.text
    far.close()

    def down():
        answer = console.call("", "GET", "/readyz")
        return answer.status_code == 503 and [n for n, check in answer.json()["checks"].items() if not check["ok"]]

    assert wait_until(down, 40) == ["upstream"]
    assert console.call("", "GET", "/healthz").json() == {"status": "ok"}
    far.listen()
    wait_until(lambda: console.call("", "GET", "/readyz").ok, 60)


@pytest.mark.browser
def test_the_docs_page_draws_every_route_and_breaks_no_policy(console):
    said = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = chromium.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        answer = page.goto(f"{console.base}/api/docs")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page.locator("[data-path='/api/approvals/{approval_id}/decision']").click()
        page.locator(".opblock.is-open .opblock-body").wait_for()
        described = console.call("", "GET", "/api/openapi.json").json()["paths"]
        assert page.locator(".opblock").count() == sum(len(methods) for methods in described.values()) >= 10
        assert "seen_seq" in page.locator(".opblock.is-open").inner_text()
        loaded = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
        chromium.close()
    assert [name for name in loaded if name.startswith("http") and not name.startswith(console.base)] == []
    assert said == []
