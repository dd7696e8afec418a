"""Owns the page of a case file: one HTML file that opens without a network and runs no script."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from runs import cuts, steps, timeline
from runs.casefile import signing
from runs.models import Run


def drawn(run: Run, about: dict[str, Any], names: dict[int, str], desk: dict[str, Any], audit: dict[str, Any]) -> str:
    """The page; `names` are the files of the frames. Of very long texts it shows a part: the events have them whole."""
    found = run.events.filter(seq__lte=run.cursor).order_by("seq")
    shown = steps.grouped(steps.lines(cuts.events(found), steps.Place()))
    timeline.give_frames(run, shown)
    context = {
        "run": run,
        "about": about,
        "steps": [{"step": step, "pictures": steps.pictures(step)} for step in shown],
        "names": names,
        "desk": desk,
        "audit": audit["entries"],
        "made_at": timezone.now(),
        "public_key": signing.public_key(),
    }
    return render_to_string("runs/casefile.html", context)
