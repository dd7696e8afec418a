"""Owns reading a run's events and frames as steps: the newest part, what came before it, what came after a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from django.db.models import OuterRef, QuerySet, Subquery

from runs import cuts, steps
from runs.models import Event, Frame, Run

FIRST = 160  # events that a page begins with; drawing them is most of what it costs
PAGE = 300  # events in one further part
REPLAYED = 2000


def newest(run: Run, before: int | None = None) -> tuple[list[steps.Step], int]:
    """The last steps (before the event `before`), and the seq to ask for what is earlier; 0 when nothing is."""
    events = run.events.all() if before is None else run.events.filter(seq__lt=before)
    batch = cuts.events(events.order_by("-seq")[: FIRST if before is None else PAGE])[::-1]
    if not batch:
        return [], 0
    place = place_at(run, batch[0].seq - 1)
    shown = steps.grouped(steps.lines(batch, place))
    earlier = events.filter(seq__lt=batch[0].seq).exists()
    if earlier and len(shown) > 1:
        shown = shown[1:]  # cut at the edge of a step
    give_frames(run, shown, before)
    return shown, shown[0].key if earlier else 0


def after(run: Run, seq: int, place: steps.Place) -> list[steps.Step]:
    """What came after `seq`, by step; `place` moves on."""
    shown = steps.grouped(steps.lines(cuts.events(run.events.filter(seq__gt=seq).order_by("seq")[:PAGE]), place))
    give_frames(run, shown)
    return shown


def place_at(run: Run, seq: int) -> steps.Place:
    """Where in the steps the stream stood after the event `seq`."""
    place = steps.Place()
    past = run.events.filter(seq__lte=seq)
    last = past.filter(type="step").order_by("-seq").first()
    since = past.filter(seq__gte=last.seq) if last else past
    for event in cuts.events(since.order_by("seq")[:REPLAYED]):
        place.take(event.type, event.payload)
    place.cents = _cents_at(past) if seq else 0
    return place


def _cents_at(past: QuerySet[Event]) -> int | None:
    last = past.filter(type="billing").order_by("-seq").first()
    if last is not None:
        return steps.cents(last.payload)
    return None if past.filter(type="step").exists() else 0


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
    _link(run, list(shown.values()))
    return list(shown.values())


def last_acts(run: Run, count: int = 5) -> list[steps.Line]:
    """The newest acts, oldest first."""
    events = run.events.filter(type__in=steps.ACTS).order_by("-seq")[:count]
    found = []
    for event in reversed(cuts.events(events)):
        title, text, tone = steps.words(event.type, event.payload)
        found.append(steps.Line(event, steps.whole(event.payload, "step") or 0, title, text, tone))
    return found


def frames(run: Run) -> QuerySet[Frame]:
    """The run's frames without their pictures."""
    return run.frames.defer("image").order_by("index")


def latest_frames(runs: Iterable[Run]) -> dict[int, Frame]:
    """The newest frame of each run, without its picture, in two queries for all; by the run's key."""
    newest = Frame.objects.filter(run=OuterRef("pk")).order_by("-index").values("pk")[:1]
    asked = Run.objects.filter(pk__in=[run.pk for run in runs])
    found = dict(asked.values_list("pk", Subquery(newest)))
    pictures = Frame.objects.defer("image").in_bulk([pk for pk in found.values() if pk])
    return {run: pictures[pk] for run, pk in found.items() if pk in pictures}


def latest_frame(run: Run) -> Frame | None:
    return frames(run).last()


def give_frames(run: Run, shown: Sequence[steps.Step], before: int | None = None) -> None:
    """Put each frame into its step; one without a step goes where the stream stood when it came in."""
    if not shown:
        return
    by_number = {step.number: step for step in shown}
    for frame in frames(run).filter(step__in=by_number):
        by_number[frame.step or 0].frames.append(frame)
    homeless = frames(run).filter(step=None, after_seq__gte=shown[0].key)
    for frame in homeless if before is None else homeless.filter(after_seq__lt=before):
        home = [step for step in shown if step.key <= frame.after_seq]
        home[-1].frames.append(frame)
    _link(run, shown)


def _link(run: Run, shown: Sequence[steps.Step]) -> None:
    """Tell each step which frame came after its own."""
    with_frames = [step for step in shown if step.frames]
    for step, following in pairwise(with_frames):
        step.after = following.frames[0]
    if with_frames:
        last = with_frames[-1]
        last.after = frames(run).filter(index__gt=last.frames[-1].index).first()
