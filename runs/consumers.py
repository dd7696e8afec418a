"""The sockets of the runs' pages: the list, one run, the audit log."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import replace
from urllib.parse import parse_qsl

from django.utils.safestring import SafeString

from live import fragments as html
from live import topics
from live.consumer import LIST_PACE_SECONDS, LiveConsumer, Missing
from runs import audit, fragments, listing, paging, planning_fragments, steps, timeline
from runs.models import Batch, Run
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


class RunConsumer(LiveConsumer):
    """One run: its head and screen as they change, its events by cursor."""

    permission = "runs.view_run"

    def open(self) -> None:
        upstream_id = self.scope["url_route"]["kwargs"]["upstream_id"]
        run = Run.objects.visible_to(self.user).filter(upstream_id=upstream_id).first()
        if run is None:
            raise Missing
        self.pk = run.pk
        self.run: Run | None = None  # as it was read for the update that is being made
        self.resume_at(paging.whole(query(self.scope).get("after", "")))

    def resume_at(self, after: int) -> None:
        self.after = max(0, after)
        self.place: steps.Place | None = None
        self.drawn = -1  # the newest frame when the pictures of the late steps were drawn

    def sharing(self) -> Hashable:
        place = self.place
        return self.pk, self.after, self.drawn, (place.step, place.closed, place.cents) if place else None

    def position(self) -> tuple[int, steps.Place | None, int]:
        return self.after, self.place, self.drawn

    def stand_at(self, position: tuple[int, steps.Place | None, int]) -> None:
        self.after, place, self.drawn = position
        self.place = replace(place) if place else None  # a row of its own: it moves on

    def topics(self) -> list[str]:
        return [topics.run(self.pk), topics.HEALTH]

    def regions(self) -> list[str]:
        run, self.run = self.run or self._fresh(), None
        return [fragments.run_head(run), fragments.run_screen(run), *self._late_frames(run)]

    def additions(self) -> list[str]:
        run = self.run = self._fresh()
        if self.place is None:
            self.place = timeline.place_at(run, self.after)
        shown_step = self.place.step if self.after else -1
        parts = timeline.after(run, self.after, self.place)
        found = []
        for part in parts:
            self.after = part.lines[-1].event.seq
            if part.number <= shown_step:
                found.append(html.append(f"lines-{run.pk}-{part.number}", fragments.lines(run, part)))
            else:
                found.append(html.append(f"timeline-{run.pk}", self._new_step(run, part)))
        if parts and run.cursor > self.after:
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
        self.drawn = run.frame_cursor
        if run.frame_cursor < 0:
            return []
        return [fragments.step_frames(run, part) for part in timeline.drawn(run, range(first, newest + 1))]

    def _fresh(self) -> Run:
        return Run.objects.select_related("connection", "started_by").get(pk=self.pk)


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
