"""Machines over HTTP: their life, their actions, what happens to runs that lose theirs."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
import requests

from tests.local.running import Platform, until


@pytest.fixture
def machine(platform: Platform) -> Iterator[str]:
    made = platform.post("/machines", {"display_name": "Other", "metadata": {"team": "a"}, "ttl_minutes": 60}).json()
    yield made["machine"]["id"]
    platform.session.delete(f"{platform.url}/machines/{made['machine']['id']}", timeout=20)


def _act(platform: Platform, machine: str, command: str, **parameters: Any) -> dict[str, Any]:
    answer = platform.post(f"/machines/{machine}/actions", {"command": command, "parameters": parameters})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def _pixel(image: str, x: int, y: int) -> list[int]:
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(image), dtype=np.uint8), cv2.IMREAD_COLOR)
    return [int(part) for part in picture[y, x][::-1]]


def test_one_machine_runs_from_the_start(platform: Platform) -> None:
    first = platform.get("/machines").json()["data"][0]
    assert (first["display_name"], first["status"], first["is_test"]) == ("Local browser", "running", True)
    assert re.fullmatch(r"mch_test_[0-9a-f]{8,32}", first["id"])
    assert "billing" not in first


def test_a_machine_is_read_flat_and_nested(platform: Platform, machine: str) -> None:
    answer = platform.get(f"/machines/{machine}").json()
    assert {name: answer[name] for name in answer["machine"]} == answer["machine"]
    assert (answer["metadata"], answer["ttl_minutes"], answer["billing"]["billed_to"]) == (
        {"team": "a"}, 60, "api_wallet",
    )  # fmt: skip


def test_a_machine_stops_starts_restarts_and_ends(platform: Platform, machine: str) -> None:
    def change(name: str) -> tuple[int, str]:
        answer = platform.post(f"/machines/{machine}/{name}")
        body = answer.json()
        return answer.status_code, body.get("status") or body["error"]["current_state"]

    assert change("start") == (409, "running")
    assert change("restart") == (200, "running")
    assert change("stop") == (200, "stopped")
    assert change("stop") == (409, "stopped")
    assert platform.get(f"/machines/{machine}/screenshot").status_code == 409
    body = {"command": "move", "parameters": {"x": 1, "y": 1}}
    assert platform.post(f"/machines/{machine}/actions", body).status_code == 409
    run = platform.post("/runs", {"machine_id": machine, "task": "x"})
    assert (run.status_code, run.json()["error"]["code"]) == (409, "INVALID_STATE")
    assert change("start") == (200, "running")
    gone = platform.session.delete(f"{platform.url}/machines/{machine}")
    assert (gone.status_code, gone.json()["status"]) == (200, "terminated")
    assert platform.session.delete(f"{platform.url}/machines/{machine}").status_code == 409
    assert platform.get(f"/machines/{machine}").json()["status"] == "terminated"
    assert machine not in [row["id"] for row in platform.get("/machines").json()["data"]]


def test_the_end_of_a_machine_can_be_moved_and_cleared(platform: Platform, machine: str) -> None:
    url = f"{platform.url}/machines/{machine}"
    moved = platform.session.patch(url, json={"ttl_minutes": 30}).json()
    assert (moved["ttl_minutes"], moved["auto_destroy_at"] is None) == (30, False)
    cleared = platform.session.patch(url, json={"ttl_minutes": 0}).json()
    assert (cleared["ttl_minutes"], cleared["auto_destroy_at"]) == (None, None)
    assert platform.session.patch(url, json={"ttl_minutes": 3}).status_code == 422
    assert platform.session.patch(url, json={"display_name": "x"}).status_code == 422


@pytest.mark.parametrize(("change", "code"), [("stop", "MACHINE_STOPPED"), ("restart", "MACHINE_RESTARTED")])
def test_a_run_that_loses_its_machine_fails_naming_it(platform: Platform, machine: str, change: str, code: str) -> None:
    run = platform.create("spin", machine_id=machine)
    platform.wait(run["id"], "running")
    platform.post(f"/machines/{machine}/{change}")
    done = platform.wait(run["id"])
    assert (done["status"], done["error"]["code"]) == ("failed", code)
    assert machine in done["error"]["message"]


def test_runs_queued_on_a_machine_that_ends_fail_too(platform: Platform, machine: str) -> None:
    runs = [platform.create("spin", machine_id=machine) for _ in range(2)]
    platform.wait(runs[0]["id"], "running")
    platform.session.delete(f"{platform.url}/machines/{machine}", timeout=20)
    assert [platform.wait(run["id"])["error"]["code"] for run in runs] == ["MACHINE_TERMINATED"] * 2


def test_a_person_acts_on_the_page_of_a_parked_run(platform: Platform, page: str) -> None:
    run = platform.create(f"goto {page}\nask take over?\nkeep\nstep")
    platform.wait(run["id"], "awaiting_human")
    machine = platform.machine
    assert _act(platform, machine, "click", x=100, y=115)["success"]
    assert _act(platform, machine, "type", text="rgb(7, 8, 9)")["success"]
    assert _act(platform, machine, "key_combo", keys=["ctrl", "a"])["success"]
    assert _act(platform, machine, "click", x=100, y=170, button="left", clicks=1)["success"]
    shot = platform.get(f"/machines/{machine}/screenshot").json()
    assert (shot["mime_type"], shot["width"], shot["height"]) == ("image/jpeg", 1280, 800)
    assert _pixel(shot["image_b64"], 1200, 700) == pytest.approx([7, 8, 9], abs=3)
    platform.resume(run["id"])
    platform.wait(run["id"])
    frames = platform.get(f"/runs/{run['id']}/screenshots", params={"include_image": "1"}).json()["data"]
    assert _pixel(frames[-1]["image_b64"], 1200, 700) == pytest.approx([7, 8, 9], abs=3)
    assert "rgb(7" not in platform.log.read_text()


def test_every_command_is_carried_out(platform: Platform, page: str) -> None:
    commands: list[tuple[str, dict[str, Any]]] = [
        ("browser_navigate", {"url": page}), ("move", {"x": 5, "y": 5}), ("click", {"x": 100.0, "y": 115}),
        ("double_click", {"x": 100, "y": 115}), ("right_click", {"x": 600, "y": 600}), ("key_press", {"key": "Escape"}),
        ("click_with_modifiers", {"x": 640, "y": 640, "modifiers": ["shift"]}), ("type_text", {"text": "a"}),
        ("key_press", {"keys": ["Tab"]}), ("key_combo", {"keys": ["Control", "a"]}), ("wait", {"ms": 1}),
        ("scroll", {"x": 600, "y": 600, "direction": "down", "amount": 2}), ("wait", {"seconds": 0}),
        ("scroll", {"x": 600, "y": 600, "clicks": 2}), ("drag", {"from_x": 1, "from_y": 1, "to_x": 9, "to_y": 9}),
        ("drag", {"x1": 1, "y1": 1, "x2": 9, "y2": 9}), ("screenshot", {}),
    ]  # fmt: skip
    steps = [{"command": name, "parameters": parameters} for name, parameters in commands]
    answer = platform.post(f"/machines/{platform.machine}/actions/batch", {"steps": steps}).json()
    assert [result["error"] for result in answer["results"]] == [None] * len(steps)
    assert (answer["completed_count"], answer["failed_count"], answer["aborted"]) == (len(steps), 0, False)
    picture = base64.b64decode(answer["results"][-1]["screenshot"])
    assert picture.startswith(b"\x89PNG")


def test_a_batch_ends_at_its_first_failure(platform: Platform) -> None:
    steps = [{"command": name, "parameters": {"url": "http://127.0.0.1:59999/"}} for name in ["browser_navigate"] * 2]
    for stop, count in ((True, 1), (False, 2)):
        body = {"steps": steps, "stop_on_error": stop}
        answer = platform.post(f"/machines/{platform.machine}/actions/batch", body).json()
        assert (len(answer["results"]), answer["failed_count"], answer["aborted"]) == (count, count, stop)
        assert "nothing answers" in answer["results"][0]["error"]


@pytest.mark.parametrize(
    ("command", "parameters", "where"),
    [
        ("fly", {}, ["body", "command"]), ("click", {"x": 1}, ["body", "parameters", "y"]),
        ("click", {"x": True, "y": 1}, ["body", "parameters", "x"]),
        ("click", {"x": 5000, "y": 1}, ["body", "parameters", "x"]), ("type", {}, ["body", "parameters", "text"]),
        ("browser_navigate", {"url": "file:///etc/passwd"}, ["body", "parameters", "url"]),
        ("key_press", {"key": "Nope"}, ["body", "parameters", "keys"]),
        ("scroll", {"direction": "sideways"}, ["body", "parameters", "direction"]),
    ],
)  # fmt: skip
def test_a_wrong_command_is_refused_by_name(
    platform: Platform, command: str, parameters: dict[str, Any], where: list[str]
) -> None:
    body = {"command": command, "parameters": parameters}
    answer = platform.post(f"/machines/{platform.machine}/actions", body)
    assert (answer.status_code, answer.json()["error"]["details"][0]["loc"]) == (422, where)


def test_a_browser_that_dies_is_replaced_for_the_next_run(start: Callable[..., Platform]) -> None:
    platform = start()
    done = platform.wait(platform.create("step")["id"])
    assert done["status"] == "succeeded"
    _kill_browser(platform)
    done = platform.wait(platform.create("keep\nstep")["id"])
    assert (done["status"], done["error"]) == ("succeeded", None)
    run = platform.create("ask now?\nkeep")
    platform.wait(run["id"], "awaiting_human")
    _kill_browser(platform)
    platform.resume(run["id"])
    done = platform.wait(run["id"])
    assert (done["status"], done["error"]["code"]) == ("failed", "MACHINE_UNAVAILABLE")
    assert platform.machine in done["error"]["message"]


def test_small_reads_answer_in_the_forms_of_the_contract(platform: Platform) -> None:
    pricing = platform.get("/machines/pricing").json()
    assert set(pricing) >= {"pricing", "object", "unit", "rates", "snapshot_credits", "provision_gate_credits", "note"}
    assert platform.get("/billing/active").json()["active"] == []
    models = platform.get("/models").json()
    assert [version["id"] for version in models["cua_versions"]] == ["v1", "v3", "v4", "v5"]
    assert len(models["action_types"]) == 10
    for path in ("/health", "/machines/health", "/schedules/health", "/triggers/health"):
        assert requests.get(platform.url + path, timeout=10).json()["status"] == "ok"
    code = "import pyautogui\npyautogui.click(1, 2)\npyautogui.write('hi')\nnonsense(\npyautogui.hotkey('ctrl', 'a')"
    actions = platform.post("/parse", {"code": code}).json()["actions"]
    assert [action["action_type"] for action in actions] == ["click", "type_text", "key_combo"]
    assert actions[0]["params"] == {"x": 1, "y": 2, "button": "left", "clicks": 1}


def _kill_browser(platform: Platform) -> None:
    from tests.local.server.processes import browsers

    for process in until(lambda: browsers(platform.data_dir), 10):
        process.kill()
    until(lambda: not browsers(platform.data_dir), 10)
