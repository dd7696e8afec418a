"""The ASGI application: pages over HTTP, pushes over websockets from our own origin only."""

import os
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
http = get_asgi_application()

from coasty_console import routing  # noqa: E402 (needs the app registry)


def under(prefix: str, inner: Any) -> Any:
    """The application below a path: a proxy may leave the path in what it passes on, or take it away."""

    async def call(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if prefix and scope["type"] in {"http", "websocket"}:
            path = scope["path"]
            rest = path.removeprefix(prefix) if path == prefix or path.startswith(f"{prefix}/") else path
            scope = {**scope, "path": prefix + (rest or "/"), "root_path": prefix}
        await inner(scope, receive, send)

    return call


routed = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(routing.websocket_urlpatterns))),
    }
)
application = under(settings.FORCE_SCRIPT_NAME or "", routed)
