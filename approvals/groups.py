"""Approvals that are alike: the same kind, upstream, words but for digits, and near-identical pictures. Decided once
by a person, each for itself: its own evidence, its own decision or refusal, all under one gesture in the audit log.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from approvals import decisions, errors, kinds, recalls
from approvals.models import Approval, ApprovalQuerySet, Claim, Decision
from approvals.seen import Seen
from runs import audit, likeness
from runs.models import AuditEntry, Frame

LIMIT = 50  # that one person can look at and decide at once
DRAWN = 2 * LIMIT  # cards on one page, those that were decided or closed since among them
DECIDED = "approvals.decided_alike"
_LATEST = 20  # gestures, of everyone: a hold is over within a minute
_LOOKED_AT = 1000  # of one sameness: more are grouped when these are gone


@dataclass(frozen=True)
class Result:
    """What came of one member: decided, or refused with the sentence that says why."""

    pk: int
    refused: str = ""


def why_alone(approval: Approval) -> str:
    """Why this one is not decided together with others; empty where it may be."""
    if alone := kinds.handling(approval.kind).alone:
        return str(alone)
    if approval.people_needed > 1:
        return _("It needs more than one person.")
    return "" if approval.sameness else _("The agent gave no reason to compare.")


def holder(approval: Approval) -> Claim | None:
    """The claim on it that still holds, as it was read along."""
    claim: Claim | None = getattr(approval, "claim", None)
    return claim if claim and claim.expires_at > timezone.now() else None


def rest(approval: Approval) -> Approval | None:
    """The first of those that were alike to one that is over, where any still waits."""
    if not approval.sameness:
        return None
    same = Approval.objects.open().filter(sameness=approval.sameness, people_needed=1)
    return same.order_by("rank_at", "id").first()


def alike(approvals: Sequence[Approval]) -> dict[int, list[int]]:
    """The groups that these open approvals belong to: {its first member by rank: all members}, two and more each."""
    keys = {one.sameness for one in approvals if one.sameness and one.people_needed == 1}
    pictures: dict[str, list[tuple[int, str]]] = {}
    for pk, key, picture in _pictured(Approval.objects.filter(sameness__in=keys)) if keys else ():
        pictures.setdefault(key, []).append((pk, picture))
    groups = (group for members in pictures.values() for group in _clusters(members))
    return {group[0]: group for group in groups if len(group) > 1}


def members(approval: Approval) -> list[int]:
    """The open approvals that are alike to this one, itself among them; itself alone where none is."""
    if why_alone(approval):
        return [approval.pk]
    found = [(pk, picture) for pk, _key, picture in _pictured(Approval.objects.filter(sameness=approval.sameness))]
    return next((group for group in _clusters(found) if approval.pk in group), [approval.pk])


def others(approval: Approval, drawn: Collection[int]) -> list[int]:
    """The open ones that are alike to any of those drawn and not among them: they came since, or found no room."""
    if why_alone(approval):
        return []
    found = [(pk, picture) for pk, _key, picture in _pictured(Approval.objects.filter(sameness=approval.sameness))]
    near = [group for group in _clusters(found) if not set(group).isdisjoint(drawn)]
    return [pk for group in near for pk in group if pk not in drawn]


def _pictured(rows: ApprovalQuerySet) -> Iterable[tuple[int, str, str]]:
    newest = Frame.objects.filter(run=OuterRef("run_id")).order_by("-index").values("likeness")[:1]
    waiting = rows.open().filter(people_needed=1).order_by("rank_at", "id")
    return waiting.annotate(picture=Subquery(newest)).values_list("pk", "sameness", "picture")[:_LOOKED_AT]


def _clusters(found: Iterable[tuple[int, str | None]]) -> list[list[int]]:
    """Each joins the first group whose first picture is near its own; without a picture nobody knows what is alike."""
    groups: list[tuple[str, list[int]]] = []
    for pk, picture in found:
        if not picture:
            continue
        near = next((group for first, group in groups if likeness.near(first, picture)), None)
        if near is None:
            groups.append((picture, [pk]))
        else:
            near.append(pk)
    return [group for _first, group in groups]


def decide(
    user: User,
    seen: Sequence[tuple[int, Seen]],
    verdict: str,
    note: str = "",
    *,
    secret: str = "",
    secret_for: str = "",
    hold_seconds: float = 0,
    looked_at: Collection[int] | None = None,
) -> tuple[str, list[Result]]:
    """Decide each (approval, what was shown of it) by itself: the gesture's id, which every entry of it in the audit
    log names, and a result each. A `secret` goes only to those who ask for it in the very words of `secret_for`:
    alike, but for digits, may be another account. `looked_at` are those whose picture was on screen; None: not told.
    """
    gesture = secrets.token_hex(8)
    with audit.gesture(gesture):
        how = {"secret": secret, "hold_seconds": hold_seconds}
        results = []
        for pk, shown in seen[:LIMIT]:
            told = {**how, "seen_frame_open": _was_open(pk, shown, looked_at)}
            results.append(_decide(user, pk, shown, verdict, note, secret_for, told))
        with transaction.atomic():
            audit.record(
                user,
                DECIDED,
                subject=f"{len(results)} approvals",
                verdict=verdict,
                done=[result.pk for result in results if not result.refused],
                refused=[[result.pk, result.refused] for result in results if result.refused],
            )
    return gesture, results


def _was_open(pk: int, seen: Seen, looked_at: Collection[int] | None) -> bool | None:
    """Whether its picture was on screen; None where nobody has told, or where there is none."""
    return pk in looked_at if looked_at is not None and seen.seen_frame_sha256 else None


@translation.override("en")  # what is said of it is stored
def _decide(user: User, pk: int, seen: Seen, verdict: str, note: str, secret_for: str, how: dict[str, Any]) -> Result:
    approval = Approval.objects.visible_to(user).select_related("run").filter(pk=pk).first()
    if approval is None:
        return Result(pk, _("There is no such approval."))
    if refused := why_alone(approval):
        return Result(pk, refused)
    if how["secret"] and approval.reason != secret_for:
        return Result(pk, _("It asks in other words, perhaps for another account: the secret was not given to it."))
    try:
        decisions.decide(user, approval, verdict, note, **vars(seen), **how)
    except errors.Refused as problem:
        return Result(pk, problem.message)
    return Result(pk)


def told(user: User, gesture: str) -> AuditEntry | None:
    """What the audit log says of one gesture of this person."""
    return AuditEntry.objects.filter(act=DECIDED, actor=user, detail__gesture=gesture).order_by("-seq").first()


def together(user: User, decisions: Sequence[Decision]) -> dict[str, list[Decision]]:
    """Which of these were decided by one of the person's latest gestures: two and more of each, by the gesture's id."""
    if len(decisions) < 2:
        return {}
    found = {}
    for entry in AuditEntry.objects.filter(act=DECIDED).order_by("-seq")[:_LATEST]:
        mine = [one for one in decisions if one.approval_id in entry.detail["done"]]
        if entry.actor_id == user.pk and len(mine) > 1:
            found[str(entry.detail["gesture"])] = mine
    return found


def held(user: User, gesture: str) -> list[Decision]:
    """What the gesture has decided and nobody has begun to send yet, the first to go out first."""
    entry = told(user, gesture)
    found = Decision.objects.select_related("approval__run").filter(approval__in=entry.detail["done"] if entry else ())
    return [decision for decision in found.order_by("next_try_at", "pk") if decision.is_held()]


def take_back(user: User, gesture: str) -> tuple[list[int], int]:
    """Take back what is still held of one gesture, each by itself: the approvals that ask again, and of how many it
    was too late. In the audit log all of it carries the gesture.
    """
    again, late = [], 0
    with audit.gesture(gesture):
        for decision in held(user, gesture):
            try:
                asked = recalls.recall(user, decision)
            except errors.Refused:
                late += 1
            else:
                again += [asked.pk] if asked else []
    return again, late
