"""Owns when a run burns money: the same act on a screen that stays the same, or steps that change nothing.

`judge` is pure. `look` reads the runs that have gone on since it last looked, a bounded number of them, beside the
journal, and keeps what it found in the run's own row: lists show it without a join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from live import publish, topics
from runs import states
from runs.models import Run
from runs.moves import Move, recent
from runs.signals import waste_found

ACT, SCREEN = Run.Waste.ACT, Run.Waste.SCREEN
AT_ONCE = 60  # runs in one look; the rest are looked at by the next one
_EVENTS_A_STEP = 8
_WRITTEN = ("waste_kind", "waste_since", "waste_steps", "waste_cents", "waste_seen_steps")


@dataclass(frozen=True)
class Found:
    """The last steps repeat themselves: since which step, and how often the same was met."""

    kind: str
    since: int
    times: int


def judge(moves: Sequence[Move], repeats: int, still_steps: int) -> Found | None:
    """Whether the last of these steps goes round in circles.

    The same act counts only where the screen under it looks the same too, or is not known: paging through a list, or
    scrolling down, shows something new each time. A screen that stays exactly as it was tells more than one that only
    looks alike: who types into a form changes little that a glance would see.
    """
    done = [move for move in moves if move.acts or move.screen]
    return _same_act(done[-3 * repeats :], repeats) or _still(done, still_steps)


def _same_act(moves: Sequence[Move], repeats: int) -> Found | None:
    if not moves:
        return None
    last = moves[-1]
    same = [move for move in moves if move.does_the_same(last) and _no_news(move, last)]
    return Found(ACT, same[0].step, len(same)) if len(same) >= repeats else None


def _no_news(move: Move, last: Move) -> bool:
    return move.screen is None or last.screen is None or move.screen.looks_like(last.screen)


def _still(moves: Sequence[Move], still_steps: int) -> Found | None:
    count = 0
    last = moves[-1].screen if moves else None
    for move in reversed(moves):
        if last is None or move.screen is None or not move.screen.is_exactly(last):
            break
        count += 1
    return Found(SCREEN, moves[-count].step, count) if count >= still_steps else None


def look(limit: int = AT_ONCE) -> int:
    """Look at the runs that have gone on since the last look; how many are flagged or cleared by it."""
    return sum(_look(run) for run in list(_moved_on()[:limit]))


def _look(run: Run) -> bool:
    before = {"waste_kind": run.waste_kind, "waste_seen_steps": run.waste_seen_steps}
    is_news = _weigh(run)
    # One row at a time: whoever holds one lock only stands in nobody's way, least of all the journal's.
    # Of two that look at the same run one writes, so that an episode begins once.
    with transaction.atomic():
        same = Run.objects.filter(pk=run.pk, **before)
        if not same.update(**{name: getattr(run, name) for name in _WRITTEN}) or not is_news:
            return False
        publish.nudge(topics.RUNS, topics.run(run.pk))
        waste_found.send(sender=Run, run=run, has_begun=bool(run.waste_kind) and not before["waste_kind"])
    return True


def _moved_on() -> QuerySet[Run]:
    """What goes on and has new steps; a flagged one also once it is over. Those that are furthest behind come first."""
    least = min(settings.WASTE_REPEATS, settings.WASTE_STILL_STEPS)
    runs = Run.objects.filter(~Q(status__in=states.TERMINAL) | ~Q(waste_kind=""))
    runs = runs.filter(steps_completed__gte=least, steps_completed__gt=F("waste_seen_steps"))
    return runs.only("status", "steps_completed", "cost_cents", *_WRITTEN).order_by(
        F("waste_seen_steps") - F("steps_completed")
    )


def _weigh(run: Run) -> bool:
    """Put what is found into the row in memory; whether a page would show something else by it."""
    before = (run.waste_kind, run.waste_steps, run.waste_cents)
    repeats, still = settings.WASTE_REPEATS, settings.WASTE_STILL_STEPS
    found = judge(recent(run, _EVENTS_A_STEP * max(3 * repeats, still + 1)), repeats, still)
    run.waste_seen_steps = run.steps_completed
    if found is None:
        run.waste_kind, run.waste_since, run.waste_steps, run.waste_cents = "", None, 0, 0
    else:
        # What goes on since the last look began earlier than the window shows.
        since = run.waste_since if run.waste_kind and run.waste_since else found.since
        run.waste_since = min(since, found.since)
        run.waste_kind = found.kind
        run.waste_steps = max(found.times, run.steps_completed - run.waste_since + 1)
        run.waste_cents = _cents(run, run.steps_completed - run.waste_since)
    return before != (run.waste_kind, run.waste_steps, run.waste_cents)


def _cents(run: Run, steps: int) -> int:
    """What so many of its steps have cost, at what it was billed for a step so far."""
    return run.cost_cents * max(0, steps) // run.steps_completed if run.steps_completed else 0
