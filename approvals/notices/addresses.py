"""Which addresses notices may go to: listed schemes, public hosts. Posts to exactly the address that was checked."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _

TIMEOUT_SECONDS = 5.0
_READ_LIMIT = 2000  # bytes of an answer that anybody looks at


class Refused(ValueError):
    """Says in a sentence why this address is not taken."""


class Unreachable(Exception):
    """Says in a sentence why nothing was sent; `maybe_sent` where the answer was lost after the request."""

    def __init__(self, sentence: str, *, maybe_sent: bool = False) -> None:
        self.maybe_sent = maybe_sent
        super().__init__(sentence)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    retry_after: str = ""


def check_host(host: str, port: int | None = None) -> str:
    """An address of the host that may be spoken to. Refused when one of them is not public."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise Refused(_("The host %(host)s is not known.") % {"host": host[:100]}) from None
    if not settings.NOTICES_TO_PRIVATE_ADDRESSES and not all(_is_public(address) for address in found):
        raise Refused(
            _("%(host)s is an address inside this network; notices go there only with NOTICES_TO_PRIVATE_ADDRESSES=1.")
            % {"host": host[:100]}
        )
    return sorted(found, key=lambda address: (":" in address, address))[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.split("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return bool(address.is_global and not address.is_multicast and (inner is None or inner.is_global))


def check_url(url: str) -> str:
    """The host of an https address that may be posted to. Refused otherwise."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused(_("This is not an address.")) from None
    schemes = {"https", "http"} if settings.NOTICES_TO_PRIVATE_ADDRESSES else {"https"}
    if parts.scheme not in schemes or not host:
        raise Refused(_("Only https addresses are taken."))
    check_host(host, parts.port)
    return host


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """One POST, no redirects, to an address that is checked now. Refused, Unreachable."""
    check_url(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = check_host(host, parts.port)
    pool = _pool(parts.scheme, address, parts.port, host)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        answer = pool.request(
            "POST", target, body=body, headers={**headers, "Host": parts.netloc.rpartition("@")[2]},
            redirect=False, retries=False, preload_content=False,
        )  # fmt: skip
        try:
            text = answer.read(_READ_LIMIT).decode(errors="replace")
        finally:
            answer.close()
    except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError):
        raise Unreachable(_("%(host)s can't be reached.") % {"host": host}) from None
    except urllib3.exceptions.SSLError:
        raise Unreachable(_("The certificate of %(host)s is not valid.") % {"host": host}) from None
    except (urllib3.exceptions.HTTPError, OSError):
        raise Unreachable(_("%(host)s did not answer.") % {"host": host}, maybe_sent=True) from None
    finally:
        pool.close()
    return Answer(answer.status, text, answer.headers.get("Retry-After", ""))


def _pool(scheme: str, address: str, port: int | None, host: str) -> urllib3.HTTPConnectionPool:
    # The checked address is the one that is connected to: a name that answers differently a moment later gains nothing.
    timeout = urllib3.Timeout(connect=TIMEOUT_SECONDS, read=TIMEOUT_SECONDS)
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port or 80, timeout=timeout, maxsize=1)
    return urllib3.HTTPSConnectionPool(
        address, port or 443, timeout=timeout, maxsize=1, server_hostname=host, assert_hostname=host,
        cert_reqs="CERT_REQUIRED", ca_certs=certifi.where(),
    )  # fmt: skip
