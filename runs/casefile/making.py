"""Making a run's case file for a person: audited when it is begun, and with its seal when it is whole."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from live.manner import Manner
from runs import audit
from runs.casefile import archive, parts
from runs.models import Run


def begin(user: User, run: Run, like: Manner) -> Iterator[bytes]:
    """The archive's bytes, made as they are asked for, its page as `like` says. Raises TooLarge before the first."""
    parts.refuse_too_large(run)
    with transaction.atomic():
        entry = audit.record(user, "run.exported", run=run, subject=run.upstream_id, what="case file", seq=run.cursor)

    def sealed(digest: str) -> None:
        # The log knows the seal: whoever had the key could sign another case, but not put it in here.
        with transaction.atomic():
            audit.record(user, "run.case_sealed", run=run, subject=run.upstream_id, manifest_sha256=digest)

    about = {
        "run": run.upstream_id,
        "cursor": run.cursor,
        "made_at": timezone.now().isoformat(),
        "made_by": user.get_username(),
        "console": settings.PUBLIC_URL,
        "audit_seq": entry.seq,
    }
    return archive.written(about, parts.members(run, entry.seq, like), sealed)
