"""What approvals that may be decided together share: a word to look them up by. Pure."""

from __future__ import annotations

import hashlib
import re

from approvals import kinds


def of(kind: str, connection_pk: int, reason: str) -> str:
    """Kind, upstream and words but for digits, as a digest; empty for what always stands alone."""
    words = re.sub(r"\d+", "0", " ".join(reason.split()).lower())
    if not words or not kinds.handling(kind).may_group:
        return ""
    return hashlib.sha256(f"{kind}\n{connection_pk}\n{words}".encode(errors="replace")).hexdigest()[:16]
