"""When the console itself fails, page, part and API tell an id that stands in its log, and what to do."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(desk):
    """An approval whose run's acts can't be read any more: a moment in the database is none."""
    scripted, run, approval = desk.parked()
    scripted.emit("action", {"action_type": "click", "params": {"x": 1, "y": 2}})
    desk.follow(scripted)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE runs_event SET received_at = '2026-02-30 10:00:00' WHERE run_id = %s", [run.pk])
    return run, approval


@pytest.fixture
def reviewer(people):
    client = Client(raise_request_exception=False)
    client.force_login(people.reviewer)
    return client


def logged(caplog, failure):
    """The log's line of this failure that has the reason behind it."""
    (record,) = [each for each in caplog.records if failure in each.getMessage() and each.exc_info]
    return record.getMessage()


def test_a_page_that_fails_tells_the_number_of_its_line_in_the_log_and_offers_to_try_again(broken, reviewer, caplog):
    run, _approval = broken
    address = f"/runs/{run.upstream_id}/"
    answer = reviewer.get(f"{address}?a=1&b=2")
    page = answer.content.decode()
    assert answer.status_code == 500, page
    failure = answer.headers["Failure-Id"]
    assert re.fullmatch(r"[0-9a-f]{8}", failure)
    assert f'<code class="failure-id">{failure}</code>' in page
    assert f'href="{address}?a=1&amp;b=2">Try again<' in page
    assert logged(caplog, failure) == f"Failure {failure}: Internal Server Error: {address}"
    assert "Traceback" not in page
    german = reviewer.get(address, headers={"accept-language": "de"}).content.decode()
    assert '<html lang="de">' in german
    assert "Bei uns ging etwas kaputt" in german


def test_what_was_sent_and_failed_is_not_said_to_be_undone(broken, reviewer, caplog):
    _run, approval = broken
    answer = reviewer.post(f"/approvals/{approval.pk}/decide/", {"note": "no verdict"})
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "It is not known whether what you sent was done" in page
    assert "Try again" not in page
    assert logged(caplog, answer.headers["Failure-Id"])


def test_a_part_of_a_page_and_the_api_tell_the_number_too(broken, reviewer, caplog):
    run, approval = broken
    part = reviewer.get(f"/approvals/{approval.pk}/facts/", headers={"HX-Request": "true"})
    assert part.status_code == 500
    assert logged(caplog, part.headers["Failure-Id"])
    told = reviewer.get(f"/api/runs/{run.upstream_id}/events")
    error = told.json()["error"]
    assert (told.status_code, error["code"]) == (500, "INTERNAL_ERROR")
    assert error["failure_id"] == told.headers["Failure-Id"]
    assert error["failure_id"] in error["message"]
    assert logged(caplog, error["failure_id"]).endswith(f"GET /api/runs/{run.upstream_id}/events failed")
