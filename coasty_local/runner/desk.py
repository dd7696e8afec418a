"""A run's desk: what the agent tells and asks there becomes events, frames, steps and pauses."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Protocol

import cv2

from coasty_local import wire
from coasty_local.agent.ports import Action, Display, Image, Stopped
from coasty_local.agent.scene import Box
from coasty_local.runner import notes, policy
from coasty_local.runner.life import Life
from coasty_local.runner.lives import Lives
from coasty_local.store import keys
from coasty_local.store.database import Database
from coasty_local.store.frames import Frames

JPEG_QUALITY = 80
LONGEST_TEXT = 16_000


class Slots(Protocol):
    """Who counts the runs at work."""

    def step_aside(self, life: Life) -> None: ...

    def come_back(self, life: Life) -> None: ...

    def watch_pause(self, row: sqlite3.Row) -> None: ...


class RunDesk:
    """Implements `Desk` for one run, on that run's thread."""

    def __init__(self, row: sqlite3.Row, life: Life, db: Database, lives: Lives, frames: Frames, slots: Slots,
                 display: Display) -> None:  # fmt: skip
        self._run_id = row["id"]
        self._pauses = row["on_awaiting_human"]
        self._max_steps = row["max_steps"]
        self._price = wire.STEP_CENTS[row["cua_version"]] if row["mode"] == "live" else 0
        self._policy = json.loads(row["action_policy"] or "{}")
        self._life = life
        self._db = db
        self._lives = lives
        self._frames = frames
        self._slots = slots
        self._display = display
        self._steps = 0
        self._actions = 0
        self._began = 0.0

    def check(self) -> None:
        self._life.check()

    def say(self, text: str) -> None:
        self._emit("text", {"text": self._shown(text), "step": self._steps + 1})

    def reason(self, text: str) -> None:
        self._emit("reasoning", {"text": self._shown(text), "step": self._steps + 1})

    def begin(self, action: Action) -> None:
        self.check()
        self._afford()
        if broken := policy.violation(self._policy, action, self._actions):
            self._fail("ACTION_POLICY_VIOLATION", f"The action policy stopped the run: {broken}.")
        data = {
            "step": self._steps + 1, "action_type": action.action_type, "tool": action.action_type,
            "params": self._clean(action.params), "description": self._shown(action.description),
        }  # fmt: skip
        self._emit("tool_call", data)
        self._actions += 1
        self._began = time.monotonic()

    def finish(self, success: bool, error: str | None = None) -> None:
        data: dict[str, Any] = {"step": self._steps + 1, "success": success}
        if error:
            data["error"] = self._shown(error)
        data["duration_ms"] = round((time.monotonic() - self._began) * 1000)
        self._emit("tool_result", data)

    def keep(self, image: Image, blur: Sequence[Box] = ()) -> None:
        self.check()
        height, width = image.shape[:2]
        jpeg = encode(image, blur)
        self._frames.add(self._run_id, jpeg, step=self._steps + 1, width=width, height=height)

    def step(self) -> None:
        self.check()
        row = self._lives.step(self._run_id)
        if row is None:
            self._afford()
            raise Stopped
        self._steps = row["steps_completed"]

    def ask(self, kind: str, reason: str, image: Image | None = None, blur: Sequence[Box] = ()) -> str:
        self.check()
        reason = self._shown(reason)
        self.keep(self._display.grab() if image is None else image, blur)
        if self._pauses != "pause":
            self._refuse_to_wait(reason)
        answer = self._life.expect()
        row = self._lives.park(self._run_id, reason)
        if row is None:
            raise Stopped
        self._slots.watch_pause(row)
        self._slots.step_aside(self._life)
        note = answer.result()
        self._slots.come_back(self._life)
        self.check()
        return note

    def _refuse_to_wait(self, reason: str) -> None:
        move = "fail" if self._pauses == "fail" else "decline"
        message = f"The run needed a person and was created to {self._pauses} then: {reason}"
        self._lives.end(self._run_id, move, error={"code": "AWAITING_HUMAN", "message": message})
        self._life.end()
        raise Stopped

    def _afford(self) -> None:
        """End the run when no further step may be made."""
        if self._steps >= self._max_steps:
            self._fail("MAX_STEPS_REACHED", f"The run used up its {self._max_steps} steps before it was done.")
        if self._price and keys.balance(self._db) < self._price:
            self._fail("WALLET_EXHAUSTED", f"The wallet can't pay the next step ({self._price} cents).")

    def _fail(self, code: str, message: str) -> None:
        self._lives.end(self._run_id, "fail", error={"code": code, "message": message})
        self._life.end()
        raise Stopped

    def _emit(self, kind: str, data: dict[str, Any]) -> None:
        self.check()
        if not self._lives.emit(self._run_id, kind, data):
            raise Stopped

    def _shown(self, text: str) -> str:
        return notes.masked(text[:LONGEST_TEXT], self._life.secrets)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._shown(value)
        if isinstance(value, dict):
            return {key: self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(item) for item in value]
        return value.item() if hasattr(value, "item") else value


def encode(image: Image, blur: Sequence[Box] = ()) -> bytes:
    """The picture as JPEG; each box in `blur` becomes one flat colour, so that nothing in it can be read."""
    if blur:
        image = image.copy()
    for box in blur:
        area = image[max(box.y, 0) : max(box.bottom, 0), max(box.x, 0) : max(box.right, 0)]
        if area.size:
            area[:] = area.mean(axis=(0, 1))
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("the picture can't be encoded")
    return bytes(data.tobytes())
