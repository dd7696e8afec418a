"""A person's zone and language, and when they may be told something."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from django.test import Client
from django.utils import timezone

from approvals.models import Preferences
from approvals.notices import preferences
from live import manner
from runs.models import AuditEntry


def row(**fields):
    return Preferences(time_zone=fields.pop("time_zone", "Europe/Berlin"), **fields)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-01-10 20:59", "2026-01-10 20:59"),  # 21:59 in Berlin: not yet quiet
        ("2026-01-10 21:00", "2026-01-11 06:00"),
        ("2026-01-11 05:59", "2026-01-11 06:00"),
        ("2026-01-11 06:00", "2026-01-11 06:00"),
        ("2026-03-28 23:00", "2026-03-29 05:00"),  # summer time begins in this night
        ("2026-10-24 22:00", "2026-10-25 06:00"),  # and ends in this one
    ],
)
def test_quiet_hours_are_those_of_the_persons_own_clock_over_midnight_and_summer_time(now, told):
    quiet = row(quiet_from=time(22), quiet_to=time(7))
    assert preferences.tell_at(quiet, "opened", at(now)) == at(told)


def test_an_escalation_breaks_through_quiet_hours_and_digest_only_where_the_person_allows_it():
    night = at("2026-01-10 23:00")
    quiet = row(quiet_from=time(22), quiet_to=time(7), digest="daily", digest_at=time(9))
    assert preferences.tell_at(quiet, "escalated", night) == at("2026-01-11 08:00")
    quiet.escalations_break_through = True
    assert preferences.tell_at(quiet, "escalated", night) == night
    assert preferences.tell_at(quiet, "opened", night) == at("2026-01-11 08:00")


@pytest.mark.parametrize(
    ("fields", "now", "told"),
    [
        ({"digest": "every", "digest_minutes": 30}, "2026-01-10 10:01", "2026-01-10 10:30"),
        ({"digest": "every", "digest_minutes": 30}, "2026-01-10 10:30", "2026-01-10 11:00"),
        ({"digest": "daily", "digest_at": time(8)}, "2026-01-10 06:59", "2026-01-10 07:00"),
        ({"digest": "daily", "digest_at": time(8)}, "2026-01-10 07:00", "2026-01-11 07:00"),
        (
            {"digest": "every", "digest_minutes": 60, "quiet_from": time(22), "quiet_to": time(7)},
            "2026-01-10 20:30",
            "2026-01-11 06:00",
        ),
    ],
)
def test_a_digest_comes_at_its_times_and_never_in_the_quiet_hours(fields, now, told):
    assert preferences.tell_at(row(**fields), "opened", at(now)) == at(told)


def test_a_kind_that_is_muted_is_still_told_when_it_is_put_to_the_person():
    mine = row(muted_kinds=["captcha"], muted_occasions=["due_soon"])
    assert not preferences.wants(mine, "opened", "captcha")
    assert preferences.wants(mine, "opened", "payment")
    assert preferences.wants(mine, "routed", "captcha")
    assert not preferences.wants(mine, "due_soon", "payment")


@pytest.mark.django_db
def test_a_change_is_written_once_with_what_it_touched_and_no_change_writes_nothing(people):
    assert preferences.change(people.viewer, language="de", time_zone="Asia/Tokyo")
    assert not preferences.change(people.viewer, language="de", time_zone="Asia/Tokyo")
    entry = AuditEntry.objects.get(act="settings.changed")
    assert entry.detail == {"changed": ["language", "time_zone"]}
    assert preferences.manner(people.viewer) == ("Asia/Tokyo", "de")
    assert preferences.manner(people.admin) == ("", "")


@pytest.mark.django_db
def test_pages_speak_the_language_that_was_chosen_else_the_browsers_else_english(people):
    client = Client()
    client.force_login(people.viewer)

    def language(accepted):
        answer = client.get("/runs/", headers={"accept-language": accepted})
        return answer.headers["content-language"], f'<html lang="{answer.headers["content-language"]}"' in str(
            answer.content
        )

    assert language("de-AT,en;q=0.5") == ("de", True)
    assert language("fr, xx;q=0.4") == ("en", True)
    preferences.change(people.viewer, language="en")
    assert language("de") == ("en", True)
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db
def test_programs_are_answered_in_english_whatever_they_accept(people):
    answer = Client().get("/api/runs", headers={"accept-language": "de"})
    assert "content-language" not in answer.headers


@pytest.mark.django_db
def test_what_is_rendered_for_a_socket_is_in_its_persons_zone(people):
    preferences.change(people.viewer, time_zone="Asia/Tokyo")
    with manner.worn(manner.of(people.viewer, "de")):
        assert timezone.localtime(at("2026-01-10 20:00")).hour == 5
    assert timezone.localtime(at("2026-01-10 20:00")).hour == 20


@pytest.mark.django_db
def test_the_texts_for_scripts_come_by_language_and_may_be_kept(client):
    answer = client.get("/words/de/abc.js")
    assert answer.status_code == 200
    assert b"gettext" in answer.content
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/words/xx/abc.js").status_code == 404
