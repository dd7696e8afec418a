"""Keeps secrets of a template out of what is stored: a task that holds one is known by a keyed digest only."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.conf import settings

from runs.models import Withheld


def keep(task: str, shown: str) -> None:
    """Before the task goes out: wherever upstream tells it, `shown` is what is stored in its place."""
    Withheld.objects.get_or_create(digest=_digest(task, settings.SECRET_KEY), defaults={"shown": shown})


def without_secrets(by_id: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Runs as upstream told them, each task that holds a secret replaced."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = {
        name: [_digest(task, key) for key in keys]
        for name, told in by_id.items()
        if isinstance(task := told.get("task"), str) and task
    }
    among = {digest for told in digests.values() for digest in told}
    shown = dict(Withheld.objects.filter(digest__in=among).values_list("digest", "shown")) if among else {}
    if not shown:
        return by_id
    instead = {name: shown[digest] for name, told in digests.items() for digest in told if digest in shown}
    return {name: {**told, "task": instead[name]} if name in instead else told for name, told in by_id.items()}


def _digest(task: str, key: str) -> str:
    # Keyed: a guessed password in a known sentence can't be tried against what is stored.
    text = " ".join(task.split()).encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), b"withheld task\0" + text, hashlib.sha256).hexdigest()
