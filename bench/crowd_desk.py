"""The desk of the crowd: people, pauses of every kind, decisions and what came of them, policies, budgets, tables.

Where a job or a verb of the product writes something, it is called; only the past is put in as rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

BATCH = 2000
PEOPLE = ("ada", "grace", "alan", "edsger", "barbara", "donald")
PER_STEP = 4  # events
ALIKE_OF = 3  # of so many that are alike one gesture decides some
REASONS = (
    "Please solve the captcha on the page of order {n}.", "I need the six-digit code that was sent to the phone.",
    "The portal asks me to sign in: which password shall I use?", "May I pay order {n}, $120.50 to Acme?",
    "May I delete the record {n}? This can't be undone.", "Which of the two suppliers do you mean: Acme or Bolt?",
    "The page shows an error 500 and I can't go on with {n}.", "Shall I go on with entry {n}?",
)  # fmt: skip


def people() -> None:
    """Reviewers, and many who look now and then."""
    from django.contrib.auth.models import User

    from coasty_console import roles

    roles.make()
    for name in PEOPLE:
        roles.give(User.objects.create(username=name), "reviewer")
    for n in range(60):
        roles.give(User.objects.create(username=f"viewer-{n}"), "viewer")


def fill(dice: random.Random, each: int, now: datetime) -> None:
    """All that the desk and the planning hold of the runs, which must be there with `each` events and their frames."""
    _past(dice, each, now)
    _policies(now)
    _rates(now)
    _waiting(dice, now)
    _plans(dice, now)
    _jobs(now)


def _admin() -> Any:
    from django.contrib.auth.models import User

    from coasty_console import roles

    user, made = User.objects.get_or_create(username="bench")
    if made:
        roles.give(user, "admin")
    return User.objects.get(pk=user.pk)


def _past(dice: random.Random, each: int, now: datetime) -> None:
    """A pause of every fourth run that has ended: decided by people, or closed elsewhere."""
    from django.contrib.auth.models import User

    from approvals.models import Approval, Decision
    from runs.models import Run

    ended = Run.objects.filter(finished_at__isnull=False).order_by("id").only("id", "created_at").iterator()
    stored(Approval, (_ended(run, dice) for run in ended if run.pk % 4 == 0))
    who = list(User.objects.filter(username__in=PEOPLE))
    decided = Approval.objects.filter(state="decided").select_related("run").iterator()
    steps = sum(n % PER_STEP == 1 for n in range(5, each + 1))  # after the pause, to the end of each
    stored(Decision, (_decided(approval, dice.choice(who), steps, dice) for approval in decided))


def _ended(run: Any, dice: random.Random) -> Any:
    from approvals import kinds
    from approvals.models import Approval

    reason = dice.choice(REASONS).format(n=run.pk)
    is_decided = dice.random() < 0.85
    closed_at = run.created_at + timedelta(seconds=dice.randint(5, 3600))
    return Approval(
        run=run, pause_seq=4, reason=reason, kind=kinds.of(reason), state="decided" if is_decided else "closed",
        opened_at=run.created_at, closed_at=closed_at, closed_because="" if is_decided else "the run timed out",
    )  # fmt: skip


def _decided(approval: Any, person: Any, steps: int, dice: random.Random) -> Any:
    from approvals.models import Decision
    from approvals.states import Delivery, Outcome

    ends = {"succeeded": Outcome.FINISHED, "failed": Outcome.FAILED}

    return Decision(
        approval=approval, code=f"c{approval.pk}", verdict=dice.choice(("resume", "resume", "fail", "cancel")),
        decided_by=person, decided_at=approval.closed_at, delivery=Delivery.DELIVERED, delivered_at=approval.closed_at,
        seen_seq=4, seen_reason=approval.reason, seen_cost_cents=dice.randint(5, 300), note="Go on, and tell the sum.",
        seen_frame_open=dice.choice((True, True, False)), outcome=ends.get(approval.run.status, Outcome.STOPPED),
        outcome_steps=steps, outcome_at=approval.run.finished_at,
    )  # fmt: skip


def _waiting(dice: random.Random, now: datetime) -> None:
    """The queue asks about what is parked; people claim, talk, look, and decide some that are alike."""
    from django.contrib.auth.models import User

    from approvals import claims, comments, groups, lists, presence, queue
    from approvals.models import Approval
    from runs.models import Run

    for run in Run.objects.parked().select_related("connection").order_by("id"):
        queue.ask_again(run)
    who = [User.objects.get(username=name) for name in PEOPLE]
    admin = _admin()
    waiting = list(Approval.objects.open().select_related("run").order_by("id"))
    for at, approval in enumerate(waiting):
        for n in range(6 if at == 0 else at % 3):
            comments.say(who[n % len(who)], approval, f"The supplier said so on the phone, part {n}.")
        presence.note(who[at % len(who)], approval.pk)
        if at % 5 == 0:
            claims.claim(dice.choice(who), approval)
    group = next(iter(groups.alike(waiting).values()), [])[: ALIKE_OF - 1]
    if group:
        seen = [(member.approval.pk, member.seen) for member in lists.members(group, now)]
        groups.decide(admin, seen, "resume", "Go on.", hold_seconds=3600)


def _policies(now: datetime) -> None:
    """A dozen, some at work, each tried on history."""
    from approvals.models import Policy
    from approvals.rules import editing, trying
    from approvals.rules.shape import Then, When

    admin = _admin()
    for n in range(12):
        decides = n % 3 == 0
        when = When(kinds=("error",) if decides else ("payment", "login"), cost_below_cents=200 + n)
        then = Then(verdict="resume", note="Try once more.") if decides else Then(priority=1 + n % 3, due_minutes=40)
        end = now + timedelta(days=30) if decides else None
        policy = editing.create(admin, editing.Draft(f"Rule {n}", when, then, expires_at=end), now=now)
        trying.try_out(admin, policy, limit=trying.MOST)
        if n % 2 == 0:
            mode = Policy.Mode.DRY if decides else Policy.Mode.ON
            editing.switch(admin, policy, mode, version=policy.version, now=now)


def _rates(now: datetime) -> None:
    """What upstream would tell, for most of the machines."""
    from runs.models import Connection, MachineRate, Run

    machines = Run.objects.parked().order_by().values_list("connection_id", "machine_id").distinct()
    known = Connection.objects.in_bulk()
    stored(MachineRate, (MachineRate(connection=known[pk], machine_id=name, asked_at=now, cents_per_hour=30 + n % 4)
                         for n, (pk, name) in enumerate(machines) if n % 5))  # fmt: skip


def _plans(dice: random.Random, now: datetime) -> None:
    """Templates, tables, budgets, saved views, saved notes, channels, preferences."""
    from django.contrib.auth.models import User

    from approvals import phrases
    from approvals.models import Channel
    from approvals.notices import preferences
    from runs import batches, budgets, recipes, saved, upstream, vault
    from runs.models import Batch, BatchItem, Budget, Run
    from runs.searching import Filters

    admin, home = _admin(), upstream.connection()
    for user in [admin, *User.objects.filter(username__in=PEOPLE)]:
        preferences.change(user, time_zone="Europe/Berlin", digest_minutes=30)
    for n in range(20):
        recipes.save(admin, f"Template {n}", "Fetch the invoice of {{customer}} for {{month}}.", {"max_steps": 40})
        phrases.add(admin, f"Use the cheapest offer, number {n}.", is_for_all=n % 2 == 0)
        budgets.add(admin, name=f"Budget {n}", period=Budget.Period.values[n % 4], limit_cents=10_000 * (n + 1),
                    act="warn", connection=home if n % 2 else None)  # fmt: skip
        saved.keep(admin, f"View {n}", Filters(status="failed", q="licence"), is_shared=n % 3 == 0)
        Channel.objects.create(owner=None if n % 2 else admin, name=f"Channel {n}", shown="json://example.org",
                               sealed_url=vault.seal(f"json://example.org/{n}"))  # fmt: skip
    recipe = recipes.usable(admin)[0]
    table = "customer,month\n" + "".join(f"Customer {n},{n % 12 + 1}\n" for n in range(400))
    for n in range(30):
        batches.draft(admin, home, recipe, table, {}, f"Table {n}")
    first = Batch.objects.earliest("pk")
    batches.begin(admin, first, limit_cents=500_000)
    runs = list(Run.objects.order_by("-id")[:300])
    for item, run in zip(first.items.order_by("number"), runs, strict=False):
        BatchItem.objects.filter(pk=item.pk).update(run=run, state=BatchItem.State.DONE, at=now)


def _jobs(now: datetime) -> None:
    """What the jobs have done by the time that people look."""
    from django.db import transaction

    from approvals import outcomes, queue
    from approvals.notices import outbox
    from approvals.rules import applying
    from runs import indexing, spending, waste

    def until_done(job: Callable[[], int]) -> None:
        before = -1
        while (done := job()) and done != before:
            before = done if done < 100 else -1

    with transaction.atomic():
        until_done(outcomes.settle)
        while spending.book(now) >= 500:
            pass
    applying.apply_due()
    queue.weigh_all()
    until_done(waste.look)
    outbox.spread(now)
    while indexing.behind():
        indexing.index(now, seconds=10)


def stored(model: Any, rows: Iterable[Any], batch: int = BATCH) -> None:
    from itertools import islice

    source = iter(rows)
    while part := list(islice(source, batch)):
        model.objects.bulk_create(part)
