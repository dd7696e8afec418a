"""Context and rendering of each fragment of the runs' pages; they read, and never write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from live import fragments
from live.drawings import Drawings, facts
from runs import acts, budgets, paging, states, steps, timeline
from runs.audit import Standing
from runs.models import AuditEntry, Connection, Frame, Run

PAGE_SIZE = 40
_LONGEST_KEPT = 4000  # characters of a step that is kept as it was drawn
_DRAWN = Drawings(4000)  # steps of runs, and their frames
STREAM_WORDS: dict[str, str] = {
    states.Stream.IDLE: gettext_noop("Not followed yet"),
    states.Stream.CONNECTING: gettext_noop("Connecting to the event stream"),
    states.Stream.LIVE: gettext_noop("Live"),
    states.Stream.RECONNECTING: gettext_noop("Reconnecting; what is shown may be old"),
    states.Stream.REFUSED: gettext_noop("Upstream refuses to show this run's events"),
    states.Stream.ENDED: gettext_noop("The stream has ended"),
}


def run_head(run: Run, notices: list[budgets.Standing] | None = None, *, was_parked: bool = True) -> SafeString:
    """State, steps, cost, time, stream, budgets nearly used up, what was decided, and at the end the result."""
    approvals = run.approvals.select_related("decision__decided_by", "decision__policy").order_by("-id")
    return fragments.render(
        "runs/_run_head.html",
        {
            "run": run,
            "connection": run.connection,
            "stream_words": _(STREAM_WORDS.get(run.stream, run.stream)),
            "approval": approvals.first() if was_parked else None,
            "terminal": run.is_terminal,
            "result": result_words(run),
            "notices": budgets.near_of_run(run) if notices is None else notices,
            "under_way": _under_way_on_its_machine(run),
        },
    )


def _under_way_on_its_machine(run: Run) -> Run | None:
    """What a queued run most likely waits for: upstream works on one run of a machine at a time."""
    if run.status != states.Status.QUEUED or not run.machine_id:
        return None
    others = Run.objects.live().filter(connection=run.connection_id, machine_id=run.machine_id)
    return others.exclude(status=states.Status.QUEUED).order_by("-id").first()


def result_words(run: Run) -> dict[str, Any] | None:
    """What came out: a sentence, whether upstream verified it, and what upstream sent, to the letter."""
    if not run.is_terminal:
        return None
    result = run.result if isinstance(run.result, dict) else {}
    error = run.error if isinstance(run.error, dict) else {}
    passed = result.get("passed")
    return {
        "summary": steps.first_string(result, "summary", "verdict", "status"),
        "passed": passed if isinstance(passed, bool) else None,
        "error_code": steps.first_string(error, "code"),
        "error": steps.first_string(error, "message"),
    }


def run_screen(run: Run) -> SafeString:
    """The newest frame, with the acts of its step drawn on it."""
    frame = timeline.latest_frame(run) if run.frame_cursor >= 0 else None
    return fragments.render("runs/_run_screen.html", {"run": run, "picture": picture(run, frame)})


def picture(run: Run, frame: Any) -> steps.Picture | None:
    """A frame with the marks of its step's acts; None without a frame."""
    if frame is None or frame.step is None:
        return steps.Picture(frame, []) if frame else None
    return next((p for p in steps.pictures(timeline.step(run, frame.step)) if p.frame.index == frame.index), None)


def run_timeline(run: Run) -> SafeString:
    """The newest steps, oldest first, with a way to the earlier ones."""
    part = timeline.newest(run)
    context = {"run": run, "steps": _parts(run, part.steps), "until": part.earlier, "since": 0}
    return fragments.render("runs/_timeline.html", context)


def earlier_steps(run: Run, before: int, after: int = 0, around: int = 0) -> str:
    """Steps that a page lacks between two events, the last ones or those `around` a third; they stand in place of the
    button that asked for them, with one for what is still lacking on either side.
    """
    part = timeline.around(run, around, before, after) if around else timeline.earlier(run, before, after)
    context = {"run": run, "steps": _parts(run, part.steps), "until": part.earlier, "since": after}
    return render_to_string("parts/earlier_steps.html", {**context, "later": part.later, "before": before})


def _parts(run: Run, shown: Sequence[steps.Step]) -> list[SafeString]:
    return [step(run, part) for part in shown]


def step(run: Run, part: steps.Step) -> SafeString:
    """One step whole. A long run is not drawn anew for each look at it."""
    frames = step_frames(run, part)
    context = {"run": run, "step": part, "frames": frames, "lines": part.lines}
    lines = tuple((*_said(line), line.event.created_at, line.event.received_at) for line in part.lines)
    return _kept((run.pk, part.number, frames, lines), "runs/_step.html", context)


def _said(line: steps.Line) -> tuple[int, str, str, str, str, str]:
    return line.event.seq, line.event.type, line.title, line.text, line.tone, line.raw


