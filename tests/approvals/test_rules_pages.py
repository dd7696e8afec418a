"""The pages of policies without a browser: built, tried, switched, ordered, stopped, by whoever may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from approvals.models import Applied, Approval, Policy, Stop
from approvals.rules import applying
from approvals.rules.forms import PolicyForm, initial
from approvals.rules.record import lately
from approvals.rules.shape import Then, When, dump
from runs.models import AuditEntry
from tests.approvals.desk import decision_row
from tests.approvals.rules_desk import policy

CAPTCHA = {"kinds": ("captcha",)}
RESUME = {"verdict": "resume"}
ASKS = "Please solve the captcha"
ENDS = (timezone.now() + timedelta(days=30)).date().isoformat()
FILLED = {"name": "Captchas", "kinds": ["captcha"], "does": "resume", "per_run": "3", "expires_on": ENDS, "zone": "UTC"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, people):
    client.force_login(people.admin)
    return client


@pytest.mark.parametrize(
    ("when", "then"),
    [
        ({}, {"two_people": True}),
        (
            {
                "kinds": ("payment", "error"), "machine": "m", "task_contains": "t", "metadata_key": "k",
                "metadata_value": "v", "cost_above_cents": 150, "cost_below_cents": 990, "amount_at_most_cents": 5000,
                "currency": "EUR", "page_text": True, "reason_contains": "r", "asks_at_least": 1, "asks_at_most": 3,
                "outside_starter": True,
            },
            {"verdict": "resume", "note": "Go on"},
        ),
        (
            {
                "waits_minutes": 5, "left_minutes": 7,
                "hours": {"days": (0, 6), "start": 30, "end": 1440, "zone": "Asia/Tokyo", "outside": True},
            },
            {"not_starter": True, "due_minutes": 5, "priority": -3, "escalate": True},
        ),
    ],
)  # fmt: skip
def test_what_the_form_shows_of_a_policy_it_also_takes_back(people, when, then):
    when, then = When(**when), Then(**then)
    row = Policy(name="n", when=dump(when), then=dump(then), expires_at=timezone.now() + timedelta(days=9))
    shown = {name: value for name, value in initial(row).items() if value is not None and value is not False}
    form = PolicyForm({**shown, "expires_on": ENDS})
    assert form.is_valid(), form.errors
    assert form.shape() == (when, then)


def test_a_policy_is_written_tried_and_switched_on_and_then_decides(admin, desk):
    answer = admin.post("/policies/new/", FILLED, follow=True)
    made = Policy.objects.get()
    page = answer.content.decode()
    assert "When a captcha waits, resume it." in page
    assert "switched on after this version was tried" in page
    refused = admin.post(f"/policies/{made.pk}/switch/", {"mode": "on", "version": 1})
    assert refused.status_code == 409
    assert "only after its current version was tried" in refused.content.decode()
    _, _, approval = desk.parked(ASKS)
    page = admin.post(f"/policies/{made.pk}/try/", {"limit": "200"}, follow=True).content.decode()
    assert "Nothing was decided here yet that it could be tried on." in page
    assert "it would act on 1 at once" in page
    assert admin.post(f"/policies/{made.pk}/switch/", {"mode": "on", "version": 2}).status_code == 409
    assert admin.post(f"/policies/{made.pk}/switch/", {"mode": "on", "version": 1}).status_code == 302
    applying.apply_due()
    assert not Approval.objects.get(pk=approval.pk).is_open
    assert "decided: resume" in admin.get(f"/policies/{made.pk}/").content.decode()
    assert f'href="/policies/{made.pk}/"' in admin.get(f"/approvals/{approval.pk}/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"waits_minutes": "10"}, "A time-out never approves"),
        ({"kinds": ["payment"]}, "only up to an amount"),
        ({"expires_on": ""}, "must have an end"),
        ({"expires_on": "2020-01-01"}, "lies in the future"),
        ({"reason_contains": "go"}, "text of a web page"),
        ({"zone": "Mars/Base"}, "no such time zone"),
        ({"note": "the password is hunter2"}, "looks like a password"),
        ({"does": "handle"}, "Choose what the policy does"),
        ({"name": ""}, "required"),
    ],
)
def test_what_may_not_be_is_refused_with_a_sentence_and_what_was_filled_in_stays(admin, wrong, sentence):
    answer = admin.post("/policies/new/", {**FILLED, **wrong})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Policy.objects.exists()
    told = admin.post("/policies/sentence/", {**FILLED, **wrong})
    if not {"name", "expires_on"} & wrong.keys() or not wrong.get("expires_on", "x"):
        assert sentence in told.content.decode()


def test_the_sentence_grows_while_it_is_built_and_nothing_is_written(admin):
    said = admin.post("/policies/sentence/", {**FILLED, "name": "", "machine": "mch_<b>7"}).content.decode()
    assert "When a captcha on machine mch_&lt;b&gt;7 waits, resume it." in said
    assert not Policy.objects.exists()
    assert not AuditEntry.objects.filter(act__startswith="polic").exists()


def test_the_order_is_changed_by_buttons(admin, people):
    first, second = policy(people.admin, CAPTCHA, name="one"), policy(people.admin, CAPTCHA, name="two")
    admin.post(f"/policies/{second.pk}/move/", {"to": "up"})
    assert list(Policy.objects.kept()) == [second, first]
    admin.post(f"/policies/{second.pk}/move/", {"to": "up"})
    admin.post(f"/policies/{second.pk}/move/", {"to": "down"})
    assert list(Policy.objects.kept()) == [first, second]


def test_a_changed_policy_is_a_new_version_and_a_stale_form_changes_nothing(admin, people):
    made = policy(people.admin, CAPTCHA, RESUME)
    admin.post(f"/policies/{made.pk}/change/", {**FILLED, "does": "fail", "version": "1"})
    made.refresh_from_db()
    assert (made.version, made.mode, made.then) == (2, "off", {"verdict": "fail"})
    stale = admin.post(f"/policies/{made.pk}/change/", {**FILLED, "does": "cancel", "version": "1"})
    assert stale.status_code == 422
    assert "changed this policy meanwhile" in stale.content.decode()
    made.refresh_from_db()
    assert made.then == {"verdict": "fail"}


def test_the_kill_switch_asks_first_and_shows_on_every_page_until_an_admin_ends_it(client, people, desk):
    policy(people.admin, CAPTCHA, RESUME, name="Captchas")
    client.force_login(people.reviewer)
    assert "Stop them all now" in client.get("/policies/stop/").content.decode()
    assert not Stop.objects.filter(stopped_at__isnull=False).exists()
    client.post("/policies/stop/", {"turn": "stop", "because": "<odd>"})
    for path in ("/", "/runs/", "/policies/", "/audit/"):
        page = client.get(path).content.decode()
        assert "No policy decides: reviewer stopped them all" in page, path
        assert "&lt;odd&gt;" in page
    client.post("/policies/stop/", {"turn": "allow"})
    assert "No policy decides" in client.get("/").content.decode()
    client.force_login(people.admin)
    client.post("/policies/stop/", {"turn": "allow"})
    assert "No policy decides" not in client.get("/").content.decode()


def test_a_page_opened_by_a_link_changes_nothing(admin, people):
    made = policy(people.admin, CAPTCHA, RESUME)
    before = AuditEntry.objects.count()
    for act in ("try", "switch", "move", "remove"):
        assert admin.get(f"/policies/{made.pk}/{act}/").status_code == 405
    for path in (
        "/policies/",
        f"/policies/{made.pk}/",
        f"/policies/{made.pk}/change/",
        "/policies/new/",
        "/policies/stop/",
    ):
        assert admin.get(path).status_code == 200
    assert AuditEntry.objects.count() == before


def test_the_form_costs_no_query_more_for_each_person_and_offers_those_who_may_decide(admin, people):
    with CaptureQueriesContext(connection) as few:
        page = admin.get("/policies/new/").content.decode()
    offered = page.partition('name="route_to"')[2].partition("</select>")[0]
    assert "reviewer" in offered
    assert "operator" not in offered
    User.objects.bulk_create(User(username=f"person_{n}") for n in range(9))
    with CaptureQueriesContext(connection) as more:
        admin.get("/policies/new/")
    assert len(more) == len(few)


def test_the_list_costs_no_query_more_for_each_policy(admin, people):
    policy(people.admin, CAPTCHA, RESUME)
    admin.get("/policies/")
    with CaptureQueriesContext(connection) as few:
        admin.get("/policies/")
    for number in range(5):
        policy(people.admin, CAPTCHA, {"route_to": people.reviewer.pk}, name=str(number))
    with CaptureQueriesContext(connection) as more:
        admin.get("/policies/")
    assert len(more) == len(few)


def test_each_number_of_thirty_days_leads_to_exactly_its_rows_open_ones_too(client, people, desk):
    made, other = (policy(people.admin, CAPTCHA, {"verdict": "cancel"}, name=name, mode="off") for name in "ab")
    parked = [desk.parked(ASKS)[2] for _ in range(6)]
    outcomes = ({"outcome": "finished"}, {"outcome": "failed"}, {"delivery": "recalled"}, {"outcome": "parked"})
    for one, fields in zip(parked, outcomes, strict=False):
        decision_row(one, None, policy=made, **fields)
        Applied.objects.create(policy=made, approval=one, version=1, outcome="did", verdict="cancel")
    long_ago = timezone.now() - timedelta(days=31)
    decision_row(parked[4], None, policy=made, decided_at=long_ago)
    for version in (1, 2):
        Applied.objects.create(policy=made, approval=parked[5], version=version, outcome="would")
    Applied.objects.create(policy=other, approval=parked[4], version=1, outcome="would")
    Applied.objects.create(policy=made, approval=parked[5], version=2, outcome="stood_back", at=long_ago)
    client.force_login(people.viewer)
    wanted = {
        "decided": parked[:4], "finished": parked[:1], "failed": parked[1:2], "taken_back": parked[2:3],
        "parked": parked[3:4], "disagreed": parked[1:4], "did": parked[:4], "would": parked[5:], "stood_back": [],
    }  # fmt: skip
    shown = client.get(f"/policies/{made.pk}/").content.decode()
    counts = lately([made], timezone.now())[made.pk]
    for deed, rows in wanted.items():
        address = f"/approvals/history/?policy={made.pk}&deed={deed}"
        context = client.get(address).context
        assert {row.pk for row in context["rows"]} == {row.pk for row in rows}, deed
        assert getattr(counts, deed) == context["in_all"] == len(rows), deed
        linked = f'href="{address.replace("&", "&amp;")}">{len(rows)}</a>'
        assert (linked in shown) == bool(rows and deed not in {"disagreed", "did"}), deed
    page = client.get(f"/approvals/history/?policy={made.pk}&deed=would").content.decode()
    assert '<input type="hidden" name="deed" value="would">' in page
    assert "Waits</span>" in page
    assert client.get(f"/approvals/history/?policy={made.pk}&kind=payment").context["in_all"] == 0
    assert client.get("/approvals/history/?policy=999&deed=x").context["in_all"] == 0
    assert f"?policy={made.pk}&amp;deed=disagreed" in client.get("/policies/").content.decode()
