"""Templates: a task with variables, `{{number}}`, `{{amount:number}}`, `{{password:secret}}`, shared by the team."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from runs import audit, secrets
from runs.models import Recipe

TEXT, NUMBER, SECRET = "text", "number", "secret"
KINDS = (TEXT, NUMBER, SECRET)
LONGEST_VALUE = 2000
LONGEST_TASK = 16_000
MOST_VARIABLES = 20
_PLACE = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_]{0,39})\s*(?::\s*([a-z]+)\s*)?\}\}")
_SPLIT = re.compile(r"(\{\{[^{}]*\}\})")
_BRACES = re.compile(r"\{\{|\}\}")
_NUMBER = re.compile(r"[-+]?\d[\d .,']*\d|[-+]?\d")


@dataclass(frozen=True)
class Variable:
    """A place in a template: its name as written, and what may stand there."""

    name: str
    kind: str = TEXT

    @property
    def is_secret(self) -> bool:
        return self.kind == SECRET

    @property
    def label(self) -> str:
        words = self.name.replace("_", " ")
        return words[:1].upper() + words[1:]


class Refused(ValueError):
    """One sentence that says why, and the field that it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def variables(text: str) -> list[Variable]:
    """Each variable once, in order. Refused for a kind that there is not, one of two kinds, or stray braces."""
    kinds: dict[str, str] = {}
    for name, told in _PLACE.findall(text):
        if told and told not in KINDS:
            raise Refused(_("“%(kind)s” is no kind of value: write text, number or secret.") % {"kind": told}, "text")
        if told and kinds.get(name) and kinds[name] != told:
            raise Refused(_("“%(name)s” has two kinds: choose one.") % {"name": name}, "text")
        kinds[name] = told or kinds.get(name, "")
    found = [Variable(name, kind or TEXT) for name, kind in kinds.items()]
    if _BRACES.search(_PLACE.sub("", text)):
        raise Refused(_("Two braces stand without a name in them: write {{name}}, letters, digits and _ only."), "text")
    if len(found) > MOST_VARIABLES:
        raise Refused(_("At most %(most)d variables.") % {"most": MOST_VARIABLES}, "text")
    return found


def fill(text: str, values: Mapping[str, str], *, shows_secrets: bool = True) -> str:
    """The sentence. Without `shows_secrets` dots stand where a secret is: what may be stored and shown."""
    kinds = {one.name: one for one in variables(text)}

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if kinds[name].is_secret and not shows_secrets:
            return secrets.MASK
        return values.get(name, "")

    return _PLACE.sub(value, text)


def shown(text: str) -> str:
    """A template as pages show it: passwords that stand in it masked, its variables as they are."""
    parts = _SPLIT.split(text)
    return "".join(part if at % 2 else secrets.mask(part) for at, part in enumerate(parts))


def problem(variable: Variable, value: str) -> str:
    """Why this value can't stand there; empty for a good one."""
    if not value.strip():
        return _("A value is missing.")
    if len(value) > LONGEST_VALUE:
        return _("At most %(most)d signs.") % {"most": LONGEST_VALUE}
    if variable.kind == NUMBER and not _NUMBER.fullmatch(value.strip()):
        return _("This is not a number.")
    if "\x00" in value or "{{" in value or "}}" in value:
        return _("Two braces, or a sign that no text has.")
    return ""


def usable(user: User) -> list[Recipe]:
    """The templates that the team uses; nobody else's are."""
    return list(Recipe.objects.filter(is_archived=False)) if user.has_perm("runs.start_run") else []


def save(by: User, name: str, text: str, fields: dict[str, Any], recipe: Recipe | None = None) -> Recipe:
    """Make a template, or change one. Refused where the name is taken or the text can't be filled."""
    name = " ".join(name.split())[:80]
    told = variables(text)
    with transaction.atomic():
        others = Recipe.objects.exclude(pk=recipe.pk) if recipe else Recipe.objects.all()
        if others.filter(name=name).exists():
            raise Refused(_("Another template has this name."), "name")
        values = {"name": name, "text": text, "fields": fields, "changed_at": timezone.now(), "is_archived": False}
        if recipe is None:
            saved = Recipe.objects.create(made_by=by, **values)
        else:
            Recipe.objects.filter(pk=recipe.pk).update(**values)
            saved = Recipe.objects.get(pk=recipe.pk)
        facts: dict[str, Any] = {
            "text": shown(text),
            "fields": fields,
            "variables": [f"{v.name}:{v.kind}" for v in told],
        }
        audit.record(by, "recipe.changed" if recipe else "recipe.added", subject=name, **facts)
    return saved


def archive(by: User, recipe: Recipe) -> bool:
    """Take it out of use; runs and batches of it stay. False where that was done before."""
    with transaction.atomic():
        done = Recipe.objects.filter(pk=recipe.pk, is_archived=False).update(is_archived=True)
        if done:
            audit.record(by, "recipe.removed", subject=recipe.name)
    return bool(done)
