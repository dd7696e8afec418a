"""What can go wrong with upstream: one tree by remedy. Each docstring is the sentence shown when upstream gave none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNREACHABLE = "UNREACHABLE"  # code of an Unavailable for which no connection came about


class CoastyError(Exception):
    """Upstream answered with an error."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").split("\n")[0]
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.extras = dict(extras or {})
        super().__init__(self.message)


class KeyRefused(CoastyError):
    """Upstream refuses the key: check COASTY_API_KEY."""


class NotAllowed(CoastyError):
    """The key lacks the scope for this: issue one that has it."""

    @property
    def required_scope(self) -> str:
        return str(self.extras.get("required_scope") or "")


class Blocked(CoastyError):
    """Blocked before the API: a proxy or firewall on the way answered instead of the service."""


class NotFound(CoastyError):
    """Upstream knows nothing by this id for this key."""


class Conflict(CoastyError):
    """The run is no longer in a state that allows this."""

    @property
    def current_state(self) -> str:
        return str(self.extras.get("current_state") or "")


class Invalid(CoastyError):
    """Upstream refuses these values."""

    @property
    def details(self) -> list[dict[str, Any]]:
        """[{"loc": [..], "msg": str, "type": str}], empty when upstream named no field."""
        details = self.extras.get("details")
        return [item for item in details if isinstance(item, dict)] if isinstance(details, list) else []


class PaymentNeeded(CoastyError):
    """The wallet does not cover this: top it up."""


class Busy(CoastyError):
    """Upstream asks to slow down: try again later."""


class Unavailable(CoastyError):
    """Upstream is down or can't be reached: nothing was done, try again later."""


class Lost(CoastyError):
    """The request went out and no answer came: read the run before anything is sent again."""
