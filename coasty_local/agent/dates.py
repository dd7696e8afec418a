"""Date fields: what order a field wants day, month and year in, and the keys that put a date there."""

from __future__ import annotations

import re
from datetime import date, datetime

from coasty_local.agent.scene import Control

_READ = (
    "%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%Y/%m/%d", "%A %d %B %Y", "%d. %B %Y",
)  # fmt: skip
_RUN = re.compile(r"(m{2}|d{2}|y{2,4})", re.IGNORECASE)
_FULL = {"m": "%m", "d": "%d", "y": "%Y"}


def meant(value: str) -> date | None:
    """The date that a value names, if it names one beyond doubt (12/03/2027 does not)."""
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|,", "", " ".join(value.split()))
    for shape in _READ:
        try:
            return datetime.strptime(plain, shape).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    return None


def hint(control: Control) -> str:
    """The pattern that the field shows for a date, such as mm/dd/yyyy; "" when it shows none."""
    for words in (control.text, control.label):
        found = re.search(r"(?:\b|\()([mdy]{2,4}(?:\s?[-/.]\s?[mdy]{2,4}){2})\b", words, re.IGNORECASE)
        if found and len({run[0].lower() for run in _RUN.findall(found.group(1))}) == 3:
            return found.group(1).replace(" ", "")
    return ""


def own(pattern: str) -> bool:
    """Whether the pattern is that of the browser's own date field, which takes digits and sets its own signs."""
    return pattern.islower() and "/" in pattern


def spelled(day: date, pattern: str) -> str:
    """The date as the pattern wants it."""
    return day.strftime(_RUN.sub(lambda run: _FULL[run.group()[0].lower()], pattern))
