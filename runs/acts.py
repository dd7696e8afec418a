"""Owns the words of the audit log: what each act is called and what is told of it, on its page and in case files.

The log itself, the API and the files of a case hold codes. What layers above write is known from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from runs import plain, steps, told
from runs.casefile import words
from runs.casefile.words import Fact, Say
from runs.models import AuditEntry, BatchItem, Budget, Connection
from runs.templatetags import console

SHOWN = 300  # characters of one value that a page shows
_INSIDE = 60  # parts of one value that it shows
_DOLLARS, _MOMENT = "_cents", "_at"


class Area(NamedTuple):
    """Acts of one matter. `codes` are the first parts of their codes; the first of these names it in an address."""

    label: Promise
    codes: tuple[str, ...]

    @property
    def code(self) -> str:
        return f"{self.codes[0]}."

    @property
    def acts(self) -> list[tuple[str, str]]:
        return [(code, str(label)) for code, label in ACTS.items() if _area(code) in self.codes]


def said(act: str) -> str:
    """What was done, for people; empty for an act that has no words."""
    return str(ACTS.get(act, ""))


def belongs(act: str, wanted: str) -> bool:
    """Whether an act is what was asked for: itself, what begins so, or what is of the area that is named so."""
    area = next((area for area in AREAS if area.code == wanted), None)
    return act.startswith(wanted) or (area is not None and _area(act) in area.codes)


def is_offered(wanted: str) -> bool:
    """Whether the page's list has it: an act, or an area."""
    return wanted in ACTS or any(area.code == wanted for area in AREAS)


def who(entry: AuditEntry) -> str:
    """Who did it; what has no account is named in the reader's language."""
    return entry.actor_name if entry.actor_id else _fit(ACTORS, entry.actor_name)


def subject(text: str) -> SafeString:
    """What it was done to, leading there where it has a page."""
    told = plain.plain(_fit(SUBJECTS, text), 200)
    for pattern, page in PAGES.items():
        if found := re.match(pattern, text):
            return format_html('<a href="{}">{}</a>', reverse(page, args=found.groups()), told)
    return told


def facts(entry: AuditEntry) -> list[Fact]:
    """What is told of an act beside its subject, in the order of the labels, as some databases keep none; what is
    empty goes, and what the act's own words say already.
    """
    left_out: tuple[Any, ...] = (None, "", {}, [], entry.subject)
    said = _ECHOES.get(entry.act, {})
    shown = {name: value for name, value in entry.detail.items() if value not in left_out and said.get(name) != value}
    order = {name: at for at, name in enumerate([*words.LABELS, *LABELS])}
    names = sorted(shown.keys() - _UNSAID, key=lambda name: (order.get(name, len(order)), name))
    return [Fact(name, label(name), _of_entry(entry, name, shown[name])) for name in names]


def _of_entry(entry: AuditEntry, name: str, value: Any) -> SafeString:
    retold = _RETOLD[name](value, entry) if name in _RETOLD else value
    return value_of(name, retold)


def label(name: str) -> str:
    return str(LABELS[name]) if name in LABELS else words.label(name)


def value_of(name: str, value: Any) -> SafeString:
    """Safe HTML: by the rule for its field, else by what it is."""
    if isinstance(value, dict):
        if value.keys() == {"from", "to"}:  # of what was changed
            return format_html("{} → {}", value_of(name, value["from"]), value_of(name, value["to"]))
        return _joined(
            format_html("{} {}", _inside(name, key), value_of(key, one)) for key, one in sorted(value.items())
        )
    if isinstance(value, list):
        return _joined(value_of(name, one) for one in value)
    if value in (None, ""):
        return SafeString("—")
    if isinstance(value, bool):
        return SafeString(words.yes_or_no(value))
    ruled = _rule(name)(value)
    return ruled if isinstance(ruled, SafeString) else plain.plain(ruled, SHOWN)


