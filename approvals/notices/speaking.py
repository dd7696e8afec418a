"""Speaks to channels through apprise: which schemes are taken, what went wrong, and no secret in any sentence."""

from __future__ import annotations

import base64
import json
import logging
import threading
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import apprise
from django.conf import settings
from django.utils.translation import gettext as _

from approvals.notices import addresses
from approvals.notices.addresses import Refused, Unreachable

SAFE = {"NotifyEmail": "mailtos", "NotifySlack": "slack", "NotifyWorkflows": "workflows", "NotifyTelegram": "tgram"}
WEBHOOK = "NotifyJSON"
URL_LIMIT = 2000
# Others could read files of this machine, switch the check of certificates off, or wait for minutes.
_PARAMETERS = frozenset(
    "to from cc bcc reply smtp user pass mode name format topic thread silent api-version sp sv sig method".split()
)
_lock = threading.Lock()


class Failed(Exception):
    """Why it was not sent. `is_final`: another try can't help; `maybe_sent`: the answer was lost."""

    def __init__(self, sentence: str, *, is_final: bool = False, maybe_sent: bool = False) -> None:
        self.sentence, self.is_final, self.maybe_sent = sentence, is_final, maybe_sent
        super().__init__(sentence)


def read(url: str) -> tuple[Any, str]:
    """The apprise plugin for an address, and how the address may be shown. Refused with the reason."""
    url = url.strip()
    if not url or len(url) > URL_LIMIT or any(ord(char) < 33 or ord(char) == 127 for char in url):
        raise Refused(_("This is not an address."))
    plugin = _plugin(url)
    name = type(plugin).__name__
    if name == WEBHOOK:
        addresses.check_url(_webhook_url(plugin))
        return plugin, f"{'https' if plugin.secure else 'http'}://{plugin.host}"
    if name == "NotifyEmail":
        is_plain = not plugin.secure or plugin.secure_mode == "insecure"
        if is_plain and not settings.NOTICES_TO_PRIVATE_ADDRESSES:
            raise Refused(_("Mail is sent over TLS only: begin with mailtos://."))
        addresses.check_host(plugin.smtp_host, plugin.port)
        return plugin, f"mailtos://{plugin.host}"
    if name == "NotifyWorkflows":
        addresses.check_host(plugin.host, plugin.port)
        return plugin, f"workflows://{plugin.host}"
    return plugin, f"{SAFE[name]}://"


def _plugin(url: str) -> Any:
    try:
        scheme, query = urlsplit(url).scheme.lower(), urlsplit(url).query
    except ValueError:
        raise Refused(_("This is not an address.")) from None
    for key, _value in parse_qsl(query, keep_blank_values=True):
        if scheme not in {"https", "http"} and key.lower() not in _PARAMETERS and key[:1] not in "+-":
            raise Refused(_("The part %(name)s of the address is not taken.") % {"name": f"{key[:30]}="})
    with _lock:  # apprise loads its plugins at the first use
        plugin = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
        if plugin is None and scheme in {"https", "http"}:
            plugin = apprise.Apprise.instantiate("json" + url[4:], asset=_asset(), suppress_exceptions=True)
    if plugin is None:
        raise Refused(_("No channel is known by this address, or a part of it is missing."))
    if type(plugin).__name__ not in {*SAFE, WEBHOOK}:
        raise Refused(
            _("Taken are email (mailtos://), Slack, Teams (workflows://), Telegram (tgram://) and webhooks (https://).")
        )
    plugin.redirects = False
    plugin.verify_certificate = True
    plugin.socket_connect_timeout = plugin.socket_read_timeout = addresses.TIMEOUT_SECONDS
    return plugin


def _asset() -> apprise.AppriseAsset:
    return apprise.AppriseAsset(
        app_id="Coasty Console", app_desc="Coasty Console", app_url="", http_redirects=False, async_mode=False,
        image_url_mask="", image_url_logo="", image_path_mask="", plugin_paths=[],
    )  # fmt: skip


def send(url: str, title: str, body: str, facts: dict[str, Any]) -> None:
    """Send it now; Failed says what came of it. `facts` goes along to webhooks, for programs."""
    try:
        plugin, shown = read(url)
    except Refused as refused:
        raise Failed(str(refused), is_final=False) from None
    if type(plugin).__name__ == WEBHOOK:
        _post(plugin, {"version": "1.0", "title": title, "message": body, "type": "info", **facts})
        return
    heard = _Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    try:
        is_sent = plugin.notify(body=body, title=title, notify_type=apprise.NotifyType.INFO)
    except Exception as problem:  # noqa: BLE001, RUF100 (a plugin may raise anything; what it says is told without secrets)
        raise Failed(_clean(str(problem), url, shown)) from None
    finally:
        logger.removeHandler(heard)
    if not is_sent:
        raise Failed(_clean("; ".join(heard.said), url, shown) or _("%(where)s did not take it.") % {"where": shown})


class _Heard(logging.Handler):
    """What apprise complains of in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and len(self.said) < 3:
            self.said.append(record.getMessage())


def _clean(sentence: str, url: str, shown: str) -> str:
    """Without any part of the address but its host."""
    parts = urlsplit(url)
    known = {shown.partition("://")[2], parts.scheme, ""}
    pieces = {url, parts.netloc, parts.username or "", parts.password or "", *parts.path.split("/")}
    pieces |= {value for _key, value in parse_qsl(parts.query)} | set((parts.hostname or "").split("."))
    pieces |= {quote(piece, safe="") for piece in pieces}
    for piece in sorted(pieces - known, key=len, reverse=True):
        if len(piece) > 3 and piece not in shown:
            sentence = sentence.replace(piece, "…")
    return " ".join(sentence.split())[:280]


def _webhook_url(plugin: Any) -> str:
    address = f"{'https' if plugin.secure else 'http'}://{plugin.host}"
    address += f":{plugin.port}" if isinstance(plugin.port, int) else ""
    address += quote(plugin.fullpath or "/", safe="/%:@!$&'()*+,;=~-._")
    return address + (f"?{urlencode(plugin.params)}" if plugin.params else "")


def _post(plugin: Any, payload: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "User-Agent": "coasty-console", **plugin.headers}
    if plugin.user:
        pair = f"{plugin.user}:{plugin.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    try:
        answer = addresses.post(_webhook_url(plugin), json.dumps(payload).encode(), headers)
    except Refused as refused:
        raise Failed(str(refused)) from None
    except Unreachable as lost:
        raise Failed(str(lost), maybe_sent=lost.maybe_sent) from None
    if not 200 <= answer.status < 300:
        raise Failed(
            _("%(host)s answered with %(status)s.") % {"host": plugin.host, "status": answer.status},
            is_final=answer.status in {404, 410},
        )
