"""Where websockets connect."""

from approvals import routing as approvals_routing
from runs import routing as runs_routing

websocket_urlpatterns = [*runs_routing.websocket_urlpatterns, *approvals_routing.websocket_urlpatterns]