def know(
    acts: Mapping[str, Promise],
    areas: Iterable[Area],
    labels: Mapping[str, Promise] | None = None,
    says: Mapping[str, Say] | None = None,
    inside: Mapping[str, Say] | None = None,
) -> None:
    """The words of acts that layers above this one write. `inside` says the keys of a value that counts by them."""
    ACTS.update(acts)
    AREAS.extend(areas)
    LABELS.update(labels or {})
    SAYS.update(says or {})
    _INSIDES.update(inside or {})


def know_exceptions(
    echoes: Mapping[str, Mapping[str, Any]], retold: Mapping[str, Callable[[Any, AuditEntry], Any]], unsaid: set[str]
) -> None:
    """Values that an act's words say already; fields whose value is told by what else the entry holds; fields for
    programs alone.
    """
    _ECHOES.update(echoes)
    _RETOLD.update(retold)
    _UNSAID.update(unsaid)


def know_names(
    actors: Mapping[str, Promise], subjects: Mapping[str, Promise], pages: Mapping[str, str] | None = None
) -> None:
    """Who acts without an account, and what subjects are called: by patterns whose groups stand in the words, or in
    the address of a page of that name.
    """
    ACTORS.update(actors)
    SUBJECTS.update(subjects)
    PAGES.update(pages or {})


def _area(act: str) -> str:
    return act.partition(".")[0]


def _fit(known: Mapping[str, Promise], text: str) -> str:
    for pattern, words_ in known.items():
        if found := re.fullmatch(pattern, text, re.DOTALL):
            return str(words_) % found.groupdict()
    return text


