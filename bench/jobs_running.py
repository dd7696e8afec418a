"""The jobs of an operator: start a run, start a failed one again, start many from a table, make a case file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.hands import Hands
from bench.jobs_desk import ADA, WAYS, Desk, Done

ROOT = Path(__file__).resolve().parent.parent
GREETS = f"Go to {{practice}}, {ADA}, and verify that the page says Welcome back, Ada."
TABLE = """article,words
About two-factor codes,authenticator app
Why we sometimes show a captcha,capitals and small letters
Paying invoices,call them first
"""


def start(desk: Desk) -> list[Done]:
    """A run that pays, from one of the example tasks, watched until it asks before it pays."""
    found = []
    for way in WAYS:
        before, hands = desk.paid(), desk.way("operator", way).begin()
        page, preset = hands.page, hands.page.get_by_role("button", name="Asks before it pays")
        if way == "keyboard":
            hands.press("g", "n")
            hands.see(preset)
            hands.tab_to(preset, "Shift+Tab")  # the cursor stands in the task, the examples above it
            hands.press("Enter", "Control+Enter")
        else:
            hands.click(page.locator("a.new-run"))
            hands.click(preset)
            hands.click(page.get_by_role("button", name="Start the run"))
        hands.see(page.locator(".run-head"))
        hands.watch(page.locator(".step img").first)
        hands.watch(page.locator(".run-head"), "It waits for a person")
        run_id = id_of(hands)
        assert desk.run(run_id)["status"] == "awaiting_human"
        assert "Northwind Traders" in desk.client("reviewer").parked(run_id)["reason"]
        desk.audited("run.started", "operator", run_id)
        assert desk.paid() == before  # nothing is paid before somebody says so
        desk.client("operator").call("POST", f"/runs/{run_id}/cancel")
        desk.becomes(run_id, "cancelled")
        found.append(Done("Start a run and watch until it asks", way, hands.effort))
    return found


def id_of(hands: Hands) -> str:
    return hands.page.url.rstrip("/").split("/")[-1]


def again(desk: Desk) -> list[Done]:
    """A run that failed for want of steps: found among the failed ones, started again with more."""
    failed, found = desk.starts(GREETS, max_steps=2)[0], []
    assert desk.becomes(failed, "failed")["error"]["code"] == "MAX_STEPS_REACHED"
    for way in WAYS:
        hands = desk.way("operator", way).begin()
        page, steps = hands.page, hands.page.get_by_label("Steps at most")
        if way == "keyboard":
            hands.press("g", "r")
            hands.see(page.locator(".run-row").first)
            tabs = page.locator("#run-tabs a").all_text_contents()
            hands.press(str(1 + next(at for at, words in enumerate(tabs) if "Failed" in words)))
            hands.see(page.locator("#run-list .tabs a[aria-current]", has_text="Failed").first)
            hands.press("j", "Enter")
            hands.see(page.locator(".run-head"))
            hands.press("a")
            hands.see(steps)
            hands.tab_to(steps)
            hands.type("30")
            hands.press("Enter")
        else:
            hands.click(page.locator(".nav > a", has_text="Runs"))
            hands.click(page.locator("#run-list .tabs a", has_text="Failed").first)
            hands.click(page.locator(".run-row .row-link").first)
            hands.click(page.get_by_role("link", name="Run again…"))
            hands.fill(steps, "30")
            hands.click(page.get_by_role("button", name="Start the run"))
        hands.see(page.locator(".run-head"))
        run_id = id_of(hands)
        assert run_id != failed
        hands.watch(page.locator(".run-head"), "Succeeded")
        ended = desk.becomes(run_id, "succeeded")
        assert (ended["max_steps"], ended["task"]) == (30, desk.run(failed)["task"])
        found.append(Done("Start a failed run again, changed", way, hands.effort))
    return found


def table(desk: Desk) -> list[Done]:
    """A budget, a template with two blanks, and a table of three rows that become three runs under one limit."""
    found = []
    for way in WAYS:
        admin, hands = desk.way("admin", way).begin(), desk.way("operator", way).begin()
        budget(admin, way)
        found.append(Done("Make a budget for it", way, admin.effort))
        before = {run["id"] for run in desk.client("admin").call("GET", "/runs").json()["data"]}
        template(desk, hands, way)
        rows(hands, way)
        hands.see(hands.page.locator(".batch-head"))
        hands.watch(hands.page.locator(".batch-head"), "3 of 3 rows are dealt with")
        found.append(Done("Start three runs from a table", way, hands.effort))
        mine = [run for run in desk.client("admin").call("GET", "/runs").json()["data"] if run["id"] not in before]
        assert len({run["task"] for run in mine}) == len(mine) == 3, mine
        for run in mine:
            assert "click Help" in run["task"]
            desk.becomes(run["id"], "succeeded", 200)
        desk.audited("batch.started", "operator")
    return found


def plan(hands: Hands, way: str, words: str, letter: str) -> None:
    """To one of the tabs beside the list of runs."""
    hands.go(way, "Runs", "r")
    if way == "keyboard":
        hands.press("g", letter)
    else:
        hands.click(hands.page.get_by_role("link", name=words, exact=True))
    hands.see(hands.page.locator("main h1", has_text=words))


def budget(admin: Hands, way: str) -> None:
    page = admin.page
    plan(admin, way, "Budgets", "b")
    admin.enter(way, page.get_by_label("Name"), f"Each day, {way}", parts=1)
    admin.enter(way, page.get_by_label("Dollars at most"), "200")
    sends(admin, way, "Save the budget", "Enter")
    admin.see(page.locator(".budget-rows .row", has_text=f"Each day, {way}"))


def template(desk: Desk, hands: Hands, way: str) -> None:
    """Made, and chosen for a table."""
    page, name = hands.page, f"Read an article, {way}"
    plan(hands, way, "Templates", "t")
    hands.enter(way, page.get_by_label("Name"), name, parts=1)
    text = "go to {url}, click Help, click {{{{article}}}}, and verify that the page says {{{{words}}}}"
    hands.enter(way, page.get_by_label("Task"), text.format(url=desk.stack.practice()))
    sends(hands, way, "Save the template", "Control+Enter")
    row = page.locator(".recipe-rows .row", has_text=name)
    many = row.get_by_role("link", name="Many, from a table…")
    hands.see(many)
    if way == "keyboard":
        while not hands.has_focus(row.locator(".row-link")):
            hands.press("j")
        hands.tab_to(many)
        hands.press("Enter")
    else:
        hands.click(many)


def rows(hands: Hands, way: str) -> None:
    """The table is pasted, looked at, limited and started."""
    page = hands.page
    hands.see(page.locator("main h1", has_text="Runs from a table"))
    hands.enter(way, page.get_by_label("Or paste the table"), TABLE, parts=1)
    sends(hands, way, "Look at the table", "Control+Enter")
    hands.see(page.locator(".sentences li").nth(2))
    hands.enter(way, page.get_by_label("All together at most, in dollars"), "9", parts=3)
    sends(hands, way, "Start 3 runs", "Enter")


def sends(hands: Hands, way: str, words: str, key: str) -> None:
    if way == "keyboard":
        hands.press(key)
    else:
        hands.click(hands.page.get_by_role("button", name=words))


def case(desk: Desk) -> list[Done]:
    """The case file of a run that ended, taken from its page and verified; one changed byte is found."""
    found, run_id = [], desk.starts(GREETS)[0]
    desk.becomes(run_id, "succeeded")
    for way in WAYS:
        hands = desk.way("reviewer", way).begin()
        page = hands.page
        hands.go(way, "Runs", "r")
        link, file = (
            page.locator(f".run-row a[href*='{run_id}']").first,
            page.get_by_role("button", name="Case file (ZIP)"),
        )
        if way == "keyboard":
            while not hands.has_focus(link):
                hands.press("j")
            hands.press("Enter")
            hands.see(page.locator(".run-head"))
            hands.press("e")
            hands.tab_to(file)
        else:
            hands.click(link)
            hands.click(page.locator(".run-tools summary", has_text="Take away"))
        key = page.locator(".take code").text_content() or ""
        with page.expect_download() as taken:
            hands.press("Enter") if way == "keyboard" else hands.click(file)
        path = desk.stack.folder / f"case-{way}.zip"
        taken.value.save_as(path)
        desk.audited("run.exported", "reviewer", run_id)
        hands.effort.fields += 1  # the command that verifies it, typed at a shell
        is_proof(desk, path, key)
        found.append(Done("Make a case file and verify it", way, hands.effort))
    return found


def is_proof(desk: Desk, path: Path, key: str) -> None:
    """Both verifiers take it as it is, and neither with one changed byte."""
    checked = desk.stack.manage("verify_case", str(path))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert verified(path, key) == 0
    spoilt = bytearray(path.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    path.write_bytes(spoilt)
    assert verified(path, key) != 0
    assert desk.stack.manage("verify_case", str(path)).returncode != 0


def verified(path: Path, key: str) -> int:
    """By the verifier alone, which knows nothing of a console."""
    program = ROOT / "runs" / "casefile" / "verifier.py"
    return subprocess.run(
        [sys.executable, str(program), str(path), "--key", key], check=False, capture_output=True
    ).returncode
