"""The local platform as a process of its own on a free port, and a plain client of its wire."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
LIVE = ("queued", "running", "awaiting_human")


def until(condition: Callable[[], Any], seconds: float = 15, what: str = "") -> Any:
    """The first true value of the condition; fails when the deadline passes before."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"did not happen within {seconds} s: {what or condition}"
        time.sleep(0.02)
    return value


class Platform:
    """A started platform. `url` ends in /v1, `practice` in /practice; all calls carry its key."""

    def __init__(self, process: subprocess.Popen[str], data_dir: Path, log: Path) -> None:
        self.process = process
        self.data_dir = data_dir
        self.log = log
        self.port = int(until(lambda: self._announced(r"http://127\.0\.0\.1:(\d+)/v1"), 30, "the platform's address"))
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.root}/v1"
        self.practice = f"{self.root}/practice"
        self.key = (data_dir / "local" / "api_key").read_text().strip()
        self.session = requests.Session()
        self.session.headers["X-API-Key"] = self.key
        until(self._answers, 30, "the platform's health")
        self.machine: str = self.get("/machines").json()["data"][0]["id"]

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=30, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body, timeout=30, **options)

    def create(self, task: str, **fields: Any) -> dict[str, Any]:
        """A new run on the first machine, unless `machine_id` names another."""
        answer = self.post("/runs", {"machine_id": self.machine, "task": task, **fields})
        assert answer.status_code == 200, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def run(self, run_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.get(f"/runs/{run_id}").json()
        return answer

    def wait(self, run_id: str, *statuses: str, seconds: float = 30) -> dict[str, Any]:
        """The run once it has one of these states (none named: once it has ended)."""

        def there() -> dict[str, Any] | None:
            run = self.run(run_id)
            over = run["status"] not in LIVE
            assert not over or not statuses or run["status"] in statuses, f"it ended otherwise: {run}"
            return run if over or run["status"] in statuses else None

        found: dict[str, Any] = until(there, seconds, f"run {run_id} to be {statuses or 'over'}")
        return found

    def resume(self, run_id: str, note: str | None = None) -> requests.Response:
        return self.post(f"/runs/{run_id}/resume", {} if note is None else {"note": note})

    def cancel(self, run_id: str) -> requests.Response:
        return self.post(f"/runs/{run_id}/cancel")

    def stream(self, run_id: str, after: int = 0) -> Iterator[dict[str, Any]]:
        """The events of a run as they come, until the server ends the stream."""
        with self.session.get(
            f"{self.url}/runs/{run_id}/events", params={"after": after}, stream=True, timeout=60
        ) as answer:
            assert answer.status_code == 200, answer.text
            yield from frames(answer)

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """All events of a run, waiting for its end."""
        return list(self.stream(run_id))

    def kill(self) -> None:
        """The power goes: SIGKILL, no farewell."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """Ask it to stop; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(self.url + "/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def _announced(self, pattern: str) -> str | None:
        text = self.log.read_text()
        assert self.process.poll() is None, text
        found = re.search(pattern, text)
        return found.group(1) if found else None


def frames(answer: requests.Response) -> Iterator[dict[str, Any]]:
    """The frames of an event stream: id, event, data and the raw lines."""
    lines: list[str] = []
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line:
            lines.append(line)
            continue
        fields = dict(part.split(": ", 1) for part in lines if not part.startswith(":"))
        if fields:
            yield {"seq": int(fields["id"]), "type": fields["event"], "data": json.loads(fields["data"]), "raw": lines}
        lines = []


def start(folder: Path, *switches: str, program: tuple[str, ...] = ("-m", "coasty_local"), **env: str) -> Platform:
    """Start a platform with its state under that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"platform-{threading.get_ident()}-{time.monotonic_ns()}.log"
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("COASTY_", "LOCAL_", "DATA_DIR"))
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *program, "--port", "0", "--data-dir", str(folder), *switches],
            cwd=ROOT, env={**clean, "PYTHONPATH": str(ROOT), **env}, stdout=output, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    return Platform(process, folder, log)
