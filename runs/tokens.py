"""Bearer tokens of people: issued once in clear, known afterwards by their SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from runs import audit
from runs.models import ApiToken

PREFIX = "cc_"
_USED_EVERY = timedelta(minutes=1)  # how exactly `last_used_at` is kept


def issue(user: User, *, by: User | None = None, actor_name: str = "") -> str:
    """A new token of the user. It can't be read again."""
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        ApiToken.objects.create(user=user, digest=_digest(token))
        audit.record(by, "token.issued", subject=user.get_username(), actor_name=actor_name)
    return token


def revoke(user: User, *, by: User | None = None, actor_name: str = "") -> int:
    """Take all tokens of the user back; how many there were."""
    with transaction.atomic():
        gone, _ = ApiToken.objects.filter(user=user).delete()
        if gone:
            audit.record(by, "token.revoked", subject=user.get_username(), actor_name=actor_name, count=gone)
    return gone


def count(user: User) -> int:
    """How many tokens of the user are good."""
    return ApiToken.objects.filter(user=user).count()


def user_of(token: str) -> User | None:
    """Whose token it is; None when it is nobody's, or of somebody who is switched off."""
    found = ApiToken.objects.select_related("user").filter(digest=_digest(token)).first()
    if found is None or not found.user.is_active:
        return None
    now = timezone.now()
    if found.last_used_at is None or now - found.last_used_at > _USED_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
