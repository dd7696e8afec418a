"""Texts as the words that are searched: lower case, without accents, letters and digits only. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

LONGEST = 64  # signs of a word that count
_TEXT_LIMIT = 4000  # signs of one text that are read: pictures and page sources are no words
_DEPTH = 6
_WORD = re.compile(r"[^\W_]+")


def of(text: str) -> list[str]:
    """The words in order, each as often as it stands there."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return [word[:LONGEST] for word in _WORD.findall(text.casefold())]


def in_payload(data: str) -> set[str]:
    """The words of all texts in an event's payload; names of members and numbers are left out."""
    found: set[str] = set()
    for text in _texts(_parsed(data), 0):
        found.update(of(text[:_TEXT_LIMIT]))
    return found


def in_value(value: Any) -> set[str]:
    """The same of what was parsed already."""
    return {word for text in _texts(value, 0) for word in of(text[:_TEXT_LIMIT])}


def _parsed(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < _DEPTH and isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner, depth + 1)
    elif depth < _DEPTH and isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1)
