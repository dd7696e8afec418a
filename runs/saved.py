"""Saved views of the runs list: each person's own, and those that people share."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from runs import audit
from runs.models import SavedView
from runs.searching import Filters

MOST = 30  # of one person


class Refused(ValueError):
    """One sentence that says why."""


def seen_by(user: User) -> QuerySet[SavedView]:
    """The person's own and everybody's shared ones."""
    return SavedView.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")


def keep(user: User, name: str, filters: Filters, *, is_shared: bool) -> SavedView:
    """Save what the list shows under a name; the same name again replaces it. Refused with too many."""
    name = " ".join(name.split())[:60]
    mine = SavedView.objects.filter(owner=user)
    if mine.exclude(name=name).count() >= MOST:
        raise Refused(_("You have %(most)s views already: remove one first.") % {"most": MOST})
    with transaction.atomic():
        told = {"query": filters.query(), "is_shared": is_shared}
        view, _made = SavedView.objects.update_or_create(owner=user, name=name, defaults=told)
        if is_shared:
            audit.record(user, "view.shared", subject=name, query=view.query)
    return view


def drop(user: User, pk: int) -> bool:
    """Remove one of the person's own; False where there is none."""
    with transaction.atomic():
        view = SavedView.objects.filter(owner=user, pk=pk).first()
        if view is None:
            return False
        view.delete()
        if view.is_shared:
            audit.record(user, "view.removed", subject=view.name, query=view.query)
    return True
