"""Owns notes that hold a secret: sealed until they are sent; the event that repeats one is stored with its masked form.

An upstream writes a resume's note into the run's log, and the log is mirrored to the letter: but for these.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from coasty_api import wire
from runs import vault
from runs.models import Run, SecretNote
from runs.secrets import MASK

if TYPE_CHECKING:
    from runs.ingest import Arrived

_SHORTEST = 3  # of a word that is struck out: shorter ones stand in any sentence


def tag(code: str) -> str:
    """How a note that goes upstream names the decision that it belongs to."""
    return f"[decision {code}]"


def keep(run: Run, code: str, whole: str, shown: str) -> None:
    """Seal the note that is to be sent. Inside the transaction of the decision."""
    SecretNote.objects.create(run=run, code=code, shown=shown, sealed=vault.seal(whole))


def rename(code: str, to: str) -> None:
    """The note goes out under another code than it was kept under."""
    SecretNote.objects.filter(code=code).update(code=to)


def whole(code: str) -> str | None:
    """The note to send; None where none is sealed. `vault.Unreadable` when SECRET_KEY does not open it any more."""
    sealed = SecretNote.objects.filter(code=code).exclude(sealed="").values_list("sealed", flat=True).first()
    return vault.unseal(sealed) if sealed else None


def struck(code: str, text: str) -> str:
    """What upstream says of a note, the secret in it struck out."""
    note = SecretNote.objects.filter(code=code).exclude(sealed="").first()
    if note is None:
        return text
    secret = vault.unseal(note.sealed)
    words = {secret, *secret.split()} - set(note.shown.split())
    for word in sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True):
        text = text.replace(word, MASK)
    return text


def forget(code: str) -> None:
    """Nobody has to send it any more: only its masked form stays."""
    SecretNote.objects.filter(code=code).exclude(sealed="").update(sealed="")


def veiled(batch: Sequence[Arrived]) -> Sequence[Arrived]:
    """The events as they may be stored: what a resume repeats of a secret note is its masked form."""
    runs = {one.run_pk for one in batch if one.type == "resumed"}
    if not runs:
        return batch
    found = SecretNote.objects.filter(run__in=runs).values_list("run_id", "code", "shown")
    notes: dict[int, list[tuple[str, str]]] = {}
    for run_pk, code, shown in found:
        notes.setdefault(run_pk, []).append((tag(code), shown))
    if not notes:
        return batch
    return [_veiled(one, notes.get(one.run_pk, [])) if one.type == "resumed" else one for one in batch]


def _veiled(one: Arrived, notes: list[tuple[str, str]]) -> Arrived:
    told = wire.parse(one.data)
    text = json.dumps(told)  # however upstream spells it
    for mark, shown in notes:
        if mark in text:
            clean = f"{shown} {mark}".strip()
            said = _without(told, mark, clean) if isinstance(told, dict | list) else {"note": clean}
            if said == told:  # upstream has masked it in the same way: it is kept to the letter
                return one
            return one._replace(data=json.dumps(said, ensure_ascii=False))
    return one


def _without(value: Any, mark: str, clean: str) -> Any:
    if isinstance(value, str):
        return clean if mark in value else value
    if isinstance(value, dict):
        return {name: _without(item, mark, clean) for name, item in value.items()}
    return [_without(item, mark, clean) for item in value] if isinstance(value, list) else value
