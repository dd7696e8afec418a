"""Chaos: kills processes at random moments of a seeded plan while runs are in flight and decided; then compares.

    python -m bench.chaos --seconds 300 --seed 7 --mode split

prints what it kills and when, and one line for each thing that must hold. Exit code 0 only when all of it holds; the
same seed repeats the plan. `make chaos SECONDS=300 SEED=7` is the same.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from bench.chaos_parts import JOURNAL, MODES, Parts, journals
from bench.chaos_people import Reviewer
from tests.upstream_process import Process

ROOT = Path(__file__).resolve().parent.parent
SETTLE_SECONDS = 150.0
_LAST_PACE = 300.0  # events a second
ENDED = {"succeeded", "failed", "cancelled", "timed_out"}
TAG = re.compile(r"\[decision ([0-9a-f]+)\]")


class Blow(NamedTuple):
    """`part` dies `at` seconds after the start and comes back `down` seconds later; "upstream": its streams are cut."""

    at: float
    part: str
    down: float


def plan(seed: int, seconds: float, parts: list[str]) -> list[Blow]:
    """The blows of a seed; a part that is down is not hit again before it had a moment to come up."""
    chance = random.Random(seed)
    others = ["upstream", *journals(parts)]  # nobody starts these again
    blows, now, free = [], 6.0, dict.fromkeys([*parts, *others], 0.0)
    while now < seconds:
        ready = [part for part in [*parts, *parts, *others] if free[part] <= now]
        if ready:
            part = chance.choice(ready)
            down = 0.0 if part in others else round(chance.choice((0.0, 0.5, 2.0, 4.0)), 1)
            blows.append(Blow(round(now, 2), part, down))
            free[part] = now + down + chance.uniform(5.0, 9.0)
        now += chance.uniform(1.5, 6.0)
    return blows


class Chaos:
    def __init__(self, far: Process, parts: Parts, seed: int, reviewers: int) -> None:
        self.far, self.parts = far, parts
        self.reviewers = [
            Reviewer(parts.base, name, token, seed) for name, token in list(parts.tokens.items())[:reviewers]
        ]
        self.failures: list[str] = []
        self._began = time.monotonic()

    def say(self, words: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {words}", flush=True)

    def run(self, blows: list[Blow], seconds: float) -> None:
        self._began = time.monotonic()
        self.far.tell("start")
        for reviewer in self.reviewers:
            reviewer.start()
        acts = [(blow.at, 0, blow) for blow in blows] + [(blow.at + blow.down, 1, blow) for blow in blows]
        for at, is_return, blow in sorted(acts):
            self._wait_for(at)
            if is_return:
                self._return(blow)
            else:
                self._strike(blow)
        self._wait_for(seconds)
        self.say("no more blows, no new runs; what is in flight goes on to its end")
        self.far.tell("drain")
        self.far.tell("pace", rate=_LAST_PACE)

    def _wait_for(self, at: float) -> None:
        while (left := self._began + at - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            self.parts.revive()

    def _strike(self, blow: Blow) -> None:
        if blow.part == "upstream":
            self.say("cut all streams")
            self.far.tell("cut")
        elif blow.part.startswith(JOURNAL):
            pid = self.parts.kill_journal(blow.part.removeprefix(JOURNAL))
            self.say(f"kill {blow.part} (pid {pid})" if pid else f"{blow.part} is down already")
        else:
            self.say(f"kill {blow.part} (pid {self.parts.running[blow.part].pid}) for {blow.down} s")
            self.parts.kill(blow.part)

    def _return(self, blow: Blow) -> None:
        if blow.part in self.parts.commands:
            self.parts.start(blow.part)

    def settle(self) -> dict[str, Any]:
        """Wait until everything has ended and nothing is under way; the facts then, or at the end of patience."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline and self.far.ask("stats")["live"]:
            time.sleep(0.2)
            self.parts.revive()
        self.say("upstream has no live run any more")
        for reviewer in self.reviewers:
            reviewer.stop()
        waits = ""
        while True:
            facts = self.parts.facts()
            last, waits = waits, self._waits_for(facts)
            if not waits or time.monotonic() > deadline:
                self.say("not settled in time" if waits else "settled")
                return facts
            if waits != last:
                self.say(f"waits for {waits}")
            time.sleep(0.5)
            self.parts.revive()

    def _waits_for(self, facts: dict[str, Any]) -> str:
        """In words, with an example of each; nothing when all has settled."""
        runs, decisions = facts["runs"], facts["decisions"]
        of = {
            "runs that upstream has listed": sorted(set(self.far.ask("listed")) - set(runs)),
            "streams": [f"{name} {run}" for name, run in runs.items() if run["stream"] != "ended"],
            "decisions": [str(one) for one in decisions if one["delivery"] not in {"delivered", "refused"}],
        }
        return ", ".join(f"{len(found)} {words} ({found[0]})" for words, found in of.items() if found)

    # What must hold.

    def judge(self, facts: dict[str, Any]) -> bool:
        sent, writes = self.far.ask("sent"), self.far.ask("writes")
        events = sum(run["count"] for run in sent.values())
        self._runs(sent, facts)
        known = {name: run for name, run in sent.items() if name in facts["runs"]}
        self._must(f"{events} stored events of {len(sent)} runs equal what upstream sent", _differing(known, facts))
        self._must("no run is shown otherwise than upstream ended it", _misjudged(known, facts))
        self._must("no approval is open for a run that moved on", facts["open"])
        self._must("every stream is followed to its end", _unended(facts))
        self._decisions(facts, writes)
        self._must("the audit log's chain is whole", [] if facts["chain"][0] else [f"broken at {facts['chain'][1]}"])
        self._must("no process ended but by a blow", self.parts.ended)
        self._must("no process met what it does not know", self.parts.words("met what it does not know"))
        return not self.failures

    def _runs(self, sent: dict[str, Any], facts: dict[str, Any]) -> None:
        """A run is found by upstream's listings only: one that began and ended between them may be hidden for good."""
        unknown = [name for name in sent if name not in facts["runs"]]
        listed = set(self.far.ask("listed"))
        self._must("every run that upstream has listed is known", [name for name in unknown if name in listed])
        unseen = [name for name in unknown if name not in listed]
        words = f"{len(unseen)} runs that no listing has shown: the console says that there may be some"
        self._must(words, [] if facts["hides"] else unseen)

    def _decisions(self, facts: dict[str, Any], writes: list[dict[str, Any]]) -> None:
        stored = {decision["code"]: decision for decision in facts["decisions"]}
        told = [decision for reviewer in self.reviewers for decision in reviewer.told]
        self._must(
            f"none of {len(told)} decisions told to a caller is lost",
            [one["code"] for one in told if stored.get(one["code"], {}).get("verdict") != one["action"]],
        )
        self._must(
            f"each of {len(stored)} decisions has upstream's answer",
            [one for one in stored.values() if one["delivery"] not in {"delivered", "refused"}],
        )
        twice = [one for one, times in Counter(one["approval_id"] for one in stored.values()).items() if times > 1]
        self._must("no approval was decided twice", twice)
        landed = Counter(_code(write) for write in writes if write["verb"] == "resume" and write["status"] == 200)
        self._must("no resume landed twice", [code for code, times in landed.items() if times > 1])
        self._must("no resume came out of nothing", [code for code in landed if code not in stored])
        self._must("nothing is sent again after it has landed", _repeated(writes))
        resumed = {c for c, one in stored.items() if one["verdict"] == "resume" and one["delivery"] == "delivered"}
        self._must("every resume said to be delivered has landed", sorted(resumed - set(landed)))
        cancelled = {write["run"] for write in writes if write["verb"] == "cancel" and write["status"] == 200}
        cancels = [one for one in stored.values() if one["verdict"] != "resume" and one["delivery"] == "delivered"]
        unsent = [one for one in cancels if one["approval__run__upstream_id"] not in cancelled]
        self._must("every cancel said to be delivered has landed", unsent)

    def _must(self, words: str, wrong: list[Any]) -> None:
        print(f"  {'no ' if wrong else 'yes'}  {words}")
        for one in wrong[:5]:
            print(f"         {one}")
        if wrong:
            self.failures.append(words)


