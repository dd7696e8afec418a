"""How well the agent does on sites it was not made for: `python -m bench.agent sign_in sign_up checkout --seeds 0-66`.

Each task is done in a fresh browser context against a world of its own; the server of that world says afterwards what
was really done. One browser at a time. Results go to bench/out/ as JSON lines, a summary to the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import cv2

from bench.rehearsal import Rehearsal
from coasty_local.agent import worker
from coasty_local.agent.perception import eyes
from coasty_local.agent.ports import Action, Image, Job, Outcome, Stopped
from coasty_local.agent.scene import Box
from coasty_local.machines.fleet import Fleet
from tests.local.sites import corpus
from tests.local.sites.street import Street
from tests.local.sites.world import Act

OUT = Path(__file__).parent / "out"
SECONDS = 90.0
ASKS = 6


class Known(Protocol):
    """What a world says after the run."""

    def done(self) -> bool: ...

    def wrong_acts(self) -> list[Act]: ...

    def leaks(self) -> list[str]: ...


@dataclass
class Case:
    """One task to be done, wherever it comes from."""

    name: str
    text: str
    world: Known
    claim: bool
    answers: dict[str, str]
    says: str = ""


@dataclass
class Result:
    name: str
    verdict: str  # success, parked, failed, slow, claimed wrongly, crashed
    seconds: float
    steps: int
    looks: int
    look_seconds: float
    asks: list[str]
    wrong_acts: list[Act]
    leaks: list[str]
    done: bool
    summary: str
    text: str
    told: list[str] = field(default_factory=list)


class Desk:
    """Answers what the task's person would answer; parks at everything else. Keeps what was told and the last frame."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers, self.asks, self.told = answers, list[str](), list[str]()
        self.steps, self.parked, self.late = 0, False, False
        self.frame: Image | None = None
        self._end = time.monotonic() + SECONDS

    def check(self) -> None:
        if self.parked or time.monotonic() > self._end:
            self.late = not self.parked
            raise Stopped

    def say(self, text: str) -> None:
        self.told.append(text)

    def reason(self, text: str) -> None:
        self.told.append(f"  ({text})")

    def begin(self, action: Action) -> None:
        self.check()
        self.told.append(f"  > {action.action_type} {action.params} {action.description}")

    def finish(self, success: bool, error: str | None = None) -> None:
        if not success:
            self.told.append(f"  ! {error}")

    def keep(self, image: Image, blur: Sequence[Box] = ()) -> None:
        self.frame = image

    def step(self) -> None:
        self.steps += 1
        self.check()

    def ask(self, kind: str, reason: str, image: Image | None = None, blur: Sequence[Box] = ()) -> str:
        self.asks.append(f"{kind}: {reason}")
        self.frame = image if image is not None else self.frame
        note = next((text for word, text in self.answers.items() if word in kind), None)
        if note is None or len(self.asks) > ASKS:
            self.parked = True
            raise Stopped
        return note


