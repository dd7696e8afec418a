"""Owns reading a run's events and frames as steps: the newest part, what came before it, what came after a cursor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import OuterRef, QuerySet, Subquery

from runs import cuts, steps
from runs.models import Event, Frame, Run
from runs.news import after

FIRST = 160  # events that a page begins with; drawing them is most of what it costs
PAGE = 300  # events in one further part
LEAD, TAIL = 40, 120  # events before and after the one that a reader goes to
REPLAYED = 2000


@dataclass(frozen=True)
class Part:
    """Steps in a row, and where the unread begins before and after them; 0 where there is none."""

    steps: list[steps.Step]
    earlier: int = 0  # their first event
    later: int = 0  # their last event


def newest(run: Run) -> Part:
    """The last steps."""
    return _before(run, run.events.all(), FIRST, None)


def earlier(run: Run, before: int, after: int = 0) -> Part:
    """The last steps of what a page lacks: the events between `after` and `before`."""
    return _before(run, run.events.filter(seq__lt=before, seq__gt=after), PAGE, before)


def around(run: Run, seq: int, before: int, after: int = 0) -> Part:
    """The steps around the event `seq`, of what a page lacks between `after` and `before`."""
    lacking = run.events.filter(seq__lt=before, seq__gt=after)
    lead = cuts.events(lacking.filter(seq__lt=seq).order_by("-seq")[:LEAD])[::-1]
    tail = cuts.events(lacking.filter(seq__gte=seq).order_by("seq")[:TAIL])
    batch = lead + tail
    if not batch:
        return Part([])
    has_more = lacking.filter(seq__gt=batch[-1].seq).exists()
    shown, is_cut = _whole_steps(run, lacking, batch, seq)
    if has_more and shown[-1].key > seq:
        shown = shown[:-1]
    last = shown[-1].lines[-1].event.seq
    give_frames(run, shown, last + 1 if has_more else before)
    return Part(shown, shown[0].key if is_cut else 0, last if has_more else 0)


def _before(run: Run, lacking: QuerySet[Event], count: int, before: int | None) -> Part:
    batch = cuts.events(lacking.order_by("-seq")[:count])[::-1]
    if not batch:
        return Part([])
    shown, is_cut = _whole_steps(run, lacking, batch, batch[-1].seq)
    give_frames(run, shown, before)
    return Part(shown, shown[0].key if is_cut else 0)


def _whole_steps(run: Run, lacking: QuerySet[Event], batch: list[Event], seq: int) -> tuple[list[steps.Step], bool]:
    """The events by step, and whether some stand before them; then the first is whole, but where it holds `seq`."""
    shown = steps.grouped(steps.lines(batch, place_at(run, batch[0].seq - 1)))
    is_cut = lacking.filter(seq__lt=batch[0].seq).exists()
    return shown[1:] if is_cut and shown[0].lines[-1].event.seq < seq else shown, is_cut


def news(places: Collection[tuple[int, int]]) -> dict[tuple[int, int], list[Event]]:
    """What came after each (run, seq)."""
    return after(places, PAGE)


def told(run: Run, found: Sequence[Event], place: steps.Place) -> list[steps.Step]:
    """These new events by step; `place` moves on."""
    shown = steps.grouped(steps.lines(found, place))
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
    if not shown or run.frame_cursor < 0:
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
