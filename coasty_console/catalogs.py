"""The catalogs of translations: each `.po` under `locale` is compiled where what was compiled of it is older."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import polib
from django.conf import settings

log = logging.getLogger(__name__)


def compile_all() -> list[Path]:
    """The catalogs that were compiled now. A folder that can't be written leaves the pages in English, and says so."""
    made = []
    for folder in settings.LOCALE_PATHS:
        for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            try:
                _compile(source, target)
                made.append(target)
            except OSError as problem:
                log.warning("The translations in %s could not be compiled: %s", source, problem)
    return made


def _compile(source: Path, target: Path) -> None:
    """Written beside and moved into place, so that no process that starts meanwhile reads half of it."""
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    os.close(handle)
    try:
        polib.pofile(str(source)).save_as_mofile(name)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
