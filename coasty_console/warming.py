"""Owns what a process that serves pages has ready before its first: routes, templates, and garbage looked for in parts.

A full look for garbage walks all that the program consists of: a tenth of a second in which no page is answered. What
pages leave behind is walked in small parts, each of a few milliseconds.
"""

from __future__ import annotations

import gc
from pathlib import Path

from django.template import Engine
from django.template.loader import get_template
from django.urls import get_resolver

_THRESHOLDS = (10_000, 50, 100)


def warm() -> None:
    """Read what every page needs."""
    _ = get_resolver().url_patterns  # imports the views
    for folder in Engine.get_default().dirs:
        for path in sorted(Path(folder).rglob("*.html")):
            get_template(path.relative_to(folder).as_posix())


def settle() -> None:
    """What is there now stays, and is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
