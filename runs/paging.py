"""Pages of lists by key: an opaque cursor names the last row given, so that new rows shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from ninja.errors import ValidationError

Row = TypeVar("Row", bound=Model)
DEFAULT, LARGEST = 50, 200


def page(rows: QuerySet[Row], limit: int, key: Callable[[Row], list[Any]]) -> tuple[list[Row], str | None]:
    """The first `limit` of the rows, and the cursor of the last one when more follow."""
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], encode(key(found[limit - 1]))


def encode(key: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[Any]:
    """The key in a cursor. ValidationError for one that was not given by us."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        key = None
    good = isinstance(key, list) and len(key) == len(kinds) and all(map(_fits, key, kinds))
    if not good:
        raise refusal("cursor", _("This cursor was not given by a list here. Start without one."))
    return list(key or [])


def _fits(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and (not isinstance(value, int) or 0 <= value < 2**63)


def whole(text: str, default: int = 0) -> int:
    """A whole number as an address or a form tells it, one that a database takes; else the default."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else default


def refusal(name: str, message: str) -> ValidationError:
    """A query parameter that can't be taken."""
    return ValidationError([{"loc": ["query", name], "msg": message, "type": "value_error"}])


class Pages(Paginator):  # can't be subscripted as the program runs
    """Numbered pages, each found through an index alone before its rows are read: a deep one costs little more.

    With `read`, the rows that were found are read from there, so that what is sought is not sought again; with `ids`,
    they are known already.
    """

    ids: list[int] | None = None

    def __init__(self, rows: QuerySet[Any], per_page: int, read: QuerySet[Any] | None = None) -> None:
        super().__init__(rows, per_page)
        self.read = rows if read is None else read

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        start = (number - 1) * self.per_page
        end = start + self.per_page
        keys = (
            rows.select_related(None).values_list("pk", flat=True)[start:end]
            if self.ids is None
            else self.ids[start:end]
        )
        ids = list(keys)
        found = {row.pk: row for row in self.read.filter(pk__in=ids).order_by()} if ids else {}
        return Page([found[pk] for pk in ids if pk in found], number, self)
