"""A row for every model that has none, made from its fields alone: a new model needs nothing here to be moved too."""

from __future__ import annotations

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from coasty_console import moving

TEXT, WORD = "odd \u2603 \U0001f600", "x"
PLAIN = {
    models.BooleanField: True, models.DateTimeField: timezone.now, models.DateField: timezone.localdate,
    models.JSONField: lambda: {"odd": [TEXT, None, 10**30]}, models.BinaryField: lambda: bytes(range(256)),
    models.TextField: TEXT, models.CharField: WORD, models.FloatField: 0.1, models.IntegerField: 1,
    models.GenericIPAddressField: "127.0.0.1",
}  # fmt: skip


def fill():
    for model in moving.in_order():
        if not model._base_manager.exists():
            make(model)


def make(model):
    """Referring to all that it can; where a constraint lets only one of several references stand, to that one."""
    plain = [field for field in model._meta.concrete_fields if not field.generated]
    fields = [field for field in plain if not isinstance(field, models.AutoField)]
    optional = {field.name for field in fields if field.remote_field and field.null}
    for kept in [optional, *({name} for name in sorted(optional)), set()]:
        left_out = optional - kept
        try:
            with transaction.atomic():
                return model._base_manager.create(**{f.name: value(f) for f in fields if f.name not in left_out})
        except IntegrityError as problem:
            refused = problem
    raise refused


def value(field):
    if field.remote_field:
        return field.related_model._base_manager.first()
    if field.choices:
        return field.get_default() if field.has_default() else field.choices[0][0]
    if field.null or (field.has_default() and field.default is not dict):
        return field.get_default()
    found = next((plain for kind, plain in PLAIN.items() if isinstance(field, kind)), None)
    return found() if callable(found) else found
