"""`manage.py run "task"`: start a run, print its progress, end as it ends."""

from __future__ import annotations

import getpass
import logging
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.urls import reverse

from coasty_api import errors
from runs import control, public, steps
from runs.models import Event, Run
from runs.relay import leases
from runs.relay.supervisor import Relay
from runs.states import Status, Stream

_LOOK_SECONDS = 0.2
_LINE = 300
_ENDS: dict[str, int] = {Status.SUCCEEDED: 0, Status.FAILED: 1, Status.CANCELLED: 2, Status.TIMED_OUT: 3}
_NOT_STARTED = 4
_NOT_VERIFIED = 1


class Command(BaseCommand):
    help = (
        "Start a run and print how it goes. Ends with 0 only when the run succeeded; 1 failed, 2 cancelled, "
        "3 timed out, 4 could not be started. Ctrl-C stops the printing, not the run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="what is to be done, as one would tell a person")
        parser.add_argument("--machine", metavar="ID", help="which machine; without it the first one that runs")
        parser.add_argument("--max-steps", type=int, metavar="N", help="how many steps it may take at most")
        parser.add_argument("--instructions", help="what the agent is to know beside the task")
        parser.add_argument("--deadline", type=int, metavar="SECONDS", help="how long it may take, pauses included")
        parser.add_argument("--follow", action="store_true", help="print every event, not only changes of state")

    def handle(self, *args: Any, **options: Any) -> None:
        fields = {
            "task": options["task"],
            "machine_id": options["machine"],
            "max_steps": options["max_steps"],
            "instructions": options["instructions"],
            "deadline_seconds": options["deadline"],
        }
        logging.getLogger("runs").setLevel(logging.WARNING)
        try:
            run = control.start(None, fields, actor_name=f"{getpass.getuser()} (command line)")
        except errors.CoastyError as problem:
            self.stderr.write(f"Not started: {_refusal(problem)}")
            sys.exit(_NOT_STARTED)
        sys.exit(self._accompany(run, options["follow"]))

    def _accompany(self, run: Run, prints_all: bool) -> int:
        self._say(f"Run {run.upstream_id} is started.")
        relay = None if leases.alive().exists() else Relay()
        if relay:
            relay.start()
        try:
            return self._to_the_end(run, prints_all)
        except KeyboardInterrupt:
            self._say("No longer printing; the run goes on.")
            return 130
        finally:
            if relay:
                relay.stop()

    def _to_the_end(self, run: Run, prints_all: bool) -> int:
        shown, said, trouble = 0, "", ""
        while True:
            run.refresh_from_db()
            for event in run.events.filter(seq__gt=shown).order_by("seq"):
                shown = event.seq
                if prints_all:
                    self._say_event(event)
            if run.status != said:
                said = run.status
                self._say_status(run)
            if run.is_terminal and run.stream == Stream.ENDED:
                return self._verdict(run)
            if run.stream_detail != trouble:
                trouble = run.stream_detail
                self._say(f"({trouble})" if trouble else "(following again)")
            time.sleep(_LOOK_SECONDS)

    def _say_event(self, event: Event) -> None:
        title, text, _tone = steps.words(event.type, event.payload)
        self._say(f"{event.seq:>5}  {title}{': ' if text else ''}{text}")

    def _say_status(self, run: Run) -> None:
        if run.status == Status.AWAITING_HUMAN:
            where = public.address(reverse("approvals"))
            self._say(f"It needs a person: {run.awaiting_human_reason}\n       Decide at {where}")
        elif not run.is_terminal:
            self._say(f"{_word(run.status)}.")

    def _verdict(self, run: Run) -> int:
        summary = str((run.result or {}).get("summary") or "")
        problem = str((run.error or {}).get("message") or "")
        cost = f"{run.steps_completed} steps, ${run.cost_cents / 100:.2f}"
        self._say(f"{_word(run.status)} ({cost}). {summary or problem}".strip())
        if run.status == Status.SUCCEEDED and (run.result or {}).get("passed") is False:
            self._say("But upstream says that the result did not pass its own check.")
            return _NOT_VERIFIED
        return _ENDS.get(run.status, 1)

    def _say(self, line: str) -> None:
        """Upstream's text must not steer the terminal."""
        clean = "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in line)
        self.stdout.write(clean if len(clean) <= _LINE else f"{clean[:_LINE]} …")
        self.stdout.flush()


def _word(status: str) -> str:
    return str(Status(status).label) if status in Status.values else status


def _refusal(problem: errors.CoastyError) -> str:
    if isinstance(problem, errors.Invalid) and problem.details:
        told = (f"{'.'.join(map(str, item.get('loc', [])[1:]))}: {item.get('msg')}" for item in problem.details)
        return "; ".join(told)
    return problem.message
