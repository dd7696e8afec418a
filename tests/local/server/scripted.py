"""The platform with a scripted agent in place of the one that sees: its task is a list of commands, one a line.

`step`, `say TEXT`, `reason TEXT`, `ask REASON`, `act TYPE JSON`, `goto URL`, `click X Y`, `type TEXT`, `press KEY+KEY`,
`keep`, `blur X Y W H`, `spin` (works until told to stop), `fail VERDICT`, `give up`, `crash TEXT`, `raw NOTE-FILE`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from starlette.applications import Starlette

from coasty_local.__main__ import main
from coasty_local.agent.ports import Action, Desk, Display, Job, Outcome
from coasty_local.agent.scene import Box


def work(job: Job, display: Display, desk: Desk) -> Outcome:
    note = ""
    for line in job.task.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "ask":
            note = desk.ask("question", rest)
        elif word == "raw":
            Path(rest).write_text(note)
        elif word == "echo":
            desk.say(note)
        elif word == "fail":
            return Outcome(False, "not done", rest)
        elif word == "give":
            return Outcome(False, "gave up")
        else:
            _do(word, rest, display, desk)
    return Outcome(True, "all done", "seen")


def _do(word: str, rest: str, display: Display, desk: Desk) -> None:
    if word == "say":
        desk.say(rest)
    elif word == "reason":
        desk.reason(rest)
    elif word == "step":
        desk.begin(Action("wait", {"seconds": 0}, "wait"))
        desk.finish(True)
        desk.step()
    elif word == "act":
        kind, _, params = rest.partition(" ")
        desk.begin(Action(kind, json.loads(params or "{}"), kind))
        desk.finish(True)
    elif word == "spin":
        while True:
            desk.check()
            time.sleep(0.01)
    elif word == "crash":
        raise RuntimeError(rest)
    else:
        _use(word, rest, display, desk)


def _use(word: str, rest: str, display: Display, desk: Desk) -> None:
    if word == "goto":
        display.goto(rest)
    elif word == "click":
        x, y = rest.split()
        display.click(int(x), int(y))
    elif word == "type":
        display.type_text(rest)
    elif word == "press":
        display.press(rest.split("+"))
    elif word == "keep":
        desk.keep(display.grab())
    elif word == "blur":
        desk.keep(display.grab(), [Box(*map(int, rest.split()))])
    else:
        raise ValueError(f"no such command: {word}")


if __name__ == "__main__":
    sys.exit(main(None, work, Starlette()))
