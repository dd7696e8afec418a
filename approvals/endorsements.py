"""Owns the yes of each person where several are needed: given, shown to the others, lapsed when the facts move."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from approvals import policies
from approvals.errors import RunMoved, YesKeyReused
from approvals.models import Approval, Endorsement
from approvals.notes import Note
from approvals.seen import Seen, changes, sentence
from approvals.states import Verdict
from live import publish, topics
from runs import audit, secret_notes, timeline
from runs.secrets import mask


def standing(approval: Approval) -> QuerySet[Endorsement]:
    """Who agrees now, the first one first."""
    return Endorsement.objects.select_related("user").filter(approval=approval, lapsed_at=None)


def shown(approval: Approval) -> list[Endorsement]:
    """Who agrees on the facts as they are now; none where one person is enough, or nothing is to be decided."""
    if approval.people_needed < 2:
        return []
    return [given for given in standing(approval) if not approval.is_open or not is_stale(approval, given)]


def agree(user: User, approval: Approval, note: Note, seen: Seen, key: str, now: datetime) -> Endorsement:
    """The person's yes, in place of an earlier one of theirs. The approval's row is locked by the caller."""
    if same := given_under(user, approval, key):
        if mask(same.note) != mask(note.kept):
            raise YesKeyReused
        return same
    mine = standing(approval).filter(user=user).first()
    if mine is not None:
        _lapse(mine, "said anew", now)
    frame = timeline.latest_frame(approval.run)
    facts = Seen.of(approval, frame)  # of somebody who told no evidence: what they could know
    told = seen if seen.seen_reason is not None else Seen(seen.seen_seq or facts.seen_seq, *_rest(facts))
    made = Endorsement(
        approval=approval, user=user, at=now, note=note.kept, idempotency_key=key[:128], **told.columns()
    )
    if note.whole:
        made.secret_code = f"e{secrets.token_hex(7)}"
        note.seal(approval.run, made.secret_code)
    Endorsement.objects.bulk_create([made])
    audit.record(
        user, "approval.endorsed", run=approval.run, subject=f"approval {approval.pk}", note=mask(note.kept),
        seen_seq=made.seen_seq, seen_frame_sha256=made.seen_frame_sha256, people_needed=approval.people_needed,
    )  # fmt: skip
    drop_stale(approval, now)
    tell(approval)
    return made


def given_under(user: User, approval: Approval, key: str) -> Endorsement | None:
    """The person's standing yes that was given under this key."""
    return standing(approval).filter(user=user, idempotency_key=key).first() if key else None


def are_enough(approval: Approval) -> bool:
    """Whether as many different people agree as the approval needs."""
    return standing(approval).count() >= approval.people_needed


def take_note(approval: Approval, last: Endorsement, code: str, seen: str | None = None) -> str:
    """The note to send, as it may be kept: the last person's, or where they gave none, the newest of the others'.
    RunMoved where that is not the one which the last person has `seen`.

    A secret in it goes out under the decision's code; `close` forgets every other one.
    """
    others = standing(approval).exclude(pk=last.pk).exclude(note="").order_by("-at", "-id")
    chosen = last if last.note else others.first() or last
    if not last.note and seen is not None and seen != chosen.note:
        raise RunMoved(approval, _("another note of those who agreed before would be sent."))
    if chosen.secret_code:
        secret_notes.rename(chosen.secret_code, code)
    return chosen.note


def _rest(facts: Seen) -> tuple[str | None, str | None, int | None]:
    return facts.seen_frame_sha256, facts.seen_reason, facts.seen_cost_cents


def drop_stale(approval: Approval, now: datetime) -> None:
    """Whoever agreed on facts that are no longer so is asked again, and whoever may not say resume any more counts no
    longer. The approval's row is locked by the caller.
    """
    for given in standing(approval):
        with translation.override("en"):  # it is stored
            because = _why_void(approval, given)
        if because:
            _lapse(given, because, now)
            audit.record(
                None, "endorsement.lapsed", run=approval.run, subject=f"approval {approval.pk}",
                of=given.user.get_username(), because=because,
            )  # fmt: skip


def withdraw(user: User, approval: Approval, *, now: datetime | None = None) -> bool:
    """Take one's own yes back; False when there was none, or the approval is decided."""
    with transaction.atomic():
        if not Approval.objects.select_for_update().get(pk=approval.pk).is_open:
            return False
        mine = standing(approval).filter(user=user).first()
        if mine is None or not _lapse(mine, "taken back", now or timezone.now()):
            return False
        audit.record(user, "endorsement.withdrawn", run=approval.run, subject=f"approval {approval.pk}")
        tell(approval)
    return True


def is_stale(approval: Approval, given: Endorsement) -> bool:
    """Whether it counts no longer: the facts have moved since it was given, or its person's rights have."""
    return bool(_why_void(approval, given))


def _why_void(approval: Approval, given: Endorsement) -> str:
    if policies.why_not_decide(given.user, approval, Verdict.RESUME):
        return "they may not say resume any more"
    found = changes(approval, Seen(None, given.seen_frame_sha256, given.seen_reason, given.seen_cost_cents))
    return sentence(found) if found else ""


def close(approval: Approval) -> None:
    """Nobody has to agree any more: no secret of a yes has to be sent. Inside the caller's transaction."""
    for code in standing(approval).exclude(secret_code="").values_list("secret_code", flat=True):
        secret_notes.forget(code)


def tell(approval: Approval) -> None:
    publish.nudge(topics.QUEUE, topics.approval(approval.pk), topics.run(approval.run_id))


def _lapse(given: Endorsement, because: str, now: datetime) -> bool:
    if given.secret_code:
        secret_notes.forget(given.secret_code)
    lapsed = Endorsement.objects.filter(pk=given.pk, lapsed_at=None)
    return bool(lapsed.update(lapsed_at=now, lapsed_because=because[:200]))
