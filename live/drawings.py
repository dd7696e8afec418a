"""Owns what was drawn lately: equal values in an equal manner give the same HTML, and it is not made twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock
from typing import Any

from django.urls import get_script_prefix
from django.utils import timezone, translation
from django.utils.safestring import SafeString


def facts(row: Any) -> dict[str, Any]:
    """All that was read of a model's row, without the rows that it refers to."""
    return {name: value for name, value in vars(row).items() if name[0] != "_"}


class Drawings:
    """The newest `most` of one sort, whoever looked at them; of their values a digest only."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = Lock()
        self._kept: OrderedDict[bytes, SafeString] = OrderedDict()

    def of(self, values: object, draw: Callable[[], SafeString]) -> SafeString:
        """What `draw` makes of these values, which are all that it depends on beside zone, language and root path.

        They are compared by their `repr`: it has to tell all of each.
        """
        key = _digest((values, translation.get_language(), timezone.get_current_timezone_name(), get_script_prefix()))
        with self._lock:
            if found := self._kept.get(key):
                self._kept.move_to_end(key)
                return found
        drawn = draw()
        with self._lock:
            self._kept[key] = drawn
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return drawn


def _digest(values: object) -> bytes:
    return blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=16).digest()
