"""Owns the notes that people save to use again: their own, or the team's."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from approvals import policies
from approvals.errors import HoldsSecret, Invalid, NotAllowed
from approvals.kinds import Kind
from approvals.models import NoteTemplate
from runs import audit
from runs.secrets import holds_secret

LONGEST = 500
MOST = 100  # of one person, and of the team


def add(user: User, text: str, kind: str = "", *, is_for_all: bool = False) -> NoteTemplate:
    """Save a note. Raises Invalid, HoldsSecret."""
    text = text.strip()
    if not text or len(text) > LONGEST or "\x00" in text:
        raise Invalid(_("A saved note has 1 to %d characters.") % LONGEST, field="text")
    if kind and kind not in Kind.values:
        raise Invalid(_("There is no such kind."), field="kind")
    if holds_secret(text):
        raise HoldsSecret
    owner = None if is_for_all else user
    with transaction.atomic():
        if NoteTemplate.objects.filter(owner=owner).count() >= MOST:
            raise Invalid(_("There are enough saved notes; remove one first."), field="text")
        made = NoteTemplate.objects.create(owner=owner, made_by=user, kind=kind, text=text)
        audit.record(user, "note.saved", subject=f"note {made.pk}", text=text, kind=kind, is_for_all=is_for_all)
    return made


def remove(user: User, template: NoteTemplate) -> None:
    """Remove one's own, or one of the team's that one has made; an admin removes any of the team's."""
    if not may_remove(user, template):
        raise NotAllowed(_("Only who has saved it, or an admin, may remove it."))
    with transaction.atomic():
        NoteTemplate.objects.filter(pk=template.pk).delete()
        audit.record(user, "note.removed", subject=f"note {template.pk}", text=template.text)


def may_remove(user: User, template: NoteTemplate) -> bool:
    if template.owner_id is not None:
        return template.owner_id == user.pk
    return template.made_by_id == user.pk or user.has_perm(policies.MANAGES)
