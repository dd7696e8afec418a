"""The tour's steps are ticked off by what has happened, are for one's role, and end for good."""

from __future__ import annotations

import pytest

from approvals import decisions, tour
from runs.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


def done(user):
    return [step.is_done for step in tour.steps(user)]


def test_each_step_is_ticked_off_when_it_has_happened(desk, people):
    assert done(people.admin) == [False] * 4
    scripted, run, approval = desk.parked()
    assert done(people.admin) == [False] * 4  # somebody else's run is not mine
    Run.objects.filter(pk=run.pk).update(started_by=people.admin)
    assert done(people.admin) == [True, True, False, False]
    assert [step.is_next for step in tour.steps(people.admin)] == [False, False, True, False]
    desk.pursue(decisions.decide(people.admin, approval, "resume", ""))
    scripted.finish()
    desk.follow(scripted)
    assert done(people.admin) == [True] * 4


def test_it_is_offered_beside_the_practice_site_only_and_ends_for_one_person(client, people, settings):
    settings.UPSTREAM_IS_LOCAL = True
    client.force_login(people.operator, "django.contrib.auth.backends.ModelBackend")
    assert "The whole job once" in client.get("/").content.decode()
    assert client.get("/tour/end/").status_code == 405
    assert client.post("/tour/end/").status_code == 302
    assert "The whole job once" not in client.get("/").content.decode()
    assert tour.is_offered(people.reviewer)
    assert not tour.is_offered(people.stranger)
    settings.UPSTREAM_IS_LOCAL = False
    assert not tour.is_offered(people.reviewer)
