"""The kinds of trouble that a list of runs can be narrowed to. The desk adds its own at start-up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.db.models.lookups import Exact
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from runs import states
from runs.models import IS_LIVE
from runs.models.told import Code, Passed


@dataclass(frozen=True)
class Trouble:
    """A name for the address, words for people, and the rows that are meant."""

    name: str
    label: str | Promise
    rows: Q


_KNOWN: dict[str, Trouble] = {}


def add(name: str, label: str | Promise, rows: Q) -> None:
    """Offer one more kind; an earlier one of that name is replaced."""
    _KNOWN[name] = Trouble(name, label, rows)


def known() -> list[Trouble]:
    return list(_KNOWN.values())


def named(name: str) -> Trouble | None:
    return _KNOWN.get(name)


_CODED = Q(error__isnull=False)  # as the index says, too
add("ended-badly", _("Failed or timed out"), Q(status__in=[states.Status.FAILED, states.Status.TIMED_OUT]))
add("unverified", _("Succeeded, but not verified"),
    Q(Exact(Passed("result"), "false"), status=states.Status.SUCCEEDED, result__isnull=False))  # fmt: skip
add("out-of-steps", _("Ran out of steps"), _CODED & Q(Exact(Code("error"), "MAX_STEPS_REACHED")))
add("out-of-credit", _("Ran out of credit"), _CODED & Q(Exact(Code("error"), "WALLET_EXHAUSTED")))
add("burning", _("Repeats itself and burns money"), ~Q(waste_kind=""))
add("waits", _("Waits for a person"), Q(status=states.Status.AWAITING_HUMAN))
add("not-followed", _("Its events can't be followed now"),
    IS_LIVE & Q(stream__in=[states.Stream.RECONNECTING, states.Stream.REFUSED]))  # fmt: skip
