"""The platform as a process: starting, stopping, dying, coming back."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.local import running
from tests.local.running import Platform, until
from tests.local.server.processes import alive, browsers, children


def _command(*switches: str, **env: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "coasty_local", *switches]
    clean = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(running.ROOT), **env}
    return subprocess.run(program, cwd=running.ROOT, env=clean, capture_output=True, text=True, timeout=30, check=False)


def test_a_clean_stop_ends_runs_streams_and_browsers(start: Callable[..., Platform]) -> None:
    platform = start()
    run_id = platform.create("spin")["id"]
    platform.wait(run_id, "running")
    other = platform.post("/machines", {"display_name": "Two"}).json()["machine"]["id"]
    parked = platform.create("ask now?", machine_id=other)["id"]
    platform.wait(parked, "awaiting_human")
    seen: list[str] = []
    readers = [threading.Thread(target=_read, args=(platform, r, seen)) for r in (run_id, parked)]
    for reader in readers:
        reader.start()
    until(lambda: seen.count("status") >= 5)
    began = time.monotonic()
    assert platform.stop() == 0
    assert time.monotonic() - began < 10
    for reader in readers:
        reader.join(5)
        assert not reader.is_alive()
    assert seen.count("done") == 2
    assert browsers(platform.data_dir) == []
    assert "Traceback" not in platform.log.read_text()


def test_the_real_program_works_on_its_practice_site_and_leaves_no_process(tmp_path: Path) -> None:
    platform = running.start(tmp_path)
    done = platform.wait(platform.create(f"Open {platform.practice} and click the first link.")["id"], seconds=60)
    assert done["status"] == "succeeded", done
    family = children(platform.process.pid)
    assert len(family) > 3
    assert platform.stop() == 0
    assert alive(family) == []


def test_after_a_crash_queued_runs_start_and_those_under_way_end_honestly(
    start: Callable[..., Platform], tmp_path: Path
) -> None:
    before = start(folder=tmp_path)
    other = before.post("/machines", {"display_name": "Two"}).json()["machine"]["id"]
    at_work = before.create("spin")["id"]
    parked = before.create("ask now?", machine_id=other)["id"]
    queued = before.create("step")["id"]
    late = before.create("step", deadline_seconds=1)["id"]
    before.wait(at_work, "running")
    before.wait(parked, "awaiting_human")
    key, log = before.key, before.log.read_text()
    before.wait(late, "timed_out")
    before.kill()
    until(lambda: not browsers(tmp_path), 10, "Chromium to die with its platform")
    after = start(folder=tmp_path)
    assert after.key == key
    assert key not in log
    for run_id in (at_work, parked):
        run = after.run(run_id)
        assert (run["status"], run["error"]["code"]) == ("failed", "PLATFORM_RESTARTED")
        assert [event["type"] for event in after.events(run_id)][-3:] == ["error", "status", "done"]
    assert after.wait(queued)["status"] == "succeeded"
    assert [event["seq"] for event in after.events(at_work)] == list(range(1, len(after.events(at_work)) + 1))


def test_unknown_machines_are_mapped_when_asked_for(start: Callable[..., Platform]) -> None:
    platform = start("--map-unknown-machines", "--default-engine", "v5")
    run = platform.create("step", machine_id="mch_test_abc")
    assert (run["machine_id"], run["cua_version"]) == (platform.machine, "v5")
    assert platform.wait(run["id"])["status"] == "succeeded"
    private = platform.data_dir / "local" / "api_key"
    assert private.stat().st_mode & 0o777 == 0o600
    second = _command("--data-dir", str(platform.data_dir), "--port", "0")
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "Another platform uses" in second.stderr


def test_a_port_in_use_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _command("--data-dir", str(tmp_path), LOCAL_PORT=str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"coasty_local: 127.0.0.1:{port} is in use: stop what listens there, "
        "or choose another with LOCAL_PORT or --port.\n"
    )


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"CHROMIUM": "/nowhere/chromium"}, "set it to the path of Chromium"),
        ({"PATH": "/nowhere"}, "No Chromium found: install it"),
        ({"COASTY_API_KEY": "secret"}, "must start with sk-coasty-test-"),
        ({"LOCAL_PORT": "http"}, "give a whole number"),
        ({"LOCAL_HOST": "0.0.0.0"}, "say --host 0.0.0.0 if you mean it"),
        ({"LOCAL_DEFAULT_ENGINE": "v9"}, "choose one of"),
        ({"DATA_DIR": "/proc/nowhere"}, "Choose another --data-dir"),
    ],
)  # fmt: skip
def test_a_setting_that_can_not_work_is_one_line(tmp_path: Path, env: dict[str, str], words: str) -> None:
    done = _command(**{"DATA_DIR": str(tmp_path), "LOCAL_PORT": "0", **env})
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert words in done.stderr
    assert "secret" not in done.stderr


def test_further_keys_are_issued_while_it_runs(platform: Platform) -> None:
    done = _command("--data-dir", str(platform.data_dir), "--issue-key", "test", "--grant", "connection:read")
    key = done.stdout.strip()
    assert key.startswith("sk-coasty-test-")
    url = f"{platform.url}/machines/{platform.machine}/connection"
    answer = requests.get(url, headers={"X-API-Key": key}, timeout=10)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    wrong = _command("--data-dir", str(platform.data_dir), "--issue-key", "test", "--grant", "everything")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def _read(platform: Platform, run_id: str, seen: list[str]) -> None:
    url = f"{platform.url}/runs/{run_id}/events"
    with requests.get(url, headers={"X-API-Key": platform.key}, stream=True, timeout=60) as answer:
        for event in running.frames(answer):
            seen.append(event["type"])


def test_state_of_another_version_is_refused_not_damaged(tmp_path: Path) -> None:
    file = tmp_path / "local" / "platform.sqlite3"
    file.parent.mkdir()
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA user_version = 99")
    done = _command("--data-dir", str(tmp_path), "--port", "0")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "another version" in done.stderr
