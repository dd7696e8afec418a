"""A client of the console as an outsider would write it: plain HTTP against what `make up` started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.conftest import find_free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "let me in for a test"
ENDED = {"succeeded", "failed", "cancelled", "timed_out"}


@dataclass
class Stack:
    """The console and the local platform, as started by the launcher."""

    folder: Path
    console_port: int = field(default_factory=find_free_port)
    local_port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[str] | None = None
    said: str = ""

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.console_port}"

    @property
    def local(self) -> str:
        return f"http://127.0.0.1:{self.local_port}"

    def practice(self, variant: int = 0) -> str:
        return f"{self.local}/practice/?variant={variant}"

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("COASTY", "DATABASE"))}
        return clean | {
            "DATA_DIR": str(self.folder),
            "CONSOLE_PORT": str(self.console_port),
            "LOCAL_PORT": str(self.local_port),
            "DEMO_PASSWORD": PASSWORD,
        }

    def start(self, **settings: str) -> Stack:
        self.process = subprocess.Popen(
            [sys.executable, "deploy/up.py"],
            cwd=ROOT,
            env=self.environment() | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line
            if "stop " in line:
                return self
        raise AssertionError(self.said)

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def manage(self, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def client(self, username: str) -> Client:
        return Client(self.console, self.manage("api_token", username).stdout.strip())

    def platform_key(self) -> str:
        return (self.folder / "local" / "api_key").read_text().strip()

    def platform(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"X-API-Key": self.platform_key()}
        return requests.request(method, f"{self.local}/v1{path}", headers=headers, timeout=60, **options)

    def machines(self, count: int) -> list[str]:
        """Ids of `count` machines, made when there are fewer."""
        have = [machine["id"] for machine in self.platform("GET", "/machines").json()["data"]]
        for number in range(len(have), count):
            made = self.platform("POST", "/machines", json={"display_name": f"Machine {number + 1}"})
            have.append(made.json()["machine"]["id"])
        return have[:count]

    def ledger(self) -> list[dict[str, str]]:
        return requests.get(f"{self.local}/practice/ledger.json", timeout=10).json()


@dataclass
class Client:
    """One person's use of the JSON API."""

    base: str
    token: str

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{self.base}/api{path}", headers=headers, timeout=60, **options)

    def start(self, task: str, **more: Any) -> str:
        answer = self.call("POST", "/runs", json={"task": task, **more})
        assert answer.ok, answer.text
        return answer.json()["id"]

    def run(self, run_id: str) -> dict[str, Any]:
        return self.call("GET", f"/runs/{run_id}").json()

    def events(self, run_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = 0
        while page := self.call("GET", f"/runs/{run_id}/events?after={after}&limit=500").json()["data"]:
            found += page
            after = page[-1]["seq"]
        return found

    def ended(self, run_id: str, seconds: float = 90) -> dict[str, Any]:

        def there() -> dict[str, Any] | None:
            run = self.run(run_id)
            asked = [one["reason"] for one in self.open_approvals() if one["run_id"] == run_id]
            assert not asked, f"parked instead of ending: {asked}"
            return run if run["status"] in ENDED else None

        return wait_until(there, seconds, every=0.2)

    def open_approvals(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/approvals?state=open").json()["data"]
        return found

    def reaches(self, run_id: str, statuses: set[str], seconds: float = 90) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            run = self.run(run_id)
            return run if run["status"] in statuses else None

        return wait_until(there, seconds, every=0.2)

    def parked(self, run_id: str, seconds: float = 90) -> dict[str, Any]:
        """The open approval of the run, once it waits."""

        def there() -> dict[str, Any] | None:
            mine = [approval for approval in self.open_approvals() if approval["run_id"] == run_id]
            run = self.run(run_id)
            assert run["status"] not in ENDED, (
                f"ended instead of parking: {run['status']} {run['result']} {run['error']}"
            )
            return mine[0] if mine else None

        return wait_until(there, seconds, every=0.2)

    def decide(self, approval: dict[str, Any], action: str, note: str = "") -> requests.Response:
        return self.call("POST", f"/approvals/{approval['id']}/decision", json={"action": action, "note": note})

    def resume(self, approval: dict[str, Any], note: str = "") -> None:
        answer = self.decide(approval, "resume", note)
        assert answer.status_code == 200, answer.text


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()