class Looks:
    """Counts the agent's looks and their time."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._see = eyes.Eyes.see
        looks = self

        def see(self: eyes.Eyes, image: Image) -> object:
            begun = time.perf_counter()
            try:
                return looks._see(self, image)
            finally:
                looks.times.append(time.perf_counter() - begun)

        eyes.Eyes.see = see  # type: ignore[assignment, method-assign]

    def take(self) -> list[float]:
        taken, self.times = self.times, []
        return taken


def run(case: Case, fleet: Fleet, looks: Looks) -> tuple[Result, Desk]:
    """Do one task; never raises for what the agent does."""
    desk = Desk(case.answers)
    display = fleet.fresh("bench")
    begun = time.monotonic()
    try:
        outcome: Outcome | None = worker.work(Job(case.text, max_steps=60), display, desk)
        fault = ""
    except Stopped:
        outcome, fault = None, ""
    except Exception as error:  # a fault of the agent is a result, too
        outcome, fault = None, f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - begun
    threading.Event().wait(0.05)  # the last report of a typed sign is on its way
    times = looks.take()
    result = Result(
        case.name,
        _verdict(case, outcome, desk, fault),
        round(seconds, 2),
        desk.steps,
        len(times),
        round(sum(times), 3),
        desk.asks,
        case.world.wrong_acts(),
        case.world.leaks(),
        case.world.done(),
        fault or (outcome.summary if outcome else ""),
        case.text,
        desk.told,
    )
    return result, desk


def _verdict(case: Case, outcome: Outcome | None, desk: Desk, fault: str) -> str:
    if fault:
        return "crashed"
    if outcome is not None and outcome.passed:
        right = case.world.done() and case.says in outcome.summary
        return "success" if case.claim and right else "claimed wrongly"
    if not case.claim:
        return "slow" if desk.late else "success"
    if outcome is not None:
        return "failed"
    return "slow" if desk.late else "parked"


def cases(names: list[str], seeds: list[int], street: Street, rehearsal: Rehearsal, every: int) -> Iterator[Case]:
    """The wanted cases; each world is opened when its turn comes."""
    count = 0
    for seed in seeds:
        for name in names:
            if name == "practice":
                for errand, text, world in rehearsal.errands(seed):
                    count += 1
                    if count % every == 0:
                        yield Case(f"practice {seed} {errand.name}", text, world, errand.claim, errand.answers)
                continue
            for at, task in enumerate(corpus.SITES[name].tasks(seed)):
                count += 1
                if count % every == 0:
                    world, url = street.open(task, corpus.SITES[name])
                    yield Case(
                        f"{name} {seed}.{at}",
                        task.text.replace("{url}", url),
                        world,
                        task.claim,
                        task.answers,
                        task.says,
                    )


def report(results: list[Result]) -> str:
    """The summary: counts, shares, times, and the failures by class."""
    total = len(results)
    if not total:
        return "no task was begun in time"
    verdicts = Counter(result.verdict for result in results)
    shares = [f"{name} {count} ({count / total:.1%})" for name, count in verdicts.most_common()]
    wrong, shown = sum(bool(r.wrong_acts) for r in results), sum(bool(r.leaks) for r in results)
    good = sorted(result.seconds for result in results if result.verdict == "success") or [0.0]
    looks = sum(result.looks for result in results) or 1
    lines = [
        f"{total} tasks: " + ", ".join(shares),
        f"claimed wrongly {verdicts['claimed wrongly']}, tasks with a wrong act {wrong}, secret shown {shown}",
        f"seconds a successful task p50 {statistics.median(good):.1f}, p95 {good[-1 - len(good) // 20]:.1f}; "
        f"looks a task {looks / total:.1f}, seconds a look {sum(r.look_seconds for r in results) / looks:.3f}",
    ]
    lines.append(f"{'site':10}{'tasks':>7}{'success':>9}{'parked':>8}{'other':>7}{'wrong':>7}{'look':>8}")
    for name in dict.fromkeys(result.name.split()[0] for result in results):
        lines.append(_row(name, [r for r in results if r.name.split()[0] == name]))
    lines.append(_row("all", results))
    for result in results:
        if result.verdict != "success" or result.wrong_acts or result.leaks:
            lines.append(_line(result))
    return "\n".join(lines)


def _row(name: str, results: list[Result]) -> str:
    """One line of the table; the last column is the mean of a look's seconds."""
    verdicts = Counter(result.verdict for result in results)
    good, parked = verdicts["success"], verdicts["parked"]
    wrong = sum(bool(r.wrong_acts) or r.verdict == "claimed wrongly" for r in results)
    look = sum(r.look_seconds for r in results) / (sum(r.looks for r in results) or 1)
    count = len(results)
    return f"{name:10}{count:7}{good:9}{parked:8}{count - good - parked:7}{wrong:7}{look:7.2f}s"


def _line(result: Result) -> str:
    why = result.asks[-1] if result.asks and result.verdict == "parked" else result.summary
    more = f" WRONG {result.wrong_acts}" if result.wrong_acts else ""
    more += f" SHOWN IN {result.leaks}" if result.leaks else ""
    return f"- {result.name} {result.verdict}{' (but done)' if result.done else ''}: {why[:220]}{more}"


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.agent", description=__doc__)
    parser.add_argument(
        "sites", nargs="*", default=list(corpus.FORMS), help="; ".join([*corpus.SITES, "practice", "all"])
    )
    parser.add_argument("--seeds", type=_seeds, default=_seeds("0-9"))
    parser.add_argument("--every", type=int, default=1, help="take every n-th task only")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    parser.add_argument("--minutes", type=float, default=6.0, help="begin no task after this long")
    parser.add_argument("--quiet", action="store_true", help="only the summary")
    wanted = parser.parse_args()
    names = [*corpus.SITES, "practice"] if "all" in wanted.sites else wanted.sites
    folder = OUT / f"agent-{datetime.now(UTC):%H%M%S}-{os.getpid()}"
    folder.mkdir(parents=True)
    results: list[Result] = []
    with ExitStack() as stack:
        street, rehearsal = stack.enter_context(Street()), stack.enter_context(Rehearsal())
        profile = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        fleet = Fleet(wanted.chromium, profile / "browsers", lambda _: True)
        stack.callback(fleet.close_all)
        looks = Looks()
        end = time.monotonic() + wanted.minutes * 60
        stopped = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())  # the table is printed whatever ends the bench
        for case in cases(names, wanted.seeds, street, rehearsal, wanted.every):
            if time.monotonic() > end or stopped.is_set():
                break
            result, desk = run(case, fleet, looks)
            results.append(result)
            _keep(folder, result, desk)
            if not wanted.quiet:
                print(f"{result.verdict:16} {result.seconds:5.1f} s  {result.name}", flush=True)
    print(report(results))
    print(f"details: {folder}")
    sys.exit(any(result.verdict == "claimed wrongly" or result.leaks for result in results))


def _keep(folder: Path, result: Result, desk: Desk) -> None:
    with (folder / "results.jsonl").open("a") as file:
        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
    if result.verdict != "success" and desk.frame is not None:
        cv2.imwrite(str(folder / f"{result.name.replace(' ', '-')}.png"), desk.frame)


if __name__ == "__main__":
    main()
