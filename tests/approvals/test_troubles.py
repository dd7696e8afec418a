"""The list of runs can be narrowed to what an agent asked for."""

from __future__ import annotations

import pytest

from runs import searching, troubles
from runs.models import Run
from runs.searching import Filters

pytestmark = pytest.mark.django_db


def test_runs_are_found_by_the_kind_of_what_was_asked_once_however_often(desk):
    for reason in ("There is a captcha on the page.", "May I pay $5.00?"):
        scripted, _run = desk.run()
        scripted.pause(reason)
        desk.follow(scripted)
    found = searching.matching(Run.objects.all(), Filters.read({"trouble": "asked-captcha"}))
    assert [run.awaiting_human_reason for run in found] == ["There is a captcha on the page."]
    assert "Asked: Captcha" in [str(one.label) for one in troubles.known()]
