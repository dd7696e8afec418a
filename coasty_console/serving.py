"""The console as one process: Daphne on the main thread, the relay and the job queue on threads beside it."""

from __future__ import annotations

import logging
import socket
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server

from coasty_console import intake, pushing, warming
from coasty_console.jobs import Jobs
from coasty_console.outflow import FlowingRequest
from runs.relay.supervisor import Relay

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 5.0


class CannotServe(Exception):
    """One sentence that says why, and what to do."""


class _Console(Server):
    """Daphne that remembers why it could not listen, and writes no faster than it is read."""

    refusal = ""
    connections: dict[Any, dict[str, Any]]  # Daphne's: what is known of each protocol

    def listen_error(self, failure: Any) -> None:
        self.refusal = failure.getErrorMessage()
        self.stop()

    def kill_all_applications(self) -> Any:
        """Not those of requests that have not all come: they have none, and the others would not be ended either."""
        begun = {one: facts for one, facts in self.connections.items() if "application_instance" in facts}
        self.connections = begun
        return super().kill_all_applications()

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        await super().handle_reply(protocol, message)
        if isinstance(protocol, FlowingRequest):
            await protocol.flowed()


def serve(host: str, port: int, *, relay: Relay | None, jobs: Jobs | None, ready: Any = None) -> None:
    """Serve until SIGTERM or SIGINT, then drain. CannotServe when the port is taken."""
    probe_port(host, port)
    pushing.install()
    intake.install()
    from coasty_console.asgi import application

    server = _Console(
        application=application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        ready_callable=ready,
        server_name="coasty-console",
        websocket_timeout=-1,
        application_close_timeout=3,
        verbosity=0,
    )
    warming.warm()
    for part in (relay, jobs):
        if part is not None:
            part.start()
    warming.settle()
    try:
        server.run()
    finally:
        for part in (jobs, relay):
            if part is not None:
                part.stop(_DRAIN_SECONDS / 2)
    if server.refusal:
        raise CannotServe(f"Can't listen on {host}:{port}: {server.refusal}")


def probe_port(host: str, port: int) -> None:
    """CannotServe when somebody listens there already or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise CannotServe(
                f"Port {port} on {host} can't be used ({problem.strerror}): "
                "stop what uses it, or set CONSOLE_PORT to another one."
            ) from None