def _rule(name: str) -> Callable[[Any], Any]:
    if name in SAYS:
        return SAYS[name]
    if name.endswith(_DOLLARS):
        return steps.money
    if name.endswith(_MOMENT):
        return _stamp
    return words.SAYS.get(name, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _stamp(value: Any) -> Any:
    at = words.read(value)
    return value if at is None else console.stamp(at)


def _number(value: Any) -> str:
    """An event by its number: here is no place that it could lead to."""
    return str(value)


def _hash(value: Any) -> SafeString:
    """Its beginning, as the page tells an entry's own; whole in its title."""
    return format_html('<code title="{}">{}…</code>', value, str(value)[:10])


def _inside(name: str, key: str) -> SafeString:
    ruled = _INSIDES.get(name, label)(key)
    return plain.plain(ruled, SHOWN)


def _joined(parts: Iterable[SafeString]) -> SafeString:
    listed = list(parts)
    more = len(listed) - _INSIDE
    listed = listed[:_INSIDE] + ([SafeString(_("%(count)s more") % {"count": more})] if more > 0 else [])
    return format_html_join(", ", "{}", ((part,) for part in listed))


ACTS: dict[str, Promise] = {
    "run.started": gettext_lazy("Started the run"),
    "run.cancelled": gettext_lazy("Cancelled the run"),
    "run.exported": gettext_lazy("Took the run away"),
    "run.case_sealed": gettext_lazy("Sealed a case file"),
    "runs.cancel_asked": gettext_lazy("Asked to cancel many runs"),
    "frames.skipped": gettext_lazy("Frames left out, as the machine was private"),
    "batch.started": gettext_lazy("Started a batch"),
    "batch.paused": gettext_lazy("Paused a batch"),
    "batch.continued": gettext_lazy("Went on with a batch"),
    "batch.stopped": gettext_lazy("Stopped a batch"),
    "batch.done": gettext_lazy("Batch done"),
    "recipe.added": gettext_lazy("Saved a template"),
    "recipe.changed": gettext_lazy("Changed a template"),
    "recipe.removed": gettext_lazy("Removed a template"),
    "budget.added": gettext_lazy("Made a budget"),
    "budget.changed": gettext_lazy("Changed a budget"),
    "budget.removed": gettext_lazy("Removed a budget"),
    "budget.warned": gettext_lazy("Budget nearly spent"),
    "budget.reached": gettext_lazy("Budget reached"),
    "view.shared": gettext_lazy("Shared a saved view"),
    "view.removed": gettext_lazy("Removed a shared view"),
    "connection.added": gettext_lazy("Added a connection"),
    "connection.changed": gettext_lazy("Changed a connection"),
    "connection.key_replaced": gettext_lazy("Replaced a connection's key"),
    "connection.webhook_secret": gettext_lazy("Made a new secret for webhooks"),
    "token.issued": gettext_lazy("Issued an API token"),
    "token.revoked": gettext_lazy("Revoked API tokens"),
    "retention.swept": gettext_lazy("Removed what was older than is kept"),
}
AREAS: list[Area] = [
    Area(gettext_lazy("Runs"), ("run", "runs", "frames")),
    Area(gettext_lazy("Batches"), ("batch",)),
    Area(gettext_lazy("Templates"), ("recipe",)),
    Area(gettext_lazy("Budgets"), ("budget",)),
    Area(gettext_lazy("Views"), ("view",)),
    Area(gettext_lazy("Connections"), ("connection",)),
    Area(gettext_lazy("API tokens"), ("token",)),
    Area(gettext_lazy("Retention"), ("retention",)),
]
LABELS: dict[str, Promise] = {  # of details only; what a case file has as well is labelled as there
    "what": gettext_lazy("As"),
    "seq": gettext_lazy("Up to event"),
    "manifest_sha256": gettext_lazy("Hash of its manifest"),
    "gesture": gettext_lazy("Gesture"),
    "count": gettext_lazy("Count"),
    "rows": gettext_lazy("Rows"),
    "text": gettext_lazy("Text"),
    "limit_cents": gettext_lazy("Limit"),
    "worst_cents": gettext_lazy("At most"),
    "spent_cents": gettext_lazy("Spent until then"),
    "cents": gettext_lazy("Spent"),
    "runs": gettext_lazy("Runs"),
    "events": gettext_lazy("Events"),
    "frames": gettext_lazy("Frames"),
    "days": gettext_lazy("Days that are kept"),
    "waits_for": gettext_lazy("Waits for"),
    "left_out": gettext_lazy("Left out"),
    "results": gettext_lazy("Results"),
    "fields": gettext_lazy("Fields"),
    "variables": gettext_lazy("Variables"),
    "period": gettext_lazy("Period"),
    "does": pgettext_lazy("budget", "What it does"),
    "warn_percent": gettext_lazy("Warns at percent"),
    "name": gettext_lazy("Name"),
    "before": gettext_lazy("Before"),
    "after": gettext_lazy("After"),
    "query": gettext_lazy("Filters"),
    "base_url": gettext_lazy("Address"),
    "key_kind": gettext_lazy("Kind of key"),
    "key_env": gettext_lazy("Variable with the key"),
    "colour": gettext_lazy("Colour"),
    "is_enabled": gettext_lazy("Enabled"),
    "wants_webhooks": gettext_lazy("Asks for webhooks"),
    "max_requests_a_second": gettext_lazy("Requests a second at most"),
    "max_runs": gettext_lazy("Runs at once at most"),
}
SAYS: dict[str, Say] = {
    "seq": _number,
    "pause_seq": _number,
    "seen_seq": _number,
    "cents": steps.money,
    "period": words.choice(Budget.Period),
    "does": words.choice(Budget.Act),
    "colour": words.choice(Connection.Colour),
    "connection": str,
    "waits_for": told.told,
    "manifest_sha256": _hash,
    "seen_frame_sha256": _hash,
    "query": words.as_code,
    "key_env": words.as_code,
    "gesture": words.as_code,
    "result": told.told,
    "error": told.told,
    "status": words.SAYS["status"],
}
_INSIDES: dict[str, Say] = {"results": words.choice(BatchItem.State)}
_ECHOES: dict[str, Mapping[str, Any]] = {}
_RETOLD: dict[str, Callable[[Any, AuditEntry], Any]] = {}
_UNSAID: set[str] = set()
ACTORS: dict[str, Promise] = {
    "system": gettext_lazy("system"),
    "budget": gettext_lazy("budget"),
    "batch": gettext_lazy("batch"),
    "command line": gettext_lazy("command line"),
}
SUBJECTS: dict[str, Promise] = {}
PAGES: dict[str, str] = {}
