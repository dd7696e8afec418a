"""The sockets of the runs' pages: the list, one run, the audit log."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from django.utils import timezone
from django.utils.safestring import SafeString

from live import fragments as html
from live import topics
from live.consumer import LIST_PACE_SECONDS, LiveConsumer, Missing
from live.drawings import facts
from runs import audit, budgets, fragments, listing, news, paging, planning_fragments, steps, timeline
from runs.budgets import Standing
from runs.models import Batch, Event, Run
from runs.requests import known_run
from runs.searching import Filters

ROW = "run-row-"
MOST_ROWS = 200  # that one page may ask to be kept up
LATE_FRAMES = 20  # how many of the newest steps may still get a frame
CHAIN_SECONDS = 30  # how long a verified audit chain is believed


class RunsConsumer(LiveConsumer):
    """The list as the page's own address narrows it: its rows change in place, new ones are counted."""

    permission = "runs.view_run"
    pace_seconds = LIST_PACE_SECONDS

    def open(self) -> None:
        given = query(self.scope)
        self.filters = Filters.read(given)
        self.known = paging.whole(given.get("known", ""))

    def topics(self) -> list[str]:
        return [topics.RUNS, topics.HEALTH]

    def regions(self) -> list[str]:
        rows = [key.removeprefix(ROW) for key in self.shown if key.startswith(ROW)]
        shown = [paging.whole(pk) for pk in rows[:MOST_ROWS]]
        return listing.regions(self.user, self.filters, shown, self.known)


class Ahead(NamedTuple):
    """What was read for one socket's update."""

    run: Run
    events: list[Event]
    notices: list[Standing]
    was_parked: bool


class RunConsumer(LiveConsumer):
    """One run: its head and screen as they change, its events by cursor."""

    permission = "runs.view_run"
    reads_together = True

    def open(self) -> None:
        upstream_id = self.scope["url_route"]["kwargs"]["upstream_id"]
        run = known_run(self.user, upstream_id)
        if run is None:
            raise Missing
        self.pk = run.pk
        self.ahead: Ahead | None = None  # read for the update that is being made
        self.resume_at(paging.whole(query(self.scope).get("after", "")))

    def resume_at(self, after: int) -> None:
        self.after = max(0, after)
        self.place: steps.Place | None = None
        self.drawn = -1  # the newest frame when the pictures of the late steps were drawn
        self.framed = -1  # how far the events went then
        self.headed: object = None  # what the head was drawn from
        self.screened: object = None  # and the screen

    def sharing(self) -> Hashable:
        place = self.place
        # What the head and the screen were drawn from is told by what is shown.
        return self.pk, self.after, self.drawn, (place.step, place.closed, place.cents) if place else None

    def position(self) -> Any:
        return self.after, self.place, (self.drawn, self.framed, self.headed, self.screened)

    def stand_at(self, position: Any) -> None:
        self.after, place, (self.drawn, self.framed, self.headed, self.screened) = position
        self.place = replace(place) if place else None  # a row of its own: it moves on

    def topics(self) -> list[str]:
        return [topics.run(self.pk), topics.HEALTH]

    @classmethod
    def read_ahead(cls, sockets: Sequence[RunConsumer]) -> None:
        """The runs and what came after each socket's cursor: a few statements for all of them."""
        runs = news.rows({socket.pk for socket in sockets})
        known = [socket for socket in sockets if socket.pk in runs]
        events = timeline.news([(socket.pk, socket.after) for socket in known if runs[socket.pk].cursor > socket.after])
        headed = [runs[socket.pk] for socket in known if socket.wants(f"run-head-{socket.pk}")]
        news.give_connections(headed)
        notices = budgets.near_of_runs(headed) if headed else {}
        parked = news.parked([run.pk for run in headed])
        for socket in sockets:
            run, found = runs.get(socket.pk), events.get((socket.pk, socket.after), [])
            socket.ahead = Ahead(run, found, notices.get(socket.pk, []), socket.pk in parked) if run else None

    def regions(self) -> list[str]:
        if self.ahead is None:
            raise Missing
        (run, _events, notices, was_parked), self.ahead = self.ahead, None
        found: list[str] = []
        if self.wants(f"run-head-{run.pk}"):
            head = facts(run), facts(run.connection), notices, timezone.localdate()
            # What it waited with, and what came of that, moves on by itself.
            if was_parked or head != self.headed:
                found.append(fragments.run_head(run, notices, was_parked=was_parked))
                self.headed = head
        # A screen changes with its frame and with what is done on it.
        screen = run.frame_cursor, run.cursor, run.is_terminal
        if self.wants(f"run-screen-{run.pk}") and screen != self.screened:
            found.append(fragments.run_screen(run))
            self.screened = screen
        return [*found, *self._late_frames(run)]

    def additions(self) -> list[str]:
        if self.ahead is None:
            raise Missing
        run, events, *_ = self.ahead
        if not events:
            return []
        if self.place is None:
            self.place = timeline.place_at(run, self.after)
        shown_step = self.place.step if self.after else -1
        parts = timeline.told(run, events, self.place)
        found = []
        for part in parts:
            self.after = part.lines[-1].event.seq
            if part.number <= shown_step:
                found.append(html.append(f"lines-{run.pk}-{part.number}", fragments.lines(run, part)))
            else:
                found.append(html.append(f"timeline-{run.pk}", self._new_step(run, part)))
        if run.cursor > self.after:
            self.dirty_again()
        return found

    def _new_step(self, run: Run, part: steps.Step) -> SafeString:
        frames = fragments.step_frames(run, part)
        self.shown.pop(f"step-frames-{run.pk}-{part.number - LATE_FRAMES - 1}", None)  # it will not be drawn again
        self.shown[html.root_id(frames)] = html.version(frames)
        return fragments.step(run, part)

    def _late_frames(self, run: Run) -> list[str]:
        # Frames come in after the events of their step: the newest steps are drawn again when they have. Acts without
        # a new frame concern the step under way.
        newest = self.place.step if self.place else 0
        first = max(1, newest if run.frame_cursor == self.drawn else newest - LATE_FRAMES)
        is_new, self.drawn = (run.frame_cursor, self.after) != (self.drawn, self.framed), run.frame_cursor
        self.framed = self.after
        if run.frame_cursor < 0 or not is_new:
            return []
        return [fragments.step_frames(run, part) for part in timeline.drawn(run, range(first, newest + 1))]


