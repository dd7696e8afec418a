"""How the bodies of the API are read: JSON that means one thing to everybody."""

from __future__ import annotations

import json
import math
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class Unclear(ValueError):
    """What a body holds can be read in more than one way; the message says which."""


class Strict(Parser):
    """Where a name stands twice, some readers take the first and some the last: an action must not depend on that."""

    def parse_body(self, request: HttpRequest) -> Any:
        text = request.body.decode("utf-8-sig")  # else the bytes would be tried as UTF-16 too
        body = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
        json.dumps(body, ensure_ascii=False).encode()  # half a character is no text
        return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise Unclear(f"The name {next(n for n in names if names.count(n) > 1)[:80]!r} stands twice in the body.")
    return found


def _no_number(text: str) -> float:
    raise Unclear(f"{text[:20]} is no number of JSON's.")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)
