"""Reviewers that decide over the JSON API as fast as they can, several at once, and remember what they were told."""

from __future__ import annotations

import random
import threading
import uuid
from typing import Any

import requests

VERDICTS = ("resume", "resume", "resume", "resume", "resume", "resume", "fail", "cancel")


class Reviewer:
    """One caller in a thread of its own. `told` holds every decision that the console said stands."""

    def __init__(self, base: str, name: str, token: str, seed: int) -> None:
        self.name, self.told = name, list[dict[str, Any]]()
        self.refused: dict[int, int] = {}
        self._base, self._headers = base, {"Authorization": f"Bearer {token}"}
        self._random = random.Random(f"{seed}/{name}")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(40)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                rest = self._once()
            except requests.RequestException:
                rest = 0.3  # it is down
            self._stopping.wait(rest * self._random.uniform(0.5, 1.5))

    def _once(self) -> float:
        answer = requests.get(
            f"{self._base}/api/approvals", params={"state": "open", "limit": 50}, headers=self._headers, timeout=10
        )
        waiting = answer.json()["data"] if answer.ok else []
        if not waiting:
            return 0.4
        approval = self._random.choice(waiting)
        self._decide(approval["id"])
        return 0.1

    def _decide(self, approval_id: int) -> None:
        """The same call with the same key until an answer comes, as a careful client does."""
        body = {"action": self._random.choice(VERDICTS), "note": f"by {self.name} ünd 北京"}
        headers = self._headers | {"Idempotency-Key": uuid.UUID(int=self._random.getrandbits(128)).hex}
        while not self._stopping.is_set():
            try:
                answer = requests.post(
                    f"{self._base}/api/approvals/{approval_id}/decision", json=body, headers=headers, timeout=10
                )
            except requests.RequestException:
                self._stopping.wait(0.3)
                continue
            if answer.ok:
                self.told.append({"approval": approval_id, **answer.json()["decision"]})
            else:
                self.refused[answer.status_code] = self.refused.get(answer.status_code, 0) + 1
            if answer.status_code < 500:
                return
            self._stopping.wait(0.3)
