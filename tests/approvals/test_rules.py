"""What a policy says, when it fits, and what it may never do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from approvals.rules import amounts, hours, shape, words
from approvals.rules.matching import fits, next_look, why_not_decide
from approvals.rules.shape import Hours, Then, When
from tests.approvals.rules_desk import NOW, case, rule

NAMES = words.Names({7: "operator", 8: "reviewer"}, {"sandbox": "Sandbox"})
MINUTE = timedelta(minutes=1)
OFFICE = {"days": (0, 1, 2, 3, 4), "start": 9 * 60, "end": 17 * 60, "zone": "Europe/Berlin"}
AWAY = {**OFFICE, "outside": True}
NIGHT = {"days": (4,), "start": 22 * 60, "end": 6 * 60, "zone": "UTC"}


@pytest.mark.parametrize(
    ("when", "then", "said"),
    [
        (
            {
                "kinds": ("payment",), "amount_at_most_cents": 5000, "machine": "X", "connection": "sandbox",
                "starter": 7,
            },
            {"two_people": True},
            "When a payment up to $50 on machine X of connection Sandbox started by operator waits, need two people.",
        ),
        (
            {"kinds": ("captcha",), "waits_minutes": 10},
            {"route_to": 8},
            "When a captcha waits more than 10 minutes, route it to reviewer.",
        ),
        (
            {"kinds": ("captcha", "code"), "hours": OFFICE},
            {"verdict": "resume", "note": "Go on"},
            "When a captcha or a one-time code waits on Mon–Fri 09:00–17:00 (Europe/Berlin), "
            "resume it with the note “Go on”.",
        ),
        (
            {"outside_starter": True, "left_minutes": 90, "hours": {**OFFICE, "outside": True}},
            {"due_minutes": 60, "priority": 5, "escalate": True},
            "When anything started outside this console waits with less than 90 minutes left "
            "outside Mon–Fri 09:00–17:00 (Europe/Berlin), "
            "want it answered within 1 hour, set its priority to 5 and escalate it.",
        ),
        (
            {
                "task_contains": "invoice", "metadata_key": "team", "metadata_value": "ops", "cost_above_cents": 1000,
                "cost_below_cents": 2050, "amount_above_cents": 100000, "currency": "EUR", "asks_at_least": 2,
                "asks_at_most": 4, "reason_contains": "total", "page_text": True, "kinds": ("error",),
            },
            {"not_starter": True},
            "When an error of more than €1,000 with “invoice” in its task with team = “ops” in its metadata that has "
            "cost $10 to $20.50 after 2 to 4 earlier asks in its run whose reason says “total” (page text may be used) "
            "waits, need somebody other than the starter.",
        ),
    ],
)  # fmt: skip
def test_a_policy_reads_as_one_sentence_and_means_the_same_after_it_was_stored(when, then, said):
    when, then = When(**when), Then(**then)
    assert words.sentence(when, then, NAMES) == said
    stored = When.model_validate(shape.dump(when)), Then.model_validate(shape.dump(then))
    assert stored == (when, then)
    assert not shape.refusals(when, then)


def test_every_condition_and_every_action_shows_in_the_sentence():
    nothing = {words.sentence(When(), Then(two_people=True), NAMES)}
    conditions = {
        "kinds": ("login",), "connection": "sandbox", "machine": "m", "starter": 8, "outside_starter": True,
        "task_contains": "t", "metadata_key": "k", "cost_above_cents": 1, "cost_below_cents": 1,
        "amount_at_most_cents": 1, "amount_above_cents": 1, "reason_contains": "r", "page_text": True,
        "waits_minutes": 1, "left_minutes": 1, "hours": Hours(**OFFICE), "asks_at_least": 1, "asks_at_most": 1,
    }  # fmt: skip
    assert set(conditions) | {"currency", "metadata_value"} == set(When.model_fields)
    said = {words.sentence(When(**{name: value}), Then(two_people=True), NAMES) for name, value in conditions.items()}
    assert len(said | nothing) == len(conditions) + 1
    actions = {
        "verdict": "fail", "two_people": True, "not_starter": True, "route_to": 7, "due_minutes": 5, "priority": 1,
        "escalate": True,
    }  # fmt: skip
    assert set(actions) | {"note"} == set(Then.model_fields)
    assert len({words.action(Then(**{name: value}), NAMES) for name, value in actions.items()}) == len(actions)


@pytest.mark.parametrize(
    "wrong", [{"kinds": ("bribe",)}, {"code": "import os"}, {"waits_minutes": 0}, {"hours": {**OFFICE, "zone": "Mars"}}]
)
def test_what_is_stored_is_checked_when_it_is_read(wrong):
    with pytest.raises(ValidationError):
        When.model_validate(wrong)


AFTER = NOW + 11 * MINUTE
TABLE = [
    ({"kinds": ("captcha", "code")}, {}, {"kind": "code"}, {"kind": "payment"}),
    ({"connection": "sandbox"}, {}, {}, {"connection": "live"}),
    ({"machine": "mch_1"}, {}, {}, {"machine": "mch_10"}),
    ({"starter": 7}, {}, {"starter": 7}, {"starter": None}),
    ({"outside_starter": True}, {}, {"starter": None}, {"starter": 7}),
    ({"task_contains": "Invoice"}, {}, {"task": "pay the INVOICE"}, {"task": "Read mail"}),
    ({"metadata_key": "team", "metadata_value": "3"}, {}, {"metadata": {"team": 3}}, {"metadata": {"team": 4}}),
    ({"metadata_key": "team"}, {}, {"metadata": {"team": None}}, {"metadata": {"x": "team"}}),
    ({"cost_above_cents": 100}, {}, {"cost_cents": 100}, {"cost_cents": 99}),
    ({"cost_below_cents": 100}, {}, {"cost_cents": 100}, {"cost_cents": 101}),
    ({"amount_at_most_cents": 5000}, {}, {"reason": "Pay $50.00?"}, {"reason": "Pay $50.01?"}),
    ({"amount_at_most_cents": 5000}, {}, {"reason": "Pay $50.00?"}, {"reason": "Pay €50?"}),
    ({"amount_at_most_cents": 5000}, {}, {"reason": "Pay $50.00?"}, {"reason": "Pay it?"}),
    ({"amount_above_cents": 5000}, {}, {"reason": "Pay $50.01?"}, {"reason": "Pay $50?"}),
    ({"amount_above_cents": 5000}, {}, {"reason": "Pay $1 and then €2?"}, {"reason": "Go on?"}),
    ({"reason_contains": "robot", "page_text": True}, {}, {"reason": "I am no ROBOT"}, {"reason": "captcha"}),
    ({"waits_minutes": 10}, {}, {"opened_at": AFTER - 10 * MINUTE}, {"opened_at": AFTER - 9 * MINUTE}),
    ({"left_minutes": 10}, {}, {"expires_at": AFTER + 10 * MINUTE}, {"expires_at": AFTER + 11 * MINUTE}),
    ({"left_minutes": 10}, {}, {"expires_at": AFTER}, {"expires_at": None}),
    ({"asks_at_least": 2}, {}, {"asks_before": 2}, {"asks_before": 1}),
    ({"asks_at_most": 2}, {}, {"asks_before": 2}, {"asks_before": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("when", "then", "yes", "no"), TABLE)
def test_each_condition_fits_what_it_says_and_nothing_else(when, then, yes, no):
    assert fits(rule(when), case(**yes), AFTER)
    assert not fits(rule(when), case(**no), AFTER)


def test_a_condition_on_page_text_that_was_not_marked_never_fits():
    assert not fits(rule({"reason_contains": "captcha"}), case(), NOW)


def test_a_policy_that_waits_is_looked_at_again_when_its_time_comes_and_never_when_it_can_not_fit():
    waits = rule({"waits_minutes": 10, "kinds": ("captcha",)})
    assert next_look(waits, case(), NOW) == NOW + 10 * MINUTE
    assert next_look(waits, case(), NOW + 10 * MINUTE) is None
    assert next_look(waits, case(kind="payment"), NOW) is None
    ends = rule({"left_minutes": 5})
    assert next_look(ends, case(expires_at=NOW + 60 * MINUTE), NOW) == NOW + 55 * MINUTE
    assert next_look(ends, case(), NOW) is None


@pytest.mark.parametrize(
    ("when", "moment", "inside", "changes"),
    [
        (OFFICE, datetime(2026, 11, 26, 8, 30, tzinfo=UTC), True, datetime(2026, 11, 26, 16, 0, tzinfo=UTC)),
        (OFFICE, datetime(2026, 11, 26, 7, 59, tzinfo=UTC), False, datetime(2026, 11, 26, 8, 0, tzinfo=UTC)),
        (OFFICE, datetime(2026, 11, 27, 16, 0, tzinfo=UTC), False, datetime(2026, 11, 30, 8, 0, tzinfo=UTC)),
        (OFFICE, datetime(2026, 7, 1, 7, 0, tzinfo=UTC), True, datetime(2026, 7, 1, 15, 0, tzinfo=UTC)),
        (NIGHT, datetime(2026, 11, 28, 5, 0, tzinfo=UTC), True, datetime(2026, 11, 28, 6, 0, tzinfo=UTC)),
        (NIGHT, datetime(2026, 11, 27, 5, 0, tzinfo=UTC), False, datetime(2026, 11, 27, 22, 0, tzinfo=UTC)),
        (AWAY, datetime(2026, 11, 28, 12, 0, tzinfo=UTC), True, datetime(2026, 11, 30, 8, 0, tzinfo=UTC)),
        # The clocks go back on 25 October: Berlin's nine o'clock is eight in UTC from then on.
        (OFFICE, datetime(2026, 10, 23, 16, 0, tzinfo=UTC), False, datetime(2026, 10, 26, 8, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_working_hours_hold_in_their_zone_and_name_their_next_change(when, moment, inside, changes):
    when = Hours(**when)
    assert hours.holds(when, moment) is inside
    assert hours.next_change(when, moment) == changes


@pytest.mark.parametrize(
    ("text", "currency", "cents"),
    [
        ("I am about to pay $1,240.00 to Nordwind GmbH. Shall I?", "USD", 124000), ("Pay 50 EUR now", "EUR", 5000),
        ("€1.240,50", "EUR", 124050), ("€12,50 please", "EUR", 1250), ("Buy it for $0.5?", "USD", 50),
        ("Transfer 50 dollars", "USD", 5000), ("£7", "GBP", 700), ("Invoice 2024-17 is $12.00.", "USD", 1200),
        ("$1,234,567.89", "USD", 123456789),
    ],
)  # fmt: skip
def test_an_amount_is_read_where_there_is_one_way_to_read_it(text, currency, cents):
    read = amounts.read(text)
    assert read.at_most(cents, currency)
    assert not read.at_most(cents - 1, currency)


@pytest.mark.parametrize(
    "text",
    [
        "Pay $50 and $50", "Pay $20 per month", "$50 plus shipping", "$1.5k", "€1.240", "$50-$60", "5\u200b0$", "$",
        "1 240 EUR", "$1,24", "-$5", "$5,0000", "$50 2", "US$50", "50 dollars or CHF 60", "\u0665$5", "up to $5",
        "about $50", "$5 million", "3 x $20", "$10 + $5", "fifty dollars", "$10%", "$9\u202e05", "$5 each", "$5.000",
        "5 Euro monatlich", "¥5 $5",
    ],
)  # fmt: skip
def test_an_amount_in_doubt_is_not_read_and_counts_as_much(text):
    read = amounts.read(text)
    assert read.is_money
    assert not read.is_clear
    assert not read.at_most(10**9, "USD")
    assert not read.at_most(10**9, "EUR")
    assert read.above(100, "USD")


def test_a_text_without_money_is_not_money():
    assert not amounts.read("Which of the two buttons on page 3?").is_money


REFUSED = [
    ({"kinds": ("captcha",), "waits_minutes": 10}, {"verdict": "resume"}, "verdict", "A time-out never approves"),
    ({"kinds": ("captcha",), "left_minutes": 10}, {"verdict": "resume"}, "verdict", "A time-out never approves"),
    ({}, {"verdict": "resume"}, "kinds", "must say what it is about"),
    ({"waits_minutes": 10}, {"verdict": "cancel"}, "kinds", "must say what it is about"),
    ({"kinds": ("payment",)}, {"verdict": "resume"}, "amount_at_most", "only up to an amount"),
    ({"kinds": ("irreversible",)}, {"verdict": "cancel"}, "amount_at_most", "only up to an amount"),
    ({"kinds": ("payment",), "amount_at_most_cents": 1}, {"verdict": "resume"}, "page_text", "text of a web page"),
    ({"reason_contains": "x"}, {"two_people": True}, "page_text", "text of a web page"),
    ({"kinds": ("captcha",)}, {"verdict": "resume", "two_people": True}, "verdict", "does nothing else"),
    ({"kinds": ("captcha",)}, {"verdict": "resume", "note": "password: hunter2"}, "note", "looks like a password"),
    ({}, {"two_people": True, "note": "x"}, "note", "with a decision only"),
    ({}, {}, "verdict", "Choose what"),
    ({"metadata_value": "x"}, {"two_people": True}, "metadata_key", "Name the key"),
    ({"starter": 1, "outside_starter": True}, {"two_people": True}, "starter", "one starter"),
    ({"cost_above_cents": 2, "cost_below_cents": 1}, {"two_people": True}, "cost_below", "Nothing lies between"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "then", "field", "sentence"), REFUSED)
def test_what_a_policy_may_not_say_is_refused_with_a_sentence(when, then, field, sentence):
    told = dict(shape.refusals(When(**when), Then(**then)))
    assert sentence in told[field]


def test_waiting_may_end_a_run_but_never_resume_it():
    when = When(kinds=("captcha",), waits_minutes=10)
    assert not shape.refusals(when, Then(verdict="cancel"))
    assert not shape.refusals(when, Then(verdict="fail"))
    assert shape.refusals(when, Then(verdict="resume"))


def test_the_hours_of_a_resume_are_those_in_which_the_run_asked():
    opened = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
    later = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    asked_early = case(opened_at=opened)
    resumes = rule({"kinds": ("captcha",), "hours": OFFICE}, {"verdict": "resume"})
    assert not fits(resumes, asked_early, later)
    assert next_look(resumes, asked_early, opened) is None
    assert fits(rule({"kinds": ("captcha",), "hours": OFFICE}, {"verdict": "cancel"}), asked_early, later)
    assert fits(resumes, case(opened_at=later), later)


PAYS = {"kinds": ("payment",), "amount_at_most_cents": 5000, "page_text": True}
RESUMES = {"verdict": "resume"}
PAYMENT = {"kind": "payment", "reason": "May I pay $12.00?"}
DECIDING = [
    ({"kinds": ("captcha",)}, {}, 0, ""),
    (PAYS, PAYMENT, 0, ""),
    ({"connection": "sandbox"}, PAYMENT, 0, "only by a policy that names it"),
    ({"connection": "sandbox"}, {"kind": "irreversible", "reason": "Delete it?"}, 0, "only by a policy that names it"),
    (PAYS, {"kind": "payment", "reason": "May I pay $12 and $13?"}, 0, "certainly holds"),
    ({"kinds": ("captcha",)}, {"reason": "Solve the captcha to send 50 EUR"}, 0, "speaks of money"),
    ({"kinds": ("captcha",)}, {"reason": "captcha " + "x" * 2000}, 0, "too long"),
    ({"kinds": ("captcha",)}, {"people_needed": 2}, 0, "More than one person"),
    ({"kinds": ("captcha",)}, {"not_starter": True}, 0, "other than the starter"),
    ({"kinds": ("captcha",)}, {"ask": 2}, 0, "people are asked now"),
    ({"kinds": ("captcha",)}, {}, 3, "3 times in this run"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "facts", "before", "why"), DECIDING)
def test_a_policy_leaves_to_people_what_it_may_not_decide(when, facts, before, why):
    said = why_not_decide(rule(when, RESUMES), case(**facts), before)
    assert (why in said) if why else not said


@pytest.mark.parametrize("verdict", ["resume", "fail", "cancel"])
def test_no_verdict_on_a_payment_comes_without_a_limit(verdict):
    assert why_not_decide(rule({"kinds": ("payment",)}, {"verdict": verdict}), case(**PAYMENT), 0)
