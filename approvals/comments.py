"""What people say to each other on an approval. It stays in this console: nothing of it is ever sent upstream."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from approvals import policies
from approvals.errors import Invalid, NotAllowed
from approvals.models import Approval, Comment
from live import publish, topics
from runs import audit
from runs.secrets import mask

TEXT_LIMIT = 2000
SHOWN_LIMIT = 100


def say(user: User, approval: Approval, text: str, *, now: datetime | None = None) -> Comment:
    """Add a comment; what looks like a password in it is stored masked. Raises NotAllowed, Invalid."""
    if sentence := policies.why_not_comment(user):
        raise NotAllowed(sentence)
    said = clean(text)
    if not said:
        raise Invalid(_("Write something first."), field="text")
    with transaction.atomic():
        comment = Comment.objects.create(approval=approval, author=user, text=said, created_at=now or timezone.now())
        audit.record(user, "approval.commented", run=approval.run, subject=f"approval {approval.pk}", text=said)
        publish.nudge(topics.approval(approval.pk))
    return comment


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """The text as it may be stored, for ever and for all to read. Raises Invalid."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > limit:
        raise Invalid(
            _("It has %(count)s characters; %(limit)s fit.") % {"count": f"{len(text):,}", "limit": f"{limit:,}"},
            field="text",
        )
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Invalid(_("It holds characters that can't be stored."), field="text")
    return mask(text)


def thread(approval: Approval) -> list[Comment]:
    """The newest comments, oldest of them first."""
    newest = Comment.objects.filter(approval=approval).select_related("author", "handed_to").order_by("-id")
    return list(newest[:SHOWN_LIMIT])[::-1]
