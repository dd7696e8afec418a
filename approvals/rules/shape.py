"""The shape of a policy: when it fits and what it then does, as values that are checked when they are read. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from approvals.kinds import CAREFUL, Kind
from approvals.states import Verdict
from runs.secrets import holds_secret

NOTE_LIMIT = 1900
DAY_MINUTES = 24 * 60
LONGEST_MINUTES = 60 * DAY_MINUTES
MOST_CENTS = 100_000_000

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Minutes = Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]
Cents = Annotated[int, Field(ge=0, le=MOST_CENTS)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"There is no time zone {name!r}.") from error
    return name


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hours(_Shape):
    """Some hours of some days of the week in a zone; over midnight where the end is not after the start."""

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(min_length=1)  # 0 is Monday
    start: Annotated[int, Field(ge=0, lt=DAY_MINUTES)]  # minutes after midnight
    end: Annotated[int, Field(ge=0, le=DAY_MINUTES)]
    zone: Annotated[str, AfterValidator(_zone)]
    outside: bool = False  # it fits outside of them


class When(_Shape):
    """The conditions; all that are set must hold."""

    kinds: tuple[Kind, ...] = ()
    connection: Text = ""  # slug
    machine: Text = ""
    starter: int | None = None  # a person's id
    outside_starter: bool = False  # nobody has started the run in this console
    task_contains: Text = ""
    metadata_key: Text = ""
    metadata_value: Text = ""
    cost_above_cents: Cents | None = None
    cost_below_cents: Cents | None = None
    amount_at_most_cents: Cents | None = None
    amount_above_cents: Cents | None = None
    currency: Literal["USD", "EUR", "GBP"] = "USD"
    reason_contains: Text = ""
    page_text: bool = False  # the agent's words, and with them text of web pages, may be used
    waits_minutes: Minutes | None = None
    left_minutes: Minutes | None = None
    hours: Hours | None = None
    asks_at_least: Annotated[int, Field(ge=1, le=1000)] | None = None  # earlier asks of the same run
    asks_at_most: Annotated[int, Field(ge=0, le=1000)] | None = None

    @property
    def waits_for_time(self) -> bool:
        return self.waits_minutes is not None or self.left_minutes is not None

    @property
    def names_something(self) -> bool:
        """Whether it narrows what it is about by more than numbers and time."""
        said = (self.kinds, self.connection, self.machine, self.starter, self.outside_starter, self.task_contains)
        return any(said) or bool(self.metadata_key)


class Then(_Shape):
    """What it does: one verdict, or any of the rest."""

    verdict: Literal["", "resume", "fail", "cancel"] = ""
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_LIMIT)] = ""
    two_people: bool = False
    not_starter: bool = False
    route_to: int | None = None  # a person's id
    due_minutes: Minutes | None = None
    priority: Annotated[int, Field(ge=-100, le=100)] | None = None
    escalate: bool = False

    @property
    def handles(self) -> bool:
        return (
            self.two_people
            or self.not_starter
            or self.escalate
            or any(value is not None for value in (self.route_to, self.due_minutes, self.priority))
        )


def dump(shape: _Shape) -> dict[str, Any]:
    """As it is stored: only what differs from nothing."""
    return shape.model_dump(mode="json", exclude_defaults=True)


def refusals(when: When, then: Then) -> list[tuple[str, str]]:
    """What may not be said together: (field, sentence) for each; empty when the policy may be kept."""
    found = [*_of_conditions(when), *_of_actions(then)]
    return found + _of_verdict(when, then) if then.verdict else found


def _of_conditions(when: When) -> list[tuple[str, str]]:
    found = []
    if when.reason_contains and not when.page_text:
        found.append(
            (
                "page_text",
                _("The agent's reason may hold text of a web page: mark that such text may be used, or leave it out."),
            )
        )
    if when.metadata_value and not when.metadata_key:
        found.append(("metadata_key", _("Name the key whose value is meant.")))
    if when.starter is not None and when.outside_starter:
        found.append(("starter", _("A run has one starter: a person here, or somebody outside.")))
    for low, high, field in (
        (when.cost_above_cents, when.cost_below_cents, "cost_below"),
        (when.amount_above_cents, when.amount_at_most_cents, "amount_at_most"),
        (when.asks_at_least, when.asks_at_most, "asks_at_most"),
    ):
        if low is not None and high is not None and low > high:
            found.append((field, _("Nothing lies between these two.")))
    return found


def _of_actions(then: Then) -> list[tuple[str, str]]:
    found = []
    if not then.verdict and not then.handles:
        found.append(("verdict", _("Choose what the policy does.")))
    if then.verdict and then.handles:
        found.append(
            ("verdict", _("A policy that decides does nothing else: write a second one for how people handle it."))
        )
    if then.note and not then.verdict:
        found.append(("note", _("A note goes with a decision only.")))
    if holds_secret(then.note):
        found.append(("note", _("This looks like a password. It would stand on a timeline for ever; leave it out.")))
    return found


def _of_verdict(when: When, then: Then) -> list[tuple[str, str]]:
    found = []
    if then.verdict == Verdict.RESUME and when.waits_for_time:
        found.append(
            ("verdict", _("A time-out never approves: waiting longer, or little time left, can't lead to a resume."))
        )
    if not when.names_something:
        found.append(
            (
                "kinds",
                _("A policy that decides must say what it is about: a kind, connection, machine, starter or task."),
            )
        )
    if CAREFUL & set(when.kinds) and when.amount_at_most_cents is None:
        found.append(
            ("amount_at_most", _("A payment or what can't be undone is decided by a policy only up to an amount."))
        )
    if (when.amount_at_most_cents, when.amount_above_cents) != (None, None) and not when.page_text:
        found.append(
            (
                "page_text",
                _("The amount is read from the agent's reason, which may hold text of a web page: mark that it may."),
            )
        )
    return found
