"""A policy's sentence, kept in English by the audit log, told in the reader's language: only where a rule is at hand
that says in English exactly what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils import translation
from pydantic import ValidationError

from approvals.models import Policy
from approvals.rules import words
from approvals.rules.shape import Then, When
from approvals.rules.words import Names
from runs.models import AuditEntry

_RULES = ("rule", "was_rule")  # in the entry itself, since they are kept there


def retold(sentence: Any, entry: AuditEntry) -> Any:
    """The stored sentence in the reader's language; as it is where it can't be told for certain."""
    if not isinstance(sentence, str) or sentence in Policy.Mode.values or _speaks_english():
        return sentence
    names = Names.load()
    for when, then in _candidates(entry):
        with translation.override("en"):
            said = words.sentence(when, then, names)
        if said == sentence:
            return words.sentence(when, then, names)
    return sentence


def _candidates(entry: AuditEntry) -> Iterator[tuple[When, Then]]:
    """The rules of the entry, and the policy's own as it is now: what older entries say may still be so."""
    told = [entry.detail[name] for name in _RULES if isinstance(entry.detail.get(name), dict)]
    if found := re.match(r"policy (\d{1,18}) ", entry.subject):
        told += Policy.objects.filter(pk=int(found[1])).values("when", "then")
    for rule in told:
        try:
            yield When.model_validate(rule.get("when")), Then.model_validate(rule.get("then"))
        except ValidationError:
            continue


def _speaks_english() -> bool:
    return (translation.get_language() or "en").startswith("en")
