"""Owns how a fragment is rendered: one file, one root element, stamped with its version and addressed by its id."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

_ROOT = re.compile(r"^<([a-z][a-z0-9-]*)")
_ID = re.compile(r'^<[^>]*? id="([^"]+)"')
_STAMP = re.compile(r'^<[a-z][a-z0-9-]* data-v="([0-9a-f]+)"')


def render(template: str, context: dict[str, Any]) -> SafeString:
    """The fragment's HTML; `data-v` on its root names its version, so that an equal one is never sent twice."""
    html = render_to_string(template, context).strip()
    stamp = hashlib.sha256(html.encode()).hexdigest()[:12]
    return mark_safe(_ROOT.sub(rf'<\1 data-v="{stamp}"', html, count=1))  # noqa: S308 (a template's own output)


def version(html: str) -> str:
    """The version that `render` stamped on a fragment; empty for other HTML."""
    found = _STAMP.match(html)
    return found.group(1) if found else ""


def root_id(html: str) -> str:
    """The id of the fragment's root element."""
    found = _ID.match(html)
    return found.group(1) if found else ""


def swap(html: str, how: str = "true") -> str:
    """The fragment addressed to the browser: htmx puts it where an element has its root's id, or as `how` says."""
    return _ROOT.sub(rf'<\1 hx-swap-oob="{how}"', html, count=1)


def append(target_id: str, rows: str) -> str:
    """Rows to add at the end of the element with that id; rows that it has already are dropped by the page."""
    return f'<div hx-swap-oob="beforeend:#{target_id}">{rows}</div>'