class BatchConsumer(LiveConsumer):
    """One batch: its head and its rows."""

    permission = "runs.view_run"
    pace_seconds = LIST_PACE_SECONDS

    def open(self) -> None:
        self.pk = self.scope["url_route"]["kwargs"]["pk"]
        if self._fresh() is None:
            raise Missing

    def sharing(self) -> Hashable:
        return "batch", self.pk

    def topics(self) -> list[str]:
        return [topics.batch(self.pk), topics.RUNS]

    def regions(self) -> list[str]:
        batch = self._fresh()
        return [planning_fragments.batch_head(batch), planning_fragments.batch_items(batch)] if batch else []

    def _fresh(self) -> Batch | None:
        begun = Batch.objects.exclude(state=Batch.State.DRAFT).select_related("connection", "recipe")
        return begun.filter(pk=self.pk).first()


class AuditConsumer(LiveConsumer):
    """The audit log as the page's own address narrows it."""

    permission = "runs.view_auditentry"

    def open(self) -> None:
        self.filters = query(self.scope)
        self.checked, self.checked_at = audit.standing(), time.monotonic()

    def topics(self) -> list[str]:
        return [topics.AUDIT]

    def regions(self) -> list[str]:
        if time.monotonic() - self.checked_at > CHAIN_SECONDS:
            self.checked, self.checked_at = audit.standing(), time.monotonic()
        page = paging.whole(self.filters.get("page", ""), 1)
        return [fragments.audit_list(self.filters, page, self.checked)]


def query(scope: dict[str, bytes]) -> dict[str, str]:
    """The socket's query string; the page passes its own on."""
    return dict(parse_qsl(scope["query_string"].decode("latin-1")))
