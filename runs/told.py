"""Sentences that were stored in English by whatever was at work then, shown in the language of whoever reads them."""

from __future__ import annotations

import re

from django.utils.translation import get_language, gettext, gettext_noop

LEFT = gettext_noop("the run left the pause")
_SLOT = re.compile(r"%\((\w+)\)s")
_WORD, _ANYTHING = r"\S+?", ".*?"
_ONE_WORD = {"host", "where"}  # addresses: what else may stand before the same words is somebody's own sentence
_KNOWN: list[tuple[re.Pattern[str], str]] = []


def know(*sentences: str) -> None:
    """Sentences as they are stored; %(name)s stands for what differs, and is itself looked up."""
    for sentence in sentences:
        parts = _SLOT.split(sentence)
        spelled = "".join(_slot(part) if at % 2 else re.escape(part) for at, part in enumerate(parts))
        _KNOWN.append((re.compile(rf"{spelled}\Z", re.DOTALL), sentence))


def _slot(name: str) -> str:
    return rf"(?P<{name}>{_WORD if name in _ONE_WORD else _ANYTHING})"


def told(text: str) -> str:
    """The sentence in the reader's language; one that is not known (upstream's own words) stays as it is."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    for pattern, sentence in _KNOWN:
        if found := pattern.match(text):
            return gettext(sentence) % {name: told(part) for name, part in found.groupdict().items()}
    return _joined(text)


def _joined(text: str) -> str:
    """Several reasons in one sentence, each looked up by itself."""
    parts = text.removesuffix(".").split("; ")
    if len(parts) == 1 and not text.endswith("."):
        return text
    return "; ".join(told(part) for part in parts) + "." * text.endswith(".")


# What differs most comes last: the first that fits counts.
know(
    LEFT,
    gettext_noop("The relay that followed it has ended."),
    gettext_noop("Upstream's log has gone back, as after a restore; its new events follow the older ones"),
    gettext_noop("The connection is disabled: nothing is asked of it."),
    gettext_noop("This connection has no key: give it one."),
    gettext_noop("The console's environment has no variable %(name)s."),
    gettext_noop("the connection was cut"),
    gettext_noop("upstream closes the stream without an event"),
    gettext_noop("the connection broke (%(why)s)"),
    gettext_noop("nothing was heard for %(seconds)s s"),
    gettext_noop("Upstream left out event %(first)s: asking for them once more"),
    gettext_noop("Upstream left out events %(first)s to %(last)s: asking for them once more"),
    gettext_noop("Upstream left out events %(first)s to %(last)s"),
    gettext_noop("Upstream left out event %(first)s"),
    gettext_noop("Key refused since %(time)s: %(said)s"),
    gettext_noop("Upstream asks to wait since %(time)s: %(said)s"),
    gettext_noop("Upstream down since %(time)s: %(said)s"),
    gettext_noop("Upstream has asked to wait %(seconds)s s more."),
    gettext_noop("This connection's limit of requests is used up for now."),
    gettext_noop("Its limit of %(limit)s leaves no room for one more run: %(spent)s are spent."),
    gettext_noop("Budget “%(name)s” is reached"),
    gettext_noop("No relay follows it: start one with `python manage.py relay`."),
    gettext_noop("The console's database does not answer."),
    gettext_noop(
        "The stored secret does not open, as SECRET_KEY is another: name the old one in SECRET_KEY_FALLBACKS."
    ),
)

# What came of a batch's rows.
know(
    gettext_noop("Stopped before its turn."),
    gettext_noop("It was sent; no answer has come."),
    gettext_noop("%(name)s may not do this any more."),
    gettext_noop("The run is no longer known."),
    gettext_noop("Cancelled."),
    gettext_noop("Cancelled; %(cost)s were spent."),
    gettext_noop("It had ended before: %(status)s."),
    gettext_noop("It had ended before: %(said)s"),
    gettext_noop("No answer came; it is sent again with the same key."),
    gettext_noop("No answer came, however often it was sent."),
    gettext_noop("Succeeded"),
    gettext_noop("Failed"),
    gettext_noop("Cancelled"),
    gettext_noop("Timed out"),
)

# What a batch waits for.
know(
    gettext_noop(
        "Nothing was started: of the budget “%(name)s” (%(limit)s, %(period)s) %(spent)s are spent and "
        "%(promised)s are promised to runs under way. %(left)s are left; this run may cost %(cost)s."
    ),
    gettext_noop(
        "Nothing was started: this run may cost %(cost)s, and the budget “%(name)s” allows %(limit)s a run. "
        "Let it take fewer steps."
    ),
    gettext_noop("%(name)s may have %(limit)s runs of this console at once, and has them: wait for one."),
    gettext_noop("No machine is running upstream: start one, or name the machine."),
    gettext_noop("each day"),
    gettext_noop("each month"),
    gettext_noop("in all, since it was made"),
)

# What the client of `/v1` says where upstream said nothing: it knows no Django, and no languages.
know(
    gettext_noop("Upstream answered with an error."),
    gettext_noop("Upstream refuses the key: check COASTY_API_KEY."),
    gettext_noop("The key lacks the scope for this: issue one that has it."),
    gettext_noop("Blocked before the API: a proxy or firewall on the way answered instead of the service."),
    gettext_noop("Upstream knows nothing by this id for this key."),
    gettext_noop("The run is no longer in a state that allows this."),
    gettext_noop("Upstream refuses these values."),
    gettext_noop("The wallet does not cover this: top it up."),
    gettext_noop("Upstream asks to slow down: try again later."),
    gettext_noop("Upstream is down or can't be reached: nothing was done, try again later."),
    gettext_noop("The request went out and no answer came: read the run before anything is sent again."),
    gettext_noop("The connection broke before an answer came."),
    gettext_noop("Upstream's answer is too large."),
    gettext_noop("Upstream answered with something that is not a JSON object."),
    gettext_noop("Upstream's host name is not known."),
    gettext_noop("Nothing answers at upstream's address (connection refused)."),
    gettext_noop("Upstream can't be reached (connecting took too long)."),
    gettext_noop("Upstream did not answer in time."),
    gettext_noop("The TLS connection to upstream failed."),
    gettext_noop("The proxy on the way to upstream failed."),
    gettext_noop("Upstream closed the connection without an answer."),
    gettext_noop("The connection to upstream failed (%(why)s)."),
    gettext_noop("Upstream sent %(kind)s instead of an event stream."),
    gettext_noop("%(said)s (HTTP %(status)s)"),
)
