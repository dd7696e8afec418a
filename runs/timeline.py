"""Owns reading a run's events and frames as steps: the newest part, what came before it, what came after a cursor."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from runs import steps
from runs.models import Frame, Run

PAGE = 300  # events shown at once; earlier ones come on demand
REPLAYED = 2000


def newest(run: Run, before: int | None = None) -> tuple[list[steps.Step], int]:
    """The last steps (before the event `before`), and the seq to ask for what is earlier; 0 when nothing is."""
    events = run.events.all() if before is None else run.events.filter(seq__lt=before)
    batch = list(reversed(events.order_by("-seq")[:PAGE]))
    if not batch:
        return [], 0
    place = place_at(run, batch[0].seq - 1)
    shown = steps.grouped(steps.lines(batch, place))
    earlier = events.filter(seq__lt=batch[0].seq).exists()
    if earlier and len(shown) > 1:
        shown = shown[1:]  # cut at the edge of a step
    give_frames(run, shown)
    return shown, shown[0].key if earlier else 0


def after(run: Run, seq: int, place: steps.Place) -> list[steps.Step]:
    """What came after `seq`, by step; `place` moves on."""
    shown = steps.grouped(steps.lines(run.events.filter(seq__gt=seq).order_by("seq")[:PAGE], place))
    give_frames(run, shown)
    return shown


def place_at(run: Run, seq: int) -> steps.Place:
    """Where in the steps the stream stood after the event `seq`."""
    place = steps.Place()
    past = run.events.filter(seq__lte=seq)
    last = past.filter(type="step").order_by("-seq").first()
    since = past.filter(seq__gte=last.seq) if last else past
    for event in since.order_by("seq")[:REPLAYED]:
        place.take(event.type, event.payload)
    return place


def step(run: Run, number: int) -> steps.Step:
    """One step with its acts and frames, as the pictures need it."""
    return drawn(run, [number])[0]


def drawn(run: Run, numbers: Sequence[int]) -> list[steps.Step]:
    """Some steps with their acts and frames only, as the pictures need them."""
    if not numbers:
        return []
    shown = {number: steps.Step(number) for number in numbers}
    for frame in frames(run).filter(step__in=shown):
        shown[frame.step or 0].frames.append(frame)
    for line in last_acts(run, 200):
        if line.step in shown:
            shown[line.step].lines.append(line)
    return list(shown.values())


def last_acts(run: Run, count: int = 5) -> list[steps.Line]:
    """The newest acts, oldest first."""
    events = run.events.filter(type__in=steps.ACTS).order_by("-seq")[:count]
    found = []
    for event in reversed(events):
        title, text, tone = steps.words(event.type, event.payload)
        found.append(steps.Line(event, steps.whole(event.payload, "step") or 0, title, text, tone))
    return found


def frames(run: Run) -> QuerySet[Frame]:
    """The run's frames without their pictures."""
    return run.frames.defer("image").order_by("index")


def latest_frame(run: Run) -> Frame | None:
    return frames(run).last()


def give_frames(run: Run, shown: Sequence[steps.Step]) -> None:
    """Put each frame into its step; one without a step goes where the stream stood when it came in."""
    if not shown:
        return
    by_number = {step.number: step for step in shown}
    for frame in frames(run).filter(step__in=by_number):
        by_number[frame.step or 0].frames.append(frame)
    for frame in frames(run).filter(step=None, after_seq__gte=shown[0].key):
        home = [step for step in shown if step.key <= frame.after_seq]
        home[-1].frames.append(frame)