def _differing(sent: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    names = ("count", "last", "hash")
    return [
        f"{name}: sent {run}, stored {facts['runs'][name]}"
        for name, run in sent.items()
        if any(run[key] != facts["runs"][name][key] for key in names)
    ]


def _misjudged(sent: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    told = [(name, run["status"], facts["runs"][name]["status"]) for name, run in sent.items()]
    return [f"{name}: {there}, shown {here}" for name, there, here in told if there != here or there not in ENDED]


def _unended(facts: dict[str, Any]) -> list[str]:
    return [f"{name}: {run}" for name, run in facts["runs"].items() if run["stream"] != "ended"]


def _code(write: dict[str, Any]) -> str:
    found = TAG.search(write["note"] or "")
    return found[1] if found else f"no code: {write['note']}"


def _repeated(writes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A resume whose code had landed, a cancel of a run that a cancel had ended."""
    landed, again = set(), []
    for write in writes:
        name = _code(write) if write["verb"] == "resume" else write["run"]
        if name in landed:
            again.append(write)
        if write["status"] == 200:
            landed.add(name)
    return again


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--mode", choices=list(MODES), default="split")
    parser.add_argument("--runs", type=int, default=150, help="in flight")
    parser.add_argument("--rate", type=float, default=150.0, help="events a second")
    parser.add_argument("--newest-first", action="store_true", help="upstream lists so: then no run can hide")
    parser.add_argument("--reviewers", type=int, default=4)
    parser.add_argument("--errors", type=float, default=0.02, help="share of upstream's answers that go wrong")
    options = parser.parse_args()
    blows = plan(options.seed, options.seconds, list(MODES[options.mode]))
    print(f"Seed {options.seed}, {options.mode}, {options.seconds:.0f} s, {len(blows)} blows", flush=True)
    return 0 if rage(options, blows) else 1


def rage(options: argparse.Namespace, blows: list[Blow]) -> bool:
    """Whether everything holds in the end."""
    numbers = {"runs": options.runs, "rate": options.rate, "seed": options.seed, "errors": options.errors}
    told = [f"--{name}={value}" for name, value in numbers.items()]
    told += ["--newest-first"] if options.newest_first else []
    people = [f"reviewer-{number}" for number in range(options.reviewers)]
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        with Process(*told, "--lives", "--faults=all", "--keepalive=5", "--hold") as far:
            with Parts(Path(folder), options.mode, far.base_url, far.key, people) as parts:
                chaos = Chaos(far, parts, options.seed, options.reviewers)
                chaos.run(blows, options.seconds)
                facts = chaos.settle()
                is_good = chaos.judge(facts)
                if not is_good:
                    kept = Path(tempfile.mkdtemp(prefix="chaos-failed-"))
                    Path(folder).rename(kept / "data")
                    print(f"Kept for a look: {kept}")
    print("All of it holds." if is_good else f"It does not hold: {'; '.join(chaos.failures)}.")
    return is_good


if __name__ == "__main__":
    sys.exit(main())
