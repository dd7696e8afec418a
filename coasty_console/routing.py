"""Where websockets connect; any other address is refused."""

from typing import Any

from django.urls import re_path

from approvals import routing as approvals_routing
from runs import routing as runs_routing


async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Nothing is pushed here: a refusal before the handshake, not a fault of ours in the log."""
    await send({"type": "websocket.close"})


websocket_urlpatterns = [
    *runs_routing.websocket_urlpatterns,
    *approvals_routing.websocket_urlpatterns,
    re_path("", refuse),  # type: ignore[arg-type]
]
