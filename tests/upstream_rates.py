"""What drives many scripted runs at a chosen rate: one timer for all, each event written straight to its socket."""

from __future__ import annotations

import random
import time

from tests.scripted_runs import Manner

TICK_SECONDS = 0.002
IMPATIENCE = 0.01  # a run that is asked to act while it waits for a person gives up so often
ENDINGS = ("succeeded", "succeeded", "failed", "cancelled", "timed_out")
MANNERS = {
    "plain": Manner(),
    "crlf": Manner(eol="\r\n"),
    "cr": Manner(eol="\r"),
    "mixed": Manner(eol="mixed"),
    "wrapped": Manner(is_wrapped=True),
    "bare": Manner(is_wrapped=True, has_id=False, has_event=False),
    "times": Manner(has_created_at=True),
    "trickle": Manner(is_trickle=True),
    "unchunked": Manner(is_chunked=False),
    "drops": Manner(drop_after=9),
    "drops-character": Manner(drop_after=7, cut_inside="character"),
    "drops-id": Manner(drop_after=8, cut_inside="id"),
    "drops-crlf": Manner(drop_after=8, cut_inside="crlf", eol="\r\n"),
    "unchunked-drops": Manner(is_chunked=False, drop_after=6),
    "rotates": Manner(rotate_after=9),
    "rotates-soon": Manner(rotate_seconds=3.0),
    "repeats": Manner(repeat=5, drop_after=9),
    "whole-log": Manner(ignores_cursor=True, rotate_seconds=3.0),  # cut after a count, a longer log would never end
    "comments": Manner(comments=100),
    "closes-at-pause": Manner(closes_at_pause=True),
    "no-done": Manner(has_done=False),
}


def cast(names):
    """The manners of these names; all of them for `all`."""
    return list(MANNERS.values()) if names == ["all"] else [MANNERS[name] for name in names]


class Steady:
    """Runs that never end, each event going to the next run in a shuffled ring; a payload carries when it was sent.

    `sent_ns` is `time.monotonic_ns()`, which all processes of one machine share. A run speaks the six events of a step
    in turn: text, tool_call, tool_result, text, step, billing.
    """

    def __init__(self, upstream, runs, rate, seed, manners, prefix="run"):
        self.upstream, self.rate, self.sent, self.behind_seconds = upstream, rate, 0, 0.0
        self.runs = [self._make(f"{prefix}-{number:06d}", manners[number % len(manners)]) for number in range(runs)]
        self._ring = list(self.runs)
        random.Random(seed).shuffle(self._ring)
        self._at, self._due, self._beats = 0, 0.0, dict.fromkeys(self.runs, 0)
        self._is_on = False

    def _make(self, run_id, manner):
        run = self.upstream.add(manner, id=run_id)
        run.go()
        return run

    def start(self):
        """On the loop's thread."""
        if not self._is_on and self._ring:
            self._is_on, self._due = True, time.monotonic()
            self._tick()

    def stop(self):
        self._is_on = False

    def pace(self, rate):
        self.rate, self._due = rate, time.monotonic()

    def _tick(self):
        if not self._is_on:
            return
        now = time.monotonic()
        self.behind_seconds = now - self._due
        while self.rate and self._due <= now:
            self._due += 1 / self.rate
            self._next()
            if time.monotonic() - now > 0.05:  # the sockets must have their turn
                break
        self.upstream.loop.call_later(TICK_SECONDS, self._tick)

    def _next(self):
        run = self._ring[self._at % len(self._ring)]
        self._at += 1
        beat = self._beats[run] = self._beats[run] + 1
        kind, raw = _spoken(beat)
        run.tell(kind, raw)
        self.sent += 1

    def finish(self):
        """End every run."""
        self.stop()
        for run in self.runs:
            if not run.is_over:
                run.finish()


def _spoken(beat):
    step, turn = divmod(beat - 1, 6)
    stamp = f'"sent_ns": {time.monotonic_ns()}'
    if turn == 1:
        params = '{"x": 412, "y": 230}'
        return "tool_call", f'{{"step": {step}, "action_type": "click", "tool": "click", "params": {params}, {stamp}}}'
    if turn == 2:
        return "tool_result", f'{{"step": {step}, "success": true, "duration_ms": 12, {stamp}}}'
    if turn == 4:
        return "step", f'{{"steps_completed": {step + 1}, {stamp}}}'
    if turn == 5:
        cents = 5 * (step + 1)
        return "billing", f'{{"credits_charged": {cents}, "cost_cents": {cents}, {stamp}}}'
    return "text", f'{{"text": "Looking at the page, grüßend 北京", "step": {step}, {stamp}}}'


class Lives:
    """So many runs in flight, each with a life of its own: steps, pauses that wait for a person, an end; then the next.

    `rate` is events a second over all runs; an act that makes five counts as five.
    """

    def __init__(self, upstream, runs, rate, seed, manners, prefix="life"):
        self.upstream, self.rate, self.wanted, self.prefix = upstream, rate, runs, prefix
        self.sent, self.behind_seconds, self.runs = 0, 0.0, []
        self._random, self._manners = random.Random(seed), manners
        self._acts, self._moving, self._is_on, self._due = {}, [], False, 0.0
        for _run in range(runs):
            self._add()

    def _add(self):
        number = len(self.runs)
        run = self.upstream.add(self._manners[number % len(self._manners)], id=f"{self.prefix}-{number:06d}")
        self.runs.append(run)
        self._moving.append(run)
        self._acts[run] = self._plan()

    def _plan(self):
        """The acts of a life, last first."""
        acts = ["go"]
        for _pause in range(self._random.choice((0, 1, 1, 2))):
            acts += ["step"] * self._random.randint(1, 3) + ["pause"]
        acts += ["step"] * self._random.randint(1, 3) + ["finish"]
        return acts[::-1]

    def start(self):
        if not self._is_on:
            self._is_on, self._due = True, time.monotonic()
            self._tick()

    def stop(self):
        self._is_on = False

    def pace(self, rate):
        self.rate, self._due = rate, time.monotonic()

    def drain(self):
        """Begin no new life."""
        self.wanted = 0

    def finish(self):
        self.drain()
        for run in self.runs:
            if not run.is_over:
                run.finish()

    def _tick(self):
        if not self._is_on:
            return
        now = time.monotonic()
        self.behind_seconds = now - self._due
        while self.rate and self._due <= now:
            self._due += max(1, self._act()) / self.rate
            if time.monotonic() - now > 0.05:
                break
        self.upstream.loop.call_later(TICK_SECONDS, self._tick)

    def _act(self):
        """One act of one run that may go on; how many events it made."""
        if not self._moving:
            return self.rate / 20
        at = self._random.randrange(len(self._moving))
        run = self._moving[at]
        before = len(run.log)
        if run.is_over:
            self._moving[at] = self._moving[-1]
            self._moving.pop()
            if len(self._moving) < self.wanted:
                self._add()
        elif run.status == "awaiting_human":
            if self._random.random() < IMPATIENCE:
                run.finish("timed_out")
        else:
            self._do(run, self._acts[run].pop() if self._acts[run] else "finish")
        made = len(run.log) - before
        self.sent += made
        return made

    def _do(self, run, act):
        if act == "pause":
            run.pause(f"Which account should I use? ({len(run.log)}) 北京")
        elif act == "finish":
            run.finish(self._random.choice(ENDINGS))
        elif act == "step":
            run.step("Grüße 😀 at the page")
        else:
            run.go()
