"""Owns the page of a case file: one HTML file that opens without a network and runs no script."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from live import manner
from live.manner import Manner
from runs import acts, cuts, steps, timeline
from runs.casefile import signing, words
from runs.models import Frame, Run

_ONCE = (
    "id",
    "reason",
    "decision",
    "endorsements",
    "comments",
)  # of an approval: what the page gives a place of its own
_HEAD = ("task", "status", "steps_completed", "cost_cents", "started_at", "finished_at")  # of the run, likewise
_BURNED = ("waste_since", "waste_steps", "waste_cents")  # noughts where nothing was


def drawn(
    run: Run, about: dict[str, Any], names: dict[int, str], desk: dict[str, Any], audit: dict[str, Any], like: Manner
) -> str:
    """The page in the manner of its reader; `names` are the files of the frames.

    Of very long texts it shows a part: the files beside it have them whole, and hold every value to the letter.
    """
    with manner.worn(like):
        found = run.events.filter(seq__lte=run.cursor).order_by("seq")
        shown = steps.grouped(steps.lines(cuts.events(found), steps.Place()))
        timeline.give_frames(run, shown)
        frames = dict(Frame.objects.filter(run=run).values_list("sha256", "index"))
        context = {
            "run": run,
            "facts": words.facts(about, *_HEAD, *(() if about["waste_kind"] else _BURNED)),
            "steps": [{"step": step, "pictures": steps.pictures(step)} for step in shown],
            "names": names,
            "approvals": [_approval(one, frames) for one in desk.get("approvals", [])],
            "takeovers": [words.facts(one) for one in desk.get("takeovers", [])],
            "audit": [{**entry, "said": acts.said(entry["act"])} for entry in audit["entries"]],
            "decisions": sum(bool(one["decision"]) for one in desk.get("approvals", [])),
            "made_at": timezone.now(),
            "zone": timezone.get_current_timezone_name(),
            "public_key": signing.public_key(),
        }
        return render_to_string("runs/casefile.html", context)


def _approval(told: dict[str, Any], frames: dict[str, int]) -> dict[str, Any]:
    """One question: what was asked, what was decided, who agreed and what was said, each as facts."""
    says = {
        "seen_frame_sha256": lambda value: _frame(value, frames.get(value)),
        "seen_reason": lambda value: _("The same as above") if value == told["reason"] else value,
    }
    decision = told["decision"]
    return {
        **told,
        "facts": words.facts(told, *_ONCE),
        "decided": words.facts(decision, says=says) if decision else [],
        "agreed": [words.facts(one, says=says) for one in told["endorsements"]],
    }


def _frame(sha256: str, index: int | None) -> SafeString:
    """The frame by its hash, and where it stands on the page."""
    code = words.as_code(sha256)
    if index is None:
        return format_html("{} {}", code, _("(not in this file)"))
    return format_html('<a href="#frame-{}">{}</a> {}', index, _("Frame %(index)s") % {"index": index}, code)