def _kept(values: Any, template: str, context: dict[str, Any]) -> SafeString:
    def draw() -> SafeString:
        return fragments.render(template, context)

    is_long = sum(len(line.text) + len(line.raw) for line in context["step"].lines) > _LONGEST_KEPT
    return draw() if is_long else _DRAWN.of((template, values), draw)


def step_frames(run: Run, part: steps.Step) -> SafeString:
    """The frames of one step with the acts drawn on them."""
    pictures = steps.pictures(part)
    context = {"run": run, "step": part, "pictures": pictures}
    values = run.pk, run.upstream_id, part.number, tuple(map(_seen, pictures))
    return _kept(values, "runs/_step_frames.html", context)


def _seen(picture: steps.Picture) -> tuple[Any, ...]:
    frame, after = picture.frame, picture.after.index if picture.after else None
    marks = tuple((mark.number, mark.title, tuple(mark.spots)) for mark in picture.marks)
    return frame.index, frame.step, frame.width, frame.height, frame.taken_at, frame.received_at, after, marks


def lines(run: Run, part: steps.Step) -> str:
    """Rows to add to a step that the page shows already."""
    return "".join(fragments.render("runs/_line.html", {"run": run, "line": line}) for line in part.lines)


def health() -> SafeString:
    """How upstream stands, in words."""
    return fragments.render("runs/_health.html", {"connections": known_connections()})


def alerts() -> SafeString:
    """What concerns a whole connection, on every page: its key is refused, it is down, it hides runs."""
    troubled = Q(health__in=[Connection.Health.REFUSED, Connection.Health.DOWN]) | Q(is_unlisted=True)
    found = Connection.objects.filter(troubled, is_enabled=True).order_by("name")
    return fragments.render("runs/_alerts.html", {"connections": list(found)})


def known_connections() -> list[Connection]:
    """All that are followed, and those that are switched off but have runs here."""
    return [row for row in Connection.objects.order_by("-is_from_settings", "name") if row.is_enabled or _has_runs(row)]


def _has_runs(connection: Connection) -> bool:
    return Run.objects.filter(connection=connection).exists()


def board(user: Any) -> SafeString:
    """The runs under way that wait for nobody, each with its newest frame."""
    # What waits for a person stands above it, in the queue.
    under_way = (
        Run.objects.visible_to(user).live().exclude(status=states.Status.AWAITING_HUMAN, approvals__state="open")
    )
    runs = list(under_way.order_by("-created_at")[:24])
    frames = timeline.latest_frames(runs)
    cards = [_card(run, frames.get(run.pk)) for run in runs]
    total = under_way.count()
    context = {"cards": cards, "total": total, "more": total - len(cards)}
    return fragments.render("runs/_board.html", {**context, "may_start": user.has_perm("runs.start_run")})


def _card(run: Run, frame: Frame | None) -> SafeString:
    values = "card", facts(run), frame and (frame.index, frame.width, frame.height)
    return _DRAWN.of(
        values, lambda: SafeString(render_to_string("parts/board_card.html", {"run": run, "frame": frame}))
    )


def audit_list(filters: dict[str, str], page: int, checked: Standing) -> SafeString:
    """One page of the audit log, newest first, and whether its chain holds."""
    entries = AuditEntry.objects.select_related("run").order_by("-seq")
    if filters.get("run"):
        entries = entries.filter(run__upstream_id=filters["run"])
    if filters.get("person"):
        entries = entries.filter(actor_name__in=_spellings(filters["person"]))
    if filters.get("act"):
        entries = entries.filter(act__in=_acts(filters["act"]))
    found = paging.Pages(entries, PAGE_SIZE).get_page(page)
    return fragments.render(
        "runs/_audit_list.html",
        {
            "page": found,
            "rows": [_audit_row(entry) for entry in found],
            "filters": filters,
            "keep": urlencode({name: filters[name] for name in ("run", "person", "act") if filters.get(name)}),
            "holds": checked.broken_at is None,
            "broken_at": checked.broken_at,
            "checked_to": checked.seq,
            "whole_at": checked.whole_at,
        },
    )


def _audit_row(entry: AuditEntry) -> SafeString:
    """One entry, drawn once, as it never changes; of one that was changed all the same what it says now."""
    values = "audit", facts(entry), entry.run and entry.run.upstream_id

    def draw() -> SafeString:
        told = {"entry": entry, "facts": acts.facts(entry)}
        return SafeString(render_to_string("parts/audit_row.html", told))

    return _DRAWN.of(values, draw)


def _spellings(person: str) -> list[str]:
    """The names as they may stand in the log: an index finds them, which no comparison without case would use."""
    known = User.objects.filter(username__iexact=person).values_list("username", flat=True)
    return [*{person, person.lower(), *known}]


def _acts(wanted: str) -> list[str]:
    """The acts in the log that are meant: there are few, and each is one step in an index away from the next."""
    found: list[str] = []
    last = ""
    while act := AuditEntry.objects.filter(act__gt=last).order_by("act").values_list("act", flat=True).first():
        found, last = [*found, act] if acts.belongs(act, wanted) else found, act
    return found
