"""What the jobs stand on: people by name and screen, runs that wait already, and what really happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.hands import Effort, Hands
from tests.conftest import wait_until
from tests.e2e.driver import ENDED, Client, Stack

WAYS = ("keyboard", "mouse", "phone")
ADA = "sign in as ada@example.com with password lovelace"
SHOTS = Path(__file__).resolve().parent / "out"


@dataclass
class Done:
    """One job done one way."""

    job: str
    way: str  # keyboard, mouse, phone
    effort: Effort


@dataclass
class Desk:
    stack: Stack
    enter: Callable[[str, str], Hands]
    people: dict[tuple[str, str], Hands] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)

    def person(self, name: str, size: str = "desktop") -> Hands:
        if (name, size) not in self.people:
            self.people[name, size] = self.enter(name, size)
        return self.people[name, size]

    def way(self, name: str, way: str) -> Hands:
        return self.person(name, "phone" if way == "phone" else "desktop")

    def client(self, name: str) -> Client:
        if name not in self.clients:
            self.clients[name] = self.stack.client(name)
        return self.clients[name]

    def run(self, run_id: str) -> dict[str, Any]:
        return self.client("admin").run(run_id)

    def starts(
        self, task: str, count: int = 1, looks: tuple[int, ...] = (0,), first: int = 0, **more: Any
    ) -> list[str]:
        """Runs of an operator, each on a machine of its own; {practice} in the task is the site in the next look."""
        return [
            self.client("operator").start(
                task.format(practice=self.stack.practice(looks[at % len(looks)])), machine_id=machine, **more
            )
            for at, machine in enumerate(self.stack.machines(first + count)[first:])
        ]

    def parked(self, task: str, count: int = 1, looks: tuple[int, ...] = (0,), first: int = 0) -> list[dict[str, Any]]:
        """Approvals of so many runs that wait; each job clears what it has opened."""
        return [self.client("reviewer").parked(run) for run in self.starts(task, count, looks, first)]

    def becomes(self, run_id: str, status: str, seconds: float = 90) -> dict[str, Any]:
        found = self.client("admin").reaches(run_id, {"succeeded", "failed", "cancelled", "timed_out"}, seconds)
        assert found["status"] == status, (found["status"], found["result"], found["error"])
        return found

    def approval(self, pk: int) -> dict[str, Any]:
        found: dict[str, Any] = self.client("admin").call("GET", f"/approvals/{pk}").json()
        return found

    def delivered(self, pk: int, verdict: str, by: str) -> None:
        """The approval was decided so, by this person, and upstream has it."""
        decision = wait_until(
            lambda: (d := self.approval(pk)["decision"]) and d["delivery"] == "delivered" and d, 30, every=0.2
        )
        assert (decision["action"], decision["decided_by"]) == (verdict, by), decision

    def audited(self, act: str, actor: str, run_id: str = "") -> dict[str, Any]:
        """The newest such entry, by this person."""
        found = self.client("admin").call("GET", f"/audit?act={act}&run={run_id}").json()["data"]
        assert found, f"no {act} in the audit log"
        assert found[0]["actor"] == actor, found[0]
        entry: dict[str, Any] = found[0]
        return entry

    def paid(self) -> int:
        return sum(entry["act"] == "pay_invoice" for entry in self.stack.ledger())

    def said(self, run_ids: Sequence[str]) -> str:
        return str([self.client("admin").events(run_id) for run_id in run_ids])

    def picture(self, name: str) -> None:
        """What stood on every open page, for whoever looks into a failure."""
        SHOTS.mkdir(exist_ok=True)
        for (who, size), hands in self.people.items():
            hands.page.screenshot(path=SHOTS / f"jobs-{name}-{who}-{size}.png")

    def clear(self) -> None:
        """Ends what a job that failed has left on the machines."""
        for run in self.client("admin").call("GET", "/runs").json()["data"]:
            if run["status"] not in ENDED:
                self.client("admin").call("POST", f"/runs/{run['id']}/cancel")

    def noise(self) -> list[str]:
        return [line for hands in self.people.values() for line in hands.noise]
